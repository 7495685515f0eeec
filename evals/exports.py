"""Real architectures with random weights, exported and put behind their cards, beside PyTorch.

    python -m evals.exports

Needs torch and transformers, which no extra brings. For each family a small model is made by
Transformers, exported to ONNX with the names of the hub's files, added by the known card, and asked
about a sample photo. What comes of it is compared with PyTorch on the same pixels: the largest
difference of a mask or a probability (0 to 1), or of the best box's corners in pixels. D-FINE is
compared with the bare export: its choice among random queries turns on the last digits. Random
weights see nothing: this is about names, shapes, coordinates and words, not about accuracy.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from tests.engines.onnx_models import tokenizer
from twinsight.engines.onnx import shelf
from twinsight.engines.onnx.card import AnyCard, read_card
from twinsight.engines.onnx.heads import sigmoid
from twinsight.engines.onnx.placing import prepare
from twinsight.image.decode import decode

PHOTO = Path(__file__).parents[1] / "src/twinsight/samples/cat.jpg"
BOXES = np.array([[50, 40, 300, 250], [100, 100, 140, 300], [0, 0, 451, 300]], np.float32)
SMALL = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}


def export(
    model: Any, call: Callable[..., Any], given: dict[str, Any], outputs: list[str], file: Path
) -> None:
    """The model as ONNX; `given` are its inputs by name, whose second side may vary."""
    import torch

    class Called(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *values: Any) -> Any:
            return call(self.model, *values)

    axes = {name: {0: "n", 1: f"{name}_1"} for name in given if name != "pixel_values"}
    axes |= {"input_points": {1: "p", 2: "k"}, "input_labels": {1: "b", 2: "k"}}
    with torch.no_grad(), warnings.catch_warnings(action="ignore"):
        torch.onnx.export(
            Called().eval(),
            tuple(given.values()),
            str(file),
            input_names=list(given),
            output_names=outputs,
            dynamic_axes={name: axis for name, axis in axes.items() if name in given},
            opset_version=18,
            dynamo=False,
        )


def added(name: str, folder: Path, **changes: Any) -> tuple[AnyCard, Any]:
    """The known card, its files replaced by those in the folder; and what plays it."""
    card = json.loads((shelf.KNOWN / f"{name}.json").read_text()) | changes
    card["files"] = [
        {"name": Path(file["name"]).name, "part": file["part"]}
        for file in ({"part": "model"} | each for each in card["files"])
        if file["part"] != "beside"
    ]
    for file in card["files"]:
        file["name"] = f"{file['part']}.onnx" if file["part"] != "tokenizer" else file["name"]
    path = folder / "told.json"
    path.write_text(json.dumps(card))
    shelf.add(folder, folder / "models", path, accept_licence=False)
    return read_card(path), shelf.open_model(name, folder / "models")


def pixels(card: AnyCard) -> Any:
    import torch

    return torch.tensor(prepare(decode(PHOTO.read_bytes()).rgb, card.feed)[0])


def sam(folder: Path) -> float:
    """SAM 2.1: the masks of three boxes, sampled at the same places."""
    import torch
    import transformers as t

    backbone = t.Sam2HieraDetConfig(
        hidden_size=12,
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[12, 24, 48, 96],
        num_attention_heads=1,
        num_attention_heads_per_stage=[1, 2, 4, 8],
        global_attention_blocks=[3],
    )
    vision = t.Sam2VisionConfig(backbone_config=backbone, backbone_channel_list=[96, 48, 24, 12])
    model = t.Sam2Model(t.Sam2Config(vision_config=vision)).eval()
    for name, weight in model.named_parameters():
        if "mask_decoder" in name and weight.ndim > 1:
            # So that masks are more than a grey.
            torch.nn.init.normal_(weight, std=0.15)
    levels = [f"image_embeddings.{i}" for i in range(3)]
    blank = torch.rand(1, 3, 1024, 1024)
    seen = model.get_image_embeddings(blank)
    export(
        model,
        lambda m, x: tuple(m.get_image_embeddings(x)),
        {"pixel_values": blank},
        levels,
        folder / "vision.onnx",
    )
    prompt = {
        "input_points": torch.rand(1, 2, 1, 2),
        "input_labels": torch.ones(1, 2, 1, dtype=torch.long),
        "input_boxes": torch.tensor([[[9.0, 9, 300, 400], [1, 2, 30, 40]]]),
    }

    def decoder(m: Any, points: Any, labels: Any, boxes: Any, *features: Any) -> Any:
        out = m(
            image_embeddings=list(features),
            input_points=points,
            input_labels=labels,
            input_boxes=boxes,
            multimask_output=True,
        )
        return out.iou_scores, out.pred_masks, out.object_score_logits

    features = dict(zip(levels, (each.detach() for each in seen), strict=True))
    names = ["iou_scores", "pred_masks", "object_score_logits"]
    export(model, decoder, prompt | features, names, folder / "decoder.onnx")
    card, engine = added("sam2.1_hiera_tiny", folder)
    photo = decode(PHOTO.read_bytes())
    w, h = photo.wh
    shown = torch.tensor(BOXES / (w, h, w, h) * 1024, dtype=torch.float32)[None]
    with torch.no_grad():
        out = model(pixel_values=pixels(card), input_boxes=shown, multimask_output=True)
    worst = 0.0
    for row, (mask, box) in enumerate(zip(engine.segment(photo, BOXES), BOXES, strict=True)):
        logits = out.pred_masks[0, row, out.iou_scores[0, row].argmax()][None, None]
        x, y = (
            (box[a] + (np.arange(n) + 0.5) * (box[a + 2] - box[a]) / n) / side * 2 - 1
            for a, n, side in ((0, mask.shape[1], w), (1, mask.shape[0], h))
        )
        grid = torch.tensor(np.stack(np.meshgrid(x, y), -1)[None], dtype=torch.float32)
        there = torch.nn.functional.grid_sample(
            logits, grid, padding_mode="border", align_corners=False
        )
        worst = max(worst, float(np.abs(torch.sigmoid(there)[0, 0].numpy() - mask / 255).max()))
    return worst


def dfine(folder: Path) -> float:
    """D-FINE: the best box, as the bare export has it."""
    import torch
    import transformers as t

    model = t.DFineForObjectDetection(t.DFineConfig(num_labels=80))
    file = folder / "model.onnx"
    export(
        model,
        lambda m, x: (lambda o: (o.logits, o.pred_boxes))(m(pixel_values=x)),
        {"pixel_values": torch.rand(1, 3, 640, 640)},
        ["logits", "pred_boxes"],
        file,
    )
    card, engine = added("dfine_n", folder, least={"list": 0, "presence": 0}, overlap=1)
    logits, boxes = onnxruntime.InferenceSession(str(file)).run(
        None, {"pixel_values": pixels(card).numpy()}
    )
    return best_box(logits[0], boxes[0], engine, decode(PHOTO.read_bytes()).wh)


def best_box(logits: Any, boxes: Any, engine: Any, wh: tuple[int, int]) -> float:
    """How far the likeliest box, of centre and size within `wh`, is from the engine's first.

    Boxes that lie beside the photo are nobody's, and sure ones are equal, as they are to us.
    """
    photo = decode(PHOTO.read_bytes())
    half = boxes[:, 2:] / 2
    xyxy = np.hstack([boxes[:, :2] - half, boxes[:, :2] + half]) * (*wh, *wh)
    xyxy = xyxy.clip(0, (*photo.wh, *photo.wh))
    is_there = np.all(xyxy[:, 2:] > xyxy[:, :2], axis=1, keepdims=True)
    best = np.argmax(sigmoid(logits) * is_there) // logits.shape[1]
    return float(np.abs(engine.detect(photo).xyxy[0] - xyxy[best]).max())


def siglip(folder: Path) -> float:
    """SigLIP: the probability of two names."""
    import torch
    import transformers as t

    vision = t.SiglipVisionModel(t.SiglipVisionConfig(**SMALL, image_size=224, patch_size=32))
    ends = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
    text = t.SiglipTextModel(
        t.SiglipTextConfig(
            **SMALL, **ends, vocab_size=50, max_position_embeddings=64, projection_size=32
        )
    )
    names = ["last_hidden_state", "pooler_output"]
    shown, read = torch.rand(1, 3, 224, 224), torch.ones(2, 64, dtype=torch.long)
    for model, key, value, part in (
        (vision, "pixel_values", shown, "vision"),
        (text, "input_ids", read, "text"),
    ):
        export(
            model, lambda m, x: m(x).to_tuple()[:2], {key: value}, names, folder / f"{part}.onnx"
        )
    words = ("cat", "dog", "this", "is", "a", "photo", "of", ".")
    (folder / "tokenizer.json").write_bytes(tokenizer(words))
    # A scale and a bias by which random likenesses are neither sure nor impossible.
    scale = {"logit_scale": 1.0, "logit_bias": 0.0}
    card, engine = added("siglip2_base_224", folder, labels=["cat", "dog"], **scale)
    with torch.no_grad():
        seen = torch.nn.functional.normalize(vision.eval()(pixels(card)).pooler_output)
        worst = 0.0
        for name, number in (("cat", 4), ("dog", 5)):
            ids = torch.tensor([[6, 7, 8, 9, 10, number, 11, 3, *[0] * 56]])
            told = torch.nn.functional.normalize(text.eval()(ids).pooler_output)
            truth = float(torch.sigmoid(seen @ told.T))
            worst = max(worst, abs(truth - engine.rate(decode(PHOTO.read_bytes()), [name])[0]))
    return worst


def owlv2(folder: Path) -> float:
    """OWLv2: the best box of two names, in the padded square."""
    import torch
    import transformers as t

    ends = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
    config = t.Owlv2Config(
        text_config=SMALL | ends | {"vocab_size": 50, "max_position_embeddings": 16},
        vision_config=SMALL | {"image_size": 960, "patch_size": 64},
        projection_dim=32,
    )
    model = t.Owlv2ForObjectDetection(config).eval()
    ids = torch.ones(2, 16, dtype=torch.long)
    given = {"input_ids": ids, "pixel_values": torch.rand(1, 3, 960, 960), "attention_mask": ids}
    export(
        model,
        lambda m, i, x, a: (lambda o: (o.logits, o.pred_boxes))(
            m(input_ids=i, pixel_values=x, attention_mask=a)
        ),
        given,
        ["logits", "pred_boxes"],
        folder / "model.onnx",
    )
    words = ("cat", "dog", "a", "photo", "of")
    (folder / "tokenizer.json").write_bytes(tokenizer(words, "<s>", "</s>"))
    card, engine = added("owlv2_base", folder, **everything())
    ids = torch.tensor([[2, 6, 7, 8, 6, n, 3, *[0] * 9] for n in (4, 5)])
    with torch.no_grad():
        out = model(input_ids=ids, pixel_values=pixels(card), attention_mask=(ids > 0).long())
    side = max(decode(PHOTO.read_bytes()).wh)
    return best_box(out.logits[0].numpy(), out.pred_boxes[0].numpy(), engine, (side, side))


def grounding_dino(folder: Path) -> float:
    """Grounding DINO: the best box of two names in one text."""
    import torch
    import transformers as t

    backbone = t.SwinConfig(
        image_size=224,
        embed_dim=12,
        depths=[1, 1, 1, 1],
        num_heads=[1, 1, 2, 2],
        out_indices=[2, 3, 4],
    )
    config = t.GroundingDinoConfig(
        backbone_config=backbone,
        text_config=SMALL | {"model_type": "bert", "vocab_size": 1100},
        num_queries=50,
        d_model=32,
        encoder_layers=1,
        encoder_ffn_dim=64,
        decoder_layers=2,
        decoder_ffn_dim=64,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
    )
    _without_what_onnx_lacks()
    model = t.GroundingDinoForObjectDetection(config).eval()
    # "cat. dog." by BERT's ids of beginning, full stop and end, which the model knows.
    ids = torch.tensor([[101, 5, 1012, 6, 1012, 102]])
    ones = torch.ones_like(ids)
    given = {
        "pixel_values": torch.rand(1, 3, 800, 800),
        "input_ids": ids,
        "token_type_ids": ones * 0,
        "attention_mask": ones,
        "pixel_mask": torch.ones(1, 800, 800, dtype=torch.long),
    }
    export(
        model,
        lambda m, *values: (lambda o: (o.logits, o.pred_boxes))(
            m(**dict(zip(given, values, strict=True)))
        ),
        given,
        ["logits", "pred_boxes"],
        folder / "model.onnx",
    )
    told = json.loads(tokenizer((".", "cat", "dog"), "[CLS]", "[SEP]"))
    as_bert = {"[CLS]": 101, "[SEP]": 102, ".": 1012}
    told["model"]["vocab"] |= as_bert
    for word in told["added_tokens"]:
        word["id"] = as_bert[word["content"]]
    for word, entry in told["post_processor"]["special_tokens"].items():
        entry["ids"] = [as_bert[word]]
    (folder / "tokenizer.json").write_text(json.dumps(told))
    card, engine = added("grounding_dino_tiny", folder, **everything())
    with torch.no_grad():
        out = model(**(given | {"pixel_values": pixels(card)}))
    of_names = out.logits[0][:, [1, 3]].numpy()
    return best_box(of_names, out.pred_boxes[0].numpy(), engine, decode(PHOTO.read_bytes()).wh)


def everything() -> dict[str, Any]:
    """Every box of two names."""
    return {"labels": ["cat", "dog"], "least": {"list": 0, "presence": 0}, "overlap": 1}


def _without_what_onnx_lacks() -> None:
    """Puts the same by other means where torch's exporter or onnxruntime has no operation."""
    import torch

    def cummax(x: Any, dim: int = -1) -> Any:
        n = x.shape[-1]
        later = torch.triu(torch.ones(n, n, dtype=torch.bool), 1)
        return x.unsqueeze(-2).expand(*x.shape[:-1], n, n).masked_fill(later, -(10**6)).max(-1)

    def eye(n: Any, dtype: Any = None, **_: Any) -> Any:
        return (torch.arange(n)[:, None] == torch.arange(n)[None]).to(dtype or torch.float32)

    sampled = torch.nn.functional.grid_sample
    torch.isin = lambda a, b: (a[..., None] == torch.as_tensor(b)).any(-1)
    torch.cummax = cummax
    torch.cummin = lambda x, dim=-1: (-cummax(-x).values, None)
    torch.eye = eye
    torch.nn.functional.grid_sample = lambda x, g, **how: sampled(x.float(), g.float(), **how)


FAMILIES: dict[str, Callable[[Path], float]] = {
    "SAM 2.1, masks": sam,
    "SigLIP, probabilities": siglip,
    "D-FINE, pixels": dfine,
    "OWLv2, pixels": owlv2,
    "Grounding DINO, pixels": grounding_dino,
}


def main() -> None:
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    try:
        import torch
        import transformers
    except ImportError as error:
        raise SystemExit(f"SKIPPED: {error}. pip install torch transformers") from None
    print(f"torch {torch.__version__}, transformers {transformers.__version__}")
    print("| | largest difference |\n| --- | --- |")
    for name, compare in FAMILIES.items():
        torch.manual_seed(0)
        with tempfile.TemporaryDirectory() as folder:
            print(f"| {name} | {compare(Path(folder)):.4g} |", flush=True)


if __name__ == "__main__":
    main()
