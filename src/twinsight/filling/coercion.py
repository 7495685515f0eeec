"""A known value bent to what a schema asks: its type, its bounds, its list of options."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from twinsight.filling import number
from twinsight.filling.neutral import folded
from twinsight.filling.shape import Shape, same

EXACT, BENT = 1.0, 0.5
"""What a fact is worth that fits as it is, and one that had to be changed."""

_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def chosen(options: list[Any], fact: Any) -> tuple[Any, float] | None:
    """The option that the fact names, and its worth: the same value, or the same words.

    Case, `_` and `-` make no difference to words. None when no option is meant.
    """
    key = same(fact)
    for option in options:
        if same(option) == key:
            return option, EXACT
    if isinstance(fact, str | int | float):
        words = folded(str(fact))
        for option in options:
            if not isinstance(option, list | dict | None) and folded(str(option)) == words:
                return option, BENT
    return None


def coerced(shape: Shape, fact: Any, fits: Callable[[Any], bool]) -> tuple[Any, float] | None:
    """The fact as a scalar that fits the shape, and its worth; None when it cannot be.

    Numbers are moved to the nearest that the bounds allow, texts cut to maxLength, numbers
    written as text and read from it. A boolean is never a number.
    """
    for value, worth in _read(shape, fact):
        if fits(value):
            return value, worth
        if is_number(value) and shape.type in ("integer", "number"):
            near = next(number.near(shape, Fraction(value), fits), None)
            return None if near is None else (near, BENT)
    return None


def is_number(value: Any) -> bool:
    """True for an int or float that is no bool."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def type_of(options: list[Any] | None) -> str:
    """The type to ask for where the schema says none: that of its first option."""
    first = options[0] if options else ""
    if isinstance(first, bool):
        return "boolean"
    names = {int: "integer", float: "number", list: "array", dict: "object"}
    return names.get(type(first), "string")


def _read(shape: Shape, fact: Any) -> Iterator[tuple[Any, float]]:
    """The fact as the shape's type, the closest reading first."""
    if shape.type == "any":
        yield fact, EXACT
    elif shape.type == "string":
        yield from _as_text(fact, shape.most("maxLength", 1_000_000))
    elif shape.type == "boolean":
        if isinstance(fact, bool):
            yield fact, EXACT
        elif isinstance(fact, str) and folded(fact) in _WORDS:
            yield _WORDS[folded(fact)], BENT
    elif shape.type in ("integer", "number"):
        yield from _as_number(fact, whole=shape.type == "integer")


def _as_text(fact: Any, longest: int) -> Iterator[tuple[str, float]]:
    if isinstance(fact, str):
        yield fact, EXACT
        yield fact.strip(), BENT
        yield fact.strip()[:longest].rstrip(), BENT
        yield fact[:longest], BENT
    elif isinstance(fact, bool):
        yield str(fact).lower(), BENT
    elif is_number(fact):
        yield str(fact), BENT


def _as_number(fact: Any, whole: bool) -> Iterator[tuple[int | float, float]]:
    worth = EXACT
    if isinstance(fact, str):
        fact, worth = _number_in(fact), BENT
    if not is_number(fact):
        return
    if whole and isinstance(fact, float):
        worth = worth if fact.is_integer() else BENT
        fact = round(fact)
    yield fact, worth


def _number_in(text: str) -> int | float | None:
    text = text.strip()
    if not text.isascii() or len(text) > 30:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    if text.lstrip("+-").isdecimal():
        return int(text)
    return value if abs(value) < 1e300 else None
