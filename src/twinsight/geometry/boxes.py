"""Boxes: Gemini's integers and back, overlap, suppression and fusion."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]

NEAR = 0.05
"""A vote on a box counts ``exp(-(1 - overlap)^2 / NEAR)`` of its weight."""
SMALLEST = np.finfo(np.float64).tiny


def to_yxyx_1000(xyxy: Floats, wh: tuple[int, int]) -> NDArray[np.int32]:
    """(n, 4) pixels x, y, x, y -> (n, 4) integers y, x, y, x from 0 to 1000 of the whole picture.

    Rounded once, clamped and ordered. Clients turn them back with ``int(v / 1000 * side)`` and drop
    boxes without area (the guide's samples), so every box is made to survive that: at least one
    pixel high and wide. Raises ValueError for NaN and for a picture without pixels.
    """
    w, h = wh
    if w < 1 or h < 1:
        raise ValueError(f"a picture has at least one pixel, not {wh}")
    corners = np.asarray(xyxy, np.float64).reshape(-1, 4)
    if np.isnan(corners).any():
        raise ValueError("a box holds NaN")
    x = _to_1000(corners[:, [0, 2]], w)
    y = _to_1000(corners[:, [1, 3]], h)
    return np.stack([y[:, 0], x[:, 0], y[:, 1], x[:, 1]], axis=1)


def _to_1000(pixels: NDArray[np.float64], side: int) -> NDArray[np.int32]:
    """(n, 2) ends along one axis -> integers whose floored pixels differ."""
    ends = np.sort(np.rint(np.clip(pixels, 0, side) / side * 1000), axis=1)
    first, last = ends[:, 0], ends[:, 1]
    flat = _floored(last, side) <= _floored(first, side)
    # A box within one pixel grows to that pixel; at the far edge this is the last pixel.
    pixel = np.minimum(_floored(first, side), side - 1)
    start = np.where(_floored(first, side) > pixel, _first_at(pixel, side), first)
    end = np.maximum(_first_at(pixel + 1, side), start + 1)
    return np.stack([np.where(flat, start, first), np.where(flat, end, last)], axis=1).astype(
        np.int32
    )


def _floored(value: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """The pixel that a client computes, in the very order of its floating point operations."""
    return np.asarray(np.floor(value / 1000 * side))


def _first_at(pixel: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """The smallest integer that a client floors to `pixel` or beyond, at most 1000."""
    # One below the exact quotient, then up: rounding may put either neighbour on the pixel.
    value = np.maximum(np.floor(pixel / side * 1000) - 1, 0)
    for _ in range(3):
        value = np.where(_floored(value, side) < pixel, value + 1, value)
    if side > 1000:  # several pixels to one integer: the one that starts no later than the pixel
        value = np.where(_floored(value, side) > pixel, value - 1, value)
    return np.asarray(np.clip(value, 0, 1000))


def from_yxyx_1000(yxyx_1000: Integers, wh: tuple[int, int]) -> NDArray[np.float32]:
    """(n, 4) of Gemini's integers -> (n, 4) float pixels x, y, x, y."""
    w, h = wh
    yxyx = np.asarray(yxyx_1000, np.float64).reshape(-1, 4)
    return (yxyx[:, [1, 0, 3, 2]] / 1000 * (w, h, w, h)).astype(np.float32)


def clip(xyxy: Floats, wh: tuple[int, int]) -> NDArray[np.float32]:
    """Boxes cut at the picture's edges."""
    w, h = wh
    return np.clip(xyxy, 0, (w, h, w, h)).astype(np.float32)


def at_least_a_pixel(xyxy: Floats) -> NDArray[np.float64]:
    """Boxes in order and not narrower than a pixel, (n, 4). Raises ValueError for what are none."""
    given = np.asarray(xyxy, np.float64)
    if given.size == 0:
        return np.zeros((0, 4))
    if given.ndim != 2 or given.shape[1] != 4:
        raise ValueError(f"boxes have the shape (n, 4), not {given.shape}")
    if not np.isfinite(given).all():
        raise ValueError("boxes must be finite")
    low, high = np.minimum(given[:, :2], given[:, 2:]), np.maximum(given[:, :2], given[:, 2:])
    missing = np.maximum(1 - (high - low), 0) / 2
    return np.concatenate([low - missing, high + missing], axis=1)


def area(xyxy: Floats) -> NDArray[np.float32]:
    """(n, 4) -> (n,) square pixels; an inverted box has none."""
    sides = np.maximum(xyxy[:, 2:] - xyxy[:, :2], 0)
    return np.asarray(sides[:, 0] * sides[:, 1], np.float32)


def intersection(a: Floats, b: Floats) -> NDArray[np.float32]:
    """(n, 4), (m, 4) -> (n, m) square pixels in common."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.maximum(high - low, 0)
    return np.asarray(sides[..., 0] * sides[..., 1], np.float32)


def iou(a: Floats, b: Floats) -> NDArray[np.float32]:
    """(n, 4), (m, 4) -> (n, m) intersection over union; 0 where both are without area."""
    common = intersection(a, b)
    union = area(a)[:, None] + area(b)[None, :] - common
    return np.asarray(common / np.maximum(union, np.finfo(np.float32).tiny), np.float32)


def nms(xyxy: Floats, score: Floats, kind: Integers, threshold: float = 0.6) -> NDArray[np.intp]:
    """Rows that survive: best first, none overlapping a better one of its kind by > threshold.

    ``kind`` is the class index of each row; boxes of different kinds never suppress each other.
    """
    leader = leaders(xyxy, score, kind, threshold)
    kept = np.flatnonzero(leader == np.arange(len(leader)))
    return kept[np.argsort(-score[kept], kind="stable")]


class Fused(NamedTuple):
    """Boxes (m, 4), scores (m,) and kinds (m,), best first, and for each of the boxes given (n,)
    the row of the one that it became a part of."""

    xyxy: NDArray[np.float32]
    score: NDArray[np.float32]
    kind: NDArray[np.intp]
    place: NDArray[np.intp]


def fuse(
    xyxy: Floats,
    score: Floats,
    kind: Integers,
    weight: Floats,
    looks: Floats,
    threshold: float = 0.6,
) -> Fused:
    """Weighted box fusion of what several looks at one picture found.

    Boxes of one kind that overlap the best of them by more than `threshold` become one: corners
    are the mean weighted by ``score * weight``, the score is the sum of the same divided by
    ``looks`` (n,), the weight of all looks that could have found such a box: a look that missed it
    counts 0. No score rises above the best of its group. Source: Solovyev et al., "Weighted boxes
    fusion", 2021; here a group is led by its best box, not by the running mean, so that the result
    does not hang on order.
    """
    worth = score * weight
    leader = leaders(xyxy, worth, kind, threshold)
    total = np.bincount(leader, worth, len(leader))
    corners = _sums(xyxy * worth[:, None], leader, len(leader))
    heads = np.flatnonzero(leader == np.arange(len(leader)))
    fused = corners[heads] / np.maximum(total[heads, None], SMALLEST)
    mean = np.minimum(total[heads] / np.maximum(looks[heads], SMALLEST), score[heads])
    rank = np.argsort(-mean, kind="stable")
    place = np.empty(len(leader), np.intp)
    place[heads[rank]] = np.arange(len(rank))
    return Fused(
        fused[rank].astype(np.float32),
        mean[rank].astype(np.float32),
        kind[heads][rank].astype(np.intp),
        place[leader],
    )


def voted(xyxy: Floats, votes: Floats, object_: Integers, weight: Floats) -> NDArray[np.float32]:
    """Boxes (n, 4) whose sides are weighted means of all that was seen of them.

    ``votes`` (m, 4) are the boxes seen, each of the box in the row ``object_`` (m,), with a
    ``weight`` (m, 4) for each side; the closer they lie the more they count. A box without votes
    stays as it is. Source: He et al., "Bounding box regression with uncertainty", 2019.
    """
    seen = xyxy[object_]
    low, high = np.maximum(seen[:, :2], votes[:, :2]), np.minimum(seen[:, 2:], votes[:, 2:])
    common = np.maximum(high - low, 0).prod(axis=1)
    overlap = common / np.maximum(area(seen) + area(votes) - common, np.finfo(np.float32).tiny)
    share = weight * np.exp(-((1 - overlap) ** 2) / NEAR)[:, None]
    total, moved = _sums(share, object_, len(xyxy)), _sums(share * votes, object_, len(xyxy))
    return np.where(total > 0, moved / np.maximum(total, SMALLEST), xyxy).astype(np.float32)


def _sums(rows: Floats, into: Integers, n: int) -> NDArray[np.float64]:
    """(m, 4), the row of the result for each -> (n, 4)."""
    return np.stack([np.bincount(into, column, n) for column in rows.T], axis=1)


def leaders(xyxy: Floats, score: Floats, kind: Integers, threshold: float) -> NDArray[np.intp]:
    """For each row the one that survives `nms` and stands for it: itself, or the best of those of
    its kind that it overlaps by > threshold."""
    order = np.lexsort((-score, kind))
    better, worse = _close_pairs(xyxy[order], kind[order], threshold)
    kept = _undisputed(len(order), better, worse)
    led = kept[better]
    place = np.arange(len(order))
    # Of several leaders the best, which comes first, is written last.
    place[worse[led][::-1]] = better[led][::-1]
    leader = np.empty(len(order), np.intp)
    leader[order] = order[place]
    return leader


def _undisputed(n: int, better: NDArray[np.intp], worse: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which of n rows no better one that is kept itself lies close to. In rounds: what has nothing
    better close to it is kept, what lies close to that goes."""
    kept = np.ones(n, bool)
    while len(better):
        free = np.ones(n, bool)
        free[worse] = False
        kept[worse[free[better]]] = False
        open_pairs = kept[better] & kept[worse]
        better, worse = better[open_pairs], worse[open_pairs]
    return kept


def _close_pairs(
    xyxy: Floats, kind: Integers, threshold: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All pairs of one kind that overlap by > threshold, of rows sorted by kind and best first."""
    n = len(kind)
    count = np.searchsorted(kind, kind, "right") - np.arange(1, n + 1)
    first = np.repeat(np.arange(n), count)
    start = np.cumsum(count) - count
    second = np.arange(len(first)) + np.repeat(np.arange(1, n + 1) - start, count)
    x0, y0, x1, y1 = np.ascontiguousarray(xyxy.T)
    across = np.minimum(np.repeat(x1, count), x1[second])
    across -= np.maximum(np.repeat(x0, count), x0[second])
    down = np.minimum(np.repeat(y1, count), y1[second])
    down -= np.maximum(np.repeat(y0, count), y0[second])
    common = np.maximum(across, 0) * np.maximum(down, 0)
    areas = area(xyxy)
    union = np.repeat(areas, count) + areas[second] - common
    close = common / np.maximum(union, np.finfo(np.float32).tiny) > threshold
    return first[close], second[close]
