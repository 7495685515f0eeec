"""What the guide shows, written by us, by every client: several pictures, boxes, masks."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.clients.process import NAMES, Client, each, image, text, user
from tests.clients.test_wire_cases import assert_boxes
from twinsight.geometry import masks, overlay
from twinsight.geometry.boxes import from_yxyx_1000
from twinsight.geometry.detections import Detections

SAMPLES = Path(__file__).parents[2] / "src/twinsight/samples"
CAT, COFFEE = SAMPLES / "cat.jpg", SAMPLES / "coffee.jpg"


@each(*NAMES)
def test_file_then_question(client: Client) -> None:
    """Upload, then ask about the file; the same words as for the picture sent inline."""
    file = client.ask("upload", path=str(CAT)).ok()
    caption = text("Caption this image.")
    asked = {"model": "gemini-2.0-flash", "contents": user({"file": file["name"]}, caption)}
    stored = client.ask("generate", **asked).ok()["text"]
    inline = user(image(CAT), caption)
    assert client.ask("generate", model="gemini-2.0-flash", contents=inline).ok()["text"] == stored
    assert "cat" in stored.lower()


@each(*NAMES)
def test_two_pictures_compared(client: Client) -> None:
    """A stored and an inline picture; the second is labelled as what it is not."""
    file = client.ask("upload", path=str(CAT)).ok()
    question = text("What is different between these two images?")
    answers = []
    for other in (image(COFFEE, mime="image/png"), image(CAT, mime="image/png")):
        contents = user(question, {"file": file["name"]}, other)
        reply = client.ask("generate", model="gemini-2.0-flash", contents=contents).ok()
        answers.append(reply["text"])
    assert all("cat" in answer.lower() for answer in answers)
    assert answers[0] != answers[1]


@each(*NAMES)
def test_boxes(client: Client, tmp_path: Path) -> None:
    """JSON mode: a bare array of boxes, and an overlay drawn from it."""
    words = text(
        "Detect the all of the prominent items in the image. "
        "The box_2d should be [ymin, xmin, ymax, xmax] normalized to 0-1000."
    )
    reply = client.ask(
        "generate",
        model="gemini-2.0-flash",
        contents=user(image(CAT), words),
        config={"responseMimeType": "application/json"},
    ).ok()
    boxes = json.loads(reply["text"])
    assert boxes
    assert_boxes(boxes)
    assert_overlay(boxes, tmp_path / "boxes.png")


@each(*NAMES)
def test_masks(client: Client, tmp_path: Path) -> None:
    """Plain text: a fenced array whose masks are greyscale PNGs, and an overlay drawn from it."""
    words = text(
        "Give the segmentation masks for the cat. Output a JSON list of segmentation masks where "
        'each entry contains the 2D bounding box in the key "box_2d", the segmentation mask in key '
        '"mask", and the text label in the key "label". Use descriptive labels.'
    )
    reply = client.ask(
        "generate",
        model="gemini-2.5-flash-preview-05-20",
        contents=user(words, image(CAT)),
        config={"thinkingConfig": {"thinkingBudget": 0}},
    ).ok()
    lines = reply["text"].splitlines()
    fenced = "\n".join(lines[lines.index("```json") + 1 :]).split("```")[0]
    items = json.loads(fenced)
    assert items
    assert_boxes(items)
    for item in items:
        assert_mask(item)
    assert_overlay(items, tmp_path / "masks.png")


def assert_overlay(items: list[dict[str, Any]], file: Path) -> None:
    """What the client got, drawn on its photo: paint within the boxes, and none away from them."""
    with Image.open(CAT) as photo:
        rgb = np.asarray(photo.convert("RGB"))
    h, w = rgb.shape[:2]
    xyxy = from_yxyx_1000(np.array([item["box_2d"] for item in items]), (w, h))
    soft = tuple(masks.from_png_uri(item["mask"]) for item in items if "mask" in item)
    labels = tuple(item["label"] for item in items)
    seen = Detections(xyxy, np.ones(len(items), np.float32), labels, soft or None)
    drawn = overlay.draw(rgb, seen, scores=False)
    Image.fromarray(drawn).save(file)
    painted = (drawn != rgb).any(axis=2)
    near = np.zeros((h, w), bool)
    for x0, y0, x1, y1 in xyxy.astype(int):
        near[max(y0 - 40, 0) : y1 + 40, max(x0 - 40, 0) : x1 + 40] = True
        share = painted[y0:y1, x0:x1].mean()
        assert share > (0.3 if soft else 0.005)
    assert not painted[~near].any()


def assert_mask(item: dict[str, Any]) -> None:
    """A data URI of an 8-bit greyscale PNG with an inside and an outside."""
    head, data = item["mask"].split(",", 1)
    assert head == "data:image/png;base64"
    assert "\n" not in data
    mask = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
    assert (mask.format, mask.mode) == ("PNG", "L")
    low, high = mask.getextrema()
    assert low < 128 < high
