"""Boxes, masks and points as JSON: form, keys, filters, limits; with and without a schema."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.tasks.drawn import CAT, DOG, Drawing, Thing, deltas, eyes_for, reply
from twinsight.prompt import AnswerShape, Finish

JSON = AnswerShape("application/json")
PETS = Drawing((DOG, CAT))
CARS = Drawing(
    tuple(
        Thing("car", (x, 20, x + side, 20 + side), colour, score)
        for x, side, colour, score in (
            (5, 20, "red", 0.5),
            (40, 50, "blue", 0.9),
            (100, 30, "red", 0.8),
            (150, 40, "green", 0.7),
        )
    )
)
SIGN = Drawing((DOG,), lines=(("STOP / GO", (150, 10, 190, 30)),))


def found(question: str, *drawings: Drawing, **given: Any) -> Any:
    return json.loads(reply(question, *drawings, **{"shape": JSON, **given}))


def lefts(question: str) -> list[int]:
    """The left edges, in 0–1000, of the cars that a question finds."""
    return [entry["box_2d"][1] for entry in found(question, CARS)]


def test_box_in_the_guides_form() -> None:
    assert found("Detect the dog", PETS) == [{"box_2d": [400, 100, 800, 300], "label": "dog"}]


def test_fenced_without_json_mode_and_bare_with_it() -> None:
    fenced = reply("Detect the dog", PETS)
    assert fenced.splitlines()[0] == "```json"
    assert fenced.splitlines()[-1] == "```"
    assert json.loads(fenced.split("```json\n")[1].split("```")[0]) == found("Detect the dog", PETS)


@pytest.mark.parametrize("shape", [AnswerShape(), JSON], ids=["text", "json"])
def test_nothing_found_is_an_empty_list(shape: AnswerShape) -> None:
    said = reply("Detect the buses", PETS, shape=shape).replace("```json", "").replace("```", "")
    assert json.loads(said) == []


def test_things_the_eyes_do_not_know_are_left_out() -> None:
    assert found("Detect the unicorns", PETS) == []


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param("Detect the cars", [200, 500, 750, 25], id="best first"),
        pytest.param("Detect the red cars", [500, 25], id="colour"),
        pytest.param("Detect the red and green cars", [500, 750, 25], id="two colours"),
        pytest.param("Detect the largest car", [200], id="largest"),
        pytest.param("Detect the two largest cars", [200, 750], id="two largest"),
        pytest.param("Detect the leftmost car", [25], id="leftmost"),
        pytest.param("Detect the car on the right", [750], id="the one on the right"),
        pytest.param("Detect the cars on the right", [500, 750], id="all on the right"),
        pytest.param("Detect the second car from the left", [200], id="second from the left"),
        pytest.param("Detect the third car from the right", [200], id="third from the right"),
        pytest.param("Detect the cars, at most 2", [200, 500], id="at most"),
        pytest.param("Detect everything except cars", [], id="except"),
        pytest.param("Détecte les deux plus petites voitures", [25, 500], id="plus petites"),
    ],
)
def test_filters(question: str, expected: list[int]) -> None:
    assert lefts(question) == expected


def test_person_by_the_colour_worn() -> None:
    people = Drawing(
        tuple(
            Thing("person", (x, 20, x + 30, 60), shade) for x, shade in ((10, "red"), (90, "blue"))
        )
    )
    for shade, left in (("red", 50), ("blue", 450)):
        (entry,) = found(f"Detect the person in the {shade} jacket", people)
        assert entry["box_2d"][1] == left


@pytest.mark.parametrize(
    ("question", "label"),
    [
        pytest.param("Detect the dog", "dog", id="the word"),
        pytest.param("Detect the hounds", "hound", id="a synonym"),
        pytest.param("Detect the puppy", "dog", id="a narrower word is not claimed"),
        pytest.param("Detect the pets except cats", "dog", id="a wider word"),
        pytest.param("Détecte le chien", "chien", id="french"),
        pytest.param("Detect the dog, label in French", "chien", id="french asked for"),
    ],
)
def test_labels(question: str, label: str) -> None:
    assert [entry["label"] for entry in found(question, PETS)] == [label]


def test_keys_that_the_prompt_names() -> None:
    question = 'Detect the dog with "bbox", "class", "confidence", "color" and "description"'
    assert found(question, PETS) == [
        {
            "bbox": [400, 100, 800, 300],
            "class": "dog",
            "confidence": 0.9,
            "color": "black",
            "description": "black dog",
        }
    ]


def test_mask_is_a_greyscale_png_of_its_box() -> None:
    (entry,) = found("Segment the dog", PETS)
    assert list(entry) == ["box_2d", "mask", "label"]
    prefix, data = entry["mask"].split(",")
    assert prefix == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert image.mode == "L"
        assert (np.asarray(image) > 128).all()


def test_polygon_puts_x_first_and_lies_in_the_box() -> None:
    (entry,) = found("Segment the dog, with the polygon in mask", PETS)
    xs, ys = zip(*entry["mask"], strict=True)
    assert (min(xs), max(xs), min(ys), max(ys)) == (100, 300, 400, 800)


def test_point_is_y_x_on_the_thing() -> None:
    (entry,) = found("Point to the dog", PETS)
    assert list(entry) == ["point", "label"]
    y, x = entry["point"]
    assert 400 <= y <= 800
    assert 100 <= x <= 300


def test_text_lines_and_labels_without_slashes() -> None:
    (entry,) = found("Detect the text", SIGN)
    assert entry == {"box_2d": [100, 750, 300, 950], "label": "STOP GO"}


def test_masks_of_all_items_are_made_in_one_go() -> None:
    drawn = eyes_for(CARS)
    schema = {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"mask": {"type": "string"}, "label": {"type": "string"}},
            "required": ["mask", "label"],
        },
    }
    for shape in (JSON, AnswerShape("application/json", schema)):
        drawn[1].asked.clear()
        entries = json.loads(
            "".join(d.text for d in deltas("Segment the cars", CARS, shape=shape, drawn=drawn))
        )
        assert len(entries) == 4
        assert drawn[1].asked["segmenter"] == 1


def test_several_pictures_say_which() -> None:
    entries = found("Detect the dogs", PETS, SIGN)
    assert [entry["image"] for entry in entries] == [0, 1]
    assert all("image" not in entry for entry in found("Detect the dog in image 2", PETS, SIGN))


@pytest.mark.parametrize("tokens", [1, 5, 30, 60, 90, 10_000])
@pytest.mark.parametrize("mime", ["text/plain", "application/json"])
def test_token_limit_cuts_between_items(mime: Any, tokens: int) -> None:
    pieces = deltas("Detect the cars", CARS, shape=AnswerShape(mime, max_tokens=tokens))
    text = "".join(piece.text for piece in pieces).replace("```json", "").replace("```", "")
    entries = json.loads(text) if text else None
    whole = lefts("Detect the cars")
    assert pieces[-1].tokens <= tokens
    if entries is not None:
        assert [entry["box_2d"][1] for entry in entries] == whole[: len(entries)]
    cut = entries is None or len(entries) < len(whole)
    assert pieces[-1].finish is (Finish.MAX_TOKENS if cut else Finish.STOP)
