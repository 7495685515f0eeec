"""Answers of other shapes than one list of objects: lists by name, lines of text, nothing found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.tasks.drawn import CAT, DOG, Drawing, Thing, reply
from tests.tasks.test_conversation import asked_in_turn
from twinsight.prompt import AnswerShape

PETS = Drawing((DOG, CAT))
DOG_BOX = [400, 100, 800, 300]
CAT_BOX = [400, 700, 800, 900]
STREET = Drawing(
    (
        Thing("person", (0, 20, 20, 80)),
        Thing("person", (30, 20, 50, 80)),
        Thing("car", (60, 30, 90, 60)),
        Thing("truck", (150, 20, 190, 80), "blue"),
    )
)
JSON = AnswerShape("application/json")


def found(question: str, *drawings: Drawing, **given: Any) -> Any:
    return json.loads(reply(question, *drawings, **{"shape": JSON, **given}))


def test_the_pets_stand_where_the_tests_below_say() -> None:
    boxes = {one["label"]: one["box_2d"] for one in found("Detect all", PETS)}
    assert boxes == {"dog": DOG_BOX, "cat": CAT_BOX}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param(
            'Detect the pets: {"dog_boxes": [[...]], "cat_boxes": [[...]], "bird_boxes": [[...]]}',
            {"dog_boxes": [DOG_BOX], "cat_boxes": [CAT_BOX], "bird_boxes": []},
            id="a list of boxes by name",
        ),
        pytest.param(
            'Combien de chiens ? Encadre-les : {"nombre": 0, "boites": [[ymin, xmin, ymax, xmax]]}',
            {"nombre": 1, "boites": [DOG_BOX]},
            id="a number and bare boxes",
        ),
        pytest.param(
            'Locate: {"dog": {"box_2d": []}, "cat": {"box_2d": []}, "cow": {"box_2d": []}}',
            {"dog": {"box_2d": DOG_BOX}, "cat": {"box_2d": CAT_BOX}, "cow": {"box_2d": None}},
            id="an object by name",
        ),
        pytest.param(
            "Return only the labels of the detected animals, no boxes, as a JSON array",
            ["dog", "cat"],
            id="names alone",
        ),
        pytest.param("Box the horse. If there is no horse, return null.", None, id="null"),
        pytest.param(
            'Box the horse. Otherwise answer "not found".', "not found", id="words for nothing"
        ),
        pytest.param(
            "Detect the pets, as a dictionary keyed by class name, values are lists of boxes",
            {"dog": [DOG_BOX], "cat": [CAT_BOX]},
            id="grouped by name",
        ),
        pytest.param(
            'Détecte les animaux : [{"animal": 1, "boite": []}] numérotés de droite à gauche',
            [{"animal": 1, "boite": CAT_BOX}, {"animal": 2, "boite": DOG_BOX}],
            id="numbered",
        ),
        pytest.param(
            'Detect all: [{"box_2d": [], "kind": "vehicle|animal"}]',
            [{"box_2d": DOG_BOX, "kind": "animal"}, {"box_2d": CAT_BOX, "kind": "animal"}],
            id="a wider word of several",
        ),
        pytest.param(
            '{"task": "detection", "classes": ["cat", "horse"]}',
            [{"box_2d": CAT_BOX, "label": "cat"}],
            id="a request that is JSON",
        ),
        pytest.param(
            "List each pet with its box_2d, a label and the dominant color",
            [
                {"box_2d": DOG_BOX, "label": "dog", "color": "black"},
                {"box_2d": CAT_BOX, "label": "cat", "color": "white"},
            ],
            id="keys with articles",
        ),
        pytest.param(
            "Box the pets, drop anything under 0.85",
            [{"box_2d": DOG_BOX, "label": "dog"}],
            id="sure enough",
        ),
        pytest.param(
            'Count the dogs and return {"count": N, "points": [[y, x], ...]}',
            {"count": 1, "points": [[588, 194]]},
            id="a number and bare points",
        ),
        pytest.param(
            "Return the box of the dog as a single JSON object, not a list.",
            {"box_2d": DOG_BOX, "label": "dog"},
            id="one object",
        ),
        pytest.param(
            "Detect the dog, with a field `track_id` starting at 1",
            [{"track_id": 1, "box_2d": DOG_BOX, "label": "dog"}],
            id="numbers from one",
        ),
        pytest.param(
            'Encadre les chats : {"x1":,"y1":,"x2":,"y2":} avec le champ "animal"',
            [{"x1": 700, "y1": 400, "x2": 900, "y2": 800, "animal": "chat"}],
            id="an example without values",
        ),
        pytest.param("cats", [{"box_2d": CAT_BOX, "label": "cat"}], id="a name in JSON mode"),
        pytest.param(
            'detect: dog; horse. keys -> "what", "where"',
            [{"what": "dog", "where": DOG_BOX}],
            id="what and where",
        ),
    ],
)
def test_shape_that_is_shown(question: str, expected: object) -> None:
    assert found(question, PETS) == expected


def test_an_object_for_each_picture() -> None:
    shown = '{"image": 0, "objects": [{"box_2d": [], "label": ""}]}'
    answer = found(f"Detect the animals, one object per image: {shown}", PETS, STREET)
    assert [one["image"] for one in answer] == [0, 1]
    assert [len(one["objects"]) for one in answer] == [2, 0]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param(
            "Locate the dog. Return a CSV with a header: label,ymin,xmin,ymax,xmax",
            "```csv\nlabel,ymin,xmin,ymax,xmax\ndog,400,100,800,300\n```",
            id="csv",
        ),
        pytest.param(
            "Detect the dog in YOLO format. Classes: 0=cat, 3=dog",
            "```\n3 0.2 0.6 0.2 0.4\n```",
            id="yolo",
        ),
        pytest.param(
            "Detect the dog. Markdown table with the columns Object | Box",
            "| Object | Box |\n| --- | --- |\n| dog | [400, 100, 800, 300] |",
            id="markdown",
        ),
        pytest.param(
            "Box the dog. Return only four numbers: ymin,xmin,ymax,xmax",
            "400,100,800,300",
            id="four numbers",
        ),
        pytest.param(
            "Detect the dog, as Pascal VOC XML",
            "```xml\n<annotation>\n  <object><name>dog</name><bndbox><xmin>20</xmin>"
            "<ymin>40</ymin><xmax>60</xmax><ymax>80</ymax></bndbox></object>\n</annotation>\n```",
            id="voc",
        ),
        pytest.param("Is there a horse? Box it, if not say 'none'.", "none", id="a word"),
    ],
)
def test_lines_of_text(question: str, expected: str) -> None:
    assert reply(question, PETS) == expected


def test_json_mode_is_json_though_a_csv_is_asked_for() -> None:
    assert found("Locate the dog as CSV", PETS)[0]["label"] == "dog"


def schema(**lists: dict[str, Any]) -> AnswerShape:
    """A shape of several lists of objects with a box and the properties given."""
    box = {"type": "array", "items": {"type": "integer"}}
    properties = {
        name: {
            "type": "array",
            "items": {"type": "object", "properties": {"box_2d": box, **inner}},
        }
        for name, inner in lists.items()
    }
    return AnswerShape("application/json", {"type": "object", "properties": properties})


def test_lists_of_a_schema_hold_what_their_names_mean() -> None:
    answer = found("Detect.", STREET, shape=schema(guests={}, vehicles={}, widgets={}))
    assert {name: len(things) for name, things in answer.items()} == {
        "guests": 2,
        "vehicles": 2,
        "widgets": 0,
    }


def test_a_list_of_any_name_holds_what_the_prompt_asks_for() -> None:
    answer = found("Detect the cars.", STREET, shape=schema(sightings={}))
    assert len(answer["sightings"]) == 1


def test_labels_that_a_schema_offers_leave_the_rest_out() -> None:
    label = {"label": {"type": "string", "enum": ["person", "vehicle"]}}
    answer = found("Detect.", STREET, shape=schema(objects=label))
    labels = [one["label"] for one in answer["objects"]]
    assert sorted(labels) == ["person", "person", "vehicle", "vehicle"]
    label = {"label": {"type": "string", "enum": ["truck"]}}
    answer = found("Detect.", STREET, shape=schema(objects=label))
    assert [one["label"] for one in answer["objects"]] == ["truck"]


def test_lists_side_by_side() -> None:
    number = {"type": "array", "items": {"type": "number"}}
    lists = {
        "boxes": {"type": "array", "items": number},
        "labels": {"type": "array", "items": {"type": "string"}},
        "scores": number,
    }
    shape = AnswerShape("application/json", {"type": "object", "properties": lists})
    answer = found("Detect the people.", STREET, shape=shape)
    assert answer["labels"] == ["person", "person"]
    assert len(answer["boxes"]) == len(answer["scores"]) == 2


def test_lists_by_picture() -> None:
    answer = found('Detect animals: {"image_1": [boxes], "image_2": [boxes]}', PETS, STREET)
    assert answer == {"image_1": [DOG_BOX, CAT_BOX], "image_2": []}


def test_objects_of_several_things_of_a_kind() -> None:
    boxes = {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}
    kind = {"type": "object", "properties": {"count": {"type": "integer"}, "boxes": boxes}}
    asked = {"type": "object", "properties": {"people": kind, "trucks": kind}}
    answer = found("Count and locate.", STREET, shape=AnswerShape("application/json", asked))
    assert {name: one["count"] for name, one in answer.items()} == {"people": 2, "trucks": 1}
    assert [len(one["boxes"]) for one in answer.values()] == [2, 1]


def test_kinds_with_their_boxes() -> None:
    boxes = {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}
    row = {"name": {"type": "string"}, "count": {"type": "integer"}, "boxes": boxes}
    listed = {"type": "array", "items": {"type": "object", "properties": row}}
    asked = {"type": "object", "properties": {"vehicles": listed}}
    answer = found("Inventory.", STREET, shape=AnswerShape("application/json", asked))
    assert answer["vehicles"] == [
        {"name": "car", "count": 1, "boxes": [[300, 300, 600, 450]]},
        {"name": "truck", "count": 1, "boxes": [[200, 750, 800, 950]]},
    ]


def test_the_only_word_for_people_is_theirs() -> None:
    label = {"type": {"type": "string", "enum": ["car", "pedestrian", "other"]}}
    answer = found("Detect.", STREET, shape=schema(objects=label))
    labels = sorted(one["type"] for one in answer["objects"])
    assert labels == ["car", "other", "pedestrian", "pedestrian"]


def test_each_picture_has_its_own_thing() -> None:
    answer = found(
        "Detect the dog in the first image and the truck in the second image", PETS, STREET
    )
    assert [(one["label"], one["image"]) for one in answer] == [("dog", 0), ("truck", 1)]


def test_box_by_the_name_of_a_thing() -> None:
    box = {"type": ["array", "null"], "items": {"type": "integer"}}
    asked = {"type": "object", "properties": {"dog_box": box, "cow_box": box, "cat": box}}
    shape = AnswerShape("application/json", asked)
    answer = found("Fill in.", PETS, shape=shape)
    assert answer == {"dog_box": DOG_BOX, "cow_box": None, "cat": CAT_BOX}


@pytest.mark.parametrize(
    ("question", "lefts"),
    [
        pytest.param("Detect the person nearest to the truck", [150], id="nearest"),
        pytest.param("Detect the people except the one on the left", [150], id="except a side"),
        pytest.param("Detect the vehicles except the blue ones", [300], id="except a colour"),
        pytest.param("Detect the vehicles that are not trucks", [300], id="that are not"),
        pytest.param("Detect the person who isn't on the left", [150], id="not on the left"),
        pytest.param("Detect the people to the left of the car", [0, 150], id="left of a thing"),
        pytest.param("What is to the right of the car? Box it.", [750], id="right of a thing"),
        pytest.param("Detect objects larger than 10% of the image", [750], id="large ones"),
        pytest.param("Detect people; skip anything cut off by the border", [150], id="cut off"),
    ],
)
def test_some_are_told_apart(question: str, lefts: list[int]) -> None:
    assert [one["box_2d"][1] for one in found(question, STREET)] == lefts


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        pytest.param(
            ("Detect all vehicles", "now only the blue ones"), [("truck", 750)], id="only the blue"
        ),
        pytest.param(
            ("Detect the people", "just the one on the right"), [("person", 150)], id="just one"
        ),
        pytest.param(
            ("How many people are there?", "Is there a truck?", "draw boxes around them"),
            [("person", 0), ("person", 150)],
            id="them: those of whom there may be several",
        ),
        pytest.param(
            ("Trouve les personnes", "Laquelle est la plus à droite ? Juste sa boîte."),
            [("personne", 150)],
            id="which one, fr",
        ),
        pytest.param(
            ("Detect the people", "Sort them from right to left"),
            [("person", 150), ("person", 0)],
            id="sorted",
        ),
        pytest.param(
            ("Detect the trucks", "You missed the car, add it"),
            [("truck", 750), ("car", 300)],
            id="add",
        ),
        pytest.param(("Detect vehicles", "remove the trucks"), [("car", 300)], id="remove"),
    ],
)
def test_next_turn(turns: tuple[str, ...], expected: list[tuple[str, int]]) -> None:
    said = asked_in_turn(*turns, drawings=(STREET,))
    answer = json.loads(said.removeprefix("```json").removesuffix("```"))
    assert [(one["label"], one["box_2d"][1]) for one in answer] == expected


def test_next_turn_keeps_the_form() -> None:
    first = 'Detect cars. As [{"what": "", "box": []}]'
    answer = asked_in_turn(first, "Now the trucks", drawings=(STREET,))
    assert '{"what": "truck", "box": [200, 750, 800, 950]}' in answer
