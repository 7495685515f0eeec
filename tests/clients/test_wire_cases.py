"""Conformance cases 1, 3, 4, 5, 18, 19, 20: what SDKs send, and that it is understood."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.process import (
    JS,
    NAMES,
    PYTHON,
    SDKS,
    Client,
    each,
    image,
    image_tokens,
    named,
    text,
    user,
)
from tests.clients.proxy import proxied

MODEL = "gemini-2.0-flash"
CAPTION = text("Caption this image.")

# Not in these SDKs: a level on a part, and schemas in JSON Schema's own words.
BEFORE_LEVELS = named("python-1.16")
BEFORE_JSON_SCHEMA = named("python-1.16")


def test_case_01_trailing_comma(server: Any, photos: Any, tmp_path: Path) -> None:
    """The guide's inline recipe: a comma after the last part, the answer taken out by jq."""
    data = base64.b64encode(photos.scene.read_bytes()).decode()
    part = '{"inline_data": {"mime_type":"image/jpeg", "data": "' + data + '"}},'
    body = '{"contents": [{"parts":[' + part + '{"text": "Caption this image."},]}]}'
    (tmp_path / "request.json").write_text(body)
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
    script = (
        f'curl -sS "{server.url}/v1beta/models/{MODEL}:generateContent?key={server.key}" '
        "-H 'Content-Type: application/json' -X POST -d @request.json"
        ' | jq ".candidates[].content.parts[].text"'
    )
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    printed = done.stdout.strip().splitlines()
    assert len(printed) == 1, done.stdout + done.stderr
    assert json.loads(printed[0]).strip()


@each(*NAMES)
def test_caption_of_an_inline_photo(client: Client, photos: Any) -> None:
    """The guide's first sample, by every client."""
    reply = client.ask("generate", model=MODEL, contents=user(image(photos.scene), CAPTION)).ok()
    assert reply["text"].strip()
    candidate = reply["response"]["candidates"][0]
    assert candidate["finishReason"] == "STOP"
    assert candidate["content"]["role"] == "model"
    usage = reply["response"]["usageMetadata"]
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"]
    assert image_tokens(usage) == 258


@each(*PYTHON)
def test_case_03_urlsafe_base64(client: Client, photos: Any, server: Any) -> None:
    """Python sends the other alphabet; the picture must arrive as from curl."""
    contents = user(image(photos.noise), CAPTION)
    with proxied(server.url) as between:
        mine = client.ask("generate", at=between.url, model=MODEL, contents=contents).ok()
    sent = json.loads(between.seen[-1].body)["contents"][0]["parts"][0]["inlineData"]["data"]
    assert "-" in sent
    assert "_" in sent
    assert base64.urlsafe_b64decode(sent) == photos.noise.read_bytes()
    standard = client.__class__(_curl(), client.drivers)
    theirs = standard.ask("generate", model=MODEL, contents=contents).ok()
    assert mine["text"] == theirs["text"]
    assert mine["response"]["usageMetadata"] == theirs["response"]["usageMetadata"]


def _curl() -> Any:
    from tests.clients.process import SPECS

    return SPECS[-1]


@each(*NAMES)
def test_case_04_same_answer_on_every_path(client: Client, photos: Any, server: Any) -> None:
    """v1, v1beta, v1alpha, and Vertex with a key."""
    contents = user(image(photos.scene), CAPTION)
    ways: list[dict[str, Any]] = [{"api_version": v} for v in ("v1", "v1beta", "v1alpha")]
    if client.name not in named("python-1.16"):  # it wants Google credentials for Vertex
        ways.append({"vertex": True})
    with proxied(server.url) as between:
        replies = [
            client.ask("generate", at=between.url, model=MODEL, contents=contents, **way).ok()
            for way in ways
        ]
    answers = {reply["text"] for reply in replies}
    assert len(answers) == 1, answers
    roots = [exchange.path.split("/models/")[0] for exchange in between.seen]
    expected = ["/v1", "/v1beta", "/v1alpha", "/v1beta1/publishers/google"][: len(ways)]
    assert roots == expected


