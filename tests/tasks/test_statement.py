"""Statements to be judged and captions to choose from: how they are read, and what is said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tasks.drawn import Drawing, Thing, eyes_for, ref, reply
from twinsight.engines.roles import Card, Sketch, Wording
from twinsight.prompt import Prompt, Sampling, Text, Turn
from twinsight.tasks.request.statement import choice_of, mentions, statement_of
from twinsight.tasks.run import Limits, answer
from twinsight.tasks.scene import SceneCache

DESK = Drawing(
    (
        Thing("dining table", (20, 50, 180, 100), "white"),
        Thing("cup", (60, 30, 80, 60), "red"),
        Thing("chair", (2, 0, 14, 30), "green", 0.7),
        Thing("person", (150, 0, 190, 90), "blue", 0.8),
    )
)

STATED = {
    "after": ("True or false: there are two dogs.", "there are two dogs"),
    "before": ("The cat is in the suitcase. True or false?", "The cat is in the suitcase"),
    "quoted": ("Is this true of the image: 'The cat is on it.'? Answer yes or no.",
               "The cat is on it."),
    "in the middle": ("Is the caption “A man on a bike” right?", "A man on a bike"),
    "that": ("Is it true that the dog is black?", "the dog is black"),
    "next": ("Does this caption match the image? A dog on a couch.", "A dog on a couch"),
    "that, French": ("Est-il vrai qu'il y a un chien ?", "il y a un chien"),
    "after, French": ("Vrai ou faux : il y a deux chats.", "il y a deux chats"),
    "nothing stated": ("Is this true?", None),
    "a question": ("Is this a true story?", None),
}  # fmt: skip


@pytest.mark.parametrize(("question", "expected"), STATED.values(), ids=STATED.keys())
def test_statement(question: str, expected: str | None) -> None:
    assert statement_of(question) == expected


CHOICES = {
    "lines": ("Which caption fits better?\nA: A cat on a bed.\nB: A dog.\nAnswer with A or B.",
              (("A", "B"), ("A cat on a bed", "A dog"))),
    "one line": ("Which one fits? A) An orange cat; B) A black cat",
                 (("A", "B"), ("An orange cat", "A black cat"))),
    "quotes": ('Which caption describes it: "a cat on a bed" or "a dog"?',
               (("1", "2"), ("a cat on a bed", "a dog"))),
    "or": ("Which description is right: two dogs on grass or three dogs?",
           (("1", "2"), ("two dogs on grass", "three dogs"))),
    "French": ("Quelle légende convient le mieux ?\n1. Un chat sur un lit\n2. Un chien",
               (("1", "2"), ("Un chat sur un lit", "Un chien"))),
    "labels": ("Which animal is this: a cat or a dog?", None),
    "one alone": ("Which caption fits? A: a cat on a bed", None),
}  # fmt: skip


@pytest.mark.parametrize(("question", "expected"), CHOICES.values(), ids=CHOICES.keys())
def test_choice(question: str, expected: object) -> None:
    found = choice_of(question)
    assert (found and (found.letters, found.said)) == expected


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    statement_of(text)
    choice_of("Which caption fits? " + text)
    mentions(text)


SPOKEN = {
    "colours": ("Two dogs and a red truck near an orange cat",
                [("dogs", 2, ""), ("truck", 1, "red"), ("cat", 1, "orange")]),
    "false friends": ("A man wearing glasses eats an orange at a train station",
                      [("man", 1, ""), ("orange", 1, "")]),
    "predicate": ("the cup is blue", [("cup", None, "blue")]),
    "French": ("un chien noir et deux voitures rouges",
               [("chien", 1, "black"), ("voitures", 2, "red")]),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "expected"), SPOKEN.values(), ids=SPOKEN.keys())
def test_mentions(statement: str, expected: list[tuple[str, int | None, str]]) -> None:
    assert [(m.word, m.number, m.colour) for m in mentions(statement)] == expected


JUDGED = {
    "there": ("True or false: there is a cup.", "Yes, I can see a cup."),
    "too many": ("There are two cups. True or false?", "No, I can see a cup."),
    "coloured": ("Is it true that the cup is blue?", "No, the cup looks red."),
    "lies": (
        "Is it true that the cup is on the table?",
        "Yes, the cup seems to be on the dining table.",
    ),
    "unseen": ("True or false: a dog is there.", "No, I can make out no dog."),
    "more than can be seen": (
        "True or false: the cup is hot.",
        "I can see a cup; whether the rest is true, I cannot tell.",
    ),
    "sexes": (
        "True or false: there is a woman.",
        "I can see a person; whether the rest is true, I cannot tell.",
    ),
    "nothing known": (
        "True or false: justice prevails.",
        "I cannot judge that from what I can see: a dining table, a cup, a person and a chair.",
    ),
    "a word": ("True or false: there is a cup. Answer in one word.", "true"),
    "French": ("Vrai ou faux : il y a deux tasses.", "Non, je vois une tasse."),
    "fits": (
        "Which caption fits better?\nA: A cup on a table.\nB: A dog on a table.",
        "A fits better. I can make out no dog.",
    ),
    "fits by colour": (
        "Which caption fits better? A: A green cup. B: A red cup.",
        "B fits better. The cup looks red.",
    ),
    "fits, a letter": (
        "Which caption fits better? A: A cat here. B: A red cup. Answer in one word.",
        "B",
    ),
    "fits alike": (
        "Which caption fits better? A: A cup of tea. B: A cup of milk.",
        "Nothing that I see tells them apart: a dining table, a cup, a person and a chair.",
    ),
    "fits, French": (
        "Quelle légende convient ?\n1. Une tasse sur une table\n2. Un chien",
        "1 convient mieux. Je ne distingue aucun chien.",
    ),
}


@pytest.mark.parametrize(("question", "expected"), JUDGED.values(), ids=JUDGED.keys())
def test_judged(question: str, expected: str) -> None:
    assert reply(question, DESK) == expected


class Fond:
    """A writer that likes short sentences."""

    card = Card("fond", ("writer",), "likes short sentences", "Apache-2.0")

    def write(self, sketch: Sketch, sampling: Sampling | None = None) -> Wording:
        return Wording((), (), 0.0)

    def rate(self, sketch: Sketch, sentence: str) -> float:
        return -len(sentence)


def test_the_writer_decides_where_the_scene_does_not() -> None:
    eyes = replace(eyes_for(DESK)[0], writer=Fond())
    asked = "Which caption fits better? A: A cup of lukewarm tea. B: A cup of milk."
    prompt = Prompt((Turn("user", (ref(DESK), Text(asked))),))
    pieces = answer(prompt, eyes, SceneCache(0), Limits(8192, 10_000_000), lambda: None)
    said = "".join(piece.text for piece in pieces)
    assert said == "B sounds likelier to me, but nothing that I see tells them apart."
