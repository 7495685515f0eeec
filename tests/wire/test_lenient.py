"""JSON bodies: strict first, then the slips of the guide's own samples, then a clear refusal."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinsight.errors import InvalidJson
from twinsight.wire import lenient

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        pytest.param(b"", {}, id="empty body"),
        pytest.param(b" \n", {}, id="blank body"),
        pytest.param(b'{"a": [1, 2,], }', {"a": [1, 2]}, id="trailing commas"),
        pytest.param(
            b"{'file': {'display_name': 'IMAGE'}}",
            {"file": {"display_name": "IMAGE"}},
            id="the guide's single quotes",
        ),
        pytest.param(b"{'a': 'say \"hi\"'}", {"a": 'say "hi"'}, id="double quotes inside single"),
        pytest.param(b"{'a': 'it\\'s'}", {"a": "it's"}, id="escaped single quote"),
        pytest.param(b'{"a": "x,}", "b": 1,}', {"a": "x,}", "b": 1}, id="comma inside a string"),
        pytest.param(b'{"a": "it\'s, ]",}', {"a": "it's, ]"}, id="apostrophe inside a string"),
        pytest.param(b'{"topK": 40.0}', {"topK": 40.0}, id="strict JSON"),
    ],
)
def test_reads_what_clients_send(body: bytes, value: object) -> None:
    assert lenient.parse(body) == value


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="cut short"),
        pytest.param(b"{} {}", id="two documents"),
        pytest.param(b"<html>", id="html"),
        pytest.param(b'{"a": \xff}', id="not UTF-8"),
        pytest.param(b'"\xff\xfe"', id="not UTF-8 in a string"),
        pytest.param(b"[" * 100_000, id="bottomless"),
        pytest.param(b'{"a":' * 100_000, id="bottomless objects"),
        pytest.param(b"[1e999]", id="number out of range"),
        pytest.param(b"[1,,2]", id="hole in a list"),
        pytest.param(b"'" * 1001, id="only quotes"),
        pytest.param(b"'" * 50_000_000, id="millions of strings"),
        pytest.param(b"{'a':'" + b"\\'" * 3_000_000, id="a string of quotes without an end"),
        pytest.param(b'{"a":"' + b'\\"' * 3_000_000 + b"\\", id="ends in the middle of an escape"),
        pytest.param(b"{'a':1" + b", " * 500_000, id="commas that close nothing"),
        pytest.param(b"[" + b"{}," * 1_000_000 + b"{}]", id="millions of values"),
    ],
)
def test_refuses_the_rest_with_a_reason(body: bytes) -> None:
    with pytest.raises(InvalidJson, match="Invalid JSON payload received"):
        lenient.parse(body)


@given(JSON)
def test_strict_json_is_read_as_it_is(value: object) -> None:
    body = msgspec.json.encode(value)
    assert lenient.parse(body) == value


@given(st.dictionaries(st.text(), JSON, min_size=1))
def test_a_trailing_comma_changes_nothing(value: dict[str, object]) -> None:
    body = msgspec.json.encode(value)
    assert lenient.parse(body[:-1] + b" , }") == value


def test_a_large_picture_with_a_trailing_comma_is_fast_enough_to_scan() -> None:
    picture = b"QUJD" * 2_000_000
    body = b'{"contents":[{"parts":[{"inline_data":{"data":"' + picture + b'"}},]}]}'
    parsed = lenient.parse(body)
    assert parsed["contents"][0]["parts"][0]["inline_data"]["data"] == picture.decode()


LONG = "QUJD" * 40_000


@pytest.mark.parametrize(
    ("body", "value"),
    [
        pytest.param(
            '{"inlineData": {"mimeType": "image/png", "data" :\n "%s"}, "n": 1}',
            {"inlineData": {"mimeType": "image/png", "data": LONG}, "n": 1},
            id="a picture",
        ),
        pytest.param(
            '[{"data": "%s"}, {"data": ""}]', [{"data": LONG}, {"data": ""}], id="in lists"
        ),
        pytest.param('{"data": "%s",}', {"data": LONG}, id="with a trailing comma"),
        pytest.param('{"data": "\\n%s"}', {"data": "\n" + LONG}, id="with an escape before"),
        pytest.param('{"data": "%s\\""}', {"data": LONG + '"'}, id="with a quote behind"),
        pytest.param('{"data": "é%s"}', {"data": "é" + LONG}, id="no base64"),
        pytest.param('{"text": "%s"}', {"text": LONG}, id="under another key"),
        pytest.param(
            '{"a\\"data": "%s"}', {'a"data': LONG}, id="under a key that only ends like it"
        ),
        pytest.param(
            '{"text": "say \\"data\\": \\"", "data": "%s"}',
            {"text": 'say "data": "', "data": LONG},
            id="after a text that speaks of it",
        ),
        pytest.param('{"data": [{"data": "%s"}]}', {"data": [{"data": LONG}]}, id="in its like"),
    ],
)
def test_long_data_is_read_as_any_string(body: str, value: object) -> None:
    assert lenient.parse(body.replace("%s", LONG).encode()) == value


def test_an_error_behind_long_data_tells_its_place() -> None:
    body = b'{"data": "%b", ?}' % LONG.encode()
    with pytest.raises(InvalidJson, match=rf"byte {len(body) - 2}"):
        lenient.parse(body)


def test_long_data_that_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidJson, match="UTF-8"):
        lenient.parse(b'{"data": "\xff%b"}' % LONG.encode())
