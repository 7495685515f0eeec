"""Masks as the few polygons that a format can hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from twinsight.albums.record import Ring
from twinsight.geometry.keyhole import joined
from twinsight.geometry.polygons import signed_area


def pieces(rings: Sequence[Ring]) -> list[Ring]:
    """A polygon for each outer ring, the holes within it reached through bridges."""
    arrays = [np.array(ring, np.float32) for ring in rings]
    outer = [ring for ring in arrays if signed_area(ring) > 0]
    groups = [[ring] for ring in outer]
    for hole in arrays:
        if signed_area(hole) <= 0:
            # Rings come largest first, so that the last one around it is the smallest.
            around = [group for group in groups if _is_within(hole, group[0])]
            if around:
                around[-1].append(hole)
    return [_ring(joined(group)) for group in groups]


def whole(rings: Sequence[Ring]) -> Ring:
    """One polygon for everything; empty when there is none."""
    return _ring(joined([np.array(ring, np.float32) for ring in rings])) if rings else []


def _is_within(hole: NDArray[np.float32], ring: NDArray[np.float32]) -> bool:
    low, high = ring.min(axis=0), ring.max(axis=0)
    return bool((hole.min(axis=0) >= low).all() and (hole.max(axis=0) <= high).all())


def _ring(points: NDArray[np.float32]) -> Ring:
    return [(float(x), float(y)) for x, y in points]