PIL = {
    "jpeg_file": {},
    "thumbnail_of_jpeg": {"thumbnail": [100, 100]},
    "rgba_in_memory": {"mode": "RGBA"},
    "palette": {"file": "P"},
    "grey_16_bit": {"file": "I;16"},
    "grey_alpha": {"file": "LA"},
    "cmyk": {"file": "CMYK"},
}


@each(*PYTHON)
@pytest.mark.parametrize("given", PIL.values(), ids=PIL.keys())
def test_case_05_pil_image(client: Client, photos: Any, given: dict[str, Any]) -> None:
    """Pillow images as the SDK re-encodes them."""
    path = photos.of_mode(given["file"]) if "file" in given else photos.scene
    part = {"pil": str(path), **{k: v for k, v in given.items() if k != "file"}}
    reply = client.ask("generate", model=MODEL, contents=user(part, CAPTION)).ok()
    assert reply["text"].strip()
    assert image_tokens(reply["response"]["usageMetadata"]) == 258


TOKENS = {(384, 384): 258, (385, 384): 1032, (960, 540): 1548, (1080, 1920): 1548, (400, 1): None}


@each(*NAMES)
@pytest.mark.parametrize(("wh", "tokens"), TOKENS.items(), ids=[f"{w}x{h}" for w, h in TOKENS])
def test_case_18_count_tokens(
    client: Client, photos: Any, wh: tuple[int, int], tokens: int | None
) -> None:
    """The published formula, and the same number when the request is made."""
    contents = user(image(photos.size(*wh)), CAPTION)
    counted = client.ask("count", model=MODEL, contents=contents).ok()
    usage = client.ask("generate", model=MODEL, contents=contents).ok()["response"]["usageMetadata"]
    assert tokens in (None, image_tokens(usage))
    assert counted["totalTokens"] == usage["promptTokenCount"]
    if client.language == "curl":  # the SDKs drop the details
        assert counted["promptTokensDetails"] == usage["promptTokensDetails"]


@each(*NAMES)
def test_case_19_media_resolution_low(client: Client, photos: Any) -> None:
    """LOW for the whole request, on a name of generation 3."""
    reply = client.ask(
        "generate",
        model="gemini-3.5-flash",
        contents=user(image(photos.scene), CAPTION),
        config={"mediaResolution": "MEDIA_RESOLUTION_LOW"},
    ).ok()
    assert image_tokens(reply["response"]["usageMetadata"]) == 280


@each(*[name for name in NAMES if name not in BEFORE_LEVELS])
def test_case_19_media_resolution_of_a_part(client: Client, photos: Any) -> None:
    """HIGH on the part beats LOW on the request."""
    reply = client.ask(
        "generate",
        model="gemini-3.5-flash",
        contents=user(image(photos.scene, level="MEDIA_RESOLUTION_HIGH"), CAPTION),
        config={"mediaResolution": "MEDIA_RESOLUTION_LOW"},
    ).ok()
    assert image_tokens(reply["response"]["usageMetadata"]) == 1120


DETECT = text("Detect all items. box_2d is [ymin, xmin, ymax, xmax] normalized to 0-1000.")


def assert_boxes(boxes: list[dict[str, Any]]) -> None:
    """A list, perhaps empty, of integer boxes in the right order."""
    assert isinstance(boxes, list)
    for box in boxes:
        y0, x0, y1, x1 = box["box_2d"]
        assert all(type(side) is int for side in (y0, x0, y1, x1))
        assert 0 <= y0 < y1 <= 1000
        assert 0 <= x0 < x1 <= 1000
        assert box["label"]


@each(*PYTHON)
def test_case_20_pydantic_list(client: Client, photos: Any) -> None:
    """`response_schema=list[Box]`: `.parsed` is never None."""
    for photo in (photos.scene, photos.size(64, 64)):
        reply = client.ask(
            "generate",
            model=MODEL,
            contents=user(image(photo), DETECT),
            config={"responseMimeType": "application/json"},
            python_schema="list[Box]",
        ).ok()
        assert reply["parsed"] is not None, reply["text"]
        assert_boxes(json.loads(reply["text"]))


