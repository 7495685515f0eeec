"""For each field of a request, two requests that differ in that field alone.

An honoured field makes their answers differ; an accepted one does not. Fields that no pair below
names get one made from their table: a plain request, and the same with the field set.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from PIL import Image

from docs_build.fields import messages
from twinsight.wire import schema
from twinsight.wire.proto import Field, Message

Request = dict[str, Any]


@dataclass(frozen=True)
class Probe:
    """Two requests of one verb that differ in one field."""

    without: Request
    given: Request
    verb: str = "generateContent"
    model: str = "gemini-2.5-flash"


def png(wh: tuple[int, int] = (640, 480)) -> str:
    """A picture in base64; the eyes of these tests see in it what they are told."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize(wh).convert("RGB").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


BLOB = {"data": png()}
PICTURE = {"inlineData": BLOB}
WIDE = {"inlineData": {"data": png((960, 540))}}


def asked(question: str = "Caption this image.", /, **more: Any) -> Request:
    """One user turn: the picture and a question."""
    return {"contents": [{"role": "user", "parts": [PICTURE, {"text": question}]}], **more}


def turns(*contents: Any, **more: Any) -> Request:
    """A conversation of (role, part, part …)."""
    return {"contents": [{"role": role, "parts": list(parts)} for role, *parts in contents], **more}


def configured(question: str = "Caption this image.", /, **config: Any) -> Request:
    """The same with a generationConfig."""
    return asked(question, generationConfig=config)


def shaped(given: Request, question: str = "Describe this image.", /) -> Request:
    """A question whose answer must fit a schema in Google's dialect."""
    config = {"responseMimeType": "application/json", "responseSchema": given}
    return configured(question, **config)


def in_object(given: Request, name: str = "thing", **more: Any) -> Request:
    """A schema of an object with one property that is always there."""
    return {"type": "OBJECT", "properties": {name: given}, "required": [name], **more}


WEATHER = {
    "name": "get_weather",
    "description": "The weather of a city",
    "parameters": {
        "type": "OBJECT",
        "properties": {"city": {"type": "STRING"}},
        "required": ["city"],
    },
}
A_WEATHER, B_WEATHER = WEATHER | {"name": "a_weather"}, WEATHER | {"name": "b_weather"}
ANY = {"mode": "ANY"}
RAIN = "What is the weather in Paris?"


def offering(*functions: Request, question: str = RAIN, calling: Request | None = None) -> Request:
    """A question, and functions that may answer it."""
    made = asked(question, tools=[{"functionDeclarations": list(functions)}])
    return made if calling is None else made | {"toolConfig": {"functionCallingConfig": calling}}


def told(**response: Any) -> Request:
    """The history of a call, with what the function gave."""
    result = {"name": "get_weather", "response": {"sky": "grey"}} | response
    return turns(
        ("user", {"text": RAIN}),
        ("model", {"functionCall": {"name": "get_weather", "args": {"city": "Paris"}}}),
        ("user", {"functionResponse": result}),
        tools=[{"functionDeclarations": [WEATHER]}],
    )


def called(**call: Any) -> Request:
    """A history with a call in it, and a further question."""
    made = {"name": "get_weather", "args": {"city": "Paris"}} | call
    return turns(
        ("user", {"text": RAIN}),
        ("model", {"functionCall": made}),
        ("user", {"functionResponse": {"name": "get_weather", "response": {"sky": "grey"}}}),
    )


STRING, INTEGER = {"type": "STRING"}, {"type": "INTEGER"}
NAMES = {"type": "ARRAY", "items": STRING}
TWO = {"type": "OBJECT", "properties": {"caption": STRING, "count_of_dogs": INTEGER}}
JSON_MIME = {"responseMimeType": "application/json"}

