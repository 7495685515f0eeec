"""Accuracy of the object boxes on COCO photos, ours against the raw network.

    python -m evals.boxes --shared ../shared [--float float.onnx] [--split coco_dev] [--curve FILE]

Prints COCO's box AP for the network in a bare onnxruntime loop, for `PocketDetector` fast and
careful, and for the answers that a client gets: boxes above their kind's least score, as Gemini's
integers, best first and without scores (rank stands for score). Milliseconds are the median and
the least a photo, decoded beforehand, on one thread. `--curve FILE` prints instead what other
looks at a photo would score and cost, and draws the curve as SVG. Photos with boxes drawn on them:
`python -m evals.sheet`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image, ImageOps

from twinsight.engines import weights
from twinsight.engines.pocket.boxes import (
    CAREFUL,
    CLASSES,
    FAST,
    MOST_OBJECTS,
    SIDE,
    PocketDetector,
    View,
)
from twinsight.geometry.boxes import from_yxyx_1000, nms, to_yxyx_1000
from twinsight.geometry.detections import Detections
from twinsight.image.picture import Picture

FLOOR = 0.02
"""Boxes under this score are left out of the measure, as everywhere with this network."""
GREY = 115.0
Look = Callable[[Picture], Detections]


@dataclass(frozen=True)
class Photos:
    """The photos of one split, and COCO's own file of what is on them."""

    folder: Path
    truth: dict[str, Any]

    @classmethod
    def open(cls, folder: Path) -> Photos:
        return cls(folder, json.loads((folder / "instances.json").read_text()))

    @property
    def kinds(self) -> dict[str, int]:
        return {kind["name"]: kind["id"] for kind in self.truth["categories"]}

    def picture(self, photo: dict[str, Any]) -> Picture:
        with Image.open(self.folder / "images" / photo["file_name"]) as file:
            return Picture(np.asarray(ImageOps.exif_transpose(file).convert("RGB")))


