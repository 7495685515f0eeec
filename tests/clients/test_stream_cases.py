"""Conformance cases 15, 16, 17: streams that every SDK parses, chats that keep their turns."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from tests.clients import curl
from tests.clients.process import NAMES, SDKS, Client, each, image, named, text, user
from tests.clients.proxy import proxied

MODEL = "gemini-2.5-flash"
ASK = "models/gemini-2.5-flash:streamGenerateContent"
# Some answer of several chunks: a sentence for each of three pictures.
DESCRIBE = text("Describe these images.")
SEPARATORS = "left\u2028right\u2029end\u0085"


def three(photos: Any) -> list[dict[str, Any]]:
    return user(image(photos.scene), image(photos.sign), image(photos.noise), DESCRIBE)


@each("curl")
def test_case_15_frames(client: Client, photos: Any) -> None:
    """Every frame is `data: `, one line of JSON, a blank line; the last one finishes."""
    api = curl.Api(client.drivers.url, client.drivers.key, "v1beta", 60)
    reply = api.post(ASK, api.body({"contents": three(photos)}), alt="sse")
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in reply.headers
    body = reply.body.decode()
    assert body.endswith("\n\n")
    frames = [frame for frame in body.split("\n\n") if frame]
    assert all(re.fullmatch(r"data: \{.*\}", frame) for frame in frames), frames
    assert "[DONE]" not in body
    chunks = [json.loads(frame.removeprefix("data: ")) for frame in frames]
    assert ["finishReason" in c["candidates"][0] for c in chunks] == [
        *[False] * (len(chunks) - 1),
        True,
    ]
    assert "usageMetadata" in chunks[-1]


@each("curl")
def test_stream_without_alt_is_a_json_array(client: Client, photos: Any) -> None:
    api = curl.Api(client.drivers.url, client.drivers.key, "v1beta", 60)
    contents = api.body({"contents": three(photos)})
    chunks = api.post(ASK, contents).json()
    as_events = curl.stream(api, {"model": MODEL, "contents": three(photos)})
    assert "".join(map(curl.spoken, chunks)) == "".join(as_events["texts"])


@each(*NAMES)
def test_case_15_chunks(client: Client, photos: Any) -> None:
    """Text in pieces that make the whole, none of them empty, usage in each, one response id."""
    got = client.ask("stream", model=MODEL, contents=three(photos)).ok()
    whole = client.ask("generate", model=MODEL, contents=three(photos)).ok()
    assert "".join(got["texts"]) == whole["text"]
    assert len(got["texts"]) > 1
    assert all(got["texts"])
    chunks = got["chunks"]
    finishes = [chunk["candidates"][0].get("finishReason") for chunk in chunks]
    assert [f for f in finishes if f and "UNSPECIFIED" not in f] == ["STOP"]
    assert finishes[-1] == "STOP"
    if client.name not in named("python-1.16"):  # it does not keep the id
        assert len({chunk["responseId"] for chunk in chunks}) == 1
    prompts = {chunk["usageMetadata"]["promptTokenCount"] for chunk in chunks}
    assert prompts == {whole["response"]["usageMetadata"]["promptTokenCount"]}
    counts = [chunk["usageMetadata"].get("candidatesTokenCount", 0) for chunk in chunks]
    assert counts == sorted(counts)
    assert counts[-1] == whole["response"]["usageMetadata"]["candidatesTokenCount"]


@each(*NAMES)
def test_case_15_line_separators(client: Client, photos: Any) -> None:
    """U+2028, U+2029 and U+0085 in the answer: SDKs before 3.x cut raw ones like line ends."""
    config = {
        "responseMimeType": "text/x.enum",
        "responseSchema": {"type": "STRING", "enum": [SEPARATORS]},
    }
    contents = user(image(photos.scene), text("Which is it?"))
    got = client.ask("stream", model=MODEL, contents=contents, config=config).ok()
    assert "".join(got["texts"]) == SEPARATORS


@each(*SDKS)
def test_case_15_chat_keeps_its_turns(client: Client, photos: Any, server: Any) -> None:
    """The second request of a streamed chat carries the whole first turn."""
    turns = [
        [image(photos.scene), image(photos.sign), text("Describe these images.")],
        [text("Caption this image.")],
    ]
    with proxied(server.url) as between:
        chat = client.ask("chat_stream", at=between.url, model=MODEL, turns=turns).ok()
    first, second = (json.loads(exchange.body) for exchange in between.seen)
    assert len(first["contents"]) == 1
    roles = [content["role"] for content in second["contents"]]
    assert roles[0] == "user"
    assert roles[-1] == "user"
    assert "model" in roles[1:-1], "the SDK dropped the first turn from its history"
    said = "".join(part.get("text", "") for c in second["contents"][1:-1] for part in c["parts"])
    assert said == chat["replies"][0]
    assert all(chat["replies"])
    kept = "".join(turn["text"] for turn in chat["history"] if turn["role"] == "model")
    assert kept == "".join(chat["replies"])


@each(*NAMES)
def test_case_16_slow_first_token(client: Client, faulty_server: Any) -> None:
    """Over a second of silence with a heartbeat each quarter, then the answer."""
    contents = user(text("pause 1.2"))
    got = client.ask("stream", at=faulty_server.url, model=MODEL, contents=contents).ok()
    assert "".join(got["texts"]) == "late but whole"


@pytest.mark.slow
@each(*NAMES)
def test_case_16_very_slow_first_token(client: Client, faulty_server: Any) -> None:
    """The contract's half a minute."""
    contents = user(text("pause 30"))
    got = client.ask("stream", at=faulty_server.url, model=MODEL, contents=contents).ok()
    assert "".join(got["texts"]) == "late but whole"


# 1.16 reads neither form of an error in a stream: the answer just ends early.
@each(*[name for name in NAMES if name not in named("python-1.16")])
def test_case_17_fault_in_mid_stream(client: Client, faulty_server: Any) -> None:
    """Every client surfaces code 503."""
    contents = user(text("break now"))
    began = time.monotonic()
    reply = client.ask("stream", at=faulty_server.url, model=MODEL, contents=contents)
    error = reply.failed()
    assert error["code"] == 503, error
    assert "overloaded" in error["message"]
    assert time.monotonic() - began < 20


@each(*SDKS)
def test_fault_before_the_first_byte(client: Client, server: Any) -> None:
    """An early error of a stream is an ordinary HTTP error."""
    error = client.ask("stream", model="gemini-0.1-none", contents=user(text("hi"))).failed()
    assert error["code"] == 404, error
    assert "is not found" in error["message"]
