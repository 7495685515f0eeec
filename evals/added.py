"""Accuracy of a detector that was added by its card, through the API, beside the raw network.

    python -m evals.added --shared ../shared [--limit N]
    python -m evals.added --model NAME --data-dir DIR

The first: YOLOX-Nano is added with `twinsight models add` and asked about the photos of
`coco_dev`. Three rows: the network in a bare loop written apart from ours, the public API with
`confidence` asked for, and the API's integers alone, in order. For the first two every box from a
score of 0.02 counts (the card's least scores are lowered to that), for the last those that an
answer gives by the card.

The second: any model that was added or pulled. Of a detector or a grounder the last two rows; of a
segmenter the IoU of its masks from known boxes, beside a filled box and the segmenter of `pocket`.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from bench.server import BenchServer
from evals import masks as mask_evals
from evals.api import DETECT, Api, detections
from evals.boxes import FLOOR, Look, Photos, average_precision, row
from twinsight.config import Config
from twinsight.engines.onnx import shelf
from twinsight.engines.onnx.card import read_card
from twinsight.engines.pocket.masks import PocketSegmenter
from twinsight.engines.roles import Detector, Segmenter
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


def through_api(
    photos: Photos, given: Path, card_file: Path, least: float | None, question: str
) -> list[float]:
    """Average precision of a server's answers whose detector was added, from a file or folder."""
    card = json.loads(card_file.read_text())
    if least is not None:
        card["least"] = {"list": least, "presence": least}
    server = BenchServer(roles=f"detector={card['name']}")
    lowered = server.data_dir / "card.json"
    lowered.write_text(json.dumps(card))
    shelf.add(given, server.data_dir / "models", lowered, accept_licence=True)
    with server:
        api = Api(server)
        seen = {}
        for photo in photos.truth["images"]:
            wh = (photo["width"], photo["height"])
            entries = api.entries(photos.folder / "images" / photo["file_name"], question)
            seen[photo["id"]] = detections(entries, wh, set(photos.kinds))
    return average_precision(photos, seen)


def api_rows(photos: Photos, given: Path, card_file: Path) -> list[tuple[str, list[float]]]:
    """What a client gets: with confidence, and by integers alone."""
    confident = DETECT + ' Add the key "confidence".'
    return [
        ("API, with confidence", through_api(photos, given, card_file, FLOOR, confident)),
        ("API, integers alone", through_api(photos, given, card_file, None, DETECT)),
    ]


def some_of(folder: Path, limit: int | None) -> Photos:
    """The first photos of a split."""
    photos = Photos.open(folder)
    photos.truth["images"] = photos.truth["images"][:limit]
    return photos


def score_masks(name: str, segmenter: Segmenter, folder: Path, limit: int | None) -> None:
    """IoU of masks from known boxes, beside two others'."""
    photos = list(mask_evals.known_photos(folder, limit))
    print(f"\ncoco_dev, {sum(len(photo.xyxy) for photo in photos)} objects, masks from known boxes")
    print("| | mean IoU | IoU of 0.75 and more |\n| --- | --- | --- |")
    ways = (
        ("filled box", mask_evals.filled),
        ("pocket-masks", PocketSegmenter().segment),
        (name, segmenter.segment),
    )
    for way, make in ways:
        each = mask_evals.overlaps(photos, make)
        print(f"| {way} | {each.mean():.3f} | {(each >= 0.75).mean():.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    shared = Path(os.environ.get("TWINSIGHT_SHARED") or "../shared")
    parser.add_argument("--shared", type=Path, default=shared)
    parser.add_argument("--limit", type=int, help="only so many photos")
    parser.add_argument("--model", help="the name of a model that was added or pulled")
    parser.add_argument("--data-dir", type=Path, help="where it lies: Twinsight's data folder")
    options = parser.parse_args()
    coco = options.shared / "data" / "coco_dev"
    if options.model:
        models = (options.data_dir or Config().data_dir) / "models"
        engine = shelf.open_model(options.model, models)
        if engine is None:
            raise SystemExit(f"SKIPPED: no model {options.model} in {models}.")
        if isinstance(engine, Segmenter):
            return score_masks(options.model, engine, coco, options.limit)
        if not isinstance(engine, Detector):
            raise SystemExit(f"SKIPPED: {options.model} is no detector and no segmenter.")
        photos = some_of(coco, options.limit)
        place = models / options.model
        return show(options.model, photos, api_rows(photos, place, place / "card.json"))
    file = options.shared / "models" / "yolox_nano.onnx"
    if not file.is_file():
        raise SystemExit(f"SKIPPED: no model at {file} (set --shared).")
    photos = some_of(coco, options.limit)
    card_file = shelf.KNOWN / "yolox_nano.json"
    bare = row("raw network, bare loop", bare_loop(file, read_card(card_file).names), photos)[:2]
    return show("YOLOX-Nano", photos, [bare, *api_rows(photos, file, card_file)])


def show(name: str, photos: Photos, table: Sequence[tuple[str, Sequence[float]]]) -> None:
    """Prints COCO's box AP, a row each."""
    print(f"\ncoco_dev, {len(photos.truth['images'])} photos, {name} added by its card")
    print("| | AP | AP50 | AP75 | small | medium | large |\n| --- |" + " --- |" * 6)
    for way, values in table:
        print(f"| {way} | " + " | ".join(f"{value:.1f}" for value in values) + " |")


if __name__ == "__main__":
    main()
