"""A JSON Schema read for filling: references followed, alternatives spread out, limits gathered.

A place in a schema is a *conjunction*: schemas that must all hold there. Its *shapes* are the ways
to satisfy it: one choice of each anyOf and oneOf, one type. Reads drafts 2020-12 and 7; a schema
must have passed `wire.jsonschema.check`, which bounds it and refuses what is not read here.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import unquote

from twinsight.filling.budget import Budget, Exhausted
from twinsight.filling.pattern import Patterns
from twinsight.filling.shape import Conjunction, Schema, Shape

MAX_SHAPES = 1_000
MAX_CHOICES = 32
"""Alternatives (anyOf, oneOf, if) that one place may have to choose among at once."""

HARD = frozenset(("oneOf", "not", "if", "dependentSchemas", "propertyNames", "contains"))
"""Keywords that a shape does not spell out: a value made for it has to be checked."""

_HINTS = {
    "object": ("properties", "required", "patternProperties", "minProperties"),
    "array": ("items", "prefixItems", "minItems", "uniqueItems", "contains"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


class Unresolved(ValueError):
    """A reference that leads nowhere."""


class Schemas:
    """The schemas of one request: its root, what its references mean, the shapes of its places."""

    def __init__(self, root: Schema, budget: Budget) -> None:
        self.root = root
        self.budget = budget
        self.patterns = Patterns(budget)
        self._shapes: dict[tuple[int, ...], list[Shape]] = {}
        self._resolved: dict[str, Schema] = {}
        self._conditions: dict[int, list[Schema]] = {}

    def resolve(self, ref: str) -> Schema:
        """The schema that a reference names. Raises Unresolved when there is none here."""
        if ref not in self._resolved:
            self._resolved[ref] = _at_pointer(self.root, ref)
        return self._resolved[ref]

    def shapes(self, place: Conjunction) -> list[Shape]:
        """The ways to satisfy a place, in the schema's order; MAX_SHAPES at most."""
        self.budget.spend()
        key = tuple(id(schema) for schema in place)
        if key not in self._shapes:
            self._shapes[key] = list(islice(self._spread(place), MAX_SHAPES))
        return self._shapes[key]

    def _spread(self, place: Conjunction) -> Iterator[Shape]:
        for parts in self._choose(place, (), (), 0):
            hard = any(not HARD.isdisjoint(part) for part in parts)
            for type_name in _types(parts):
                self.budget.spend()
                yield Shape(parts, type_name, hard or type_name == "any", self.patterns)

    def _choose(
        self,
        todo: Conjunction,
        parts: tuple[dict[str, Any], ...],
        choices: tuple[list[Schema], ...],
        depth: int,
    ) -> Iterator[tuple[dict[str, Any], ...]]:
        """Take in the schemas of `todo` with what they refer to, then one option of each choice."""
        self.budget.spend()
        if depth > MAX_CHOICES:
            raise Exhausted
        waiting = list(todo)
        grown = list(parts)
        seen = {id(part) for part in parts}
        while waiting:
            schema = waiting.pop(0)
            if schema is False:
                return
            if schema is True or id(schema) in seen:
                continue
            self.budget.spend()
            seen.add(id(schema))
            grown.append(schema)
            inner = [self.resolve(schema["$ref"])] if "$ref" in schema else []
            waiting[:0] = inner + schema.get("allOf", [])
            choices += tuple(self._choices(schema))
        if not choices:
            yield tuple(grown)
            return
        for option in choices[0]:
            yield from self._choose((option,), tuple(grown), choices[1:], depth + 1)

    def _choices(self, schema: dict[str, Any]) -> list[list[Schema]]:
        found: list[list[Schema]] = [schema[key] for key in ("anyOf", "oneOf") if key in schema]
        if "if" in schema:
            if id(schema) not in self._conditions:
                met: Schema = {"allOf": [schema["if"], schema.get("then", True)]}
                self._conditions[id(schema)] = [schema.get("else", True), met]
            found.append(self._conditions[id(schema)])
        return found


def _types(parts: tuple[dict[str, Any], ...]) -> list[str]:
    """The types that all parts allow, in order; guessed from other keywords where none is said."""
    allowed: list[str] | None = None
    for part in parts:
        if "type" not in part:
            continue
        said = [part["type"]] if isinstance(part["type"], str) else part["type"]
        allowed = list(said) if allowed is None else _both(allowed, said)
    if allowed is not None:
        return list(dict.fromkeys(allowed))
    if any("enum" in part or "const" in part for part in parts):
        return ["any"]
    for type_name, hints in _HINTS.items():
        if any(hint in part for part in parts for hint in hints):
            return [type_name, "any"]
    if any(isinstance(part.get("additionalProperties"), dict) for part in parts):
        return ["object", "any"]
    return ["any"]


def _both(ours: list[str], theirs: list[str]) -> list[str]:
    kept = []
    for name in ours:
        if name in theirs:
            kept.append(name)
        elif {name, *theirs} >= {"integer", "number"} and name in ("integer", "number"):
            kept.append("integer")
    return kept


def _at_pointer(root: Schema, ref: str) -> Schema:
    """Follow `#`, or `#/` and a JSON pointer (RFC 6901, percent-encoded as in a URL)."""
    if not ref.startswith("#"):
        raise Unresolved(f"'{ref[:100]}' is not in this schema; only '#/…' is followed")
    pointer = unquote(ref[1:])
    found: Any = root
    if pointer and not pointer.startswith("/"):
        raise Unresolved(f"'{ref[:100]}' is not a JSON pointer")
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            raise Unresolved(f"'{ref[:100]}' leads nowhere")
    if not isinstance(found, dict | bool):
        raise Unresolved(f"'{ref[:100]}' is not a schema")
    return found
