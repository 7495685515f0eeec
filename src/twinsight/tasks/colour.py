"""The plain colours of things: of the pixels on the thing itself, not of what is round it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from twinsight.image.measure import colour_name, colour_share
from twinsight.tasks.scene import Scene

SIDE = 96
"""Pixels of the longer side at which a thing is looked at for its colour."""


def colours_at(scene: Scene, xyxy: NDArray[np.float32]) -> list[str]:
    """The commonest plain colour within each box (n, 4), in pixels of the upright picture.

    Only where the box's mask is; the middle of the box where the mask is empty.
    """
    return [colour_name(pixels) for pixels in _pixels_at(scene, xyxy)]


def shares_at(scene: Scene, xyxy: NDArray[np.float32], colour: str) -> list[float]:
    """How much of the thing in each box (n, 4) has a plain colour, 0–1."""
    return [colour_share(pixels, colour) for pixels in _pixels_at(scene, xyxy)]


def _pixels_at(scene: Scene, xyxy: NDArray[np.float32]) -> list[NDArray[np.uint8]]:
    if not len(xyxy):
        return []
    picture = scene.picture
    boxes = xyxy * np.tile(np.divide(picture.wh, scene.wh), 2).astype(np.float32)
    made = scene.masks(boxes.astype(np.float32))
    return [_pixels(picture.rgb, box, mask) for box, mask in zip(boxes, made, strict=True)]


def _pixels(
    rgb: NDArray[np.uint8], xyxy: NDArray[np.float32], mask: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """The thing's own pixels, (n, 3)."""
    h, w = rgb.shape[:2]
    x0, y0 = (int(v) for v in np.clip(xyxy[:2], 0, (w - 1, h - 1)))
    x1, y1 = max(int(xyxy[2]), x0 + 1), max(int(xyxy[3]), y0 + 1)
    crop = Image.fromarray(rgb[y0:y1, x0:x1])
    crop.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    pixels = np.asarray(crop)
    on = np.asarray(Image.fromarray(mask).resize(crop.size, Image.Resampling.BILINEAR)) > 127
    if not on.any():
        rows, columns = pixels.shape[:2]
        on[rows // 5 : rows - rows // 5, columns // 5 : columns - columns // 5] = True
    return np.asarray(pixels[on])
