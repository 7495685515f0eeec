"""Masks as polygons: borders followed between pixels, simplified, and filled again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))  # right, down, left, up


def from_mask(mask: NDArray[np.bool_], tolerance: float = 0.0) -> list[NDArray[np.float32]]:
    """Every border of a boolean mask (h, w) as a closed ring (n, 2) of x, y pixels.

    Rings run along the edges between pixels, so a mask of the whole picture goes from 0, 0 to
    w, h; outer borders run clockwise on the screen, holes the other way. With a `tolerance` in
    pixels they are simplified by as much; with 0, `to_mask` gives the same mask back. Largest
    ring first.
    """
    rings = [np.array(ring, np.float32) for ring in _borders(mask)]
    rings.sort(key=lambda ring: -abs(signed_area(ring)))
    return [simplify(ring, tolerance) for ring in rings] if tolerance > 0 else rings


def outline(
    mask: NDArray[np.bool_], tolerance: float = 1.0, most: int = 100
) -> NDArray[np.float32]:
    """The outer border of the largest piece, at most `most` corners; (0, 2) for an empty mask."""
    outer = [ring for ring in from_mask(mask) if signed_area(ring) > 0]
    if not outer:
        return np.zeros((0, 2), np.float32)
    ring = simplify(outer[0], tolerance)
    while len(ring) > most:
        tolerance = max(tolerance, 0.5) * 1.5
        ring = simplify(outer[0], tolerance)
    return ring


def signed_area(ring: NDArray[np.float32]) -> float:
    """Square pixels within a ring; positive when it runs clockwise on the screen (y down)."""
    x, y = ring[:, 0].astype(np.float64), ring[:, 1].astype(np.float64)
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def to_mask(rings: Sequence[NDArray[np.float32]], wh: tuple[int, int]) -> NDArray[np.bool_]:
    """Rings (n, 2) of x, y pixels -> boolean mask (h, w): pixel centres inside, even-odd rule."""
    w, h = wh
    flips = np.zeros((h, w + 1), np.int64)
    for ring in rings:
        points = np.asarray(ring, np.float64).reshape(-1, 2)
        if len(points) >= 3:
            _toggle(flips, points, np.roll(points, -1, axis=0))
    return np.asarray(np.cumsum(flips[:, :w], axis=1) % 2 == 1)


def _toggle(flips: NDArray[np.int64], a: NDArray[np.float64], b: NDArray[np.float64]) -> None:
    """Counts, at each row's centre line, where the edges a -> b cross it."""
    h, w = flips.shape[0], flips.shape[1] - 1
    top, bottom = np.minimum(a[:, 1], b[:, 1]), np.maximum(a[:, 1], b[:, 1])
    first = np.clip(np.ceil(top - 0.5), 0, h).astype(np.int64)
    last = np.clip(np.ceil(bottom - 0.5), 0, h).astype(np.int64)
    count = last - first
    edge = np.repeat(np.arange(len(a)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    slope = (b[edge, 0] - a[edge, 0]) / (b[edge, 1] - a[edge, 1])
    x = a[edge, 0] + (row + 0.5 - a[edge, 1]) * slope
    column = np.clip(np.ceil(x - 0.5), 0, w).astype(np.int64)
    np.add.at(flips, (row, column), 1)


def simplify(ring: NDArray[np.float32], tolerance: float) -> NDArray[np.float32]:
    """Fewer corners, none of those left out further than `tolerance` pixels from the new ring.

    Source: Douglas and Peucker, 1973. A ring never falls under 3 corners.
    """
    n = len(ring)
    if n <= 3:
        return ring
    points = ring.astype(np.float64)
    far = int(np.argmax(np.square(points - points[0]).sum(axis=1)))
    keep = np.zeros(n + 1, bool)
    keep[[0, far, n]] = True
    closed = np.vstack([points, points[:1]])
    stack = [(0, far), (far, n)]
    while stack:
        i, j = stack.pop()
        if j - i < 2:
            continue
        distance = _distance(closed[i + 1 : j], closed[i], closed[j])
        worst = int(np.argmax(distance))
        if distance[worst] > tolerance:
            k = i + 1 + worst
            keep[k] = True
            stack += [(i, k), (k, j)]
    if keep[:n].sum() < 3:  # a sliver: keep the corner that is furthest from its long axis
        keep[int(np.argmax(_distance(points, points[0], points[far])))] = True
    return ring[keep[:n]]


def _distance(
    points: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """From each point to the segment a, b."""
    along = b - a
    length = float(along @ along)
    t = np.clip((points - a) @ along / length, 0, 1) if length else np.zeros(len(points))
    return np.asarray(np.hypot(*(points - a - t[:, None] * along).T))


def _borders(mask: NDArray[np.bool_]) -> list[list[tuple[int, int]]]:
    """Corners of every ring. Each step has the object on its right hand."""
    steps = _border_steps(mask)
    rings = []
    while steps:
        start = next(iter(steps))
        first = direction = steps[start][0]
        point, ring = start, []
        while True:
            _forget(steps, point, direction)
            point = (point[0] + _STEPS[direction][0], point[1] + _STEPS[direction][1])
            if point == start and (start not in steps or first == (direction + 1) % 4):
                break
            turn = _turn(steps[point], direction)
            if turn != direction:
                ring.append(point)
            direction = turn
        rings.append([*ring, start] if _is_corner(ring, start) else ring)
    return rings


def _is_corner(ring: list[tuple[int, int]], start: tuple[int, int]) -> bool:
    (x0, y0), (x1, y1) = ring[-1], ring[0]
    return not (x0 == x1 == start[0] or y0 == y1 == start[1])


def _turn(open_directions: list[int], direction: int) -> int:
    """Where two pixels touch by a corner, turn right: they are two rings, not one."""
    right = (direction + 1) % 4
    return right if right in open_directions else open_directions[0]


def _forget(steps: dict[tuple[int, int], list[int]], point: tuple[int, int], step: int) -> None:
    steps[point].remove(step)
    if not steps[point]:
        del steps[point]


def _border_steps(mask: NDArray[np.bool_]) -> dict[tuple[int, int], list[int]]:
    """For each lattice point the directions in which a border leaves it."""
    inside = np.pad(mask.astype(bool), 1)
    above, left = inside[:-1, 1:-1], inside[1:-1, :-1]
    here_rows, here_columns = inside[1:, 1:-1], inside[1:-1, 1:]
    edges = (
        (0, here_rows & ~above, (0, 0)),  # object below the edge: go right along its top
        (2, above & ~here_rows, (1, 0)),  # object above: go left along its bottom
        (1, left & ~here_columns, (0, 0)),  # object left of the edge: go down
        (3, here_columns & ~left, (0, 1)),  # object right of the edge: go up
    )
    steps: dict[tuple[int, int], list[int]] = {}
    for direction, present, (dx, dy) in edges:
        for y, x in zip(*(axis.tolist() for axis in np.nonzero(present)), strict=True):
            steps.setdefault((x + dx, y + dy), []).append(direction)
    return steps
