"""Models that users add: cards, heads, the shelf, and one real detector through the whole."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import SAMPLES, SHARED, StartServer
from tests.engines import onnx_models, tiny_onnx
from tests.engines.onnx_graph import Graph
from twinsight import cli
from twinsight.config import Config, load
from twinsight.engines.eyes import open_eyes
from twinsight.engines.onnx import heads, shelf
from twinsight.engines.onnx.card import Feed, read_card
from twinsight.engines.onnx.placing import prepare
from twinsight.errors import InvalidConfig, InvalidWeights
from twinsight.image.decode import decode
from twinsight.image.picture import Picture

YOLOX = SHARED / "models" / "yolox_nano.onnx"
WH = (64, 32)


def detr_outputs() -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
    """Two sure boxes and a faint one, as RF-DETR names and shapes them."""
    boxes = np.array([[[0.25, 0.5, 0.5, 1.0], [0.75, 0.25, 0.25, 0.5], [0.5, 0.5, 1, 1]]])
    logits = np.full((1, 3, 2), -9.0)
    logits[0, 0, 0], logits[0, 1, 1], logits[0, 2, 0] = 3, 2, -4
    return {"dets": boxes.astype(np.float32), "labels": logits.astype(np.float32)}


def yolox_outputs() -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
    """One sure box from the cell at (2, 1) of the finest map: middle (20, 12), 16 by 8."""
    cells = sum((WH[0] // s) * (WH[1] // s) for s in heads.YOLOX_STRIDES)
    rows = np.zeros((1, cells, 7), np.float32)
    rows[0, 8 + 2] = [0.5, 0.5, np.log(2), np.log(1), 0.9, 0.1, 0.8]
    return {"output": rows}


def card_of(content: bytes, head: str = "detr", **changes: Any) -> dict[str, Any]:
    sha256 = changes.pop("sha256", hashlib.sha256(content).hexdigest())
    feed = {"name": "input", "wh": WH} | changes.pop("feed", {})
    return {
        "name": "tiny",
        "role": "detector",
        "description": "sees what it was told",
        "licence": "Apache-2.0",
        "permissive": True,
        "revision": "1",
        "source": "this test",
        "files": [{"name": "tiny.onnx", "sha256": sha256}],
        "feed": feed,
        "head": head,
        "labels": ["cat", "dog"],
        "least": {"list": 0.3, "presence": 0.01},
    } | changes


def written(folder: Path, head: str = "detr", **changes: Any) -> tuple[Path, Path]:
    """A model file and its card."""
    outputs = detr_outputs() if head == "detr" else yolox_outputs()
    content = tiny_onnx.model("input", (1, 3, WH[1], WH[0]), outputs)
    folder.mkdir(parents=True, exist_ok=True)
    file, card = folder / "tiny.onnx", folder / "tiny.json"
    file.write_bytes(content)
    card.write_text(json.dumps(card_of(content, head, **changes)))
    return file, card


def added(tmp_path: Path, head: str = "detr", **changes: Any) -> Config:
    """Settings under which an added model is the detector."""
    file, card = written(tmp_path / "download", head, **changes)
    shelf.add(file, tmp_path / "models", card, accept_licence=True)
    return Config(data_dir=tmp_path, roles={"detector": "tiny"})


def boxes_of(found: Any) -> list[tuple[str, list[int]]]:
    return [
        (n, [round(v) for v in row])
        for n, row in zip(found.label, found.xyxy.tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("detr", [("cat", [0, 0, 320, 320]), ("dog", [400, 0, 560, 160])]),
        ("yolox", [("dog", [120, 80, 280, 160])]),
    ],
)
def test_an_added_detector_sees(tmp_path: Path, head: str, expected: list[Any]) -> None:
    # 640 by 320: ten times what goes in, in the same proportion.
    eyes = open_eyes("pocket", added(tmp_path, head))
    found = eyes.detector.detect(Picture(np.zeros((320, 640, 3), np.uint8)))
    assert boxes_of(found) == expected
    faint = eyes.detector.detect_each(Picture(np.zeros((320, 640, 3), np.uint8)))["presence"]
    assert len(faint) == len(expected) + 1


def test_its_boxes_fit_pictures_of_another_shape(tmp_path: Path) -> None:
    config = added(tmp_path, feed={"place": "middle"})
    # 320 by 320 becomes 32 by 32 in the middle of 64 by 32: what lies beside it is cut off.
    found = open_eyes("pocket", config).detector.detect(Picture(np.zeros((320, 320, 3), np.uint8)))
    assert boxes_of(found) == [("cat", [0, 0, 160, 320]), ("dog", [240, 0, 320, 160])]


def test_it_answers_through_the_server(tmp_path: Path, start_server: StartServer) -> None:
    config = added(tmp_path)
    server = start_server(eyes=open_eyes("pocket", config))
    data = base64.b64encode((SAMPLES / "coffee.jpg").read_bytes()).decode()
    asked = [{"parts": [{"inlineData": {"data": data}}, {"text": "Detect the cats."}]}]
    with server.client() as http:
        reply = http.post(
            "/v1beta/models/gemini-2.5-flash:generateContent", json={"contents": asked}
        )
    text = reply.json()["candidates"][0]["content"]["parts"][0]["text"]
    assert '"label": "cat"' in text
    assert "dog" not in text


@pytest.mark.parametrize(
    ("feed", "expected"),
    [
        pytest.param(Feed("x", (4, 2), "bgr", scale=1.0, pad=114), [[30, 20, 10], [114] * 3], id="corner, BGR, padded"),
        pytest.param(Feed("x", (4, 2), mean=(0.1, 0.1, 0.1), std=(0.5, 0.5, 0.5)), [[(v / 255 - 0.1) / 0.5 for v in (10, 20, 30)], [-0.2] * 3], id="normalised"),
    ],
)  # fmt: skip
def test_what_goes_in(feed: Feed, expected: list[list[float]]) -> None:
    rgb = np.full((4, 4, 3), (10, 20, 30), np.uint8)
    fed, placing = prepare(rgb, feed)
    assert fed.shape == (1, 3, 2, 4)
    assert fed.dtype == np.float32
    assert (placing.scale, placing.corner) == ((0.5, 0.5), (0, 0))
    assert np.allclose(fed[0, :, 0, 0], expected[0], atol=1e-6)
    assert np.allclose(fed[0, :, 0, 3], expected[1], atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"head": "yolo9"}, "there is no head 'yolo9'; heads: yolox, yolo, yolo-end, detr"),
        ({"name": "../evil"}, "its name"),
        ({"sha256": "abc"}, "64 hex digits"),
        ({"least": {"list": 0.5}}, "least needs"),
        ({"least": {"list": 5, "presence": 0.1}}, "least"),
        ({"feed": {"std": [1, 0, 1]}}, "a std is 0"),
        ({"feed": {"wh": [0, 5]}}, "wh"),
        ({"surprise": 1}, "surprise"),
        ({"role": "painter"}, "role"),
        ({"labels": []}, "no labels"),
    ],
    ids=str,
)
def test_a_card_that_cannot_be(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    _, card = written(tmp_path, **changes)
    with pytest.raises(InvalidConfig) as caught:
        read_card(card)
    assert words in str(caught.value)


def test_the_cards_of_the_package_are_whole() -> None:
    assert [card.name for card in shelf.known_cards()] == [
        "dfine_n",
        "dfine_s",
        "edgetam",
        "grounding_dino_tiny",
        "owlv2_base",
        "rfdetr_nano",
        "rfdetr_small",
        "sam2.1_hiera_tiny",
        "siglip2_base_224",
        "yolox_nano",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": ["cat"]}, "labels is \\(1, 3, 1\\), but it is \\(1, 3, 2\\)"),
        ({"head": "yolox"}, "YOLOX gives one output, not dets, labels"),
    ],
    ids=["labels", "head"],
)
def test_an_output_that_is_not_as_the_card_says(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    file, card = written(tmp_path)
    card.write_text(json.dumps(json.loads(card.read_text()) | changes))
    with pytest.raises(InvalidWeights, match=words):
        shelf.add(file, tmp_path / "models", card, accept_licence=False)
    assert not shelf.installed(tmp_path / "models")


def test_weights_in_a_file_beside_the_model(tmp_path: Path) -> None:
    boxes, logits = detr_outputs().values()
    graph = Graph()
    graph.input("input", (1, 3, WH[1], WH[0]))
    graph.output(graph.outside("tiny.onnx_data", boxes.shape), "dets", boxes.shape)
    graph.output(graph.const(logits), "labels", logits.shape)
    files = {
        "tiny.onnx": ("model", graph.content()),
        "tiny.onnx_data": ("beside", boxes.tobytes()),
    }
    told = card_of(b"")
    del told["files"], told["name"]
    card = onnx_models.write_card(tmp_path / "download", files, **told)
    shelf.add(card.parent / "tiny.onnx", tmp_path / "models", card, accept_licence=False)
    eyes = open_eyes("pocket", Config(data_dir=tmp_path, roles={"detector": "tiny"}))
    found = eyes.detector.detect(Picture(np.zeros((320, 640, 3), np.uint8)))
    assert boxes_of(found) == [("cat", [0, 0, 320, 320]), ("dog", [400, 0, 560, 160])]
    (tmp_path / "models/tiny/tiny.onnx_data").write_bytes(bytes(boxes.nbytes))
    shelf._opened.cache_clear()
    with pytest.raises(InvalidWeights, match=r"tiny.onnx_data is not the file of its card"):
        open_eyes("pocket", Config(data_dir=tmp_path, roles={"detector": "tiny"}))


def test_what_is_not_to_be_added_is_refused(tmp_path: Path) -> None:
    file, card = written(tmp_path / "a", permissive=False, licence="PML-1.0")
    models = tmp_path / "models"
    with pytest.raises(InvalidConfig, match=r"PML-1.0.*--accept-licence"):
        shelf.add(file, models, card, accept_licence=False)
    with pytest.raises(InvalidConfig, match=r"No known card.*Known: dfine_n"):
        shelf.add(file, models, None, accept_licence=True)
    with pytest.raises(InvalidConfig, match="cannot be read"):
        shelf.add(tmp_path / "none.onnx", models, card, accept_licence=True)
    other = tmp_path / "other.onnx"
    other.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(InvalidWeights, match="sha256"):
        shelf.add(other, models, card, accept_licence=True)
    junk = tmp_path / "junk.onnx"
    junk.write_bytes(b"junk")
    card.write_text(json.dumps(card_of(b"junk")))
    with pytest.raises(InvalidWeights, match="no model that onnxruntime can run"):
        shelf.add(junk, models, card, accept_licence=True)
    with pytest.raises(InvalidConfig, match=r"no card nope: .*Known: dfine_n"):
        shelf.add(junk, models, Path("nope"), accept_licence=True)
    words = tmp_path / "words.gguf"
    words.write_bytes(b"GGUF")
    with pytest.raises(InvalidConfig, match="needs no adding: set engine_gguf"):
        shelf.add(words, models, None, accept_licence=True)
    assert not shelf.installed(models)


def test_a_model_that_was_altered_does_not_load(tmp_path: Path) -> None:
    config = added(tmp_path)
    with (tmp_path / "models/tiny/tiny.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(InvalidWeights, match="is not the file of its card"):
        open_eyes("pocket", config)


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({"detector": "nobody"}, "no engine 'nobody'"),
        ({"painter": "pocket-boxes"}, "no role 'painter'"),
        ({"detector": "pocket-text"}, "'pocket-text' cannot be the detector. It can be the reader"),
    ],
    ids=["engine", "role", "other role"],
)
def test_roles_that_cannot_be_filled(roles: dict[str, str], words: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig, match=words):
        open_eyes("pocket", Config(data_dir=tmp_path, roles=roles))


def test_roles_are_configuration(tmp_path: Path) -> None:
    file = tmp_path / "twinsight.toml"
    file.write_text('roles.detector = "a"\nroles.segmenter = "b"\n')
    assert load(file, environ={}).config.roles == {"detector": "a", "segmenter": "b"}
    environ = {"TWINSIGHT_ROLES": "detector=c, reader = d"}
    assert load(environ=environ).config.roles == {"detector": "c", "reader": "d"}


def test_models_of_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, card = written(tmp_path / "a")

    def run(*words: str) -> str:
        cli.app([*words, "--data-dir", str(tmp_path)], result_action="return_value")
        return capsys.readouterr().out

    assert run("models", "add", str(file), "--card", str(card)) == 'roles.detector = "tiny"\n'
    listed = run("models", "list")
    rows = {line.split()[0]: line.split() for line in listed.splitlines()}
    assert rows["tiny"][1:2] == ["detector"]
    assert "here" in rows["tiny"]
    assert "add" in rows["yolox_nano"]
    run("models", "rm", "tiny")
    assert not any(line.startswith("tiny ") for line in run("models", "list").splitlines())


def test_a_real_detector(tmp_path: Path) -> None:
    if not YOLOX.is_file():
        pytest.skip(f"no model at {YOLOX} (set TWINSIGHT_SHARED)")
    card = shelf.add(YOLOX, tmp_path / "models", None, accept_licence=False)
    assert card.name == "yolox_nano"
    eyes = open_eyes("pocket", Config(data_dir=tmp_path, roles={"detector": "yolox_nano"}))
    found = eyes.detector.detect(decode((SAMPLES / "cat.jpg").read_bytes()))
    assert found.label == ("cat",)
    assert found.score[0] > 0.5
