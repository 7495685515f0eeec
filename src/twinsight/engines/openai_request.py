"""From a `Prompt` to the body of an OpenAI-dialect chat request.

What differs between vLLM, SGLang, llama-server, Ollama and LMDeploy is left out or said in the form
that all of them take or pass over. Source: OpenAI's chat completions reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from twinsight.prompt import (
    Call,
    CallResult,
    FunctionDeclaration,
    ImageRef,
    Part,
    Prompt,
    Text,
    Turn,
)

MAX_SEED = 2**31 - 1
GROUND_TOKENS = 4096
"""An answer that goes on beyond this has begun to repeat itself."""

DataUri = Callable[[ImageRef], msgspec.Raw]
"""A picture's data URI as JSON text: it has no character to escape, and is not searched for one."""


def chat_body(prompt: Prompt, model: str, data_uri: DataUri, candidate: int = 0) -> dict[str, Any]:
    """The request; `data_uri` gives a picture as the server is to see it."""
    body: dict[str, Any] = {
        "model": model,
        "messages": list(_messages(prompt, data_uri)),
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if prompt.logprobs is not None:
        # llama-server tells no chances at all where no alternatives are asked for.
        body |= {"logprobs": True, "top_logprobs": max(1, prompt.logprobs)}
    return body | _sampling(prompt, candidate) | _shape(prompt) | _tools(prompt) | _thinking(prompt)


def ground_body(question: str, uri: msgspec.Raw, model: str, marks: bool) -> dict[str, Any]:
    """One question about where things are in one picture; `marks`: special tokens are wanted."""
    content = [
        {"type": "image_url", "image_url": {"url": uri}},
        {"type": "text", "text": question},
    ]
    body = {
        "model": model,
        "messages": [{"role": "user", "content": content}],
        "stream": True,
        "temperature": 0,
        "max_tokens": GROUND_TOKENS,
    }
    return body | ({"skip_special_tokens": False} if marks else {})


def _sampling(prompt: Prompt, candidate: int) -> dict[str, Any]:
    sampling = prompt.sampling
    seed = None if sampling.seed is None else (sampling.seed + candidate) & MAX_SEED
    said = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": None if sampling.top_k is None else int(sampling.top_k),
        "seed": seed,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
    }
    return {name: value for name, value in said.items() if value is not None}


def _shape(prompt: Prompt) -> dict[str, Any]:
    shape = prompt.shape
    said: dict[str, Any] = {}
    if shape.max_tokens is not None:
        said["max_tokens"] = shape.max_tokens
    if shape.stop and shape.mime == "text/plain":
        said["stop"] = list(shape.stop)
    if shape.schema is not None:
        schema = {"name": "answer", "schema": shape.schema, "strict": True}
        said["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif shape.mime == "application/json":
        said["response_format"] = {"type": "json_object"}
    return said


def _tools(prompt: Prompt) -> dict[str, Any]:
    offered = [f for f in prompt.functions if not prompt.allowed or f.name in prompt.allowed]
    if not offered or prompt.calling == "NONE":
        return {}
    choice: Any = "required" if prompt.calling == "ANY" else "auto"
    if prompt.calling == "ANY" and len(offered) == 1:
        choice = {"type": "function", "function": {"name": offered[0].name}}
    return {"tools": [_tool(f) for f in offered], "tool_choice": choice}


def _tool(function: FunctionDeclaration) -> dict[str, Any]:
    parameters = function.parameters or {"type": "object", "properties": {}}
    told = {"name": function.name, "description": function.description, "parameters": parameters}
    return {"type": "function", "function": told}


def _thinking(prompt: Prompt) -> dict[str, Any]:
    """How much to think, only where the caller says so: servers without thinking may refuse it."""
    thinking = prompt.thinking
    if thinking.budget == 0 or thinking.level == "MINIMAL":
        return {"chat_template_kwargs": {"enable_thinking": False}}
    if thinking.level in ("LOW", "MEDIUM", "HIGH"):
        return {"reasoning_effort": thinking.level.lower()}
    return {}


def _messages(prompt: Prompt, data_uri: DataUri) -> Iterator[dict[str, Any]]:
    system = "\n\n".join(words for words in (prompt.system, _form(prompt)) if words)
    if system:
        yield {"role": "system", "content": system}
    waiting: list[tuple[str, str]] = []
    for number, turn in enumerate(prompt.turns):
        if turn.role == "user":
            yield from _results(turn, waiting)
            waiting = []
            yield from _user(turn.parts, data_uri)
        else:
            waiting = [
                (part.name, part.id or f"call_{number}_{index}")
                for index, part in enumerate(turn.parts)
                if isinstance(part, Call)
            ]
            yield from _model(turn, [id for _, id in waiting], data_uri)


def _form(prompt: Prompt) -> str:
    """The schema in words: a grammar holds a model to it, but does not tell it."""
    if prompt.shape.schema is None:
        return ""
    schema = msgspec.json.encode(prompt.shape.schema).decode()
    return f"Answer with JSON that fits this schema, and with nothing else: {schema}"


def _user(parts: Sequence[Part], data_uri: DataUri) -> Iterator[dict[str, Any]]:
    said = [part for part in parts if isinstance(part, Text | ImageRef)]
    if not said:
        return
    if all(isinstance(part, Text) for part in said):
        # Text alone as a plain string: the templates of some models take nothing else.
        yield {"role": "user", "content": "\n".join(p.text for p in said if isinstance(p, Text))}
        return
    yield {"role": "user", "content": [_content(part, data_uri) for part in said]}


def _content(part: Text | ImageRef, data_uri: DataUri) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    return {"type": "image_url", "image_url": {"url": data_uri(part)}}


def _model(turn: Turn, ids: list[str], data_uri: DataUri) -> Iterator[dict[str, Any]]:
    """The model's earlier turn; its pictures can only be shown as the user's."""
    text = "".join(p.text for p in turn.parts if isinstance(p, Text) and not p.thought)
    calls = [part for part in turn.parts if isinstance(part, Call)]
    if text or calls:
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if calls:
            message["tool_calls"] = [
                {
                    "id": id,
                    "type": "function",
                    "function": {
                        "name": call.name,
                        "arguments": msgspec.json.encode(call.args).decode(),
                    },
                }
                for call, id in zip(calls, ids, strict=True)
            ]
        yield message
    yield from _user(turn.images, data_uri)


def _results(turn: Turn, waiting: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """What functions gave, each for the call that waits for it: by id, else by name, in order."""
    left = list(waiting)
    for index, part in enumerate(turn.parts):
        if not isinstance(part, CallResult):
            continue
        match = next((w for w in left if part.id and w[1] == part.id), None)
        match = match or next((w for w in left if w[0] == part.name), None)
        if match is not None:
            left.remove(match)
        content = msgspec.json.encode(part.response).decode()
        id = match[1] if match else part.id or f"call_{index}"
        yield {"role": "tool", "tool_call_id": id, "content": content}
