"""Boxes, masks and points in Gemini's own JSON (CONTRACT §15).

Coordinates are integers 0–1000 of the upright picture, y before x; only polygons put x first. The
list is on top, best first; what was not found is not in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinsight.geometry import masks, polygons
from twinsight.geometry.boxes import to_yxyx_1000
from twinsight.geometry.detections import Detections
from twinsight.image.measure import colour_name
from twinsight.tasks import vocabulary
from twinsight.tasks.describe import finer
from twinsight.tasks.intent import Task
from twinsight.tasks.scene import Scene
from twinsight.tasks.targets import Target, Wanted

MOST_ITEMS = 100
SURE_LINE = 0.5
_UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f]+")
_POLYGON = re.compile(r"\b(?:polygons?|polygones?|contours?|outlines?)\b", re.IGNORECASE)
_QUOTED = re.compile(r"[\"'`](\w{1,40})[\"'`]")

_BOX_KEYS = ("box_2d", "bbox_2d", "bbox", "box", "bounding_box", "boundingbox", "coordinates")
_LABEL_KEYS = ("label", "name", "class", "class_name", "object", "category", "title", "item")
_SCORE_KEYS = ("confidence", "score", "probability")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing found: `kind` is the detector's name for it, or "text"."""

    label: str
    score: float
    xyxy: NDArray[np.float32]
    kind: str

    @property
    def wh(self) -> tuple[float, float]:
        """The box's size in pixels."""
        return float(self.xyxy[2] - self.xyxy[0]), float(self.xyxy[3] - self.xyxy[1])


def find(scene: Scene, wanted: Wanted) -> list[Item]:
    """The things asked for, best first, each once."""
    seen: dict[tuple[str, tuple[float, ...]], Item] = {}
    for target in wanted.targets:
        for item in _of_target(scene, target, wanted.language):
            seen.setdefault((item.kind, tuple(map(float, item.xyxy))), item)
    items = sorted(seen.values(), key=lambda item: -item.score)
    return items[: min(wanted.most or MOST_ITEMS, MOST_ITEMS)]


def _of_target(scene: Scene, target: Target, language: vocabulary.Language) -> list[Item]:
    if target.text:
        return [
            Item(clean_label(line.text), line.score, _around(line.quad), "text")
            for line in scene.lines
            if line.score >= SURE_LINE
        ]
    found = scene.objects()
    rows = [i for i, kind in enumerate(found.label) if target.names is None or kind in target.names]
    rows = _where(found, rows, target, scene)
    return [
        Item(
            _label(scene, found, row, target, language),
            float(found.score[row]),
            found.xyxy[row],
            found.label[row],
        )
        for row in rows
    ]


def _label(
    scene: Scene, found: Detections, row: int, target: Target, language: vocabulary.Language
) -> str:
    """In the caller's word where it means the very thing, else the eyes' own."""
    kind = found.label[row]
    if language == "fr":
        return vocabulary.in_language(kind, "fr")
    if target.word and vocabulary.meaning(target.word):
        return vocabulary.singular(target.word, kind)
    return finer(kind, found.label.count(kind), scene.recognition)


def _where(found: Detections, rows: list[int], target: Target, scene: Scene) -> list[int]:
    """Filters by colour, side and size."""
    if target.colour:
        rows = [i for i in rows if _colour(scene, found.xyxy[i]) == target.colour]
    if not rows:
        return rows
    w, h = scene.wh
    x = (found.xyxy[:, 0] + found.xyxy[:, 2]) / 2 / w
    y = (found.xyxy[:, 1] + found.xyxy[:, 3]) / 2 / h
    sides = {
        "left": x < 0.5,
        "right": x >= 0.5,
        "top": y < 0.5,
        "bottom": y >= 0.5,
        "centre": (abs(x - 0.5) < 0.25) & (abs(y - 0.5) < 0.25),
    }
    if target.side in sides:
        rows = [i for i in rows if sides[target.side][i]]
    ends = {"leftmost": x, "rightmost": -x, "topmost": y, "bottommost": -y}
    if target.side in ends and rows:
        rows = [min(rows, key=lambda i: ends[target.side][i])]
    if target.size and rows:
        area = (found.xyxy[:, 2:] - found.xyxy[:, :2]).prod(1)
        sign = 1 if target.size == "largest" else -1
        rows = [max(rows, key=lambda i: sign * area[i])]
    return rows


def _colour(scene: Scene, xyxy: NDArray[np.float32]) -> str:
    """The plain colour of a box's middle, where the thing itself is."""
    picture = scene.picture
    scale = np.array([picture.wh[0] / scene.wh[0], picture.wh[1] / scene.wh[1]] * 2)
    x0, y0, x1, y1 = xyxy * scale
    dx, dy = (x1 - x0) / 5, (y1 - y0) / 5
    inside = picture.rgb[
        int(y0 + dy) : max(int(y1 - dy), int(y0 + dy) + 1),
        int(x0 + dx) : max(int(x1 - dx), int(x0 + dx) + 1),
    ]
    return colour_name(inside)


