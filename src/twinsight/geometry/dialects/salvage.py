"""JSON in a model's words: fenced, among prose, or cut short in the middle of a list."""

from __future__ import annotations

import json
import math
import re
from typing import Any

_THOUGHT = re.compile(r"\A.*</think>", re.DOTALL)
_FENCE = re.compile(r"```(?:json)?[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL | re.IGNORECASE)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[\]{},]', re.DOTALL)
_CLOSER = {"[": "]", "{": "}"}
MOST_DEPTH = 100


def without_thoughts(text: str) -> str:
    """What stands after the thoughts, where their end is marked."""
    return _THOUGHT.sub("", text)


def salvaged(text: str) -> tuple[Any, bool]:
    """The JSON value in `text`, and whether it was whole.

    Of a list that was cut short the complete items are kept and the broken tail is dropped. The
    value is None when there is no JSON to be had. Never raises.
    """
    text = without_thoughts(text).strip()
    fenced = _FENCE.search(text)
    for candidate in (text, fenced[1] if fenced else "", _from_bracket(text)):
        value = _loaded(candidate)
        if value is not None:
            return value, True
    closed = _closed(_from_bracket(fenced[1] if fenced else text))
    return (None if closed is None else _loaded(closed)), False


def _from_bracket(text: str) -> str:
    """From the first bracket to where it closes, or to the end."""
    start = next((i for i, letter in enumerate(text) if letter in "[{"), None)
    if start is None:
        return ""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        depth += (token[0] in _CLOSER) - (token[0] in ("]", "}"))
        if depth == 0:
            return text[start : token.end()]
    return text[start:]


def _closed(text: str) -> str | None:
    """The text up to the last whole item of its outermost list, with what is open closed."""
    opened: list[str] = []
    kept: tuple[int, str] | None = None
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in _CLOSER:
            opened.append(mark)
            if len(opened) > MOST_DEPTH:
                return None
            if mark == "[" and opened.count("[") == 1:
                kept = token.end(), _closers(opened)
        elif mark in ("]", "}"):
            if not opened or _CLOSER[opened.pop()] != mark:
                break
            if opened.count("[") == 1 and opened[-1] == "[":
                kept = token.end(), _closers(opened)
        elif mark == "," and opened and opened[-1] == "[" and opened.count("[") == 1:
            kept = token.start(), _closers(opened)
    return None if kept is None else text[: kept[0]] + kept[1]


def _closers(opened: list[str]) -> str:
    return "".join(_CLOSER[mark] for mark in reversed(opened))


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refused, parse_float=_finite)
    except (ValueError, RecursionError):
        return None


def _refused(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value
