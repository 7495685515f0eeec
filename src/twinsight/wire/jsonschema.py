"""Schemas of a request made ready for filling: Gemini's own dialect and plain JSON Schema.

`from_openapi` turns the Schema of `responseSchema` into JSON Schema; `check` refuses a schema that
is malformed, contradicts itself, asks for an endless value, or would cost too much work.
Rules: CONTRACT §3.3; JSON Schema draft 2020-12, with draft 7's `definitions` and `items` lists.
"""

from __future__ import annotations

from typing import Any

from twinsight.errors import InvalidValue
from twinsight.filling.check import MAX_DEPTH, TYPES, Checker, short
from twinsight.filling.document import IMPOSSIBLE, neutral_value
from twinsight.filling.neutral import MAX_VALUES

_RENAMED = {
    "format": "format",
    "title": "title",
    "description": "description",
    "default": "default",
    "min_items": "minItems",
    "max_items": "maxItems",
    "min_properties": "minProperties",
    "max_properties": "maxProperties",
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
    "minimum": "minimum",
    "maximum": "maximum",
}


def from_openapi(
    schema: dict[str, Any], path: str = "generation_config.response_schema"
) -> dict[str, Any]:
    """Gemini's `Schema`, parsed (keys in snake_case, types upper-case), as JSON Schema.

    `nullable` becomes a type list with "null" (and null joins the enum); properties take the order
    of `property_ordering`. Raises InvalidValue for an unknown type or too deep a nesting; the
    result still has to pass `check`.
    """
    return _translated(schema, path, 0)


def _translated(schema: dict[str, Any], path: str, depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise InvalidValue(short(path), f"the schema is nested over {MAX_DEPTH} levels deep")
    result: dict[str, Any] = {}
    type_name = str(schema.get("type") or "").lower()
    if type_name and type_name != "type_unspecified":
        if type_name not in TYPES:
            raise InvalidValue(f"{path}.type", f"unknown type '{schema['type']}'")
        result["type"] = type_name
    for name, renamed in _RENAMED.items():
        if schema.get(name) is not None and (name, schema[name]) != ("format", "enum"):
            result[renamed] = schema[name]
    if schema.get("example") is not None:
        result["examples"] = [schema["example"]]
    if schema.get("enum"):
        result["enum"] = [_option(option, type_name) for option in schema["enum"]]
    if schema.get("ref"):
        result["$ref"] = schema["ref"].replace("#/defs/", "#/$defs/", 1)
    if schema.get("defs"):
        result["$defs"] = _all(schema["defs"], f"{path}.defs", depth)
    if schema.get("items") is not None:
        result["items"] = _translated(schema["items"], f"{path}.items", depth + 1)
    if schema.get("any_of"):
        result["anyOf"] = [
            _translated(option, f"{path}.any_of[{index}]", depth + 1)
            for index, option in enumerate(schema["any_of"])
        ]
    _translate_object(schema, result, path, depth)
    return _nullable(result) if schema.get("nullable") else result


def _translate_object(
    schema: dict[str, Any], result: dict[str, Any], path: str, depth: int
) -> None:
    if schema.get("properties"):
        properties = schema["properties"]
        first = [name for name in schema.get("property_ordering") or () if name in properties]
        order = dict.fromkeys([*first, *properties])
        ordered = {name: properties[name] for name in order}
        result["properties"] = _all(ordered, f"{path}.properties", depth)
    if schema.get("required"):
        result["required"] = list(schema["required"])
    more = schema.get("additional_properties")
    if isinstance(more, dict):
        more = _translated(more, f"{path}.additional_properties", depth + 1)
    if more is not None:
        result["additionalProperties"] = more


def _all(schemas: dict[str, Any], path: str, depth: int) -> dict[str, Any]:
    return {
        name: _translated(schema, f"{path}[{name}]", depth + 1) for name, schema in schemas.items()
    }


def _option(option: Any, type_name: str) -> Any:
    """An option of an enum: the API writes numbers as strings, since its enum is of strings."""
    if type_name not in ("integer", "number") or not isinstance(option, str):
        return option
    try:
        return int(option) if type_name == "integer" else float(option)
    except ValueError:
        return option


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that also takes null."""
    if "$ref" in schema:
        ref = {"$ref": schema.pop("$ref")}
        return {**schema, "anyOf": [ref, {"type": "null"}]}
    if "type" in schema and schema["type"] != "null":
        schema["type"] = [schema["type"], "null"]
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"].append(None)
    if "anyOf" in schema:
        schema["anyOf"].append({"type": "null"})
    return schema


def check(schema: Any, path: str) -> dict[str, Any]:
    """The caller's JSON Schema, when it can be filled; `path` is its place in the request.

    Raises InvalidValue for what is malformed, unsupported, contradictory, endless or too large.
    """
    if not isinstance(schema, dict):
        raise InvalidValue(path, "a JSON schema must be an object")
    Checker(schema, path).run()
    if neutral_value(schema) is IMPOSSIBLE:
        raise InvalidValue(
            path,
            "no finite value was found that satisfies the schema: its conditions contradict each "
            "other, or a required property holds its own kind without end, or the smallest answer "
            f"has over {MAX_VALUES} values, or the search takes too much work",
        )
    return schema
