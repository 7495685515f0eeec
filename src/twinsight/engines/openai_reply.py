"""From the events of an OpenAI-dialect stream to the deltas of an answer.

Thoughts come in a field of their own (`reasoning_content`, `reasoning`) or, from servers that do
not tell them apart, as `<think>…</think>` at the beginning of the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec

from twinsight import tokens
from twinsight.engines.openai_http import reason
from twinsight.errors import Unavailable
from twinsight.prompt import Call, Delta, Finish, Token

_FINISH = {
    "stop": Finish.STOP,
    "length": Finish.MAX_TOKENS,
    "tool_calls": Finish.STOP,
    "function_call": Finish.STOP,
    "content_filter": Finish.SAFETY,
}
_OPENING, _CLOSING = "<think>", "</think>"
MOST_CALLS = 64
LEAST_LOGPROB = -9999.0


@dataclass(slots=True)
class _PartialCall:
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class Reply:
    """What has come so far."""

    stops: tuple[str, ...] = ()
    others: int = 0
    """Alternatives to each token that were asked for."""
    finish: Finish | None = None
    said: int = 0
    """Tokens of the answer, by our rule."""
    thought: int = 0
    """Tokens of the thoughts, by our rule."""
    usage: dict[str, Any] = field(default_factory=dict)
    calls: dict[int, _PartialCall] = field(default_factory=dict)
    chosen: list[Token] = field(default_factory=list)

    def deltas(self, lines: Iterable[bytes]) -> Iterator[Delta]:
        """The answer in pieces, one held back so that the last one has words.

        Thoughts are among them; whoever asked without them passes over those. Raises Unavailable
        when the stream ends before the answer does, or cannot be read.
        """
        held: Delta | None = None
        pieces = 0
        try:
            for is_thought, text in _Stopper(self.stops, self).cut(_split(self._pieces(lines))):
                if held is not None:
                    yield held
                if is_thought:
                    self.thought += tokens.count(text)
                else:
                    self.said += tokens.count(text)
                    pieces += 1
                # A piece is at least one token of the server's, and mostly just one: so the count
                # never falls when the server tells its own at the end.
                held = Delta(text, tokens=pieces, thought=is_thought, thoughts=self.thought)
        except Unavailable:
            if held is not None:
                yield held
            raise
        calls = self._whole_calls()
        said, thought = self._counted()
        if held is not None and (calls or held.thought):
            yield held
            held = None
        for call in calls[:-1]:
            yield Delta("", call=call, tokens=said, thoughts=thought)
        text = held.text if held is not None else ""
        last = calls[-1] if calls else None
        chosen = tuple(self.chosen)
        yield Delta(text, self.finish, last, tokens=said, thoughts=thought, chosen=chosen)

    def _pieces(self, lines: Iterable[bytes]) -> Iterator[tuple[bool, str]]:
        """(is a thought, text) as the server sends them."""
        for event in _events(lines):
            if isinstance(event.get("usage"), dict):
                self.usage = event["usage"]
            choices = event.get("choices")
            if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
                continue
            choice = choices[0]
            delta = choice.get("delta") or choice.get("message")
            if isinstance(delta, dict):
                thought = delta.get("reasoning_content") or delta.get("reasoning")
                if isinstance(thought, str) and thought:
                    yield True, thought
                if isinstance(delta.get("content"), str) and delta["content"]:
                    yield False, delta["content"]
                self._add_calls(delta.get("tool_calls"))
            told = choice.get("logprobs")
            if isinstance(told, dict) and isinstance(told.get("content"), list):
                tokens = (_token(each, self.others) for each in told["content"])
                self.chosen += filter(None, tokens)
            if isinstance(choice.get("finish_reason"), str):
                self.finish = _FINISH.get(choice["finish_reason"], Finish.OTHER)
        if self.finish is None:
            raise Unavailable("The engine's answer broke off before its end. Please try again.")

    def _add_calls(self, parts: Any) -> None:
        for position, part in enumerate(parts if isinstance(parts, list) else ()):
            if not isinstance(part, dict):
                continue
            index = part.get("index", position)
            if not isinstance(index, int) or len(self.calls) >= MOST_CALLS:
                raise Unavailable("The engine's function calls cannot be read.")
            call = self.calls.setdefault(index, _PartialCall())
            function = part.get("function")
            told = function if isinstance(function, dict) else {}
            call.id = call.id or str(part.get("id") or "")
            call.name = call.name or str(told.get("name") or "")
            call.arguments += str(told.get("arguments") or "")

    def _whole_calls(self) -> list[Call]:
        """The calls whose arguments are JSON; a broken one spoils the answer, which says so."""
        whole = []
        for _, partial in sorted(self.calls.items()):
            try:
                args = msgspec.json.decode(partial.arguments or "{}")
            except (msgspec.DecodeError, UnicodeDecodeError):
                args = None
            if isinstance(args, dict) and partial.name:
                whole.append(Call(partial.name, args, partial.id))
            elif self.finish is not Finish.MAX_TOKENS:
                self.finish = Finish.MALFORMED_FUNCTION_CALL
        return whole

    def _counted(self) -> tuple[int, int]:
        """Tokens of the answer and of the thoughts, by the server's numbers if they are sane."""
        details = self.usage.get("completion_tokens_details")
        thought = _count(details.get("reasoning_tokens")) if isinstance(details, dict) else 0
        total = _count(self.usage.get("completion_tokens"))
        thought = thought or self.thought
        if total < thought or (self.said and total <= thought):
            return self.said, thought
        return total - thought, thought


