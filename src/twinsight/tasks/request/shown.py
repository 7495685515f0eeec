"""The schema of an answer that a prompt shows and that is no plain list of things.

`{"cats": [[…]], "dogs": [[…]]}`, `[{"image": 0, "objects": […]}]`, `{"count": 0, "boxes": [[…]]}`:
what `keys.form_of` reads is one list of objects; all else is filled as a caller's own schema is.
"""

from __future__ import annotations

import re
from typing import Any

from twinsight.tasks.asking import type_named
from twinsight.tasks.request.corners import corner_of
from twinsight.tasks.request.example import Shown, examples
from twinsight.tasks.request.keys import part_of
from twinsight.tasks.wanting import INDEX, words_of

_PLACES = ("box", "point", "mask")
_BOOLEAN = re.compile(r"\b(?:true|false|bool(?:ean)?|vrai|faux)\b", re.I)
_OF_PICTURE = re.compile(r"(?:image|img|picture|photo)_?\d{1,2}", re.I)
_NUMBER = re.compile(r"(?:<?(?:int|integer|number|float|num|n)>?|\d+|0?\.\d+|\d+\.\d*)$", re.I)


def schema_shown(question: str, pictures: int = 1) -> dict[str, Any] | None:
    """The JSON schema of the shown answer; None where it is a list of things, or none is shown."""
    for example in examples(question):
        shown = example.shown
        if pictures > 1 and isinstance(shown, dict) and _is_nested([shown]) and _is_numbered(shown):
            return {"type": "array", "items": _schema("", shown)}
        if _is_nested(shown):
            return _schema("", shown)
    return None


def _is_numbered(row: dict[str, Shown]) -> bool:
    """Whether it says of which picture it is."""
    return any(set(words_of(key)) & INDEX for key in row)


def _is_nested(shown: Shown) -> bool:
    """Whether there are several lists of places, bare places in a list, or a list in each entry."""
    if isinstance(shown, list):
        return any(
            _holds_rows(v) for one in shown[:1] if isinstance(one, dict) for v in one.values()
        )
    if not isinstance(shown, dict):
        return False
    holders = [value for key, value in shown.items() if _holds_places(key, value)]
    return len(holders) > 1 or any(
        _is_bare_list(key, value) or _is_nested(value) for key, value in shown.items()
    )


def _holds_rows(value: Shown) -> bool:
    return isinstance(value, list) and any(
        isinstance(one, dict) and _is_place(one) for one in value
    )


def _holds_places(key: str, value: Shown) -> bool:
    """Whether a value is a list of places or one thing with its place: "cat": {"box": […]}."""
    if isinstance(value, dict):
        return _is_place(value)
    return _holds_rows(value) or _is_bare_list(key, value)


def _is_place(row: dict[str, Shown]) -> bool:
    return any(part_of(key) in _PLACES or corner_of(key, row) is not None for key in row)


def _is_bare_list(key: str, value: Shown) -> bool:
    """`"boxes": [[ymin, xmin, ymax, xmax], …]`: not so an outline, of pairs."""
    inner = value[0] if isinstance(value, list) and value else ""
    if isinstance(inner, str) and _OF_PICTURE.fullmatch(key):
        return isinstance(value, list)
    if not isinstance(inner, list) or part_of(key) == "mask":
        return False
    return len(inner) != 2 or part_of(key) == "point"


def _schema(key: str, shown: Shown) -> dict[str, Any]:
    if isinstance(shown, dict):
        properties = {name: _schema(name, value) for name, value in shown.items()}
        required = list(properties)
        return {"type": "object", "properties": properties, "required": required}
    if isinstance(shown, list):
        return _list(key, shown)
    return {"type": [_type(key, shown), "null"]}


def _list(key: str, shown: list[Shown]) -> dict[str, Any]:
    first = shown[0] if shown else ""
    if isinstance(first, dict):
        return {"type": "array", "items": _schema(key, first)}
    if isinstance(first, list):
        if part_of(key) == "point":
            return {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}
        inner = _list(key, first) if first else _box()
        return {
            "type": "array",
            "items": inner if part_of(key) == "mask" else inner | _sized(inner),
        }
    if _OF_PICTURE.fullmatch(key):
        return {"type": "array", "items": _box()}
    if len(shown) == 4 or part_of(key) == "box":
        return {**_box(), "type": ["array", "null"]}
    if part_of(key) == "point":
        return {"type": ["array", "null"], "items": {"type": "number"}}
    return {"type": "array", "items": {"type": "string"}}


def _sized(inner: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array"} if inner.get("minItems") == 4 else _box()


def _box() -> dict[str, Any]:
    return {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}


def _type(key: str, value: str) -> str:
    if corner_of(key) is not None or part_of(key) == "score":
        return "number"
    if key and set(words_of(key)) <= INDEX:
        return "integer"
    if _BOOLEAN.search(value):
        return "boolean"
    named = type_named(key) if words_of(key) else "string"
    return "integer" if named == "string" and _NUMBER.match(value) else named
