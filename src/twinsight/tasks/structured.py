"""Answers as JSON or as one word of an enum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


from twinsight.prompt import Finish, Prompt
from twinsight.tasks import classify, limit, spatial, talk, targets
from twinsight.tasks.facts import SceneFacts
from twinsight.tasks.fill import dump, fill
from twinsight.tasks.intent import Task
from twinsight.tasks.scene import Scene

SPATIAL = (Task.DETECT, Task.SEGMENT, Task.POINT)


def enum_word(prompt: Prompt, scenes: Sequence[Scene]) -> str:
    """The bare word of the enum that fits the picture best."""
    schema: dict[str, Any] = prompt.shape.schema or {}
    words = [str(word) for word in schema.get("enum", []) if word is not None]
    asked = talk.shown_last(prompt, scenes)
    if not asked:
        return words[0]
    return classify.choose(words, asked[0]).label


def json_text(prompt: Prompt, task: Task, scenes: Sequence[Scene], most: int) -> tuple[str, Finish]:
    """A bare JSON document: by the caller's schema, else one that suits the task."""
    asked = talk.shown_last(prompt, scenes)
    if prompt.shape.schema is not None:
        return _written(fill(prompt.shape.schema, SceneFacts(prompt, task, asked)), most)
    if task in SPATIAL:
        return _written(spatial_entries(prompt, task, asked), most)
    return _written({"answer": talk.reply(prompt, task, scenes)}, most)


def fenced_list(
    prompt: Prompt, task: Task, scenes: Sequence[Scene], most: int
) -> tuple[str, Finish]:
    """The same list as text: in a ```json fence, as Gemini writes it without JSON mode."""
    entries = spatial_entries(prompt, task, talk.shown_last(prompt, scenes))
    return limit.cut_list([dump(entry) for entry in entries], limit.FENCED, most)


def spatial_entries(prompt: Prompt, task: Task, asked: Sequence[Scene]) -> list[dict[str, Any]]:
    """Boxes, masks or points of every picture asked about; with several, each says which."""
    wanted = targets.wanted(prompt.question)
    form = spatial.form_of(prompt.question, task)
    written: list[dict[str, Any]] = []
    for index, scene in enumerate(asked):
        found = spatial.entries(scene, spatial.find(scene, wanted), form)
        written += [entry | {"image": index} for entry in found] if len(asked) > 1 else found
    return written


def _written(value: object, most: int) -> tuple[str, Finish]:
    if isinstance(value, list):
        return limit.cut_list([dump(item) for item in value], limit.BARE, most)
    return limit.cut_document(dump(value), most)
