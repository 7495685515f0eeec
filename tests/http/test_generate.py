"""generateContent, streams and countTokens over plain HTTP: paths, framing, errors, limits."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.conftest import RunningServer, StartServer
from tests.eyes import slow_eyes, told_eyes

LONG_TOKEN = base64.urlsafe_b64encode(b"m" + b"9" * 5000).decode()
PATH = "/v1beta/models/gemini-2.5-flash"


def png(wh: tuple[int, int] = (64, 48)) -> str:
    file = io.BytesIO()
    Image.linear_gradient("L").resize(wh).convert("RGB").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def body(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"contents": [{"parts": list(parts)}], **more}


PICTURE = {"inlineData": {"mimeType": "image/png", "data": png()}}
ASK = body(PICTURE, {"text": "Caption this image."})


@pytest.fixture
def told(start_server: StartServer) -> RunningServer:
    return start_server(eyes=told_eyes(objects=[("dog", (0.1, 0.1, 0.6, 0.9))], lines=["EXIT"]))


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha", "v1beta1"])
@pytest.mark.parametrize(
    "root",
    [
        pytest.param("models", id="gemini"),
        pytest.param("publishers/google/models", id="vertex with a key"),
        pytest.param("projects/p/locations/l/publishers/google/models", id="vertex in full"),
    ],
)
def test_every_path_answers_alike(told: RunningServer, version: str, root: str) -> None:
    with told.client() as client:
        reply = client.post(f"/{version}/{root}/gemini-2.5-flash:generateContent", json=ASK)
        encoded = client.post(f"/{version}/{root}/gemini-2.5-flash%3AgenerateContent", json=ASK)
    assert reply.status_code == encoded.status_code == 200
    candidate = reply.json()["candidates"][0]
    assert "dog" in candidate["content"]["parts"][0]["text"]
    assert candidate["finishReason"] == "STOP"
    assert reply.headers["content-type"] == "application/json; charset=UTF-8"


def test_counts_agree_between_answer_and_count(told: RunningServer) -> None:
    with told.client() as client:
        usage = client.post(f"{PATH}:generateContent", json=ASK).json()["usageMetadata"]
        count = client.post(f"{PATH}:countTokens", json=ASK).json()
        nested = client.post(f"{PATH}:countTokens", json={"generateContentRequest": ASK}).json()
    assert usage["promptTokenCount"] == count["totalTokens"] == nested["totalTokens"] == 262
    assert usage["promptTokensDetails"] == count["promptTokensDetails"]
    details = {d["modality"]: d["tokenCount"] for d in count["promptTokensDetails"]}
    assert details == {"TEXT": 4, "IMAGE": 258}


TEXTS = st.lists(st.text(max_size=40), min_size=1, max_size=4)
SIZES = st.lists(st.tuples(st.integers(1, 900), st.integers(1, 900)), max_size=3)


@given(TEXTS, SIZES, st.sampled_from(["gemini-2.0-flash", "gemini-2.5-pro", "gemini-3.5-flash"]),
       st.sampled_from([None, "MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_HIGH"]))  # fmt: skip
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_count_equals_usage_for_any_request(
    told: RunningServer,
    texts: list[str],
    sizes: list[tuple[int, int]],
    model: str,
    level: str | None,
) -> None:
    parts: list[dict[str, Any]] = [{"text": text} for text in texts]
    parts += [{"inline_data": {"data": png(wh)}} for wh in sizes]
    config = {"mediaResolution": level} if level else {}
    asked = body(*parts, systemInstruction="Be brief.", generationConfig=config)
    with told.client() as client:
        usage = client.post(f"/v1beta/models/{model}:generateContent", json=asked).json()
        count = client.post(
            f"/v1beta/models/{model}:countTokens", json={"generateContentRequest": asked}
        ).json()
    assert usage["usageMetadata"]["promptTokenCount"] == count["totalTokens"]
    assert usage["usageMetadata"]["promptTokensDetails"] == count["promptTokensDetails"]


@pytest.mark.parametrize(
    ("model", "level", "part_level", "tokens"),
    [
        pytest.param("gemini-3.5-flash", "LOW", None, 280, id="low for all"),
        pytest.param("gemini-3.5-flash", "LOW", "HIGH", 1120, id="the part's own beats it"),
        pytest.param("gemini-3.5-flash", None, "ULTRA_HIGH", 2240, id="ultra high on a part"),
        pytest.param("gemini-2.5-flash", "LOW", None, 64, id="low on 2.5"),
        pytest.param("gemini-2.0-flash", "LOW", None, 258, id="ignored on 2.0"),
    ],
)
def test_media_resolution(
    told: RunningServer, model: str, level: str | None, part_level: str | None, tokens: int
) -> None:
    part: dict[str, Any] = dict(PICTURE)
    if part_level:
        part["mediaResolution"] = {"level": f"MEDIA_RESOLUTION_{part_level}"}
    config = {"mediaResolution": f"MEDIA_RESOLUTION_{level}"} if level else {}
    with told.client() as client:
        reply = client.post(
            f"/v1/models/{model}:generateContent", json=body(part, generationConfig=config)
        )
    assert reply.json()["usageMetadata"]["promptTokenCount"] == tokens


def test_events_are_lines_that_every_sdk_parses(told: RunningServer) -> None:
    with told.client() as client:
        reply = client.post(f"{PATH}:streamGenerateContent?alt=sse", json=ASK)
    assert reply.headers["content-type"].startswith("text/event-stream")
    events = reply.text.split("\n\n")
    assert events.pop() == ""
    assert all(event.startswith("data: {") and "\n" not in event for event in events)
    chunks = [json.loads(event.removeprefix("data: ")) for event in events]
    assert len(chunks) > 1
    assert all(chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in chunks)
    assert [("finishReason" in c["candidates"][0]) for c in chunks] == [False] * (
        len(chunks) - 1
    ) + [True]
    assert len({chunk["responseId"] for chunk in chunks}) == 1
    with told.client() as client:
        whole = client.post(f"{PATH}:generateContent", json=ASK).json()
    streamed = "".join(c["candidates"][0]["content"]["parts"][0]["text"] for c in chunks)
    assert streamed == whole["candidates"][0]["content"]["parts"][0]["text"]
    assert chunks[-1]["usageMetadata"] == whole["usageMetadata"]


def test_without_alt_the_stream_is_a_json_array(told: RunningServer) -> None:
    with told.client() as client:
        reply = client.post(f"{PATH}:streamGenerateContent", json=ASK)
        refused = client.post(f"{PATH}:streamGenerateContent", json={})
    assert reply.headers["content-type"].startswith("application/json")
    assert [next(iter(chunk)) for chunk in reply.json()] == ["candidates"] * len(reply.json())
    assert refused.status_code == 400
    assert refused.json()[0]["error"]["status"] == "INVALID_ARGUMENT"


def test_a_fault_before_the_first_chunk_is_an_ordinary_error(told: RunningServer) -> None:
    torn = body({"inlineData": {"data": png()[:-80]}}, {"text": "Caption this image."})
    with told.client() as client:
        reply = client.post(f"{PATH}:streamGenerateContent?alt=sse", json=torn)
    assert (reply.status_code, reply.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_heartbeats_while_the_eyes_take_their_time(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twinsight.http.generate.HEARTBEAT_SECONDS", 0.1)
    server = start_server(eyes=slow_eyes(0.5))
    with server.client() as client:
        text = client.post(f"{PATH}:streamGenerateContent?alt=sse", json=ASK).text
    assert text.startswith("\n\n")
    assert text.strip().startswith("data: {")
    assert set(text.split("data: ")[0]) == {"\n"}


def test_several_candidates_on_old_names(told: RunningServer) -> None:
    with told.client() as client:
        reply = client.post(
            f"{PATH}:generateContent", json=ASK | {"generationConfig": {"candidateCount": 3}}
        ).json()
    assert [c["index"] for c in reply["candidates"]] == [0, 1, 2]
    one = reply["usageMetadata"]["candidatesTokenCount"] // 3
    assert reply["usageMetadata"]["candidatesTokenCount"] == 3 * one > 0


@pytest.mark.parametrize(
    ("config", "text", "finish"),
    [
        pytest.param({"maxOutputTokens": 3}, "A photo of", "MAX_TOKENS", id="three tokens"),
        pytest.param({"stopSequences": [" of"]}, "A photo", "STOP", id="stopped"),
    ],
)
def test_limits_of_an_answer(
    told: RunningServer, config: dict[str, Any], text: str, finish: str
) -> None:
    with told.client() as client:
        reply = client.post(f"{PATH}:generateContent", json=ASK | {"generationConfig": config})
    candidate = reply.json()["candidates"][0]
    assert candidate["content"]["parts"][0]["text"] == text
    assert candidate["finishReason"] == finish


@pytest.mark.parametrize(
    ("method", "path", "status", "word"),
    [
        pytest.param("GET", "/index.html", 404, "NOT_FOUND", id="no such page"),
        pytest.param("GET", "/v2/models", 404, "NOT_FOUND", id="unknown version"),
        pytest.param("GET", f"{PATH}:generateContent", 404, "NOT_FOUND", id="GET for POST"),
        pytest.param(
            "POST", "/v1/models/gemini-2.5-flash:embedContent", 404, "NOT_FOUND", id="other verb"
        ),
        pytest.param("POST", "/v1/models/gemini-2.5-flash", 404, "NOT_FOUND", id="no verb"),
        pytest.param(
            "POST", "/v1/models/gpt:generateContent", 404, "NOT_FOUND", id="unknown model"
        ),
        pytest.param("GET", "/v1/models/gpt", 404, "NOT_FOUND", id="unknown model's card"),
        pytest.param(
            "GET", "/v1/models?pageToken=x", 400, "INVALID_ARGUMENT", id="foreign page token"
        ),
        pytest.param(
            "GET", "/v1/models?pageSize=" + "9" * 5000, 400, "INVALID_ARGUMENT", id="endless page"
        ),
        pytest.param(
            "GET", "/v1/models?pageToken=" + LONG_TOKEN, 400, "INVALID_ARGUMENT", id="endless token"
        ),
        pytest.param("GET", "/v1/models?pageSize=-1", 400, "INVALID_ARGUMENT", id="negative page"),
        pytest.param("POST", "/v1/interactions", 404, "NOT_FOUND", id="Interactions"),
        pytest.param("POST", "/v1beta/openai/chat/completions", 404, "NOT_FOUND", id="OpenAI's"),
        pytest.param("GET", "/$discovery/rest?version=v1beta", 404, "NOT_FOUND", id="discovery"),
    ],
)
def test_errors_are_json(
    told: RunningServer, method: str, path: str, status: int, word: str
) -> None:
    with told.client() as client:
        reply = client.request(method, path)
    assert reply.status_code == status
    assert reply.json()["error"]["code"] == status
    assert reply.json()["error"]["status"] == word


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"GIF89a" + bytes(40), "Unsupported MIME type: image/gif", id="gif"),
        pytest.param(b"%PDF-1.7\n" + bytes(40), "Unsupported MIME type: application/pdf", id="pdf"),
        pytest.param(
            b"no picture at all, only words", "Unsupported MIME type: text/plain", id="text"
        ),
        pytest.param(base64.b64decode(png())[:60], "not valid", id="torn png"),
    ],
)
def test_what_is_no_picture_is_named(told: RunningServer, content: bytes, says: str) -> None:
    part = {"inlineData": {"mimeType": "image/jpeg", "data": base64.b64encode(content).decode()}}
    with told.client() as client:
        reply = client.post(f"{PATH}:generateContent", json=body(part, {"text": "Caption this."}))
    assert reply.status_code == 400
    assert says in reply.json()["error"]["message"]


def test_bodies_over_the_limit(start_server: StartServer) -> None:
    server = start_server(eyes=told_eyes(), max_body_bytes=10_000)
    text = f"Request payload size exceeds the limit: {10_000} bytes."
    with server.client() as client:
        declared = client.post(f"{PATH}:generateContent", content=b" " * 10_001)
        streamed = client.post(f"{PATH}:generateContent", content=iter([b" " * 6_000] * 2))
    for reply in (declared, streamed):
        assert reply.status_code == 400
        assert reply.json()["error"]["message"].startswith(text)


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("/v1/cachedContents", "send them with each request"),
        (f"{PATH}:batchGenerateContent", "send the requests themselves"),
        (f"{PATH}:batchEmbedContents", "no embeddings"),
        (f"{PATH}:predict", "no pictures"),
        ("/v1/interactions", "use generateContent"),
        ("/v1beta/openai/chat/completions", "use generateContent"),
        ("/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent", "use streamG"),
    ],
)  # fmt: skip
def test_what_is_not_built_says_what_to_do_instead(
    told: RunningServer, path: str, advice: str
) -> None:
    with told.client() as client:
        error = client.post(path, json={}).json()["error"]
    assert error["status"] == "NOT_FOUND"
    assert advice in error["message"]


@pytest.mark.parametrize("before", ["labels: a, b, ", "what colour is the ", "is there a cat and "])
def test_a_question_after_a_million_letters(told: RunningServer, before: str) -> None:
    """Only the ends of what nobody can mean are understood, so that it holds no worker."""
    text = before * (1_000_000 // len(before)) + "\n\nHow many dogs are there?"
    with told.client() as client:
        reply = client.post(f"{PATH}:generateContent", json=body(PICTURE, {"text": text}))
    assert reply.status_code == 200, reply.text


def test_too_many_pictures(start_server: StartServer) -> None:
    server = start_server(eyes=told_eyes(), max_images=2)
    with server.client() as client:
        reply = client.post(f"{PATH}:generateContent", json=body(PICTURE, PICTURE, PICTURE))
    assert reply.status_code == 400
    assert "fewer than 3 images" in reply.json()["error"]["message"]


def test_a_deadline_set_by_the_client(start_server: StartServer) -> None:
    server = start_server(eyes=slow_eyes(0.6))
    with server.client() as client:
        late = client.post(f"{PATH}:generateContent", json=ASK, headers={"X-Server-Timeout": "0.2"})
        odd = client.post(f"{PATH}:countTokens", json=ASK, headers={"X-Server-Timeout": "soon"})
    assert (late.status_code, late.json()["error"]["status"]) == (504, "DEADLINE_EXCEEDED")
    assert odd.status_code == 200


@pytest.mark.parametrize("verb", ["generateContent", "streamGenerateContent?alt=sse"])
def test_a_full_queue_says_when_to_come_back(start_server: StartServer, verb: str) -> None:
    server = start_server(eyes=slow_eyes(0.4), workers=1, max_queue=1)
    replies: list[httpx.Response] = []

    def ask(name: int) -> None:
        with server.client() as client:
            picture = {"inlineData": {"data": png((10 + name, 10))}}
            replies.append(client.post(f"{PATH}:{verb}", json=body(picture)))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = [reply.status_code for reply in replies]
    assert set(statuses) == {200, 503}
    refused = next(reply for reply in replies if reply.status_code == 503).json()["error"]
    assert refused["status"] == "UNAVAILABLE"
    assert refused["details"][0]["@type"].endswith("RetryInfo")


def test_a_client_that_leaves_frees_its_place(start_server: StartServer) -> None:
    looks: list[float] = []

    def before() -> None:
        looks.append(time.monotonic())
        time.sleep(0.3)

    server = start_server(eyes=told_eyes(name="cat", before=before), workers=1)
    pictures = [{"inlineData": {"data": png((20 + n, 20))}} for n in range(8)]
    asked = body(*pictures, {"text": "Caption these images."})
    with server.client() as client:
        with pytest.raises(httpx.ReadTimeout):
            client.post(f"{PATH}:generateContent", json=asked, timeout=0.5)
        assert client.post(f"{PATH}:generateContent", json=ASK).status_code == 200
    assert len(looks) < 6


def test_cors_lets_the_browser_sdk_in(told: RunningServer) -> None:
    asked = "content-type,x-goog-api-key,x-goog-api-client,x-goog-upload-command"
    with told.client() as client:
        allowed = client.options(
            f"{PATH}:generateContent",
            headers={
                "Origin": "http://localhost:5173",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": asked,
            },
        )
        refused = client.post(f"{PATH}:generateContent", json={}, headers={"Origin": "http://x"})
    assert allowed.status_code == 200
    assert set(asked.split(",")) <= set(
        allowed.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
    )
    assert refused.headers["access-control-allow-origin"] == "*"
    assert "x-goog-upload-url" in refused.headers["access-control-expose-headers"].lower()


def test_pages_of_models_end(told: RunningServer) -> None:
    names: list[str] = []
    token = ""
    with told.client() as client:
        while True:
            page = client.get("/v1beta/models", params={"pageSize": 7, "pageToken": token}).json()
            names += [model["name"] for model in page["models"]]
            token = page.get("nextPageToken", "")
            if not token:
                break
        assert client.get("/v1beta/tunedModels").json() == {"tunedModels": []}
        card = client.get("/v1beta/models/gemini-2.0-flash").json()
    assert len(names) == len(set(names)) >= 14
    assert "Not Google's model" in card["description"]
    assert "sees what it is told to" in card["description"]


NUMBER_IDS = ["superscript", "arabic", "endless", "minus zero", "over a double", "half"]


@pytest.mark.parametrize("number", ["²", "٣", "9" * 6000, "-0.0", "1e999", "½"], ids=NUMBER_IDS)
@pytest.mark.parametrize(
    "question",
    [
        pytest.param("{}", id="alone"),
        pytest.param("Detect the {} largest dogs, at most {} items.", id="detect"),
        pytest.param("What is in image {}?", id="which image"),
        pytest.param("Are there more than {} dogs?", id="bound"),
        pytest.param("Call it with {}.", id="call"),
    ],
)
def test_odd_numbers_in_a_question(told: RunningServer, question: str, number: str) -> None:
    text = question.format(number, number)
    tool = {
        "name": "call_it",
        "parameters": {"type": "OBJECT", "properties": {"n": {"type": "INTEGER"}}},
    }
    with told.client() as client:
        for more in ({}, {"tools": [{"functionDeclarations": [tool]}]}):
            asked = body(PICTURE, PICTURE, {"text": text}, **more)
            assert client.post(f"{PATH}:generateContent", json=asked).status_code == 200


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "contents",
                    "parts",
                    "text",
                    "inlineData",
                    "inline_data",
                    "data",
                    "mimeType",
                    "fileData",
                    "fileUri",
                    "role",
                    "generationConfig",
                    "responseSchema",
                    "responseMimeType",
                    "type",
                    "items",
                    "properties",
                    "enum",
                    "anyOf",
                    "responseJsonSchema",
                    "tools",
                    "functionDeclarations",
                    "name",
                    "systemInstruction",
                    "temperature",
                    "stopSequences",
                    "functionCall",
                    "functionResponse",
                    "response",
                    "args",
                    "mediaResolution",
                    "level",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


def fuzz(server: RunningServer, examples: int) -> None:
    with server.client() as client:

        @given(JUNK, st.booleans())
        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        def any_body(value: object, nested: bool) -> None:
            asked = {"contents": value} if nested else value
            reply = client.post(f"{PATH}:generateContent", content=json.dumps(asked))
            assert reply.status_code < 500, (asked, reply.text)
            assert reply.json()

        any_body()


def test_no_body_makes_the_server_fail(told: RunningServer) -> None:
    fuzz(told, 1000)


@pytest.mark.slow
def test_no_body_makes_the_server_fail_in_the_long_run(told: RunningServer) -> None:
    fuzz(told, 100_000)
