"""Polygons: the border of a mask, and the mask within a border."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageDraw

from twinsight.geometry import polygons

BOOLEANS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24))


@given(BOOLEANS)
def test_any_mask_comes_back_from_its_borders(mask: np.ndarray) -> None:
    rings = polygons.from_mask(mask)
    h, w = mask.shape
    assert (polygons.to_mask(rings, (w, h)) == mask).all()
    assert sum(polygons.signed_area(ring) for ring in rings) == mask.sum()
    for ring in rings:
        assert len(ring) >= 4
        assert ((ring >= 0) & (ring <= (w, h))).all()


@given(BOOLEANS)
def test_rings_have_corners_only(mask: np.ndarray) -> None:
    for ring in polygons.from_mask(mask):
        along = np.roll(ring, -1, axis=0) - ring
        turns = along[:, 0] * np.roll(along[:, 1], -1) - along[:, 1] * np.roll(along[:, 0], -1)
        assert (turns != 0).all()


@pytest.mark.parametrize("wh", [(1, 1), (1, 7), (7, 1), (300, 200)], ids=str)
def test_a_full_mask_is_the_frame(wh: tuple[int, int]) -> None:
    w, h = wh
    (ring,) = polygons.from_mask(np.ones((h, w), bool))
    assert sorted(map(tuple, ring.tolist())) == sorted([(0, 0), (w, 0), (w, h), (0, h)])
    assert polygons.signed_area(ring) == w * h


def test_a_hole_runs_the_other_way() -> None:
    mask = np.ones((9, 9), bool)
    mask[3:6, 3:6] = False
    outer, hole = polygons.from_mask(mask)
    assert polygons.signed_area(outer) == 81
    assert polygons.signed_area(hole) == -9
    assert polygons.signed_area(polygons.outline(mask)) == 81


def test_pixels_that_touch_by_a_corner_are_two_rings() -> None:
    assert len(polygons.from_mask(np.eye(4, dtype=bool))) == 4


def test_outline_of_nothing() -> None:
    assert polygons.outline(np.zeros((5, 5), bool)).shape == (0, 2)


@given(st.integers(0, 2**32 - 1), st.floats(0.5, 3))
def test_a_simplified_ring_stays_near(seed: int, tolerance: float) -> None:
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 12))
    reach = rng.uniform(10, 45, 12)
    corners = np.stack([50 + reach * np.cos(angle), 50 + reach * np.sin(angle)], axis=1)
    picture = Image.new("1", (100, 100))
    ImageDraw.Draw(picture).polygon([tuple(corner) for corner in corners], fill=1)
    mask = np.asarray(picture)
    for ring in polygons.from_mask(mask):
        short = polygons.simplify(ring, tolerance)
        assert 3 <= len(short) <= len(ring)
        for corner in ring:
            assert _distance(corner, short) <= tolerance + 1e-3 or len(short) == 3


def _distance(point: np.ndarray, ring: np.ndarray) -> float:
    a, b = ring.astype(float), np.roll(ring, -1, axis=0).astype(float)
    along = b - a
    t = np.clip(((point - a) * along).sum(1) / np.maximum((along**2).sum(1), 1e-9), 0, 1)
    return float(np.hypot(*(point - a - t[:, None] * along).T).min())


def test_outline_holds_its_number_of_corners() -> None:
    y, x = np.mgrid[:300, :400]
    wavy = np.hypot(y - 150, x - 200) < 100 + 20 * np.sin(np.arctan2(y - 150, x - 200) * 14)
    ring = polygons.outline(wavy, most=60)
    assert 20 <= len(ring) <= 60
    again = polygons.to_mask([ring], (400, 300))
    assert (again & wavy).sum() / (again | wavy).sum() > 0.93


def test_a_triangle_is_filled_by_pixel_centres() -> None:
    mask = polygons.to_mask([np.array([[0, 0], [4, 0], [0, 4]], np.float32)], (4, 4))
    assert mask.sum() in (6, 10)
    assert mask[0, 0]
    assert not mask[3, 3]


@pytest.mark.parametrize(
    "ring",
    [[[1, 1], [2, 2]], [[-50, -50], [90, -50], [90, 90], [-50, 90]]],
    ids=["two points", "round the picture"],
)
def test_odd_rings(ring: list[list[float]]) -> None:
    mask = polygons.to_mask([np.array(ring, np.float32)], (6, 5))
    assert mask.sum() == (0 if len(ring) == 2 else 30)
