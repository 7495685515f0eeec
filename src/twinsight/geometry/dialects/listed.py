"""Dialects that are JSON: Gemini and Gemma 4, Qwen2.5-VL and 3-VL, GLM-4.xV, LFM2.5-VL, Moondream.

The JSON is read as it comes: fenced, wrapped in an object, with keys that drift, cut short, or with
one broken item in the middle, which costs that item only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from twinsight.geometry.dialects.grounding import (
    MOST_CHARACTERS,
    Grounding,
    Named,
    Scale,
    Wh,
    grounded,
    tidy,
)
from twinsight.geometry.dialects.salvage import salvaged, without_thoughts

_ITEM = re.compile(r"\{[^{}]{0,4000}\}")
_QUAD = re.compile(r"\[\s*(-?[\d.]{1,20}(?:\s*,\s*-?[\d.]{1,20}){3})\s*\]")
_MARK = re.compile(r"<\|(?:begin|end)_of_box\|>|<\|?/?(?:answer|box)\|?>")
_BOX_KEYS = ("box_2d", "bbox_2d", "bbox", "box", "bounding_box", "bounding_box_2d", "coordinates")
_POINT_KEYS = ("point_2d", "point", "points", "point_coordinates")
_LABEL_KEYS = (
    "label", "name", "class", "category", "description", "text_content", "text", "object", "ref",
    "sub_label", "caption",
)  # fmt: skip
_SIDES = (("x_min", "y_min", "x_max", "y_max"), ("xmin", "ymin", "xmax", "ymax"))
MOST_DEPTH = 30


def gemini(text: str, wh: Wh, sent_wh: Wh, phrase: str = "object") -> Grounding:
    """Gemini 2.x and 3.x, Gemma 4: `box_2d` and `point`, y first, 0 to 1000."""
    return _read(text, wh, Scale((1000, 1000), y_first=True), phrase)


def qwen3(text: str, wh: Wh, sent_wh: Wh, phrase: str = "object") -> Grounding:
    """Qwen3-VL, Qwen3.5 and later, GLM-4.xV, LFM2.5-VL-3B: `bbox_2d`, x first, 0 to 1000."""
    return _read(text, wh, Scale((1000, 1000)), phrase)


def qwen2_5(text: str, wh: Wh, sent_wh: Wh, phrase: str = "object") -> Grounding:
    """Qwen2.5-VL: `bbox_2d`, x first, pixels of the picture that it was sent."""
    return _read(text, wh, Scale(sent_wh), phrase)


def unit(text: str, wh: Wh, sent_wh: Wh, phrase: str = "object") -> Grounding:
    """Moondream (`x_min` …, points as `x` and `y`) and LFM2.5-VL-450M (`bbox`): 0 to 1."""
    return _read(text, wh, Scale((1, 1)), phrase)


def _read(text: str, wh: Wh, scale: Scale, phrase: str) -> Grounding:
    text = _MARK.sub(" ", without_thoughts(text[:MOST_CHARACTERS]))
    value, is_whole = salvaged(text)
    boxes, points = _found(value, phrase)
    if not is_whole:
        loose = [item for item in map(_item, _ITEM.findall(text)) if item is not None]
        more = _found(loose, phrase)
        # A broken item in the middle: what stands by itself is more than what stands before it.
        if len(more[0]) + len(more[1]) > len(boxes) + len(points):
            boxes, points = more
        if not boxes and not points and "{" not in text:
            quads = [_numbers(quad.split(","), 4) for quad in _QUAD.findall(text)]
            boxes = [Named(phrase, quad) for quad in quads if quad]
    is_cut = not is_whole and text.rfind("[") > -1 and _is_open(text)
    return grounded(boxes, points, scale, wh, is_cut)


def _is_open(text: str) -> bool:
    """Whether the text ends before its last bracket closes."""
    return text.count("[") > text.count("]") or text.count("{") > text.count("}")


def _item(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _found(value: Any, phrase: str) -> tuple[list[Named], list[Named]]:
    boxes: list[Named] = []
    points: list[Named] = []
    for kind, named in _walk(value, phrase, 0):
        (boxes if kind == "box" else points).append(named)
    return boxes, points


def _walk(value: Any, phrase: str, depth: int) -> Iterator[tuple[str, Named]]:
    """Every box and point in a JSON value, in its order."""
    if depth > MOST_DEPTH:
        return
    if isinstance(value, list):
        numbers = _numbers(value, 4) or _numbers(value, 2)
        if numbers:
            yield ("box" if len(numbers) == 4 else "point"), Named(phrase, numbers)
            return
        for inner in value:
            yield from _walk(inner, phrase, depth + 1)
    elif isinstance(value, dict):
        yield from _of_object(value, phrase, depth)


def _of_object(value: dict[str, Any], phrase: str, depth: int) -> Iterator[tuple[str, Named]]:
    said = next((value[k] for k in _LABEL_KEYS if isinstance(value.get(k), str)), "")
    label = tidy(said, phrase)
    known = False
    for kind, keys, count in (("box", _BOX_KEYS, 4), ("point", _POINT_KEYS, 2)):
        place = next((value[key] for key in keys if isinstance(value.get(key), list)), None)
        for numbers in _rows(place, count):
            known = True
            yield kind, Named(label, numbers)
    for sides in _SIDES:
        numbers = _numbers([value.get(side) for side in sides], 4)
        if numbers:
            known = True
            yield "box", Named(label, numbers)
    spot = _numbers([value.get("x"), value.get("y")], 2)
    if spot and not known:
        known = True
        yield "point", Named(label, spot)
    if known:
        return
    for key, inner in value.items():
        # {"cat": [1, 2, 3, 4]} names by its keys; a wrapper such as "detections" holds a list.
        rows = _rows(inner, 4) if isinstance(inner, list) else []
        if rows:
            named = tidy(key, phrase) if key not in (*_BOX_KEYS, "boxes", "detections") else label
            yield from (("box", Named(named, numbers)) for numbers in rows)
        else:
            yield from _walk(inner, phrase, depth + 1)


def _rows(place: Any, count: int) -> list[list[float]]:
    """One row of numbers, or several in a list."""
    if not isinstance(place, list):
        return []
    one = _numbers(place, count)
    if one:
        return [one]
    return [row for row in (_numbers(inner, count) for inner in place) if row]


def _numbers(value: Any, count: int) -> list[float]:
    """Exactly so many numbers, also as text; empty otherwise."""
    if not isinstance(value, list) or len(value) != count:
        return []
    numbers = []
    for one in value:
        if isinstance(one, bool) or not isinstance(one, int | float | str):
            return []
        try:
            numbers.append(float(one))
        except (ValueError, OverflowError):
            return []
    return numbers
