"""How a photo goes into a model's input, and boxes come back from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from twinsight.engines.onnx.card import Feed
from twinsight.engines.pocket.sampling import sampled
from twinsight.geometry.boxes import clip

_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


@dataclass(frozen=True, slots=True)
class Placing:
    """Where the photo lies in the input: pixels of the photo times `scale` plus `corner`."""

    photo_wh: tuple[int, int]
    scale: tuple[float, float]
    corner: tuple[int, int]

    def to_photo(self, xyxy: NDArray[np.floating]) -> NDArray[np.float32]:
        """Boxes (n, 4) in pixels of the input -> in pixels of the photo, cut at its edges.

        What is not a number stays none.
        """
        with np.errstate(all="ignore"):
            moved = (xyxy - np.tile(self.corner, 2)) / np.tile(self.scale, 2)
            return clip(np.asarray(moved, np.float32), self.photo_wh)

    def to_input(self, xyxy: NDArray[np.floating]) -> NDArray[np.float32]:
        """Boxes (n, 4) in pixels of the photo -> in pixels of the input."""
        return np.asarray(xyxy * np.tile(self.scale, 2) + np.tile(self.corner, 2), np.float32)


def prepare(rgb: NDArray[np.uint8], feed: Feed) -> tuple[NDArray[np.float32], Placing]:
    """A photo (h, w, 3) -> what goes in (1, 3, H, W), and where the photo lies in it."""
    h, w = rgb.shape[:2]
    width, height = feed.wh
    wh, scale = feed.wh, (width / w, height / h)
    if feed.place != "stretch":
        scale = (min(scale), min(scale))
        wh = (max(1, int(w * scale[0])), max(1, int(h * scale[1])))
    free = (width - wh[0], height - wh[1])
    left, top = (free[0] // 2, free[1] // 2) if feed.place == "middle" else (0, 0)
    canvas = np.full((height, width, 3), feed.pad, np.uint8)
    canvas[top : top + wh[1], left : left + wh[0]] = _resized(rgb, wh, feed.resample)
    pixels = canvas[..., ::-1] if feed.channels == "bgr" else canvas
    factor = np.float32(feed.scale) / np.asarray(feed.std, np.float32)
    values = pixels * factor - np.asarray(feed.mean, np.float32) / np.asarray(feed.std, np.float32)
    fed = np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32)
    return fed, Placing((w, h), scale, (left, top))


def _resized(rgb: NDArray[np.uint8], wh: tuple[int, int], how: str) -> NDArray[np.uint8]:
    if how == "plain":
        return sampled(rgb, wh)
    return np.asarray(Image.fromarray(rgb).resize(wh, _FILTERS[how]))
