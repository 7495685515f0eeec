"""Plain-text answers: which sentence answers which task."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twinsight.prompt import Prompt
from twinsight.tasks import answer, compare, describe
from twinsight.tasks.intent import Task
from twinsight.tasks.scene import Scene

NO_PICTURE = (
    "I answer questions about pictures, and there is none in this conversation. Send an image "
    "along with your question."
)

_ONE_PICTURE: dict[Task, Callable[[Scene, str], str]] = {
    Task.DESCRIBE: lambda scene, _: describe.caption(scene),
    Task.READ: lambda scene, _: answer.read(scene),
    Task.CLASSIFY: answer.classify_text,
}


def reply(prompt: Prompt, task: Task, scenes: Sequence[Scene]) -> str:
    """The answer in words."""
    if not scenes:
        return NO_PICTURE
    if task is Task.COMPARE:
        return compare.differences(scenes)
    asked = shown_last(prompt, scenes)
    say = _ONE_PICTURE.get(task, lambda scene, _: answer.unknown(scene))
    if len(asked) == 1:
        return say(asked[0], prompt.question)
    if task is Task.DESCRIBE:
        return compare.describe_all(asked)
    return "\n".join(
        f"Image {index}: {say(scene, prompt.question)}" for index, scene in enumerate(asked, 1)
    )


def shown_last(prompt: Prompt, scenes: Sequence[Scene]) -> list[Scene]:
    """The pictures that the last question is about: those of its own turn, else the latest."""
    remaining = list(scenes)
    groups = []
    for turn in prompt.turns:
        count = len(turn.images)
        groups.append(remaining[:count])
        remaining = remaining[count:]
    return next((group for group in reversed(groups) if group), [])
