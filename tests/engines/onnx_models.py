"""Models with the inputs and outputs of real families, built so that the right answer is known."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.engines.onnx_graph import Graph

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
GREY_MEAN = sum((0.5 - m) / s for m, s in zip(*IMAGENET.values(), strict=True)) / 3
"""What half grey is after ImageNet's normalisation, on average."""


def sam_vision(side: int = 1024) -> bytes:
    """SAM 2.1's first network: here the mean of the channels, averaged over 4, 8 and 16 pixels."""
    g = Graph()
    pixels = g.input("pixel_values", ("batch_size", 3, side, side))
    grey = g.node("ReduceMean", [pixels], axes=[1], keepdims=1)
    for level, (channels, step) in enumerate(((32, 4), (64, 8), (256, 16))):
        small = g.node("AveragePool", [grey], kernel_shape=[step, step], strides=[step, step])
        shape = (1, channels, side // step, side // step)
        many = g.node("Expand", [small, g.const(shape, "int64")])
        g.output(many, f"image_embeddings.{level}", ("batch_size", *shape[1:]))
    return g.content()


def sam_decoder(cells: int = 256, boxes: int | str = "num_boxes", wrong: str = "") -> bytes:
    """SAM 2.1's second network: the first of three masks is what is bright within the box.

    It knows boxes in pixels of the first one's input, as the real one does. The other two masks,
    which are thought worse, are everything and nothing. `wrong`: "nan", "rank" or "names".
    """
    g = Graph()
    levels = [
        g.input(
            f"image_embeddings.{level}", ("batch_size", channels, cells >> level, cells >> level)
        )
        for level, channels in enumerate((32, 64, 256))
    ]
    points = g.input("input_points", ("batch_size", 1, "num_points", 2))
    labels = g.input("input_labels", ("batch_size", boxes, "num_points"), "int64")
    xyxy = g.input("input_boxes", ("batch_size", boxes, 4))
    first = g.node("Slice", [levels[0], *(g.const([v], "int64") for v in (0, 1, 1))])
    bright = g.node("Mul", [g.node("Sub", [first, g.const(GREY_MEAN)]), g.const(20.0)])
    # Nothing is asked of the points: their sum is nothing.
    bright = g.node("Add", [bright, g.node("ReduceSum", [points], keepdims=0)])
    told = g.node("Cast", [g.node("ReduceSum", [labels], keepdims=0)], to=1)
    bright = g.node("Add", [bright, told])
    scaled = g.node("Div", [xyxy, g.const(4.0)])
    column = g.const([[[[i + 0.5 for i in range(cells)]]]])
    line = g.node("Transpose", [column], perm=[0, 1, 3, 2])
    sides = [
        g.node("Unsqueeze", [part, g.const([3], "int64")])
        for part in (
            g.node("Slice", [scaled, *(g.const([v], "int64") for v in (i, i + 1, 2))])
            for i in range(4)
        )
    ]
    inside = g.node(
        "Min",
        [
            g.node("Sub", [column, sides[0]]),
            g.node("Sub", [line, sides[1]]),
            g.node("Sub", [sides[2], column]),
            g.node("Sub", [sides[3], line]),
        ],
    )
    mask = g.node("Min", [bright, g.node("Mul", [inside, g.const(20.0)])])
    if wrong == "nan":
        mask = g.node("Sqrt", [g.node("Sub", [mask, g.const(1e6)])])
    nothing = g.node("Sub", [g.node("Mul", [mask, g.const(0.0)]), g.const(9.0)])
    everything = g.node("Neg", [nothing])
    three = [
        g.node("Unsqueeze", [each, g.const([2], "int64")]) for each in (everything, mask, nothing)
    ]
    masks = three[1] if wrong == "rank" else g.node("Concat", three, axis=2)
    if wrong == "rank":
        masks = g.node("Squeeze", [masks, g.const([2], "int64")])
    one = g.node("Slice", [scaled, *(g.const([v], "int64") for v in (0, 3, 2))])
    scores = g.node("Add", [g.node("Mul", [one, g.const(0.0)]), g.const([0.5, 0.9, 0.1])])
    alone = g.node("Slice", [scores, *(g.const([v], "int64") for v in (0, 1, 2))])
    shape: tuple[int | str, ...] = ("batch_size", "n", 3, cells, cells)
    g.output(scores, "iou_scores", ("batch_size", "n", 3))
    name = "low_res_masks" if wrong == "names" else "pred_masks"
    g.output(masks, name, shape if wrong != "rank" else (*shape[:2], *shape[3:]))
    g.output(alone, "object_score_logits", ("batch_size", "n", 1))
    return g.content()


def write_card(folder: Path, files: dict[str, tuple[str, bytes]], **fields: Any) -> Path:
    """The files (name -> part, content) and a card that names them; where the card lies."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (_, content) in files.items():
        (folder / name).write_bytes(content)
    card = {
        "name": "tiny",
        "description": "sees what it was told",
        "licence": "Apache-2.0",
        "permissive": True,
        "revision": "1",
        "source": "this test",
        "files": [
            {"name": f"onnx/{name}", "part": part, "sha256": hashlib.sha256(content).hexdigest()}
            for name, (part, content) in files.items()
        ],
    } | fields
    path = folder / "tiny.json"
    path.write_text(json.dumps(card))
    return path


def segmenter(folder: Path, boxes: int | str = "num_boxes", wrong: str = "") -> Path:
    """A SAM-like model; where its card lies."""
    files = {
        "vision_encoder.onnx": ("vision", sam_vision()),
        "prompt_encoder_mask_decoder.onnx": ("decoder", sam_decoder(boxes=boxes, wrong=wrong)),
    }
    feed = {"name": "pixel_values", "wh": [1024, 1024], "place": "stretch", "resample": "bilinear"}
    return write_card(folder, files, role="segmenter", head="sam2", feed=feed | IMAGENET)
