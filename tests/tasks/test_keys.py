"""The form that a prompt asks for: keys, examples of JSON, the numbers of a box."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.tasks.drawn import CAT, DOG, Drawing, reply
from twinsight.prompt import AnswerShape
from twinsight.tasks.request.corners import corner_of, corners_asked
from twinsight.tasks.request.example import examples
from twinsight.tasks.request.spelling import mended

PETS = Drawing((DOG, CAT))
JSON = AnswerShape("application/json")


def found(question: str, **given: Any) -> Any:
    """The JSON of an answer about a dog at (20, 40, 60, 80) of 200 × 100 pixels and a cat."""
    return json.loads(reply(question, PETS, **{"shape": JSON, **given}))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param(
            'Detect the dog as [{"label": "…", "x": 0, "y": 0, "width": 0, "height": 0}]',
            [{"label": "dog", "x": 100, "y": 400, "width": 200, "height": 400}],
            id="x, y, width, height",
        ),
        pytest.param(
            'Detect the dog: {"name": "...", "box": {"x1": 1, "y1": 2, "x2": 3, "y2": 4}}',
            [{"name": "dog", "box": {"x1": 100, "y1": 400, "x2": 300, "y2": 800}}],
            id="a box that is an object",
        ),
        pytest.param(
            'Detect the dog. Example: [{"animal": "cat", "box_2d": [ymin, xmin, ymax, xmax]}, ...]',
            [{"animal": "dog", "box_2d": [400, 100, 800, 300]}],
            id="another name for the label",
        ),
        pytest.param(
            'Detect the dog: [{"label": "dog", "bbox": [...], "material": "..."}]',
            [{"label": "dog", "bbox": [400, 100, 800, 300], "material": None}],
            id="what cannot be seen is null",
        ),
        pytest.param(
            'Detect the dog: {"total": 0, "objects": [{"box_2d": [], "label": ""}]}',
            {"total": 1, "objects": [{"box_2d": [400, 100, 800, 300], "label": "dog"}]},
            id="an object around the list",
        ),
        pytest.param(
            "Detect the dog, boxes as [x1, y1, x2, y2] in pixels",
            [{"box_2d": [20, 40, 60, 80], "label": "dog"}],
            id="pixels, x first",
        ),
        pytest.param(
            "Detect the dog, [x, y, width, height] normalized to 0-1, confidence between 0 and 1",
            [{"box_2d": [0.1, 0.4, 0.2, 0.4], "label": "dog", "confidence": 0.9}],
            id="from 0 to 1",
        ),
        pytest.param(
            "Detect the dog, with a confidence between 0 and 1",
            [{"box_2d": [400, 100, 800, 300], "label": "dog", "confidence": 0.9}],
            id="only the confidence from 0 to 1",
        ),
        pytest.param(
            'Detect the dog: [{"label": "dog", "box": [0.1, 0.2, 0.3, 0.4]}]',
            [{"label": "dog", "box": [0.4, 0.1, 0.8, 0.3]}],
            id="an example from 0 to 1",
        ),
    ],
)
def test_answer_has_the_form_of_the_prompt(question: str, expected: object) -> None:
    assert found(question) == expected


def test_point_puts_x_first_where_that_is_asked() -> None:
    (entry,) = found("Point to the dog, as [x, y]")
    x, y = entry["point"]
    assert 100 <= x <= 300
    assert 400 <= y <= 800


def test_system_instruction_gives_form_limit_and_task() -> None:
    system = 'Detect the animals that are named: JSON with the keys "class" and "rect", at most 1.'
    assert found("cats and dogs", system=system) == [{"class": "dog", "rect": [400, 100, 800, 300]}]


def test_list_within_an_object_is_cut_between_its_items() -> None:
    shape = AnswerShape("application/json", max_tokens=60)
    question = 'Detect the pets: {"objects": [{"box_2d": [], "label": ""}]}'
    said = json.loads(reply(question, PETS, shape=shape))
    assert said == {"objects": [{"box_2d": [400, 100, 800, 300], "label": "dog"}]}


@pytest.mark.parametrize(
    ("names", "schema", "expected"),
    [
        pytest.param("x1 y1 x2 y2", {}, [100, 400, 300, 800], id="corners from one"),
        pytest.param("x0 y0 x1 y1", {}, [100, 400, 300, 800], id="corners from nought"),
        pytest.param("x y width height", {}, [100, 400, 200, 400], id="sizes"),
        pytest.param("left top right bottom", {}, [100, 400, 300, 800], id="sides"),
        pytest.param(
            "x1 y1 x2 y2", {"description": "in pixels"}, [20, 40, 60, 80], id="pixels by the schema"
        ),
    ],
)
def test_numbers_of_a_schema(names: str, schema: dict[str, Any], expected: list[int]) -> None:
    properties: dict[str, Any] = {name: {"type": "integer"} for name in names.split()}
    inner = {"type": "object", "properties": properties, "required": list(properties)}
    listed = {"type": "array", "items": inner | schema}
    (entry,) = found("Detect the dog", shape=AnswerShape("application/json", schema=listed))
    assert list(entry.values()) == expected


def schema_of(**properties: dict[str, Any]) -> AnswerShape:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return AnswerShape("application/json", schema=schema)


def test_lists_named_by_things_hold_those() -> None:
    boxes = {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"xmin": {"type": "integer"}},
            "required": ["xmin"],
        },
    }
    shape = schema_of(dogs=boxes, cats=boxes, people=boxes)
    assert found("Detect dogs, cats and people", shape=shape) == {
        "dogs": [{"xmin": 100}], "cats": [{"xmin": 700}], "people": [],
    }  # fmt: skip


def test_found_says_whether_there_is_a_box() -> None:
    box = {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]}
    shape = schema_of(found={"type": "boolean"}, box_2d=box)
    assert found("Detect the dog", shape=shape) == {"found": True, "box_2d": [400, 100, 800, 300]}
    assert found("Detect the bus", shape=shape) == {"found": False, "box_2d": None}


def test_all_are_ordered_as_asked() -> None:
    assert [entry["label"] for entry in found("Detect the pets, from right to left")] == [
        "cat",
        "dog",
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('[{"point": <point>, "label": <label1>}, ...]', [{"point": "point", "label": "label1"}]),
        ("{'a': [x, y], b: 1}", {"a": ["x", "y"], "b": "1"}),
        ('{"a": {"b": [[0, 1], [2, 3]]}', {"a": {"b": [["0", "1"], ["2", "3"]]}}),
        ('{"a": "x", "b"', {"a": "x", "b": ""}),
    ],
    ids=["placeholders", "unquoted", "nested and unclosed", "cut off"],
)
def test_example_is_read_as_people_write_it(text: str, shown: object) -> None:
    assert [example.shown for example in examples(f"As {text}")] == [shown]


@pytest.mark.parametrize("text", ["[" * 9000, "{" * 9000, "[{:,}]" * 900, "a: [y, x]", "}]"])
def test_no_example_is_read_from_what_is_none(text: str) -> None:
    assert not any(
        isinstance(example.shown, list) and not example.shown for example in examples(text)
    )


def test_corners_are_known_by_many_names() -> None:
    assert corner_of("x_min") == corner_of("left") == corner_of("x1") == "xmin"
    assert corner_of("x1", ("x0", "x1")) == "xmax"
    assert corner_of("x", ("x", "w")) == "xmin"
    assert corner_of("label") is None
    assert corners_asked("boxes as xywh").box == ("xmin", "ymin", "width", "height")
    assert corners_asked("0-1000, not 0-1").scale == "thousand"


def test_slips_are_mended_and_words_are_left() -> None:
    assert mended("chiars") == "chairs"
    assert mended("detct") == "detect"
    assert [mended(word) for word in ("balloon", "water", "plates", "house")] == [
        "balloon", "water", "plates", "house",
    ]  # fmt: skip
