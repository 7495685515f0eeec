"""The writer's sentence in answers: when it is said, made finer, quoted beside, drawn by chance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.tasks.drawn import CAT, DOG, Drawing, Thing, eyes_for, ref
from twinsight.engines.roles import Card, Sketch, Wording
from twinsight.prompt import AnswerShape, Prompt, Sampling, Text, Turn
from twinsight.tasks.run import Limits, answer
from twinsight.tasks.scene import SceneCache

ONE = Drawing((DOG,))
SETTER = ("Irish setter", 0.9, ("dog", "animal"))
STOP = (("STOP", (50, 30, 150, 60)),)
SAID = ("a", "dog", "on", "a", "fire hydrant")
KINDS = ("", "dog", "", "", "fire hydrant")


class Pen:
    """A writer that says what it is told to, and remembers what it was given."""

    def __init__(self, words: Wording) -> None:
        self.card = Card("pen", ("writer",), "writes what it is told to", "Apache-2.0")
        self.words = words
        self.asked: list[tuple[Sketch, Sampling | None]] = []

    def write(self, sketch: Sketch, sampling: Sampling | None = None) -> Wording:
        self.asked.append((sketch, sampling))
        return self.words


def pen(likelihood: float = 0.6, words: tuple[str, ...] = SAID, kinds: Any = KINDS) -> Pen:
    return Pen(Wording(words, kinds, likelihood))


def reply(
    writer: Pen,
    question: str = "Caption this image.",
    drawing: Drawing = ONE,
    cache: SceneCache | None = None,
    candidate: int = 0,
    **settings: Any,
) -> str:
    eyes = replace(eyes_for(drawing)[0], writer=writer)
    prompt = Prompt((Turn("user", (ref(drawing), Text(question))),), **settings)
    limits = Limits(8192, 10_000_000)
    pieces = answer(prompt, eyes, cache or SceneCache(0), limits, lambda: None, candidate)
    return "".join(piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("question", "drawing", "expected"),
    [
        pytest.param("Caption this image.", ONE, "A dog on a fire hydrant.", id="caption"),
        pytest.param(
            "Caption this image.",
            Drawing((DOG,), name=SETTER),
            "An Irish setter on a fire hydrant.",
            id="the finer noun and its article",
        ),
        pytest.param(
            "Caption this image.",
            Drawing((DOG, DOG), name=SETTER),
            "A dog on a fire hydrant.",
            id="which of two dogs?",
        ),
        pytest.param(
            "Caption this image.", Drawing((DOG,), STOP), "A dog on a fire hydrant.", id="no text"
        ),
        pytest.param(
            "Describe this image.",
            Drawing((DOG,), STOP),
            "A dog on a fire hydrant. The text reads “STOP”.",
            id="a description goes on",
        ),
        pytest.param("Décris cette image.", ONE, "Une photo avec un chien.", id="French: by rule"),
    ],
)
def test_said(question: str, drawing: Drawing, expected: str) -> None:
    assert reply(pen(), question, drawing) == expected


@pytest.mark.parametrize(
    "writer",
    [
        pytest.param(pen(likelihood=0.05), id="too unlikely"),
        pytest.param(pen(words=("a", "view"), kinds=("", "")), id="names nothing"),
    ],
)
def test_by_rule_where_little_is_sure(writer: Pen) -> None:
    assert reply(writer) == "A photo of a dog."


TABLE = Thing("dining table", (20, 50, 180, 100), "white")
CUP = Thing("cup", (60, 30, 80, 60))
BESIDE = Thing("cup", (2, 10, 12, 30))
PERSON = Thing("person", (100, 10, 130, 90), "blue", 0.8)


@pytest.mark.parametrize(
    ("things", "question", "expected"),
    [
        pytest.param((TABLE, CUP), "Caption this.", "A photo of a cup on a dining table.", id="on"),
        pytest.param((TABLE, CUP), "Décris.", "Une photo avec une tasse sur une table.", id="sur"),
        pytest.param(
            (TABLE, CUP, BESIDE),
            "Caption this.",
            "A photo of a dining table and two cups.",
            id="one is not",
        ),
        pytest.param(
            (TABLE, PERSON),
            "Caption this.",
            "A photo of a dining table and a person.",
            id="people sit at tables",
        ),
    ],
)
def test_what_stands_on_what(things: tuple[Thing, ...], question: str, expected: str) -> None:
    assert reply(pen(likelihood=0.05), question, Drawing(things)) == expected


def test_text_is_left_to_descriptions() -> None:
    drawing = Drawing((DOG,), STOP)
    assert reply(pen(likelihood=0.05), drawing=drawing) == "A photo of a dog."
    only = reply(pen(likelihood=0.05), drawing=Drawing((), STOP))
    assert only.startswith("A photo of text. The text reads “STOP”.")


def test_the_writer_gets_what_was_seen() -> None:
    writer = pen()
    reply(writer, drawing=Drawing((DOG, CAT), name=SETTER))
    ((sketch, _),) = writer.asked
    assert sketch.objects.label == ("dog", "cat")
    assert sketch.wh == ONE.wh
    assert [label.name for label in sketch.labels] == ["Irish setter"]
    assert sketch.colours[0][0] == "grey"


def test_the_likeliest_is_written_once() -> None:
    writer, cache = pen(), SceneCache(4)
    for _ in range(3):
        reply(writer, cache=cache)
    assert len(writer.asked) == 1


def test_what_is_drawn_by_chance_is_written_each_time() -> None:
    writer, cache = pen(), SceneCache(4)
    for candidate in range(3):
        sampling = Sampling(temperature=0.8, seed=5)
        reply(writer, cache=cache, candidate=candidate, sampling=sampling)
    assert [given.seed for _, given in writer.asked if given is not None] == [5, 6, 7]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        pytest.param(AnswerShape(max_tokens=2), "A dog", id="tokens"),
        pytest.param(AnswerShape(stop=(" fire",)), "A dog on a", id="stop"),
    ],
)
def test_limits_hold(shape: AnswerShape, expected: str) -> None:
    assert reply(pen(), shape=shape) == expected
