"""What the eyes know, in answer to the places of a caller's JSON schema.

A property's name and description say what it wants: a caption, a label, the text, a count, whether
something is there. What cannot be known from the picture is unknown, and never made up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from twinsight.geometry.boxes import to_yxyx_1000
from twinsight.prompt import Prompt
from twinsight.tasks import answer, classify, compare, describe
from twinsight.tasks.fill import Ask, Facts
from twinsight.tasks.intent import Task
from twinsight.tasks.scene import Scene

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")

_CAPTION = {"caption", "description", "summary", "answer", "title", "alt", "describe", "response"}
_LABEL = {"label", "name", "category", "class", "classification", "object", "type", "subject", "tag", "item", "kind"}
_TEXT = {"text", "ocr", "transcription", "transcript", "words", "sign"}
_COUNT = {"count", "number", "num", "total", "quantity"}
_SCORE = {"score", "confidence", "probability", "certainty"}
_COLOUR = {"color", "colour", "colors", "colours"}
_PRESENCE = {"is", "has", "have", "contains", "contain", "are", "shows", "present", "visible"}
_OBJECTS = {"objects", "items", "detections", "boxes", "things", "entities", "elements", "instances"}
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
        found = scene.objects()
        boxes = to_yxyx_1000(found.xyxy, scene.wh)
        return [
            _Seen(label, float(score), [int(v) for v in box])
            for label, score, box in zip(found.label, found.score, boxes, strict=True)
        ]

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
    """One object: its name, how sure, and where."""

    label: str
    score: float
    yxyx_1000: list[int]

    def value(self, ask: Ask) -> object | None:
        words = set(words_of(ask.path[-1])) if ask.path else set()
        if words & _SCORE:
            return round(self.score, 3)
        if words & {"label", "name", "class", "category", "description", "object", "type", "caption"}:
            return self.label
        ends = {"ymin": 0, "xmin": 1, "ymax": 2, "xmax": 3}
        joined = "".join(words_of(ask.path[-1])) if ask.path else ""
        if joined in ends:
            return self.yxyx_1000[ends[joined]]
        if ask.type == "array" and words & {"box", "bbox", "bounding", "coordinates", "coords"}:
            return list(self.yxyx_1000)
        return None

    def items(self, ask: Ask) -> Sequence[Facts] | None:
        words = set(words_of(ask.path[-1])) if ask.path else set()
        if words & {"box", "bbox", "bounding", "coordinates", "coords"}:
            return [_Known(v) for v in self.yxyx_1000]
        if words & {"point", "points", "center", "centre"}:
            y0, x0, y1, x1 = self.yxyx_1000
            return [_Known((y0 + y1) // 2), _Known((x0 + x1) // 2)]
        return None

    def inside(self, ask: Ask) -> Facts:
        return self


def _presence(ask: Ask, scene: Scene) -> bool | None:
    """True when the thing is seen, False when it is one that the detector knows and was not."""
    words = [w for w in words_of(ask.path[-1] if ask.path else "") if w not in _PRESENCE]
    if not words:
        return None
    thing = " ".join(words)
    if thing in _TEXT:
        return bool(scene.lines)
    known = classify.evidence(scene)
    if classify.choose([thing], scene).score >= 0.35:
        return True
    return False if classify.is_detectable(thing) and thing not in known else None


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
    matching = classify.detectable_named(thing)
    return sum(label in matching for label in labels) if matching else None


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
