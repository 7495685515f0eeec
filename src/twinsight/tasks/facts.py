"""What the eyes know, in answer to the places of a caller's JSON schema.

A property's name and description say what it wants: a caption, a label, the text, a count, whether
something is there. What cannot be known from the picture is unknown, and never made up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinsight.geometry import masks
from twinsight.geometry.boxes import to_yxyx_1000
from twinsight.prompt import Prompt
from twinsight.tasks import answer, classify, compare, describe, spatial, targets
from twinsight.tasks.fill import Ask, Facts
from twinsight.tasks.intent import Task
from twinsight.tasks.scene import Scene
from twinsight.tasks.vocabulary import meaning

SURE_PRESENCE = 0.35

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

_CAPTION = {"caption", "description", "summary", "answer", "title", "alt", "describe", "response"}
_LABEL = {
    "label",
    "name",
    "category",
    "class",
    "classification",
    "object",
    "type",
    "subject",
    "tag",
    "item",
    "kind",
}
_TEXT = {"text", "ocr", "transcription", "transcript", "words", "sign"}
_COUNT = {"count", "number", "num", "total", "quantity"}
_SCORE = {"score", "confidence", "probability", "certainty"}
_COLOUR = {"color", "colour", "colors", "colours"}
_PRESENCE = {"is", "has", "have", "contains", "contain", "are", "shows", "present", "visible"}
_OBJECTS = {
    "objects",
    "items",
    "detections",
    "boxes",
    "things",
    "entities",
    "elements",
    "instances",
}
_BOX = {"box", "bbox", "bounding", "coordinates", "coords", "rectangle", "region"}
_SHAPE = {"mask", "segmentation", "polygon", "contour", "outline"}
_POINT = {"point", "points", "center", "centre", "position", "location"}
_ENDS = {"ymin": 0, "xmin": 1, "ymax": 2, "xmax": 3, "y0": 0, "x0": 1, "y1": 2, "x1": 3}
_LABELS = {"labels", "tags", "keywords", "categories", "classes"}
_LINES = {"lines", "texts", "words", "text"}


def words_of(name: str) -> list[str]:
    """`isOutdoorScene`, `is_outdoor_scene` → is, outdoor, scene."""
    return [word.lower() for word in _WORD.findall(name)]


@dataclass(frozen=True)
class SceneFacts:
    """Facts of one or several pictures, for one prompt."""

    prompt: Prompt
    task: Task
    scenes: Sequence[Scene]

    def value(self, ask: Ask) -> object | None:
        if not self.scenes:
            return None
        scene = self.scenes[0]
        words = set(words_of(ask.path[-1] if ask.path else ask.schema.get("title", "")))
        choices = [c for c in ask.schema.get("enum", []) if isinstance(c, str)]
        if choices:
            choice = classify.choose(choices, scene)
            return choice.label if choice.score > 0 else None
        if ask.type == "boolean":
            return _presence(ask, scene)
        if ask.type in ("integer", "number"):
            return _number(ask, words, scene)
        if ask.type == "string":
            return _text(words, self)
        return None

    def items(self, ask: Ask) -> Sequence[Facts] | None:
        if not self.scenes:
            return None
        words = set(words_of(ask.path[-1])) if ask.path else _OBJECTS
        scene = self.scenes[0]
        inner = ask.schema.get("items", {})
        wants_objects = isinstance(inner, dict) and "properties" in inner
        if words & _COLOUR:
            return [_Known(name) for name, _ in scene.measures.colours]
        if words & _LINES and not wants_objects:
            return [_Known(line.text) for line in scene.lines if line.score >= answer.SURE_LINE]
        if words & (_LABELS | _OBJECTS | _LABEL) or not ask.path:
            return self._objects(scene) if wants_objects else self._names(scene)
        return None

    def inside(self, ask: Ask) -> Facts:
        return self

    def _objects(self, scene: Scene) -> Sequence[Facts]:
        items = spatial.find(scene, targets.wanted(self.prompt.question))
        boxes = to_yxyx_1000(spatial.stack(items), scene.wh)
        return [_Seen(scene, item, box) for item, box in zip(items, boxes, strict=True)]

    def _names(self, scene: Scene) -> Sequence[Facts]:
        names = list(dict.fromkeys(scene.objects().label))
        if scene.recognition.name is not None:
            names.append(scene.recognition.name.name)
        return [_Known(name) for name in dict.fromkeys(names)]


@dataclass(frozen=True)
class _Known:
    """One plain value, whatever is asked of it."""

    known: object

    def value(self, ask: Ask) -> object | None:
        return self.known

    def items(self, ask: Ask) -> Sequence[Facts] | None:
        return None

    def inside(self, ask: Ask) -> Facts:
        return self


@dataclass(frozen=True)
class _Seen:
    """One object: its name, how sure, where, and its shape when that is asked."""

    scene: Scene
    item: spatial.Item
    yxyx_1000: NDArray[np.int32]

    def value(self, ask: Ask) -> object | None:
        words = set(words_of(ask.path[-1])) if ask.path else set()
        joined = "".join(words_of(ask.path[-1])) if ask.path else ""
        if words & _SCORE:
            return round(self.item.score, 3)
        if words & _SHAPE and ask.type == "string":
            return masks.to_png_uri(self._mask(), self.item.wh)
        if joined in _ENDS:
            return int(self.yxyx_1000[_ENDS[joined]])
        if ask.type == "string":
            return self.item.label
        return None

    def items(self, ask: Ask) -> Sequence[Facts] | None:
        words = set(words_of(ask.path[-1])) if ask.path else set()
        if words & _SHAPE:
            outline = spatial.polygon(self.yxyx_1000, self._mask())
            return [_Numbers(tuple(corner)) for corner in outline]
        if words & _POINT:
            return _numbers(spatial.point(self.yxyx_1000, self._mask()))
        if words & _BOX or ask.schema.get("minItems") == 4:
            return _numbers(self.yxyx_1000.tolist())
        return None

    def inside(self, ask: Ask) -> Facts:
        return self

    def _mask(self) -> NDArray[np.uint8]:
        return spatial.segment(self.scene, [self.item])[0]


@dataclass(frozen=True)
class _Numbers:
    """A pair of coordinates, as a list or as an object with x and y."""

    xy: tuple[int, ...]

    def value(self, ask: Ask) -> object | None:
        return {"x": self.xy[0], "y": self.xy[1]}.get(ask.path[-1]) if ask.path else None

    def items(self, ask: Ask) -> Sequence[Facts] | None:
        return _numbers(list(self.xy))

    def inside(self, ask: Ask) -> Facts:
        return self


def _numbers(values: list[int]) -> Sequence[Facts]:
    return [_Known(value) for value in values]


def _presence(ask: Ask, scene: Scene) -> bool | None:
    """True when the thing is seen, False when it is one that the detector knows and was not."""
    words = [w for w in words_of(ask.path[-1] if ask.path else "") if w not in _PRESENCE]
    if not words:
        return None
    thing = " ".join(words)
    if thing in _TEXT:
        return bool(scene.lines)
    if classify.choose([thing], scene).score >= SURE_PRESENCE:
        return True
    return False if meaning(thing) is not None else None


def _number(ask: Ask, words: set[str], scene: Scene) -> float | None:
    if words & _SCORE:
        name = scene.recognition.name
        return round(name.score, 3) if name is not None else None
    if words & {"width", "height"}:
        return scene.wh["height" in words]
    if words & _COUNT:
        rest = [w for w in words_of(ask.path[-1]) if w not in _COUNT | {"of", "the"}]
        return _count(" ".join(rest), scene)
    return _count(" ".join(words_of(ask.path[-1])), scene) if ask.path else None


def _count(thing: str, scene: Scene) -> int | None:
    labels = scene.objects().label
    if not thing or thing in _OBJECTS:
        return len(labels)
    covered = meaning(thing)
    return None if covered is None else sum(label in covered.names for label in labels)


def _text(words: set[str], facts: SceneFacts) -> str | None:
    scene = facts.scenes[0]
    for wanted, give in _STRINGS:
        if words & wanted:
            return give(scene, facts)
    return None


def _said(scene: Scene, facts: SceneFacts) -> str | None:
    if facts.task is Task.COMPARE and len(facts.scenes) > 1:
        return compare.differences(facts.scenes)
    return describe.caption(scene)


def _name(scene: Scene, facts: SceneFacts) -> str | None:
    if scene.objects().label:
        return describe.main_noun(scene)
    name = scene.recognition.name
    return name.name if name is not None else None


_STRINGS: tuple[tuple[set[str], Callable[[Scene, SceneFacts], Any]], ...] = (
    (_COLOUR, lambda scene, _: scene.measures.colours[0][0] if scene.measures.colours else None),
    (_TEXT, lambda scene, _: "\n".join(line.text for line in scene.lines) or None),
    (_CAPTION, _said),
    (_LABEL, _name),
)
