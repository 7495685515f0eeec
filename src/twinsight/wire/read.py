"""From Gemini's request JSON to a `Prompt`: lenient in, every refusal with its reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, Literal

from twinsight.errors import InvalidArgument, InvalidValue, UnsupportedTool
from twinsight.image.tokens import effective_resolution
from twinsight.prompt import (
    AnswerShape,
    Call,
    CallResult,
    FunctionDeclaration,
    ImageRef,
    Part,
    Prompt,
    Resolution,
    Sampling,
    Text,
    Thinking,
    Turn,
)
from twinsight.wire import jsonschema, schema
from twinsight.wire.proto import Reader

MAX_STOP_SEQUENCES = 5
MAX_THINKING_BUDGET = 32_768
_FUNCTION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}\Z")
_USER_ROLES = {"", "user", "function", "tool"}
_MIMES = ("text/plain", "application/json", "text/x.enum")
_FORMAT_MIMES = {"TEXT_PLAIN": "text/plain", "APPLICATION_JSON": "application/json"}


@dataclass(frozen=True, slots=True)
class Caller:
    """What of the caller matters for reading: the model's generation, and who speaks.

    `generation` is the number in the model's name, such as 2.5; `sdk` is true when an official
    SDK sent the request: those grow new fields before we do, so unknown names are forgiven.
    """

    generation: float
    sdk: bool
    strict: bool = False

    def refuses_unknown_at(self, path: str) -> bool:
        return self.strict or (not self.sdk and path == "")


def generate_request(value: Any, caller: Caller) -> Prompt:
    """Reads a GenerateContentRequest. Raises InvalidArgument and its kin."""
    reader = Reader(caller.refuses_unknown_at)
    return _prompt(reader, reader.read(schema.GENERATE_REQUEST, value), caller)


def count_request(value: Any, caller: Caller) -> Prompt:
    """Reads a CountTokensRequest in either of its two forms."""
    reader = Reader(caller.refuses_unknown_at)
    request = reader.read(schema.COUNT_REQUEST, value)
    inner = request.get("generate_content_request")
    if inner is not None and "contents" in request:
        raise InvalidArgument(
            "Only one of contents and generate_content_request can be set in CountTokensRequest."
        )
    return _prompt(reader, request if inner is None else inner, caller)


def _prompt(reader: Reader, request: dict[str, Any], caller: Caller) -> Prompt:
    if request.get("cached_content"):
        raise InvalidArgument(
            "CachedContent is not supported by this server. Send the contents themselves."
        )
    config = request.get("generation_config", {})
    resolution = _resolution(config)
    turns = _turns(reader, request.get("contents"), resolution)
    shape = _shape(config, caller)
    functions = _functions(request.get("tools", []), caller, shape)
    _check_calls(turns)
    system = _system(reader, request.get("system_instruction"), resolution)
    thinking = _thinking(config)
    calling, allowed = _calling(request.get("tool_config", {}), functions)
    sampling = _sampling(config)
    logprobs = config.get("logprobs", 0) if config.get("response_logprobs") else None
    return Prompt(turns, system, shape, sampling, thinking, logprobs, functions, calling, allowed)


def _turns(reader: Reader, value: Any, resolution: Resolution) -> tuple[Turn, ...]:
    if not value:
        raise InvalidArgument("* GenerateContentRequest.contents: contents is not specified")
    items = value if isinstance(value, list) else [value]
    turns = [
        _turn(reader, item, f"contents[{index}]", resolution) for index, item in enumerate(items)
    ]
    return tuple(_merged(turns))


def _merged(turns: list[Turn]) -> list[Turn]:
    """Joins neighbours of one role: streamed turns come back as one content for each chunk."""
    merged: list[Turn] = []
    for role, group in groupby(turns, lambda turn: turn.role):
        first, *others = group
        if not others:
            merged.append(first)
            continue
        parts = tuple(part for turn in (first, *others) for part in turn.parts)
        merged.append(Turn(role, _concatenated(parts) if role == "model" else parts))
    return merged


def _concatenated(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    out: list[Part] = []
    for thought, group in groupby(parts, lambda p: p.thought if isinstance(p, Text) else None):
        if thought is None:
            out += group
        else:
            out.append(Text("".join(p.text for p in group if isinstance(p, Text)), thought))
    return tuple(out)


def _turn(reader: Reader, value: Any, path: str, resolution: Resolution) -> Turn:
    if isinstance(value, str):
        value = {"parts": [{"text": value}]}
    content = reader.read(schema.CONTENT, value, path)
    role = content.get("role", "").lower()
    if role not in _USER_ROLES and role != "model":
        raise InvalidArgument("Please use a valid role: user, model.")
    parts: list[Part] = []
    for index, part in enumerate(content.get("parts", [])):
        parts += _parts(part, f"{path}.parts[{index}]", resolution)
    return Turn("model" if role == "model" else "user", tuple(parts))


def _parts(part: dict[str, Any], path: str, resolution: Resolution) -> list[Part]:
    own = Resolution(part.get("media_resolution", {}).get("level", "UNSPECIFIED"))
    resolution = effective_resolution(own, resolution)
    found: list[Part] = []
    if "text" in part:
        found.append(Text(part["text"], part.get("thought", False)))
    if "inline_data" in part:
        found.append(_inline(part["inline_data"], f"{path}.inline_data", resolution))
    if "file_data" in part:
        found.append(_file(part["file_data"], f"{path}.file_data", resolution))
    if "function_call" in part:
        call = part["function_call"]
        found.append(Call(call.get("name", ""), call.get("args") or {}, call.get("id", "")))
    if "function_response" in part:
        found += _function_response(part["function_response"], path, resolution)
    if len(found) > 1 and "function_response" not in part:
        raise InvalidValue(path, "a part holds one of text, inline_data, file_data, …, not several")
    return found


def _inline(blob: dict[str, Any], path: str, resolution: Resolution) -> ImageRef:
    if not blob.get("data"):
        raise InvalidValue(f"{path}.data", "it is empty")
    return ImageRef(f"{path}.data", data=blob["data"], resolution=resolution)


def _file(data: dict[str, Any], path: str, resolution: Resolution) -> ImageRef:
    if not data.get("file_uri"):
        raise InvalidValue(f"{path}.file_uri", "it is empty")
    return ImageRef(f"{path}.file_uri", uri=data["file_uri"], resolution=resolution)


def _function_response(response: dict[str, Any], path: str, resolution: Resolution) -> list[Part]:
    result = response.get("response")
    if not isinstance(result, dict):
        result = {} if result is None else {"result": result}
    found: list[Part] = [CallResult(response.get("name", ""), result, response.get("id", ""))]
    for index, part in enumerate(response.get("parts", [])):
        found += _parts(part, f"{path}.function_response.parts[{index}]", resolution)
    return found


def _system(reader: Reader, value: Any, resolution: Resolution) -> str:
    if not value:
        return ""
    items = value if isinstance(value, list) else [value]
    texts = []
    for item in items:
        if isinstance(item, dict) and "text" in item and "parts" not in item:
            item = {"parts": [item]}
        if isinstance(item, dict):
            item = {key: inner for key, inner in item.items() if key != "role"}
        turn = _turn(reader, item, "system_instruction", resolution)
        if turn.images:
            raise InvalidArgument("System instructions take text only, not images.")
        texts.append(turn.text)
    return "\n".join(texts)


def _resolution(config: dict[str, Any]) -> Resolution:
    level = Resolution(config.get("media_resolution", "UNSPECIFIED"))
    if level is Resolution.ULTRA_HIGH:
        raise InvalidValue(
            "generation_config.media_resolution",
            "MEDIA_RESOLUTION_ULTRA_HIGH can be set on single parts only",
        )
    return level


def _shape(config: dict[str, Any], caller: Caller) -> AnswerShape:
    stops = tuple(s for s in config.get("stop_sequences", []) if s)
    if len(stops) > MAX_STOP_SEQUENCES:
        raise InvalidValue(
            "generation_config.stop_sequences",
            f"{len(stops)} are given, at most {MAX_STOP_SEQUENCES} are allowed",
        )
    _check_modalities(config)
    _check_logprobs(config)
    mime, answer_schema = _mime_and_schema(config)
    candidates = config.get("candidate_count", 1)
    if candidates > 1 and caller.generation >= 3:
        raise InvalidArgument("Multiple candidates is not enabled for this model")
    return AnswerShape(mime, answer_schema, config.get("max_output_tokens"), stops, candidates)


def _mime_and_schema(
    config: dict[str, Any],
) -> tuple[Literal["text/plain", "application/json", "text/x.enum"], dict[str, Any] | None]:
    mime = config.get("response_mime_type", "").split(";")[0].strip().lower() or None
    found = [
        name
        for name in ("response_schema", "response_json_schema", "response_format")
        if name in config
    ]
    if len(found) > 1:
        raise InvalidValue(
            f"generation_config.{found[1]}", f"it cannot be set together with {found[0]}"
        )
    answer_schema: dict[str, Any] | None = None
    if "response_schema" in config:
        answer_schema = jsonschema.from_openapi(config["response_schema"])
        answer_schema = jsonschema.check(answer_schema, "generation_config.response_schema")
    elif "response_json_schema" in config:
        path = "generation_config.response_json_schema"
        answer_schema = jsonschema.check(config["response_json_schema"], path)
    elif "response_format" in config:
        mime, answer_schema = _response_format(config["response_format"], mime)
    if mime not in (None, *_MIMES):
        raise InvalidValue(
            "generation_config.response_mime_type",
            f'"{mime}" is none of {", ".join(_MIMES)}',
        )
    if answer_schema is not None and mime in (None, "text/plain"):
        raise InvalidArgument(
            "A response schema needs response_mime_type application/json or text/x.enum."
        )
    if mime == "text/x.enum" and not (answer_schema or {}).get("enum"):
        raise InvalidArgument("text/x.enum needs a response schema with an enum.")
    if mime == "application/json":
        return "application/json", answer_schema
    return ("text/x.enum" if mime == "text/x.enum" else "text/plain"), answer_schema


def _response_format(
    formats: list[dict[str, Any]], mime: str | None
) -> tuple[str | None, dict[str, Any] | None]:
    for entry in formats:
        inner = entry.get("text", entry)
        if "schema" in inner or "mime_type" in inner:
            word = inner.get("mime_type", "application/json")
            mime = _FORMAT_MIMES.get(word.upper(), word.lower())
            if "schema" not in inner:
                return mime, None
            path = "generation_config.response_format.schema"
            return mime, jsonschema.check(inner["schema"], path)
    return mime, None


def _check_modalities(config: dict[str, Any]) -> None:
    for modality in config.get("response_modalities", []):
        if modality.upper() not in ("TEXT", "MODALITY_UNSPECIFIED"):
            raise InvalidValue(
                "generation_config.response_modalities",
                f"this server answers in TEXT, not in {modality.upper()}",
            )


def _check_logprobs(config: dict[str, Any]) -> None:
    if "logprobs" in config and not config.get("response_logprobs"):
        raise InvalidValue("generation_config.logprobs", "it needs response_logprobs to be true")


def _thinking(config: dict[str, Any]) -> Thinking:
    thinking = config.get("thinking_config", {})
    if "thinking_budget" in thinking and "thinking_level" in thinking:
        raise InvalidArgument("You can only set only one of thinking budget and thinking level.")
    budget = thinking.get("thinking_budget", 0)
    if not -1 <= budget <= MAX_THINKING_BUDGET:
        raise InvalidArgument(
            f"The thinking budget ({budget}) is invalid. Please choose a value between -1 and "
            f"{MAX_THINKING_BUDGET}."
        )
    return Thinking(
        thinking.get("include_thoughts", False),
        thinking.get("thinking_budget"),
        thinking.get("thinking_level", "").upper(),
    )


def _sampling(config: dict[str, Any]) -> Sampling:
    return Sampling(
        config.get("temperature"),
        config.get("top_p"),
        config.get("top_k"),
        config.get("seed"),
        config.get("presence_penalty"),
        config.get("frequency_penalty"),
    )


def _functions(
    tools: list[dict[str, Any]], caller: Caller, shape: AnswerShape
) -> tuple[FunctionDeclaration, ...]:
    found: dict[str, FunctionDeclaration] = {}
    for tool in tools:
        for name in tool:
            if name != "function_declarations":
                raise UnsupportedTool(name)
        for declaration in tool.get("function_declarations", []):
            function = _function(declaration)
            if function.name in found:
                raise InvalidArgument(f"Duplicate function declaration found: {function.name}")
            found[function.name] = function
    if found and shape.mime != "text/plain" and caller.generation < 3:
        raise InvalidArgument(
            f"Function calling with a response mime type: '{shape.mime}' is unsupported"
        )
    return tuple(found.values())


def _calling(
    config: dict[str, Any], functions: tuple[FunctionDeclaration, ...]
) -> tuple[Literal["AUTO", "ANY", "NONE"], tuple[str, ...]]:
    """Whether functions are to be called, and which (CONTRACT §3.5).

    VALIDATED leaves the choice as AUTO does: arguments always satisfy their schema here.
    """
    inner = config.get("function_calling_config", {})
    mode = inner.get("mode", "AUTO")
    allowed = tuple(inner.get("allowed_function_names", ()))
    path = "tool_config.function_calling_config"
    if allowed and mode not in ("ANY", "VALIDATED"):
        raise InvalidValue(
            f"{path}.allowed_function_names", "it can be set only with mode ANY or VALIDATED"
        )
    unknown = set(allowed) - {function.name for function in functions}
    if unknown:
        raise InvalidValue(
            f"{path}.allowed_function_names", f"no function is declared as {sorted(unknown)[0]!r}"
        )
    if mode == "ANY" and not functions:
        raise InvalidValue(f"{path}.mode", "ANY needs function declarations in tools")
    return ("ANY" if mode == "ANY" else "NONE" if mode == "NONE" else "AUTO"), allowed


def _function(declaration: dict[str, Any]) -> FunctionDeclaration:
    name = declaration.get("name", "")
    if not _FUNCTION_NAME.match(name):
        raise InvalidArgument(
            f"Invalid function name: '{name[:128]}'. It must start with a letter or an underscore "
            "and hold letters, digits, '_', '.', ':' and '-' only, at most 128."
        )
    parameters = declaration.get("parameters_json_schema")
    path = f"tools.function_declarations[{name}].parameters"
    if parameters is None and "parameters" in declaration:
        parameters = jsonschema.from_openapi(declaration["parameters"])
    if parameters is not None:
        parameters = jsonschema.check(parameters, path)
    return FunctionDeclaration(name, declaration.get("description", ""), parameters)


def _check_calls(turns: tuple[Turn, ...]) -> None:
    """A turn of results answers as many calls as the model made just before."""
    for call_turn, result_turn in pairwise(turns):
        calls = sum(isinstance(p, Call) for p in call_turn.parts)
        results = sum(isinstance(p, CallResult) for p in result_turn.parts)
        if calls and call_turn.role == "model" and calls != results:
            raise InvalidArgument(
                "Please ensure that the number of function response parts is equal to the number "
                "of function call parts of the function call turn."
            )
