"""The filler: known values go in, unknown ones stay neutral, and the result always validates."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.filling.checked import assert_valid, filled
from twinsight.filling.document import Ask, Facts, Given, dump, fill
from twinsight.wire.jsonschema import from_openapi

# --- The shapes that SDKs send -------------------------------------------------------------

BOX = {
    "type": "object",
    "properties": {
        "box_2d": {"type": "array", "items": {"type": "integer"}, "minItems": 4, "maxItems": 4},
        "label": {"type": "string"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
    },
    "required": ["box_2d", "label"],
}
PYDANTIC_BOXES = {"$defs": {"Box": BOX}, "items": {"$ref": "#/$defs/Box"}, "type": "array"}
KETTLE = {"box_2d": [214, 105, 688, 471], "label": "red kettle"}

ZOD = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "objects": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "count": {"type": "integer", "minimum": 0, "maximum": 9007199254740991},
                    "colour": {"type": ["string", "null"]},
                },
                "required": ["name", "count", "colour"],
                "additionalProperties": False,
            },
        },
        "first": {"$ref": "#/properties/objects/items"},
        "email": {
            "type": "string",
            "format": "email",
            "pattern": r"^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]@"
            r"([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$",
        },
    },
    "required": ["objects", "email"],
    "additionalProperties": False,
}

UNION = {
    "$defs": {
        "Cat": {
            "type": "object",
            "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}},
            "required": ["kind", "lives"],
        },
        "Dog": {
            "type": "object",
            "properties": {"kind": {"const": "dog"}, "breed": {"type": "string"}},
            "required": ["kind", "breed"],
        },
    },
    "discriminator": {"propertyName": "kind"},
    "oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}],
}

TREE = {
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
                "parent": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
                "twin": {"$ref": "#/$defs/Node"},
            },
            "required": ["name", "children"],
        }
    },
    "$ref": "#/$defs/Node",
}

TYPED_DICT = {
    "title": "Invoice",
    "type": "object",
    "properties": {
        "total": {"type": "number", "exclusiveMinimum": 0},
        "date": {"type": "string", "format": "date"},
        "paid": {"type": "boolean"},
        "lines": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
    },
    "required": ["total", "date"],
}

MAP = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}
ZOD_RECORD = {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}, "minProperties": 1}
TUPLE = {
    "type": "array",
    "prefixItems": [{"type": "string"}, {"type": "integer"}, {"type": ["boolean", "null"]}],
    "items": False,
    "minItems": 3,
}
POLYGONS = {
    "type": "array",
    "items": {
        "type": "array",
        "items": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
    },
}
ALL_OF = {
    "allOf": [
        {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
        {"properties": {"a": {"minimum": 3}, "b": {"type": "string"}}},
    ],
    "maxProperties": 2,
}


@pytest.mark.parametrize(
    ("schema", "facts", "expected"),
    [
        pytest.param(PYDANTIC_BOXES, [KETTLE], [{**KETTLE, "note": None}], id="pydantic boxes"),
        pytest.param(PYDANTIC_BOXES, [], [], id="pydantic boxes, none seen"),
        pytest.param(PYDANTIC_BOXES, None, [], id="pydantic boxes, nothing known"),
        pytest.param(
            ZOD,
            {"objects": [{"name": "cup", "count": 2.0}], "first": {"name": "cup"}},
            {
                "objects": [{"name": "cup", "count": 2, "colour": None}],
                "first": {"name": "cup", "count": 0, "colour": None},
                "email": "unknown@example.com",
            },
            id="zod",
        ),
        pytest.param(ZOD, None, {"objects": [], "email": "unknown@example.com"}, id="zod, nothing"),
        pytest.param(
            UNION,
            {"kind": "dog", "breed": "pug"},
            {"kind": "dog", "breed": "pug"},
            id="union by tag",
        ),
        pytest.param(UNION, {"breed": "pug"}, {"kind": "dog", "breed": "pug"}, id="union by field"),
        pytest.param(UNION, None, {"kind": "cat", "lives": 0}, id="union, nothing known"),
        pytest.param(
            TREE,
            {
                "name": "a",
                "children": [{"name": "b"}],
                "twin": {"name": "c", "twin": {"name": "d"}},
            },
            {
                "name": "a",
                "children": [{"name": "b", "children": [], "parent": None}],
                "parent": None,
                "twin": {
                    "name": "c",
                    "children": [],
                    "parent": None,
                    "twin": {"name": "d", "children": [], "parent": None},
                },
            },
            id="recursive tree",
        ),
        pytest.param(TREE, None, {"name": "", "children": []}, id="recursive tree, nothing known"),
        pytest.param(
            TYPED_DICT,
            {"total": 12.5, "date": "2026-11-22", "paid": True, "lines": ["a", "b", "a"]},
            {"total": 12.5, "date": "2026-11-22", "paid": True, "lines": ["a", "b"]},
            id="typed dict",
        ),
        pytest.param(
            TYPED_DICT,
            {"total": -4, "date": "22 Nov"},
            {"total": 0.5, "date": "1970-01-01"},
            id="typed dict, out of bounds",
        ),
        pytest.param(MAP, {"cat": 2, "dog": "3"}, {"cat": 2, "dog": 3}, id="map"),
        pytest.param(MAP, {}, {}, id="map, none seen"),
        pytest.param(MAP, None, {}, id="map, nothing known"),
        pytest.param(ZOD_RECORD, None, {"unknown": None}, id="record with a rule for names"),
        pytest.param(TUPLE, ["cat", 3, True], ["cat", 3, True], id="tuple"),
        pytest.param(TUPLE, ["cat", "x"], ["cat", 0, None], id="tuple, second is no number"),
        pytest.param(TUPLE, None, ["", 0, None], id="tuple, nothing known"),
        pytest.param(
            POLYGONS, [[[1, 2], [3, 4.4]], []], [[[1, 2], [3, 4]], []], id="lists of lists"
        ),
        pytest.param(ALL_OF, {"a": 1, "b": "x"}, {"a": 3, "b": "x"}, id="allOf merged"),
        pytest.param({}, {"any": ["thing", 1]}, {"any": ["thing", 1]}, id="anything"),
        pytest.param(
            {"type": "object", "properties": {"a": {"type": "string"}}}, None, {}, id="all optional"
        ),
    ],
)
def test_shape(schema: dict[str, Any], facts: Any, expected: Any) -> None:
    assert filled(schema, facts) == expected


# --- One value ------------------------------------------------------------------------------

ENUM = {"enum": ["Cat", "traffic light", "none", 3, None]}


@pytest.mark.parametrize(
    ("schema", "fact", "expected"),
    [
        pytest.param({"type": "integer"}, 12.6, 13, id="float to integer"),
        pytest.param({"type": "integer"}, "41", 41, id="text to integer"),
        pytest.param({"type": "integer"}, True, 0, id="boolean is no integer"),
        pytest.param({"type": "integer"}, math.nan, 0, id="nan is not known"),
        pytest.param({"type": "number"}, math.inf, 0, id="infinity is not known"),
        pytest.param({"type": "number"}, np.float32(0.5), 0.5, id="numpy number"),
        pytest.param({"type": "integer", "maximum": 10}, 99, 10, id="clamped"),
        pytest.param({"type": "integer", "exclusiveMaximum": 10}, 99, 9, id="clamped, exclusive"),
        pytest.param({"type": "integer", "multipleOf": 5}, 12, 10, id="multiple"),
        pytest.param({"type": "integer", "multipleOf": 2.5}, 12, 10, id="whole multiple of 2.5"),
        pytest.param({"type": "number", "multipleOf": 0.1}, 0.34, 0.4, id="multiple of 0.1"),
        pytest.param({"type": "integer", "minimum": 3}, None, 3, id="zero clamped"),
        pytest.param({"type": "string", "maxLength": 5}, "teapot lid", "teapo", id="text cut"),
        pytest.param(
            {"type": "string", "maxLength": 4}, "red cat", "red", id="text cut at a blank"
        ),
        pytest.param({"type": "string"}, 7, "7", id="number as text"),
        pytest.param({"type": "string"}, ["a"], "", id="a list is no text"),
        pytest.param({"type": "string", "minLength": 1}, None, "-", id="shortest text"),
        pytest.param({"type": "string", "minLength": 4}, None, "unknown", id="text of four"),
        pytest.param({"type": "string", "pattern": "^[A-Z]{2}\\d$"}, None, "AA0", id="pattern"),
        pytest.param(
            {"type": "string", "pattern": "^[A-Z]{2}\\d$"}, "QX7", "QX7", id="fits pattern"
        ),
        pytest.param(
            {"type": "string", "pattern": "^[A-Z]{2}\\d$"}, "q", "AA0", id="breaks pattern"
        ),
        pytest.param({"type": "boolean"}, "yes", True, id="yes"),
        pytest.param({"type": "boolean"}, 1, False, id="one is not true"),
        pytest.param({"type": ["string", "null"]}, None, None, id="nullable, unknown"),
        pytest.param({"type": ["null", "string"]}, "x", "x", id="nullable, known"),
        pytest.param({"type": ["integer", "string"]}, "many", "many", id="second type takes it"),
        pytest.param(
            {"anyOf": [{"type": "integer"}, {"type": "number"}]},
            1.5,
            1.5,
            id="branch that fits as is",
        ),
        pytest.param(
            {"oneOf": [{"type": "number"}, {"type": "integer"}]}, 4, 0.5, id="oneOf refuses"
        ),
        pytest.param({"const": 5}, 9, 5, id="const"),
        pytest.param(ENUM, "cat", "Cat", id="enum by casefold"),
        pytest.param(ENUM, "traffic_light", "traffic light", id="enum by words"),
        pytest.param(ENUM, "3", 3, id="enum number"),
        pytest.param(ENUM, "zebra", None, id="not in the enum, nullable"),
        pytest.param(
            {"enum": ["a", "Other", "b"]}, "zebra", "Other", id="not in the enum, neutral"
        ),
        pytest.param({"enum": ["a", "b"]}, "zebra", "a", id="not in the enum, first"),
        pytest.param({"enum": ["a", "b"], "default": "b"}, None, "b", id="default before first"),
        pytest.param({"type": "array", "maxItems": 2}, [1, 2, 3], [1, 2], id="list cut"),
        pytest.param(
            {"type": "array", "minItems": 2, "items": {"type": "string"}},
            ["a"],
            ["a", ""],
            id="list padded",
        ),
        pytest.param(
            {"type": "array", "items": {"type": "string"}}, "a", ["a"], id="one as a list"
        ),
        pytest.param(
            {"type": "array", "items": {"type": "integer"}, "contains": {"const": 7}},
            [1],
            [1, 7],
            id="contains",
        ),
        pytest.param(
            {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True},
            [2],
            [2, 1, 3],
            id="padded without repeats",
        ),
        pytest.param({"not": {"type": "null"}}, None, False, id="not null"),
        pytest.param({"type": "integer", "not": {"const": 0}}, None, 1, id="integer but not 0"),
    ],
)
def test_value(schema: dict[str, Any], fact: Any, expected: Any) -> None:
    value = filled(schema, fact)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    "name",
    [
        "date-time",
        "date",
        "time",
        "duration",
        "email",
        "hostname",
        "ipv4",
        "ipv6",
        "uri",
        "uuid",
        "uri-reference",
        "iri",
        "regex",
        "json-pointer",
        "idn-email",
        "int32",
        "made-up",
    ],
)
def test_format_is_neutral_and_valid(name: str) -> None:
    assert isinstance(filled({"type": "string", "format": name}), str)
    several = {
        "type": "array",
        "items": {"type": "string", "format": name, "minLength": 1},
        "minItems": 3,
    }
    assert len(filled(several, ["so-so", "2026-11-22T10:00:00Z", "::1"])) == 3


def test_keys_come_in_the_schemas_order() -> None:
    schema = from_openapi(
        {
            "type": "OBJECT",
            "properties": {name: {"type": "STRING"} for name in ("a", "b", "c")},
            "property_ordering": ["c", "a", "b"],
        }
    )
    assert list(filled(schema, {"a": "1", "b": "2", "c": "3"})) == ["c", "a", "b"]


def test_dependent_properties_come_along() -> None:
    schema = {
        "type": "object",
        "properties": {"card": {"type": "string"}, "address": {"type": "string"}},
        "dependentRequired": {"card": ["address"]},
    }
    assert filled(schema, {"card": "x"}) == {"card": "x", "address": ""}


def test_condition_is_followed() -> None:
    schema = {
        "type": "object",
        "properties": {"kind": {"type": "string"}},
        "required": ["kind"],
        "if": {"properties": {"kind": {"const": "box"}}},
        "then": {"properties": {"size": {"type": "integer"}}, "required": ["size"]},
    }
    assert filled(schema, {"kind": "box", "size": 3}) == {"kind": "box", "size": 3}
    assert filled(schema, {"kind": "bag"}) == {"kind": "bag"}


# --- What facts are asked -------------------------------------------------------------------


class Everything:
    """Facts that know an answer to all questions, for ever."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []

    def value(self, ask: Ask) -> object | None:
        self.asked.append(ask)
        return {"string": "cat", "integer": 7, "number": 0.5, "boolean": True}.get(ask.type)

    def items(self, ask: Ask) -> Sequence[Facts] | None:
        return [self, self]

    def inside(self, ask: Ask) -> Facts:
        return self


