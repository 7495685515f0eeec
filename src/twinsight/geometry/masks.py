"""Masks: Gemini's PNG form, COCO's run lengths, polygons, and back."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PREFIX = "data:image/png;base64,"
LONG_SIDE = 256
"""Longest side of a mask on the wire, in pixels: Gemini's own were 256 x 256."""
LEAST_SIDE = 64
"""What the shorter side of a thin box keeps of its pixels, however long the box is."""
_STEEPNESS = 16


def size_within(
    wh: tuple[float, float], long_side: int = LONG_SIDE, least_side: int = LEAST_SIDE
) -> tuple[int, int]:
    """The size at which a box's mask is kept: the box's, at most `long_side` on the longer side."""
    shrink = min(1.0, long_side / max(*wh, 1))
    w, h = (max(1, round(max(side * shrink, min(side, least_side)))) for side in wh)
    return w, h


def resize(mask: NDArray[np.uint8], wh: tuple[int, int]) -> NDArray[np.uint8]:
    """A soft mask at another size, bilinear (averaging when it shrinks), sides at least 1."""
    size = (max(1, wh[0]), max(1, wh[1]))
    if (mask.shape[1], mask.shape[0]) == size:
        return mask
    return np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.BILINEAR))


def steepen(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Nearly binary: only values near 128 stay soft.

    The guide's sample keeps > 128, older readers keep > 0: both must see the same object.
    """
    ramp = (np.arange(256) - 128.0) * _STEEPNESS + 128
    return np.asarray(np.clip(ramp, 0, 255).astype(np.uint8)[mask])


def to_png_uri(
    mask: NDArray[np.uint8], box_wh: tuple[float, float] | None = None, long_side: int = LONG_SIDE
) -> str:
    """A soft mask (mh, mw), 0 to 255, covering its box -> ``data:image/png;base64,...``.

    8-bit greyscale. The picture has the shape of the box (``box_wh``, pixels; by default that of
    the mask) with at most `long_side` pixels on its longer side; thin ones are less thin.
    """
    size = size_within(box_wh or (mask.shape[1], mask.shape[0]), long_side)
    file = io.BytesIO()
    Image.fromarray(steepen(resize(mask, size))).save(file, "PNG", compress_level=9)
    return PREFIX + base64.b64encode(file.getvalue()).decode("ascii")


def from_png_uri(uri: str) -> NDArray[np.uint8]:
    """The mask (mh, mw) of a PNG data URI. Raises ValueError when it is not one."""
    if not uri.startswith(PREFIX):
        raise ValueError(f"a mask starts with {PREFIX!r}")
    try:
        picture = Image.open(io.BytesIO(base64.b64decode(uri[len(PREFIX) :], validate=True)))
        return np.asarray(picture.convert("L"))
    except (OSError, SyntaxError) as error:
        raise ValueError(f"the mask is not a PNG: {error}") from error


def paste(
    mask: NDArray[np.uint8], xyxy: Sequence[float] | NDArray[Any], wh: tuple[int, int]
) -> NDArray[np.bool_]:
    """A mask over its box -> a boolean mask (h, w) of the whole picture.

    The box is floored to pixels, and pixels > 127 are kept, as clients do.
    """
    w, h = wh
    whole = np.zeros((h, w), bool)
    x0, y0, x1, y1 = (int(np.floor(v)) for v in xyxy)
    if x1 <= x0 or y1 <= y0:
        return whole
    inside = resize(mask, (x1 - x0, y1 - y0)) > 127
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, w), min(y1, h)
    if right > left and bottom > top:
        whole[top:bottom, left:right] = inside[top - y0 : bottom - y0, left - x0 : right - x0]
    return whole


def to_rle(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """A boolean mask (h, w) -> COCO's compressed ``{"size": [h, w], "counts": "..."}``."""
    flat = mask.reshape(-1, order="F")
    edges = np.flatnonzero(np.diff(flat.astype(np.int8))) + 1
    ends = np.concatenate([[0], edges, [flat.size]]) if flat.size else np.array([0, 0])
    runs = np.diff(ends).tolist()
    counts = [0, *runs] if flat.size and flat[0] else runs  # the first run is always background
    return {"size": [int(s) for s in mask.shape], "counts": _pack(counts)}


def from_rle(rle: dict[str, Any]) -> NDArray[np.bool_]:
    """COCO run lengths (list, or compressed text) -> a boolean mask (h, w).

    Raises ValueError when the runs do not fill the size.
    """
    h, w = rle["size"]
    counts = rle["counts"]
    if isinstance(counts, bytes):
        counts = counts.decode("ascii")
    runs = _unpack(counts) if isinstance(counts, str) else list(counts)
    if sum(runs) != h * w or min(runs, default=0) < 0:
        raise ValueError(f"run lengths fill {sum(runs)} pixels of {h * w}")
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape(h, w, order="F")


def _pack(counts: list[int]) -> str:
    """COCO's text: each run less the run two before it, in 5-bit groups, low first, from '0'."""
    text = []
    for i, count in enumerate(counts):
        value = count - counts[i - 2] if i > 2 else count
        more = True
        while more:
            group = value & 0x1F
            value >>= 5
            more = value != (-1 if group & 0x10 else 0)
            text.append(chr((group | 0x20 if more else group) + 48))
    return "".join(text)


def _unpack(text: str) -> list[int]:
    counts: list[int] = []
    value, shift = 0, 0
    for char in text:
        group = ord(char) - 48
        value |= (group & 0x1F) << shift
        shift += 5
        if group & 0x20:
            continue
        if group & 0x10:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value, shift = 0, 0
    return counts
