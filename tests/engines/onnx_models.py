"""Models with the inputs and outputs of real families, built so that the right answer is known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.engines.onnx_graph import Graph
from twinsight.engines.onnx.card import DetectorCard

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


def tokenizer(words: Sequence[str], before: str = "", after: str = "<eos>") -> bytes:
    """A `tokenizer.json` that knows these words, in small letters, and punctuation as words.

    Ids: 0 fills, 1 is any other word, 2 and 3 stand `before` and `after` each text, then the words.
    """
    specials = {before or "<bos>": 2, after: 3}
    vocabulary = {"<pad>": 0, "<unk>": 1, **specials, **{w: i + 4 for i, w in enumerate(words)}}
    sequence = [{"Sequence": {"id": "A", "type_id": 0}}]
    opening = [{"SpecialToken": {"id": before, "type_id": 0}}] if before else []
    single = [*opening, *sequence, {"SpecialToken": {"id": after, "type_id": 0}}]
    return json.dumps(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [
                {
                    "id": number,
                    "content": word,
                    "single_word": False,
                    "lstrip": False,
                    "rstrip": False,
                    "normalized": False,
                    "special": True,
                }
                for word, number in specials.items()
            ],
            "normalizer": {"type": "Lowercase"},
            "pre_tokenizer": {"type": "Whitespace"},
            "post_processor": {
                "type": "TemplateProcessing",
                "single": single,
                "pair": [*single, {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {
                    word: {"id": word, "ids": [number], "tokens": [word]}
                    for word, number in specials.items()
                },
            },
            "decoder": None,
            "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>"},
        }
    ).encode()


COLOURS = {"zorp": (1, -1, -1), "blick": (-1, 1, -1), "dax": (-1, -1, 1)}
"""Words that mean red, green and blue to nobody else."""


def siglip_vision(name: str = "pooler_output", numbers: int = 3) -> bytes:
    """SigLIP's network for pictures: here its vector is the mean colour, -1 to 1."""
    g = Graph()
    pixels = g.input("pixel_values", ("batch_size", 3, 224, 224))
    colour = g.node("ReduceMean", [pixels], axes=[2, 3], keepdims=0)
    vector = g.node("Slice", [colour, *(g.const([v], "int64") for v in (0, numbers, 1))])
    patches = g.node("Unsqueeze", [colour, g.const([1], "int64")])
    g.output(patches, "last_hidden_state", ("batch_size", "sequence_length", 3))
    g.output(vector, name, ("batch_size", numbers))
    return g.content()


def siglip_text() -> bytes:
    """SigLIP's network for texts: here its vector is the sum of the colours that they name.

    It wants 64 tokens, as the real one was trained with.
    """
    g = Graph()
    ids = g.input("input_ids", ("batch_size", 64), "int64")
    table = g.const([[0, 0, 0]] * 4 + list(COLOURS.values()))
    each = g.node("Gather", [table, ids], axis=0)
    vector = g.node("ReduceSum", [each, g.const([1], "int64")], keepdims=0)
    g.output(each, "last_hidden_state", ("batch_size", 64, 3))
    g.output(vector, "pooler_output", ("batch_size", 3))
    return g.content()


def labeler(folder: Path, vision: bytes | None = None, **fields: Any) -> Path:
    """A SigLIP-like model; where its card lies."""
    files = {
        "vision_model.onnx": ("vision", vision or siglip_vision()),
        "text_model.onnx": ("text", siglip_text()),
        "tokenizer.json": ("tokenizer", tokenizer(list(COLOURS))),
    }
    half = [0.5, 0.5, 0.5]
    feed = {"name": "pixel_values", "wh": [224, 224], "mean": half, "std": half}
    given = {
        "role": "labeler",
        "head": "siglip",
        "feed": feed | {"place": "stretch", "resample": "bilinear"},
        "labels": ["zorp thing", "blick thing", "dax thing"],
        "logit_scale": 20.0,
        "logit_bias": -10.0,
    }
    return write_card(folder, files, **(given | fields))


WORDS = (".", "gyroscope", "ball", "the", "spinning")