def test_ask_says_where_and_what() -> None:
    facts = Everything()
    schema = {
        "type": "object",
        "properties": {
            "objects": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"label": {"$ref": "#/$defs/Label", "description": "short"}},
                },
            }
        },
        "$defs": {"Label": {"type": "string", "title": "Label", "description": "long"}},
    }
    assert fill(schema, facts) == {"objects": [{"label": "cat"}, {"label": "cat"}]}
    wanted = {"type": "string", "title": "Label", "description": "short"}
    assert Ask(("objects", "label"), wanted, "string") in facts.asked


def test_endless_facts_come_to_an_end() -> None:
    started = time.process_time()
    value = fill(TREE, Everything())
    assert_valid(TREE, value)
    assert value["children"][0]["name"] == "cat"
    assert time.process_time() - started < 3


def test_three_hundred_boxes_are_fast() -> None:
    started = time.process_time()
    value = fill(PYDANTIC_BOXES, Given([KETTLE] * 300))
    assert len(value) == 300
    assert time.process_time() - started < 1


# --- Text -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param([], "[]", id="empty"),
        pytest.param(
            {"a": "é", "n": 1, "f": 0.5}, '{"a": "é", "n": 1, "f": 0.5}', id="letters stay"
        ),
        pytest.param("\ud800", '"\\ud800"', id="half a letter is escaped"),
        pytest.param(
            [{"box_2d": [1, 2, 3, 4], "label": "a" * 60}] * 2,
            "[\n"
            + ",\n".join(['  {"box_2d": [1, 2, 3, 4], "label": "' + "a" * 60 + '"}'] * 2)
            + "\n]",
            id="long lists by the row",
        ),
    ],
)
def test_dump(value: Any, text: str) -> None:
    assert dump(value) == text
    assert json.loads(text) == value
    assert dump(value).encode()


def test_dump_has_no_nan() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump([math.nan])
