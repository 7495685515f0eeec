"""From a quad around a line of text to its characters: crop upright, recognise, decode, order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    import onnxruntime as ort

Quad = NDArray[np.float32]
Pixels = NDArray[np.uint8]

HEIGHT = 48
"""Pixels of a line as the recogniser takes it."""
MAX_WIDTH = 2400
"""Longer lines are squeezed: 2400 pixels hold about 100 words of print."""
_STEP = 32
_BATCH_PIXELS = 2400
_MAX_CROP_PIXELS = 8_000_000


class Recogniser:
    """A network that reads one line (CTC, Graves et al. 2006); thread-safe.

    Input (n, 3, 48, width) blue-green-red, -1 to 1. Output: index and probability of the best class
    in each of the `width / 8` columns, (n, columns) each. Class 0 is "no character".
    """

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        characters = session.get_modelmeta().custom_metadata_map["character"].split("\n")
        self._alphabet = np.array(["", *characters, " "])

    def recognise(self, crops: list[Pixels]) -> list[tuple[str, float]]:
        """(48, width, 3) RGB crops -> text and mean probability of its characters, one each."""
        found: list[tuple[str, float]] = [("", 0.0)] * len(crops)
        for batch in _batches([crop.shape[1] for crop in crops]):
            width = max(crops[i].shape[1] for i in batch)
            width = math.ceil(width / _STEP) * _STEP
            feed = np.zeros((len(batch), 3, HEIGHT, width), np.float32)
            for slot, i in enumerate(batch):
                bgr = crops[i][:, :, ::-1].transpose(2, 0, 1)
                feed[slot, :, :, : bgr.shape[2]] = bgr * np.float32(2 / 255) - 1
            outputs: list[Any] = self._session.run(None, {self._input: feed})
            for slot, i in enumerate(batch):
                found[i] = self._decoded(outputs[0][slot], outputs[1][slot])
        return found

    def _decoded(
        self, best: NDArray[np.int64], probability: NDArray[np.float32]
    ) -> tuple[str, float]:
        """Repeats collapse to one character, blanks vanish (CTC best path)."""
        keep = best != 0
        keep[1:] &= best[1:] != best[:-1]
        if not keep.any():
            return "", 0.0
        text = "".join(self._alphabet[best[keep]]).strip()
        return text, float(probability[keep].mean())


def _batches(widths: list[int]) -> list[list[int]]:
    """Indices of lines that are read in one go: of about one width, bounded in pixels."""
    batches: list[list[int]] = []
    for i in np.argsort(widths, kind="stable").tolist():
        padded = math.ceil(widths[i] / _STEP) * _STEP
        last = batches[-1] if batches else []
        alike = last and math.ceil(widths[last[0]] / _STEP) * _STEP == padded
        if alike and (len(last) + 1) * padded <= _BATCH_PIXELS:
            last.append(i)
        else:
            batches.append([i])
    return batches


def upright_crop(rgb: Pixels, quad: Quad) -> Pixels:
    """The rectangle `quad` (x, y pixels, clockwise from the text's top left) as (48, width, 3)."""
    wide, high = np.hypot(*(quad[1] - quad[0])), np.hypot(*(quad[3] - quad[0]))
    width = int(np.clip(math.ceil(HEIGHT * wide / max(high, 1e-3)), 8, MAX_WIDTH))
    patch, origin, shrink = _patch(rgb, quad, int(high // HEIGHT))
    corners = (quad - origin) / shrink
    across = (corners[1] - corners[0]) / width
    down = (corners[3] - corners[0]) / HEIGHT
    coefficients = (across[0], down[0], corners[0][0], across[1], down[1], corners[0][1])
    line = Image.fromarray(patch).transform(
        (width, HEIGHT),
        Image.Transform.AFFINE,
        tuple(float(c) for c in coefficients),
        resample=Image.Resampling.BICUBIC,
    )
    return np.asarray(line)


def _patch(rgb: Pixels, quad: Quad, shrink: int) -> tuple[Pixels, Quad, int]:
    """The part of the picture under the quad, reduced; its origin in the picture; the factor.

    Edge pixels are repeated outwards, so that a quad over the picture's edge sees no black rim.
    """
    h, w = rgb.shape[:2]
    low = np.floor(quad.min(axis=0)).astype(int) - 2
    high = np.ceil(quad.max(axis=0)).astype(int) + 2
    x1, y1 = np.clip(low, 0, (w - 1, h - 1))
    x2, y2 = np.clip(high, (x1 + 1, y1 + 1), (w, h))
    shrink = max(1, shrink, math.ceil(math.sqrt((x2 - x1) * (y2 - y1) / _MAX_CROP_PIXELS)))
    patch = reduced(rgb[y1:y2, x1:x2], shrink)
    over = [
        max(0, math.ceil(d / shrink))
        for d in (x1 - low[0], high[0] - x2, y1 - low[1], high[1] - y2)
    ]
    if any(over):
        patch = np.pad(patch, ((over[2], over[3]), (over[0], over[1]), (0, 0)), mode="edge")
    origin = np.array([x1 - over[0] * shrink, y1 - over[2] * shrink], np.float32)
    return patch, origin, shrink


def reduced(rgb: Pixels, factor: int) -> Pixels:
    """The picture with `factor` x `factor` pixels averaged into one, a band at a time."""
    if factor < 2:
        return np.ascontiguousarray(rgb)
    band = factor * max(1, 1_000_000 // (factor * rgb.shape[1]))
    parts = [
        np.asarray(Image.fromarray(np.ascontiguousarray(rgb[y : y + band])).reduce(factor))
        for y in range(0, rgb.shape[0], band)
    ]
    return np.concatenate(parts)


def turned(quad: Quad, quarters: int) -> Quad:
    """The same rectangle for text that starts at a later corner, clockwise."""
    return np.roll(quad, -quarters, axis=0)


def is_tall(quad: Quad) -> bool:
    """Whether the line runs down (or up) the picture rather than across."""
    return bool(np.hypot(*(quad[3] - quad[0])) >= 1.5 * np.hypot(*(quad[1] - quad[0])))


def reading_order(quads: list[Quad]) -> list[int]:
    """Indices top to bottom, and left to right among those that share a row.

    A quad joins a row when its centre is within half a line's height of the centre of the row's
    last member, so rows that slope a little hold together.
    """
    centre = np.array([quad.mean(axis=0) for quad in quads]).reshape(-1, 2)
    height = np.array([_height(quad) for quad in quads])
    rows: list[list[int]] = []
    for i in np.argsort(centre[:, 1], kind="stable").tolist():
        for row in reversed(rows[-3:]):
            near = row[int(np.argmin(np.abs(centre[row, 0] - centre[i, 0])))]
            if abs(centre[near, 1] - centre[i, 1]) < 0.5 * min(height[near], height[i]):
                row.append(i)
                break
        else:
            rows.append([i])
    rows.sort(key=lambda row: float(centre[row, 1].mean()))
    return [i for row in rows for i in sorted(row, key=lambda i: float(centre[i, 0]))]


def _height(quad: Quad) -> float:
    """Height of the line on the page: its short side, or its reach when it runs down."""
    if is_tall(quad):
        return float(np.ptp(quad[:, 1]))
    return float(np.hypot(*(quad[3] - quad[0])))
