"""From request JSON to a prompt: every field of CONTRACT §3.2 is named here."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from twinsight.errors import InvalidArgument, TwinsightError, UnsupportedTool
from twinsight.prompt import Call, CallResult, ImageRef, Prompt, Resolution, Text, Thinking
from twinsight.wire import read, schema

PNG = base64.b64encode(b"\x89PNG").decode()
HELLO = [{"parts": [{"text": "Hello"}]}]


def prompt_of(
    config: dict[str, Any] | None = None, generation: float = 2.5, sdk: bool = True, **request: Any
) -> Prompt:
    body = {"contents": HELLO} | request
    if config is not None:
        body["generationConfig"] = config
    return read.generate_request(body, read.Caller(generation, sdk))


# One case a field: what is sent, and what it makes of the prompt.
HONOURED: dict[str, tuple[dict[str, Any], Callable[[Any], bool]]] = {
    "temperature": ({"temperature": 0.5}, lambda p: p.sampling.temperature == 0.5),
    "top_p": ({"topP": 0.9}, lambda p: p.sampling.top_p == 0.9),
    "top_k": ({"topK": 40.0}, lambda p: p.sampling.top_k == 40),
    "seed": ({"seed": 7}, lambda p: p.sampling.seed == 7),
    "candidate_count": ({"candidateCount": 2}, lambda p: p.shape.candidates == 2),
    "max_output_tokens": ({"maxOutputTokens": "9"}, lambda p: p.shape.max_tokens == 9),
    "stop_sequences": ({"stopSequences": ["x", ""]}, lambda p: p.shape.stop == ("x",)),
    "response_mime_type": (
        {"responseMimeType": "application/json"},
        lambda p: p.shape.mime == "application/json",
    ),
    "response_schema": (
        {"responseMimeType": "application/json", "responseSchema": {"type": "STRING"}},
        lambda p: p.shape.schema["type"] == "string",
    ),
    "response_json_schema": (
        {"responseMimeType": "application/json", "responseJsonSchema": {"type": "string"}},
        lambda p: p.shape.schema["type"] == "string",
    ),
    "response_format": (
        {
            "responseFormat": {
                "text": {"mimeType": "APPLICATION_JSON", "schema": {"type": "string"}}
            }
        },
        lambda p: p.shape.mime == "application/json" and p.shape.schema["type"] == "string",
    ),
    "response_modalities": ({"responseModalities": ["TEXT"]}, lambda p: True),
    "media_resolution": (
        {"mediaResolution": "MEDIA_RESOLUTION_LOW"},
        lambda p: p.images[0].resolution is Resolution.LOW,
    ),
    "thinking_config": (
        {"thinkingConfig": {"include_thoughts": False, "thinking_budget": 0}},
        lambda p: p.question == "Hello" and p.thinking == Thinking(False, 0),
    ),
    "response_logprobs": ({"responseLogprobs": True}, lambda p: p.logprobs == 0),
    "logprobs": ({"responseLogprobs": True, "logprobs": 5}, lambda p: p.logprobs == 5),
    "presence_penalty": (
        {"presencePenalty": 1.5},
        lambda p: p.sampling.presence_penalty == 1.5,
    ),
    "frequency_penalty": (
        {"frequencyPenalty": -1.5},
        lambda p: p.sampling.frequency_penalty == -1.5,
    ),
}

ACCEPTED: dict[str, dict[str, Any]] = {
    "speech_config": {"speechConfig": {"voiceConfig": {}}},
    "image_config": {"imageConfig": {"aspectRatio": "1:1"}},
    "audio_transcription_config": {"audioTranscriptionConfig": {}},
    "enable_enhanced_civic_answers": {"enableEnhancedCivicAnswers": True},
    "routing_config": {"routingConfig": {}},
    "model_selection_config": {"modelSelectionConfig": {}},
    "model_armor_config": {"modelArmorConfig": {}},
    "audio_timestamp": {"audioTimestamp": True},
}


def test_every_field_of_the_table_is_tested_here() -> None:
    assert set(HONOURED) | set(ACCEPTED) == set(schema.GENERATION_CONFIG.fields)


@pytest.mark.parametrize("field", HONOURED)
def test_honoured(field: str) -> None:
    config, holds = HONOURED[field]
    picture = [{"parts": [{"inlineData": {"data": PNG}}, {"text": "Hello"}]}]
    assert holds(prompt_of(config, contents=picture))


@pytest.mark.parametrize("field", ACCEPTED)
def test_accepted_without_effect(field: str) -> None:
    assert prompt_of(ACCEPTED[field]) == prompt_of()


@pytest.mark.parametrize(
    ("config", "generation", "says"),
    [
        pytest.param({"temperature": 2.1}, 2.5, "temperature", id="temperature over 2"),
        pytest.param({"topP": 1.1}, 2.5, "top_p", id="topP over 1"),
        pytest.param({"topK": 0}, 2.5, "top_k", id="topK under 1"),
        pytest.param({"candidateCount": 9}, 2.5, "candidate_count", id="nine candidates"),
        pytest.param(
            {"candidateCount": 2}, 3.5, "Multiple candidates is not enabled", id="two on 3+"
        ),
        pytest.param({"maxOutputTokens": 0}, 2.5, "max_output_tokens", id="no tokens"),
        pytest.param({"stopSequences": list("abcdef")}, 2.5, "stop_sequences", id="six stops"),
        pytest.param({"seed": 2**31}, 2.5, "seed", id="seed over int32"),
        pytest.param({"presencePenalty": 3}, 2.5, "presence_penalty", id="penalty over 2"),
        pytest.param({"logprobs": 5}, 2.5, "logprobs", id="logprobs alone"),
        pytest.param({"responseMimeType": "text/html"}, 2.5, "text/html", id="unknown mime"),
        pytest.param(
            {"responseSchema": {"type": "STRING"}},
            2.5,
            "application/json",
            id="schema without JSON",
        ),
        pytest.param({"responseMimeType": "text/x.enum"}, 2.5, "enum", id="enum without schema"),
        pytest.param(
            {
                "responseMimeType": "application/json",
                "responseSchema": {"type": "STRING"},
                "responseJsonSchema": {},
            },
            2.5,
            "together",
            id="two schemas",
        ),
        pytest.param(
            {"responseMimeType": "application/json", "responseSchema": {"typ": "STRING"}},
            2.5,
            'Unknown name "typ"',
            id="typo in a schema",
        ),
        pytest.param({"responseModalities": ["IMAGE"]}, 2.5, "IMAGE", id="picture as answer"),
        pytest.param(
            {"mediaResolution": "MEDIA_RESOLUTION_ULTRA_HIGH"},
            3.5,
            "single parts",
            id="global ultra high",
        ),
        pytest.param({"mediaResolution": "BEST"}, 2.5, "media_resolution", id="unknown resolution"),
        pytest.param(
            {"thinkingConfig": {"thinkingBudget": 1, "thinkingLevel": "low"}},
            2.5,
            "only one of thinking budget",
            id="budget and level",
        ),
        pytest.param(
            {"thinkingConfig": {"thinkingBudget": 52428}},
            2.5,
            "The thinking budget (52428) is invalid",
            id="budget over the most",
        ),
    ],
)
def test_refused(config: dict[str, Any], generation: float, says: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        prompt_of(config, generation)
    assert says in caught.value.message
    assert caught.value.code == 400


@pytest.mark.parametrize("tool", schema.REFUSED_TOOLS)
def test_a_tool_that_does_not_run_here_is_named(tool: str) -> None:
    with pytest.raises(UnsupportedTool, match=tool):
        prompt_of(tools=[{tool: {}}])


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        pytest.param({"contents": []}, "contents is not specified", id="no contents"),
        pytest.param({"contents": None}, "contents is not specified", id="null contents"),
        pytest.param(
            {"contents": [{"role": "robot", "parts": [{"text": "x"}]}]},
            "Please use a valid role: user, model.",
            id="unknown role",
        ),
        pytest.param(
            {"contents": [{"parts": [{"inlineData": {"data": "!"}}]}]},
            "contents[0].parts[0].inline_data.data",
            id="not base64",
        ),
        pytest.param(
            {"contents": [{"parts": [{"inlineData": {"data": ""}}]}]},
            "it is empty",
            id="empty picture",
        ),
        pytest.param(
            {"contents": [{"parts": [{"fileData": {}}]}]}, "file_uri", id="file without uri"
        ),
        pytest.param(
            {"contents": [{"parts": [{"text": "a", "inlineData": {"data": PNG}}]}]},
            "not several",
            id="two payloads",
        ),
        pytest.param({"contents": 5}, "Content", id="number for contents"),
        pytest.param({"contents": [[]]}, "Content", id="list for content"),
        pytest.param({"cachedContent": "cachedContents/x"}, "CachedContent", id="cache"),
        pytest.param(
            {"systemInstruction": {"parts": [{"inlineData": {"data": PNG}}]}},
            "text only",
            id="picture in the system instruction",
        ),
        pytest.param(
            {"tools": [{"functionDeclarations": [{"name": "1a"}]}]},
            "Invalid function name",
            id="bad function name",
        ),
        pytest.param(
            {"tools": [{"functionDeclarations": [{"name": "a"}, {"name": "a"}]}]},
            "Duplicate",
            id="twice",
        ),
        pytest.param(
            {
                "tools": [{"functionDeclarations": [{"name": "a"}]}],
                "generationConfig": {"responseMimeType": "application/json"},
            },
            "Function calling with a response mime type: 'application/json' is unsupported",
            id="JSON and tools",
        ),
        pytest.param(
            {
                "contents": [
                    {
                        "role": "model",
                        "parts": [{"functionCall": {"name": "a"}}, {"functionCall": {"name": "b"}}],
                    },
                    {"parts": [{"functionResponse": {"name": "a", "response": {}}}]},
                ]
            },
            "number of function response parts",
            id="fewer results than calls",
        ),
    ],
)
def test_refused_requests(request_: dict[str, Any], says: str) -> None:
    with pytest.raises(TwinsightError) as caught:
        prompt_of(**request_)
    assert says in caught.value.message


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param("Hello", id="a string"),
        pytest.param(["Hello"], id="a list of strings"),
        pytest.param({"parts": [{"text": "Hello"}]}, id="one object"),
        pytest.param({"parts": {"text": "Hello"}}, id="one part"),
        pytest.param(
            [{"role": "user", "parts": [{"text": "Hello", "thoughtSignature": "x"}]}],
            id="signature",
        ),
        pytest.param([{"role": "USER", "parts": [{"text": "Hello"}, {}]}], id="an empty part"),
    ],
)
def test_forms_of_contents(contents: object) -> None:
    assert prompt_of(contents=contents).question == "Hello"


def test_parts_keep_their_order_and_place() -> None:
    parts = [
        {"text": "a"},
        {"inline_data": {"data": PNG, "mime_type": "image/PNG; x=y"}},
        {"text": "b"},
        {
            "file_data": {"file_uri": "files/x"},
            "mediaResolution": {"level": "MEDIA_RESOLUTION_HIGH"},
        },
    ]
    turn = prompt_of(contents=[{"parts": parts}]).turns[0]
    assert [type(part) for part in turn.parts] == [Text, ImageRef, Text, ImageRef]
    assert turn.text == "a\nb"
    first, second = turn.images
    assert first.data == b"\x89PNG"
    assert (second.uri, second.resolution) == ("files/x", Resolution.HIGH)
    assert second.where == "contents[0].parts[3].file_data.file_uri"


def test_streamed_model_turns_are_joined_without_separators() -> None:
    contents = [
        {"role": "user", "parts": [{"text": "Q"}]},
        {"role": "model", "parts": [{"text": "A pho"}]},
        {"role": "model", "parts": [{"text": "to."}]},
        {"role": "user", "parts": [{"text": "Next"}]},
    ]
    turns = prompt_of(contents=contents).turns
    assert [(turn.role, turn.text) for turn in turns] == [
        ("user", "Q"),
        ("model", "A photo."),
        ("user", "Next"),
    ]


def test_calls_and_results() -> None:
    contents = [
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"someKey": 1}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"aB": 2}}}]},
    ]
    turns = prompt_of(contents=contents).turns
    assert turns[0].parts == (Call("f", {"someKey": 1}),)
    assert turns[1].parts == (CallResult("f", {"aB": 2}),)


def test_system_instruction_in_each_form() -> None:
    for form in (
        "Be brief.",
        {"parts": [{"text": "Be brief."}]},
        {"role": "user", "parts": {"text": "Be brief."}},
        {"text": "Be brief."},
    ):
        assert prompt_of(systemInstruction=form).system == "Be brief."


def test_unknown_names_are_refused_from_people_and_forgiven_from_sdks() -> None:
    with pytest.raises(InvalidArgument, match='Unknown name "colour"'):
        prompt_of(sdk=False, colour=1)
    assert prompt_of(sdk=True, colour=1) == prompt_of()
    assert prompt_of({"newField": 1}, sdk=False) == prompt_of()


def test_count_request_takes_one_of_two_forms() -> None:
    caller = read.Caller(2.5, True)
    plain = read.count_request({"contents": HELLO}, caller)
    nested = {"generateContentRequest": {"model": "models/x", "contents": HELLO}}
    assert read.count_request(nested, caller) == plain
    with pytest.raises(InvalidArgument, match="Only one of"):
        read.count_request(nested | {"contents": HELLO}, caller)
