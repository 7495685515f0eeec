"""A caller's schema is filled from what was seen, under the names that the caller chose."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.tasks.drawn import CAT, DOG, Drawing, Thing, reply
from twinsight.prompt import AnswerShape

PARTY = Drawing(
    (
        Thing("person", (10, 10, 40, 90), "blue"),
        Thing("person", (100, 10, 130, 90), "red", 0.8),
        DOG,
    ),
    lines=(("STOP", (150, 10, 190, 20)),),
    name=("golden retriever", 0.8, ("dog", "animal")),
)
PETS = Drawing((DOG, CAT))

INTEGER = {"type": "integer"}
STRING = {"type": "string"}
NUMBER = {"type": "number"}
BOOLEAN = {"type": "boolean"}
NUMBERS = {"type": "array", "items": INTEGER}
WORDS = {"type": "array", "items": STRING}
DOG_BOX = [400, 100, 800, 300]


def every(item: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": item, **more}


def obj(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def filled(question: str, schema: dict[str, Any], *drawings: Drawing) -> Any:
    return json.loads(reply(question, *drawings, shape=AnswerShape("application/json", schema)))


ONE = {
    "a number by another name is not how many things there are": (
        "Describe the shop window",
        obj(price={"type": ["number", "null"]}, shoe_size={"type": ["integer", "null"]}),
        {"price": None, "shoe_size": None},
    ),
    "a count by any of its names": (
        "What is there?",
        obj(count=INTEGER, total_objects=INTEGER, dogs=INTEGER),
        {"count": 3, "total_objects": 3, "dogs": 1},
    ),
    "list on top": (
        "Detect the dog",
        every(obj(box_2d=NUMBERS, label=STRING)),
        [{"box_2d": DOG_BOX, "label": "dog"}],
    ),
    "wrapped": (
        "Detect the dog",
        obj(boxes=every(obj(box_2d=NUMBERS, confidence=NUMBER))),
        {"boxes": [{"box_2d": DOG_BOX, "confidence": 0.9}]},
    ),
    "other names": (
        "Detect the dog",
        obj(detections=every(obj(boundingBox=NUMBERS, className=STRING))),
        {"detections": [{"boundingBox": DOG_BOX, "className": "dog"}]},
    ),
    "box as an object": (
        "Detect the dog",
        every(obj(bbox=obj(y_min=INTEGER, x_min=INTEGER, y_max=INTEGER, x_max=INTEGER))),
        [{"bbox": {"y_min": 400, "x_min": 100, "y_max": 800, "x_max": 300}}],
    ),
    "box as a place and a size": (
        "Detect the dog",
        every(obj(bbox=obj(x=INTEGER, y=INTEGER, width=INTEGER, height=INTEGER))),
        [{"bbox": {"x": 100, "y": 400, "width": 200, "height": 400}}],
    ),
    "bare boxes": (
        "Detect the dog",
        every(every(INTEGER, minItems=4, maxItems=4)),
        [DOG_BOX],
    ),
    "one object": (
        "Detect the dog",
        obj(ymin=INTEGER, xmin=INTEGER, ymax=INTEGER, xmax=INTEGER, name=STRING),
        {"ymin": 400, "xmin": 100, "ymax": 800, "xmax": 300, "name": "dog"},
    ),
    "colour of each": ("Detect the dog", every(obj(color=STRING)), [{"color": "black"}]),
    "nothing found": ("Detect the bus", every(obj(box_2d=NUMBERS, label=STRING)), []),
    "kinds with numbers": (
        "What is there?",
        every(obj(name=STRING, count=INTEGER)),
        [{"name": "person", "count": 2}, {"name": "golden retriever", "count": 1}],
    ),
    "a report": (
        "Describe this image.",
        obj(
            caption=STRING,
            text=STRING,
            person_count=INTEGER,
            has_dog=BOOLEAN,
            has_cat=BOOLEAN,
            dominant_color=STRING,
        ),
        {
            "caption": "A photo of two people and a golden retriever. The text reads “STOP”.",
            "text": "STOP",
            "person_count": 2,
            "has_dog": True,
            "has_cat": False,
            "dominant_color": "grey",
        },
    ),
    "unknown is null": (
        "Describe this image.",
        obj(mood={"type": ["string", "null"]}, has_fountain={"type": ["boolean", "null"]}),
        {"mood": None, "has_fountain": None},
    ),
    "things by name": (
        "Describe this image.",
        obj(dog=obj(present=BOOLEAN, box_2d=NUMBERS)),
        {"dog": {"present": True, "box_2d": DOG_BOX}},
    ),
    "descriptions are questions": (
        "Describe this image.",
        obj(
            a={"type": "string", "description": "What color is the dog?"},
            b={"type": "integer", "description": "Number of people in the image"},
            c={"type": "boolean", "description": "Is there a cat?"},
        ),
        {"a": "black", "b": 2, "c": False},
    ),
    "answer in a sentence": (
        "How many people are there?",
        obj(answer=STRING),
        {"answer": "I can see two people."},
    ),
    "answer as a number": ("How many people are there?", obj(count=INTEGER), {"count": 2}),
    "bare number": ("How many people are there?", INTEGER, 2),
    "bare yes": ("Is there a dog?", BOOLEAN, True),
    "bare no": ("Is there a bus?", BOOLEAN, False),
    "yes as an enum": (
        "Is there a dog?",
        obj(answer={"type": "string", "enum": ["yes", "no"]}),
        {"answer": "yes"},
    ),
    "class as an enum": (
        "Classify the image.",
        obj(category={"type": "string", "enum": ["car", "animal", "food"]}),
        {"category": "animal"},
    ),
    "orientation": (
        "Describe this image.",
        obj(orientation={"type": "string", "enum": ["portrait", "landscape"]}),
        {"orientation": "landscape"},
    ),
    "lines of text": ("Read the text", obj(lines=WORDS), {"lines": ["STOP"]}),
    "lines with boxes": (
        "Read the text",
        every(obj(text=STRING, box_2d=NUMBERS)),
        [{"text": "STOP", "box_2d": [100, 750, 200, 950]}],
    ),
    "why": (
        "Is there a dog?",
        obj(answer={"type": "string", "enum": ["yes", "no"]}, reason=STRING),
        {"answer": "yes", "reason": "Yes, I can see a dog."},
    ),
    "no name of a person, no guess": (
        "Who is it?",
        obj(name={"type": ["string", "null"]}, occupation={"type": ["string", "null"]}),
        {"name": None, "occupation": None},
    ),
    "French keys": (
        "Fiche",
        obj(espèce=STRING, nombre=INTEGER),
        {"espèce": "personne", "nombre": 3},
    ),
    "number of what is asked for": ("List the people", obj(total=INTEGER), {"total": 2}),
    "a lone n counts": (
        "How many people? Describe it.",
        obj(n=INTEGER, x=INTEGER),
        {"n": 2, "x": 0},
    ),
    "side of each": (
        "Extract the people",
        obj(people=every(obj(position={"type": "string", "enum": ["left", "center", "right"]}))),
        {"people": [{"position": "left"}, {"position": "center"}]},
    ),
    "at least so many tags": (
        "Tags",
        every(STRING, minItems=4),
        ["person", "golden retriever", "dog", "animal", "text", "pet"],
    ),
    "words": ("List the animals", WORDS, ["golden retriever"]),
}


@pytest.mark.parametrize(("question", "schema", "expected"), ONE.values(), ids=ONE.keys())
def test_schema_about_one_picture(question: str, schema: dict[str, Any], expected: Any) -> None:
    assert filled(question, schema, PARTY) == expected


def test_mask_as_text_is_a_png_and_as_a_list_a_polygon() -> None:
    as_text = filled("Segment the dog", every(obj(mask=STRING)), PARTY)
    assert as_text[0]["mask"].startswith("data:image/png;base64,")
    corners = filled("Segment the dog", obj(boxes=every(obj(mask=every(NUMBERS)))), PARTY)
    assert sorted(corners["boxes"][0]["mask"]) == [[100, 400], [100, 800], [300, 400], [300, 800]]


def test_points_are_y_x_and_as_objects_named() -> None:
    (pair,) = filled("Point to the dog", every(obj(point=NUMBERS, label=STRING)), PARTY)
    (named,) = filled("Point to the dog", every(obj(point=obj(x=INTEGER, y=INTEGER))), PARTY)
    assert pair["point"] == [named["point"]["y"], named["point"]["x"]]


def test_several_pictures() -> None:
    each = filled("Describe", every(obj(image=INTEGER, caption=STRING)), PETS, PARTY)
    assert [(one["image"], one["caption"][:14]) for one in each] == [
        (0, "A photo of a d"),
        (1, "A photo of two"),
    ]
    boxes = filled("Detect the dogs", every(obj(box_2d=NUMBERS, image_index=INTEGER)), PETS, PARTY)
    assert [one["image_index"] for one in boxes] == [0, 1]
    both = filled("Compare", obj(image1=obj(cats=INTEGER), image2=obj(cats=INTEGER)), PETS, PARTY)
    assert both == {"image1": {"cats": 1}, "image2": {"cats": 0}}


def test_keys_named_in_the_prompt_make_the_schema() -> None:
    question = 'Return JSON with the keys "caption", "objects", "has_dog" and "person_count"'
    assert json.loads(reply(question, PARTY, shape=AnswerShape("application/json"))) == {
        "caption": "A photo of two people and a golden retriever. The text reads “STOP”.",
        "objects": ["person", "golden retriever"],
        "has_dog": True,
        "person_count": 2,
    }


def test_keys_that_nothing_quotes_make_the_schema() -> None:
    question = "Give me JSON with keys caption, animals and count."
    assert json.loads(reply(question, PETS, shape=AnswerShape("application/json"))) == {
        "caption": "A photo of a dog and a cat.",
        "animals": ["dog", "cat"],
        "count": 2,
    }


ENUMS = {
    "object": ("What is it?", ["cat", "bus", "dog"], "dog"),
    "yes": ("Is there a dog?", ["yes", "no"], "yes"),
    "non": ("Y a-t-il un bus ?", ["oui", "non"], "non"),
    "colour": ("What color is the dog?", ["red", "black"], "black"),
    "other": ("What is it?", ["bus", "other"], "other"),
}


@pytest.mark.parametrize(("question", "words", "expected"), ENUMS.values(), ids=ENUMS.keys())
def test_enum_is_answered_with_its_bare_word(
    question: str, words: list[str], expected: str
) -> None:
    shape = AnswerShape("text/x.enum", {"type": "string", "enum": words})
    assert reply(question, PARTY, shape=shape) == expected
