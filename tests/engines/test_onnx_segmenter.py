"""A segmenter of the SAM 2 family, added by its card: small networks with the real names."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tests.conftest import RunningServer, StartServer
from tests.engines import onnx_models
from tests.eyes import told_eyes
from twinsight.config import Config
from twinsight.engines.eyes import open_eyes
from twinsight.engines.onnx import shelf
from twinsight.engines.roles import Segmenter
from twinsight.errors import InvalidWeights
from twinsight.image.picture import Picture


def added(tmp_path: Path, boxes: int | str = "num_boxes", wrong: str = "") -> Config:
    """Settings under which a SAM-like model is the segmenter."""
    card = onnx_models.segmenter(tmp_path / "download", boxes, wrong)
    shelf.add(card.parent, tmp_path / "models", card, accept_licence=False)
    return Config(data_dir=tmp_path, roles={"segmenter": "tiny"})


def discs() -> Image.Image:
    """Two white discs on black, 400 by 200."""
    image = Image.new("RGB", (400, 200))
    draw = ImageDraw.Draw(image)
    draw.ellipse((40, 40, 160, 160), "white")
    draw.ellipse((250, 20, 390, 160), "white")
    return image


def segmenter(config: Config) -> Segmenter:
    return open_eyes("pocket", config).segmenter


def picture() -> Picture:
    return Picture(np.asarray(discs()))


def overlap(mask: NDArray[np.uint8], box: tuple[int, int, int, int]) -> float:
    """IoU of a mask and what is white within the box, at the mask's size."""
    white = np.asarray(discs().convert("L").crop(box).resize(mask.shape[::-1])) > 127
    return float(((mask > 127) & white).sum() / ((mask > 127) | white).sum())


@pytest.mark.parametrize("boxes", ["num_boxes", 1], ids=["any number at once", "one at a time"])
def test_masks_are_of_what_is_in_each_box(tmp_path: Path, boxes: int | str) -> None:
    wanted = [(30, 30, 170, 170), (240, 10, 400, 170), (30, 100, 100, 170)]
    masks = segmenter(added(tmp_path, boxes)).segment(picture(), np.array(wanted, np.float32))
    assert [mask.shape for mask in masks] == [(140, 140), (160, 160), (70, 70)]
    for mask, box in zip(masks, wanted, strict=True):
        assert overlap(mask, box) > 0.95


def test_more_boxes_than_are_asked_together(tmp_path: Path) -> None:
    wanted = np.array([[30 + i, 30, 170, 170] for i in range(11)], np.float32)
    masks = segmenter(added(tmp_path)).segment(picture(), wanted)
    assert [mask.shape[1] for mask in masks] == [140 - i for i in range(11)]
    assert all(overlap(m, (30 + i, 30, 170, 170)) > 0.95 for i, m in enumerate(masks))


def test_no_boxes_and_boxes_beyond_the_picture(tmp_path: Path) -> None:
    looks = segmenter(added(tmp_path))
    assert looks.segment(picture(), np.zeros((0, 4), np.float32)) == []
    (mask,) = looks.segment(picture(), np.array([[350, 60, 450, 110]], np.float32))
    assert mask.shape == (50, 100)
    assert (mask[20:30, :30] > 127).all()
    assert not mask[:, 51:].any()
    with pytest.raises(ValueError, match="finite"):
        looks.segment(picture(), np.array([[0, 0, np.nan, 1]], np.float32))


def test_a_picture_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from twinsight.engines.onnx import network

    looks = segmenter(added(tmp_path))
    ran: list[str] = []
    run = network.Network.run

    def counted(self: network.Network, fed: dict[str, network.Array]) -> dict[str, network.Array]:
        ran.append(self.outputs[0])
        return run(self, fed)

    monkeypatch.setattr(network.Network, "run", counted)
    box = np.array([[30, 30, 170, 170]], np.float32)
    for _ in range(2):
        looks.segment(picture(), box)
    looks.segment(Picture(np.zeros((50, 50, 3), np.uint8)), box)
    assert ran.count("image_embeddings.0") == 2
    assert ran.count("iou_scores") == 3


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("nan", "no number"),
        ("rank", r"answers 1 boxes with iou_scores \(1, 1, 3\), pred_masks \(1, 1, 256, 256\)"),
        ("names", "by its card it would be pred_masks"),
    ],
)
def test_an_output_that_is_not_as_the_card_says(tmp_path: Path, wrong: str, words: str) -> None:
    with pytest.raises(InvalidWeights, match=words):
        added(tmp_path, wrong=wrong)


