"""Filling a schema and judging the result by an independent validator."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

from twinsight.filling.document import NOTHING, Given, fill
from twinsight.wire.jsonschema import check

FORMATS = Draft202012Validator.FORMAT_CHECKER


def assert_valid(schema: dict[str, Any], value: Any) -> None:
    errors = list(Draft202012Validator(schema, format_checker=FORMATS).iter_errors(value))
    assert not errors, f"{errors[0].message} in {value!r} for {json.dumps(schema)}"


def filled(schema: dict[str, Any], facts: Any = None) -> Any:
    """Check, fill and validate; `facts` is plain data, or None for nothing known."""
    checked = check(schema, "schema")
    value = fill(checked, NOTHING if facts is None else Given(facts))
    assert_valid(checked, value)
    return value
