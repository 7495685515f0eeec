"""What each family of models writes of places, real and adversarial, and what we read in it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinsight.geometry.dialects.families import DIALECTS, Dialect, dialect_named, dialect_of
from twinsight.geometry.dialects.grounding import MOST_ITEMS, Grounding
from twinsight.geometry.dialects.salvage import salvaged

WH = (2000, 1000)
SENT = (1008, 504)
"""What the model was sent: half of the picture and a little, multiples of 28."""


def read(name: str, text: str) -> Grounding:
    dialect = dialect_named(name)
    assert dialect is not None
    return dialect.parse(text, WH, SENT, "thing")


def boxes(found: Grounding) -> list[tuple[str, list[int]]]:
    """Labels, and boxes in rounded pixels of a picture of 2000 by 1000."""
    return [
        (label, [round(float(v)) for v in row])
        for label, row in zip(found.detections.label, found.detections.xyxy, strict=True)
    ]


def points(found: Grounding) -> list[tuple[str, list[int]]]:
    return [
        (label, [round(float(v)) for v in row])
        for label, row in zip(found.point_label, found.point_xy, strict=True)
    ]


CAT = ("cat", [200, 200, 600, 400])
DOG = ("dog", [1000, 500, 2000, 1000])
FENCED = '```json\n[\n  {{"{key}": {cat}, "label": "cat"}},\n  {{"{key}": {dog}, "label": "dog"}}\n]\n```'
YX = FENCED.format(key="box_2d", cat=[200, 100, 400, 300], dog=[500, 500, 1000, 1000])
XY = FENCED.format(key="bbox_2d", cat=[100, 200, 300, 400], dog=[500, 500, 1000, 1000])
PIXELS = FENCED.format(key="bbox_2d", cat=[100.8, 100.8, 302.4, 201.6], dog=[504, 252, 1008, 504])

REAL = {
    "Gemini, fenced": ("gemini", YX, [CAT, DOG], False),
    "Gemini, bare": ("gemini", json.dumps([{"box_2d": [200, 100, 400, 300], "label": "cat"}]), [CAT], False),
    "Gemini, nothing found": ("gemini", "```json\n[]\n```", [], False),
    "Gemma 4's own sample: a wide, flat button": ("gemini", '```json\n[\n  {"box_2d": [171, 75, 245, 308], "label": "view recipe element"}\n]\n```', [("view recipe element", [150, 171, 616, 245])], False),
    "Gemini, cut in a number": ("gemini", YX[: YX.index("1000")], [CAT], True),
    "Gemini, cut in a label": ("gemini", YX[: YX.rindex("dog") + 1], [CAT], True),
    "Gemini, cut before the first item ends": ("gemini", '```json\n[{"box_2d": [200, 1', [], True),
    "Qwen3-VL, fenced": ("qwen3", XY, [CAT, DOG], False),
    "Qwen3-VL, cut": ("qwen3", XY[: XY.rindex("[")], [CAT], True),
    "Qwen3-VL, keys drift": ("qwen3", '[{"box_2d": [100, 200, 300, 400], "description": "cat"}, {"bbox": [500, 500, 1000, 1000], "class": "dog"}]', [CAT, DOG], False),
    "Qwen3-VL, wrapped": ("qwen3", '{"detections": [{"bbox_2d": [100, 200, 300, 400], "label": "cat"}]}', [CAT], False),
    "Qwen3-VL, after thinking": ("qwen3", '<think>maybe {"bbox_2d": [1, 2, 3, 4]}</think>\n' + XY, [CAT, DOG], False),
    "Qwen3-VL, values a little over the scale": ("qwen3", '[{"bbox_2d": [500, 500, 1003, 1010], "label": "dog"}]', [DOG], False),
    "Qwen3-VL, one object and no list": ("qwen3", '{"bbox_2d": [100, 200, 300, 400], "label": "cat"}', [CAT], False),
    "Qwen3-VL, further keys": ("qwen3", '[{"bbox_2d": [100, 200, 300, 400], "label": "cat", "attributes": {"color": "grey", "parts": []}}]', [CAT], False),
    "Qwen2.5-VL, pixels of what it was sent": ("qwen2.5", PIXELS, [CAT, DOG], False),
    "Qwen2.5-VL, text in text_content": ("qwen2.5", '[{"bbox_2d": [504, 252, 1008, 504], "text_content": "dog"}]', [DOG], False),
    "Qwen2-VL, with marks": ("qwen2", "<|object_ref_start|>cat<|object_ref_end|><|box_start|>(100,200),(300,400)<|box_end|>", [CAT], False),
    "Qwen2-VL, several boxes of one name": ("qwen2", "<|object_ref_start|>cat<|object_ref_end|><|box_start|>(100,200),(300,400)<|box_end|><|box_start|>(500,500),(1000,1000)<|box_end|>", [CAT, ("cat", DOG[1])], False),
    "Qwen2-VL, marks left out": ("qwen2", "cat(100,200),(300,400) dog(500,500),(1000,1000)", [CAT, DOG], False),
    "Qwen2-VL, cut": ("qwen2", "<|object_ref_start|>cat<|object_ref_end|><|box_start|>(100,200),(300,400)<|box_end|><|object_ref_start|>dog<|object_ref_end|><|box_start|>(500,5", [CAT], True),
    "GLM-4.xV, box marks": ("glm", "The cat is here: <|begin_of_box|>[[100, 200, 300, 400]]<|end_of_box|>", [("thing", CAT[1])], False),
    "GLM-4.xV, JSON": ("glm", XY, [CAT, DOG], False),
    "InternVL": ("internvl", "<ref>cat</ref><box>[[100, 200, 300, 400]]</box>", [CAT], False),
    "InternVL, several": ("internvl", "<ref>cat</ref><box>[[100, 200, 300, 400]]</box> and <ref>dog</ref><box>[[500, 500, 1000, 1000]]</box>", [CAT, DOG], False),
    "InternVL, two boxes of one name": ("internvl", "<ref>cat</ref><box>[[100, 200, 300, 400], [500, 500, 1000, 1000]]</box>", [CAT, ("cat", DOG[1])], False),
    "InternVL, marks left out": ("internvl", "cat[[100, 200, 300, 400]]", [CAT], False),
    "InternVL, cut": ("internvl", "<ref>cat</ref><box>[[100, 200, 300, 400], [500, 50", [CAT], True),
    "DeepSeek-VL2, of 999": ("deepseek-vl2", "<|ref|>dog<|/ref|><|det|>[[500, 500, 999, 999]]<|/det|>", [("dog", [1001, 501, 2000, 1000])], False),
    "DeepSeek-VL2, end of sentence": ("deepseek-vl2", "<|ref|>cat<|/ref|><|det|>[[100, 200, 300, 400]]<|/det|><｜end▁of▁sentence｜>", [("cat", [200, 200, 601, 400])], False),
    "PaliGemma, of 1024": ("paligemma", "<loc0256><loc0128><loc0512><loc0512> cat", [("cat", [250, 250, 1000, 500])], False),
    "PaliGemma, several": ("paligemma", "<loc0256><loc0128><loc0512><loc0512> cat ; <loc0512><loc0512><loc1023><loc1023> dog", [("cat", [250, 250, 1000, 500]), ("dog", [1000, 500, 1998, 999])], False),
    "PaliGemma, with segmentation": ("paligemma", "<loc0256><loc0128><loc0512><loc0512><seg010><seg120><seg001> cat", [("cat", [250, 250, 1000, 500])], False),
    "PaliGemma, extra loc": ("paligemma", "<loc0000><loc0256><loc0128><loc0512><loc0512> cat", [("cat", [250, 250, 1000, 500])], False),
    "PaliGemma, partial location": ("paligemma", "<loc0256><loc0128><loc0512><loc0512> cat ; <loc0512><loc05", [("cat", [250, 250, 1000, 500])], True),
    "Florence-2, middles of bins": ("florence", "</s><s>cat<loc_100><loc_200><loc_300><loc_400>dog<loc_500><loc_500><loc_999><loc_999></s>", [("cat", [201, 200, 601, 400]), ("dog", [1001, 500, 1999, 1000])], False),
    "Florence-2, two boxes of one name": ("florence", "cat<loc_100><loc_200><loc_300><loc_400><loc_500><loc_500><loc_999><loc_999>", [("cat", [201, 200, 601, 400]), ("cat", [1001, 500, 1999, 1000])], False),
    "Florence-2, cut": ("florence", "cat<loc_100><loc_200><loc_300><loc_400>dog<loc_500><loc_500>", [("cat", [201, 200, 601, 400])], True),
    "Moondream, named sides": ("moondream", '{"objects": [{"x_min": 0.1, "y_min": 0.2, "x_max": 0.3, "y_max": 0.4}]}', [("thing", CAT[1])], False),
    "Moondream, a little outside": ("moondream", '{"objects": [{"x_min": 0.5, "y_min": 0.5, "x_max": 1.02, "y_max": 1.001}]}', [("thing", DOG[1])], False),
    "LFM2.5-VL-450M": ("lfm", '[{"label": "cat", "bbox": [0.1, 0.2, 0.3, 0.4]}]', [CAT], False),
    "LFM2.5-VL-3B": ("lfm-3b", '[{"label": "cat", "bbox_2d": [100, 200, 300, 400], "image_id": 0}]', [CAT], False),
    "LocateAnything": ("locateanything", "<ref>cat</ref><box><100><200><300><400></box><ref>dog</ref><box><500><500><1000><1000></box>", [CAT, DOG], False),
    "LocateAnything, none": ("locateanything", "<ref>cat</ref><box>none</box>", [], False),
    "LocateAnything, cut": ("locateanything", "<ref>cat</ref><box><100><200><300><400></box><ref>dog</ref><box><500><50", [CAT], True),
}  # fmt: skip


@pytest.mark.parametrize(("dialect", "text", "expected", "is_cut"), REAL.values(), ids=REAL)
def test_what_a_family_writes(
    dialect: str, text: str, expected: list[tuple[str, list[int]]], is_cut: bool
) -> None:
    found = read(dialect, text)
    assert boxes(found) == expected
    assert points(found) == []
    assert found.is_cut == is_cut


POINTS = {
    "Gemini, y first": ("gemini", '[{"point": [400, 100], "label": "cat"}]', [("cat", [200, 400])]),
    "Qwen3-VL, x first": ("qwen3", '[{"point_2d": [100, 400], "label": "cat"}]', [("cat", [200, 400])]),
    "Moondream": ("moondream", '{"points": [{"x": 0.1, "y": 0.4}, {"x": 0.5, "y": 0.5}]}', [("thing", [200, 400]), ("thing", [1000, 500])]),
    "Molmo, one": ("molmo", ' <point x="10.0" y="40.0" alt="the cat">cat</point>', [("the cat", [200, 400])]),
    "Molmo, several": ("molmo", '<points x1="10.0" y1="20.0" x2="30.0" y2="40.0" alt="curb ramps">curb ramps</points>', [("curb ramps", [200, 200]), ("curb ramps", [600, 400])]),
    "Molmo, sentence around": ("molmo", 'Here: <point x="10" y="40" alt="cat">cat</point> and <point x="50" y="50" alt="dog">dog</point>.', [("cat", [200, 400]), ("dog", [1000, 500])]),
    "Molmo 2, the first number is the picture's": ("molmo2", '<points coords="1 1 308 305 2 752 377">curb ramp</points>', [("curb ramp", [616, 305]), ("curb ramp", [1504, 377])]),
    "Molmo 2, within a sentence": ("molmo2", 'Counting the <points coords="1 1 073 160 2 173 600" alt="boats">the boats</points> shows a total of 2.', [("boats", [146, 160]), ("boats", [346, 600])]),
    "Molmo 2, groups": ("molmo2", '<points coords="1 1 555 169;2 3 649 154 4 709 162">cat</points>', [("cat", [1110, 169]), ("cat", [1298, 154]), ("cat", [1418, 162])]),
    "Molmo 2, groups with a colon": ("molmo2", '<points coords="0: 1 500 250; 1: 1 700 300"/>', [("thing", [1000, 250]), ("thing", [1400, 300])]),
    "Molmo 2, there are none": ("molmo2", "There are none.", []),
}  # fmt: skip


@pytest.mark.parametrize(("dialect", "text", "expected"), POINTS.values(), ids=POINTS)
def test_points(dialect: str, text: str, expected: list[tuple[str, list[int]]]) -> None:
    found = read(dialect, text)
    assert points(found) == expected
    assert boxes(found) == []


ADVERSARIAL = {
    "empty text": ("", []),
    "prose": ("I cannot see any cat in this picture.", []),
    "a refusal in JSON": ('{"error": "no"}', []),
    "corners the wrong way round": ('[{"bbox_2d": [300, 400, 100, 200], "label": "cat"}]', [CAT]),
    "numbers as text": ('[{"bbox_2d": ["100", "200", "300", "400"], "label": "cat"}]', [CAT]),
    "no area": ('[{"bbox_2d": [100, 200, 100, 400], "label": "cat"}]', []),
    "pixels of a large picture are another dialect": ('[{"bbox_2d": [1400, 900, 1900, 1100], "label": "cat"}]', []),
    "far below zero": ('[{"bbox_2d": [-900, 200, 300, 400], "label": "cat"}]', []),
    "shares of one are too small to be boxes": ('[{"bbox_2d": [0.1, 0.2, 0.3, 0.4], "label": "cat"}]', []),
    "three numbers": ('[{"bbox_2d": [100, 200, 300], "label": "cat"}]', []),
    "five numbers": ('[{"bbox_2d": [100, 200, 300, 400, 5], "label": "cat"}]', []),
    "not a number": ('[{"bbox_2d": [100, NaN, 300, 400], "label": "cat"}]', []),
    "infinite": ('[{"bbox_2d": [100, 200, 1e999, 400], "label": "cat"}]', []),
    "true and false": ('[{"bbox_2d": [true, false, true, true], "label": "cat"}]', []),
    "endless digits": ('[{"bbox_2d": [1' + "0" * 9000 + ', 200, 300, 400], "label": "cat"}]', []),
    "a broken item in the middle": ('[{"bbox_2d": [100, 200, 300, 400], "label": "cat"}, {"bbox_2d": [1, 2 3, 4]}, {"bbox_2d": [500, 500, 1000, 1000], "label": "dog"}]', [CAT, DOG]),
    "a quote within a label": ('[{"bbox_2d": [100, 200, 300, 400], "label": "ca"t"}, {"bbox_2d": [500, 500, 1000, 1000], "label": "dog"}]', [DOG]),
    "trailing comma": ('[{"bbox_2d": [100, 200, 300, 400], "label": "cat"},]', [CAT]),
    "no label": ('[{"bbox_2d": [100, 200, 300, 400]}]', [("thing", CAT[1])]),
    "a label of another kind": ('[{"bbox_2d": [100, 200, 300, 400], "label": 7}]', [("thing", CAT[1])]),
    "marks and control characters in a label": ('[{"bbox_2d": [100, 200, 300, 400], "label": "<|im_end|>c\\u0000at\\n"}]', [("c at", CAT[1])]),
    "a label as its key": ('{"cat": [100, 200, 300, 400], "dog": [[500, 500, 1000, 1000]]}', [CAT, DOG]),
    "several boxes in one item": ('[{"bbox_2d": [[100, 200, 300, 400], [500, 500, 1000, 1000]], "label": "cat"}]', [CAT, ("cat", DOG[1])]),
    "bare lists": ("[[100, 200, 300, 400], [500, 500, 1000, 1000]]", [("thing", CAT[1]), ("thing", DOG[1])]),
    "the same box again and again": (json.dumps([{"bbox_2d": [100, 200, 300, 400], "label": "cat"}] * 50), [CAT]),
    "a little below zero and above the scale": ('[{"bbox_2d": [-3, -50, 1003, 1100], "label": "cat"}]', [("cat", [0, 0, 2000, 1000])]),
    "the key twice": ('[{"bbox_2d": [1, 2, 3, 4], "bbox_2d": [100, 200, 300, 400], "label": "dog", "label": "cat"}]', [CAT]),
    "a fence in a fence": ('```json\n```json\n[{"bbox_2d": [100, 200, 300, 400], "label": "cat"}]\n```\n```', [CAT]),
    "two fences": ('```json\n[]\n```\nOr:\n```json\n[{"bbox_2d": [100, 200, 300, 400], "label": "cat"}]\n```', []),
    "letters of all kinds in a label": ('[{"bbox_2d": [100, 200, 300, 400], "label": "кот 🐱 猫\\u202e"}]', [("кот 🐱 猫\u202e", CAT[1])]),
    "half of a letter in a label": ('[{"bbox_2d": [100, 200, 300, 400], "label": "\\ud83dcat"}]', [CAT]),
    "deep nesting": ("[" * 5000, []),
    "deep nesting of objects": ('{"a":' * 5000, []),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ADVERSARIAL.values(), ids=ADVERSARIAL)
def test_what_no_model_should_write(text: str, expected: list[tuple[str, list[int]]]) -> None:
    assert boxes(read("qwen3", text)) == expected


@pytest.mark.parametrize(("dialect", "text"), [(d, t) for d, t, *_ in REAL.values()], ids=REAL)
def test_wherever_it_is_cut_no_box_is_made_up_and_none_is_lost(dialect: str, text: str) -> None:
    answer = text.rpartition("</think>")[0] + "</think>" if "</think>" in text else ""
    whole = {tuple(xyxy) for _, xyxy in boxes(read(dialect, text))}
    before: set[tuple[int, ...]] = set()
    for end in range(len(answer), len(text) + 1):
        found = {tuple(xyxy) for _, xyxy in boxes(read(dialect, text[:end]))}
        if text.count("<loc") % 4 == 0:  # of five marks in a row the last four count
            assert found <= whole, text[:end]
        assert len(found) >= len(before), text[:end]
        before = found


@pytest.mark.parametrize(("dialect", "text"), [(d, t) for d, t, *_ in POINTS.values()], ids=POINTS)
def test_wherever_it_is_cut_no_point_is_made_up(dialect: str, text: str) -> None:
    whole = {tuple(xy) for _, xy in points(read(dialect, text))}
    for end in range(len(text) + 1):
        found = read(dialect, text[:end])
        assert {tuple(xy) for _, xy in points(found)} <= whole, text[:end]
        assert not boxes(found)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(
    "piece", ['"', "[", "{", "(", "<", " ", "é", "[[1,2,3,", '{"a":[', "<ref>", "<loc_1>"]
)
def test_what_never_ends_is_read_in_bounded_work(dialect: Dialect, piece: str) -> None:
    """Looking from each character anew over what follows would take minutes here."""
    found = dialect.parse(piece * 200_000, (100, 100), (100, 100), "thing")
    assert len(found.detections) <= 1


def test_a_loop_of_boxes_is_bounded() -> None:
    looping = "[" + ", ".join(
        f'{{"bbox_2d": [{i % 900}, 1, 950, {i % 800 + 99}], "label": "x"}}' for i in range(5000)
    )
    found = read("qwen3", looping)
    assert len(found.detections) == MOST_ITEMS
    assert found.is_cut


PIECES = [
    "<loc0256>", "<loc_100>", "<loc", "<100>", "<box>", "</box>", "<ref>", "</ref>", "cat", "none",
    "<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>", "[[", "]]", "[", "]", "{", "}", '"', ",", ":",
    '"bbox_2d"', '"box_2d"', '"label"', '"point"', "100", "-5", "1e400", "0.5", "1000", "(1,2),(3,4)",
    "(", "<|box_start|>", "<|box_end|>", "<points ", 'coords="', 'x1="5"', 'y1="5"', ">", "</points>",
    "```json\n", "\n```", "\\", "\x00", "\ud800", "é", "NaN", "true", "null", "<think>", "</think>",
    ' {"bbox_2d": [1, 2, 30, 40], "label": "x"}', "[100, 200, 300, 400]", " 1 073 160 2 173 600",
]  # fmt: skip
WRITTEN = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@given(
    text=WRITTEN,
    wh=st.tuples(st.integers(1, 20000), st.integers(1, 20000)),
    sent=st.tuples(st.integers(1, 4000), st.integers(1, 4000)),
)
def test_nothing_breaks_a_parser_and_no_box_leaves_the_picture(
    dialect: Dialect, text: str, wh: tuple[int, int], sent: tuple[int, int]
) -> None:
    found: Grounding = dialect.parse(text, wh, sent, "thing")
    xyxy, at = found.detections.xyxy, found.point_xy
    assert (xyxy >= 0).all()
    assert (xyxy <= np.array([*wh, *wh], np.float32)).all()
    assert (xyxy[:, 2:] > xyxy[:, :2]).all()
    assert (at >= 0).all()
    assert (at <= np.array(wh, np.float32)).all()
    assert all(found.detections.label)
    assert all(found.point_label)


@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 400), st.integers(0, 400), st.integers(450, 1000), st.integers(450, 1000)
        ),
        max_size=6,
        unique=True,
    ),
    cut=st.integers(0, 10**6),
)
def test_a_cut_keeps_the_whole_items_and_no_other(
    rows: list[tuple[int, int, int, int]], cut: int
) -> None:
    items = [json.dumps({"bbox_2d": row, "label": f"item {i}"}) for i, row in enumerate(rows)]
    text = "```json\n[\n" + ",\n".join(items) + "\n]\n```"
    text = text[: cut % (len(text) + 1)]
    found = read("qwen3", text)
    whole = sum(item in text for item in items)
    assert found.detections.label == tuple(f"item {i}" for i in range(whole))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
        ),
        max_leaves=12,
    ),
    st.text(alphabet="abc \n"),
)
def test_salvage_gives_back_what_is_whole(value: object, around: str) -> None:
    if isinstance(value, list | dict):
        assert salvaged(around + "```json\n" + json.dumps(value) + "\n```" + around) == (
            value,
            True,
        )


SALVAGE = {
    "list cut between": ('[{"a": 1}, {"a": 2},', [{"a": 1}, {"a": 2}]),
    "list cut within": ('[{"a": 1}, {"a": 2', [{"a": 1}]),
    "wrapped list": ('{"items": [{"a": [1, 2]}, {"a": [3', {"items": [{"a": [1, 2]}]}),
    "a second list is left": ('{"x": [1, 2], "y": [3, 4', {"x": [1, 2], "y": [3]}),
    "a number may have been cut": ("[1, 2, 3", [1, 2]),
    "a bracket in a string": ('["a]", "b[", "c', ["a]", "b["]),
    "an object cut": ('{"a": 1, "b": 2', None),
    "nothing": ("", None),
    "words": ("no JSON here", None),
}


@pytest.mark.parametrize(("text", "value"), SALVAGE.values(), ids=SALVAGE)
def test_salvage_of_what_is_cut(text: str, value: object) -> None:
    assert salvaged(text) == (value, False)


@given(WRITTEN)
def test_salvage_never_raises(text: str) -> None:
    value, is_whole = salvaged(text)
    assert value is not None or not is_whole


FAMILIES = {
    "Qwen/Qwen3-VL-8B-Instruct": "qwen3",
    "qwen3.5:4b": "qwen3",
    "Qwen/Qwen3.6-35B-A3B": "qwen3",
    "unsloth/Qwen2.5-VL-7B-Instruct-GGUF": "qwen2.5",
    "Qwen/Qwen2-VL-7B-Instruct": "qwen2",
    "google/gemma-4-26b-a4b-it": "gemini",
    "gemma4:e4b": "gemini",
    "zai-org/GLM-4.6V-Flash": "glm",
    "zai-org/GLM-4.1V-9B-Thinking": "glm",
    "OpenGVLab/InternVL3_5-8B": "internvl",
    "deepseek-ai/deepseek-vl2-small": "deepseek-vl2",
    "google/paligemma2-3b-mix-448": "paligemma",
    "microsoft/Florence-2-large": "florence",
    "vikhyatk/moondream2": "moondream",
    "LiquidAI/LFM2.5-VL-450M": "lfm",
    "LiquidAI/LFM2.5-VL-3B": "lfm-3b",
    "nvidia/LocateAnything-3B": "locateanything",
    "allenai/Molmo2-8B": "molmo2",
    "allenai/Molmo-7B-D-0924": "molmo",
    "google/gemma-3-4b-it": None,
    "openbmb/MiniCPM-V-4_6": None,
    "HuggingFaceTB/SmolVLM2-2.2B-Instruct": None,
    "Qwen/Qwen2-7B-Instruct": None,
}


@pytest.mark.parametrize(("model", "name"), FAMILIES.items())
def test_a_models_name_tells_its_dialect(model: str, name: str | None) -> None:
    found = dialect_of(model)
    assert (found.name if found else None) == name


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_every_family_is_asked_in_its_own_words(dialect: Dialect) -> None:
    asked = dialect.ask('cup on the "shelf" {0}')
    assert "cup on the 'shelf' {0}" in asked
    assert "{phrase}" not in asked
