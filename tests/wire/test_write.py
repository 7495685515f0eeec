"""Replies: strict out, as the strictest of the SDKs needs them."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from twinsight import tokens
from twinsight.errors import FileForbidden, Overloaded, UnknownField
from twinsight.prompt import Call, Delta, Finish, Usage
from twinsight.wire import write


@given(st.text())
def test_one_line_for_every_kind_of_line_splitter(text: str) -> None:
    written = write.dumps({"text": text}).decode()
    assert len(written.splitlines()) == 1
    assert msgspec.json.decode(written.encode()) == {"text": text}


def test_separators_are_escaped_and_other_characters_are_not() -> None:
    assert write.dumps("a\u2028b\u2029c\u0085d é") == '"a\\u2028b\\u2029c\\u0085d é"'.encode()


def test_a_whole_reply() -> None:
    deltas = [Delta("A pho", tokens=2), Delta("to.", Finish.STOP, tokens=4)]
    reply = write.generate_reply([deltas], Usage(5, 1032), "gemini-2.5-flash", "id1")
    assert reply == {
        "candidates": [
            {
                "content": {"parts": [{"text": "A photo."}], "role": "model"},
                "finishReason": "STOP",
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": 1037,
            "candidatesTokenCount": 4,
            "totalTokenCount": 1041,
            "promptTokensDetails": [
                {"modality": "TEXT", "tokenCount": 5},
                {"modality": "IMAGE", "tokenCount": 1032},
            ],
            "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 4}],
        },
        "modelVersion": "gemini-2.5-flash",
        "responseId": "id1",
    }


def test_zero_counts_are_left_out() -> None:
    reply = write.generate_reply([[Delta("", Finish.MAX_TOKENS)]], Usage(5, 0), "m", "id")
    assert reply["candidates"][0]["content"] == {"role": "model"}
    assert reply["usageMetadata"] == {
        "promptTokenCount": 5,
        "totalTokenCount": 5,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 5}],
    }


def test_a_call_keeps_empty_args() -> None:
    delta = Delta("", Finish.STOP, Call("now", {}))
    chunk = write.chunk(delta, Usage(1, 0), "m", "id")
    parts = chunk["candidates"][0]["content"]["parts"]
    assert parts == [{"functionCall": {"name": "now", "args": {}}}]


def test_every_chunk_has_a_part() -> None:
    chunk = write.chunk(Delta("", Finish.STOP), Usage(1, 0), "m", "id")
    assert chunk["candidates"][0]["content"]["parts"] == [{"text": ""}]


def test_errors_in_googles_form() -> None:
    assert write.error(FileForbidden("abc")) == {
        "error": {
            "code": 403,
            "message": "You do not have permission to access the File abc or it may not exist.",
            "status": "PERMISSION_DENIED",
        }
    }
    assert list(write.error(UnknownField([("", "x")]))["error"]) == [
        "code",
        "message",
        "status",
        "details",
    ]
    assert write.error(Overloaded(2.0))["error"]["details"][0]["retryDelay"] == "2s"


@given(st.text())
def test_tokens_are_pieces_of_the_text(text: str) -> None:
    assert "".join(tokens.pieces(text)) == text
    assert tokens.count(text) == len(tokens.pieces(text))


def test_tokens_of_known_sentences() -> None:
    assert tokens.pieces("Caption this image.") == ["Caption", " this", " image", "."]
    assert tokens.count("Wie viele Stühle? 42") == 7
    assert tokens.count("これは猫") == 4
    assert tokens.count("a" * 17) == 3
