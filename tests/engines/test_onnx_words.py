"""Models that read words, added by their cards: labelers like SigLIP, Grounding DINO, OWLv2."""

from __future__ import annotations

import base64
import builtins
import io
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.conftest import RunningServer, StartServer
from tests.engines import onnx_models
from twinsight.config import Config
from twinsight.engines.eyes import Eyes, open_eyes
from twinsight.engines.onnx import labeler, shelf
from twinsight.engines.onnx.tokens import Tokenizer
from twinsight.engines.speaker import EVERYTHING, Alone
from twinsight.errors import InvalidConfig, InvalidWeights, Unavailable
from twinsight.geometry.detections import Detections
from twinsight.image.picture import Picture

pytest.importorskip("tokenizers", reason="the extra `desk` is not installed")
RED = Picture(np.full((40, 60, 3), (255, 0, 0), np.uint8))


def added(tmp_path: Path, card: Path, *roles: str) -> Eyes:
    """Eyes with the model in those roles."""
    shelf.add(card.parent, tmp_path / "models", card, accept_licence=False)
    return open_eyes("pocket", Config(data_dir=tmp_path, roles=dict.fromkeys(roles, "tiny")))


def bright() -> Image.Image:
    """A white thing on black, 400 by 200."""
    image = Image.new("RGB", (400, 200))
    ImageDraw.Draw(image).rectangle((200, 100, 299, 149), "white")
    return image


def scene() -> Picture:
    return Picture(np.asarray(bright()))


def told(found: Detections) -> list[tuple[str, list[int]]]:
    pairs = zip(found.label, found.xyxy.tolist(), strict=True)
    return [(name, [round(v) for v in box]) for name, box in pairs]


def test_a_labeler_names_what_it_sees(tmp_path: Path) -> None:
    looks = added(tmp_path, onnx_models.labeler(tmp_path / "a"), "labeler").labeler
    labels = looks.labels(RED)
    assert [label.name for label in labels] == ["zorp thing", "blick thing", "dax thing"]
    # The cosines are 1 and -1/3; the card's scale is 20, its bias -10.
    assert labels[0].score == pytest.approx(1 / (1 + np.exp(-10)), abs=1e-6)
    assert labels[1].score == pytest.approx(1 / (1 + np.exp(10 + 20 / 3)), abs=1e-9)
    seen = looks.recognise(RED)
    assert seen.name is not None
    assert seen.name.name == "zorp thing"
    assert len(seen.labels) == 1
    assert looks.card.knows == ("zorp thing", "blick thing", "dax thing")


def test_a_labeler_is_not_sure_of_grey(tmp_path: Path) -> None:
    looks = added(tmp_path, onnx_models.labeler(tmp_path / "a"), "labeler").labeler
    assert looks.recognise(Picture(np.full((9, 9, 3), 128, np.uint8))).name is None


def test_a_labeler_rates_anybodys_names(tmp_path: Path) -> None:
    card = onnx_models.labeler(tmp_path / "a", templates=["A photo of {}.", "{}"])
    looks = added(tmp_path, card, "labeler").labeler
    rates = looks.rate(RED, ["Zorp", "something BLICK ", "gyroscope", "Zorp"])
    assert rates[0] == rates[3]
    assert rates[0] is not None
    assert rates[0] > 0.99
    assert all(rate is not None and rate < 0.01 for rate in rates[1:3])
    assert looks.rate(RED, []) == []


def test_a_labeler_takes_no_more_new_names_than_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labeler, "MOST_NEW", 2)
    looks = added(tmp_path, onnx_models.labeler(tmp_path / "a"), "labeler").labeler
    assert [rate is None for rate in looks.rate(RED, ["zorp", "dax", "blick"])] == [0, 0, 1]
    assert [rate is None for rate in looks.rate(RED, ["zorp", "dax", "blick"])] == [0, 0, 0]


def test_its_own_names_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = onnx_models.labeler(tmp_path / "a")
    shelf.add(card.parent, tmp_path / "models", card, accept_licence=False)
    assert len(list((tmp_path / "models/tiny").glob("names-*.npy"))) == 1

    def never(*args: object) -> None:
        raise AssertionError

    monkeypatch.setattr(labeler.OnnxLabeler, "_read", never)
    eyes = open_eyes("pocket", Config(data_dir=tmp_path, roles={"labeler": "tiny"}))
    assert eyes.labeler.labels(RED, 1)[0].name == "zorp thing"


def test_networks_of_two_models_are_no_labeler(tmp_path: Path) -> None:
    card = onnx_models.labeler(tmp_path / "a", onnx_models.siglip_vision(numbers=2))
    with pytest.raises(InvalidWeights, match="2 numbers for a picture, but 3 for a text"):
        added(tmp_path, card, "labeler").warm()
    card = onnx_models.labeler(tmp_path / "b", onnx_models.siglip_vision("image_embeds"))
    with pytest.raises(InvalidWeights, match=r"would be pooler_output \(1, numbers\)"):
        added(tmp_path, card, "labeler").warm()


