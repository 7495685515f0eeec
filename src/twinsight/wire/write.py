"""From an answer to Gemini's response JSON: strict out (CONTRACT §2.8, §3.4, §4.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import msgspec

from twinsight.errors import TwinsightError
from twinsight.prompt import Call, Delta, Token, Usage

# Line separators that some clients split on although JSON allows them raw; as JSON text they can
# only stand inside strings, where the escape means the same (CONTRACT §4.1).
_SEPARATORS = re.compile("[\u0085\u2028\u2029]")


def dumps(value: Any) -> bytes:
    """Compact JSON on one line that no line splitter cuts."""
    encoded = msgspec.json.encode(value)
    if b"\xc2\x85" in encoded or b"\xe2\x80\xa8" in encoded or b"\xe2\x80\xa9" in encoded:
        text = encoded.decode()
        return _SEPARATORS.sub(lambda m: f"\\u{ord(m.group()):04x}", text).encode()
    return encoded


def usage_metadata(usage: Usage, answer_tokens: int, thoughts: int = 0) -> dict[str, Any]:
    """Zero counts are left out, as proto JSON does."""
    metadata: dict[str, Any] = {"promptTokenCount": usage.prompt}
    if answer_tokens:
        metadata["candidatesTokenCount"] = answer_tokens
    if thoughts:
        metadata["thoughtsTokenCount"] = thoughts
    metadata["totalTokenCount"] = usage.prompt + answer_tokens + thoughts
    metadata["promptTokensDetails"] = token_details(usage)
    if answer_tokens:
        metadata["candidatesTokensDetails"] = [{"modality": "TEXT", "tokenCount": answer_tokens}]
    return metadata


def token_details(usage: Usage) -> list[dict[str, Any]]:
    """Counts by modality."""
    counts = (("TEXT", usage.text), ("IMAGE", usage.image))
    return [{"modality": name, "tokenCount": count} for name, count in counts if count]


def count_reply(usage: Usage) -> dict[str, Any]:
    """The reply of countTokens."""
    return {"totalTokens": usage.prompt, "promptTokensDetails": token_details(usage)}


def generate_reply(
    candidates: Sequence[Sequence[Delta]], usage: Usage, model: str, response_id: str
) -> dict[str, Any]:
    """A whole answer; each candidate is the list of its deltas, the last one finished."""
    written = []
    for index, deltas in enumerate(candidates):
        parts = _parts(deltas)
        candidate: dict[str, Any] = {
            "content": {"parts": parts, "role": "model"},
            "finishReason": str(deltas[-1].finish),
        }
        if not parts:
            candidate["content"] = {"role": "model"}
        written.append(candidate | _chances(deltas[-1].chosen) | {"index": index})
    tokens = sum(deltas[-1].tokens for deltas in candidates)
    thoughts = sum(deltas[-1].thoughts for deltas in candidates)
    metadata = usage_metadata(usage, tokens, thoughts)
    return _reply(written, metadata, model, response_id)


def chunk(delta: Delta, usage: Usage, model: str, response_id: str) -> dict[str, Any]:
    """One element of a stream. Its parts are never empty: chat helpers drop turns otherwise."""
    candidate: dict[str, Any] = {"content": {"parts": _parts([delta]), "role": "model"}}
    if not candidate["content"]["parts"]:
        candidate["content"]["parts"] = [{"text": ""}]
    if delta.finish is not None:
        candidate["finishReason"] = str(delta.finish)
    candidate |= _chances(delta.chosen)
    candidate["index"] = 0
    metadata = usage_metadata(usage, delta.tokens, delta.thoughts)
    return _reply([candidate], metadata, model, response_id)


def _chances(chosen: Sequence[Token]) -> dict[str, Any]:
    """The log probabilities of an answer's tokens; nothing where none are known."""
    if not chosen:
        return {}
    total = sum(token.logprob for token in chosen)
    result: dict[str, Any] = {
        "chosenCandidates": [_chance(token.text, token.logprob) for token in chosen],
        "logProbabilitySum": total,
    }
    if any(token.others for token in chosen):
        result["topCandidates"] = [
            {"candidates": [_chance(text, logprob) for text, logprob in token.others]}
            for token in chosen
        ]
    return {"avgLogprobs": total / len(chosen), "logprobsResult": result}


def _chance(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "logProbability": logprob}


def _parts(deltas: Sequence[Delta]) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for is_thought, group in groupby((d for d in deltas if d.text), key=lambda d: d.thought):
        text = "".join(delta.text for delta in group)
        parts.append({"text": text, "thought": True} if is_thought else {"text": text})
    calls = [delta.call for delta in deltas if delta.call is not None]
    return parts + [{"functionCall": _call(call)} for call in calls]


def _call(call: Call) -> dict[str, Any]:
    written: dict[str, Any] = {"name": call.name, "args": call.args}
    return {"id": call.id} | written if call.id else written


def _reply(
    candidates: list[dict[str, Any]], metadata: dict[str, Any], model: str, response_id: str
) -> dict[str, Any]:
    return {
        "candidates": candidates,
        "usageMetadata": metadata,
        "modelVersion": model,
        "responseId": response_id,
    }


def error(problem: TwinsightError) -> dict[str, Any]:
    """Google's error body. The order of keys matters to some clients: error first, code first."""
    body: dict[str, Any] = {
        "code": problem.code,
        "message": problem.message,
        "status": problem.status,
    }
    if problem.details:
        body["details"] = problem.details
    return {"error": body}