def _bright_box(g: Graph, bright: str, side: int) -> str:
    """(1, 1, 4): the box round what is bright (1, side, side), as centre and size, 0 to 1."""
    up = g.const([[i + 1.0 for i in range(side)]])
    down = g.const([[float(side - i) for i in range(side)]])
    ends = []
    for axis in (1, 2):
        line = g.node("ReduceMax", [bright], axes=[axis], keepdims=0)
        last = g.node("ReduceMax", [g.node("Mul", [line, up])], axes=[1], keepdims=1)
        first = g.node("ReduceMax", [g.node("Mul", [line, down])], axes=[1], keepdims=1)
        ends.append((g.node("Sub", [g.const(float(side)), first]), last))
    (x0, x1), (y0, y1) = ends
    parts = [
        g.node("Mul", [g.node("Add", [x0, x1]), g.const(0.5)]),
        g.node("Mul", [g.node("Add", [y0, y1]), g.const(0.5)]),
        g.node("Sub", [x1, x0]),
        g.node("Sub", [y1, y0]),
    ]
    box = g.node("Div", [g.node("Concat", parts, axis=1), g.const(float(side))])
    return g.node("Unsqueeze", [box, g.const([1], "int64")])


def _bright(g: Graph, pixels: str, least: float) -> str:
    grey = g.node("ReduceMean", [pixels], axes=[1], keepdims=0)
    return g.node("Cast", [g.node("Greater", [grey, g.const(least)])], to=1)


def dino(length: int | str = "sequence_length", wrong: str = "") -> bytes:
    """Grounding DINO: here the first box is round what is bright, and is a "gyroscope" or "ball".

    The second box is the left half, and nothing. Beyond the text the logits are minus infinity.
    """
    g = Graph()
    pixels = g.input("pixel_values", ("batch_size", 3, 800, 800))
    mask = g.input("pixel_mask", ("batch_size", 800, 800), "int64")
    ids = g.input("input_ids", ("batch_size", length), "int64")
    types = g.input("token_type_ids", ("batch_size", length), "int64")
    heed = g.input("attention_mask", ("batch_size", length), "int64")
    bright = g.node("Mul", [_bright(g, pixels, GREY_MEAN), g.node("Cast", [mask], to=1)])
    half = g.const([[[0.25, 0.5, 0.5, 1.0]]])
    boxes = g.node("Concat", [_bright_box(g, bright, 800), half], axis=1)
    heard = g.node("Mul", [g.node("Add", [ids, types]), heed])
    logits = _logit_of(g, heard, {"gyroscope": 4.0, "ball": 1.0})
    beyond = g.const([[float("nan" if wrong == "nan" else "-inf")] * 256])
    logits = g.node("Concat", [logits, beyond], axis=1)
    logits = g.node("Slice", [logits, *(g.const([v], "int64") for v in (0, 256, 1))])
    logits = g.node("Unsqueeze", [logits, g.const([1], "int64")])
    nothing = g.node("Mul", [g.node("Exp", [logits]), g.const(0.0)])
    nothing = g.node("Sub", [nothing, g.const(9.0)])
    g.output(g.node("Concat", [logits, nothing], axis=1), "logits", ("batch_size", 2, 256))
    g.output(boxes, "pred_boxes", ("batch_size", 2, 4))
    return g.content()


def _logit_of(g: Graph, ids: str, logits: dict[str, float]) -> str:
    """For each token its word's logit; -9 for other words."""
    table = [-9.0] * (len(WORDS) + 4)
    for word, logit in logits.items():
        table[WORDS.index(word) + 4] = logit
    return g.node("Gather", [g.const(table), ids], axis=0)


def owl(wrong: str = "") -> bytes:
    """OWLv2: here the first box is round what is bright, and is a "gyroscope" or a "ball".

    The second box is the left half of the padded square, and a "ball" at that.
    """
    g = Graph()
    ids = g.input("input_ids", ("text_batch_size", 16), "int64")
    pixels = g.input("pixel_values", ("image_batch_size", 3, 960, 960))
    heed = g.input("attention_mask", ("text_batch_size", 16), "int64")
    box = _bright_box(g, _bright(g, pixels, 0.0), 960)
    boxes = g.node("Concat", [box, g.const([[[0.25, 0.5, 0.5, 1.0]]])], axis=1)
    heard = g.node("Mul", [ids, heed])
    rows = []
    for logits in ({"gyroscope": 4.0, "ball": 1.0}, {"ball": 3.0}):
        each = g.node("ReduceMax", [_logit_of(g, heard, logits)], axes=[1], keepdims=0)
        rows.append(g.node("Unsqueeze", [each, g.const([0, 1], "int64")]))
    told = g.node("Concat", rows, axis=1)
    if wrong == "shape":
        told = g.node("Transpose", [told], perm=[0, 2, 1])
    sides = ("text_batch_size", 2) if wrong == "shape" else (2, "text_batch_size")
    g.output(told, "logits", ("image_batch_size", *sides))
    g.output(boxes, "pred_boxes", ("image_batch_size", 2, 4))
    g.output(heard, "text_embeds", ("image_batch_size", 16), "int64")
    return g.content()


