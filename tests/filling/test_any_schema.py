"""Random schemas and random facts: whatever comes in, the answer validates.

TWINSIGHT_FILL_EXAMPLES sets how many examples each test tries.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from tests.filling.checked import assert_valid, filled
from twinsight.errors import InvalidValue
from twinsight.filling.check import Checker
from twinsight.filling.document import NOTHING, Ask, Facts, Given, dump, fill
from twinsight.wire.jsonschema import check

EXAMPLES = int(os.environ.get("TWINSIGHT_FILL_EXAMPLES", "60"))
NAMES = st.sampled_from(["label", "box_2d", "score", "kind", "next", "é"])
SMALL = st.integers(-20, 20)
HALVES = st.integers(-40, 40).map(lambda n: n / 2)
WORDS = st.sampled_from(
    ["", "cat", "Cat", "unknown", "red kettle", "2026-11-22", "é", "7", "x" * 30]
)
SCALARS = st.none() | st.booleans() | SMALL | HALVES | WORDS
JSON = st.recursive(
    SCALARS | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
PATTERNS = st.sampled_from(
    [
        r"^[a-z]+$",
        r"\d",
        r"^(cat|dog)$",
        r"^#[0-9a-f]{6}$",
        r"^(?!cat)\w{3}",
        r"^[^a]*$",
        r"^\S+@\S+$",
    ]
)
FORMAT_NAMES = st.sampled_from(
    ["date-time", "date", "time", "email", "uuid", "ipv4", "uri", "int32"]
)


@st.composite
def bounds(draw: st.DrawFn, low: str, high: str, most: int) -> dict[str, Any]:
    pair = sorted(draw(st.tuples(st.integers(0, most), st.integers(0, most))))
    keys = draw(st.sets(st.sampled_from([low, high])))
    return {key: value for key, value in zip((low, high), pair, strict=True) if key in keys}


@st.composite
def strings(draw: st.DrawFn) -> dict[str, Any]:
    schema = {"type": "string", **draw(bounds("minLength", "maxLength", 12))}
    extra = draw(st.sampled_from(["", "", "pattern", "format"]))
    if extra:
        schema[extra] = draw(PATTERNS if extra == "pattern" else FORMAT_NAMES)
    return schema


@st.composite
def numbers(draw: st.DrawFn) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": draw(st.sampled_from(["integer", "number"]))}
    low, high = sorted(draw(st.tuples(HALVES, HALVES)))
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = low
    if draw(st.booleans()):
        schema[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = high
    if draw(st.integers(0, 3)) == 0:
        schema["multipleOf"] = draw(st.sampled_from([1, 2, 3, 0.5, 0.1, 0.01, 2.5]))
    return schema


SIMPLE: list[dict[str, Any]] = [
    {"type": "boolean"},
    {"type": "null"},
    {},
    {"type": ["integer", "null"]},
    {"$ref": "#/$defs/A"},
    {"$ref": "#/$defs/B"},
    {"$ref": "#"},
]


@st.composite
def fixed(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.booleans()):
        return {"const": draw(SCALARS)}
    return {"enum": draw(st.lists(SCALARS, min_size=1, max_size=4))}


LEAVES: st.SearchStrategy[dict[str, Any]] = (
    strings() | numbers() | fixed() | st.sampled_from(SIMPLE)
)


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    properties = draw(st.dictionaries(NAMES, inner, max_size=4))
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    required = [name for name in properties if draw(st.booleans())]
    if required:
        schema["required"] = required
    kind = draw(st.sampled_from(["", "", "closed", "map", "pattern", "names", "size", "depend"]))
    if kind == "closed":
        schema["additionalProperties"] = False
    elif kind == "map":
        schema["additionalProperties"] = draw(inner)
    elif kind == "pattern":
        schema["patternProperties"] = {draw(st.sampled_from(["^l", "x", "."])): draw(inner)}
    elif kind == "names":
        schema["propertyNames"] = {"maxLength": draw(st.integers(1, 8))}
    elif kind == "size":
        schema |= draw(bounds("minProperties", "maxProperties", 6))
    elif kind == "depend" and len(properties) > 1:
        first, *others = properties
        schema["dependentRequired"] = {first: others}
    return schema


@st.composite
def arrays(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "array", **draw(bounds("minItems", "maxItems", 5))}
    if draw(st.booleans()):
        schema["items"] = draw(inner)
    kind = draw(st.sampled_from(["", "", "unique", "tuple", "contains"]))
    if kind == "unique":
        schema["uniqueItems"] = True
    elif kind == "tuple":
        schema["prefixItems"] = draw(st.lists(inner, min_size=1, max_size=3))
        if draw(st.booleans()):
            schema["items"] = False
    elif kind == "contains":
        schema["contains"] = draw(inner)
    return schema


@st.composite
def combined(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    key = draw(st.sampled_from(["anyOf", "anyOf", "oneOf", "allOf", "not", "if", "nullable"]))
    if key == "nullable":
        return {"anyOf": [draw(inner), {"type": "null"}], "description": "perhaps"}
    if key == "not":
        return {**draw(inner), "not": draw(inner)}
    if key == "if":
        return {"if": draw(inner), "then": draw(inner), "else": draw(inner)}
    schema: dict[str, Any] = {key: draw(st.lists(inner, min_size=1, max_size=3))}
    if draw(st.integers(0, 3)) == 0:
        schema = {**draw(inner), **schema}
    return schema


TREES: st.SearchStrategy[dict[str, Any]] = st.recursive(
    LEAVES,
    lambda inner: objects(inner) | objects(inner) | arrays(inner) | combined(inner),
    max_leaves=10,
)


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, Any]:
    return {**draw(TREES), "$defs": {"A": draw(TREES), "B": draw(TREES)}}


class Unruly:
    """Facts that answer each question with whatever is drawn, of whatever type."""

    def __init__(self, data: st.DataObject, depth: int = 0) -> None:
        self.data = data
        self.depth = depth

    def value(self, ask: Ask) -> object | None:
        return self.data.draw(JSON)

    def items(self, ask: Ask) -> Sequence[Facts] | None:
        if self.depth > 3:
            return None
        count = self.data.draw(st.none() | st.integers(0, 3))
        return None if count is None else [Unruly(self.data, self.depth + 1) for _ in range(count)]

    def inside(self, ask: Ask) -> Facts:
        return Unruly(self.data, self.depth + 1) if self.depth < 4 else NOTHING


def checked(schema: dict[str, Any]) -> dict[str, Any]:
    try:
        return check(schema, "schema")
    except InvalidValue as error:
        event(f"refused: {error.message[25:60]}")
        assume(False)
        raise


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(schemas(), st.data())
def test_any_schema_with_unruly_facts(schema: dict[str, Any], data: st.DataObject) -> None:
    schema = checked(schema)
    value = fill(schema, Unruly(data))
    assert_valid(schema, value)
    assert json.loads(dump(value)) == value


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(schemas(), JSON)
def test_any_schema_with_plain_data(schema: dict[str, Any], facts: Any) -> None:
    schema = checked(schema)
    value = fill(schema, Given(facts))
    assert_valid(schema, value)
    assert_valid(schema, fill(schema, NOTHING))


@settings(max_examples=EXAMPLES, deadline=None)
@given(TREES, JSON)
def test_filling_again_with_the_answer_keeps_it_valid(schema: dict[str, Any], facts: Any) -> None:
    schema = checked({**schema, "$defs": {"A": {"type": "string"}, "B": {"type": "integer"}}})
    again = fill(schema, Given(fill(schema, Given(facts))))
    assert_valid(schema, again)


# --- A schema that surely has a value -------------------------------------------------------

CLEAN = st.recursive(
    st.none() | st.booleans() | SMALL | HALVES | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=10,
)
TYPE_OF = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


def stands_alone(schema: dict[str, Any]) -> bool:
    """True for a schema that is well-formed on its own, if perhaps without a value."""
    if '"#"' in json.dumps(schema):
        return False
    try:
        Checker({**schema, "$defs": {"A": {}, "B": {}}}, "schema").run()
    except InvalidValue:
        return False
    return True


@st.composite
def around(draw: st.DrawFn, value: Any, exact: bool, defs: dict[str, Any]) -> dict[str, Any]:
    """A schema that `value` satisfies; `exact`: without alternatives that may be as good."""
    schema = draw(plainly_around(value, exact, defs))
    kind = draw(st.sampled_from(["", "", "", "ref", "all", "any", "enum", "null"]))
    if kind == "ref":
        name = f"D{len(defs)}"
        defs[name] = schema
        return {"$ref": f"#/$defs/{name}", "description": "referred to"}
    if kind == "all":
        return {"allOf": [schema, draw(plainly_around(value, exact, defs))]}
    if kind == "null":
        return {"anyOf": [{"type": "null"}, schema]}
    if kind == "any" and not exact:
        others = draw(st.lists(TREES.filter(stands_alone), max_size=2))
        return {"anyOf": draw(st.permutations([schema, *others]))}
    if kind == "enum" and not exact:
        return {"enum": draw(st.permutations([value, *draw(st.lists(SCALARS, max_size=2))]))}
    return schema


@st.composite
def plainly_around(
    draw: st.DrawFn, value: Any, exact: bool, defs: dict[str, Any]
) -> dict[str, Any]:
    slack = st.integers(0, 3)
    if isinstance(value, dict):
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {k: draw(around(v, exact, defs)) for k, v in value.items()},
            "required": [name for name in value if draw(st.booleans())],
            "minProperties": max(0, len(value) - draw(slack)),
            "maxProperties": len(value) + draw(slack),
        }
    elif isinstance(value, list):
        items = [draw(around(item, exact, defs)) for item in value]
        schema = {"type": "array", "prefixItems": items}
        schema["minItems"] = max(0, len(value) - draw(slack))
        schema["maxItems"] = len(value) + draw(slack)
        if value and all(json.dumps(item) == json.dumps(value[0]) for item in value):
            schema = {"type": "array", "items": items[0], "minItems": schema["minItems"]}
    else:
        schema = {"type": TYPE_OF[type(value)]}
        if isinstance(value, str):
            schema["maxLength"] = len(value) + draw(slack)
            schema["minLength"] = max(0, len(value) - draw(slack))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            schema |= {"minimum": value - draw(slack), "maximum": value + draw(slack)}
    return schema


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CLEAN, st.data())
def test_schema_with_a_value_is_never_refused(value: Any, data: st.DataObject) -> None:
    defs: dict[str, Any] = {"A": {"type": "string"}, "B": {"type": "integer"}}
    schema = {"anyOf": [data.draw(around(value, False, defs))], "$defs": defs}
    assert_valid(schema, value)
    filled(schema)
    filled(schema, value)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CLEAN, st.data())
def test_known_value_that_fits_is_given_as_it_is(value: Any, data: st.DataObject) -> None:
    assume("null" not in json.dumps(value))
    defs: dict[str, Any] = {}
    schema = {"anyOf": [data.draw(around(value, True, defs))], "$defs": defs}
    assert_valid(schema, value)
    assert filled(schema, value) == value
