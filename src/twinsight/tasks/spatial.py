"""Boxes, masks and points in Gemini's own JSON (CONTRACT §15).

Coordinates are integers 0–1000 of the upright picture, y before x; only polygons put x first. A
prompt that spells out other numbers gets those. The list is on top, best first; what was not found
is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinsight.geometry import masks, polygons
from twinsight.geometry.boxes import clip, to_yxyx_1000
from twinsight.geometry.detections import Detections
from twinsight.geometry.overlaps import resolve_overlaps
from twinsight.tasks.answers import describe
from twinsight.tasks.colour import colours_at
from twinsight.tasks.find import Item, chosen, stack
from twinsight.tasks.request.corners import GEMINI, Corners
from twinsight.tasks.request.keys import CHOICE, Entry, Form
from twinsight.tasks.request.language import Language
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.voice import VOICES


class Found:
    """Items of one picture, with their places; all their masks are made at once, when wanted."""

    def __init__(
        self,
        scene: Scene,
        items: Sequence[Item],
        language: Language = "en",
        corners: Corners = GEMINI,
    ) -> None:
        self.scene = scene
        self.items = items
        self.language = language
        self.corners = corners
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

    def polygon(self, row: int) -> list[list[float]]:
        """The mask's outline as [x, y] pairs of the whole picture: its largest part."""
        y0, x0, y1, x1 = self.yxyx_1000[row]
        mask = self.masks[row]
        h, w = mask.shape
        ring = polygons.outline(mask > 127)
        if not len(ring):
            return [self._xy(x, y) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
        return [self._xy(x, y) for x, y in ring / (w, h) * (x1 - x0, y1 - y0) + (x0, y0)]

    def point(self, row: int) -> list[float]:
        """[y, x] of a spot that lies on the thing: the part of its mask nearest to its middle."""
        x, y = self._on(row)
        return [y, x] if self.corners.point == GEMINI.point else [x, y]

    def _on(self, row: int) -> list[float]:
        """[x, y] of the same spot."""
        y0, x0, y1, x1 = self.yxyx_1000[row]
        on = self.masks[row] > 127
        if not on.any():
            return self._xy((x0 + x1) // 2, (y0 + y1) // 2)
        rows, columns = np.nonzero(on)
        nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
        h, w = on.shape
        y = y0 + (rows[nearest] + 0.5) / h * (y1 - y0)
        x = x0 + (columns[nearest] + 0.5) / w * (x1 - x0)
        return self._xy(x, y)

    def _xy(self, x: float, y: float) -> list[float]:
        """A place in 0–1000 by the numbers that are asked for."""
        w, h = self.scene.wh
        return [self.corners.along(float(x) / 1000, w), self.corners.along(float(y) / 1000, h)]

    def box(self, row: int) -> list[float]:
        """[ymin, xmin, ymax, xmax], or the numbers that are asked for in their place."""
        return [self.number(row, name) for name in self.corners.box]

    def number(self, row: int, name: str) -> float:
        """One number of the box, or `x` and `y` of the point."""
        if name in ("x", "y"):
            return self._on(row)["xy".index(name)]
        y0, x0, y1, x1 = self._sides(row)
        whole = self.corners.scale in ("thousand", "pixel")
        return {
            "xmin": x0,
            "ymin": y0,
            "xmax": x1,
            "ymax": y1,
            "width": x1 - x0 if whole else round(x1 - x0, 4),
            "height": y1 - y0 if whole else round(y1 - y0, 4),
            "cx": (x0 + x1) // 2 if whole else round((x0 + x1) / 2, 4),
            "cy": (y0 + y1) // 2 if whole else round((y0 + y1) / 2, 4),
        }[name]

    def _sides(self, row: int) -> list[float]:
        """The box's ends, y before x, in the scale that is asked for."""
        if self.corners.scale == "thousand":
            return [int(v) for v in self.yxyx_1000[row]]
        w, h = self.scene.wh
        x0, y0, x1, y1 = (float(v) for v in clip(self.items[row].xyxy, (w, h)))
        ends = ((y0, h), (x0, w), (y1, h), (x1, w))
        return [self.corners.along(end / side, side) for end, side in ends]

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
    "number": lambda found, row: row + 1,
    "point": Found.point,
    "box": Found.box,
    "mask": Found.mask_uri,
    "label": lambda found, row: found.items[row].label,
    "kind": lambda found, row: found.items[row].kind,
    "description": Found.description,
    "colour": Found.colour,
    "score": lambda found, row: round(found.items[row].score, 3),
}
_AS_POLYGON = _PARTS | {"mask": Found.polygon}


def entries(found: Found, form: Form) -> list[Any]:
    """The list as JSON values: objects, or their only values where those stand by themselves."""
    parts = _AS_POLYGON if form.polygon else _PARTS
    rows = [_row(found, row, form.entry, parts) for row in range(len(found.items))]
    return [value for row in rows for value in row.values()] if form.bare else rows


def _row(
    found: Found, row: int, entry: Entry, parts: dict[str, Callable[[Found, int], Any]]
) -> dict[str, Any]:
    """One thing as an object; null stands at keys that ask for what cannot be seen."""
    written: dict[str, Any] = {}
    for part, key in entry:
        if not isinstance(part, str):
            written[key] = _row(found, row, part, parts)
        elif part.startswith("."):
            written[key] = found.number(row, part[1:])
        elif part.startswith(CHOICE):
            choices = [choice.strip() for choice in part.removeprefix(CHOICE).split("|")]
            written[key] = chosen(found.items[row], choices)
        else:
            written[key] = parts[part](found, row) if part else None
    return written
