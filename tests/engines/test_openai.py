"""A model behind an OpenAI-dialect server, asked through the public API by Google's own SDK."""

from __future__ import annotations

import base64
import io
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google import genai
from google.genai import errors, types
from PIL import Image

from tests.conftest import SAMPLES, RunningServer, StartServer
from tests.engines.standin import Play, Standin, says, standing_in
from tests.eyes import told_eyes
from twinsight.config import Config, load
from twinsight.engines.eyes import open_eyes
from twinsight.engines.openai import open_engine
from twinsight.errors import InvalidConfig

MODEL = "gemini-2.5-flash"
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
}
PEOPLE = {"type": "array", "items": PERSON}


@pytest.fixture
def stand() -> Iterator[Standin]:
    with standing_in() as standin:
        yield standin


@pytest.fixture
def spoken(stand: Standin, start_server: StartServer) -> RunningServer:
    """A server whose words come from the stand-in, with one worker."""
    engine = open_engine(Config(engine_url=stand.url, engine_key="sesame"))
    return start_server(eyes=replace(told_eyes(), speaker=engine), workers=1)


@pytest.fixture
def client(spoken: RunningServer) -> Iterator[genai.Client]:
    asking = genai.Client(api_key=spoken.key, http_options={"base_url": spoken.url})
    yield asking
    asking.close()


def ask(client: genai.Client, contents: Any = "Hello", **config: Any) -> Any:
    return client.models.generate_content(
        model=MODEL, contents=contents, config=types.GenerateContentConfig(**config)
    )


def image_part(data: bytes, mime: str = "image/jpeg") -> types.Part:
    return types.Part.from_bytes(data=data, mime_type=mime)


def test_words_and_usage_come_through(stand: Standin, client: genai.Client) -> None:
    stand.play(says("Good", " day", ".", usage={"completion_tokens": 17, "prompt_tokens": 5}))
    answer = ask(
        client,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        seed=7,
        presence_penalty=0.5,
        frequency_penalty=-0.5,
        max_output_tokens=99,
        stop_sequences=["END"],
        system_instruction="Be kind.",
    )
    assert answer.text == "Good day."
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    assert answer.usage_metadata.candidates_token_count == 17
    counted = client.models.count_tokens(model=MODEL, contents="Hello").total_tokens or 0
    assert answer.usage_metadata.prompt_token_count == counted + 3  # "Be kind."
    asked = stand.last
    assert asked["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hello"},
    ]
    expected = {
        "model": "told-vl",
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 40,
        "seed": 7,
        "presence_penalty": 0.5,
        "frequency_penalty": -0.5,
        "max_tokens": 99,
        "stop": ["END"],
    }
    assert {name: asked[name] for name in expected} == expected
    assert stand.headers[-1]["authorization"] == "Bearer sesame"


def test_a_server_that_does_not_stream_answers_too(stand: Standin, client: genai.Client) -> None:
    stand.play(says("All at once.", streamed=False, usage={"completion_tokens": 4}))
    assert ask(client).text == "All at once."


def test_a_stream_comes_as_it_is_said(stand: Standin, client: genai.Client) -> None:
    heard = threading.Semaphore(0)
    # The stand-in goes on only when what it said before has been heard: nothing is buffered.
    waits = iter([False, True, True])
    stand.play(
        says("one ", "two ", "three", between=lambda: next(waits) and heard.acquire(timeout=20))
    )
    chunks = []
    for chunk in client.models.generate_content_stream(model=MODEL, contents="Count."):
        chunks.append(chunk)
        heard.release()
    assert [chunk.text for chunk in chunks] == ["one ", "two ", "three"]
    finishes = [candidate.finish_reason for chunk in chunks for candidate in chunk.candidates or ()]
    assert finishes == [None, None, types.FinishReason.STOP]


