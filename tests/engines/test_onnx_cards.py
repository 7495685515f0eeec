"""Every card that comes with the package, by the public API, over a small network of its form.

What the real files answer is not known here. That their names, shapes, picture and words are those
of the card is: the small networks have them, and their answers are known.
"""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.conftest import StartServer
from tests.engines import onnx_models
from twinsight.config import Config
from twinsight.engines.eyes import open_eyes
from twinsight.engines.onnx import shelf
from twinsight.engines.onnx.card import (
    AnyCard,
    DetectorCard,
    GrounderCard,
    LabelerCard,
    ModelCard,
    SegmenterCard,
    read_card,
)
from twinsight.engines.onnx.heads import HEADS
from twinsight.image.picture import Picture

CARDS = {card.name: card for card in shelf.known_cards()}
THING = (100, 60, 300, 140)
"""What is bright in the picture of 400 by 200, pixels."""


def bright() -> Image.Image:
    image = Image.new("RGB", (400, 200))
    ImageDraw.Draw(image).rectangle((*THING[:2], THING[2] - 1, THING[3] - 1), "white")
    return image


def networks(card: AnyCard) -> dict[str, bytes]:
    """For each file of the card a small one of its form."""
    if isinstance(card, DetectorCard):
        parts = {"model": onnx_models.detector(card, "cat")}
    elif isinstance(card, SegmenterCard):
        parts = {"vision": onnx_models.sam_vision(), "decoder": onnx_models.sam_decoder()}
    elif isinstance(card, LabelerCard):
        words = onnx_models.tokenizer(["zebra", "goldfish", "ostrich"])
        vision, text = onnx_models.siglip_vision(), onnx_models.siglip_text()
        parts = {"vision": vision, "text": text, "tokenizer": words}
    else:
        model = onnx_models.dino() if card.head == "grounding-dino" else onnx_models.owl()
        words = onnx_models.tokenizer(onnx_models.WORDS, "[CLS]", "[SEP]")
        parts = {"model": model, "tokenizer": words}
    return {file.name: parts.get(file.part, b"weights") for file in card.files}


def added(tmp_path: Path, card: AnyCard) -> Config:
    """Settings under which the card's model, over a small network, plays its role."""
    told = json.loads((shelf.KNOWN / f"{card.name}.json").read_text())
    download = tmp_path / "download"
    download.mkdir()
    for file in told["files"]:
        file.pop("sha256", None)
        (download / Path(file["name"]).name).write_bytes(networks(card)[file["name"]])
    path = download / "told.json"
    path.write_text(json.dumps(told))
    shelf.add(download, tmp_path / "models", path, accept_licence=False)
    return Config(data_dir=tmp_path, roles={card.role: card.name})


@pytest.mark.parametrize("name", CARDS)
def test_a_known_card_by_the_api(tmp_path: Path, start_server: StartServer, name: str) -> None:
    card = CARDS[name]
    if isinstance(card, LabelerCard | GrounderCard):
        pytest.importorskip("tokenizers", reason="the extra `desk` is not installed")
    eyes = open_eyes("pocket", added(tmp_path, card))
    eyes.warm()
    server = start_server(eyes=eyes)

    def said(question: str, image: Image.Image, **config: Any) -> str:
        content = io.BytesIO()
        image.save(content, "PNG")
        data = base64.b64encode(content.getvalue()).decode()
        parts = [{"inlineData": {"mimeType": "image/png", "data": data}}, {"text": question}]
        body = {"contents": [{"parts": parts}], "generationConfig": config}
        with server.client() as http:
            reply = http.post("/v1beta/models/gemini-2.5-flash:generateContent", json=body)
        text: str = reply.json()["candidates"][0]["content"]["parts"][0]["text"]
        return text

    if isinstance(card, LabelerCard):
        shape = {"type": "STRING", "enum": ["ostrich", "zebra", "goldfish"]}
        red = Image.new("RGB", (400, 200), "red")
        as_enum = {"responseMimeType": "text/x.enum", "responseSchema": shape}
        assert said("Which animal?", red, **as_enum) == "zebra"
        assert eyes.labeler.labels(Picture(np.asarray(red)), 1)[0].name == "zebra"
        return
    question, label = {
        "detector": ("Detect the cats.", "cat"),
        "segmenter": ("Segment the cats.", "cat"),
        "grounder": ("Detect the spinning gyroscope.", "spinning gyroscope"),
    }[card.role]
    if card.role == "segmenter":
        # Whatever the detector says of this picture: boxes are given here.
        (mask,) = eyes.segmenter.segment(
            Picture(np.asarray(bright())), np.array([[50, 30, 350, 170]], np.float32)
        )
        height, width = mask.shape
        inside = mask[height * 30 // 140 + 2 : height * 110 // 140 - 2]
        assert (inside[:, width // 6 + 2 : width * 5 // 6 - 2] > 127).all()
        assert not (mask[: height * 30 // 140 - 3] > 127).any()
        return
    entries = json.loads(said(question, bright()).removeprefix("```json").removesuffix("```"))
    (entry,) = entries
    assert entry["label"] == label
    # A pixel of the smallest input is 1 of 384.
    truth = [THING[1] * 5, THING[0] * 2.5, THING[3] * 5, THING[2] * 2.5]
    assert np.allclose(entry["box_2d"], truth, atol=1000 / 384 / 2 + 1)


@pytest.mark.parametrize("place", ["corner", "middle", "stretch"])
@pytest.mark.parametrize("head", HEADS)
def test_every_head_with_every_way_to_put_a_picture_in(
    tmp_path: Path, head: str, place: str
) -> None:
    told = json.loads((shelf.KNOWN / "dfine_n.json").read_text())
    told["files"] = [{"name": "model.onnx"}]
    told["head"], told["feed"]["place"], told["feed"]["wh"] = head, place, [416, 416]
    path = tmp_path / "told.json"
    path.write_text(json.dumps(told))
    card = read_card(path)
    assert isinstance(card, DetectorCard)
    (tmp_path / "model.onnx").write_bytes(onnx_models.detector(card, "cat", own_names=True))
    shelf.add(tmp_path / "model.onnx", tmp_path / "models", path, accept_licence=False)
    eyes = open_eyes("pocket", Config(data_dir=tmp_path, roles={"detector": card.name}))
    found = eyes.detector.detect(Picture(np.asarray(bright())))
    assert found.label == ("cat",)
    assert found.score[0] > 0.85
    assert np.allclose(found.xyxy[0], THING, atol=1)


def test_known_files_have_hashes_where_they_are_known() -> None:
    bare = [f"{card.name}: {f.name}" for card in CARDS.values() for f in card.files if not f.sha256]
    assert bare == ["owlv2_base: onnx/model_quantized.onnx", "owlv2_base: tokenizer.json"]
    assert all(issubclass(type(card), ModelCard) and card.revision for card in CARDS.values())