@pytest.mark.parametrize(
    ("head", "model"),
    [
        ("grounding-dino", onnx_models.dino()),
        ("grounding-dino", onnx_models.dino(length=256)),
        ("owlv2", onnx_models.owl()),
    ],
    ids=["grounding dino", "grounding dino of fixed length", "owlv2"],
)
def test_a_grounder_finds_what_words_describe(tmp_path: Path, head: str, model: bytes) -> None:
    eyes = added(tmp_path, onnx_models.grounder(tmp_path / "a", head, model), "grounder")
    assert eyes.grounder is not None
    found, is_cut = eyes.grounder.ground(scene(), "the spinning Gyroscope", Alone())
    assert told(found) == [("spinning gyroscope", [200, 100, 300, 150])]
    assert found.score[0] == pytest.approx(1 / (1 + np.exp(-4)), abs=1e-4)
    assert not is_cut
    for nothing in ("unicorn", " . ", ""):
        assert not len(eyes.grounder.ground(scene(), nothing, Alone())[0])


@pytest.mark.parametrize(
    ("head", "balls"),
    [("grounding-dino", []), ("owlv2", [("ball", [0, 0, 200, 200])])],
)
def test_a_grounder_is_a_detector_of_its_names(tmp_path: Path, head: str, balls: Any) -> None:
    card = onnx_models.grounder(tmp_path / "a", head)
    eyes = added(tmp_path, card, "detector", "grounder")
    seen = eyes.detector.detect_each(scene())
    thing = [200, 100, 300, 150]
    assert told(seen["list"]) == [("gyroscope", thing), *balls]
    assert told(seen["presence"]) == [("gyroscope", thing), *balls, ("ball", thing)]
    assert eyes.detector.card.knows == ("ball", "gyroscope")
    assert eyes.grounder is not None
    assert id(eyes.grounder) == id(eyes.detector)
    assert told(eyes.grounder.ground(scene(), EVERYTHING, Alone())[0]) == told(seen["list"])


def test_names_that_do_not_go_into_one_question(tmp_path: Path) -> None:
    names = ["ball", *(f"word{i}" for i in range(9)), "gyroscope"]
    card = onnx_models.grounder(tmp_path / "a", "grounding-dino", labels=names, tokens=9)
    eyes = added(tmp_path, card, "detector")
    assert told(eyes.detector.detect(scene())) == [("gyroscope", [200, 100, 300, 150])]


@pytest.mark.parametrize(
    ("head", "model", "words"),
    [
        ("grounding-dino", onnx_models.dino(wrong="nan"), "no number"),
        ("owlv2", onnx_models.owl(wrong="shape"), r"logits is \(1, 2, 1\), but it is \(1, 1, 2\)"),
    ],
    ids=["NaN", "shape"],
)
def test_an_output_that_is_not_as_the_card_says(
    tmp_path: Path, head: str, model: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What no look at a grey picture has shown.
    monkeypatch.setattr(shelf, "try_once", lambda engine: None)
    eyes = added(tmp_path, onnx_models.grounder(tmp_path / "a", head, model), "grounder")
    assert eyes.grounder is not None
    with pytest.raises(Unavailable, match=words):
        eyes.grounder.ground(scene(), "ball", Alone())


def test_what_is_no_tokenizer(tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    file.write_text("{}")
    with pytest.raises(InvalidWeights, match=r"tokenizer.json is no tokenizer"):
        Tokenizer(file, "tiny", 64)


def test_without_the_package_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = builtins.__import__

    def missing(name: str, *rest: Any) -> Any:
        if name == "tokenizers":
            raise ImportError(name)
        return imported(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(InvalidConfig, match=r"pip install 'twinsight\[desk\]'"):
        Tokenizer(tmp_path / "tokenizer.json", "tiny", 64)


@pytest.mark.parametrize("head", ["grounding-dino", "owlv2"])
def test_words_that_the_detector_does_not_know_go_to_the_grounder(
    tmp_path: Path, start_server: StartServer, head: str
) -> None:
    eyes = added(tmp_path, onnx_models.grounder(tmp_path / "a", head), "grounder")
    reply = asked(start_server(eyes=eyes), "Detect the spinning gyroscope.")
    entries = json.loads(text_of(reply).removeprefix("```json").removesuffix("```"))
    assert entries == [{"box_2d": [500, 500, 750, 750], "label": "spinning gyroscope"}]


def test_labels_of_a_request_are_rated_through_the_server(
    tmp_path: Path, start_server: StartServer
) -> None:
    eyes = added(tmp_path, onnx_models.labeler(tmp_path / "a"), "labeler")
    server = start_server(eyes=eyes)
    for colour, word in (((0, 0, 255), "dax"), ((0, 255, 0), "blick")):
        image = Image.new("RGB", (80, 60), colour)
        shape = {"type": "STRING", "enum": ["zorp", "blick", "dax"]}
        config = {"responseMimeType": "text/x.enum", "responseSchema": shape}
        assert text_of(asked(server, "Which?", image, generationConfig=config)) == word


def asked(
    server: RunningServer, question: str, image: Image.Image | None = None, **fields: Any
) -> httpx.Response:
    content = io.BytesIO()
    (image or bright()).save(content, "PNG")
    data = base64.b64encode(content.getvalue()).decode()
    parts = [{"inlineData": {"mimeType": "image/png", "data": data}}, {"text": question}]
    body = {"contents": [{"parts": parts}], **fields}
    with server.client() as http:
        reply: httpx.Response = http.post(
            "/v1beta/models/gemini-2.5-flash:generateContent", json=body
        )
    return reply


def text_of(reply: httpx.Response) -> str:
    text: str = reply.json()["candidates"][0]["content"]["parts"][0]["text"]
    return text
