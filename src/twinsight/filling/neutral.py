"""The values that say least: what a schema gets where nothing was seen.

null before all else; then false, 0, "", [] and an object of what is required, each moved no
further than the schema's limits ask. A schema that has no finite value has no neutral one.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from twinsight.filling import formats, number
from twinsight.filling.schema import Schemas
from twinsight.filling.shape import Conjunction, Shape, same
from twinsight.filling.validator import Validator

MAX_DEPTH = 64
MAX_VALUES = 10_000
"""Values that an answer may have to hold before anything is known."""

MAX_TEXT = 10_000
_TRIES = 100
_WORDS = ("", "-", "n/a", "unknown", "none", "other")
_NEUTRAL_OPTIONS = ("unknown", "n/a", "na", "not applicable", "none", "other", "unspecified", "")

Sized = tuple[Any, int]
"""A value and how many values it holds, itself included."""


def folded(text: str) -> str:
    """`text` for comparing names: case and the ways to join words make no difference."""
    return " ".join(text.casefold().replace("_", " ").replace("-", " ").split())


class Neutral:
    """Finds neutral values for the places of one request's schemas."""

    def __init__(self, schemas: Schemas, validator: Validator) -> None:
        self.schemas = schemas
        self.validator = validator
        self._found: dict[tuple[int, ...], Sized] = {}

    def least(self, place: Conjunction, above: frozenset[tuple[int, ...]] = frozenset()) -> Any:
        """The neutral value for `place`, or Impossible when there is none. Raises Exhausted."""
        sized = self._least(place, above)
        return IMPOSSIBLE if sized is None else sized[0]

    def _least(self, place: Conjunction, above: frozenset[tuple[int, ...]]) -> Sized | None:
        key = tuple(id(schema) for schema in place)
        if key not in self._found:
            found = next(self.candidates(place, above), None)
            if found is None or found[1] > MAX_VALUES:
                return None
            self._found[key] = found
        return self._found[key]

    def candidates(
        self, place: Conjunction, above: frozenset[tuple[int, ...]] = frozenset()
    ) -> Iterator[Sized]:
        """Values that satisfy `place`, neutral ones first. `above`: the places being filled."""
        key = tuple(id(schema) for schema in place)
        if key in above or len(above) >= MAX_DEPTH:
            return
        above |= {key}
        for shape in self._null_first(place):
            for sized in islice(self._of_shape(shape, above), _TRIES):
                if not shape.hard or self.validator.all(place, sized[0]):
                    yield sized

    def _null_first(self, place: Conjunction) -> Iterator[Shape]:
        if self.validator.all(place, None):
            yield Shape((), "null", False, self.schemas.patterns)
        for shape in self.schemas.shapes(place):
            if shape.type != "null":
                yield shape

    def _of_shape(self, shape: Shape, above: frozenset[tuple[int, ...]]) -> Iterator[Sized]:
        self.schemas.budget.spend()
        options = shape.options()
        if shape.type == "null":
            yield None, 1
        elif options is not None:
            yield from ((v, _size(v)) for v in self._options(shape, options))
        elif shape.type == "array":
            yield from self._arrays(shape, above)
        elif shape.type == "object":
            yield from self._objects(shape, above)
        else:
            yield from ((value, _size(value)) for value in self._scalars(shape))

    def _options(self, shape: Shape, options: list[Any]) -> list[Any]:
        typed = [
            v for v in options if all(self.validator.accepts(_bare(p), v) for p in shape.parts)
        ]
        defaults = [v for v in shape.values("default") if same(v) in {same(o) for o in typed}]

        def rank(value: Any) -> int:
            if value is None:
                return 0
            if isinstance(value, str) and folded(value) in _NEUTRAL_OPTIONS:
                return 1
            if isinstance(value, int | float) and not value:
                return 1
            return 2 if defaults and same(value) == same(defaults[0]) else 3

        return sorted(typed, key=rank)

    def _scalars(self, shape: Shape) -> Iterator[Any]:
        def fits(value: Any) -> bool:
            return self.validator.fits(shape, value)

        if shape.type == "boolean":
            yield from filter(fits, (False, True))
        elif shape.type in ("integer", "number"):
            yield from number.near(shape, 0, fits)
        elif shape.type == "string":
            yield from filter(fits, _once(self._wishes(shape)))
        elif shape.type == "any":
            yield from filter(fits, (None, False, 0, "", [], {}, True, 1, "-", 0.5))

    def _wishes(self, shape: Shape) -> Iterator[str]:
        low, high = shape.least("minLength"), shape.most("maxLength", MAX_TEXT)
        named = shape.values("format")
        yield from (text for name in named if (text := formats.neutral(name)) is not None)
        yield from _WORDS
        yield "unknown".ljust(low, "-")
        for pattern in shape.values("pattern"):
            yield from islice(self.schemas.patterns.get(pattern).strings(low, high), _TRIES)
        for name in named:
            yield from formats.more(name)
        yield from ("-" * n for n in range(low, low + 4))
        yield from (f"item {n}".ljust(low, "-") for n in range(1, _TRIES))

    def _arrays(self, shape: Shape, above: frozenset[tuple[int, ...]]) -> Iterator[Sized]:
        items: list[Sized] = []
        count, longest = shape.least("minItems"), shape.longest()
        wanted = [part for part in shape.parts if "contains" in part]
        for part in wanted:
            for _ in range(int(part.get("minContains", 1))):
                place = (*shape.item(len(items)), part["contains"])
                if not self._append(items, shape, place, above):
                    return
        while len(items) < count:
            if not self._append(items, shape, shape.item(len(items)), above):
                return
        yield from self._longer(items, shape, longest, above)
        if items:
            last = (shape.item(len(items) - 1), items[:-1])
            for other in islice(self.candidates(last[0], above), _TRIES):
                yield from self._checked([*last[1], other], shape)

    def _longer(
        self, items: list[Sized], shape: Shape, longest: int, above: frozenset[tuple[int, ...]]
    ) -> Iterator[Sized]:
        items = list(items)
        for _ in range(4):
            yield from self._checked(items, shape)
            if len(items) >= longest:
                return
            if not self._append(items, shape, shape.item(len(items)), above):
                return

    def _checked(self, items: list[Sized], shape: Shape) -> Iterator[Sized]:
        values = [value for value, _ in items]
        unique = not any(shape.values("uniqueItems")) or len({same(v) for v in values}) == len(
            values
        )
        if unique and len(values) <= shape.longest():
            yield values, 1 + sum(size for _, size in items)

    def _append(
        self, items: list[Sized], shape: Shape, place: Conjunction, above: frozenset[Any]
    ) -> bool:
        """Add one item; False when there is no value for it, or no room."""
        self.schemas.budget.spend()
        if len(items) >= MAX_VALUES:
            return False
        if any(shape.values("uniqueItems")):
            taken = {same(value) for value, _ in items}
            found = next(
                (s for s in self.candidates(place, above) if same(s[0]) not in taken), None
            )
        else:
            found = self._least(place, above)
        if found is None:
            return False
        items.append(found)
        return True

    def _objects(self, shape: Shape, above: frozenset[tuple[int, ...]]) -> Iterator[Sized]:
        found: dict[str, Sized] = {}
        required = shape.required(set())
        order = self.order(shape, required)
        for name in order:
            if name in required and not self._add(found, shape, name, above):
                return
        for name in [*order, *islice(self.new_names(shape, found), _TRIES)]:
            if len(found) >= shape.least("minProperties"):
                break
            if name not in found:
                self._add(found, shape, name, above)
        most = shape.most("maxProperties", MAX_VALUES)
        if not shape.least("minProperties") <= len(found) <= most:
            return
        yield self._ordered(found, order)
        for name in order:
            if name not in found and len(found) >= most:
                continue
            for other in islice(self.candidates(shape.property(name), above), _TRIES):
                if shape.required({*found, name}) <= {*found, name}:
                    yield self._ordered({**found, name: other}, order)

    def _add(
        self, found: dict[str, Sized], shape: Shape, name: str, above: frozenset[tuple[int, ...]]
    ) -> bool:
        sized = self._least(shape.property(name), above)
        if sized is None or sum(size for _, size in found.values()) > MAX_VALUES:
            return False
        found[name] = sized
        return True

    @staticmethod
    def _ordered(found: dict[str, Sized], order: list[str]) -> Sized:
        names = [name for name in order if name in found]
        names += [name for name in found if name not in order]
        return {name: found[name][0] for name in names}, 1 + sum(s for _, s in found.values())

    @staticmethod
    def order(shape: Shape, required: set[str]) -> list[str]:
        """Names that an answer may have: those spelt out, then others that are required."""
        names = shape.names()
        spelt = set(names)
        said = [name for names in shape.values("required") for name in names]
        return names + [n for n in dict.fromkeys([*said, *sorted(required)]) if n not in spelt]

    def new_names(self, shape: Shape, taken: dict[str, Any]) -> Iterator[str]:
        """Names for properties that the schema does not spell out."""
        rules = tuple(shape.values("propertyNames"))
        if rules:
            names = (value for value, _ in self.candidates((*rules, _A_STRING)) if value)
            yield from (name for name in names if name not in taken)
        for patterns in shape.values("patternProperties"):
            for pattern in patterns:
                yield from islice(self.schemas.patterns.get(pattern).strings(1, 100), _TRIES)
        yield from (f"key_{n}" for n in range(1, _TRIES))


class _Impossible:
    """The type of IMPOSSIBLE."""


IMPOSSIBLE = _Impossible()
"""Stands for the value of a place that has none."""

_A_STRING: dict[str, Any] = {"type": "string"}


def _bare(part: dict[str, Any]) -> dict[str, Any]:
    """A part without the keywords that a shape has already spelt out."""
    spelt = ("$ref", "allOf", "anyOf", "oneOf", "if", "not")
    return {key: value for key, value in part.items() if key not in spelt}


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(_size(item) for item in value.values())
    return 1 + sum(_size(item) for item in value) if isinstance(value, list) else 1


def _once(texts: Iterator[str]) -> Iterator[str]:
    given: set[str] = set()
    for text in texts:
        if text not in given:
            given.add(text)
            yield text
