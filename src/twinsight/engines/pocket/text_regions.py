"""From the detector's map of text probability to rectangles around lines of text.

Plain numpy. The work is bounded by the map's size and by `MAX_REGIONS`, whatever the picture holds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MAX_REGIONS = 600
"""Regions kept, largest first: a dense page has about 200 lines."""
MAX_SCORED = 8
"""Pixels looked at for the scores, in maps: rings in rings would cost without end."""


def text_quads(
    probability: NDArray[np.float32],
    threshold: float = 0.3,
    box_threshold: float = 0.5,
    unclip_ratio: float = 1.5,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(h, w) text probability -> (n, 4, 2) quads x, y in map pixels, and their (n,) scores.

    The network marks the core of each line only (differentiable binarization, Liao et al. 2020,
    section 3.5); the rectangle is grown by `area * unclip_ratio / perimeter` on every side. Quads
    are clockwise from the top left. They may reach over the edge of the map.
    """
    left_to_score = MAX_SCORED * probability.size
    label, row, start, end = label_runs(_dilated(probability > threshold))
    quads: list[Floats] = []
    scores: list[float] = []
    for runs in _largest(label, end - start):
        hull = convex_hull(_outline(row[runs], start[runs], end[runs]))
        rectangle, wh = min_area_rectangle(hull)
        left_to_score -= int(np.prod(np.ptp(rectangle, axis=0)))
        if wh.min() < 3 or left_to_score < 0:
            continue
        score = _mean_inside(probability, rectangle)
        if score < box_threshold:
            continue
        quads.append(_grown(rectangle, wh.prod() * unclip_ratio / (2 * wh.sum())))
        scores.append(score)
    return np.array(quads, np.float32).reshape(-1, 4, 2), np.array(scores, np.float32)