BOX = {
    "type": "object",
    "properties": {
        "box_2d": {"type": "array", "items": {"type": "integer"}},
        "label": {"type": "string"},
    },
    "required": ["box_2d", "label"],
    "additionalProperties": False,
}
WITH_SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "array",
    "items": BOX,
}
WITH_DEFS = {
    "$defs": {"Box": BOX},
    "type": "object",
    "properties": {
        "caption": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "boxes": {"type": "array", "items": {"$ref": "#/$defs/Box"}},
        "count": {"type": "integer", "minimum": 0},
    },
    "required": ["caption", "boxes", "count"],
}


@each(*JS)
def test_case_20_json_schema_in_response_schema(client: Client, photos: Any) -> None:
    """What Zod makes, passed where a Gemini schema belongs."""
    config = {"responseMimeType": "application/json", "responseSchema": WITH_SCHEMA}
    contents = user(image(photos.scene), DETECT)
    reply = client.ask("generate", model=MODEL, contents=contents, config=config).ok()
    assert_boxes(json.loads(reply["text"]))


@each(*[name for name in NAMES if name not in BEFORE_JSON_SCHEMA])
def test_case_20_json_schema_with_defs(client: Client, photos: Any) -> None:
    """`responseJsonSchema` with `$defs`, `$ref` and a nullable."""
    config = {"responseMimeType": "application/json", "responseJsonSchema": WITH_DEFS}
    contents = user(image(photos.scene), DETECT)
    reply = client.ask("generate", model=MODEL, contents=contents, config=config).ok()
    answer = json.loads(reply["text"])
    # A Go map has no order of its own: its encoder sorts the schema's keys before they are sent.
    order = ["caption", "boxes", "count"]
    assert list(answer) == (sorted(order) if client.language == "go" else order)
    assert answer["caption"] is None or isinstance(answer["caption"], str)
    assert type(answer["count"]) is int
    assert_boxes(answer["boxes"])


ENUM = {
    "responseMimeType": "text/x.enum",
    "responseSchema": {"type": "STRING", "enum": ["tandem", "unicycle", "none of these"]},
}


@each(*NAMES)
def test_enum_answer_is_a_bare_word(client: Client, photos: Any) -> None:
    contents = user(image(photos.scene), text("Which is it?"))
    reply = client.ask("generate", model=MODEL, contents=contents, config=ENUM).ok()
    assert reply["text"] in ENUM["responseSchema"]["enum"]  # type: ignore[index]


EVERY_SETTING: dict[str, Any] = {
    "systemInstruction": {"role": "user", "parts": [{"text": "Be brief."}]},
    "temperature": 0.5,
    "topP": 0.9,
    "topK": 40,
    "candidateCount": 1,
    "maxOutputTokens": 800,
    "stopSequences": ["###"],
    "seed": 7,
    "presencePenalty": 0.1,
    "frequencyPenalty": 0.1,
    "responseMimeType": "text/plain",
    "responseModalities": ["TEXT"],
    "mediaResolution": "MEDIA_RESOLUTION_MEDIUM",
    "thinkingConfig": {"thinkingBudget": 0},
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"}],
}


@each(*NAMES)
def test_every_setting_at_once(client: Client, photos: Any) -> None:
    """Each SDK writes numbers and names in its own way (`topK: 40.0`, snake case inside)."""
    contents = user(image(photos.scene), CAPTION)
    reply = client.ask(
        "generate", model="gemini-2.5-flash", contents=contents, config=EVERY_SETTING
    )
    assert reply.ok()["text"].strip()


@each(*NAMES)
def test_several_turns(client: Client, photos: Any) -> None:
    """A conversation as history, the picture in its first turn."""
    contents = [
        *user(image(photos.sign), text("What does the sign say?")),
        {"role": "model", "parts": [text("EXIT "), text("24")]},
        *user(text("What is this image?")),
    ]
    reply = client.ask("generate", model=MODEL, contents=contents).ok()
    assert reply["text"].strip()
    assert image_tokens(reply["response"]["usageMetadata"]) > 0


@each(*SDKS)
def test_server_is_found_by_environment(client: Client, server: Any) -> None:
    """No base URL in the code: the variables alone lead the SDK to this server."""
    model = client.ask("models_get", model=MODEL).ok()
    at_url = client.ask("models_get", at=server.url, model=MODEL).ok()
    assert model["description"] == at_url["description"]
    assert "Twinsight" in model["description"]
