"""One way to satisfy a place in a schema, and what it asks of each kind of value."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

from twinsight.filling.pattern import Patterns

Schema = dict[str, Any] | bool
Conjunction = tuple[Schema, ...]
"""Schemas that must all hold for the same value."""

_NOT_SHOWN = frozenset(("$ref", "$defs", "definitions", "allOf", "anyOf", "oneOf", "$schema"))


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to satisfy a place: every one of `parts`, with a value of `type`.

    `type` is a JSON Schema type or "any". `parts` hold no choices any more: their own anyOf, oneOf
    and $ref have been followed, and the outermost part comes first. `hard` says that a value made
    for the shape still has to be checked against the place.
    """

    parts: tuple[dict[str, Any], ...]
    type: str
    hard: bool
    patterns: Patterns

    def values(self, keyword: str) -> list[Any]:
        """What the parts say for a keyword."""
        return [part[keyword] for part in self.parts if keyword in part]

    def shown(self) -> dict[str, Any]:
        """The parts as one schema to read: the outermost words win."""
        merged: dict[str, Any] = {}
        for part in reversed(self.parts):
            merged.update((k, v) for k, v in part.items() if k not in _NOT_SHOWN)
        if self.type != "any":
            merged["type"] = self.type
        return merged

    def options(self) -> list[Any] | None:
        """The values that const and enum leave, or None where they leave all."""
        lists = [[const] for const in self.values("const")] + self.values("enum")
        if not lists:
            return None
        kept: list[Any] = lists[0]
        for other in lists[1:]:
            keys = {same(value) for value in other}
            kept = [value for value in kept if same(value) in keys]
        return kept

    def least(self, keyword: str) -> int:
        """The largest of the lower limits under `keyword` (minItems, minLength, …), or 0."""
        return max((int(value) for value in self.values(keyword)), default=0)

    def most(self, keyword: str, otherwise: int) -> int:
        """The smallest of the upper limits under `keyword`, or `otherwise`."""
        return min((int(value) for value in self.values(keyword)), default=otherwise)

    def low(self) -> tuple[Fraction, bool] | None:
        """The lower bound of a number, and whether the bound itself is left out."""
        return max(self._bounds("minimum", "exclusiveMinimum"), default=None)

    def high(self) -> tuple[Fraction, bool] | None:
        """The upper bound of a number, and whether the bound itself is left out."""
        bounds = self._bounds("maximum", "exclusiveMaximum")
        return min(bounds, key=lambda bound: (bound[0], not bound[1]), default=None)

    def _bounds(self, keyword: str, exclusive: str) -> list[tuple[Fraction, bool]]:
        bounds = []
        for part in self.parts:
            strict = part.get(exclusive)
            if keyword in part:
                bounds.append((Fraction(part[keyword]), strict is True))
            if strict is not None and not isinstance(strict, bool):
                bounds.append((Fraction(strict), True))
        return bounds

    def step(self) -> Fraction | None:
        """What a number must be a multiple of, or None."""
        steps = [Fraction(str(value)) for value in self.values("multipleOf")]
        if self.type == "integer" and steps:
            steps.append(Fraction(1))
        if not steps:
            return None
        step = steps[0]
        for other in steps[1:]:
            bottom = step.denominator * other.denominator
            step = Fraction(
                lcm(step.numerator * other.denominator, other.numerator * step.denominator), bottom
            )
        return step

    def names(self) -> list[str]:
        """Names of the properties that are spelt out, in the order of the answer."""
        names: dict[str, None] = {}
        for ordering in self.values("propertyOrdering"):
            known = {name for part in self.parts for name in part.get("properties", ())}
            names.update((name, None) for name in ordering if name in known)
        for properties in self.values("properties"):
            names.update((name, None) for name in properties)
        return list(names)

    def required(self, present: set[str]) -> set[str]:
        """Names that an object must have, given those that it has."""
        names = {name for names in self.values("required") for name in names}
        rules = [rule for rules in self.values("dependentRequired") for rule in rules.items()]
        grown = True
        while grown:
            before = len(names)
            for name, more in rules:
                if name in names or name in present:
                    names.update(more)
            grown = len(names) > before
        return names

    def property(self, name: str) -> Conjunction:
        """What the property `name` must satisfy."""
        found: list[Schema] = []
        for part in self.parts:
            own = part.get("properties", {})
            said = [own[name]] if name in own else []
            for pattern, schema in part.get("patternProperties", {}).items():
                if self.patterns.matches(pattern, name):
                    said.append(schema)
            if not said and "additionalProperties" in part:
                said.append(part["additionalProperties"])
            found += said
        return tuple(found)

    def is_map(self) -> bool:
        """True for an object with names of the caller's choice only."""
        closed = any(value is False for value in self.values("additionalProperties"))
        return not self.names() and (not closed or bool(self.values("patternProperties")))

    def item(self, index: int) -> Conjunction:
        """What the item at `index` must satisfy."""
        found: list[Schema] = []
        for part in self.parts:
            prefix, rest = tuple_and_rest(part)
            found.append(prefix[index] if index < len(prefix) else rest)
        return tuple(schema for schema in found if schema is not True)

    def tuple_length(self) -> int:
        """How many first items have a schema of their own."""
        return max((len(tuple_and_rest(part)[0]) for part in self.parts), default=0)

    def longest(self) -> int:
        """How many items an array may have: maxItems, or where the items are forbidden."""
        length = self.most("maxItems", 1_000_000)
        for part in self.parts:
            prefix, rest = tuple_and_rest(part)
            if rest is False:
                length = min(length, len(prefix))
        return length


def tuple_and_rest(schema: dict[str, Any]) -> tuple[list[Schema], Schema]:
    """The schemas of an array's first items, and of all others; drafts 2020-12 and 7."""
    items = schema.get("items", True)
    if isinstance(items, list):
        return items, schema.get("additionalItems", True)
    return schema.get("prefixItems", []), items


def same(value: Any) -> Any:
    """A key that two JSON values share when JSON Schema calls them equal: 1 is 1.0, not true."""
    if isinstance(value, bool) or value is None:
        return ("is", value)
    if isinstance(value, list):
        return ("list", *(same(item) for item in value))
    if isinstance(value, dict):
        return ("dict", frozenset((name, same(item)) for name, item in value.items()))
    return value
