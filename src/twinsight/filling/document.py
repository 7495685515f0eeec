"""Fills a JSON schema with what was seen, so that the answer is always valid.

Known values go in where the schema has a place that takes them. What is not known is null where
null is allowed, left out where that is allowed, and else the value that says least. Every value is
made to fit its place; the whole is checked once more, and where it does not hold, or the work went
over its budget, the neutral answer for the whole schema is given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from twinsight.filling.budget import Budget, Exhausted
from twinsight.filling.coercion import EXACT, chosen, coerced, type_of
from twinsight.filling.facts import MAX_DEPTH, NOTHING, Ask, Facts, Given, Nothing, plain
from twinsight.filling.neutral import IMPOSSIBLE, MAX_VALUES, Neutral
from twinsight.filling.schema import Schemas
from twinsight.filling.shape import Conjunction, Shape, same
from twinsight.filling.validator import Validator

__all__ = ["IMPOSSIBLE", "NOTHING", "Ask", "Facts", "Given", "dump", "fill", "neutral_value"]

NEUTRAL_STEPS = 100_000
FACT_STEPS = 300_000
MAX_REPEATS = 3
"""How deep items may lie in items of the same kind, for facts that would go on for ever."""

_LINE = 100
_SURROGATES = re.compile("[\ud800-\udfff]")


def fill(schema: dict[str, Any] | bool, facts: Facts) -> Any:
    """The JSON value that says what the facts know, valid against `schema`.

    The schema must have passed `wire.jsonschema.check`; raises ValueError where it has no value.
    """
    neutral = neutral_value(schema)
    if neutral is IMPOSSIBLE:
        raise ValueError("no value satisfies the schema")
    filler = _Filler(Schemas(schema, Budget(FACT_STEPS)))
    try:
        value = filler.root(facts)
        return value if filler.validator.accepts(schema, value) else neutral
    except Exhausted:
        return neutral


def neutral_value(schema: dict[str, Any] | bool) -> Any:
    """The value that says least, or IMPOSSIBLE when none was found within the budget."""
    schemas = Schemas(schema, Budget(NEUTRAL_STEPS))
    validator = Validator(schemas)
    try:
        value = Neutral(schemas, validator).least((schema,))
        return value if value is IMPOSSIBLE or validator.accepts(schema, value) else IMPOSSIBLE
    except Exhausted:
        return IMPOSSIBLE


def dump(value: Any) -> str:
    """JSON text: short lists and objects on one line, longer ones indented by two blanks.

    Letters stay as they are. Raises ValueError for NaN and infinities, which JSON does not have.
    """
    return _SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", _laid_out(value, ""))


def _laid_out(value: Any, indent: str) -> str:
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if len(indent) + len(line) <= _LINE or not isinstance(value, list | dict):
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        names = (json.dumps(name, ensure_ascii=False) for name in value)
        rows = [f"{n}: {_laid_out(v, inner)}" for n, v in zip(names, value.values(), strict=True)]
        return "{\n" + inner + f",\n{inner}".join(rows) + f"\n{indent}}}"
    rows = [_laid_out(item, inner) for item in value]
    return "[\n" + inner + f",\n{inner}".join(rows) + f"\n{indent}]"


@dataclass(frozen=True, slots=True)
class _Filled:
    """A place's value. `score` is higher the more facts it holds, lower the more were refused."""

    value: Any
    score: float
    known: bool


_UNKNOWN = _Filled(None, 0.0, known=False)
_REFUSED = _Filled(None, -1.0, known=False)


