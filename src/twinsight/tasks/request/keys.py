"""Which keys the entries of a spatial list have, as the prompt names them (CONTRACT §15)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from twinsight.tasks.request.clauses import asked
from twinsight.tasks.request.corners import GEMINI, Corners, corner_of, corners_asked, corners_of
from twinsight.tasks.request.example import Shown, examples, is_named_list
from twinsight.tasks.request.intent import Task
from twinsight.tasks.request.vocabulary import meaning
from twinsight.tasks.wanting import COUNT, words_of

# What a key may be called, in the order in which entries are written when the prompt gives none.
_CALLED = {
    "id": "id index track_id instance_id object_id identifiant",
    "point": "point points position center centre keypoint center_point",
    "box": "box_2d bbox_2d bbox box bounding_box bounding_box_2d boundingbox coordinates coords "
    "rect rectangle region boite boîte cadre coordonnées where xyxy xywh",
    "mask": "mask segmentation segmentation_mask polygon contour outline masque polygone",
    "label": "label name cls class class_name object object_name category title item type "
    "class_label nom étiquette classe objet catégorie libellé what",
    "description": "description caption desc",
    "colour": "color colour couleur",
    "score": "confidence score probability conf confidence_score certainty confiance",
}
_PART = {name: part for part, names in _CALLED.items() for name in names.split()}
_PARTS = tuple(_CALLED)
_PLACES = ("box", "point", "mask")
_DEFAULT = {"box": "box_2d", "mask": "mask", "label": "label", "point": "point"}
_NEEDED = {
    Task.DETECT: ("box", "label"),
    Task.SEGMENT: ("box", "mask", "label"),
    Task.POINT: ("point", "label"),
}
_NEXT = "(?:, ?(?:and |et )?| and | et )"
_QUOTED_NAME = r"[\"'`]\w+[\"'`]"
_LISTED = re.compile(
    r"\b(?:keys?|clés?|fields?|champs?)(?: named| called| nommées?)?(?: ?(?::|->|=>|=))? ?"
    rf"(?P<names>{_QUOTED_NAME}(?:{_NEXT}{_QUOTED_NAME})*|\w+(?:{_NEXT}\w+)*)",
    re.I,
)
# "a JSON list with class and bbox": words of which one is a key and nothing else.
_TOGETHER = re.compile(rf"\b\w+(?:{_NEXT}\w+)+", re.I)
# "Its box_2d, a label and the dominant colour".
_BEFORE_KEY = re.compile(
    r"\b(?:its|their|an?|the|une?|le|la|sa|son|ses)(?: (?:dominant|main|short|exact|approximate))* "
    rf"(?=(?:{'|'.join(map(re.escape, _PART))})\b)",
    re.I,
)
_TECHNICAL = re.compile(r"bbox|\w_\w|\bcls\b|\bconf\b", re.I)
_QUOTED = re.compile(r"[\"'`«“] ?(\w{1,40}) ?[\"'`»”]")
_BARE = re.compile(
    r"\b(?:bbox_2d|bbox|bounding_box|track_id|instance_id|object_id|identifiant)\b|"
    r"(?<!by )(?<!par )\b(?:confidence|confiance|probability|score)\b",
    re.I,
)
_FOR_EACH = re.compile(
    r"\b(?:with|and|plus|avec|et) (?:(?:an?|the|its|une?|la|sa) )?(colou?r|couleur|description) "
    r"(?:for|of|to|per|pour|de) (?:each|every|chaque)\b",
    re.I,
)
_GROUPED = re.compile(
    r"\b(?:dict(?:ionary|ionnaire)?|object|mapping|map|objet)\b[^.\n]{0,40}\b"
    r"(?:keys? (?:is|are)|keyed by|by|from|whose keys are|clés? sont|par) "
    r"(?:the )?(?:class|label|name|categor|étiquette|nom)\w*|"
    r"\bgroup(?:ed)?\b[^.\n]{0,30} by (?:class|label|categor|name|type)\w*|"
    r"\bkeyed by (?:class|label|category|name)|"
    r"\bregroup\w+[^.\n]{0,20} par (?:class|nom|catég|étiq|type)\w*",
    re.I,
)
_NO_PLACES = re.compile(
    r"\b(?:no|without(?: any| the)?|sans|pas de|don't (?:give|return|include)(?: any| the)?) "
    r"(?:bounding )?(?:box(?:es)?|bboxes|coordinates|coords|boîtes?|coordonnées)\b",
    re.I,
)
_NAMES_ONLY = re.compile(
    r"\b(?:array|list|tableau|liste) (?:of|de) (?:\w+ )?(?:strings?|labels|names|chaînes|noms)\b|"
    r"\b(?:labels|names) only\b|"
    r"\b(?:only|just|uniquement|seulement) (?:the |les )?(?:labels|names|noms)\b",
    re.I,
)
_ABOUT_PLACES = re.compile(
    r"box|coord|\b(?:masks?|points?|positions?|boîtes?|cadres?)\b|encadre|entoure|locali[sz]", re.I
)
_CHOICES = re.compile(r"[\w -]+(?: ?\| ?[\w -]+)+")
CHOICE = "one of "
"""Stands before the names that a part may have, with "|" between them."""

_POLYGON = re.compile(r"\b(?:polygons?|polygones?|contours?|outlines?)\b")

Entry = tuple[tuple["str | Entry", str], ...]
"""(part, key) in order; a part that is an entry itself is an object within the object."""


@dataclass(frozen=True, slots=True)
class Form:
    """`entry` is (part, key) in order: a part is box, label, mask, point, score, … or the name of
    one number of a box or a point.

    `polygon` says that a mask is written as [x, y] corners and not as a picture. `bare`: the value
    of the only key stands in the list by itself; `grouped`: such lists stand in an object by the
    things' names. `around` is the
    object that the list stands in, (part, key) too: "list", "count"; () where it stands on top.
    """

    entry: Entry
    polygon: bool = False
    corners: Corners = GEMINI
    around: tuple[tuple[str, str], ...] = ()
    bare: bool = False
    grouped: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for _, key in self.entry)


_FROM_ONE = re.compile(
    r"\b(?:start\w*|begin\w*|commen\w+|numbered|numérot\w*) "
    r"(?:at|from|with|à|par|de|à partir de) 1\b",
    re.I,
)
_SINGLE = re.compile(
    r"\b(?:an?|one|single|un|seul)(?: single| seul)?(?: json)? (?:object|objet|dict)\b"
    r"[^.\n]{0,12}\b(?:not|no|pas|rather than|instead of)(?: as| in)? "
    r"(?:an? |une? |de )?(?:list|array|tableau|liste)\b",
    re.I,
)


def form_of(question: str, task: Task, system: str = "") -> Form:
    """The keys that the prompt names or shows, completed by those that the task needs."""
    text = f"{system}\n{question}"
    polygon = task is Task.SEGMENT and bool(_POLYGON.search(asked(text)))
    corners = corners_asked(text)
    for example in examples(text):
        shown = _shown(example.shown)
        if shown is not None:
            around, row = shown
            said = text[: example.start] + text[example.end :]
            entry = _completed(_entry(row), said, task)
            return Form(entry, polygon or _is_ring(row), _as_shown(row, corners), around)
    if task is Task.DETECT and _wants_names(text):
        return Form((("label", "label"),), bare=True)
    if task is not Task.SEGMENT and _GROUPED.search(text):
        part = "box" if task is Task.DETECT else "point"
        return Form((("label", "label"), (part, part)), corners=corners, grouped=True)
    named = _named(text, task)
    needed = _NEEDED[task]
    if polygon and {"mask", "label"} <= {*named.values()}:
        needed = ("mask", "label")  # an outline is told in the whole picture and needs no box
    if not all(part in named.values() for part in needed):
        keys = {part: key for key, part in named.items() if part}
        keys = {part: _DEFAULT[part] for part in needed} | keys
        unseen = {key: "" for key, part in named.items() if not part}
        named = {keys[part]: part for part in _PARTS if part in keys} | unseen
    counted = "number" if _FROM_ONE.search(text) else "id"
    entry = tuple((counted if part == "id" else part, key) for key, part in named.items())
    return Form(entry, polygon, corners)


def _wants_names(text: str) -> bool:
    """Whether the names of things are wanted and not their places."""
    rest = _NO_PLACES.sub("", text)
    is_told = rest != text or _NAMES_ONLY.search(text) is not None
    return is_told and _ABOUT_PLACES.search(rest) is None


def is_single(text: str) -> bool:
    """Whether one object is wanted and no list: "a single JSON object, not a list"."""
    return _SINGLE.search(text) is not None


def part_of(name: str) -> str:
    """What a key or a column of that name is for; "" where that cannot be seen."""
    return _PART.get(name.strip().lower().replace(" ", "_").replace("-", "_"), "")


def _named(text: str, task: Task) -> dict[str, str]:
    """Each key that the prompt names, in its order, with its part; the first name of a part counts.

    A key that is listed as one and says nothing that can be seen has the part "".
    """
    parts: dict[str, str] = {}
    for key in _QUOTED.findall(text):
        if key.lower() in _PART:
            _add(parts, key, task)
    for found in _LISTED.finditer(text):
        names = _names_in(found["names"])
        is_quoted = found["names"][0] in "\"'`"
        for key in names:
            if key.lower() in _PART or (is_quoted and len(names) > 1):
                _add(parts, key, task)
    for found in _TOGETHER.finditer(_BEFORE_KEY.sub("", text)):
        names = _names_in(found[0])
        if all(name.lower() in _PART for name in names) and any(map(_TECHNICAL.search, names)):
            for key in names:
                _add(parts, key, task)
    bare = [found.lower() for found in _BARE.findall(text)]
    for key in sorted(bare, key=lambda word: word == "score"):
        _add(parts, "confidence" if key == "confiance" else key, task)
    for key in _FOR_EACH.findall(text):
        _add(parts, key.lower(), task)
    return parts


def _add(parts: dict[str, str], key: str, task: Task) -> None:
    part = _PART.get(key.lower(), "")
    is_new = not part or part not in parts.values()
    if is_new and (part != "mask" or task is Task.SEGMENT):
        parts.setdefault(key, part)


def _names_in(listed: str) -> list[str]:
    return [name.strip("\"'`") for name in re.split(r",? (?:and|et) |, ?", listed)]


def _shown(shown: Shown) -> tuple[tuple[tuple[str, str], ...], dict[str, Shown]] | None:
    """The object around the list, and one entry of it; None where an example shows no place."""
    row = _row(shown)
    if row is not None:
        return (), row
    for key, value in shown.items() if isinstance(shown, dict) else ():
        row = _row(value)
        if row is not None:
            assert isinstance(shown, dict)
            return tuple(("list" if k == key else _beside(k), k) for k in shown), row
    return None


def _row(shown: Shown) -> dict[str, Shown] | None:
    first = (
        next((one for one in shown if isinstance(one, dict)), "")
        if isinstance(shown, list)
        else shown
    )
    return first if isinstance(first, dict) and _has_place(first) else None


def _beside(key: str) -> str:
    return "count" if set(words_of(key)) & COUNT else ""


def _has_place(row: dict[str, Shown]) -> bool:
    return any(
        any(part in _PLACES for part in _flat(part))
        or (isinstance(part, str) and part.startswith("."))
        for part, _ in _entry(row)
    )


def _flat(part: str | Entry) -> Iterator[str]:
    if isinstance(part, str):
        yield "point" if part.startswith(".") else part
    else:
        for inner, _ in part:
            yield from _flat(inner)


def _entry(row: dict[str, Shown]) -> Entry:
    """What each key of a shown object is for; "" where that cannot be seen."""
    parts = [(_part(key, value, row), key) for key, value in row.items()]
    if not any(part == "label" for part, _ in parts):
        # {"fruit": "apple", "box_2d": […]}: a word beside a place is the thing's name.
        for i, (part, key) in enumerate(parts):
            value = row[key]
            if part == "" and isinstance(value, str):
                parts[i] = ("number" if value.isdecimal() else "label", key)
                break
    return tuple(parts)


def _part(key: str, value: Shown, row: dict[str, Shown]) -> str | Entry:
    if isinstance(value, dict):
        return _entry(value) if value else ""
    if isinstance(value, str) and _CHOICES.fullmatch(value) and _choices(value):
        return f"{CHOICE}{value}"
    number = corner_of(key, row) if isinstance(value, str) else None
    if number is not None and (number in ("x", "y") or len(row) > 2):
        return f".{number}"
    known = part_of(key)
    if isinstance(value, list) and (known in (*_PLACES, "")):
        return _listed(value, known, meaning(key) is not None)
    return known


def _choices(value: str) -> bool:
    return any(meaning(word.strip()) for word in value.split("|"))


def _listed(value: list[Shown], known: str, is_thing: bool) -> str:
    """A list of four numbers is a box, of two a point, of lists an outline."""
    if is_named_list(value):
        return "" if known in _PLACES else known
    if any(isinstance(one, list) for one in value):
        return "mask"
    is_free = not known and not is_thing
    if len(value) == 4 and (is_free or known == "box"):
        return "box"
    if len(value) == 2 and (is_free or known in ("point", "box")):
        return "point"
    return known


def _completed(entry: Entry, said: str, task: Task) -> Entry:
    """The shown entry, with the mask that the task needs and the keys named beside the example."""
    parts = [part for part, _ in entry]
    extra = {
        key: part for key, part in _named(_BARE.sub("", said), task).items() if part not in parts
    }
    if any(not isinstance(part, str) or part.startswith(".") for part in parts):
        extra = {key: part for key, part in extra.items() if part not in ("box", "point")}
    if "label" not in (*parts, *extra.values()):
        fields = (key for found in _LISTED.finditer(said) for key in _names_in(found["names"]))
        extra |= {key: "label" for key in fields if meaning(key)}
    if task is Task.SEGMENT and "mask" not in (*parts, *extra.values()):
        extra["mask"] = "mask"
    taken = {key for _, key in entry}
    return entry + tuple((part, key) for key, part in extra.items() if part and key not in taken)


def _is_ring(row: dict[str, Shown]) -> bool:
    return any(
        isinstance(value, list) and any(isinstance(one, list) for one in value)
        for key, value in row.items()
        if part_of(key) != "point"
    )


def _as_shown(row: dict[str, Shown], corners: Corners) -> Corners:
    """The order and scale of the numbers that an example shows, where it shows them."""
    for value in row.values():
        numbers = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
        spelt = corners_of(numbers) if len(numbers) == 4 else None
        if spelt:
            return replace(corners, box=spelt)
        if len(numbers) in (2, 4) and all(re.fullmatch(r"0?\.\d+|[01]\.0*", n) for n in numbers):
            return replace(corners, scale="unit")
    return corners
