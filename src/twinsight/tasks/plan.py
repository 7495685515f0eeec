"""Who answers: a vision-language model in its own words, or the eyes by our sentences and JSON.

Boxes, masks and points are always made here, whoever finds them, so that they are right and in
Gemini's form. All else goes to the model whole, where the profile has one: captions, questions,
chat over many turns with pictures or without, function calls, JSON by schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from twinsight.engines.eyes import Eyes
from twinsight.engines.speaker import Speaker, Waiting
from twinsight.errors import Unavailable
from twinsight.filling.budget import Budget, Exhausted
from twinsight.filling.document import dump
from twinsight.filling.schema import Schemas
from twinsight.filling.validator import Validator
from twinsight.geometry.dialects.salvage import salvaged
from twinsight.prompt import AnswerShape, Delta, Finish, Prompt
from twinsight.tasks import limit, structured
from twinsight.tasks.request.corners import GEMINI, corner_of
from twinsight.tasks.request.intent import may_be_spatial, task_of
from twinsight.tasks.wanting import BOX, POINT, SHAPE, words_of

CHECK_STEPS = 2_000_000
MOST_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Asking:
    """What a speaker is to know of a request besides the prompt."""

    waiting: Waiting
    max_pixels: int
    candidate: int = 0


def speaker_for(prompt: Prompt, eyes: Eyes) -> Speaker | None:
    """The model that answers this prompt whole; None where the eyes and our own words do."""
    speaker = eyes.speaker
    if speaker is None or (prompt.images and not speaker.sees):
        return None
    return None if prompt.images and not prompt.functions and _is_spatial(prompt) else speaker


def _is_spatial(prompt: Prompt) -> bool:
    """Whether places in pictures are asked for, and not just a word about finding something."""
    if not may_be_spatial(prompt) or task_of(prompt) not in structured.SPATIAL:
        return False
    schema = prompt.shape.schema
    return prompt.shape.mime != "text/x.enum" and (schema is None or _names_places(schema))


def _names_places(schema: Any, depth: int = 0) -> bool:
    """Whether a property anywhere in the schema is a box, a mask or a point by its name."""
    if depth > MOST_DEPTH:
        return False
    if isinstance(schema, list):
        return any(_names_places(part, depth + 1) for part in schema)
    if not isinstance(schema, dict):
        return False
    properties = schema.get("properties")
    for name in properties if isinstance(properties, dict) else ():
        if set(words_of(name)) & (BOX | SHAPE | POINT) or corner_of(name) in GEMINI.box:
            return True
    return any(_names_places(part, depth + 1) for part in schema.values())


def spoken(prompt: Prompt, speaker: Speaker, asking: Asking) -> Iterator[Delta]:
    """The model's answer: words as they come; JSON when it is whole, and then it is JSON.

    Raises Unavailable when the model's answer is not of the form that was asked for.
    """
    deltas = speaker.say(prompt, asking.waiting, asking.max_pixels, asking.candidate)
    if prompt.shape.mime == "text/plain":
        yield from deltas
        return
    said = list(deltas)
    yield from (delta for delta in said if delta.thought)
    last = said[-1]
    if any(delta.call is not None for delta in said):
        yield from (delta for delta in said if not delta.thought)
        return
    text = "".join(delta.text for delta in said if not delta.thought)
    written, finish = _written(text, last.finish or Finish.STOP, prompt.shape)
    for delta in limit.deltas(written, finish):
        tokens = last.tokens if delta.finish else min(delta.tokens, last.tokens)
        chosen = last.chosen if delta.finish else ()
        yield Delta(delta.text, delta.finish, tokens=tokens, thoughts=last.thoughts, chosen=chosen)


def _written(text: str, finish: Finish, shape: AnswerShape) -> tuple[str, Finish]:
    """The document as it may be given: never half of one."""
    if finish not in (Finish.STOP, Finish.MAX_TOKENS):
        return "", finish
    if shape.mime == "text/x.enum":
        return _enum_word(text, finish, (shape.schema or {}).get("enum", ()))
    value, is_whole = salvaged(text)
    is_cut = finish is Finish.MAX_TOKENS
    if value is None or not (is_whole or is_cut) or not _fits(value, shape.schema):
        if is_cut:
            return "", finish
        raise Unavailable("The engine's answer is not JSON of the form that was asked for.")
    return dump(value), finish


def _enum_word(text: str, finish: Finish, words: Sequence[Any]) -> tuple[str, Finish]:
    try:
        said = str(msgspec.json.decode(text))
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = text
    said = said.strip().strip("\"'.`").strip()
    for word in words:
        if word is not None and str(word).casefold() == said.casefold():
            return str(word), finish
    if finish is Finish.MAX_TOKENS:
        return "", finish
    raise Unavailable("The engine's answer is none of the words that were asked for.")


def _fits(value: Any, schema: dict[str, Any] | None) -> bool:
    """Whether the value satisfies the schema, as far as can be told in bounded work."""
    if schema is None:
        return True
    try:
        return Validator(Schemas(schema, Budget(CHECK_STEPS))).accepts(schema, value, sure=False)
    except (Exhausted, RecursionError):
        return True
