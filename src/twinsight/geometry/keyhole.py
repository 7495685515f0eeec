"""Several rings as one: for formats in which a shape is a single polygon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def joined(rings: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Rings (n, 2) of x, y, pieces and holes alike -> one ring that encloses the same points.

    Each ring is reached from the ones before it by a bridge without width, there and back, at the
    corners that are nearest to each other. Raises ValueError when there is no ring.
    """
    if not rings:
        raise ValueError("a shape has at least one ring")
    path = np.asarray(rings[0], np.float32)
    for ring in rings[1:]:
        path = _bridged(path, np.asarray(ring, np.float32))
    return path


def _bridged(path: NDArray[np.float32], ring: NDArray[np.float32]) -> NDArray[np.float32]:
    gaps = np.square(path[:, None] - ring[None]).sum(axis=2)
    here, there = (int(i) for i in np.unravel_index(int(np.argmin(gaps)), gaps.shape))
    detour = np.concatenate([ring[there:], ring[: there + 1], path[here : here + 1]])
    return np.concatenate([path[: here + 1], detour, path[here + 1 :]])
