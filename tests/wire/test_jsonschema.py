"""Gemini's Schema as JSON Schema, and what is refused before anything is filled."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinsight.errors import InvalidValue
from twinsight.filling.document import NOTHING, dump, fill
from twinsight.wire.jsonschema import check, from_openapi


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        pytest.param({}, {}, id="empty"),
        pytest.param({"type": "STRING"}, {"type": "string"}, id="type"),
        pytest.param({"type": "string"}, {"type": "string"}, id="lower case"),
        pytest.param({"type": "TYPE_UNSPECIFIED"}, {}, id="unspecified"),
        pytest.param(
            {"type": "INTEGER", "format": "int32", "minimum": 1, "maximum": 5, "title": "N"},
            {"type": "integer", "format": "int32", "minimum": 1, "maximum": 5, "title": "N"},
            id="number",
        ),
        pytest.param(
            {"type": "STRING", "format": "enum", "enum": ["a", "b"]},
            {"type": "string", "enum": ["a", "b"]},
            id="enum",
        ),
        pytest.param(
            {"type": "INTEGER", "enum": ["1", "2"]},
            {"type": "integer", "enum": [1, 2]},
            id="enum of numbers, which the API writes as strings",
        ),
        pytest.param(
            {"type": "STRING", "enum": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
            id="nullable enum",
        ),
        pytest.param(
            {"any_of": [{"type": "STRING"}], "nullable": True},
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            id="nullable any_of",
        ),
        pytest.param(
            {"ref": "#/defs/A", "nullable": True, "defs": {"A": {"type": "STRING"}}},
            {
                "$defs": {"A": {"type": "string"}},
                "anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}],
            },
            id="nullable ref",
        ),
        pytest.param(
            {
                "type": "ARRAY",
                "title": "Placeholder",
                "min_items": 1,
                "max_items": 3,
                "items": {
                    "type": "OBJECT",
                    "properties": {
                        "a": {"type": "STRING", "min_length": 1},
                        "b": {"type": "NUMBER"},
                    },
                    "required": ["a"],
                    "property_ordering": ["b", "gone", "a"],
                    "min_properties": 1,
                },
            },
            {
                "type": "array",
                "title": "Placeholder",
                "minItems": 1,
                "maxItems": 3,
                "items": {
                    "type": "object",
                    "properties": {
                        "b": {"type": "number"},
                        "a": {"type": "string", "minLength": 1},
                    },
                    "required": ["a"],
                    "minProperties": 1,
                },
            },
            id="pydantic list as python sends it",
        ),
        pytest.param(
            {"type": "OBJECT", "additional_properties": {"type": "INTEGER"}, "example": {"a": 1}},
            {
                "type": "object",
                "additionalProperties": {"type": "integer"},
                "examples": [{"a": 1}],
            },
            id="map",
        ),
        pytest.param(
            {"type": "OBJECT", "additional_properties": False, "default": {}},
            {"type": "object", "additionalProperties": False, "default": {}},
            id="closed",
        ),
    ],
)
def test_from_openapi(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    translated = from_openapi(schema)
    assert translated == expected
    for mine, theirs in ((translated, expected), (translated.get("items"), expected.get("items"))):
        if mine and theirs and "properties" in theirs:
            assert list(mine["properties"]) == list(theirs["properties"])
    check(translated, "schema")


def test_from_openapi_leaves_the_request_as_it_is() -> None:
    schema = {"type": "STRING", "enum": ["a"], "nullable": True, "any_of": [{"type": "STRING"}]}
    from_openapi(schema)
    assert schema["enum"] == ["a"]
    assert schema["any_of"] == [{"type": "STRING"}]


def test_from_openapi_names_the_place_of_an_unknown_type() -> None:
    schema = {"type": "OBJECT", "properties": {"a": {"items": {"type": "TEXT"}}}}
    with pytest.raises(InvalidValue) as caught:
        from_openapi(schema)
    assert caught.value.message == (
        "Invalid value at 'generation_config.response_schema.properties[a].items.type': "
        "unknown type 'TEXT'"
    )


def nested(depth: int, around: str, inside: dict[str, Any]) -> dict[str, Any]:
    for _ in range(depth):
        inside = {around: inside if around in ("items", "not") else [inside]}
    return inside


def chain(length: int) -> dict[str, Any]:
    """Definitions of which each is the next."""
    names: dict[str, Any] = {f"D{n}": {"$ref": f"#/$defs/D{n + 1}"} for n in range(length)}
    return {"$defs": {**names, f"D{length}": {}}, "$ref": "#/$defs/D0"}


def doubling(levels: int) -> dict[str, Any]:
    """Required properties that double at every level: a small schema, a huge answer."""
    names: dict[str, Any] = {
        f"D{n}": {
            "type": "object",
            "properties": {side: {"$ref": f"#/$defs/D{n + 1}"} for side in "ab"},
            "required": ["a", "b"],
        }
        for n in range(levels)
    }
    return {"$defs": {**names, f"D{levels}": {"type": "string"}}, "$ref": "#/$defs/D0"}


REFUSED = [
    pytest.param([], "", "must be an object", id="no object"),
    pytest.param({"type": "text"}, ".type", "unknown type 'text'", id="unknown type"),
    pytest.param({"type": "STRING"}, ".type", "unknown type 'STRING'", id="upper case"),
    pytest.param({"type": []}, ".type", "must name a type", id="no type"),
    pytest.param({"type": [["string"]]}, ".type", "unknown type", id="type in a list in a list"),
    pytest.param({"properties": []}, ".properties", "must be an object", id="properties as list"),
    pytest.param({"properties": {"a": 1}}, ".properties[a]", "must be an object", id="number"),
    pytest.param({"items": "x"}, ".items", "must be an object", id="items as text"),
    pytest.param({"anyOf": {}}, ".anyOf", "must be a list", id="anyOf as object"),
    pytest.param({"anyOf": []}, ".anyOf", "must not be empty", id="anyOf of nothing"),
    pytest.param({"enum": []}, ".enum", "at least one value", id="empty enum"),
    pytest.param({"enum": "a"}, ".enum", "at least one value", id="enum as text"),
    pytest.param({"required": "a"}, ".required", "list of names", id="required as text"),
    pytest.param({"required": [1]}, ".required", "list of names", id="required numbers"),
    pytest.param({"$ref": 1}, ".$ref", "must be a string", id="ref as number"),
    pytest.param({"$ref": "#/$defs/A"}, ".$ref", "leads nowhere", id="missing ref"),
    pytest.param({"$ref": "#anchor"}, ".$ref", "not a JSON pointer", id="anchor"),
    pytest.param({"$ref": "https://a.b/c"}, ".$ref", "not in this schema", id="remote ref"),
    pytest.param({"$ref": "file.json#/a"}, ".$ref", "not in this schema", id="file ref"),
    pytest.param({"title": "a", "$ref": "#/title"}, ".$ref", "not a schema", id="ref to text"),
    pytest.param({"minItems": 3, "maxItems": 2}, "", "minItems 3 is over", id="items"),
    pytest.param({"minLength": 3, "maxLength": 2}, "", "minLength 3 is over", id="length"),
    pytest.param({"minimum": 3, "maximum": 2}, "", "no number lies between", id="number bounds"),
    pytest.param({"minimum": 2, "exclusiveMaximum": 2}, "", "no number", id="exclusive bounds"),
    pytest.param({"minItems": -1}, ".minItems", "0 or more", id="negative count"),
    pytest.param({"minItems": "3"}, ".minItems", "0 or more", id="count as text"),
    pytest.param({"minItems": 1.5}, ".minItems", "0 or more", id="half a count"),
    pytest.param({"minItems": float("inf")}, ".minItems", "0 or more", id="infinite count"),
    pytest.param({"minItems": 10**9}, ".minItems", "must not be over", id="huge count"),
    pytest.param({"minLength": 10**9}, ".minLength", "must not be over", id="huge text"),
    pytest.param({"minimum": "0"}, ".minimum", "finite number", id="minimum as text"),
    pytest.param({"minimum": float("nan")}, ".minimum", "finite number", id="nan"),
    pytest.param({"multipleOf": 0}, ".multipleOf", "over 0", id="multiple of 0"),
    pytest.param({"multipleOf": True}, ".multipleOf", "finite number", id="multiple of true"),
    pytest.param({"default": float("inf")}, ".default", "must be finite", id="infinite default"),
    pytest.param({"pattern": "["}, "", "cannot be used", id="broken pattern"),
    pytest.param({"pattern": "(a)\\1"}, "", "back references", id="back reference"),
    pytest.param({"pattern": "a{99999}"}, "", "too large", id="huge pattern"),
    pytest.param({"pattern": "(" * 500}, "", "nested too deeply", id="deep pattern"),
    pytest.param(
        {"unevaluatedItems": False}, ".unevaluatedItems", "not supported", id="unevaluated"
    ),
    pytest.param(
        {"items": {"$id": "x"}}, ".items.$id", "only supported at the root", id="inner id"
    ),
    pytest.param(
        {"required": ["b"], "properties": {"a": {}}, "additionalProperties": False},
        ".required",
        "'b' is not a property",
        id="required but forbidden",
    ),
    pytest.param({"$ref": "#"}, "", "its own definition", id="ref to itself"),
    pytest.param({"allOf": [{"$ref": "#"}]}, "", "its own definition", id="allOf of itself"),
    pytest.param(
        {"properties": {"a": {"$ref": "#"}}, "required": ["a"], "type": "object"},
        "",
        "no finite value",
        id="endless object",
    ),
    pytest.param(
        {"items": {"$ref": "#"}, "minItems": 1, "type": "array"}, "", "no finite", id="endless list"
    ),
    pytest.param({"type": "string", "enum": [1, 2]}, "", "no finite value", id="enum of no type"),
    pytest.param({"not": {}}, "", "no finite value", id="not anything"),
    pytest.param(nested(65, "items", {}), ".items" * 20, "over 64 levels", id="deep items"),
    pytest.param(nested(65, "allOf", {}), "", "over 64 levels", id="deep allOf"),
    pytest.param(nested(900, "not", {}), "", "over 64 levels", id="very deep"),
    pytest.param(chain(65), "", "chained over 64", id="long chain of refs"),
    pytest.param(chain(3000), "", "chained over 64", id="very long chain of refs"),
    pytest.param(doubling(30), "", "no finite value", id="an answer of a billion values"),
    pytest.param(
        {"properties": {f"p{n}": {} for n in range(10_001)}},
        "",
        "over 10000 parts",
        id="many nodes",
    ),
    pytest.param({"enum": list(range(10_001))}, ".enum", "over 10000 parts", id="many options"),
    pytest.param(
        {"const": nested(70, "items", {})}, ".const", "nested too deeply", id="deep const"
    ),
    pytest.param(
        {"anyOf": [{"pattern": f"^{n}$"} for n in range(101)]},
        "",
        "over 100 patterns",
        id="patterns",
    ),
    pytest.param(
        {"allOf": [{"pattern": f"a{{{9000 + n}}}"} for n in range(80)]},
        "",
        "patterns are too large",
        id="large patterns",
    ),
]


@pytest.mark.parametrize(("schema", "place", "why"), REFUSED)
def test_refused(schema: Any, place: str, why: str) -> None:
    started = time.process_time()
    with pytest.raises(InvalidValue) as caught:
        check(schema, "schema")
    assert why in caught.value.message
    assert f"'schema{place}" in caught.value.message
    assert len(caught.value.message) < 1_000
    assert time.process_time() - started < 5


ACCEPTED = [
    pytest.param({}, id="anything"),
    pytest.param({"$schema": "http://json-schema.org/draft-07/schema#", "$id": "a"}, id="root id"),
    pytest.param({"properties": {"never": False}}, id="forbidden property"),
    pytest.param({"properties": {"a": {"$ref": "#"}}}, id="optional recursion"),
    pytest.param({"minItems": 2.0, "maxItems": 2}, id="count as whole float"),
    pytest.param({"exclusiveMinimum": True, "minimum": 1}, id="draft 4 exclusive"),
    pytest.param({"$ref": "#/properties/a~1b", "properties": {"a/b": {}}}, id="escaped pointer"),
    pytest.param({"$ref": "#/x-models/A", "x-models": {"A": {}}}, id="ref to an unknown keyword"),
    pytest.param({"items": [{}, {"type": "string"}], "additionalItems": False}, id="draft 7 tuple"),
    pytest.param(nested(64, "items", {}), id="64 levels"),
    pytest.param(chain(62), id="chain of refs"),
    pytest.param(doubling(8), id="an answer of hundreds of values"),
    pytest.param({"deprecated": True, "readOnly": True, "x-order": 3}, id="unknown keywords"),
    pytest.param({"pattern": "^(a+)+$", "type": "string"}, id="pattern that re chokes on"),
    pytest.param(
        {
            "type": "object",
            "required": ["x1"],
            "patternProperties": {"^x": {"type": "integer"}},
            "additionalProperties": False,
        },
        id="required by pattern",
    ),
]


@pytest.mark.parametrize("schema", ACCEPTED)
def test_accepted(schema: dict[str, Any]) -> None:
    assert check(schema, "schema") is schema


def fanned(width: int, levels: int, key: str) -> dict[str, Any]:
    """Every definition offers the next one many times over."""
    names: dict[str, Any] = {
        f"D{n}": {key: [{"$ref": f"#/$defs/D{n + 1}"} for _ in range(width)]} for n in range(levels)
    }
    return {"$defs": {**names, f"D{levels}": {"type": "string"}}, "$ref": "#/$defs/D0"}


def mutual(count: int) -> dict[str, Any]:
    """Kinds of objects that all require one another, and none that ends."""
    names = [f"D{n}" for n in range(count)]
    kinds: dict[str, Any] = {
        name: {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {"x": {"$ref": f"#/$defs/{other}"}},
                    "required": ["x"],
                }
                for other in names
            ]
        }
        for name in names
    }
    return {"$defs": kinds, "$ref": "#/$defs/D0"}


HOSTILE = [
    pytest.param(fanned(10, 20, "anyOf"), id="anyOf fan"),
    pytest.param(fanned(10, 20, "oneOf"), id="oneOf fan"),
    pytest.param(fanned(10, 20, "allOf"), id="allOf fan"),
    pytest.param(mutual(20), id="mutual recursion"),
    pytest.param(
        {"allOf": [{"anyOf": [{"minimum": n}, {"maximum": n}]} for n in range(31)]},
        id="2^31 shapes",
    ),
    pytest.param(
        {"type": "array", "uniqueItems": True, "minItems": 5000, "items": {"type": "integer"}},
        id="5000 different items",
    ),
    pytest.param(
        {"type": "string", "pattern": "^(a?){200}(a+)+b$", "minLength": 5000}, id="pattern"
    ),
    pytest.param({"type": "string", "pattern": "(?=(.*)*x)(?=(.*)*y)^(.|\\s)*z$"}, id="lookaheads"),
    pytest.param({"type": "number", "multipleOf": 1e-300, "minimum": 1e300}, id="tiny steps"),
    pytest.param({"type": "integer", "minimum": 10**4000}, id="huge number"),
    pytest.param(
        {"type": "number", "minimum": 1e308, "exclusiveMinimum": 1e308}, id="near infinity"
    ),
]


@pytest.mark.parametrize("schema", HOSTILE)
def test_hostile_schema_takes_bounded_time(schema: dict[str, Any]) -> None:
    started = time.process_time()
    with suppress(InvalidValue):
        fill(check(schema, "schema"), NOTHING)
    assert time.process_time() - started < 30


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "properties",
                    "items",
                    "required",
                    "enum",
                    "anyOf",
                    "$ref",
                    "minimum",
                    "allOf",
                    "maxItems",
                    "additionalProperties",
                    "pattern",
                    "not",
                    "if",
                    "const",
                    "$defs",
                    "a",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_any_json_is_checked_or_refused(schema: Any) -> None:
    try:
        checked = check(schema, "schema")
    except InvalidValue:
        return
    value = fill(checked, NOTHING)
    assert json.loads(dump(value)) == value
