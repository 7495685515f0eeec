"""Rings joined by bridges enclose what they enclosed before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from twinsight.geometry import polygons
from twinsight.geometry.keyhole import joined


@given(arrays.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_one_ring_encloses_what_all_did(mask: np.ndarray) -> None:
    rings = polygons.from_mask(mask)
    if rings:
        h, w = mask.shape
        assert np.array_equal(polygons.to_mask([joined(rings)], (w, h)), mask)


def test_a_single_ring_stays_as_it_is() -> None:
    ring = np.array([[0, 0], [4, 0], [4, 3]], np.float32)
    assert np.array_equal(joined([ring]), ring)


def test_the_bridge_is_the_shortest_way() -> None:
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    path = joined([square, square + np.array([3, 0], np.float32)]).tolist()
    assert len(path) == 10
    assert path.count([1, 0]) == 2
    assert path.count([3, 0]) == 2


def test_no_ring_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one ring"):
        joined([])