def test_a_model_of_which_a_file_is_missing_or_altered(tmp_path: Path) -> None:
    card = onnx_models.segmenter(tmp_path / "download")
    decoder = card.parent / "prompt_encoder_mask_decoder.onnx"
    content = decoder.read_bytes()
    decoder.unlink()
    with pytest.raises(InvalidWeights, match=r"prompt_encoder_mask_decoder.onnx cannot be read"):
        shelf.add(card.parent / "vision_encoder.onnx", tmp_path / "models", card, False)
    decoder.write_bytes(content + b"\0")
    with pytest.raises(InvalidWeights, match=r"decoder.onnx is not the file of its card"):
        shelf.add(card.parent, tmp_path / "models", card, False)
    assert not list((tmp_path / "models").iterdir())
    decoder.write_bytes((card.parent / "vision_encoder.onnx").read_bytes())
    told = json.loads(card.read_text())
    told["files"][1]["sha256"] = told["files"][0]["sha256"]
    card.write_text(json.dumps(told))
    with pytest.raises(InvalidWeights, match=r"has the inputs pixel_values; .* given input_boxes"):
        shelf.add(card.parent, tmp_path / "models", card, False)


def test_hashes_that_nobody_told_are_written_down(tmp_path: Path) -> None:
    card = onnx_models.segmenter(tmp_path / "download")
    told = json.loads(card.read_text())
    hashes = [file.pop("sha256") for file in told["files"]]
    card.write_text(json.dumps(told))
    kept = shelf.add(card.parent, tmp_path / "models", card, False)
    assert [file.sha256 for file in kept.files] == hashes
    assert shelf.installed(tmp_path / "models") == [kept]


def test_it_answers_through_the_server(tmp_path: Path, start_server: StartServer) -> None:
    told = told_eyes(objects=[("ball", (0.1, 0.2, 0.4, 0.8)), ("ball", (0.625, 0.1, 0.975, 0.8))])
    eyes = replace(open_eyes("pocket", added(tmp_path)), detector=told.detector)
    entries = answer(start_server(eyes=eyes), "Segment all objects.")
    assert len(entries) == 2
    for entry, box in zip(entries, ((40, 40, 160, 160), (250, 20, 390, 160)), strict=True):
        content = base64.b64decode(entry["mask"].removeprefix("data:image/png;base64,"))
        mask = np.asarray(Image.open(io.BytesIO(content)))
        assert overlap(mask, box) > 0.95
        assert (mask < 20).mean() > 0.15


def test_a_fault_of_the_model_is_one_503(
    tmp_path: Path, start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One that shows only later.
    monkeypatch.setattr(shelf, "try_once", lambda engine: None)
    told = told_eyes(objects=[("ball", (0.1, 0.2, 0.4, 0.8))])
    eyes = replace(open_eyes("pocket", added(tmp_path, wrong="nan")), detector=told.detector)
    with pytest.raises(InvalidWeights, match="no number"):
        eyes.warm()
    reply = asked(start_server(eyes=eyes), "Segment all objects.")
    assert reply.status_code == 503
    assert reply.json()["error"]["status"] == "UNAVAILABLE"
    assert "The model tiny answers what is no number" in reply.json()["error"]["message"]


def asked(server: RunningServer, question: str) -> httpx.Response:
    content = io.BytesIO()
    discs().save(content, "PNG")
    data = base64.b64encode(content.getvalue()).decode()
    parts = [{"inlineData": {"mimeType": "image/png", "data": data}}, {"text": question}]
    with server.client() as http:
        return http.post(
            "/v1beta/models/gemini-2.5-flash:generateContent", json={"contents": [{"parts": parts}]}
        )


def answer(server: RunningServer, question: str) -> list[dict[str, Any]]:
    text = asked(server, question).json()["candidates"][0]["content"]["parts"][0]["text"]
    entries: list[dict[str, Any]] = json.loads(text.removeprefix("```json").removesuffix("```"))
    return entries
