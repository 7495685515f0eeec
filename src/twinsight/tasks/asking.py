"""Single questions about pictures with answers of one word: for places in a caller's schema."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from twinsight.prompt import ImageRef, Prompt, Text, Turn
from twinsight.tasks.answers import classify, talk
from twinsight.tasks.request import intent
from twinsight.tasks.request.intent import Task
from twinsight.tasks.request.lexicon import COLOURS
from twinsight.tasks.request.paraphrase import plainly
from twinsight.tasks.request.style import Style
from twinsight.tasks.request.vocabulary import is_singular, meaning
from twinsight.tasks.scene import Scene
from twinsight.tasks.wanting import (
    COUNT,
    LABELS,
    PRESENCE,
    SCORE,
    words_of,
)
from twinsight.tasks.wording.voice import VOICES

SEVERAL = (Task.COMPARE, Task.WHICH, Task.ORDER)
ANSWERED = (
    *SEVERAL,
    Task.COUNT,
    Task.PRESENCE,
    Task.SETTING,
    Task.COLOUR,
    Task.WHERE,
    Task.RELATION,
    Task.STATEMENT,
    Task.FITTING,
    Task.BESIDE,
    Task.RANKED,
    Task.MORE,
    Task.READ,
    Task.IDENTIFY,
    Task.QUALITY,
    Task.WEATHER,
    Task.ACTIVITY,
    Task.HOLDING,
    Task.PARTICULAR,
)


def answered(question: str, scenes: Sequence[Scene], language: Any = "en") -> str | None:
    """The answer in one word to a question about these pictures; None when it is not known."""
    if not question.strip():
        return None
    question = plainly(question)
    shown = tuple(ImageRef("") for _ in scenes)
    task = intent.task_of(Prompt((Turn("user", (*shown, Text(question))),)))
    if task not in ANSWERED:
        return None
    style = Style(language, "word")
    word = talk.said(question, task, scenes[:1] if task not in SEVERAL else scenes, style)
    return None if word == VOICES[style.language].say("unknown") else word


def choice(
    words: Sequence[str], questions: Sequence[str], scenes: Sequence[Scene], certain: bool = False
) -> str | None:
    """The word of an enum that answers one of the questions, or fits the picture.

    None when nothing speaks for any, unless it must be one.
    """
    if not scenes:
        return None
    folded = {word.strip().lower(): word for word in words}
    colours = folded.keys() & set(COLOURS)
    # "orange" among a thousand things is a fruit.
    if 2 * len(colours) >= len(folded) or folded.keys() & {"yes", "no", "oui", "non"}:
        for question, language in product(questions, ("en", "fr")):
            word = answered(question, scenes, language)
            if word is not None and word.lower() in folded:
                return folded[word.lower()]
        for name, _ in scenes[0].measures.colours:
            if name in folded:
                return folded[name]
    w, h = scenes[0].wh
    if {"landscape", "portrait"} <= folded.keys():
        return folded[
            "portrait" if h > w else "square" if h == w and "square" in folded else "landscape"
        ]
    chosen = classify.choose(words, scenes[0])
    return chosen.label if certain or chosen.score > 0 else None


def type_named(name: str) -> str:
    """The JSON type that a key's name suggests."""
    words = set(words_of(name))
    last = words_of(name)[-1:]
    if words & PRESENCE:
        return "boolean"
    if words & COUNT:
        return "number" if words == {"total"} else "integer"
    if words & SCORE:
        return "number"
    noun = last[0] if last else ""
    several = meaning(noun) is not None and not is_singular(noun)
    if several or (last and words & (LABELS | {"objects", "items", "colors", "colours"})):
        return "array"
    return "string"
