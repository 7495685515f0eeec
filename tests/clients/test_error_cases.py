"""Conformance cases 22 and 23: refusals with the same class and code in every SDK; tools."""

from __future__ import annotations

import json
from typing import Any

import pytest
from PIL import Image

from tests.clients import curl
from tests.clients.process import JS, NAMES, PYTHON, Client, each, image, named, text, user

MODEL = "gemini-2.0-flash"
CAPTION = text("Caption this image.")

CLASS_4XX = {
    "python": "ClientError",
    "js": "ApiError",
    "go": "APIError",
    "java": "ClientException",
    "curl": "curl",
}


def assert_refused(client: Client, error: dict[str, Any], code: int, status: str) -> None:
    """The SDK's own class, the HTTP code, and the status word where the SDK keeps it."""
    assert error["class"] == CLASS_4XX[client.language], error
    assert error["code"] == code, error
    if client.language != "java":  # it gives the HTTP reason phrase instead
        assert error["status"] == status, error
    assert error["message"]
    assert "<html" not in error["message"].lower()


@each(*NAMES)
def test_case_22_bad_key(client: Client, keyed_server: Any) -> None:
    """400, not 401, with the reason that client code matches on."""
    asked = {"at": keyed_server.url, "model": MODEL, "contents": user(text("hi"))}
    assert client.ask("generate", key=keyed_server.key, **asked).ok()["text"]
    error = client.ask("generate", key="wrong", **asked).failed()
    assert_refused(client, error, 400, "INVALID_ARGUMENT")
    assert "API key not valid" in error["message"]
    if client.language != "java":
        assert "API_KEY_INVALID" in json.dumps(error["details"])


def test_case_22_no_key(server: Any) -> None:
    """No SDK lets its user send no key, so this is curl alone."""
    for path, body in (
        ("models/gemini-2.0-flash:generateContent", b'{"contents":[{"parts":[{"text":"hi"}]}]}'),
        ("models", None),
        ("files", None),
    ):
        got = curl.fetch(f"{server.url}/v1beta/{path}", body=body)
        assert got.status == 403
        error = json.loads(got.body)["error"]
        assert error["status"] == "PERMISSION_DENIED"
        assert "unregistered callers" in error["message"]


@each(*NAMES)
@pytest.mark.parametrize("op", ["generate", "count", "models_get"])
def test_case_22_unknown_model(client: Client, op: str) -> None:
    """404 with Google's sentence, the version in it that the client used."""
    more = {} if op == "models_get" else {"contents": user(text("hi"))}
    error = client.ask(op, model="gemini-9-none", **more).failed()
    assert_refused(client, error, 404, "NOT_FOUND")
    version = "v1" if client.name in named("python-3", "js-3") else "v1beta"
    expected = f"models/gemini-9-none is not found for API version {version}, or is not supported"
    assert expected in error["message"]


@each(*NAMES)
def test_case_22_undecodable_image(client: Client, photos: Any) -> None:
    broken = photos.with_bytes(photos.noise.read_bytes()[:200], "cut.png")
    contents = user(image(broken), CAPTION)
    error = client.ask("generate", model=MODEL, contents=contents).failed()
    assert_refused(client, error, 400, "INVALID_ARGUMENT")
    assert "image" in error["message"].lower()


@each(*NAMES)
def test_case_22_gif(client: Client, photos: Any) -> None:
    gif = photos.saved(Image.new("P", (32, 32)), "still.gif")
    error = client.ask("generate", model=MODEL, contents=user(image(gif), CAPTION)).failed()
    assert_refused(client, error, 400, "INVALID_ARGUMENT")
    assert "Unsupported MIME type: image/gif" in error["message"]


@each(*NAMES)
def test_case_22_body_over_the_limit(client: Client, photos: Any, small_server: Any) -> None:
    """400, not 413, and a reply even though the client is still sending."""
    large = photos.bytes_of(3 << 20, "large.png")
    contents = user(image(large), CAPTION)
    error = client.ask("generate", at=small_server.url, model=MODEL, contents=contents).failed()
    assert_refused(client, error, 400, "INVALID_ARGUMENT")
    assert "Request payload size exceeds the limit: 1048576 bytes" in error["message"]


BAD_SETTINGS = {
    "temperature": {"temperature": 3},
    "mime": {"responseMimeType": "text/html"},
    "modality": {"responseModalities": ["AUDIO"]},
    "stops": {"stopSequences": list("abcdef")},
}


