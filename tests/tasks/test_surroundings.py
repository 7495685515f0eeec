"""Questions about what is around the objects, to eyes that are told what is there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from tests.eyes import told_eyes
from twinsight.engines.eyes import Eyes
from twinsight.engines.pocket.surroundings import PocketSurveyor
from twinsight.engines.roles import Card
from twinsight.geometry.detections import Detections
from twinsight.image.header import read_header
from twinsight.image.picture import Picture
from twinsight.prompt import AnswerShape, ImageRef, Prompt, Text, Turn
from twinsight.tasks.answers.scenery import PLACES, Setting, meant, setting_of
from twinsight.tasks.run import Limits, answer
from twinsight.tasks.scene import SceneCache
from twinsight.tasks.wording.voice import has_french

AROUND = {"tree": 0.9, "wall": 0.6, "grass": 0.99, "sky": 0.8, "snow": 0.1, "kitchen": 0.02}
AROUND |= {
    "street": 0.95,
    "beach": 0.3,
    "outdoors": 0.97,
    "indoors": 0.1,
    "stairs": 0.8,
    "sign": 0.2,
}


class Told:
    """Sees the same around any picture, and counts how often it has to look."""

    card = Card("told-around", ("surveyor",), "sees what it is told to", "Apache-2.0")

    def __init__(self) -> None:
        self.looks = 0

    def survey(self, picture: Picture, objects: Detections) -> Mapping[str, float]:
        self.looks += 1
        return AROUND


def eyes(surveyor: Told | None = None) -> Eyes:
    return replace(told_eyes([("dog", (0.2, 0.2, 0.8, 0.8))]), surveyor=surveyor or Told())


@cache
def photo() -> bytes:
    return (files("twinsight.samples") / "cat.jpg").read_bytes()


def said(question: str, seen_by: Eyes, cache: SceneCache | None = None, **shape: Any) -> str:
    header = read_header(photo())
    ref = ImageRef("a", data=photo(), mime=header.mime, wh=header.wh, key=b"a")
    prompt = Prompt((Turn("user", (ref, Text(question))),), shape=AnswerShape(**shape))
    pieces = answer(
        prompt, seen_by, cache or SceneCache(0), Limits(8192, 100_000_000), lambda: None
    )
    return "".join(piece.text for piece in pieces)


ONLY = "of such things I can only tell that they are there."
CASES = {
    "yes": ("Is there a tree in the image?", "Yes, I can see a tree."),
    "several": ("Are there any trees?", "Yes, I can see a tree."),
    "synonym": ("Is there a lawn?", "Yes, I can see grass."),
    "not so sure": ("Is there a wall?", "Yes, there seems to be a wall."),
    "no": ("Is there snow on the ground?", "No, I can make out no snow."),
    "only one": ("Can you see the sky?", "Yes, I can see the sky."),
    "not known": ("Is there a volcano?", "“volcano” is not something"),
    "french": ("Y a-t-il un arbre ?", "Oui, je vois un arbre."),
    "french stuff": ("Y a-t-il de l'herbe ?", "Oui, je vois de l'herbe."),
    "french no": ("Y a-t-il de la neige ?", "Non, je ne distingue aucune neige."),
    "kind not told": ("Is there a christmas tree?", f"I can see a tree, but {ONLY}"),
    "kind not there": ("Is there a kitchen?", "No, I can make out no kitchen."),
    "colour not told": ("Is there a green tree?", f"I can see a tree, but {ONLY}"),
    "what colour": ("What colour is the wall?", f"I can see a wall, but {ONLY}"),
    "not counted": ("How many trees are there?", f"I can see a tree, but {ONLY}"),
    "where in it": ("Where is the tree?", f"I can see a tree, but {ONLY}"),
    "none to count": ("How many kitchens are there?", "I can make out no kitchen."),
    "object beside": ("Is there a dog and a tree?", "Yes, I can see a dog. Yes, I can see a tree."),
    "neither": (
        "Is there snow or a kitchen?",
        "No, I can make out no snow. No, I can make out no ",
    ),
    "place": ("Is it indoors or outdoors?", "outdoors"),
    "places": ("Classify: beach, kitchen or street", "street"),
    "thing first": ("Classify: dog, street", "dog"),
    "outdoors": ("Was this photo taken outdoors?", "Yes, it seems to have been taken outdoors."),
    "not indoors": ("Is it indoors?", "No, it seems to have been taken outdoors."),
    "in a street": ("Are we in a street?", "Yes, it seems to have been taken in a street."),
    "not in a kitchen": (
        "Is the photo taken in a kitchen?",
        "No, it does not seem to have been taken in",
    ),
    "where": ("Where was this picture taken?", "It seems to have been taken in a street."),
    "french where": ("Où a été prise cette photo ?", "Elle semble prise dans une rue."),
    "french inside": ("Est-ce à l'intérieur ?", "Non, elle semble prise dehors."),
    "pictures on a wall": ("Is there a picture on the wall?", "I cannot tell"),
    "a sign without text": ("Is there a sign?", "No, I can make out no sign."),
    "no place": ("Classify: forest, kitchen", "Neither forest nor kitchen fits"),
}


@pytest.mark.parametrize(("question", "expected"), CASES.values(), ids=CASES.keys())
def test_question_is_answered(question: str, expected: str) -> None:
    assert expected in said(question, eyes())


@pytest.mark.parametrize(
    "question",
    [
        "Where is the dog?",
        "Is the dog on a beach?",
        "Is it a dog?",
        "Is this a beach?",
        "Où est-il ?",
    ],
)
def test_question_is_about_something_else(question: str) -> None:
    assert setting_of(question) is None


def test_question_is_where_it_was_taken() -> None:
    assert setting_of("What room is this?") == Setting(None)
    assert setting_of("Cette photo a-t-elle été prise dans une cuisine ?") == Setting("kitchen")


def test_no_box_is_made_up() -> None:
    assert json.loads(said("Detect the sky", eyes(), mime="application/json")) == []


def test_booleans_of_a_schema() -> None:
    names = ["has_tree", "is_outdoors", "has_snow", "has_volcano"]
    schema = {
        "type": "object",
        "properties": {name: {"type": ["boolean", "null"]} for name in names},
        "required": names,
    }
    filled = json.loads(said("Fill this in.", eyes(), mime="application/json", schema=schema))
    assert filled == {
        "has_tree": True,
        "is_outdoors": True,
        "has_snow": False,
        "has_volcano": None,
    }


def test_a_picture_is_looked_at_once_and_only_when_asked() -> None:
    surveyor, cache = Told(), SceneCache(4)
    seen_by = eyes(surveyor)
    said("Is there a dog?", seen_by, cache)
    assert surveyor.looks == 0
    for question in ("Is there a tree?", "Is there a wall?"):
        said(question, seen_by, cache)
    assert surveyor.looks == 1


def test_without_a_surveyor_nothing_is_claimed() -> None:
    blind = replace(eyes(), surveyor=None)
    assert said("Is there a tree?", blind).startswith("I cannot tell")


def test_every_word_of_the_engine_can_be_asked_for_and_said_in_french() -> None:
    for word in PocketSurveyor().card.knows:
        found = meant(word)
        assert found is not None, word
        assert found.word == word
        assert has_french(word), word
    assert set(PocketSurveyor().card.knows) >= PLACES


def test_which_picture_shows_it() -> None:
    header = read_header(photo())
    refs = [
        ImageRef(key, data=photo(), mime=header.mime, wh=header.wh, key=key.encode())
        for key in "ab"
    ]

    def of_two(question: str) -> str:
        prompt = Prompt((Turn("user", (*refs, Text(question))),))
        limits = Limits(8192, 100_000_000)
        pieces = answer(prompt, eyes(), SceneCache(0), limits, lambda: None)
        return "".join(piece.text for piece in pieces)

    assert of_two("Which image shows a tree?") == "Images 1 and 2 show a tree."
    assert of_two("Which image shows a kitchen?") == "None of the images shows a kitchen."
