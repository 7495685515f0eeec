"""The request messages of the Gemini API, as tables: each field, and what this server does with it.

`honoured`: it changes the answer as documented. `engine`: handed to engines that answer in words
of their own; those of the default profile leave it no choice. `accepted`: taken without error, and
without effect here. `refused`: 400, with the note as reason. tests/docs/test_fields.py holds every
mark to it. Source: CONTRACT §3, §5.
"""

from __future__ import annotations

from functools import partial

from twinsight.wire.proto import Field, Message

STRING = Field("string")
INT = Field("int")
FLOAT = Field("float")
BOOL = Field("bool")

_accepted = partial(Field, treatment="accepted")
_engine = partial(Field, treatment="engine")

BLOB = Message(
    "Blob",
    {
        "mime_type": _accepted("string", note="a hint only: the bytes decide"),
        "data": Field("bytes"),
        "display_name": _accepted("string"),
    },
)

FILE_DATA = Message(
    "FileData",
    {
        "file_uri": STRING,
        "mime_type": _accepted("string", note="a hint only: the bytes decide"),
        "display_name": _accepted("string"),
    },
)

FUNCTION_CALL = Message(
    "FunctionCall",
    {"id": _engine("string"), "name": STRING, "args": Field("value")},
)

FUNCTION_RESPONSE = Message(
    "FunctionResponse",
    {
        "id": _engine("string"),
        "name": STRING,
        "response": Field("value"),
        "parts": Field("message", repeated=True, message=lambda: PART),
        "will_continue": _accepted("bool"),
        "scheduling": _accepted("string"),
    },
)

RESOLUTIONS = ("UNSPECIFIED", "LOW", "MEDIUM", "HIGH", "ULTRA_HIGH")

MEDIA_RESOLUTION = Message(
    "MediaResolution",
    {
        "level": Field("enum", values=RESOLUTIONS, prefix="MEDIA_RESOLUTION_"),
        "num_tokens": _accepted("int"),
    },
)

PART: Message = Message(
    "Part",
    {
        "text": STRING,
        "inline_data": Field("message", message=lambda: BLOB),
        "file_data": Field("message", message=lambda: FILE_DATA),
        "function_call": Field("message", message=lambda: FUNCTION_CALL),
        "function_response": Field("message", message=lambda: FUNCTION_RESPONSE),
        "executable_code": _accepted("value"),
        "code_execution_result": _accepted("value"),
        "tool_call": _accepted("value"),
        "tool_response": _accepted("value"),
        "thought": BOOL,
        "thought_signature": _accepted("string"),
        "media_resolution": Field("message", message=lambda: MEDIA_RESOLUTION),
        "video_metadata": _accepted("value"),
        "media_processing": _accepted("value"),
        "part_metadata": _accepted("value"),
    },
)

CONTENT = Message(
    "Content",
    {"role": STRING, "parts": Field("message", repeated=True, message=lambda: PART)},
)

TYPES = ("TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL")


def _schemas(repeated: bool = False, map: bool = False) -> Field:
    return Field("message", message=lambda: SCHEMA, repeated=repeated, map=map)


SCHEMA: Message = Message(
    "Schema",
    {
        "type": Field("enum", values=TYPES),
        "format": STRING,
        "title": STRING,
        "description": STRING,
        "nullable": BOOL,
        "enum": Field("string", repeated=True),
        "items": _schemas(),
        "min_items": INT,
        "max_items": INT,
        "properties": _schemas(map=True),
        "required": Field("string", repeated=True),
        "property_ordering": Field("string", repeated=True),
        "min_properties": INT,
        "max_properties": INT,
        "min_length": INT,
        "max_length": INT,
        "pattern": STRING,
        "minimum": FLOAT,
        "maximum": FLOAT,
        "any_of": _schemas(repeated=True),
        "default": Field("value"),
        "example": _engine("value"),
        "additional_properties": Field("value"),
        "defs": _schemas(map=True),
        "ref": STRING,
    },
    strict=True,
)

THINKING_CONFIG = Message(
    "ThinkingConfig",
    {
        "include_thoughts": _engine("bool", note="by engines that think"),
        "thinking_budget": _engine("int", note="by engines that think: 0 turns it off"),
        "thinking_level": _engine(
            "enum",
            values=("THINKING_LEVEL_UNSPECIFIED", "LOW", "HIGH", "MEDIUM", "MINIMAL", "XHIGH"),
        ),
    },
)

TEXT_FORMAT = Message(
    "TextResponseFormat",
    {
        "mime_type": Field("string"),
        "schema": Field("value"),
    },
)

RESPONSE_FORMAT = Message(
    "ResponseFormat",
    {
        "text": Field("message", message=lambda: TEXT_FORMAT),
        "type": _accepted("string"),
        "mime_type": STRING,
        "schema": Field("value"),
    },
)

