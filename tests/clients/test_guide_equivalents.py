"""What the guide shows, written by us, by every client: several pictures, boxes, masks."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

from PIL import Image

from tests.clients.process import NAMES, Client, each, image, text, user
from tests.clients.test_wire_cases import assert_boxes

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
def test_boxes(client: Client) -> None:
    """JSON mode: a bare array of boxes."""
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


@each(*NAMES)
def test_masks(client: Client) -> None:
    """Plain text: a fenced array whose masks are greyscale PNGs."""
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


def assert_mask(item: dict[str, Any]) -> None:
    """A data URI of an 8-bit greyscale PNG with an inside and an outside."""
    head, data = item["mask"].split(",", 1)
    assert head == "data:image/png;base64"
    assert "\n" not in data
    mask = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
    assert (mask.format, mask.mode) == ("PNG", "L")
    low, high = mask.getextrema()
    assert low < 128 < high
