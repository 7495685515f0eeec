"""Accuracy of what a client gets: every number through the public API of a real server.

    python -m evals.api --shared ../shared [--part labels|boxes|masks] [--limit N]

labels: ImageNet photos; top-1 by `text/x.enum` over the 1,000 names, top-5 by a JSON schema; beside
them the raw int8 model in the same run. boxes: the guide's own detection prompt in JSON mode, as
Gemini's integers, with `confidence` asked for and without, by a fast and a careful server; beside
them the engine itself in the same run. masks: the guide's segmentation prompt, as PNG in the box;
mask AP, the share of the official objects that were found and the mean IoU of their masks. A label
finer than COCO's kinds ("golden retriever") counts as the kind that it is one of. Always: the share
of answers that are valid JSON and keep the guide's form.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.server import BenchServer
from evals import boxes as box_evals
from evals import labels as label_evals
from evals import masks as mask_evals
from twinsight.engines import weights
from twinsight.engines.pocket.boxes import PocketDetector
from twinsight.engines.pocket.label_groups import broader_words, names
from twinsight.geometry import masks
from twinsight.geometry.boxes import from_yxyx_1000, iou
from twinsight.geometry.detections import Detections

DETECT = (
    "Detect the all of the prominent items in the image. The box_2d should be [ymin, xmin, ymax, "
    "xmax] normalized to 0-1000."
)
SEGMENT = (
    "Give the segmentation masks for all objects. Output a JSON list of segmentation masks where "
    'each entry contains the 2D bounding box in the key "box_2d", the segmentation mask in key '
    '"mask", and the text label in the key "label".'
)
MODEL = "gemini-2.5-flash"


class Api:
    """Asks a server, one question at a time, and counts the answers that are no valid JSON."""

    def __init__(self, server: BenchServer) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        self.asked = self.invalid = 0

    def ask(self, photo: Path, question: str, **config: Any) -> str:
        data = base64.b64encode(photo.read_bytes()).decode()
        parts = [{"inlineData": {"data": data}}, {"text": question}]
        body = {"contents": [{"parts": parts}], "generationConfig": config}
        self._connection.request(
            "POST",
            f"/v1beta/models/{MODEL}:generateContent",
            json.dumps(body),
            {"x-goog-api-key": "evals"},
        )
        reply = self._connection.getresponse()
        content = json.loads(reply.read())
        if reply.status != 200:
            raise SystemExit(f"{photo}: {content}")
        text: str = content["candidates"][0]["content"]["parts"][0]["text"]
        return text

    def ask_json(self, photo: Path, question: str, **config: Any) -> Any:
        self.asked += 1
        try:
            return json.loads(
                self.ask(photo, question, responseMimeType="application/json", **config)
            )
        except json.JSONDecodeError:
            self.invalid += 1
            return []

    def entries(self, photo: Path, question: str) -> list[dict[str, Any]]:
        """The entries of a spatial answer; one that breaks Gemini's form is invalid."""
        answer = self.ask_json(photo, question)
        if isinstance(answer, list) and all(map(_is_entry, answer)):
            return answer
        self.invalid += 1
        return []


def _is_entry(entry: Any) -> bool:
    """Whether it has a label without slashes, an ordered box of integers, and its mask a PNG."""
    y0, x0, y1, x1 = entry["box_2d"]
    masks_form = entry.get("mask", masks.PREFIX).startswith(masks.PREFIX)
    whole = all(type(v) is int for v in entry["box_2d"])
    ordered = 0 <= y0 < y1 <= 1000 and 0 <= x0 < x1 <= 1000
    return masks_form and whole and ordered and not {"/", "\n"} & set(entry["label"])


def labels(api: Api, folder: Path, limit: int | None) -> None:
    photos = sorted(folder.glob("*.jpg"))[:limit]
    if not photos:
        raise SystemExit(f"SKIPPED: no photos in {folder}.")
    known = list(names())
    one = {"type": "STRING", "enum": known}
    five = {"type": "ARRAY", "items": one, "minItems": 5, "maxItems": 5}
    first = second = 0
    for photo in photos:
        truth = known[int(photo.name.split("_")[0])]
        word = api.ask(
            photo, "Classify this image.", responseMimeType="text/x.enum", responseSchema=one
        )
        first += word == truth
        ranked = api.ask_json(
            photo, "Classify this image. Give the five most likely labels.", responseSchema=five
        )
        second += truth in ranked
    n = len(photos)
    print(f"imagenet_dev, {n} photos, {MODEL}")
    raw = label_evals.bare_loop(weights.verified_bytes("labels"))
    label_evals.report("int8, bare loop", raw, photos)
    print(
        f"{'through the API':24} top-1 {first / n:6.2%} ({first}/{n})  "
        f"top-5 {second / n:6.2%} ({second}/{n})"
    )


def kind_of(label: str, kinds: set[str]) -> str | None:
    """COCO's kind of a label: its own, or one of the broader words for it."""
    if label in kinds:
        return label
    if label not in names():
        return None
    return next((word for word in broader_words(label) if word in kinds), None)


def detections(
    entries: Sequence[dict[str, Any]], wh: tuple[int, int], kinds: set[str]
) -> Detections:
    """Answers as boxes again; without a confidence the order stands for it."""
    named = [(i, e, kind_of(e["label"], kinds)) for i, e in enumerate(entries)]
    kept = [(i, e) for i, e, kind in named if kind is not None]
    labels = tuple(kind for _, _, kind in named if kind is not None)
    yxyx = np.array([e["box_2d"] for _, e in kept], np.int64).reshape(-1, 4)
    score = np.array([e.get("confidence", 1 - i / 1000) for i, e in kept], np.float32)
    soft = tuple(masks.from_png_uri(e["mask"]) for _, e in kept if "mask" in e)
    return Detections(from_yxyx_1000(yxyx, wh), score, labels, soft or None)


