"""Functions are called when they are asked for, with arguments that were said or seen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tasks.drawn import DOG, Drawing, Thing, deltas, replies
from twinsight.prompt import (
    AnswerShape,
    Call,
    CallResult,
    Finish,
    FunctionDeclaration,
    Prompt,
    Text,
    Turn,
)


def function(name: str, description: str, required: str = "", **places: Any) -> FunctionDeclaration:
    schema = {"type": "object", "properties": places, "required": required.split()}
    return FunctionDeclaration(name, description, schema if places else None)


TEXT = {"type": "string"}
INTEGER = {"type": "integer"}
WEATHER = function("get_weather", "Returns the current weather of a city.", "city", city=TEXT)
LAMP = function(
    "set_lamp",
    "Sets the colour of a lamp.",
    "color",
    color={"type": "string", "enum": ["red", "blue"]},
    level=INTEGER,
)
FLIGHT = function(
    "book_flight", "Books a flight.", "origin destination",
    origin=TEXT, destination=TEXT, date=TEXT,
)  # fmt: skip
RECORD = function(
    "record_people", "Writes down how many people were seen.", "people_count", people_count=INTEGER
)
CLOCK = function("clock_time", "Tells the clock's time.")
STREET = Drawing((Thing("person", (10, 10, 40, 90)), Thing("person", (60, 10, 90, 90)), DOG))

CALLED = {
    "a name": ("What is the weather in Boston?", "get_weather", {"city": "Boston"}),
    "two words": ("What's the weather in New York?", "get_weather", {"city": "New York"}),
    "with a state": ("Weather of San Francisco, CA?", "get_weather", {"city": "San Francisco, CA"}),
    "lower case": ("weather in new york today", "get_weather", {"city": "new york"}),
    "quoted": ('weather for "paris, texas"', "get_weather", {"city": "paris, texas"}),
    "enum and number": (
        "Set the lamp to blue at 40",
        "set_lamp",
        {"color": "blue", "level": 40},
    ),
    "from and to": (
        "Book a flight from Paris to New York tomorrow",
        "book_flight",
        {"origin": "Paris", "destination": "New York", "date": "tomorrow"},
    ),
    "no arguments": ("What does the clock say?", "clock_time", {}),
}


@pytest.mark.parametrize(("question", "name", "args"), CALLED.values(), ids=CALLED.keys())
def test_called_with_arguments_from_the_question(
    question: str, name: str, args: dict[str, Any]
) -> None:
    (delta,) = deltas(question, functions=(FLIGHT, LAMP, WEATHER, CLOCK))
    assert delta.call == Call(name, args)
    assert (delta.text, delta.finish) == ("", Finish.STOP)
    assert delta.tokens > 0


def test_called_with_arguments_from_the_picture() -> None:
    (delta,) = deltas("Record the people", STREET, functions=(RECORD,))
    assert delta.call == Call("record_people", {"people_count": 2})


NOT_CALLED = {
    "nothing to do with it": "What is in this image?",
    "no city is said": "What is the weather?",
    "another thing": "Is it warm?",
}


@pytest.mark.parametrize("question", NOT_CALLED.values(), ids=NOT_CALLED.keys())
def test_not_called_when_not_asked_for_or_not_known(question: str) -> None:
    said = deltas(question, STREET, functions=(WEATHER,))
    assert all(delta.call is None for delta in said)
    assert "".join(delta.text for delta in said)


def test_any_always_calls_with_arguments_that_fit() -> None:
    (delta,) = deltas("Hello", functions=(LAMP,), calling="ANY")
    assert delta.call is not None
    assert delta.call.args["color"] in ("red", "blue")


def test_any_among_the_allowed_only() -> None:
    (delta,) = deltas(
        "Weather in Boston?", functions=(LAMP, WEATHER), calling="ANY", allowed=("set_lamp",)
    )
    assert delta.call is not None
    assert delta.call.name == "set_lamp"


def test_none_never_calls() -> None:
    said = deltas("What is the weather in Boston?", functions=(WEATHER,), calling="NONE")
    assert all(delta.call is None for delta in said)


RESULTS = {
    "python": ({"result": {"sky": "clear", "celsius": 21}}, "sky: clear, celsius: 21"),
    "text": ({"result": "sunny"}, "sunny"),
    "error": ({"error": "no such city"}, "no such city"),
    "list": ({"output": [1, 2]}, "1, 2"),
}


@pytest.mark.parametrize(("response", "said"), RESULTS.values(), ids=RESULTS.keys())
@pytest.mark.parametrize("calling", ["AUTO", "ANY"])
def test_result_is_told_and_not_asked_again(
    response: dict[str, Any], said: str, calling: Any
) -> None:
    turns = (
        Turn("user", (Text("What is the weather in Boston?"),)),
        Turn("model", (Call("get_weather", {"city": "Boston"}),)),
        Turn("user", (CallResult("get_weather", response),)),
    )
    pieces = replies(Prompt(turns, functions=(WEATHER,), calling=calling))
    assert "".join(piece.text for piece in pieces) == f"get_weather returned: {said}"
    assert all(piece.call is None for piece in pieces)


def test_call_that_does_not_fit_is_not_cut_in_two() -> None:
    (delta,) = deltas(
        "What is the weather in Boston?", functions=(WEATHER,), shape=AnswerShape(max_tokens=2)
    )
    assert (delta.call, delta.text, delta.finish) == (None, "", Finish.MAX_TOKENS)
