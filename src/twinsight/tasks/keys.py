"""Which keys the entries of a spatial list have, as the prompt names them (CONTRACT §15)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from twinsight.tasks.clauses import asked
from twinsight.tasks.intent import Task

# What a key may be called, in the order in which entries are written when the prompt gives none.
_CALLED = {
    "id": "id index",
    "point": "point points position center centre keypoint",
    "box": "box_2d bbox_2d bbox box bounding_box bounding_box_2d boundingbox coordinates coords "
    "boite boîte",
    "mask": "mask segmentation segmentation_mask polygon contour",
    "label": "label name class class_name object object_name category title item type nom "
    "étiquette",
    "description": "description caption desc",
    "colour": "color colour couleur",
    "score": "confidence score probability conf confidence_score",
}
_PART = {name: part for part, names in _CALLED.items() for name in names.split()}
_PARTS = tuple(_CALLED)
_DEFAULT = {"box": "box_2d", "mask": "mask", "label": "label", "point": "point"}
_NEEDED = {
    Task.DETECT: ("box", "label"),
    Task.SEGMENT: ("box", "mask", "label"),
    Task.POINT: ("point", "label"),
}
_LISTED = re.compile(
    r"\b(?:keys?|clés?|fields?|champs?)(?: named| called| nommées?)?:? "
    r"(?P<names>\w+(?:(?:, ?(?:and |et )?| and | et )\w+)*)",
    re.I,
)
_QUOTED = re.compile(r"[\"'`](\w{1,40})[\"'`]")
_BARE = re.compile(
    r"\b(?:bbox_2d|bbox|bounding_box|confidence|confiance|probability|score)\b", re.I
)
_FOR_EACH = re.compile(
    r"\b(?:with|and|plus|avec|et) (?:(?:an?|the|its|une?|la|sa) )?(colou?r|couleur|description) "
    r"(?:for|of|to|per|pour|de) (?:each|every|chaque)\b",
    re.I,
)
_POLYGON = re.compile(r"\b(?:polygons?|polygones?|contours?|outlines?)\b")


@dataclass(frozen=True, slots=True)
class Form:
    """`entry` is (part, key) in order: a part is box, label, mask, point, score, …

    `polygon` says that a mask is written as [x, y] corners and not as a picture.
    """

    entry: tuple[tuple[str, str], ...]
    polygon: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for _, key in self.entry)

    @property
    def parts(self) -> frozenset[str]:
        return frozenset(part for part, _ in self.entry)


def form_of(question: str, task: Task) -> Form:
    """The keys that the prompt names, completed by those that the task needs."""
    named = _named(question, task)
    needed = _NEEDED[task]
    if not all(part in named for part in needed):
        keys = {part: _DEFAULT[part] for part in needed} | named
        named = {part: keys[part] for part in _PARTS if part in keys}
    return Form(tuple(named.items()), bool(_POLYGON.search(asked(question))))


def _named(question: str, task: Task) -> dict[str, str]:
    """The parts that the prompt names, in its order, each with its key; the first name counts."""
    named: dict[str, str] = {}
    listed = [name for found in _LISTED.finditer(question) for name in _names_in(found["names"])]
    for key in [*_QUOTED.findall(question), *listed]:
        part = _PART.get(key.lower())
        if part is not None and (part != "mask" or task is Task.SEGMENT):
            named.setdefault(part, key)
    bare = [found.lower() for found in _BARE.findall(question)]
    for key in sorted(bare, key=lambda word: word == "score"):
        key = "confidence" if key == "confiance" else key
        named.setdefault(_PART[key], key)
    for key in _FOR_EACH.findall(question):
        named.setdefault(_PART[key.lower()], key.lower())
    return named


def _names_in(listed: str) -> list[str]:
    return re.split(r",? (?:and|et) |, ?", listed)