def label_runs(
    mask: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(h, w) mask -> label, row, start and end (exclusive) of each horizontal run of True.

    Runs that touch, diagonally too, share a label: the index of one of them. In raster order.
    """
    h, w = mask.shape
    padded = np.zeros((h, w + 2), np.int8)
    padded[:, 1:-1] = mask
    step = np.diff(padded, axis=1)
    row, start = np.nonzero(step == 1)
    end = np.nonzero(step == -1)[1]
    if not len(row):
        return row, row, start, end
    # Neighbours of a run in the next row: those that end at or after its start, and start at or
    # before its end. Keys make one sorted line of all rows, so two searches find them for all runs.
    stride = w + 2
    first = np.searchsorted(row * stride + end, (row + 1) * stride + start)
    last = np.searchsorted(row * stride + start, (row + 1) * stride + end, side="right")
    count = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(row)), count)
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    lower = np.repeat(first, count) + offset
    return _joined(len(row), upper, lower), row, start, end


def _joined(n: int, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """Connected components of `n` nodes with edges a-b, by hooking roots and pointer jumping."""
    parent = np.arange(n)
    while True:
        root_a, root_b = parent[a], parent[b]
        apart = root_a != root_b
        if not apart.any():
            return parent
        a, b, root_a, root_b = a[apart], b[apart], root_a[apart], root_b[apart]
        np.minimum.at(parent, np.maximum(root_a, root_b), np.minimum(root_a, root_b))
        while True:
            jumped = parent[parent]
            if np.array_equal(jumped, parent):
                break
            parent = jumped


def _dilated(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Each True spreads one pixel right and down, which closes hairline gaps within a word."""
    wide = mask.copy()
    wide[:, 1:] |= mask[:, :-1]
    wide[1:] |= wide[:-1].copy()
    return wide


def _largest(label: NDArray[np.int64], length: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Indices of the runs of each region, largest region first, specks left out."""
    if not len(label):
        return []
    _, member, runs = np.unique(label, return_inverse=True, return_counts=True)
    area = np.bincount(member, weights=length)
    order = np.argsort(member, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(runs)])
    biggest = np.argsort(-area, kind="stable")[:MAX_REGIONS]
    return [order[bounds[i] : bounds[i + 1]] for i in biggest if area[i] >= 9]


def _outline(row: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64]) -> Floats:
    """Runs of one region in raster order -> (n, 2) x, y corners of each row's outer pixels."""
    rows, first = np.unique(row, return_index=True)
    left = np.minimum.reduceat(start, first)
    right = np.maximum.reduceat(end, first)
    y = np.concatenate([rows, rows + 1])
    order = np.argsort(y, kind="stable")
    sides = [_bulging(np.tile(x, 2)[order], y[order], out) for x, out in ((left, -1), (right, 1))]
    return np.concatenate(sides).astype(np.float64)


def _bulging(x: NDArray[np.int64], y: NDArray[np.int64], out: int) -> NDArray[np.int64]:
    """One side of an outline without points that lie inside of, or on, the line past them.

    None of those is a corner of the hull. A few rounds leave little to the slow `convex_hull`.
    """
    # Each height once, at its outermost x.
    heights, first = np.unique(y, return_index=True)
    reach = np.maximum.reduceat(out * x, first)
    for _ in range(8):
        if len(reach) < 3:
            break
        back, ahead = np.diff(heights)[:-1], np.diff(heights)[1:]
        bulge = (reach[1:-1] - reach[:-2]) * ahead > (reach[2:] - reach[1:-1]) * back
        keep = np.concatenate([[True], bulge, [True]])
        if keep.all():
            break
        heights, reach = heights[keep], reach[keep]
    return np.stack([out * reach, heights], axis=1)


def convex_hull(points: Floats) -> Floats:
    """(n, 2) -> the (m, 2) corners of their convex hull, in order (Andrew's monotone chain)."""
    ordered = np.unique(points, axis=0).tolist()
    if len(ordered) < 3:
        return np.array(ordered, np.float64).reshape(-1, 2)
    halves = []
    for sequence in (ordered, ordered[::-1]):
        chain: list[list[float]] = []
        for x, y in sequence:
            while len(chain) > 1:
                (ax, ay), (bx, by) = chain[-2], chain[-1]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                    break
                chain.pop()
            chain.append([x, y])
        halves += chain[:-1]
    return np.array(halves, np.float64)


def min_area_rectangle(hull: Floats) -> tuple[Floats, Floats]:
    """(n, 2) hull -> (4, 2) corners of the least rectangle around it, and its (2,) width, height.

    One side of the least rectangle lies on a side of the hull (Freeman and Shapira 1975), so each
    is tried. Corners are clockwise as seen (y down); the first side, `width` long, runs rightwards
    and within 45 degrees of level.
    """
    side = np.roll(hull, -1, axis=0) - hull
    length = np.hypot(side[:, 0], side[:, 1])
    along = side[length > 0] / length[length > 0, None]
    along = np.concatenate([[[1.0, 0.0]], along])
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    u, v = hull @ along.T, hull @ across.T
    area = (u.max(axis=0) - u.min(axis=0)) * (v.max(axis=0) - v.min(axis=0))
    best = int(np.argmin(area))
    left, right, top, bottom = (
        u[:, best].min(),
        u[:, best].max(),
        v[:, best].min(),
        v[:, best].max(),
    )
    axes = np.stack([along[best], across[best]])
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) @ axes
    # Of the four corners the one whose side runs most to the right comes first.
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    turn = int(np.argmax(sides[:, 0] / np.maximum(lengths, 1e-9)))
    return np.roll(corners, -turn, axis=0), np.roll(lengths, -turn)[:2]


def _mean_inside(probability: NDArray[np.float32], rectangle: Floats) -> float:
    """Mean probability of the pixels whose centre lies in the rectangle."""
    h, w = probability.shape
    x1, y1 = np.floor(rectangle.min(axis=0)).astype(int).clip(0)
    x2, y2 = np.minimum(np.ceil(rectangle.max(axis=0)).astype(int), (w, h))
    y, x = np.ogrid[y1:y2, x1:x2]
    inside = np.ones((y2 - y1, x2 - x1), np.bool_)
    for (ax, ay), (bx, by) in zip(rectangle, np.roll(rectangle, -1, axis=0), strict=True):
        inside &= (bx - ax) * (y + 0.5 - ay) - (by - ay) * (x + 0.5 - ax) >= -1e-6
    values = probability[y1:y2, x1:x2][inside]
    return float(values.mean()) if values.size else 0.0


def _grown(rectangle: Floats, distance: float) -> Floats:
    """The rectangle with every side moved outwards by `distance` pixels."""
    along, down = rectangle[1] - rectangle[0], rectangle[3] - rectangle[0]
    along = along / np.hypot(*along) * distance
    down = down / np.hypot(*down) * distance
    steps = np.stack([-along - down, along - down, along + down, down - along])
    return np.asarray(rectangle + steps, np.float64)
