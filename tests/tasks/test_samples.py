"""The real engines on the pictures that come with the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from twinsight.engines.eyes import Eyes
from twinsight.image.header import read_header
from twinsight.prompt import AnswerShape, ImageRef, Prompt, Text, Turn
from twinsight.tasks.run import Limits, answer
from twinsight.tasks.scene import SceneCache

SAMPLES = Path(__file__).parents[2] / "src/twinsight/samples"
CACHE = SceneCache(8)


def said(eyes: Eyes, name: str, question: str, **shape: Any) -> str:
    data = (SAMPLES / name).read_bytes()
    header = read_header(data)
    ref = ImageRef(name, data=data, mime=header.mime, wh=header.wh, key=name.encode())
    prompt = Prompt((Turn("user", (ref, Text(question))),), shape=AnswerShape(**shape))
    pieces = answer(prompt, eyes, CACHE, Limits(8192, 100_000_000), lambda: None)
    return "".join(piece.text for piece in pieces)


CASES = {
    "cat": ("cat.jpg", "Is there a cat?", "Yes, I can see a cat."),
    "no dog": ("cat.jpg", "Is there a dog?", "No, I can make out no dog."),
    "which animal": ("cat.jpg", "What animal is this?", "It looks like a cat."),
    "one person": ("astronaut.jpg", "How many people are there?", "I can see a person."),
    "fr": ("coffee.jpg", "Y a-t-il une tasse ?", "Oui, je vois une tasse."),
    "text": ("sign.png", "What does the sign say?", "NORTH GATE\nOpen 9 to 17"),
}


@pytest.mark.parametrize(("name", "question", "expected"), CASES.values(), ids=CASES.keys())
def test_samples_are_answered(pocket_eyes: Eyes, name: str, question: str, expected: str) -> None:
    assert said(pocket_eyes, name, question) == expected


def test_cup_is_boxed_and_masked(pocket_eyes: Eyes) -> None:
    (cup,) = json.loads(said(pocket_eyes, "coffee.jpg", "Segment the cup", mime="application/json"))
    y0, x0, y1, x1 = cup["box_2d"]
    assert 0 <= y0 < y1 <= 1000
    assert 0 <= x0 < x1 <= 1000
    assert cup["label"] == "cup"
    assert cup["mask"].startswith("data:image/png;base64,")


KNOWN = {
    "caption": "Caption this image.",
    "one kind": "Is there a cup?",
    "boxes": "Detect all of the prominent items in the image.",
    "text": "What text can you read?",
}


@pytest.mark.parametrize("question", KNOWN.values(), ids=KNOWN.keys())
def test_a_known_picture_is_not_decoded_again(
    pocket_eyes: Eyes, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = said(pocket_eyes, "coffee.jpg", question)
    monkeypatch.setattr("twinsight.tasks.scene.decode", lambda *_, **__: pytest.fail("decoded"))
    assert said(pocket_eyes, "coffee.jpg", question) == first
