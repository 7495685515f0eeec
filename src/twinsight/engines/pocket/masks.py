"""Masks from boxes: a small class-agnostic model of our own that looks at one box at a time.

Each box is cut out with some context, squeezed half way to a square, and goes to the model with a
fourth channel that says where the box is. The model answers with the object's outline over the
whole cut-out; what lies within the box is the mask. Trained by `train/masks`, whose examples are
cut by the same functions.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from twinsight.engines import lanes, weights
from twinsight.engines.roles import Card
from twinsight.geometry.boxes import at_least_a_pixel
from twinsight.geometry.masks import size_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twinsight.image.picture import Picture

    Floats = NDArray[np.floating[Any]]

SIDE = 128
"""Pixels on each side of the model's input and of its answer."""
CONTEXT = 0.2
"""What is seen around the box, on each side, as a share of the box."""
OUTSIDE = 127
"""The grey beyond the picture's edges: zero to the encoder."""
BATCH = 8
"""Boxes that go through the model together; bounds memory however many are asked for."""


class PocketSegmenter:
    """Role `Segmenter`. One model for all threads; a call holds two times eight cut-outs."""

    card = Card(
        name="pocket-masks",
        roles=("segmenter",),
        description="Outlines of whatever a box holds, without classes. Best on single objects.",
        licence="Apache-2.0",
    )

    def __init__(self, threads: int | None = None, flips: bool = False) -> None:
        """`flips` looks at each box twice, once mirrored: twice the time, a little better."""
        self._several = lanes.cores(threads) > 1
        # For one box too: layers this small are done sooner than two threads would agree on them.
        self._session = weights.session("masks", lanes.threads_a_lane(threads))
        self._flips = flips

    def segment(self, picture: Picture, xyxy: NDArray[np.float32]) -> list[NDArray[np.uint8]]:
        """For each of the (n, 4) boxes a soft mask (mh, mw), 0 to 255, that covers exactly it.

        A mask has the size of `masks.size_within`, as on the wire; the model sees no finer. Boxes
        may reach beyond the picture; one narrower than a pixel is taken as a pixel wide. Raises
        ValueError for boxes of another shape or with numbers that are not finite.
        """
        wanted = at_least_a_pixel(xyxy)
        if len(wanted) < 2 or not self._several:
            return self._masks(picture.rgb, wanted)
        halves = np.array_split(wanted, lanes.LANES)
        shares = lanes.side_by_side(partial(self._masks, picture.rgb), halves)
        return [mask for share in shares for mask in share]

    def _masks(self, rgb: NDArray[np.uint8], xyxy: NDArray[np.float64]) -> list[NDArray[np.uint8]]:
        cuts = windows(xyxy)
        masks: list[NDArray[np.uint8]] = []
        for start in range(0, len(xyxy), BATCH):
            rows = slice(start, start + BATCH)
            x = _cut_outs(rgb, xyxy[rows], cuts[rows])
            soft = self._run(x)
            if self._flips:
                mirrored = self._run(np.ascontiguousarray(x[:, :, ::-1]))[:, :, ::-1]
                soft = ((soft.astype(np.uint16) + mirrored + 1) // 2).astype(np.uint8)
            masks += [_within(*each) for each in zip(soft, xyxy[rows], cuts[rows], strict=True)]
        return masks

    def _run(self, x: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(self._session.run(["mask"], {"x": x})[0], np.uint8)


def _cut_outs(
    rgb: NDArray[np.uint8], xyxy: NDArray[np.float64], cuts: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """What the model sees of each box, (n, S, S, 4)."""
    x = np.empty((len(xyxy), SIDE, SIDE, 4), np.uint8)
    for row, box, cut in zip(x, xyxy, cuts, strict=True):
        # Pillow holds four bytes a pixel: copied as they are, thrice as fast as three of them.
        held = _cut(rgb, cut, SIDE).tobytes("raw", "RGBX")
        row[:] = np.frombuffer(held, np.uint8).reshape(row.shape)
        row[..., 3] = box_plane(box, cut, SIDE)
    return x


def _within(
    soft: NDArray[np.uint8], xyxy: NDArray[np.float64], cut: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """The part of an answer (S, S) that lies in the box, at the box's own pixels."""
    size = size_within((float(xyxy[2] - xyxy[0]), float(xyxy[3] - xyxy[1])))
    start, end = _in_window(xyxy, cut, SIDE)
    # Far from the origin, floats leave a little less than nothing beyond the edge.
    inner = np.clip([*start, *end], 0, SIDE)
    part = Image.fromarray(soft).resize(size, Image.Resampling.BILINEAR, tuple(inner))
    return np.asarray(part)


def windows(xyxy: Floats, context: float = CONTEXT) -> NDArray[np.float64]:
    """(n, 4) boxes -> (n, 4) windows to cut out, float pixels, possibly beyond the picture.

    The longer side keeps `context` of itself on each end. The shorter one gets more, so that in
    the square cut-out the object is squeezed by the root of its aspect only: a lamp post keeps
    some pixels across, and still looks like a lamp post.
    """
    boxes = np.asarray(xyxy, np.float64).reshape(-1, 4)
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    halves = np.sqrt(sides * sides.max(axis=1, keepdims=True)) * (0.5 + context)
    return np.concatenate([centres - halves, centres + halves], axis=1)


def cut_out(rgb: NDArray[np.uint8], window: NDArray[np.float64], side: int) -> NDArray[np.uint8]:
    """The window of a picture (h, w, 3) as (side, side, 3), antialiased, grey where it ends."""
    return np.asarray(_cut(rgb, window, side))


def _cut(rgb: NDArray[np.uint8], window: NDArray[np.float64], side: int) -> Image.Image:
    h, w = rgb.shape[:2]
    x0, y0 = (math.floor(v) - 1 for v in window[:2].tolist())
    x1, y1 = (math.ceil(v) + 1 for v in window[2:].tolist())
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, w), min(y1, h)
    if right <= left or bottom <= top:
        return Image.new("RGB", (side, side), (OUTSIDE,) * 3)
    part = rgb[top:bottom, left:right]
    if (left, top, right, bottom) != (x0, y0, x1, y1):
        whole = np.full((y1 - y0, x1 - x0, 3), OUTSIDE, np.uint8)
        whole[top - y0 : bottom - y0, left - x0 : right - x0] = part
        part = whole
    inner = (window[0] - x0, window[1] - y0, window[2] - x0, window[3] - y0)
    image = Image.fromarray(np.ascontiguousarray(part))
    return image.resize((side, side), Image.Resampling.BILINEAR, inner, 2.0)


def box_plane(xyxy: Floats, window: NDArray[np.float64], side: int) -> NDArray[np.uint8]:
    """The box within its window as (side, side): 255 inside, the share covered at its edges."""
    start, end = _in_window(xyxy, window, side)
    cells = np.arange(side)[:, None]
    covered = np.minimum(end, cells + 1) - np.maximum(start, cells)
    across, down = np.clip(covered, 0, 1).astype(np.float32).T
    return np.asarray(np.rint(np.outer(down * np.float32(255), across)), np.uint8)


def _in_window(
    xyxy: Floats, window: NDArray[np.float64], side: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The box's top left and bottom right x, y in pixels of the cut-out."""
    scale = side / (window[2:] - window[:2])
    box = np.asarray(xyxy, np.float64)
    return (box[:2] - window[:2]) * scale, (box[2:] - window[:2]) * scale
