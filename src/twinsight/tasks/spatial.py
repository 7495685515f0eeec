"""Boxes, masks and points in Gemini's own JSON (CONTRACT §15).

Coordinates are integers 0–1000 of the upright picture, y before x; only polygons put x first. The
list is on top, best first; what was not found is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinsight.geometry import masks, polygons
from twinsight.geometry.boxes import to_yxyx_1000
from twinsight.geometry.detections import Detections
from twinsight.geometry.overlaps import resolve_overlaps
from twinsight.tasks import describe
from twinsight.tasks.colour import colours_at
from twinsight.tasks.find import Item, stack
from twinsight.tasks.keys import Form
from twinsight.tasks.language import Language
from twinsight.tasks.scene import Scene
from twinsight.tasks.voice import VOICES


class Found:
    """Items of one picture, with their places; all their masks are made at once, when wanted."""

    def __init__(self, scene: Scene, items: Sequence[Item], language: Language = "en") -> None:
        self.scene = scene
        self.items = items
        self.language = language
        self.yxyx_1000 = to_yxyx_1000(stack(items), scene.wh)

    @cached_property
    def masks(self) -> list[NDArray[np.uint8]]:
        """A soft mask for each item, overlaps settled; lines of text are their own boxes."""
        things = [i for i, item in enumerate(self.items) if item.kind != "text"]
        picture = self.scene.picture
        scale = np.tile(np.divide(picture.wh, self.scene.wh), 2).astype(np.float32)
        boxes = self._rebuilt(things) * scale
        made = dict(zip(things, self._settled(things, boxes), strict=True)) if things else {}
        full = np.full((8, 8), 255, np.uint8)
        return [made.get(i, full) for i in range(len(self.items))]

    def _rebuilt(self, rows: list[int]) -> NDArray[np.float32]:
        """The boxes as clients rebuild them from the integers, floored: masks shall fit those."""
        w, h = self.scene.wh
        yxyx = np.floor(self.yxyx_1000[rows] / 1000 * (h, w, h, w))
        yxyx[:, 2:] = np.maximum(yxyx[:, 2:], yxyx[:, :2] + 1)
        return yxyx[:, [1, 0, 3, 2]].astype(np.float32)

    def _settled(
        self, things: list[int], boxes: NDArray[np.float32]
    ) -> tuple[NDArray[np.uint8], ...]:
        soft = tuple(self.scene.masks(boxes))
        scores = np.array([self.items[i].score for i in things], np.float32)
        kinds = tuple(self.items[i].kind for i in things)
        return resolve_overlaps(Detections(boxes, scores, kinds, soft)).mask or soft

    def mask_uri(self, row: int) -> str:
        """The item's mask as a greyscale PNG within its box, in a data URI."""
        return masks.to_png_uri(self.masks[row], self.items[row].wh)

    def polygon(self, row: int) -> list[list[int]]:
        """The mask's outline as [x, y] pairs, 0–1000 of the whole picture: its largest part."""
        y0, x0, y1, x1 = (int(v) for v in self.yxyx_1000[row])
        mask = self.masks[row]
        h, w = mask.shape
        ring = polygons.outline(mask > 127)
        if not len(ring):
            return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
        scaled = ring / (w, h) * (x1 - x0, y1 - y0) + (x0, y0)
        return [[int(x), int(y)] for x, y in np.rint(scaled)]

    def point(self, row: int) -> list[int]:
        """[y, x] of a spot that lies on the thing: the part of its mask nearest to its middle."""
        y0, x0, y1, x1 = (int(v) for v in self.yxyx_1000[row])
        on = self.masks[row] > 127
        if not on.any():
            return [(y0 + y1) // 2, (x0 + x1) // 2]
        rows, columns = np.nonzero(on)
        nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
        h, w = on.shape
        y = y0 + (rows[nearest] + 0.5) / h * (y1 - y0)
        x = x0 + (columns[nearest] + 0.5) / w * (x1 - x0)
        return [int(y), int(x)]

    def box(self, row: int) -> list[int]:
        """[ymin, xmin, ymax, xmax]."""
        return [int(v) for v in self.yxyx_1000[row]]

    def colour(self, row: int) -> str:
        """The plain colour of the item's middle."""
        item = self.items[row]
        return VOICES[self.language].colour(
            self.shades[row], "" if item.kind == "text" else item.kind
        )

    @cached_property
    def shades(self) -> list[str]:
        """The plain colour of each item, in English."""
        return colours_at(self.scene, stack(self.items))

    def description(self, row: int) -> str:
        """The item in a phrase: its colour and name; of text, what it reads."""
        item = self.items[row]
        if item.kind == "text":
            return item.label
        return describe.coloured(item.label, item.kind, self.shades[row], self.language)


_PARTS: dict[str, Callable[[Found, int], Any]] = {
    "id": lambda found, row: row,
    "point": Found.point,
    "box": Found.box,
    "mask": Found.mask_uri,
    "label": lambda found, row: found.items[row].label,
    "description": Found.description,
    "colour": Found.colour,
    "score": lambda found, row: round(found.items[row].score, 3),
}
_AS_POLYGON = _PARTS | {"mask": Found.polygon}


def entries(found: Found, form: Form) -> list[dict[str, Any]]:
    """The list as JSON values."""
    parts = _AS_POLYGON if form.polygon else _PARTS
    return [
        {key: parts[part](found, row) for part, key in form.entry}
        for row in range(len(found.items))
    ]