def _token(told: Any, most: int) -> Token | None:
    """A token with its log probability, and its alternatives; None for what is none."""
    one = _chance(told)
    if one is None:
        return None
    others = told.get("top_logprobs")
    rest = filter(None, map(_chance, others)) if isinstance(others, list) else ()
    return Token(*one, tuple(islice(rest, most)))


def _chance(told: Any) -> tuple[str, float] | None:
    if not isinstance(told, dict) or not isinstance(told.get("token"), str):
        return None
    logprob = told.get("logprob")
    if isinstance(logprob, bool) or not isinstance(logprob, int | float):
        return None
    # Servers write minus infinity as null or as a number out of all measure.
    return told["token"], max(float(logprob), LEAST_LOGPROB)


def _count(value: Any) -> int:
    """A number of tokens; 0 for what is none."""
    return value if type(value) is int and 0 <= value < 2**31 else 0


def _events(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        name, _, rest = line.strip().partition(b":")
        if name == b"error":
            raise Unavailable(f"The engine failed while answering: {reason(rest)}")
        if name != b"data":
            continue
        if rest.strip() == b"[DONE]":
            # What follows is read too, so that the connection can be used again.
            continue
        try:
            event = msgspec.json.decode(rest)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Unavailable("The engine's stream cannot be read: an event is no JSON.") from None
        if not isinstance(event, dict):
            raise Unavailable("The engine's stream cannot be read: an event is no object.")
        if event.get("error"):
            raise Unavailable(f"The engine failed while answering: {reason(rest)}")
        yield event


def _split(pieces: Iterable[tuple[bool, str]]) -> Iterator[tuple[bool, str]]:
    """Tells the thoughts in `<think>…</think>` at the beginning of the text from the answer.

    The white space between thoughts and answer belongs to neither.
    """
    state, held = "begin", ""
    for is_thought, text in pieces:
        if is_thought:
            state = "after" if state == "begin" else state
            yield True, text
            continue
        if state == "after":
            text = text.lstrip()
            state = "answer" if text else state
        if state in ("after", "answer"):
            if text:
                yield False, text
            continue
        held += text
        if state == "begin":
            start = held.lstrip()
            if start.startswith(_OPENING):
                state, held = "thought", start.removeprefix(_OPENING)
            elif _OPENING.startswith(start):
                continue
            else:
                yield False, held
                state, held = "answer", ""
                continue
        thought, closing, rest = held.partition(_CLOSING)
        if closing:
            state, held = ("answer" if rest.strip() else "after"), ""
            if thought.strip():
                yield True, thought
            if rest.strip():
                yield False, rest.lstrip()
            continue
        kept = _begun(held, (_CLOSING,))
        if len(held) > kept:
            yield True, held[: len(held) - kept]
            held = held[len(held) - kept :]
    if held:
        yield state == "thought", held


class _Stopper:
    """Ends the answer before a stop sequence, whether or not the server does; thoughts go by."""

    def __init__(self, stops: tuple[str, ...], reply: Reply) -> None:
        self._stops, self._reply = stops, reply

    def cut(self, pieces: Iterable[tuple[bool, str]]) -> Iterator[tuple[bool, str]]:
        """The pieces, with what may be the beginning of a stop sequence held back."""
        held = ""
        for is_thought, text in pieces:
            if is_thought:
                yield True, text
                continue
            held += text
            ends = [at for at in (held.find(stop) for stop in self._stops) if at >= 0]
            if ends:
                self._reply.finish = Finish.STOP
                if min(ends):
                    yield False, held[: min(ends)]
                return
            kept = _begun(held, self._stops)
            if len(held) > kept:
                yield False, held[: len(held) - kept]
                held = held[len(held) - kept :]
        if held:
            yield False, held


def _begun(text: str, marks: tuple[str, ...]) -> int:
    """How many of the last characters may be the beginning of a mark."""
    longest = max((len(mark) for mark in marks), default=1) - 1
    for size in range(min(longest, len(text)), 0, -1):
        if any(mark.startswith(text[-size:]) for mark in marks):
            return size
    return 0