@each(*NAMES)
@pytest.mark.parametrize("config", BAD_SETTINGS.values(), ids=BAD_SETTINGS.keys())
def test_bad_setting(client: Client, config: dict[str, Any]) -> None:
    """The field is named in the message."""
    asked = {"model": MODEL, "contents": user(text("hi")), "config": config}
    error = client.ask("generate", **asked).failed()
    assert_refused(client, error, 400, "INVALID_ARGUMENT")
    snake = {"responseMimeType": "response_mime_type", "responseModalities": "response_modalities",
             "stopSequences": "stop_sequences"}  # fmt: skip
    field = next(iter(config))
    assert snake.get(field, field) in error["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("GET", "/v1beta/nothing"),
        ("POST", "/v1beta/models/gemini-2.0-flash:embedContent"),
        ("POST", "/v1beta/models/gemini-2.0-flash"),
        ("GET", "/$discovery/rest?version=v1beta"),
        ("PUT", "/v1beta/models"),
        ("GET", "/v2/models"),
        ("GET", "/v1beta/cachedContents"),
        ("GET", "/v1beta/batches"),
    ],
    ids=lambda value: value.strip("/"),
)
def test_unknown_route_is_json_404(server: Any, method: str, path: str) -> None:
    got = curl.fetch(f"{server.url}{path}", "-X", method)
    assert got.headers["content-type"].startswith("application/json"), got.body[:200]
    error = json.loads(got.body)["error"]
    assert got.status == error["code"]
    assert got.status in (404, 501)
    assert error["status"] in ("NOT_FOUND", "UNIMPLEMENTED")


UNSUPPORTED = {
    "googleSearch": ("googleSearch", "google_search"),
    "codeExecution": ("codeExecution", "code_execution"),
    "urlContext": ("urlContext", "url_context"),
}


@each(*NAMES)
@pytest.mark.parametrize("tool", UNSUPPORTED)
def test_case_23_unsupported_tool(client: Client, tool: str) -> None:
    """400 that names the tool, rather than silent neglect."""
    if tool == "urlContext" and client.name in named("python-1.16"):
        tool = "googleSearch"  # the older SDK does not know the other
    asked = {"model": MODEL, "contents": user(text("hi")), "config": {"tools": [{tool: {}}]}}
    error = client.ask("generate", **asked).failed()
    assert_refused(client, error, 400, "INVALID_ARGUMENT")
    assert any(name in error["message"] for name in UNSUPPORTED[tool]), error["message"]


WEATHER = {
    "functionDeclarations": [
        {
            "name": "photo_weather",
            "description": "The weather where the photo was taken.",
            "parameters": {
                "type": "OBJECT",
                "properties": {"place": {"type": "STRING"}},
                "required": ["place"],
            },
        }
    ]
}


@each(*NAMES)
def test_case_23_json_with_functions(client: Client) -> None:
    """Refused for 2.x names."""
    config = {"tools": [WEATHER], "responseMimeType": "application/json"}
    asked = {"model": MODEL, "contents": user(text("hi")), "config": config}
    error = client.ask("generate", **asked).failed()
    assert_refused(client, error, 400, "INVALID_ARGUMENT")
    assert "Function calling with a response mime type" in error["message"]


@each(*NAMES)
def test_case_23_function_history(client: Client, photos: Any) -> None:
    """A call and its result in the history, as SDKs send them back."""
    contents = [
        *user(image(photos.scene), text("What was the weather here?")),
        {
            "role": "model",
            "parts": [{"raw": {"functionCall": {"name": "photo_weather", "args": {"place": "X"}}}}],
        },
        {
            "role": "user",
            "parts": [
                {
                    "raw": {
                        "functionResponse": {
                            "name": "photo_weather",
                            "response": {"result": "It was sunny in X."},
                        }
                    }
                }
            ],
        },
    ]
    config = {"tools": [WEATHER]}
    reply = client.ask("generate", model=MODEL, contents=contents, config=config).ok()
    response = reply["response"]["candidates"][0]
    assert response["finishReason"] == "STOP"
    assert response["content"]["parts"]


@each(*PYTHON)
def test_case_23_python_callable(client: Client, photos: Any) -> None:
    """A Python function as a tool: the SDK's automatic calling must end in an answer."""
    reply = client.ask(
        "generate",
        model=MODEL,
        contents=user(image(photos.scene), text("Caption this image.")),
        config={},
        python_tool="photo_weather",
    ).ok()
    assert reply["text"].strip()


@each(*JS)
def test_errors_that_js_users_parse(client: Client) -> None:
    """`ApiError.message` is the body as JSON, which the driver parsed to find the status."""
    asked = {"model": "gemini-9-none", "contents": user(text("hi"))}
    error = client.ask("generate", **asked).failed()
    assert (error["code"], error["status"]) == (404, "NOT_FOUND")
