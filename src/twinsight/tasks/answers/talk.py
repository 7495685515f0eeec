"""Plain-text answers: which sentence answers which task, in which words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from twinsight.prompt import ImageRef, Prompt, Text, Turn
from twinsight.tasks.answers import (
    activity,
    answer,
    beyond,
    compare,
    courtesy,
    holding,
    inventory,
    naming,
    odd,
    page,
    particulars,
    places,
    surroundings,
    telling,
    verdict,
    weather,
)
from twinsight.tasks.request import conversation
from twinsight.tasks.request.intent import Task, task_of
from twinsight.tasks.request.lexicon import ORDINALS, number_of
from twinsight.tasks.request.style import Style, style_of
from twinsight.tasks.request.vocabulary import fold
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.said import Asked, Said
from twinsight.tasks.wording.voice import VOICES

_ONE_PICTURE: dict[Task, Callable[[Scene, Asked], Said]] = {
    Task.DESCRIBE: telling.told,
    Task.READ: answer.read,
    Task.CLASSIFY: naming.classified,
    Task.IDENTIFY: naming.identify,
    Task.COUNT: answer.count,
    Task.PRESENCE: answer.presence,
    Task.COLOUR: answer.colour,
    Task.QUALITY: answer.quality,
    Task.WHERE: places.where,
    Task.RELATION: places.relate,
    Task.STATEMENT: verdict.judged,
    Task.FITTING: verdict.fitting,
    Task.SETTING: surroundings.taken,
    Task.BESIDE: places.neighbours,
    Task.RANKED: places.first,
    Task.MORE: answer.more,
    Task.LIST: inventory.inventory,
    Task.SIDE: places.at_side,
    Task.SIZE: places.size,
    Task.HOLDING: holding.held,
    Task.ACTIVITY: activity.answered,
    Task.WEATHER: weather.answered,
    Task.PARTICULAR: particulars.read_off,
    Task.FITNESS: beyond.fitness,
    Task.VERSE: beyond.prose,
}
_SEVERAL: dict[Task, Callable[[Sequence[Scene], Asked], Said]] = {
    Task.COMPARE: compare.compare,
    Task.WHICH: compare.which,
    Task.ORDER: compare.ordered,
    Task.ODD: odd.odd_one,
}
_ON_PAGES = {Task.ANSWER, Task.PARTICULAR, Task.COUNT, Task.IDENTIFY, Task.READ}
"""What a form may answer by one of its fields."""
_IMAGE = r"(?:image|picture|photo|photograph)"
_NUMBERED = re.compile(
    rf"\b{_IMAGE} (?:number |no |#)?(\d+)\b|\b({'|'.join(ORDINALS)}|last|dernière) {_IMAGE}\b"
)


_WHETHER = re.compile(
    rf"^(?:in |on |dans |sur )?(?:which|what|quelle|laquelle)(?: one)?(?: (?:of|de) (?:the|"
    rf"these|those|ces|les)"
    rf"(?: two| three| deux| trois)?)? ?{_IMAGE}?s? (?P<asks>(?:is it|is there|are there|was it|"
    rf"does it|y a t il|"
    r"fait il|est ce)\b.*)"
)


def reply(prompt: Prompt, task: Task, scenes: Sequence[Scene]) -> str:
    """The answer in words."""
    style = style_of(prompt)
    polite = courtesy.courtesy_of(prompt.question)
    if polite is not None:
        return courtesy.returned(polite, scenes, style.language)
    if not scenes:
        return VOICES[style.language].say("no picture")
    pictures = shown(prompt, task, scenes)
    parts = conversation.at_once(prompt.question, scenes)
    if (
        parts == [conversation.Part(prompt.question)]
        or style.brevity == "word"
        or len(pictures) > 1
    ):
        return style.worded(said(prompt.question, task, pictures, style))
    told = _in_turn(parts, prompt, pictures[0], style)
    if parts[0].is_form:
        return style.worded("\n".join(f"{n}. {one}" for n, one in enumerate(told, 1)))
    return style.worded(" ".join(told))


def _in_turn(
    parts: Sequence[conversation.Part], prompt: Prompt, scene: Scene, style: Style
) -> list[str]:
    """What is said to several questions, without those that the answer before makes idle."""
    told: list[str] = []
    is_denied = False
    for part in parts:
        if part.if_so and is_denied:
            continue
        if part.is_form:
            told.append(_of_form(part.question, prompt, scene, style))
            continue
        asked = Asked.of(part.question, style)
        one = _of_one(scene, task_of(prompt.asking(part.question)), asked)
        is_denied = one.word in (asked.no(), asked.voice.say("none"), "0")
        is_rest = told and one == answer.unknown(scene, asked)
        if is_rest and told == [one.text]:
            continue
        text = asked.voice.say("cannot answer rest") if is_rest else one.text
        if not any(before.lower().endswith(text.lower()) for before in told):
            told.append(text)
    return told


def _of_form(question: str, prompt: Prompt, scene: Scene, style: Style) -> str:
    """One of several forms, in the style that its own words ask for."""
    own = prompt.asking(question)
    form = replace(style_of(own), language=style.language)
    return said(question, task_of(own), [scene], form)


def said(question: str, task: Task, scenes: Sequence[Scene], style: Style) -> str:
    """What is said to a question about these pictures, whole, short or in a word."""
    asked = Asked.of(question, style)
    whether = _WHETHER.match(fold(question)) if task is Task.WHICH and len(scenes) > 1 else None
    if whether is not None:
        return _worded(_of_which(whether["asks"], scenes, style), style)
    if task in _SEVERAL and len(scenes) > 1:
        return _worded(_SEVERAL[task](scenes, asked), style)
    if len(scenes) == 1:
        return _worded(_of_one(scenes[0], task, asked), style)
    if task is Task.DESCRIBE:
        return compare.describe_all(scenes, style)
    return "\n".join(
        asked.voice.say("image", index=n, text=_worded(_of_one(scene, task, asked), style))
        for n, scene in enumerate(scenes, 1)
    )


def _of_which(question: str, scenes: Sequence[Scene], style: Style) -> Said:
    """The pictures of which a question about one is answered with yes: "is it night?"."""
    asked = Asked.of(question, style)
    task = task_of(Prompt((Turn("user", (ImageRef(""), Text(question))),)))
    words = [_of_one(scene, task, asked).word for scene in scenes]
    rows = [str(n) for n, word in enumerate(words, 1) if word == asked.yes() or word in question]
    if not rows:
        return Said(asked.voice.say("holds of none"), asked.voice.say("none"))
    indices = asked.voice.listed(rows)
    return Said(asked.voice.say("holds of", indices=indices), indices)


def _of_one(scene: Scene, task: Task, asked: Asked) -> Said:
    field = page.told(scene, asked) if task in _ON_PAGES and scene.is_page else None
    return field or _ONE_PICTURE.get(task, answer.unknown)(scene, asked)


def _worded(said: Said, style: Style) -> str:
    return said.word if style.brevity == "word" else said.text


def shown(prompt: Prompt, task: Task, scenes: Sequence[Scene]) -> list[Scene]:
    """The pictures that the last question is about.

    Those of its own turn, else the latest; to compare, at least two where there are; only the one
    that the question names ("in the second image").
    """
    latest = _latest(prompt, scenes)
    if task in _SEVERAL:
        return latest if len(latest) > 1 else list(scenes)
    if len(scenes) < 2:
        return latest
    group = latest if len(latest) > 1 else list(scenes)
    numbers = {number for number, _ in by_picture(prompt.question, len(group))}
    if len(numbers) > 1:
        return group
    return [group[number - 1] for number in numbers if 0 < number <= len(group)] or latest


def by_picture(question: str, pictures: int) -> list[tuple[int, str]]:
    """The pictures that a question names, from 1, each with the words that lead up to it."""
    words = fold(question)
    found, start = [], 0
    for named in _NUMBERED.finditer(words):
        number = number_of(named[1]) if named[1] else ORDINALS.get(named[2], pictures)
        found.append((number or 0, words[start : named.end()]))
        start = named.end()
    return found


def _latest(prompt: Prompt, scenes: Sequence[Scene]) -> list[Scene]:
    """The pictures of the last turn that has any."""
    remaining = list(scenes)
    groups = []
    for turn in prompt.turns:
        count = len(turn.images)
        groups.append(remaining[:count])
        remaining = remaining[count:]
    return next((group for group in reversed(groups) if group), [])
