"""A picture is told in the form that is asked for: words, sentences, titles, lists, posts."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tasks.drawn import CAT, DOG, Drawing, Thing, reply
from twinsight.geometry.detections import Detections
from twinsight.tasks.answers.checking import checked

PETS = Drawing((DOG, CAT))
LUNCH = Drawing(
    (
        Thing("dining table", (20, 50, 180, 100), "white"),
        Thing("pizza", (60, 40, 100, 70), "red"),
        Thing("cup", (120, 45, 150, 70), "blue", 0.8),
    ),
    lines=(("CIAO", (122, 80, 148, 90)),),
)

FORMS = {
    "title leaves the table out": (LUNCH, "Suggest a title", "A pizza and a cup"),
    "five words": (LUNCH, "Describe the scene in at most 5 words.", "A pizza and a cup."),
    "under four words": (PETS, "Describe this in under 4 words", "A dog."),
    "quatre mots": (PETS, "Décris l'image en 2 mots", "Un chien."),
    "one word": (PETS, "Describe it in one word", "dog"),
    "two sentences": (
        PETS,
        "Describe this in two sentences",
        "A photo of a dog and a cat. The dog is on the left and the cat on the right.",
    ),
    "deux phrases": (
        PETS,
        "Décris cette image en deux phrases",
        "Une photo avec un chien et un chat. Le chien se trouve à gauche et le chat à droite.",
    ),
    "une phrase": (PETS, "Décris cette image en une phrase", "Une photo avec un chien et un chat."),
    "in detail": (
        PETS,
        "Describe the image in detail.",
        "A photo of a dog and a cat. The dog is on the left and the cat on the right. The main "
        "colour is grey.",
    ),
    "bullets": (
        PETS,
        "Describe the picture in a bulleted list of two sentences",
        "- A photo of a dog and a cat.\n- The dog is on the left and the cat on the right.",
    ),
    "two captions": (
        PETS,
        "Give me two captions",
        "1. A photo of a dog and a cat.\n2. A dog and a cat.",
    ),
    "alternative text fr": (
        PETS,
        "Rédige un texte alternatif pour cette image.",
        "Une photo avec un chien et un chat.",
    ),
    "emoji": (PETS, "Caption with emojis", "A photo of a dog and a cat. 🐶🐱"),
    "tweet": (PETS, "Write a tweet about this image", "A photo of a dog and a cat. #dog #cat #pet"),
    "so many hashtags": (PETS, "Give me three hashtags", "#dog #cat #pet"),
}  # fmt: skip


@pytest.mark.parametrize(("drawing", "question", "expected"), FORMS.values(), ids=FORMS.keys())
def test_form(drawing: Drawing, question: str, expected: str) -> None:
    assert reply(question, drawing) == expected


FOUND = Detections(
    np.array(
        [(0, 0, 40, 90), (60, 60, 200, 100), (150, 5, 190, 20), (70, 20, 110, 85)], np.float32
    ),
    np.full(4, 0.9, np.float32),
    ("person", "bed", "frisbee", "cat"),
)
CHECKED = {
    "denied": ("a person sitting on top of a bed", "a person and a bed"),
    "denied with a link": ("a person that is sitting in a frisbee", "a person and a frisbee"),
    "true": ("a cat laying on top of a bed", "a cat laying on top of a bed"),
    "not on top of a tree": ("a cat sitting on top of a tree", "a cat near a tree"),
    "a bird may be": ("a bird sitting on top of a tree", "a bird sitting on top of a tree"),
    "no boat": ("a person holding a frisbee in the water", "a person holding a frisbee"),
    "at the table": ("a person sitting on a table", "a person sitting at a table"),
    "nothing placed": ("a cat and a bed", "a cat and a bed"),
}


@pytest.mark.parametrize(("sentence", "expected"), CHECKED.values(), ids=CHECKED.keys())
def test_what_boxes_deny_is_not_said(sentence: str, expected: str) -> None:
    words = sentence.split()
    kinds = [{"table": "dining table"}.get(word, word) for word in words]
    named = [kind if kind in {*FOUND.label, "dining table", "bird"} else "" for kind in kinds]
    said, still = checked(words, named, FOUND)
    assert " ".join(said) == expected
    assert len(said) == len(still)
