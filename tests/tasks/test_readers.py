"""Other people's readers of Gemini's answers get our boxes, masks and points back as they were.

`supervision` reads boxes (2.0), masks in PNG (2.5) and polygons (3.6). The readers below it are
written as notebooks for Gemini write them: the fence looked for line by line, masks laid on a
canvas of the photo's size, points scaled to pixels.
"""

from __future__ import annotations

import base64
import io
import json
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.tasks.drawn import Drawing, DrawnEyes, Thing, eyes_for, reply
from twinsight.engines.eyes import Eyes
from twinsight.geometry.boxes import from_yxyx_1000, to_yxyx_1000
from twinsight.image.picture import Picture
from twinsight.prompt import AnswerShape

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have OpenCV
    import supervision as sv

JSON = AnswerShape("application/json")
SCHEMA = {
    "type": "object",
    "properties": {
        "boxes": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "box_2d": {"type": "array", "items": {"type": "integer"}},
                    "mask": {
                        "type": "array",
                        "items": {"type": "array", "items": {"type": "integer"}},
                    },
                    "label": {"type": "string"},
                },
                "required": ["box_2d", "mask", "label"],
            },
        }
    },
    "required": ["boxes"],
}
STREET = Drawing(
    (
        Thing("car", (400, 180, 620, 330), "red", 0.95),
        Thing("person", (40, 60, 131, 391), "blue", 0.9),
        Thing("dog", (0, 390, 90, 427), "black", 0.8),
        Thing("kite", (600, 0, 640, 33), "yellow", 0.7),
    ),
    wh=(640, 427),
)
TALL = Drawing((Thing("clock", (10, 700, 50, 740), "white", 0.9),), wh=(61, 1200))
WIDE = Drawing((Thing("train", (3, 2, 1190, 19), "green", 0.9),), wh=(1200, 20))
SMALL = Drawing((Thing("bird", (1, 1, 6, 5), "white", 0.9),), wh=(8, 7))
PICTURES = [
    pytest.param(STREET, id="four things"),
    pytest.param(TALL, id="tall"),
    pytest.param(WIDE, id="wide"),
    pytest.param(SMALL, id="eight pixels"),
]
WORDS = {
    "box": "Detect all items. Return a JSON list with box_2d and label.",
    "mask": "Give the segmentation masks for all objects. Output a JSON list where each entry "
    'contains the box in the key "box_2d", the mask in the key "mask" and the text label in the '
    'key "label".',
    "point": 'Point to all items. The answer is JSON: [{"point": [y, x], "label": ...}]',
}


class EllipseEyes(DrawnEyes):
    """Everything that was drawn is an ellipse that fills its box."""

    def segment(self, picture: Picture, xyxy: NDArray[np.float32]) -> list[NDArray[np.uint8]]:
        self.drawing(picture, "segmenter")
        return [np.asarray(ellipse(64, 64) * np.uint8(255)) for _ in xyxy]


def ellipse(w: int, h: int) -> NDArray[np.bool_]:
    y, x = np.mgrid[:h, :w]
    return np.asarray((2 * (x + 0.5) / w - 1) ** 2 + (2 * (y + 0.5) / h - 1) ** 2 <= 1)


def said(question: str, *drawings: Drawing, shape: AnswerShape | None = None) -> str:
    eyes, _ = eyes_for(*drawings)
    drawn = EllipseEyes(drawings)
    roles = replace(eyes, segmenter=drawn, detector=drawn, labeler=drawn, reader=drawn)
    return reply(question, *drawings, shape=shape or AnswerShape(), drawn=(roles, drawn))


def seen_by(reader: str, text: str, wh: tuple[int, int]) -> sv.Detections:
    return sv.Detections.from_vlm(sv.VLM[f"GOOGLE_GEMINI_{reader}"], text, resolution_wh=wh)


def boxes_of(drawing: Drawing) -> NDArray[np.float32]:
    """The drawn boxes to the nearest thousandth of the picture, which is all that the wire has."""
    xyxy = np.array([thing.box for thing in drawing.things], np.float32)
    return from_yxyx_1000(to_yxyx_1000(xyxy, drawing.wh), drawing.wh)


def masks_of(drawing: Drawing) -> list[NDArray[np.bool_]]:
    """The ellipses, in whole pixels of the boxes that a client rebuilds."""
    w, h = drawing.wh
    masks = []
    for x0, y0, x1, y1 in boxes_of(drawing).astype(int).tolist():
        masks.append(np.zeros((h, w), bool))
        masks[-1][y0:y1, x0:x1] = ellipse(x1 - x0, y1 - y0)
    return masks


def overlap(a: NDArray[Any], b: NDArray[Any]) -> float:
    return float((a & b).sum() / (a | b).sum())