def boxes(api: Api, folder: Path, limit: int | None) -> None:
    photos = box_evals.Photos.open(folder)
    photos.truth["images"] = photos.truth["images"][:limit]
    detector = PocketDetector()
    table = [
        box_evals.row(
            f"engine, {name}", partial(detector.detect, careful=careful, floor=floor), photos
        )[:2]
        for name, careful, floor in (
            ("fast", False, box_evals.FLOOR),
            ("careful", True, box_evals.FLOOR),
        )
    ]
    with BenchServer(look="fast") as server:
        fast = Api(server)
        table += [("API, fast, " + name, ap) for name, ap in _asked(fast, photos)]
    table += [("API, careful, " + name, ap) for name, ap in _asked(api, photos)]
    api.asked, api.invalid = api.asked + fast.asked, api.invalid + fast.invalid
    print(f"\n{folder.name}, {len(photos.truth['images'])} photos, {MODEL}")
    print(
        "| | AP | AP50 | AP75 | small | medium | large |\n"
        "| --- | --- | --- | --- | --- | --- | --- |"
    )
    for name, values in table:
        print(f"| {name} | " + " | ".join(f"{value:.1f}" for value in values) + " |")


def _asked(api: Api, photos: box_evals.Photos) -> Iterator[tuple[str, list[float]]]:
    """Average precision of a server's answers, with and without confidence."""
    for name, question in (
        ("integers alone", DETECT),
        ("with confidence", DETECT + ' Add the key "confidence".'),
    ):
        seen = {}
        for photo in photos.truth["images"]:
            wh = (photo["width"], photo["height"])
            entries = api.entries(photos.folder / "images" / photo["file_name"], question)
            seen[photo["id"]] = detections(entries, wh, set(photos.kinds))
        yield name, box_evals.average_precision(photos, seen)


def mask_answers(api: Api, folder: Path, limit: int | None) -> None:
    data = json.loads((folder / "instances.json").read_text())
    official = {n["image_id"] for n in data["annotations"] if n["mask_quality"] == "official"}
    data["images"] = [i for i in data["images"] if i["id"] in official][:limit]
    shown = {i["id"] for i in data["images"]}
    data["annotations"] = [n for n in data["annotations"] if n["image_id"] in shown]
    kinds = {kind["name"]: kind["id"] for kind in data["categories"]}
    rows: list[dict[str, Any]] = []
    true = {known.name: known for known in mask_evals.known_photos(folder, limit)}
    overlaps: list[float] = []
    objects = 0
    for image in data["images"]:
        wh = (image["width"], image["height"])
        entries = api.entries(folder / "images" / image["file_name"], SEGMENT)
        found = detections(entries, wh, set(kinds))
        if len(found):
            rows += mask_evals.coco_rows(found, image["id"], wh, kinds)
        if image["file_name"] in true:
            objects += len(true[image["file_name"]].label)
            overlaps += _found_overlaps(found, true[image["file_name"]])
    box_ap, mask_ap = (mask_evals.average_precision(data, rows, k) for k in ("bbox", "segm"))
    print(f"{folder.name}, {len(data['images'])} photos with official masks, {MODEL}")
    print(
        f"API, as the guide asks: box AP {100 * box_ap:.1f}, mask AP {100 * mask_ap:.1f}, "
        f"{mask_ap / box_ap:.2f} of it"
    )
    print(
        f"{len(overlaps)} of {objects} objects found (boxes overlap by half), "
        f"mean IoU of their masks {np.mean(overlaps):.3f}, "
        f">= 0.75: {np.mean(np.array(overlaps) >= 0.75):.1%}"
    )


def _found_overlaps(found: Detections, known: mask_evals.Known) -> list[float]:
    """IoU of the mask of each true object that a box of its kind overlaps by half, best first."""
    free, overlaps = np.ones(len(known.label), bool), []
    for i in range(len(found)):
        same = np.array([name == found.label[i] for name in known.label], bool) & free
        shares = np.where(same, iou(found.xyxy[i : i + 1], known.xyxy)[0], 0)
        if found.mask is None or not len(shares) or shares.max() < 0.5:
            continue
        best = int(shares.argmax())
        free[best] = False
        laid = masks.paste(found.mask[i], found.xyxy[i], known.picture.wh)
        overlaps.append(mask_evals.iou(laid, known.truth[best]))
    return overlaps


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    shared = Path(os.environ.get("TWINSIGHT_SHARED") or "../shared")
    parser.add_argument("--shared", type=Path, default=shared)
    parser.add_argument("--part", choices=["labels", "boxes", "masks"])
    parser.add_argument("--limit", type=int, help="only so many photos")
    options = parser.parse_args()
    data = options.shared / "data"
    if not data.is_dir():
        raise SystemExit(f"SKIPPED: no data at {data} (set --shared).")
    with BenchServer() as server:
        api = Api(server)
        if options.part in (None, "labels"):
            labels(api, data / "imagenet_dev", options.limit)
        if options.part in (None, "boxes"):
            boxes(api, data / "coco_dev", options.limit)
        if options.part in (None, "masks"):
            mask_answers(api, data / "coco_dev", options.limit)
        print(f"Valid JSON: {api.asked - api.invalid} of {api.asked} answers")


if __name__ == "__main__":
    main()