def _around(quad: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([quad.min(0), quad.max(0)]).astype(np.float32)


def clean_label(text: str) -> str:
    """Without slashes and control characters: the guide's sample makes file names of labels."""
    return re.sub(r"\s+", " ", _UNSAFE.sub(" ", text)).strip()[:100] or "text"


@dataclass(frozen=True, slots=True)
class Form:
    """Which keys each entry of the list has, and how a mask is written."""

    box: str = "box_2d"
    label: str = "label"
    score: str = ""
    mask: str = ""
    point: str = ""
    polygon: bool = False


def form_of(question: str, task: Task) -> Form:
    """The keys that the prompt names in quotes, else the guide's."""
    named = [name for name in _QUOTED.findall(question)]
    lower = {name.lower(): name for name in named}
    mask = next((lower[k] for k in ("mask", "segmentation", "polygon") if k in lower), "mask")
    is_point = task is Task.POINT
    return Form(
        box=""
        if is_point and "box_2d" not in lower
        else next((lower[k] for k in _BOX_KEYS if k in lower), "box_2d"),
        label=next((lower[k] for k in _LABEL_KEYS if k in lower), "label"),
        score=_score_key(question, lower),
        mask=mask if task is Task.SEGMENT else "",
        point="point" if is_point or "point" in lower else "",
        polygon=bool(_POLYGON.search(question)),
    )


def _score_key(question: str, named: dict[str, str]) -> str:
    for key in _SCORE_KEYS:
        if key in named:
            return named[key]
        if re.search(rf"\b{key}\b", question, re.IGNORECASE):
            return key
    return ""


def entries(scene: Scene, items: Sequence[Item], form: Form) -> list[dict[str, Any]]:
    """The list as JSON values."""
    boxes = to_yxyx_1000(stack(items), scene.wh)
    needs_masks = bool(form.mask or form.point)
    soft = segment(scene, items) if needs_masks else []
    written = []
    for index, item in enumerate(items):
        entry: dict[str, Any] = {}
        if form.point:
            entry[form.point] = point(boxes[index], soft[index])
        if form.box:
            entry[form.box] = [int(v) for v in boxes[index]]
        if form.mask:
            entry[form.mask] = (
                polygon(boxes[index], soft[index])
                if form.polygon
                else masks.to_png_uri(soft[index], item.wh)
            )
        entry[form.label] = item.label
        if form.score:
            entry[form.score] = round(item.score, 3)
        written.append(entry)
    return written


def segment(scene: Scene, items: Sequence[Item]) -> list[NDArray[np.uint8]]:
    """A soft mask for each item; lines of text are their own boxes."""
    picture = scene.picture
    scale = np.array([picture.wh[0] / scene.wh[0], picture.wh[1] / scene.wh[1]] * 2, np.float32)
    things = [i for i, item in enumerate(items) if item.kind != "text"]
    made = scene.masks(stack([items[i] for i in things]) * scale) if things else []
    full = np.full((8, 8), 255, np.uint8)
    by_row = dict(zip(things, made, strict=True))
    return [by_row.get(i, full) for i in range(len(items))]


def point(yxyx_1000: NDArray[np.int32], mask: NDArray[np.uint8]) -> list[int]:
    """[y, x] of a spot that lies on the thing: the middle of the mask's thickest run."""
    y0, x0, y1, x1 = (int(v) for v in yxyx_1000)
    on = mask > 127
    if not on.any():
        return [(y0 + y1) // 2, (x0 + x1) // 2]
    rows, columns = np.nonzero(on)
    mean_row, mean_column = rows.mean(), columns.mean()
    nearest = np.argmin((rows - mean_row) ** 2 + (columns - mean_column) ** 2)
    h, w = mask.shape
    y = y0 + (rows[nearest] + 0.5) / h * (y1 - y0)
    x = x0 + (columns[nearest] + 0.5) / w * (x1 - x0)
    return [int(y), int(x)]


def polygon(yxyx_1000: NDArray[np.int32], mask: NDArray[np.uint8]) -> list[list[int]]:
    """The mask's outline as [x, y] pairs, 0–1000 of the whole picture: its largest part."""
    y0, x0, y1, x1 = (int(v) for v in yxyx_1000)
    h, w = mask.shape
    ring = polygons.outline(mask > 127)
    if not len(ring):
        return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
    scaled = ring / (w, h) * (x1 - x0, y1 - y0) + (x0, y0)
    return [[int(x), int(y)] for x, y in np.rint(scaled)]


def stack(items: Sequence[Item]) -> NDArray[np.float32]:
    """The items' boxes, (n, 4) xyxy."""
    if not items:
        return np.zeros((0, 4), np.float32)
    return np.stack([item.xyxy for item in items]).astype(np.float32)