@pytest.mark.parametrize("pieces", [("red blue STOP green",), ("red blue ST", "OP green")])
def test_a_stop_sequence_holds_although_the_server_passes_over_it(
    stand: Standin, client: genai.Client, pieces: tuple[str, ...]
) -> None:
    stand.play(says(*pieces))
    answer = ask(client, stop_sequences=["STOP"])
    assert answer.text == "red blue "
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(({"reasoning_content": "Hmm, "}, {"reasoning_content": "4."}, "Four."), id="llama-server, SGLang"),
        pytest.param(({"reasoning": "Hmm, "}, {"reasoning": "4."}, "Four."), id="vLLM, Ollama"),
        pytest.param(("<think>Hmm, 4.</think>\n\nFour.",), id="in the text"),
        pytest.param(("\n<th", "ink>Hmm, 4", ".</thi", "nk>", "\n\nFour."), id="in the text, in pieces"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("shown", [True, False])
def test_thoughts(
    stand: Standin, client: genai.Client, pieces: tuple[str | dict[str, Any], ...], shown: bool
) -> None:
    stand.play(says(*pieces, usage={"completion_tokens": 30}))
    answer = ask(client, thinking_config={"include_thoughts": shown})
    assert answer.text == "Four."
    thoughts = [part.text for part in answer.candidates[0].content.parts if part.thought]
    assert thoughts == (["Hmm, 4."] if shown else [])
    usage = answer.usage_metadata
    assert usage.thoughts_token_count > 0
    assert usage.thoughts_token_count + usage.candidates_token_count == 30


def test_an_answer_swallowed_by_thinking(stand: Standin, client: genai.Client) -> None:
    stand.play(says({"reasoning_content": "Hm. " * 20}, finish="length"))
    answer = ask(client, max_output_tokens=20)
    assert answer.text is None
    assert answer.candidates[0].finish_reason == types.FinishReason.MAX_TOKENS


@pytest.mark.parametrize(
    ("thinking", "sent"),
    [
        ({"thinking_budget": 0}, {"chat_template_kwargs": {"enable_thinking": False}}),
        ({"thinking_level": "LOW"}, {"reasoning_effort": "low"}),
        ({}, {}),
    ],
)
def test_how_much_to_think(
    stand: Standin, client: genai.Client, thinking: dict[str, Any], sent: dict[str, Any]
) -> None:
    stand.play(says("ok"))
    ask(client, thinking_config=thinking or None)
    names = ("chat_template_kwargs", "reasoning_effort")
    assert {name: stand.last[name] for name in names if name in stand.last} == sent


CHANCES = {
    "A": {"token": "A", "logprob": -0.5, "top_logprobs": [{"token": "A", "logprob": -0.5}, {"token": "The", "logprob": -1.5}]},
    " cat": {"token": " cat", "logprob": -1.5, "top_logprobs": [{"token": " cat", "logprob": -1.5}, {"token": 7}, None]},
    "!": {"token": "!", "logprob": None},
    "?": "what",
}  # fmt: skip


@pytest.mark.parametrize("streamed", [True, False])
def test_log_probabilities(stand: Standin, client: genai.Client, streamed: bool) -> None:
    stand.play(says("A", " cat", "!", "?", logprobs=CHANCES))
    config = types.GenerateContentConfig(response_logprobs=True, logprobs=2)
    if streamed:
        *_, answer = client.models.generate_content_stream(
            model=MODEL, contents="Hello", config=config
        )
    else:
        answer = client.models.generate_content(model=MODEL, contents="Hello", config=config)
    candidate = (answer.candidates or [])[0]
    assert candidate.avg_logprobs == -1
    told = candidate.logprobs_result
    assert told is not None
    assert [(c.token, c.log_probability) for c in told.chosen_candidates or ()] == [
        ("A", -0.5),
        (" cat", -1.5),
    ]
    tops = [[c.token for c in top.candidates or ()] for top in told.top_candidates or ()]
    assert tops == [["A", "The"], [" cat"]]
    assert (stand.last["logprobs"], stand.last["top_logprobs"]) == (True, 2)


def test_log_probabilities_without_alternatives(stand: Standin, client: genai.Client) -> None:
    stand.play(says("A", " cat", logprobs=CHANCES))
    told = ask(client, response_logprobs=True).candidates[0].logprobs_result
    assert [c.token for c in told.chosen_candidates] == ["A", " cat"]
    assert told.top_candidates is None
    assert (stand.last["logprobs"], stand.last["top_logprobs"]) == (True, 1)


def test_no_log_probabilities_unasked(stand: Standin, client: genai.Client) -> None:
    stand.play(says("A cat"))
    answer = ask(client)
    assert answer.candidates[0].logprobs_result is None
    assert "logprobs" not in stand.last


WEATHER = types.FunctionDeclaration(
    name="weather",
    description="The weather in a city",
    parameters_json_schema={"type": "object", "properties": {"city": {"type": "string"}}},
)


def call_piece(index: int, name: str, *arguments: str) -> list[dict[str, Any]]:
    first = {"index": index, "id": f"c{index}", "type": "function", "function": {"name": name}}
    rest = [{"index": index, "function": {"arguments": part}} for part in arguments]
    return [{"tool_calls": [part]} for part in (first, *rest)]


def test_functions_are_called_and_their_results_sent_back(
    stand: Standin, client: genai.Client
) -> None:
    calls = call_piece(0, "weather", '{"ci', 'ty": "Oslo"}') + call_piece(1, "weather", "{}")
    stand.play(says(*calls, finish="tool_calls"), says("Rain."))
    tools = [types.Tool(function_declarations=[WEATHER])]
    first = ask(client, "Weather in Oslo?", tools=tools)
    parts = first.candidates[0].content.parts
    assert [p.function_call.args for p in parts] == [{"city": "Oslo"}, {}]
    assert first.candidates[0].finish_reason == types.FinishReason.STOP
    assert stand.last["tools"][0]["function"]["name"] == "weather"
    assert stand.last["tool_choice"] == "auto"
    results = [
        types.Part.from_function_response(name="weather", response={"sky": sky})
        for sky in ("rain", "snow")
    ]
    history = ["Weather in Oslo?", first.candidates[0].content]
    second = ask(client, [*history, types.Content(role="user", parts=results)], tools=tools)
    assert second.text == "Rain."
    asked, told = stand.last["messages"][1], stand.last["messages"][2:]
    assert [c["id"] for c in asked["tool_calls"]] == ["c0", "c1"]
    assert [(m["role"], m["tool_call_id"], m["content"]) for m in told] == [
        ("tool", "c0", '{"sky":"rain"}'),
        ("tool", "c1", '{"sky":"snow"}'),
    ]


def test_a_call_with_broken_arguments(stand: Standin, client: genai.Client) -> None:
    stand.play(says(*call_piece(0, "weather", '{"city": '), finish="tool_calls"))
    answer = ask(client, tools=[types.Tool(function_declarations=[WEATHER])])
    assert answer.function_calls is None
    assert answer.candidates[0].finish_reason == types.FinishReason.MALFORMED_FUNCTION_CALL


@pytest.mark.parametrize(
    ("play", "schema", "text", "finish"),
    [
        pytest.param(says('{"name": "Bo", "age": 3}'), PERSON, '{"name": "Bo", "age": 3}', "STOP", id="as asked"),
        pytest.param(says('Sure!\n```json\n[{"name":"Bo","age":3}]\n```\n'), PEOPLE, '[{"name": "Bo", "age": 3}]', "STOP", id="fenced, among prose"),
        pytest.param(says('<think>[{"no"}]</think>[]'), PEOPLE, "[]", "STOP", id="after a thought"),
        pytest.param(says('[{"name": "Bo", "age": 3}, {"name": "A', finish="length"), PEOPLE, '[{"name": "Bo", "age": 3}]', "MAX_TOKENS", id="a list cut short"),
        pytest.param(says('[{"name": "Bo", "age": 3}, {"na', streamed=False, finish="length"), PEOPLE, '[{"name": "Bo", "age": 3}]', "MAX_TOKENS", id="a list cut short, unstreamed"),
        pytest.param(says('{"name": "Bo", "a', finish="length"), PERSON, None, "MAX_TOKENS", id="an object cut short"),
        pytest.param(says('{"any": "thing"}'), None, '{"any": "thing"}', "STOP", id="no schema"),
        pytest.param(says("", finish="content_filter"), PERSON, None, "SAFETY", id="filtered"),
    ],
)  # fmt: skip
def test_json(
    stand: Standin, client: genai.Client, play: Play, schema: Any, text: str | None, finish: str
) -> None:
    stand.play(play)
    answer = ask(client, response_mime_type="application/json", response_json_schema=schema)
    assert answer.text == text
    assert answer.candidates[0].finish_reason == finish
    form = stand.last["response_format"]
    if schema is None:
        assert form == {"type": "json_object"}
    else:
        assert form["json_schema"]["schema"] == schema


@pytest.mark.parametrize(
    "text",
    ["I cannot.", '{"name": "Bo"}', '{"name": "Bo", "age": "old"}', '{"name": "Bo", "age": NaN}'],
)
def test_an_answer_that_is_not_of_the_form_is_none(
    stand: Standin, client: genai.Client, text: str
) -> None:
    stand.play(says(text))
    with pytest.raises(errors.ServerError) as caught:
        ask(client, response_mime_type="application/json", response_json_schema=PERSON)
    assert caught.value.code == 503
    assert "not JSON of the form" in str(caught.value)


@pytest.mark.parametrize("said", ['"cat"', "cat", " Cat.", "'cat'"])
def test_enum(stand: Standin, client: genai.Client, said: str) -> None:
    stand.play(says(said))
    schema = {"type": "STRING", "enum": ["dog", "cat"]}
    answer = ask(client, response_mime_type="text/x.enum", response_schema=schema)
    assert answer.text == "cat"


def test_chat_of_many_turns_with_pictures(stand: Standin, client: genai.Client) -> None:
    stand.play(says("A cat."), says("It is grey."))
    chat = client.chats.create(model=MODEL)
    chat.send_message(["What is this?", image_part((SAMPLES / "cat.jpg").read_bytes())])
    streamed = [chunk.text or "" for chunk in chat.send_message_stream("Of which colour?")]
    assert "".join(streamed) == "It is grey."
    roles = [message["role"] for message in stand.last["messages"]]
    assert roles == ["user", "assistant", "user"]
    first = stand.last["messages"][0]["content"]
    assert [part["type"] for part in first] == ["text", "image_url"]


def sent_picture(stand: Standin) -> tuple[str, bytes]:
    (part,) = [p for p in stand.last["messages"][0]["content"] if p["type"] == "image_url"]
    head, _, data = part["image_url"]["url"].partition(";base64,")
    return head.removeprefix("data:"), base64.b64decode(data)


def encoded(rgb: Image.Image, form: str, **more: Any) -> bytes:
    out = io.BytesIO()
    rgb.save(out, form, **more)
    return out.getvalue()


def two_halves() -> Image.Image:
    """Red above, blue below."""
    pixels = np.zeros((120, 80, 3), np.uint8)
    pixels[:60, :, 0], pixels[60:, :, 2] = 255, 255
    return Image.fromarray(pixels)


def turned() -> bytes:
    """The halves stored on their side, to be turned by EXIF."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "SECRET PLACE"
    return encoded(two_halves().transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=95)


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        pytest.param(turned(), "image/jpeg", id="turned by EXIF"),
        pytest.param(encoded(two_halves(), "WEBP", lossless=True), "image/jpeg", id="WebP"),
        pytest.param(encoded(two_halves().convert("RGBA"), "PNG"), "image/jpeg", id="PNG with alpha"),
        pytest.param(encoded(two_halves().convert("CMYK"), "JPEG", quality=95), "image/jpeg", id="CMYK"),
        pytest.param(encoded(two_halves(), "PNG"), "image/png", id="PNG goes as it is"),
        pytest.param(encoded(two_halves().resize((3200, 4800)), "JPEG"), "image/jpeg", id="too large"),
    ],
)  # fmt: skip
def test_pictures_arrive_upright_and_plain(
    stand: Standin, client: genai.Client, data: bytes, mime: str
) -> None:
    stand.play(says("seen"))
    ask(client, ["What is this?", image_part(data)])
    sent_mime, sent = sent_picture(stand)
    assert sent_mime == mime
    picture = Image.open(io.BytesIO(sent))
    assert picture.mode == "RGB"
    assert max(picture.size) <= Config().engine_max_side
    assert picture.size[1] / picture.size[0] == pytest.approx(1.5, abs=0.01)
    assert not picture.getexif()
    assert b"SECRET" not in sent
    w, h = picture.size
    upper, lower = picture.getpixel((w // 2, h // 4)), picture.getpixel((w // 2, h * 3 // 4))
    assert isinstance(upper, tuple)
    assert isinstance(lower, tuple)
    assert upper[0] > 200 > 60 > upper[2]
    assert lower[2] > 200 > 60 > lower[0]


def test_a_clean_jpeg_keeps_its_pixels_and_loses_its_metadata(
    stand: Standin, client: genai.Client
) -> None:
    exif = Image.Exif()
    exif[0x010E] = "SECRET PLACE"
    data = encoded(two_halves(), "JPEG", exif=exif, quality=80)
    stand.play(says("seen"))
    ask(client, ["What is this?", image_part(data)])
    mime, sent = sent_picture(stand)
    assert b"SECRET" in data
    assert b"SECRET" not in sent
    assert mime == "image/jpeg"
    same = np.asarray(Image.open(io.BytesIO(data))) == np.asarray(Image.open(io.BytesIO(sent)))
    assert same.all()


def twelve_bits() -> bytes:
    """A JPEG whose frame header says 12 bits a channel."""
    data = bytearray(encoded(two_halves(), "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = 12
    return bytes(data)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(encoded(two_halves(), "WEBP")[:60], id="cut short"),
        pytest.param(twelve_bits(), id="of a kind that nobody reads"),
    ],
)
def test_a_damaged_picture_is_named(client: genai.Client, broken: bytes) -> None:
    with pytest.raises(errors.ClientError) as caught:
        ask(client, ["What is this?", image_part(broken)])
    assert caught.value.code == 400
    assert "contents[0].parts[1]" in str(caught.value)


REASON = b'{"error": {"message": "out of cheese", "type": "x"}}'


@pytest.mark.parametrize(
    ("play", "code", "words"),
    [
        pytest.param(Play(status=500, body=REASON), 503, "out of cheese", id="500"),
        pytest.param(Play(status=503, body=b"<html>busy</html>"), 503, "busy", id="503 in HTML"),
        pytest.param(Play(status=404, body=b'{"detail": "no such model"}'), 503, "no such model", id="404"),
        pytest.param(Play(status=401, body=REASON), 503, "engine_key", id="401"),
        pytest.param(Play(status=400, body=REASON), 400, "out of cheese", id="400"),
        pytest.param(Play(status=429, body=REASON), 429, "out of cheese", id="429"),
        pytest.param(Play(status=504, body=REASON), 504, "out of cheese", id="504"),
        pytest.param(says("half", cut=True), 503, "broke off", id="cut"),
        pytest.param(says(cut=True), 503, "broke off", id="cut before a word"),
        pytest.param(says("half", finish=None), 503, "broke off", id="no finish"),
        pytest.param(Play(raw=b"data: {oops\n\n"), 503, "no JSON", id="malformed event"),
        pytest.param(Play(raw=b"data: [1]\n\n"), 503, "no object", id="event of another kind"),
        pytest.param(Play(raw=b'data: {"error": {"message": "out of cheese"}}\n\n'), 503, "out of cheese", id="error within the stream"),
        pytest.param(Play(raw=b'error: {"message": "out of cheese"}\n\n'), 503, "out of cheese", id="error line"),
        pytest.param(Play(raw=b""), 503, "broke off", id="empty stream"),
    ],
)  # fmt: skip
def test_faults_are_told_with_the_upstreams_reason(
    stand: Standin, client: genai.Client, play: Play, code: int, words: str
) -> None:
    stand.play(play)
    with pytest.raises(errors.APIError) as caught:
        ask(client)
    assert caught.value.code == code
    assert words in str(caught.value)
    assert len(stand.asked) == 1, "a question that was sent is never sent again"
    stand.play(says("Well again."))
    assert ask(client).text == "Well again."


def test_a_kept_connection_that_was_closed_is_no_fault(
    stand: Standin, client: genai.Client
) -> None:
    stand.play(says("One."), Play(silent=True), says("Two."))
    assert [ask(client).text for _ in range(2)] == ["One.", "Two."]
    stand.play(Play(silent=True))
    before = len(stand.asked)
    with pytest.raises(errors.APIError, match="without an answer"):
        ask(client)
    assert len(stand.asked) - before == 2, "once on the kept connection, once on a new one"
    before = len(stand.asked)
    with pytest.raises(errors.APIError, match="without an answer"):
        ask(client)
    assert len(stand.asked) - before == 1, "no connection was kept"


def test_a_fault_in_mid_stream_ends_the_stream_with_an_error(
    stand: Standin, client: genai.Client
) -> None:
    stand.play(says("one ", "two ", "three ", cut=True))
    stream = client.models.generate_content_stream(model=MODEL, contents="Count.")
    heard = [next(stream).text for _ in range(3)]
    with pytest.raises(errors.APIError) as caught:
        next(stream)
    assert heard == ["one ", "two ", "three "]
    assert caught.value.code == 503


@pytest.mark.parametrize(
    "usage",
    [
        {"completion_tokens": -5},
        {"completion_tokens": "many"},
        {"completion_tokens": 0},
        {"completion_tokens": 1e99},
        {"completion_tokens": True, "completion_tokens_details": []},
        {"completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 9}},
        ["what"],
    ],
    ids=str,
)
def test_wrong_usage_is_replaced_by_our_own_count(
    stand: Standin, client: genai.Client, usage: Any
) -> None:
    stand.play(says("three short words", usage=usage))
    usage = ask(client).usage_metadata
    assert usage.candidates_token_count == 3
    assert usage.total_token_count == usage.prompt_token_count + 3 + (
        usage.thoughts_token_count or 0
    )


def test_a_server_that_is_gone(stand: Standin, start_server: StartServer) -> None:
    with standing_in() as gone:
        engine = open_engine(Config(engine_url=gone.url))
    server = start_server(eyes=replace(told_eyes(), speaker=engine))
    with (
        genai.Client(api_key="k", http_options={"base_url": server.url}) as client,
        pytest.raises(errors.ServerError) as caught,
    ):
        ask(client)
    assert caught.value.code == 503
    assert "connection refused" in str(caught.value)


def test_a_slow_server_is_a_504_within_the_clients_time(
    stand: Standin, spoken: RunningServer
) -> None:
    over = threading.Event()
    stand.play(says("late", before=lambda: over.wait(20)))
    url = f"/v1beta/models/{MODEL}:generateContent"
    with spoken.client(headers={"x-server-timeout": "1"}) as http:
        reply = http.post(url, json={"contents": "Hello"})
    over.set()
    assert reply.status_code == 504
    assert reply.json()["error"]["status"] == "DEADLINE_EXCEEDED"
    assert "gave no answer within the time" in reply.json()["error"]["message"]


def test_the_wait_ends_when_the_client_leaves(stand: Standin, spoken: RunningServer) -> None:
    started = threading.Event()

    def talk_on() -> None:
        started.set()
        stand.left.wait(0.01)

    stand.play(says(*["word "] * 5000, between=talk_on))
    url = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
    with (
        spoken.client() as http,
        http.stream("POST", url, json={"contents": "Go on."}) as reply,
    ):
        next(reply.iter_lines())
        assert started.is_set()
    assert stand.left.wait(20), "the engine went on talking to nobody"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
    now = datetime.now(UTC)
    alone = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(alone, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path / "certificate.pem"
    file.write_bytes(secret + made.public_bytes(pem))
    return file


def test_https(
    certificate: Path, start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with standing_in(context) as secure:
        with pytest.raises(InvalidConfig, match="certificate"):
            open_engine(Config(engine_url=secure.url))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        engine = open_engine(Config(engine_url=secure.url))
        server = start_server(eyes=replace(told_eyes(), speaker=engine))
        secure.play(says("safe"))
        with genai.Client(api_key="k", http_options={"base_url": server.url}) as client:
            assert ask(client).text == "safe"
        secure.play(says(*["word "] * 5000, between=lambda: secure.left.wait(0.01)))
        url = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
        with (
            server.client() as http,
            http.stream("POST", url, json={"contents": "Go on."}) as reply,
        ):
            next(reply.iter_lines())
        assert secure.left.wait(20), "the engine went on talking to nobody"


def test_waiting_takes_no_worker(stand: Standin, client: genai.Client) -> None:
    together = threading.Barrier(12)
    # Nobody is answered before all twelve have asked, on a server with one worker.
    stand.play(says("All here.", before=lambda: together.wait(20)))
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(ask(client).text)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert answers == ["All here."] * 12


def test_connections_are_used_again(stand: Standin, client: genai.Client) -> None:
    stand.play(says("ok"))
    for _ in range(3):
        ask(client)
    assert len(stand.asked) == 3
    # The hello at start, and one for all three.
    assert len(stand.connections) == 2


def test_pictures_that_the_model_cannot_see_are_left_to_the_eyes(
    stand: Standin, start_server: StartServer
) -> None:
    stand.models = [{"id": "words-only", "architecture": {"input_modalities": ["text"]}}]
    stand.play(says("words"))
    engine = open_engine(Config(engine_url=stand.url))
    eyes = replace(told_eyes(objects=[("dog", (0.1, 0.1, 0.6, 0.9))]), speaker=engine)
    server = start_server(eyes=eyes)
    picture = image_part(encoded(two_halves(), "PNG"))
    with genai.Client(api_key="k", http_options={"base_url": server.url}) as client:
        assert "dog" in ask(client, [picture, "Caption this image."]).text
        assert ask(client, "Hello").text == "words"
    assert len(stand.asked) == 1


@pytest.mark.parametrize(
    ("settings", "models", "words"),
    [
        pytest.param({"engine_url": ""}, 1, ["engine_url", "llama-server", "vllm serve"], id="no URL"),
        pytest.param({"engine_url": "localhost:80"}, 1, ["is not the URL"], id="no scheme"),
        pytest.param({"engine_url": "http://x:99999"}, 1, ["is not the URL"], id="no port"),
        pytest.param({"engine_url": "http://127.0.0.1:1"}, 1, ["connection refused", "Is it running"], id="nobody there"),
        pytest.param({}, 0, ["serves no model"], id="no model"),
        pytest.param({}, 2, ["serves 2 models: m0, m1", "engine_model"], id="several models"),
        pytest.param({"engine_model": "m9"}, 2, ["'m9'", "m0, m1"], id="another model"),
        pytest.param({"engine_key": "a\r\nX-B: c"}, 1, ["engine_key", "header"], id="a key of two lines"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_at_start(
    stand: Standin, settings: dict[str, str], models: int, words: list[str]
) -> None:
    stand.models = [{"id": f"m{i}"} for i in range(models)]
    config = load(flags={"engine_url": stand.url, "profile": "desk"} | settings, environ={}).config
    with pytest.raises(InvalidConfig) as caught:
        open_eyes("desk", config)
    for word in words:
        assert word in str(caught.value)


def test_what_does_not_speak_http_is_said_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
            connection.close()

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(InvalidConfig, match="what it sent is not HTTP"):
            open_engine(Config(engine_url=f"http://127.0.0.1:{server.getsockname()[1]}"))
        thread.join()


def test_one_line_of_configuration_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "twinsight.toml"
    file.write_text('engine_url = "http://127.0.0.1:8000"')
    loaded = load(file, environ={})
    assert (loaded.config.profile, loaded.origin["profile"]) == ("desk", "engine_url")
    environ = {"TWINSIGHT_ENGINE_URL": "http://h", "TWINSIGHT_PROFILE": "pocket"}
    assert load(environ=environ).config.profile == "pocket"
