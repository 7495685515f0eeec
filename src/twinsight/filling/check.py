"""Refuses the schemas that cannot be filled: malformed, contradictory, endless, too large."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from twinsight.errors import InvalidValue
from twinsight.filling.budget import Budget, Exhausted
from twinsight.filling.neutral import MAX_TEXT, MAX_VALUES
from twinsight.filling.regex import BadPattern
from twinsight.filling.schema import Schemas, Unresolved

MAX_DEPTH = 64
MAX_NODES = 10_000
MAX_PATTERNS = 100
_PATTERN_STEPS = 20_000

TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")

_ONE = ("additionalProperties", "items", "additionalItems", "contains", "propertyNames")
_ONE_IN_PLACE = ("not", "if", "then", "else")
_LISTS_IN_PLACE = ("allOf", "anyOf", "oneOf")
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_COUNTS = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
_COUNTS_CONTAINED = ("minContains", "maxContains")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_TEXTS = ("$ref", "$schema", "pattern", "format", "title", "description")
_UNSUPPORTED = ("unevaluatedItems", "unevaluatedProperties", "$dynamicRef", "$recursiveRef")
_PAIRS = (*zip(_COUNTS[::2], _COUNTS[1::2], strict=True), _COUNTS_CONTAINED)


class Checker:
    """Looks at every schema once, with a list of work in place of recursion."""

    def __init__(self, root: dict[str, Any], path: str) -> None:
        self.root = root
        self.path = path
        self.schemas = Schemas(root, Budget(_PATTERN_STEPS))
        self.nodes = 0
        self.patterns: set[str] = set()
        self.edges: dict[int, list[int]] = {}
        """From a schema to those that judge the same value, by id."""

    def run(self) -> None:
        """Check everything. Raises InvalidValue at the first fault."""
        todo: list[tuple[Any, str, int]] = [(self.root, self.path, 0)]
        seen: set[int] = set()
        while todo:
            schema, path, depth = todo.pop()
            if isinstance(schema, bool):
                continue
            self._require(isinstance(schema, dict), path, "a schema must be an object")
            self._require(
                depth <= MAX_DEPTH, path, f"the schema is nested over {MAX_DEPTH} levels deep"
            )
            if id(schema) in seen:
                continue
            seen.add(id(schema))
            self._count(1, path)
            self._keywords(schema, path)
            inner = list(self._inner(schema, path))
            self.edges[id(schema)] = [id(child) for child, _, in_place in inner if in_place]
            # A reference starts a new count: it adds no nesting to the text of the schema.
            todo += [(child, at, 0 if at.endswith("$ref") else depth + 1) for child, at, _ in inner]
        self._endless()

    def _require(self, holds: bool, path: str, why: str) -> None:
        if not holds:
            raise InvalidValue(short(path), why)

    def _count(self, nodes: int, path: str) -> None:
        self.nodes += nodes
        self._require(self.nodes <= MAX_NODES, path, f"the schema has over {MAX_NODES} parts")

    def _inner(self, schema: dict[str, Any], path: str) -> Iterator[tuple[Any, str, bool]]:
        """The schemas inside one, with their paths, and whether they judge the same value."""
        for key in (*_ONE, *_ONE_IN_PLACE):
            if key in schema and not (key == "items" and isinstance(schema[key], list)):
                yield schema[key], f"{path}.{key}", key in _ONE_IN_PLACE
        for key in (*_LISTS_IN_PLACE, "prefixItems", "items"):
            value = schema.get(key, [])
            if key == "items" and not isinstance(value, list):
                continue
            self._require(isinstance(value, list), f"{path}.{key}", "must be a list of schemas")
            empty = key in _LISTS_IN_PLACE and key in schema and not value
            self._require(not empty, f"{path}.{key}", "must not be empty")
            for index, child in enumerate(value):
                yield child, f"{path}.{key}[{index}]", key in _LISTS_IN_PLACE
        for key in _MAPS:
            value = schema.get(key, {})
            self._require(isinstance(value, dict), f"{path}.{key}", "must be an object")
            for name, child in value.items():
                yield child, f"{path}.{key}[{name[:80]}]", key == "dependentSchemas"
        if "$ref" in schema:
            try:
                yield self.schemas.resolve(schema["$ref"]), f"{path}.$ref", True
            except Unresolved as error:
                raise InvalidValue(short(f"{path}.$ref"), str(error)) from error

    def _keywords(self, schema: dict[str, Any], path: str) -> None:
        for key in _UNSUPPORTED:
            self._require(key not in schema, f"{path}.{key}", "is not supported by this server")
        nested_id = "$id" in schema and schema is not self.root
        self._require(not nested_id, f"{path}.$id", "is only supported at the root of the schema")
        for key in _TEXTS:
            text = schema.get(key, "")
            self._require(isinstance(text, str), f"{path}.{key}", "must be a string")
        self._types(schema, path)
        self._counts(schema, path)
        self._numbers(schema, path)
        self._values(schema, path)
        self._names(schema, path)
        sources = [schema["pattern"]] if "pattern" in schema else []
        more = schema.get("patternProperties")
        for source in [*sources, *(more if isinstance(more, dict) else ())]:
            self._pattern(source, path)

    def _types(self, schema: dict[str, Any], path: str) -> None:
        if "type" not in schema:
            return
        types = schema["type"]
        names = types if isinstance(types, list) else [types]
        self._require(bool(names), f"{path}.type", "must name a type")
        for name in names:
            known = isinstance(name, str) and name in TYPES
            why = f"unknown type '{str(name)[:80]}'; the types are {', '.join(TYPES)}"
            self._require(known, f"{path}.type", why)

    def _counts(self, schema: dict[str, Any], path: str) -> None:
        for key in (*_COUNTS, *_COUNTS_CONTAINED):
            if key in schema:
                whole = _is_number(schema[key]) and schema[key] == int(schema[key]) >= 0
                self._require(whole, f"{path}.{key}", "must be a whole number, 0 or more")
        for low, high in _PAIRS:
            if low in schema and high in schema:
                why = f"{low} {schema[low]} is over {high} {schema[high]}"
                self._require(schema[low] <= schema[high], path, why)
        for key, most in (("minLength", MAX_TEXT), ("minItems", MAX_VALUES)):
            why = f"must not be over {most}"
            self._require(schema.get(key, 0) <= most, f"{path}.{key}", why)

    def _numbers(self, schema: dict[str, Any], path: str) -> None:
        for key in _NUMBERS:
            value = schema.get(key, 1)
            flag = key.startswith("exclusive") and isinstance(value, bool)
            self._require(flag or _is_number(value), f"{path}.{key}", "must be a finite number")
        step = schema.get("multipleOf", 1)
        self._require(step > 0, f"{path}.multipleOf", "must be over 0")
        for low in ("minimum", "exclusiveMinimum"):
            for high in ("maximum", "exclusiveMaximum"):
                if not (_is_number(schema.get(low)) and _is_number(schema.get(high))):
                    continue
                strict = low != "minimum" or high != "maximum"
                strict |= schema.get("exclusiveMinimum") is True
                strict |= schema.get("exclusiveMaximum") is True
                bad = schema[low] > schema[high] or (strict and schema[low] == schema[high])
                why = f"no number lies between {low} {schema[low]} and {high} {schema[high]}"
                self._require(not bad, path, why)

    def _values(self, schema: dict[str, Any], path: str) -> None:
        if "enum" in schema:
            listed = isinstance(schema["enum"], list) and bool(schema["enum"])
            self._require(listed, f"{path}.enum", "must be a list of at least one value")
        for key in ("enum", "const", "default"):
            todo: list[tuple[Any, int]] = [(schema.get(key), 0)]
            while todo:
                value, depth = todo.pop()
                self._require(depth <= MAX_DEPTH, f"{path}.{key}", "is nested too deeply")
                if isinstance(value, float):
                    self._require(math.isfinite(value), f"{path}.{key}", "must be finite")
                inner = value.values() if isinstance(value, dict) else value
                if isinstance(value, dict | list):
                    self._count(len(value), f"{path}.{key}")
                    todo += [(item, depth + 1) for item in inner]

    def _names(self, schema: dict[str, Any], path: str) -> None:
        rules = schema.get("dependentRequired", {})
        self._require(isinstance(rules, dict), f"{path}.dependentRequired", "must be an object")
        lists = {"required": schema.get("required", [])}
        lists["propertyOrdering"] = schema.get("propertyOrdering", [])
        lists |= {f"dependentRequired[{name[:80]}]": names for name, names in rules.items()}
        for key, names in lists.items():
            listed = isinstance(names, list) and all(isinstance(name, str) for name in names)
            self._require(listed, f"{path}.{key}", "must be a list of names")
            self._count(len(names), f"{path}.{key}")
        if schema.get("additionalProperties") is not False or schema.get("patternProperties"):
            return
        for name in lists["required"]:
            why = f"'{name[:80]}' is not a property, and additionalProperties is false"
            self._require(name in schema.get("properties", {}), f"{path}.required", why)

    def _pattern(self, source: str, path: str) -> None:
        self.patterns.add(source)
        why = f"the schema has over {MAX_PATTERNS} patterns"
        self._require(len(self.patterns) <= MAX_PATTERNS, path, why)
        try:
            self.schemas.patterns.get(source)
        except BadPattern as error:
            raise InvalidValue(
                short(path), f"the pattern '{source[:80]}' cannot be used: {error}"
            ) from error
        except Exhausted as error:
            raise InvalidValue(short(path), "the schema's patterns are too large") from error

    def _endless(self) -> None:
        """Refuse a schema that is defined by itself, and chains of references that are too long."""
        heights: dict[int, int] = {}
        for start in self.edges:
            todo = [(start, False)]
            open_nodes: set[int] = set()
            while todo:
                node, done = todo.pop()
                if done:
                    inner = [heights[child] for child in self.edges.get(node, ())]
                    heights[node] = 1 + max(inner, default=0)
                    open_nodes.discard(node)
                    why = f"references and combinations are chained over {MAX_DEPTH} deep"
                    self._require(heights[node] <= MAX_DEPTH, self.path, why)
                elif node not in heights:
                    why = "a schema refers to itself as its own definition"
                    self._require(node not in open_nodes, self.path, why)
                    open_nodes.add(node)
                    todo.append((node, True))
                    todo += [(c, False) for c in self.edges.get(node, ()) if c not in heights]


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def short(path: str) -> str:
    """A path of a bearable length: the names in it are the caller's."""
    return path if len(path) <= 300 else f"{path[:200]}…{path[-90:]}"
