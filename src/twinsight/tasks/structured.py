"""Answers as JSON or as one word of an enum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


from twinsight.prompt import Finish, Prompt
from twinsight.tasks import classify, limit, talk
from twinsight.tasks.facts import SceneFacts
from twinsight.tasks.fill import dump, fill
from twinsight.tasks.intent import Task
from twinsight.tasks.scene import Scene


def enum_word(prompt: Prompt, scenes: Sequence[Scene]) -> str:
    """The bare word of the enum that fits the picture best."""
    schema: dict[str, Any] = prompt.shape.schema or {}
    words = [str(word) for word in schema.get("enum", []) if word is not None]
    asked = talk.shown_last(prompt, scenes)
    if not asked:
        return words[0]
    return classify.choose(words, asked[0]).label


def json_text(
    prompt: Prompt, task: Task, scenes: Sequence[Scene], most: int
) -> tuple[str, Finish]:
    """A JSON document: by the caller's schema, else one that suits the task."""
    asked = talk.shown_last(prompt, scenes)
    if prompt.shape.schema is not None:
        value = fill(prompt.shape.schema, SceneFacts(prompt, task, asked))
    else:
        value = {"answer": talk.reply(prompt, task, scenes)}
    return _within(value, most)


def _within(value: object, most: int) -> tuple[str, Finish]:
    if isinstance(value, list):
        return limit.cut_json([dump(item) for item in value], "[", "]", most)
    return limit.cut_json([], dump(value), "", most)


