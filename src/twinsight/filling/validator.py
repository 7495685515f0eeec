"""Says whether a JSON value satisfies a schema, within a budget of steps.

The rules are JSON Schema's: draft 2020-12, and the tuple form of draft 7. Validators differ on
formats (enforced or not), on what patterns call a digit, on multiples of 0.1. So every question is
asked in one of two ways: `sure` (all validators accept the value) or not (some may).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from twinsight.filling import formats
from twinsight.filling.schema import Schemas
from twinsight.filling.shape import Conjunction, Schema, Shape, same, tuple_and_rest

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "boolean": (bool,),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
    "number": (int, float),
    "integer": (int,),
}


class Validator:
    """Checks values against the schemas of one request."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas

    def all(self, place: Conjunction, value: Any) -> bool:
        """True when `value` surely satisfies every schema of `place`. Raises Exhausted."""
        return all(self.accepts(schema, value) for schema in place)

    def accepts(self, schema: Schema, value: Any, sure: bool = True) -> bool:
        """True when `value` satisfies `schema`. Raises Exhausted."""
        self.schemas.budget.spend()
        if isinstance(schema, bool):
            return schema
        if "$ref" in schema and not self.accepts(self.schemas.resolve(schema["$ref"]), value, sure):
            return False
        if not self.scalar(schema, value, sure) or not self._combined(schema, value, sure):
            return False
        if isinstance(value, dict):
            return self._object(schema, value, sure)
        if isinstance(value, list):
            return self._array(schema, value, sure)
        return True

    def _combined(self, schema: dict[str, Any], value: Any, sure: bool) -> bool:
        if not all(self.accepts(part, value, sure) for part in schema.get("allOf", ())):
            return False
        if "anyOf" in schema and not any(self.accepts(p, value, sure) for p in schema["anyOf"]):
            return False
        if "oneOf" in schema:
            most = sum(self.accepts(part, value, sure=False) for part in schema["oneOf"])
            least = sum(self.accepts(part, value) for part in schema["oneOf"])
            if not (most == least == 1 if sure else least <= 1 <= most):
                return False
        if "not" in schema and self.accepts(schema["not"], value, not sure):
            return False
        return "if" not in schema or self._conditional(schema, value, sure)

    def _conditional(self, schema: dict[str, Any], value: Any, sure: bool) -> bool:
        branches = []
        if self.accepts(schema["if"], value, sure=False):
            branches.append(schema.get("then", True))
        if not self.accepts(schema["if"], value):
            branches.append(schema.get("else", True))
        verdicts = [self.accepts(branch, value, sure) for branch in branches]
        return all(verdicts) if sure else any(verdicts)

    def _object(self, schema: dict[str, Any], value: dict[str, Any], sure: bool) -> bool:
        if not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", 1e9):
            return False
        if not all(name in value for name in schema.get("required", ())):
            return False
        for name, more in schema.get("dependentRequired", {}).items():
            if name in value and not all(other in value for other in more):
                return False
        for name, dependent in schema.get("dependentSchemas", {}).items():
            if name in value and not self.accepts(dependent, value, sure):
                return False
        names = schema.get("propertyNames", True)
        return all(
            self.accepts(names, name, sure) and self._property(schema, name, item, sure)
            for name, item in value.items()
        )

    def _property(self, schema: dict[str, Any], name: str, value: Any, sure: bool) -> bool:
        own = schema.get("properties", {})
        said = [own[name]] if name in own else []
        for pattern, other in schema.get("patternProperties", {}).items():
            if self.schemas.patterns.matches(pattern, name):
                said.append(other)
        if not said:
            said = [schema.get("additionalProperties", True)]
        return all(self.accepts(part, value, sure) for part in said)

    def _array(self, schema: dict[str, Any], value: list[Any], sure: bool) -> bool:
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 1e9):
            return False
        if schema.get("uniqueItems") and len({same(item) for item in value}) < len(value):
            return False
        prefix, items = tuple_and_rest(schema)
        for index, item in enumerate(value):
            if not self.accepts(prefix[index] if index < len(prefix) else items, item, sure):
                return False
        if "contains" not in schema:
            return True
        most = sum(self.accepts(schema["contains"], item, sure=False) for item in value)
        least = sum(self.accepts(schema["contains"], item) for item in value)
        low, high = schema.get("minContains", 1), schema.get("maxContains", 1e9)
        return bool(low <= least and most <= high if sure else low <= most and least <= high)

    def fits(self, shape: Shape, value: Any) -> bool:
        """True when a scalar surely fits all that the shape's parts say of scalars."""
        return all(self.scalar(part, value) for part in shape.parts)

    def scalar(self, schema: dict[str, Any], value: Any, sure: bool = True) -> bool:
        """True when `value` fits what `schema` says of types, fixed values, texts and numbers."""
        if "type" in schema and not is_type(schema["type"], value):
            return False
        if "const" in schema and same(schema["const"]) != same(value):
            return False
        if "enum" in schema and not one_of(schema["enum"], value):
            return False
        if isinstance(value, str):
            return self._text(schema, value, sure)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _number(schema, value, sure)
        return True

    def _text(self, schema: dict[str, Any], value: str, sure: bool) -> bool:
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 1e9):
            return False
        if "pattern" in schema:
            patterns = self.schemas.patterns
            if not patterns.matches(schema["pattern"], value, sure):
                return False
        return not sure or "format" not in schema or formats.fits(schema["format"], value)


def one_of(options: list[Any], value: Any) -> bool:
    """True when `value` equals one of the options as JSON."""
    if isinstance(value, str):
        return value in options
    key = same(value)
    return any(same(option) == key for option in options)


def is_type(types: str | list[str], value: Any) -> bool:
    """True when `value` is of one of the types. A boolean is no number; 12.0 is an integer."""
    names = [types] if isinstance(types, str) else types
    if isinstance(value, bool):
        return "boolean" in names
    if isinstance(value, float) and value.is_integer() and "integer" in names:
        return True
    return any(isinstance(value, _PYTHON_TYPES[name]) for name in names)


def _number(schema: dict[str, Any], value: float, sure: bool) -> bool:
    low, high = schema.get("minimum"), schema.get("maximum")
    over, under = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if low is not None and (value < low or (over is True and value == low)):
        return False
    if high is not None and (value > high or (under is True and value == high)):
        return False
    if not isinstance(over, bool | None) and value <= over:
        return False
    if not isinstance(under, bool | None) and value >= under:
        return False
    return "multipleOf" not in schema or _is_multiple(value, schema["multipleOf"], sure)


def _is_multiple(value: float, step: float, sure: bool) -> bool:
    in_decimal = Fraction(str(value)) % Fraction(str(step)) == 0
    if isinstance(value, int) and isinstance(step, int):
        return in_decimal
    try:
        in_binary = (value / step).is_integer()
    except OverflowError:
        in_binary = not sure
    return in_decimal and in_binary if sure else in_decimal or in_binary
