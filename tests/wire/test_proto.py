"""The table-driven reader: both name cases, all number spellings, paths in every refusal."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinsight import base64text
from twinsight.errors import InvalidValue, UnknownField
from twinsight.wire.proto import Field, Message, Reader, camel

INNER = Message("Inner", {"the_text": Field("string")})
SAMPLE = Message(
    "Sample",
    {
        "top_k": Field("int", low=1, high=1000),
        "top_p": Field("float"),
        "data_bytes": Field("bytes"),
        "is_on": Field("bool"),
        "level": Field("enum", values=("UNSPECIFIED", "LOW", "HIGH"), prefix="LEVEL_"),
        "inner_list": Field("message", repeated=True, message=lambda: INNER),
        "by_name": Field("message", map=True, message=lambda: INNER),
        "free_form": Field("value"),
    },
)


def read(value: object, strict: bool = True) -> dict[str, object]:
    return Reader(lambda path: strict).read(SAMPLE, value)


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        pytest.param({"topK": 40}, {"top_k": 40}, id="camel case"),
        pytest.param({"top_k": 40}, {"top_k": 40}, id="snake case"),
        pytest.param({"topK": 40.0}, {"top_k": 40}, id="whole float"),
        pytest.param({"topK": "40"}, {"top_k": 40}, id="decimal string"),
        pytest.param({"topP": 1}, {"top_p": 1.0}, id="int for float"),
        pytest.param({"topP": "0.5"}, {"top_p": 0.5}, id="string for float"),
        pytest.param({"level": "low"}, {"level": "LOW"}, id="enum in lower case"),
        pytest.param({"level": "LEVEL_HIGH"}, {"level": "HIGH"}, id="enum with its prefix"),
        pytest.param({"level": 1}, {"level": "LOW"}, id="enum by number"),
        pytest.param({"isOn": "true"}, {"is_on": True}, id="bool as a word"),
        pytest.param({"topK": None}, {}, id="null is absent"),
        pytest.param(
            {"innerList": [{"theText": "a"}, {"the_text": "b"}]},
            {"inner_list": [{"the_text": "a"}, {"the_text": "b"}]},
            id="mixed cases in one list",
        ),
        pytest.param(
            {"innerList": {"theText": "a"}},
            {"inner_list": [{"the_text": "a"}]},
            id="lone object for a list",
        ),
        pytest.param(
            {"byName": {"someKey": {"theText": "a"}}},
            {"by_name": {"someKey": {"the_text": "a"}}},
            id="map keys are not renamed",
        ),
        pytest.param(
            {"freeForm": {"someKey": 1}},
            {"free_form": {"someKey": 1}},
            id="free form is not renamed",
        ),
    ],
)
def test_reads_each_spelling(sent: object, got: object) -> None:
    assert read(sent) == got


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        pytest.param([], "", id="a list for the whole"),
        pytest.param({"topK": 1.5}, "top_k", id="fraction for int"),
        pytest.param({"topK": "many"}, "top_k", id="word for int"),
        pytest.param({"topK": True}, "top_k", id="bool for int"),
        pytest.param({"topK": 0}, "top_k", id="under the range"),
        pytest.param({"topK": 2**70}, "top_k", id="over 64 bits"),
        pytest.param({"topP": "nan"}, "top_p", id="not a number"),
        pytest.param({"topP": 10**400}, "top_p", id="over a double"),
        pytest.param({"level": "EXTREME"}, "level", id="unknown enum"),
        pytest.param({"level": -1}, "level", id="negative enum"),
        pytest.param({"level": 1.5}, "level", id="fractional enum"),
        pytest.param({"dataBytes": "???"}, "data_bytes", id="not base64"),
        pytest.param({"dataBytes": "€"}, "data_bytes", id="not ASCII base64"),
        pytest.param({"dataBytes": 5}, "data_bytes", id="number for bytes"),
        pytest.param({"innerList": ["x"]}, "inner_list[0]", id="string for message"),
        pytest.param({"innerList": [{}, {"theText": 5}]}, "inner_list[1].the_text", id="deep path"),
        pytest.param({"byName": []}, "by_name", id="list for map"),
    ],
)
def test_refuses_with_the_path(sent: object, path: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        read(sent)
    violation = caught.value.details[0]["fieldViolations"][0]
    assert violation["field"] == path


def test_unknown_names_are_reported_together_in_googles_words() -> None:
    with pytest.raises(UnknownField) as caught:
        read({"colour": 1, "innerList": [{"size": 2}]})
    assert caught.value.message.splitlines() == [
        'Invalid JSON payload received. Unknown name "colour": Cannot find field.',
        "Invalid JSON payload received. Unknown name \"size\" at 'inner_list[0]': Cannot find field.",
    ]
    assert read({"colour": 1}, strict=False) == {}


@given(st.binary(), st.booleans(), st.booleans(), st.booleans())
def test_base64_in_any_spelling(data: bytes, safe: bool, padded: bool, wrapped: bool) -> None:
    text = (base64.urlsafe_b64encode if safe else base64.b64encode)(data).decode()
    text = text if padded else text.rstrip("=")
    if wrapped:
        text = "\n".join(text[i : i + 76] for i in range(0, len(text), 76)) + "\n"
    assert base64text.decode(text) == data


@pytest.mark.parametrize(
    ("snake", "camelled"),
    [("box_2d", "box2d"), ("top_k", "topK"), ("contents", "contents"), ("a_b_c", "aBC")],
)
def test_camel(snake: str, camelled: str) -> None:
    assert camel(snake) == camelled
