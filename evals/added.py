"""Accuracy of a detector that was added by its card, through the API, beside the raw network.

    python -m evals.added --shared ../shared [--limit N]

YOLOX-Nano is added with `twinsight models add` and asked about the photos of `coco_dev`. Three
rows: the network in a bare loop written apart from ours, the public API with `confidence` asked
for, and the API's integers alone, in order. For the first two every box from a score of 0.02 counts
(the card's least scores are lowered to that), for the last those that an answer gives by the card.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from bench.server import BenchServer
from evals.api import DETECT, Api, detections
from evals.boxes import FLOOR, Look, Photos, average_precision, row
from twinsight.engines.onnx import shelf
from twinsight.engines.onnx.card import read_card
from twinsight.geometry.boxes import nms
from twinsight.geometry.detections import Detections
from twinsight.image.picture import Picture

SIDE = 416


def bare_loop(file: Path, names: tuple[str, ...]) -> Look:
    """YOLOX as its authors' demonstration runs it, in other words."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])

    def look(picture: Picture) -> Detections:
        w, h = picture.wh
        ratio = min(SIDE / w, SIDE / h)
        size = (int(w * ratio), int(h * ratio))
        # Bilinear without averaging, as OpenCV resizes.
        image = Image.fromarray(picture.rgb).transform(
            size,
            Image.Transform.AFFINE,
            (w / size[0], 0, 0, 0, h / size[1], 0),
            Image.Resampling.BILINEAR,
        )
        canvas = Image.new("RGB", (SIDE, SIDE), (114, 114, 114))
        canvas.paste(image, (0, 0))
        fed = np.asarray(canvas)[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32)
        out = session.run(None, {"images": fed})[0][0]
        boxes = []
        start = 0
        for stride in (8, 16, 32):
            for index in range((SIDE // stride) ** 2):
                y, x = divmod(index, SIDE // stride)
                cx, cy = (out[start + index, :2] + (x, y)) * stride
                bw, bh = np.exp(out[start + index, 2:4]) * stride
                boxes.append((cx - bw / 2, cy - bh / 2, cx + bw / 2, cy + bh / 2))
            start += (SIDE // stride) ** 2
        scores = out[:, 4:5] * out[:, 5:]
        cell, kind = np.nonzero(scores >= FLOOR)
        xyxy = np.clip(np.array(boxes)[cell] / ratio, 0, (w, h, w, h)).astype(np.float32)
        kept = nms(xyxy, scores[cell, kind], kind, 0.65)[:100]
        score = scores[cell[kept], kind[kept]].astype(np.float32)
        return Detections(xyxy[kept], score, tuple(names[k] for k in kind[kept]))

    return look


def through_api(photos: Photos, file: Path, least: float | None, question: str) -> list[float]:
    """Average precision of a server's answers whose detector was added."""
    card = json.loads((shelf.KNOWN / "yolox_nano.json").read_text())
    if least is not None:
        card["least"] = {"list": least, "presence": least}
    server = BenchServer(roles="detector=yolox_nano")
    card_file = server.data_dir / "card.json"
    card_file.write_text(json.dumps(card))
    shelf.add(file, server.data_dir / "models", card_file, accept_licence=False)
    with server:
        api = Api(server)
        seen = {}
        for photo in photos.truth["images"]:
            wh = (photo["width"], photo["height"])
            entries = api.entries(photos.folder / "images" / photo["file_name"], question)
            seen[photo["id"]] = detections(entries, wh, set(photos.kinds))
    return average_precision(photos, seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    shared = Path(os.environ.get("TWINSIGHT_SHARED") or "../shared")
    parser.add_argument("--shared", type=Path, default=shared)
    parser.add_argument("--limit", type=int, help="only so many photos")
    options = parser.parse_args()
    file = options.shared / "models" / "yolox_nano.onnx"
    if not file.is_file():
        raise SystemExit(f"SKIPPED: no model at {file} (set --shared).")
    photos = Photos.open(options.shared / "data" / "coco_dev")
    photos.truth["images"] = photos.truth["images"][: options.limit]
    names = read_card(shelf.KNOWN / "yolox_nano.json").names
    table = [
        row("raw network, bare loop", bare_loop(file, names), photos)[:2],
        (
            "API, with confidence",
            through_api(photos, file, FLOOR, DETECT + ' Add the key "confidence".'),
        ),
        ("API, integers alone", through_api(photos, file, None, DETECT)),
    ]
    print(f"\ncoco_dev, {len(photos.truth['images'])} photos, YOLOX-Nano added by its card")
    print("| | AP | AP50 | AP75 | small | medium | large |\n| --- |" + " --- |" * 6)
    for name, values in table:
        print(f"| {name} | " + " | ".join(f"{value:.1f}" for value in values) + " |")


if __name__ == "__main__":
    main()
