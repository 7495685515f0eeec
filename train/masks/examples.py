"""Objects with known outlines, each cut out once with plenty around it and kept as bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from twinsight.engines.pocket.masks import cut_out, windows

CANVAS = 192
"""Pixels on each side of a kept cut-out."""
AROUND = 0.5
"""What it holds around the box on each side, as a share of the box."""
SMALLEST = 6
"""Boxes with a side under this many pixels teach nothing."""


@dataclass
class Examples:
    """n objects: `rgb` (n, 192, 192, 3) and `mask` (n, 192, 192) bytes over `window` (n, 4).

    `points` are the outline's corners in pixels of the photo, `xyxy` their extent, and `photo`
    says from which photo each came.
    """

    rgb: np.ndarray
    mask: np.ndarray
    window: np.ndarray
    xyxy: np.ndarray
    points: list[np.ndarray]
    photo: np.ndarray

    def __len__(self) -> int:
        return len(self.points)

    def rows(self, index: np.ndarray) -> Examples:
        return Examples(
            self.rgb[index],
            self.mask[index],
            self.window[index],
            self.xyxy[index],
            [self.points[i] for i in index],
            self.photo[index],
        )


def from_coco(folder: Path, photos: set[int] | None = None, limit: int | None = None) -> Examples:
    """Every object with an official polygon in a COCO folder (crowds are left out)."""
    data = json.loads((folder / "instances.json").read_text())
    names = {image["id"]: image["file_name"] for image in data["images"]}
    by_photo: dict[int, list[list[np.ndarray]]] = {}
    for note in data["annotations"]:
        if note["iscrowd"] or note["mask_quality"] != "official":
            continue
        if photos is not None and note["image_id"] not in photos:
            continue
        rings = [np.array(ring, np.float32).reshape(-1, 2) for ring in note["segmentation"]]
        by_photo.setdefault(note["image_id"], []).append(rings)
    items = []
    for photo, objects in sorted(by_photo.items())[:limit]:
        rgb = np.asarray(Image.open(folder / "images" / names[photo]).convert("RGB"))
        items += [(photo, *cut) for cut in (_cut_rings(rgb, rings) for rings in objects) if cut]
    return _stack(items)


def from_person_parts(folder: Path, limit: int | None = None) -> Examples:
    """One standing person a photo, with a mask of the whole person."""
    items = []
    for path in sorted(folder.glob("*_mask.png"))[:limit]:
        whole = np.asarray(Image.open(path).convert("L")) > 127
        ys, xs = np.nonzero(whole)
        if not len(ys):
            continue
        photo = path.name.split("_")[0]
        rgb = np.asarray(Image.open(folder / f"{photo}.jpg").convert("RGB"))
        cut = _cut_mask(rgb, whole, np.stack([xs, ys], 1))
        items.append((-int(photo), *cut))
    return _stack(items)


def _cut_rings(rgb: np.ndarray, rings: list[np.ndarray]) -> tuple | None:
    points = np.concatenate(rings)
    xyxy = np.concatenate([points.min(0), points.max(0)])
    if (xyxy[2:] - xyxy[:2]).min() < SMALLEST:
        return None
    window = windows(xyxy[None], AROUND)[0]
    scale = CANVAS / (window[2:] - window[:2])
    mask = Image.new("L", (CANVAS, CANVAS))
    draw = ImageDraw.Draw(mask)
    for ring in rings:
        # Pillow fills from pixel centre to pixel centre: half a pixel less on each side.
        draw.polygon([tuple(p) for p in (ring - window[:2]) * scale - 0.5], fill=255)
    return cut_out(rgb, window, CANVAS), np.asarray(mask), window, xyxy, points


def _cut_mask(rgb: np.ndarray, whole: np.ndarray, pixels: np.ndarray) -> tuple:
    xyxy = np.concatenate([pixels.min(0), pixels.max(0) + 1]).astype(np.float32)
    window = windows(xyxy[None], AROUND)[0]
    grey = np.repeat((whole * 255).astype(np.uint8)[:, :, None], 3, axis=2)
    # cut_out pads with grey; beyond the photo there is no object.
    mask = cut_out(grey, window, CANVAS)[:, :, 0]
    mask = np.where(cut_out(np.full_like(grey, 255), window, CANVAS)[:, :, 0] > 254, mask, 0)
    points = np.array(
        [(x, y) for y, (a, b) in _extents(pixels).items() for x in (a, b + 1)], np.float32
    )
    return cut_out(rgb, window, CANVAS), mask.astype(np.uint8), window, xyxy, points


def _extents(pixels: np.ndarray) -> dict[int, tuple[int, int]]:
    """For every fourth row the first and last x of the object."""
    found = {}
    for y in np.unique(pixels[:, 1])[::4]:
        xs = pixels[pixels[:, 1] == y, 0]
        found[int(y)] = (int(xs.min()), int(xs.max()))
    return found


def _stack(items: list[tuple]) -> Examples:
    photo, rgb, mask, window, xyxy, points = zip(*items, strict=True)
    return Examples(
        np.stack(rgb),
        np.stack(mask),
        np.stack(window),
        np.stack(xyxy).astype(np.float32),
        list(points),
        np.array(photo),
    )