def bare_loop(model: bytes, pixels: bool) -> Look:
    """The network by itself, one thread, as one would write it in an afternoon.

    Every cell is decoded, then filtered. ``pixels`` tells the shipped network, which takes uint8
    (n, h, w, 3), from the float one, which takes (n, 3, h, w) less a constant.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = PocketDetector(threads=1).card.knows

    def look(picture: Picture) -> Detections:
        w, h = picture.wh
        scale = SIDE / max(w, h)
        wh = (round(w * scale), round(h * scale))
        image = Image.fromarray(picture.rgb).resize(wh, Image.Resampling.BILINEAR)
        canvas = Image.new("RGB", (SIDE, SIDE))
        corner = ((SIDE - wh[0]) // 2, (SIDE - wh[1]) // 2)
        canvas.paste(image, corner)
        array = np.asarray(canvas)[None]
        fed = array if pixels else array.transpose(0, 3, 1, 2).astype(np.float32) - GREY
        maps = session.run(None, {"image": fed})
        xyxy, scores = (np.concatenate(part) for part in zip(*map(_decode, maps), strict=True))
        cell, kind = np.nonzero(scores >= FLOOR)
        kept = nms(xyxy[cell], scores[cell, kind], kind, 0.6)[:100]
        cell, kind = cell[kept], kind[kept]
        boxes = (xyxy[cell] - np.array(corner * 2)) / np.array([wh[0] / w, wh[1] / h] * 2)
        return Detections(
            np.clip(boxes, 0, [w, h, w, h]).astype(np.float32),
            scores[cell, kind],
            tuple(names[k] for k in kind),
        )

    return look


def _decode(maps: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    _, _, height, width = maps.shape
    stride = SIDE // height
    cells = maps[0].reshape(len(maps[0]), -1).T
    sides = np.exp(cells[:, CLASSES:].reshape(-1, 4, 11))
    distance = (sides / sides.sum(axis=2, keepdims=True) @ np.arange(11)) * stride
    y, x = np.divmod(np.arange(height * width), width)
    middle = (np.stack([x, y], axis=1) + 0.5) * stride
    xyxy = np.hstack([middle - distance[:, :2], middle + distance[:, 2:]])
    return xyxy, 1 / (1 + np.exp(-cells[:, :CLASSES]))


def as_answered(look: Look) -> Look:
    """What is left of boxes on the wire: integers in order, no scores."""

    def answer(picture: Picture) -> Detections:
        seen = look(picture)
        xyxy = from_yxyx_1000(to_yxyx_1000(seen.xyxy, picture.wh), picture.wh)
        rank = (1 - np.arange(len(seen)) / 1000).astype(np.float32)
        return Detections(xyxy, rank, seen.label)

    return answer


def average_precision(photos: Photos, seen: dict[int, Detections]) -> list[float]:
    """COCO's AP, AP50, AP75 and AP of small, middling and large objects, in percent."""
    from hotcoco import COCO, COCOeval

    rows = [
        {
            "image_id": photo,
            "category_id": photos.kinds[name],
            "bbox": [*xyxy[:2], xyxy[2] - xyxy[0], xyxy[3] - xyxy[1]],
            "score": score,
        }
        for photo, found in seen.items()
        for xyxy, score, name in zip(
            found.xyxy.tolist(), found.score.tolist(), found.label, strict=True
        )
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "seen.json"
        file.write_text(json.dumps(rows))
        truth = COCO(str(photos.folder / "instances.json"))
        run = COCOeval(truth, truth.loadRes(str(file)), "bbox")
        run.params.imgIds = sorted(seen)
        run.evaluate()
        run.accumulate()
        run.summarize()
    return [100 * float(value) for value in run.stats[:6]]


def row(name: str, look: Look, photos: Photos) -> tuple[str, list[float], list[float]]:
    """One line of the table: the numbers, and the milliseconds of each photo."""
    seen, times = {}, []
    for photo in photos.truth["images"]:
        picture = photos.picture(photo)
        start = time.perf_counter()
        seen[photo["id"]] = look(picture)
        times.append(1000 * (time.perf_counter() - start))
    return name, average_precision(photos, seen), times


CLOSE = View(608, square=False, reach=256)
CLOSER = View(832, square=False, reach=256)
LOOKS = {
    "one look, 320": (View(320),),
    "one look, 416 (fast)": FAST,
    "one look, 608": (View(608, square=False),),
    "416, mirrored": (View(), View(mirrored=True)),
    "416 and 608": (View(), CLOSE),
    "416, mirrored, 608 (careful)": CAREFUL,
    "416 and 832": (View(), CLOSER),
    "416, mirrored, 608, mirrored": (*CAREFUL, View(608, True, False, 256)),
    "416, mirrored, 608, 832": (*CAREFUL, CLOSER),
}


def curve(detector: PocketDetector, photos: Photos, file: Path) -> None:
    """What each way of looking scores and costs: a table, and an SVG."""

    def look(views: tuple[View, ...]) -> Look:
        def seen(picture: Picture) -> Detections:
            found = detector.look(picture.rgb, views, FLOOR / 2)
            best = found.take(found.score >= FLOOR).take(slice(MOST_OBJECTS))
            names = tuple(detector.card.knows[k] for k in best.kind)
            return Detections(best.xyxy, best.score, names)

        return seen

    rows = [row(name, look(views), photos) for name, views in LOOKS.items()]
    print(f"\n{len(photos.truth['images'])} photos, one thread, boxes from {FLOOR}")
    print("| looks | AP | small | medium | large | ms, median | ms, least |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, values, times in rows:
        numbers = " | ".join(f"{value:.1f}" for value in (values[0], *values[3:]))
        print(f"| {name} | {numbers} | {np.median(times):.1f} | {min(times):.1f} |")
    # The least, not the median: on a shared machine it tells the looks apart best.
    points = [(name, min(times), values[0]) for name, values, times in rows]
    file.write_text(drawn_curve(points))


def drawn_curve(points: list[tuple[str, float, float]]) -> str:
    """(name, milliseconds, AP) of each way of looking as an SVG."""
    width, height, margin = 640, 360, 50
    most_ms = max(ms for _, ms, _ in points) * 1.1
    low = int(min(ap for _, _, ap in points)) - 1
    high = int(max(ap for _, _, ap in points)) + 2

    def place(ms: float, ap: float) -> tuple[float, float]:
        x = margin + ms / most_ms * (width - 2 * margin)
        return x, height - margin - (ap - low) / (high - low) * (height - 2 * margin)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<path d="M{margin} {margin}V{height - margin}H{width - margin}" fill="none" '
        'stroke="black"/>',
        f'<text x="{width - margin}" y="{height - 14}" text-anchor="end">ms a photo</text>',
        f'<text x="14" y="{margin - 14}">AP</text>',
    ]
    for mark in range(low, high + 1):
        x, y = place(0, mark)
        parts.append(f'<text x="{x - 6:.0f}" y="{y + 4:.0f}" text-anchor="end">{mark}</text>')
    for mark in range(0, int(most_ms) + 1, 25):
        x, y = place(mark, low)
        parts.append(f'<text x="{x:.0f}" y="{y + 16:.0f}" text-anchor="middle">{mark}</text>')
    for name, ms, ap in points:
        x, y = place(ms, ap)
        colour = "crimson" if "(" in name else "steelblue"
        # At the right edge the name goes above its point, where there is room for it.
        side, up, anchor = (40, -9, "end") if x > width * 0.8 else (7, 4, "start")
        side, up, anchor = (-7, 4, "end") if width * 0.7 < x <= width * 0.8 else (side, up, anchor)
        side, up, anchor = (0, -9, "middle") if "(" in name else (side, up, anchor)
        parts.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4" fill="{colour}"/>')
        parts.append(
            f'<text x="{x + side:.0f}" y="{y + up:.0f}" text-anchor="{anchor}">{name}</text>'
        )
    return "\n".join([*parts, "</svg>\n"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--shared", type=Path, default=Path(os.environ.get("TWINSIGHT_SHARED") or "../shared")
    )
    parser.add_argument("--split", default="coco_dev")
    parser.add_argument("--float", type=Path, help="the float network (train.boxes --keep-float)")
    parser.add_argument("--curve", type=Path, help="other looks instead, and their curve as SVG")
    options = parser.parse_args()
    folder = options.shared / "data" / options.split
    if not folder.is_dir():
        raise SystemExit(f"there are no photos at {folder}: set --shared or TWINSIGHT_SHARED")
    photos, detector = Photos.open(folder), PocketDetector(threads=1)
    if options.curve:
        curve(detector, photos, options.curve)
        return
    looks: list[tuple[str, Look]] = [
        ("int8, bare loop", bare_loop(weights.verified_bytes("boxes"), pixels=True)),
        ("pocket, fast", lambda picture: detector.detect(picture, floor=FLOOR)),
        ("pocket, careful", lambda picture: detector.detect(picture, careful=True, floor=FLOOR)),
        ("fast, as answered", as_answered(detector.detect)),
        (
            "careful, as answered",
            as_answered(lambda picture: detector.detect(picture, careful=True)),
        ),
    ]
    if options.float:
        looks.insert(0, ("float, bare loop", bare_loop(options.float.read_bytes(), pixels=False)))
    table = [row(name, look, photos) for name, look in looks]
    print(f"\n{options.split}, {len(photos.truth['images'])} photos, {platform.processor()}")
    print(
        "| | AP | AP50 | AP75 | small | middling | large | ms, median | ms, least |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    for name, values, times in table:
        numbers = " | ".join(f"{value:.1f}" for value in values)
        print(f"| {name} | {numbers} | {np.median(times):.1f} | {min(times):.1f} |")


if __name__ == "__main__":
    main()