def grounder(folder: Path, head: str, model: bytes | None = None, **fields: Any) -> Path:
    """A model that is like Grounding DINO or OWLv2; where its card lies."""
    is_dino = head == "grounding-dino"
    files = {
        "model.onnx": ("model", model or (dino() if is_dino else owl())),
        "tokenizer.json": ("tokenizer", tokenizer(WORDS, "[CLS]", "[SEP]")),
    }
    place = (
        {"wh": [800, 800], "place": "stretch"} if is_dino else {"wh": [960, 960], "mean": [0.5] * 3}
    )
    feed = {"name": "pixel_values", "resample": "bilinear"} | place | (IMAGENET if is_dino else {})
    given = {
        "role": "grounder",
        "head": head,
        "feed": feed,
        "labels": ["ball", "gyroscope"],
        "template": "{}." if is_dino else "a photo of a {}",
        "tokens": 256 if is_dino else 16,
        "least": {"list": 0.8, "presence": 0.5},
    }
    return write_card(folder, files, **(given | fields))


def detector(card: DetectorCard, name: str, own_names: bool = False) -> bytes:
    """A detector of the card's form: one thing, round what is bright, of the kind `name`.

    `own_names`: outputs by the names of RF-DETR's own export.
    """
    side, kind, kinds = card.feed.wh[0], card.names.index(name), len(card.names)
    g = Graph()
    pixels = g.input(card.feed.name, (1, 3, side, side))
    half = (127.5 * card.feed.scale - sum(card.feed.mean) / 3) / (sum(card.feed.std) / 3)
    box = _bright_box(g, _bright(g, pixels, half), side)
    sure = [[[6.0 if i == kind else -9.0 for i in range(kinds)]]]
    if card.head == "detr":
        names = ("labels", "dets") if own_names else ("logits", "pred_boxes")
        g.output(g.const(sure), names[0], (1, 1, kinds))
        g.output(box, names[1], (1, 1, 4))
    elif card.head == "detr-softmax":
        g.output(g.const([[[*sure[0][0], 0.0]]]), "logits", (1, 1, kinds + 1))
        g.output(box, "pred_boxes", (1, 1, 4))
    elif card.head == "dfine":
        size = g.input("orig_target_sizes", (1, 2), "int64")
        scale = g.node("Cast", [g.node("Concat", [size, size], axis=1)], to=1)
        corners = g.node("MatMul", [box, g.const(_CORNERS)])
        g.output(g.const([[kind]], "int64"), "labels", (1, 1), "int64")
        g.output(g.node("Mul", [corners, scale]), "boxes", (1, 1, 4))
        g.output(g.const([[0.9]]), "scores", (1, 1))
    elif card.head == "yolo":
        pixel = g.node("Mul", [box, g.const(float(side))])
        scores = g.const([[[0.9 if i == kind else 0.0 for i in range(kinds)]]])
        row = g.node("Concat", [pixel, scores], axis=2)
        g.output(g.node("Transpose", [row], perm=[0, 2, 1]), "output0", (1, 4 + kinds, 1))
    elif card.head == "yolo-end":
        pixel = g.node("Mul", [g.node("MatMul", [box, g.const(_CORNERS)]), g.const(float(side))])
        g.output(g.node("Concat", [pixel, g.const([[[0.9, kind]]])], axis=2), "output0", (1, 1, 6))
    else:
        # YOLOX: the thing is told by the first cell, whose corner is the origin, in strides of 8.
        pixel = g.node("Mul", [box, g.const(side / 8)])
        middle = g.node("Slice", [pixel, *(g.const([v], "int64") for v in (0, 2, 2))])
        size = g.node("Slice", [pixel, *(g.const([v], "int64") for v in (2, 4, 2))])
        scores = g.const([[[0.9, *(1.0 if i == kind else 0.0 for i in range(kinds))]]])
        row = g.node("Concat", [middle, g.node("Log", [size]), scores], axis=2)
        cells = sum((side // stride) ** 2 for stride in (8, 16, 32))
        rest = g.const([[[0.0] * (5 + kinds)] * (cells - 1)])
        g.output(g.node("Concat", [row, rest], axis=1), "output", (1, cells, 5 + kinds))
    return g.content()


_CORNERS = [[1.0, 0, 1, 0], [0, 1, 0, 1], [-0.5, 0, 0.5, 0], [0, -0.5, 0, 0.5]]
"""Centre and size times this are corners."""