def fence_cut(text: str) -> str:
    """As the guide and Google's notebooks cut it: from the line that is a fence to the next one."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line == "```json":
            return "\n".join(lines[number + 1 :]).split("```")[0]
    return text


@pytest.mark.parametrize("drawing", PICTURES)
@pytest.mark.parametrize("shape", [AnswerShape(), JSON], ids=["fenced", "json"])
@pytest.mark.parametrize("reader", ["2_0", "2_5", "3_5"])
def test_supervision_reads_the_boxes(drawing: Drawing, shape: AnswerShape, reader: str) -> None:
    seen = seen_by(reader, said(WORDS["box"], drawing, shape=shape), drawing.wh)
    assert np.allclose(seen.xyxy, boxes_of(drawing), atol=1e-3)
    assert list(seen.data["class_name"]) == [thing.name for thing in drawing.things]


@pytest.mark.parametrize("drawing", PICTURES)
@pytest.mark.parametrize("reader", ["2_5", "3_5"])
def test_supervision_reads_the_masks(drawing: Drawing, reader: str) -> None:
    seen = seen_by(reader, said(WORDS["mask"], drawing), drawing.wh)
    assert np.allclose(seen.xyxy, boxes_of(drawing), atol=1e-3)
    assert seen.mask is not None
    for mask, true in zip(seen.mask, masks_of(drawing), strict=True):
        assert overlap(mask, true) > (0.95 if true.sum() > 100 else 0.7)


@pytest.mark.parametrize("drawing", PICTURES)
@pytest.mark.parametrize("reader", ["3_6", "3_7"])
def test_supervision_reads_the_polygons(drawing: Drawing, reader: str) -> None:
    shape = AnswerShape("application/json", SCHEMA)
    seen = seen_by(reader, said("Segment all objects.", drawing, shape=shape), drawing.wh)
    assert np.allclose(seen.xyxy, boxes_of(drawing), atol=1e-3)
    assert seen.mask is not None
    # A polygon has thousandths for corners, and its reader paints the border too.
    for mask, true in zip(seen.mask, masks_of(drawing), strict=True):
        assert overlap(mask, true) > (0.85 if true.sum() > 1000 else 0.4)


def test_supervision_reads_the_confidences() -> None:
    text = said(WORDS["box"] + ' Add the key "confidence".', STREET)
    seen = seen_by("2_5", text, STREET.wh)
    assert seen.confidence is not None
    assert seen.confidence.tolist() == pytest.approx([thing.score for thing in STREET.things])


@pytest.mark.parametrize("reader", ["2_0", "2_5", "3_5"])
@pytest.mark.parametrize("shape", [AnswerShape(), JSON], ids=["fenced", "json"])
def test_supervision_reads_that_nothing_was_found(reader: str, shape: AnswerShape) -> None:
    assert len(seen_by(reader, said("Detect the giraffes", STREET, shape=shape), STREET.wh)) == 0


@pytest.mark.parametrize("task", ["box", "mask"])
def test_several_pictures_are_told_apart(task: str) -> None:
    """Each entry says which picture it is in; a reader gets those of one picture."""
    pictures = (TALL, STREET, SMALL)
    entries = json.loads(fence_cut(said(WORDS[task], *pictures)))
    for number, drawing in enumerate(pictures):
        mine = json.dumps([entry for entry in entries if entry["image"] == number])
        seen = seen_by("2_5", mine, drawing.wh)
        assert np.allclose(seen.xyxy, boxes_of(drawing), atol=1e-3)
        assert (seen.mask is not None) == (task == "mask")


@pytest.mark.parametrize("drawing", PICTURES)
def test_a_notebook_lays_the_masks_on_the_photo(drawing: Drawing) -> None:
    w, h = drawing.wh
    items = json.loads(fence_cut(said(WORDS["mask"], drawing)))
    assert len(items) == len(drawing.things)
    for item, true in zip(items, masks_of(drawing), strict=True):
        y0, x0, y1, x1 = (int(v / 1000 * (h, w)[i % 2]) for i, v in enumerate(item["box_2d"]))
        png = base64.b64decode(item["mask"].removeprefix("data:image/png;base64,"))
        mask = Image.open(io.BytesIO(png)).resize((x1 - x0, y1 - y0), Image.Resampling.BILINEAR)
        canvas = np.zeros((h, w), np.uint8)
        canvas[y0:y1, x0:x1] = np.array(mask)
        assert overlap(canvas > 127, true) > (0.95 if true.sum() > 100 else 0.7)


@pytest.mark.parametrize("drawing", PICTURES)
def test_a_notebook_finds_the_points_on_the_things(drawing: Drawing) -> None:
    w, h = drawing.wh
    points = json.loads(fence_cut(said(WORDS["point"], drawing)))
    assert [point["label"] for point in points] == [thing.name for thing in drawing.things]
    for point, true in zip(points, masks_of(drawing), strict=True):
        y, x = point["point"]
        assert true[int(y / 1000 * h), int(x / 1000 * w)]


@pytest.mark.parametrize("name", ["cat.jpg", "coffee.jpg", "astronaut.jpg"])
def test_real_answers_are_read(pocket_eyes: Eyes, name: str) -> None:
    from tests.tasks.test_samples import SAMPLES
    from tests.tasks.test_samples import said as said_of

    with Image.open(SAMPLES / name) as photo:
        wh = photo.size
    text = said_of(pocket_eyes, name, WORDS["mask"])
    seen = seen_by("2_5", text, wh)
    assert len(seen) == len(json.loads(fence_cut(text))) > 0
    assert seen.mask is not None
    for mask, (x0, y0, x1, y1) in zip(seen.mask, seen.xyxy.astype(int), strict=True):
        assert mask.any()
        assert mask.sum() == mask[y0:y1, x0:x1].sum()
