"""How a request says whether functions are called, and which (CONTRACT §3.5)."""

from __future__ import annotations

from typing import Any

import pytest

from twinsight.errors import InvalidArgument
from twinsight.prompt import Prompt
from twinsight.wire import read

TOOLS = [{"functionDeclarations": [{"name": "get_weather"}, {"name": "set_lamp"}]}]


def prompt_with(calling: dict[str, Any] | None, tools: Any = TOOLS) -> Prompt:
    body: dict[str, Any] = {"contents": [{"parts": [{"text": "Hello"}]}], "tools": tools}
    if calling is not None:
        body["toolConfig"] = {"functionCallingConfig": calling}
    return read.generate_request(body, read.Caller(2.5, sdk=False))


MODES = {
    "absent": (None, "AUTO"),
    "empty": ({}, "AUTO"),
    "auto": ({"mode": "AUTO"}, "AUTO"),
    "unspecified": ({"mode": "MODE_UNSPECIFIED"}, "AUTO"),
    "any": ({"mode": "ANY"}, "ANY"),
    "lower case": ({"mode": "any"}, "ANY"),
    "none": ({"mode": "NONE"}, "NONE"),
    "validated": ({"mode": "VALIDATED"}, "AUTO"),
}


@pytest.mark.parametrize(("calling", "expected"), MODES.values(), ids=MODES.keys())
def test_mode(calling: dict[str, Any] | None, expected: str) -> None:
    assert prompt_with(calling).calling == expected


@pytest.mark.parametrize("mode", ["ANY", "VALIDATED"])
def test_allowed_names(mode: str) -> None:
    prompt = prompt_with({"mode": mode, "allowedFunctionNames": ["set_lamp"]})
    assert prompt.allowed == ("set_lamp",)


REFUSED = {
    "unknown name": ({"mode": "ANY", "allowedFunctionNames": ["fly"]}, TOOLS, "'fly'"),
    "names with auto": ({"allowedFunctionNames": ["set_lamp"]}, TOOLS, "only with mode ANY"),
    "names with none": (
        {"mode": "NONE", "allowedFunctionNames": ["set_lamp"]},
        TOOLS,
        "only with mode ANY",
    ),
    "any without functions": ({"mode": "ANY"}, [], "needs function declarations"),
}


@pytest.mark.parametrize(("calling", "tools", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(calling: dict[str, Any], tools: Any, said: str) -> None:
    with pytest.raises(InvalidArgument, match=said):
        prompt_with(calling, tools)