GENERATION_CONFIG = Message(
    "GenerationConfig",
    {
        "temperature": _engine("float", low=0, high=2),
        "top_p": _engine("float", low=0, high=1),
        "top_k": _engine("int", low=1),
        "candidate_count": Field("int", low=1, high=8),
        "max_output_tokens": Field("int", low=1),
        "stop_sequences": Field("string", repeated=True),
        "seed": _engine("int", low=-(2**31), high=2**31 - 1),
        "presence_penalty": _engine("float", low=-2, high=2, note="by vision-language models"),
        "frequency_penalty": _engine("float", low=-2, high=2, note="by vision-language models"),
        "response_logprobs": _engine(
            "bool", note="by vision-language models whose server offers it"
        ),
        "logprobs": _engine("int", low=0, high=20, note="the same"),
        "response_mime_type": STRING,
        "response_schema": _schemas(),
        "response_json_schema": Field("value"),
        "response_format": Field("message", repeated=True, message=lambda: RESPONSE_FORMAT),
        "response_modalities": _accepted("string", repeated=True),
        "media_resolution": Field("enum", values=RESOLUTIONS, prefix="MEDIA_RESOLUTION_"),
        "thinking_config": _engine("message", message=lambda: THINKING_CONFIG),
        "speech_config": _accepted("value"),
        "image_config": _accepted("value"),
        "audio_transcription_config": _accepted("value"),
        "enable_enhanced_civic_answers": _accepted("bool"),
        "routing_config": _accepted("value", note="Vertex only"),
        "model_selection_config": _accepted("value", note="Vertex only"),
        "model_armor_config": _accepted("value", note="Vertex only"),
        "audio_timestamp": _accepted("bool", note="Vertex only"),
    },
)

FUNCTION_DECLARATION = Message(
    "FunctionDeclaration",
    {
        "name": STRING,
        "description": STRING,
        "parameters": _schemas(),
        "parameters_json_schema": Field("value"),
        "response": _accepted("value"),
        "response_json_schema": _accepted("value"),
        "behavior": _accepted("string"),
    },
)

REFUSED_TOOLS = (
    "code_execution",
    "google_search",
    "google_search_retrieval",
    "url_context",
    "google_maps",
    "file_search",
    "computer_use",
    "mcp_servers",
    "retrieval",
    "enterprise_web_search",
    "vertex_rag_store",
    "parallel_ai_search",
)

TOOL = Message(
    "Tool",
    {
        "function_declarations": Field(
            "message", repeated=True, message=lambda: FUNCTION_DECLARATION
        ),
    }
    | {
        name: Field("value", treatment="refused", note="this server does not run it")
        for name in REFUSED_TOOLS
    },
    strict=True,
)

FUNCTION_CALLING_CONFIG = Message(
    "FunctionCallingConfig",
    {
        "mode": Field("enum", values=("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED")),
        "allowed_function_names": Field("string", repeated=True),
        "stream_function_call_arguments": _accepted("bool"),
    },
)

TOOL_CONFIG = Message(
    "ToolConfig",
    {
        "function_calling_config": Field("message", message=lambda: FUNCTION_CALLING_CONFIG),
        "retrieval_config": _accepted("value"),
        "include_server_side_tool_invocations": _accepted("bool"),
    },
)

SAFETY_SETTING = Message(
    "SafetySetting",
    {
        "category": _accepted("string"),
        "threshold": _accepted("string"),
        "method": _accepted("string"),
    },
)

GENERATE_REQUEST = Message(
    "GenerateContentRequest",
    {
        "contents": Field("value"),
        "system_instruction": Field("value"),
        "generation_config": Field("message", message=lambda: GENERATION_CONFIG),
        "safety_settings": _accepted("message", repeated=True, message=lambda: SAFETY_SETTING),
        "tools": Field("message", repeated=True, message=lambda: TOOL),
        "tool_config": Field("message", message=lambda: TOOL_CONFIG),
        "cached_content": Field("string", treatment="refused", note="no cache is kept here"),
        "labels": _accepted("value"),
        "service_tier": _accepted("string"),
        "store": _accepted("bool"),
        "continuation_token": _accepted("string"),
        "model": _accepted("string", note="the path names the model"),
        "model_armor_config": _accepted("value"),
    },
)

COUNT_REQUEST = Message(
    "CountTokensRequest",
    {
        "contents": Field("value"),
        "generate_content_request": Field("message", message=lambda: GENERATE_REQUEST),
        "system_instruction": Field("value"),
        "tools": Field("message", repeated=True, message=lambda: TOOL),
        "generation_config": Field("message", message=lambda: GENERATION_CONFIG),
        "instances": _accepted("value"),
        "model": _accepted("string"),
    },
)
