"""What a model's text says is where, in pixels: the common end of all dialects.

The rules, whatever the dialect: numbers are read against the picture that the model was sent, never
guessed from their size; a box far beyond its scale is of another dialect, or made up, and is left
out; the rest is clamped to the picture, its corners ordered; a box without area is left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinsight.geometry.detections import Detections

MOST_ITEMS = 300
MOST_CHARACTERS = 1_000_000
LONGEST_LABEL = 100
BEYOND = 0.1
"""How far past its scale a number may be: models write 1003 of 1000."""
THINNEST = 0.0005
"""Sides below this share of the picture are no box."""

_UNFIT = re.compile(r"<\|?/?[\w_]{1,40}\|?>|[\x00-\x1f\x7f\ud800-\udfff]+")
_EDGE = " \t\n,;:.*-–—\"'`()[]{}<>|"

Wh = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Grounding:
    """Boxes and points of one picture.

    `detections` and `point_xy` (n, 2) are in pixels; a model that writes no scores gets 1.
    `is_cut`: the text ended within an item, so there may be more.
    """

    detections: Detections
    point_xy: NDArray[np.float32]
    point_label: tuple[str, ...]
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """Numbers as a model wrote them, with their label: a box's four or a point's two."""

    label: str
    numbers: Sequence[float]


@dataclass(frozen=True, slots=True)
class Scale:
    """What a dialect's numbers mean: `full` is the far edge in x and y; `y_first` their order.

    `offset` is added first: a half for numbers that name bins.
    """

    full: tuple[float, float]
    y_first: bool = False
    offset: float = 0.0


def grounded(
    boxes: Iterable[Named], points: Iterable[Named], scale: Scale, wh: Wh, is_cut: bool = False
) -> Grounding:
    """Pixels of a picture of size `wh` from what was written."""
    placed = [(n.label, _placed(n.numbers, scale, wh)) for n in boxes]
    kept = [(label, at) for label, at in placed if at is not None and _has_area(at, wh)]
    kept = list({(label, *at): (label, at) for label, at in kept}.values())[:MOST_ITEMS]
    spots = [(n.label, _placed(n.numbers, scale, wh)) for n in points]
    seen = [(label, at) for label, at in spots if at is not None][:MOST_ITEMS]
    xyxy = np.array([at for _, at in kept], np.float32).reshape(-1, 4)
    return Grounding(
        Detections(xyxy, np.ones(len(kept), np.float32), tuple(label for label, _ in kept)),
        np.array([at for _, at in seen], np.float32).reshape(-1, 2),
        tuple(label for label, _ in seen),
        is_cut,
    )


def _placed(numbers: Sequence[float], scale: Scale, wh: Wh) -> tuple[float, ...] | None:
    """x, y (, x, y) in pixels, corners ordered; None when a number is not of this scale."""
    if not all(map(math.isfinite, numbers)):
        return None
    values = [float(number) + scale.offset for number in numbers]
    if scale.y_first:
        values = [values[i ^ 1] for i in range(len(values))]
    shares = [value / scale.full[i % 2] for i, value in enumerate(values)]
    if any(not -BEYOND <= share <= 1 + BEYOND for share in shares):
        return None
    at = [min(max(share, 0.0), 1.0) * wh[i % 2] for i, share in enumerate(shares)]
    if len(at) == 4:
        at = [min(at[0], at[2]), min(at[1], at[3]), max(at[0], at[2]), max(at[1], at[3])]
    return tuple(at)


def _has_area(at: Sequence[float], wh: Wh) -> bool:
    return at[2] - at[0] > THINNEST * wh[0] and at[3] - at[1] > THINNEST * wh[1]


def tidy(label: object, default: str) -> str:
    """A label fit to be shown: without marks, control characters and length."""
    text = " ".join(_UNFIT.sub(" ", str(label or "")[: LONGEST_LABEL * 4]).split())
    return text.strip(_EDGE)[:LONGEST_LABEL].strip() or default