PAIRS: dict[str, Probe] = {
    "GenerateContentRequest.contents": Probe(
        asked("How many dogs are there?"), asked("How many cats are there?")
    ),
    "GenerateContentRequest.system_instruction": Probe(
        asked(), asked(systemInstruction={"parts": [{"text": "Answer in French."}]})
    ),
    "GenerateContentRequest.generation_config": Probe(asked(), configured(maxOutputTokens=3)),
    "GenerateContentRequest.tools": Probe(asked(RAIN), offering(WEATHER)),
    "GenerateContentRequest.tool_config": Probe(
        offering(WEATHER), offering(WEATHER, calling={"mode": "NONE"})
    ),
    "GenerateContentRequest.safety_settings": Probe(
        asked(),
        asked(safetySettings=[{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]),
    ),
    "CountTokensRequest.contents": Probe(asked("One"), asked("One two three"), "countTokens"),
    "CountTokensRequest.generate_content_request": Probe(
        {"generateContentRequest": asked("One")},
        {"generateContentRequest": asked("One two three")},
        "countTokens",
    ),
    "CountTokensRequest.system_instruction": Probe(
        asked(), asked(systemInstruction={"parts": [{"text": "Be brief."}]}), "countTokens"
    ),
    "CountTokensRequest.tools": Probe(asked(RAIN), offering(WEATHER), "countTokens"),
    "CountTokensRequest.generation_config": Probe(
        asked(), configured(mediaResolution="MEDIA_RESOLUTION_LOW"), "countTokens"
    ),
    "Content.role": Probe(
        turns(("user", PICTURE, {"text": "Is there a dog?"}), ("user", {"text": "In French."})),
        turns(("user", PICTURE, {"text": "Is there a dog?"}), ("model", {"text": "In French."})),
    ),
    "Content.parts": Probe(asked(), turns(("user", {"text": "Caption this image."}))),
    "Part.text": Probe(asked("How many dogs are there?"), asked("Is there a cat?")),
    "Part.inline_data": Probe(turns(("user", {"text": "Caption this image."})), asked()),
    "Part.file_data": Probe(
        turns(("user", {"text": "Caption this image."})),
        turns(
            ("user", {"fileData": {"fileUri": "data:image/png;base64," + png()}}),
            ("user", {"text": "Caption this image."}),
        ),
    ),
    "Part.function_call": Probe(
        turns(("user", {"text": RAIN})),
        turns(("user", {"text": RAIN}), ("model", {"functionCall": {"name": "f", "args": {}}})),
        "countTokens",
    ),
    "Part.function_response": Probe(
        turns(("user", {"text": RAIN})),
        turns(("user", {"text": RAIN}, {"functionResponse": {"name": "f", "response": {"a": 1}}})),
    ),
    "Part.thought": Probe(
        asked("Is there a cat?"),
        turns(("user", PICTURE, {"text": "Is there a cat?", "thought": True})),
    ),
    "Part.media_resolution": Probe(
        asked(),
        turns(
            ("user", {**PICTURE, "mediaResolution": {"level": "MEDIA_RESOLUTION_LOW"}}),
            ("user", {"text": "Caption this image."}),
        ),
    ),
    "Blob.data": Probe(asked(), turns(("user", WIDE, {"text": "Caption this image."}))),
    "FileData.file_uri": Probe(
        turns(("user", {"fileData": {"fileUri": "data:image/png;base64," + png()}})),
        turns(("user", {"fileData": {"fileUri": "data:image/png;base64," + png((960, 540))}})),
    ),
    "FunctionCall.name": Probe(
        called(), called(name="ask_the_weather_of_a_city_far_away"), "countTokens"
    ),
    "FunctionCall.args": Probe(
        called(), called(args={"city": "Paris", "country": "France"}), "countTokens"
    ),
    "FunctionCall.id": Probe(called(), called(id="call-1")),
    "FunctionResponse.name": Probe(told(), told(name="ask_weather")),
    "FunctionResponse.response": Probe(told(), told(response={"sky": "blue"})),
    "FunctionResponse.parts": Probe(told(), told(parts=[PICTURE])),
    "FunctionResponse.id": Probe(told(), told(id="call-1")),
    "MediaResolution.level": Probe(
        turns(("user", {**PICTURE, "mediaResolution": {"level": "LOW"}})),
        turns(("user", {**PICTURE, "mediaResolution": {"level": "ULTRA_HIGH"}})),
        model="gemini-3.5-flash",
    ),
    "GenerationConfig.candidate_count": Probe(asked(), configured(candidateCount=2)),
    "GenerationConfig.max_output_tokens": Probe(asked(), configured(maxOutputTokens=3)),
    "GenerationConfig.stop_sequences": Probe(asked(), configured(stopSequences=[" of"])),
    "GenerationConfig.response_mime_type": Probe(
        asked("Detect the dogs."), configured("Detect the dogs.", **JSON_MIME)
    ),
    "GenerationConfig.response_schema": Probe(configured(**JSON_MIME), shaped(TWO)),
    "GenerationConfig.response_json_schema": Probe(
        configured(**JSON_MIME),
        configured(**JSON_MIME, responseJsonSchema={"type": "array", "items": {"type": "string"}}),
    ),
    "GenerationConfig.response_format": Probe(
        asked("Detect the dogs."),
        configured("Detect the dogs.", responseFormat={"text": {"mimeType": "application/json"}}),
    ),
    "GenerationConfig.media_resolution": Probe(
        asked(), configured(mediaResolution="MEDIA_RESOLUTION_LOW")
    ),
    "GenerationConfig.logprobs": Probe(
        configured(responseLogprobs=True), configured(responseLogprobs=True, logprobs=3)
    ),
    "GenerationConfig.response_modalities": Probe(asked(), configured(responseModalities=["TEXT"])),
    "GenerationConfig.thinking_config": Probe(
        asked(), configured(thinkingConfig={"thinkingBudget": 0})
    ),
    "ResponseFormat.text": Probe(
        asked("Detect the dogs."),
        configured("Detect the dogs.", responseFormat={"text": {"mimeType": "application/json"}}),
    ),
    "ResponseFormat.mime_type": Probe(
        asked("Detect the dogs."),
        configured("Detect the dogs.", responseFormat={"mimeType": "application/json"}),
    ),
    "ResponseFormat.schema": Probe(
        configured(responseFormat={"mimeType": "application/json"}),
        configured(responseFormat={"mimeType": "application/json", "schema": {"type": "integer"}}),
    ),
    "ResponseFormat.type": Probe(
        configured(responseFormat={"mimeType": "application/json"}),
        configured(responseFormat={"mimeType": "application/json", "type": "text"}),
    ),
    "TextResponseFormat.mime_type": Probe(
        configured("Detect the dogs.", responseFormat={"text": {"mimeType": "text/plain"}}),
        configured("Detect the dogs.", responseFormat={"text": {"mimeType": "application/json"}}),
    ),
    "TextResponseFormat.schema": Probe(
        configured(responseFormat={"text": {"mimeType": "application/json"}}),
        configured(
            responseFormat={"text": {"mimeType": "application/json", "schema": {"type": "integer"}}}
        ),
    ),
    "Tool.function_declarations": Probe(asked(RAIN), offering(WEATHER)),
    "FunctionDeclaration.name": Probe(offering(WEATHER), offering(WEATHER | {"name": "weather"})),
    "FunctionDeclaration.description": Probe(
        offering({"name": "f"}), offering({"name": "f", "description": "the weather in Paris"})
    ),
    "FunctionDeclaration.parameters": Probe(
        offering({"name": "weather"}), offering(WEATHER | {"name": "weather"})
    ),
    "FunctionDeclaration.parameters_json_schema": Probe(
        offering({"name": "weather"}),
        offering(
            {
                "name": "weather",
                "parametersJsonSchema": {
                    "type": "object",
                    "properties": {"city": {"type": "string"}},
                },
            }
        ),
    ),
    "ToolConfig.function_calling_config": Probe(
        offering(WEATHER), offering(WEATHER, calling={"mode": "NONE"})
    ),
    "FunctionCallingConfig.mode": Probe(
        offering(WEATHER), offering(WEATHER, calling={"mode": "NONE"})
    ),
    "FunctionCallingConfig.allowed_function_names": Probe(
        offering(A_WEATHER, B_WEATHER, calling=ANY | {"allowedFunctionNames": ["a_weather"]}),
        offering(A_WEATHER, B_WEATHER, calling=ANY | {"allowedFunctionNames": ["b_weather"]}),
    ),
    "Schema.type": Probe(shaped({"type": "STRING"}), shaped(NAMES)),
    "Schema.format": Probe(
        shaped(in_object(STRING)), shaped(in_object(STRING | {"format": "date-time"}))
    ),
    "Schema.title": Probe(
        shaped(INTEGER | {"title": "number of cats"}), shaped(INTEGER | {"title": "number of dogs"})
    ),
    "Schema.description": Probe(
        shaped({"type": "OBJECT", "properties": {"n": INTEGER | {"description": "how many cats"}}}),
        shaped({"type": "OBJECT", "properties": {"n": INTEGER | {"description": "how many dogs"}}}),
    ),
    "Schema.nullable": Probe(
        shaped(in_object(STRING, "serial_number")),
        shaped(in_object(STRING | {"nullable": True}, "serial_number")),
    ),
    "Schema.enum": Probe(
        shaped(in_object(STRING)), shaped(in_object(STRING | {"enum": ["zebra", "horse"]}))
    ),
    "Schema.items": Probe(
        shaped({"type": "ARRAY", "items": STRING}),
        shaped({"type": "ARRAY", "items": in_object(STRING)}),
    ),
    "Schema.min_items": Probe(shaped(NAMES), shaped(NAMES | {"minItems": 7})),
    "Schema.max_items": Probe(shaped(NAMES), shaped(NAMES | {"maxItems": 1})),
    "Schema.properties": Probe(
        shaped(TWO), shaped({"type": "OBJECT", "properties": {"caption": STRING}})
    ),
    "Schema.required": Probe(
        shaped({"type": "OBJECT", "properties": {"serial": STRING}}),
        shaped({"type": "OBJECT", "properties": {"serial": STRING}, "required": ["serial"]}),
    ),
    "Schema.property_ordering": Probe(
        shaped(TWO), shaped(TWO | {"propertyOrdering": ["count_of_dogs", "caption"]})
    ),
    "Schema.min_properties": Probe(
        shaped({"type": "OBJECT"}), shaped({"type": "OBJECT", "minProperties": 7})
    ),
    "Schema.max_properties": Probe(shaped(TWO), shaped(TWO | {"maxProperties": 1})),
    "Schema.min_length": Probe(
        shaped(in_object(STRING)), shaped(in_object(STRING | {"minLength": 500}))
    ),
    "Schema.max_length": Probe(
        shaped({"type": "OBJECT", "properties": {"caption": STRING}, "required": ["caption"]}),
        shaped(
            {
                "type": "OBJECT",
                "properties": {"caption": STRING | {"maxLength": 5}},
                "required": ["caption"],
            }
        ),
    ),
    "Schema.pattern": Probe(
        shaped(in_object(STRING)), shaped(in_object(STRING | {"pattern": "^[A-Z]{3}-[0-9]{4}$"}))
    ),
    "Schema.minimum": Probe(
        shaped(in_object(INTEGER)), shaped(in_object(INTEGER | {"minimum": 41}))
    ),
    "Schema.maximum": Probe(
        shaped(in_object(INTEGER)), shaped(in_object(INTEGER | {"maximum": -41}))
    ),
    "Schema.any_of": Probe(
        shaped(in_object(STRING)), shaped(in_object({"anyOf": [INTEGER, {"type": "NULL"}]}))
    ),
    "Schema.default": Probe(
        shaped(in_object(STRING | {"enum": ["a", "b"], "default": "a"})),
        shaped(in_object(STRING | {"enum": ["a", "b"], "default": "b"})),
    ),
    "Schema.example": Probe(
        shaped(in_object(STRING)), shaped(in_object(STRING | {"example": "a zebra"}))
    ),
    "Schema.additional_properties": Probe(
        shaped({"type": "OBJECT", "minProperties": 7}),
        shaped({"type": "OBJECT", "minProperties": 7, "additionalProperties": {"type": "INTEGER"}}),
    ),
    "Schema.defs": Probe(
        shaped(in_object({"ref": "#/defs/It"}, defs={"It": STRING})),
        shaped(in_object({"ref": "#/defs/It"}, defs={"It": INTEGER})),
    ),
    "Schema.ref": Probe(
        shaped(in_object({"ref": "#/defs/A"}, defs={"A": STRING, "B": INTEGER})),
        shaped(in_object({"ref": "#/defs/B"}, defs={"A": STRING, "B": INTEGER})),
    ),
}

# Where a field of each message may be set, for the pairs that are made from the tables.
PLACES: dict[str, Request] = {
    "GenerateContentRequest": asked(),
    "CountTokensRequest": asked(),
    "Part": asked(),
    "Blob": asked(),
    "FileData": turns(("user", {"fileData": {"fileUri": "data:image/png;base64," + png()}})),
    "FunctionResponse": told(),
    "MediaResolution": turns(("user", {**PICTURE, "mediaResolution": {"level": "LOW"}})),
    "GenerationConfig": asked(generationConfig={}),
    "ThinkingConfig": configured(thinkingConfig={}),
    "Tool": offering(WEATHER),
    "FunctionDeclaration": offering(WEATHER),
    "ToolConfig": offering(WEATHER) | {"toolConfig": {}},
    "FunctionCallingConfig": offering(WEATHER, calling={"mode": "AUTO"}),
    "SafetySetting": asked(safetySettings=[{}]),
}
INSIDE: dict[str, tuple[str | int, ...]] = {
    "Part": ("contents", 0, "parts", 0),
    "Blob": ("contents", 0, "parts", 0, "inlineData"),
    "FileData": ("contents", 0, "parts", 0, "fileData"),
    "FunctionResponse": ("contents", 2, "parts", 0, "functionResponse"),
    "MediaResolution": ("contents", 0, "parts", 0, "mediaResolution"),
    "GenerationConfig": ("generationConfig",),
    "ThinkingConfig": ("generationConfig", "thinkingConfig"),
    "Tool": ("tools", 0),
    "FunctionDeclaration": ("tools", 0, "functionDeclarations", 0),
    "ToolConfig": ("toolConfig",),
    "FunctionCallingConfig": ("toolConfig", "functionCallingConfig"),
    "SafetySetting": ("safetySettings", 0),
}


def probe_of(message: Message, name: str) -> Probe:
    """The pair of requests for a field."""
    named = PAIRS.get(f"{message.name}.{name}")
    if named is not None:
        return named
    without = PLACES[message.name]
    given = deepcopy(without)
    place: Any = given
    for step in INSIDE.get(message.name, ()):
        place = place[step]
    place[name] = sample(message.fields[name])
    counted = message is schema.COUNT_REQUEST
    return Probe(without, given, "countTokens" if counted else "generateContent")


def sample(field: Field) -> Any:
    """A value that fits a field."""
    low, high = field.low, field.high
    values: dict[str, Any] = {
        "string": "models/gemini-2.5-flash",
        "int": 1 if low is None else int(low) + 1,
        "float": 0.5 if high is None else high / 2,
        "bool": True,
        "enum": field.values[-1] if field.values else "",
        "value": {"some": "thing"},
        "bytes": "AAAA",
    }
    return values[field.kind]


def every_field() -> Iterator[tuple[Message, str]]:
    """Each field of each message of a request."""
    for message in messages():
        for name in message.fields:
            yield message, name