class _Filler:
    """Walks one schema with the facts in hand."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas
        self.validator = Validator(schemas)
        self.neutral = Neutral(schemas, self.validator)
        self.open: list[tuple[int, ...]] = []  # objects and arrays being filled, outermost first

    def root(self, facts: Facts) -> Any:
        place = (self.schemas.root,)
        filled = self.known(place, facts, (), entered=True)
        if filled.known:
            return filled.value
        nulls = None if isinstance(facts, Nothing) else next(self._nulls(place), None)
        return nulls or self.neutral.least(place)

    def _nulls(self, place: Conjunction) -> Iterator[dict[str, Any]]:
        """The object that says of each property that may be null that it is not known."""
        for shape in self.schemas.shapes(place):
            if shape.type == "object" and shape.options() is None:
                whole = self._completed(shape, {}, self.neutral.order(shape, shape.required(set())))
                if whole and self.validator.all(place, whole):
                    yield whole

    def known(
        self, place: Conjunction, facts: Facts, path: tuple[str, ...], entered: bool
    ) -> _Filled:
        """The best that the facts say for a place, over all its shapes.

        `entered`: the facts are those of this very place (the root, an item), not of the object
        around it.
        """
        if isinstance(facts, Nothing):
            return _UNKNOWN
        best = _UNKNOWN
        for shape in self.schemas.shapes(place):
            if shape.type == "null":
                continue
            filled = self._of_shape(shape, facts, path, entered)
            if not filled.known:
                best = best if best.known or best.score < filled.score else filled
            elif (not best.known or filled.score > best.score) and (
                not shape.hard or self.validator.all(place, filled.value)
            ):
                best = filled
        return best

    def _of_shape(
        self, shape: Shape, facts: Facts, path: tuple[str, ...], entered: bool
    ) -> _Filled:
        if shape.options() is not None or shape.type not in ("array", "object"):
            return self._scalar(shape, facts, path)
        key = tuple(id(part) for part in shape.parts)
        allowed = MAX_REPEATS if entered or shape.type == "array" else 1
        endless = self.open.count(key) >= allowed and not isinstance(facts, Given)
        if endless or len(self.open) >= MAX_DEPTH:
            return _UNKNOWN
        self.open.append(key)
        try:
            if shape.type == "array":
                return self._array(shape, facts, path)
            return self._object(shape, facts, path, entered)
        finally:
            self.open.pop()

    def _scalar(self, shape: Shape, facts: Facts, path: tuple[str, ...]) -> _Filled:
        options = shape.options()
        asked = shape.type if shape.type != "any" else type_of(options)
        fact = plain(facts.value(Ask(path, shape.shown(), asked)))
        if fact is None:
            return _UNKNOWN

        def fits(value: Any) -> bool:
            return self.validator.fits(shape, value)

        if options is None:
            found = coerced(shape, fact, fits)
        else:
            found = chosen([option for option in options if fits(option)], fact)
        return _REFUSED if found is None else _Filled(*found, known=True)

    def _array(self, shape: Shape, facts: Facts, path: tuple[str, ...]) -> _Filled:
        seen = self._seen_items(shape, facts, Ask(path, shape.shown(), "array"))
        if seen is None:
            return _UNKNOWN
        fixed = shape.least("minItems") == shape.longest() and not shape.tuple_length()
        unique = any(shape.values("uniqueItems"))
        values: list[Any] = []
        taken: set[Any] = set()
        score = EXACT
        for item in seen[: shape.longest()]:
            place = shape.item(len(values))
            filled = self.known(place, item, path, entered=True)
            score += filled.score
            if filled.score < 0 and fixed:
                return _REFUSED  # four numbers of which one is wrong are no box
            value = filled.value
            if not filled.known:
                holds_place = len(values) < shape.tuple_length() or self._is_object(place)
                value = self.neutral.least(place) if holds_place else IMPOSSIBLE
            if value is IMPOSSIBLE or (unique and same(value) in taken):
                continue
            values.append(value)
            if unique:
                taken.add(same(value))
        known = bool(values) or not seen
        if not self._pad(shape, values):
            return _REFUSED
        return _Filled(values, score, known)

    def _seen_items(self, shape: Shape, facts: Facts, ask: Ask) -> Sequence[Facts] | None:
        """The facts of each item: from a plain list first where the items are scalars."""

        def listed() -> Sequence[Facts] | None:
            found = plain(facts.value(ask))
            if found is None or isinstance(found, dict):
                return None
            return [Given(v, ask.path) for v in (found if isinstance(found, list) else [found])]

        if self._is_object(shape.item(0)):
            items = facts.items(ask)
            return listed() if items is None else items
        values = listed()
        return facts.items(ask) if values is None else values

    def _is_object(self, place: Conjunction) -> bool:
        return any(shape.type == "object" for shape in self.schemas.shapes(place))

    def _pad(self, shape: Shape, values: list[Any]) -> bool:
        """Add neutral items until there are enough; False when that cannot be done."""
        unique = any(shape.values("uniqueItems"))
        missing: list[Any] = [
            schema
            for schema in shape.values("contains")
            if not any(self.validator.accepts(schema, value) for value in values)
        ]
        while len(values) < shape.least("minItems") or missing:
            place = (*shape.item(len(values)), *missing[:1])
            missing = missing[1:]
            if unique:
                taken = {same(value) for value in values}
                others = (v for v, _ in self.neutral.candidates(place) if same(v) not in taken)
                value = next(others, IMPOSSIBLE)
            else:
                value = self.neutral.least(place)
            if value is IMPOSSIBLE or len(values) >= shape.longest():
                return False
            values.append(value)
        return True

    def _object(self, shape: Shape, facts: Facts, path: tuple[str, ...], entered: bool) -> _Filled:
        ask = Ask(path, shape.shown(), "object")
        order = self.neutral.order(shape, shape.required(set()))
        inner = facts if entered else facts.inside(ask)
        about = dict.fromkeys(order, inner)
        entries = plain(facts.value(ask)) if shape.is_map() else None
        if isinstance(entries, dict):
            about |= dict.fromkeys(entries, Given(entries, path))
        found: dict[str, Any] = {}
        score = 0.0
        for name, source in about.items():
            filled = self.known(shape.property(name), source, (*path, name), entered=False)
            score += filled.score
            if filled.known:
                found[name] = filled.value
        if not found and entries != {}:
            return _Filled(None, score, known=False)
        whole = self._completed(shape, found, order)
        return _REFUSED if whole is None else _Filled(whole, score, known=True)

    def _completed(
        self, shape: Shape, found: dict[str, Any], order: list[str]
    ) -> dict[str, Any] | None:
        """Drop what is too many, add what is required, null what may be; None if impossible."""
        required = shape.required(set(found))
        most = shape.most("maxProperties", MAX_VALUES)
        optional = [name for name in found if name not in required]
        for name in optional[max(0, most - len(required)) :]:
            del found[name]
        for name in [*order, *sorted(required)]:
            if name in required and name not in found:
                found[name] = self.neutral.least(shape.property(name))
                if found[name] is IMPOSSIBLE:
                    return None
        for name in self._nullable(shape, found, order):
            if len(found) < most:
                found[name] = None
        if not self._enough(shape, found, order):
            return None
        names = [*(name for name in order if name in found), *found]
        return {name: found[name] for name in dict.fromkeys(names)}

    def _nullable(self, shape: Shape, found: dict[str, Any], order: list[str]) -> Iterator[str]:
        """Names that are not there, may be null in so many words, and bring no other along."""
        for name in order:
            place = shape.property(name)
            if name in found or not any(s.type == "null" for s in self.schemas.shapes(place)):
                continue
            alone = shape.required({name}) <= found.keys() | {name}
            if alone and self.validator.all(place, None):
                yield name

    def _enough(self, shape: Shape, found: dict[str, Any], order: list[str]) -> bool:
        """Add properties until there are minProperties; False when that cannot be done."""
        least = shape.least("minProperties")
        for name in [*order, *islice(self.neutral.new_names(shape, found), least + 10)]:
            if len(found) >= least:
                break
            if name not in found:
                value = self.neutral.least(shape.property(name))
                if value is not IMPOSSIBLE:
                    found[name] = value
        return len(found) >= least
