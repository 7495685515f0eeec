"""Accuracy and speed of the masks: IoU from known boxes, AP behind a detector.

    python -m evals.masks --shared ../shared [--sheet sheet.png] [--ap]

Objects are those of `coco_dev` with official polygons (crowds left out). A mask is laid on the
photo's pixels by their centres; `as clients paste it` floors the box first, as the guide's sample
does. Sizes are COCO's: small under 32 x 32 pixels of area, large from 96 x 96. One thread.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from hotcoco import COCO, COCOeval
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from twinsight.engines import weights
from twinsight.engines.pocket.masks import PocketSegmenter
from twinsight.engines.roles import Segmenter
from twinsight.geometry import masks, polygons
from twinsight.geometry.detections import Detections
from twinsight.geometry.overlaps import resolve_overlaps
from twinsight.image.picture import Picture

JITTER = 0.1
"""Each side of a jittered box is off by up to this share of it, evenly spread."""
FLOOR = 0.02
"""Least score of the boxes whose average precision is taken."""

Bits = NDArray[np.bool_]
Soft = NDArray[np.uint8]
Floats = NDArray[np.float32]
Maker = Callable[[Picture, Floats], list[Soft]]


@dataclass(frozen=True)
class Known:
    """A photo with what is truly in it: boxes (n, 4), masks (h, w) each, areas, names."""

    picture: Picture
    name: str
    xyxy: Floats
    truth: list[Bits]
    area: Floats
    label: tuple[str, ...]


def known_photos(folder: Path, limit: int | None = None) -> Iterator[Known]:
    """The photos of a COCO folder that have official polygons."""
    data = json.loads((folder / "instances.json").read_text())
    names = {kind["id"]: kind["name"] for kind in data["categories"]}
    notes: dict[int, list[dict[str, Any]]] = {}
    for note in data["annotations"]:
        if note["mask_quality"] == "official" and not note["iscrowd"]:
            notes.setdefault(note["image_id"], []).append(note)
    for image in [i for i in data["images"] if i["id"] in notes][:limit]:
        rgb = np.asarray(Image.open(folder / "images" / image["file_name"]).convert("RGB"))
        picture = Picture(np.ascontiguousarray(rgb))
        some = notes[image["id"]]
        rings = [[np.array(r, np.float32).reshape(-1, 2) for r in n["segmentation"]] for n in some]
        boxes = np.array([n["bbox"] for n in some], np.float32)
        boxes[:, 2:] += boxes[:, :2]
        yield Known(
            picture,
            image["file_name"],
            boxes,
            [_union(each, picture.wh) for each in rings],
            np.array([n["area"] for n in some], np.float32),
            tuple(names[n["category_id"]] for n in some),
        )


def _union(rings: list[Floats], wh: tuple[int, int]) -> Bits:
    """An object's parts never cut holes into each other."""
    whole = np.zeros((wh[1], wh[0]), bool)
    for ring in rings:
        whole |= polygons.to_mask([ring], wh)
    return whole


def jittered(xyxy: Floats, seed: int) -> Floats:
    """Boxes with every side off by up to 10 %."""
    sides = np.tile(xyxy[:, 2:] - xyxy[:, :2], 2)
    off = np.random.default_rng(seed).uniform(-JITTER, JITTER, xyxy.shape)
    return (xyxy + off * sides).astype(np.float32)


def lay(mask: Soft, xyxy: Floats, wh: tuple[int, int]) -> Bits:
    """A mask on the photo: pixels whose centres lie in the box and on a value over 127."""
    w, h = wh
    whole = np.zeros((h, w), bool)
    x0, y0 = np.maximum(np.ceil(xyxy[:2] - 0.5), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(xyxy[2:] - 0.5), (w, h)).astype(int)
    if x1 <= x0 or y1 <= y0:
        return whole
    scale = np.array(mask.shape[::-1]) / (xyxy[2:] - xyxy[:2])
    edges = ((x0, y0) - xyxy[:2]) * scale, ((x1, y1) - xyxy[:2]) * scale
    # Pillow wants the part within the mask; whole pixels may reach beyond the box by half of one.
    part = (*np.maximum(edges[0], 0), *np.minimum(edges[1], mask.shape[::-1]))
    size = (int(x1 - x0), int(y1 - y0))
    there = Image.fromarray(mask).resize(size, Image.Resampling.BILINEAR, part)
    whole[y0:y1, x0:x1] = np.asarray(there) > 127
    return whole


def iou(a: Bits, b: Bits) -> float:
    union = (a | b).sum()
    return float((a & b).sum() / union) if union else 0.0


def filled(_: Picture, xyxy: Floats) -> list[Soft]:
    """Baseline: the box itself."""
    return [np.full((1, 1), 255, np.uint8) for _ in xyxy]


def ellipse(_: Picture, xyxy: Floats) -> list[Soft]:
    """Baseline: the ellipse that fits the box."""
    ring = np.square((np.arange(128) + 0.5) / 64 - 1)
    disc = np.where(ring[:, None] + ring[None, :] <= 1, 255, 0).astype(np.uint8)
    return [disc for _ in xyxy]


def overlaps(photos: list[Known], make: Maker, how: str = "exact") -> NDArray[np.float64]:
    """IoU of each object. `how`: exact, jittered, pasted (as clients do), resolved (overlaps)."""
    found = []
    for number, photo in enumerate(photos):
        boxes = jittered(photo.xyxy, number) if how == "jittered" else photo.xyxy
        soft = make(photo.picture, boxes)
        if how == "resolved":
            scores = np.ones(len(boxes), np.float32)
            settled = resolve_overlaps(Detections(boxes, scores, photo.label, tuple(soft)))
            soft = list(settled.mask or ())
        put = masks.paste if how == "pasted" else lay
        for mask, box, truth in zip(soft, boxes, photo.truth, strict=True):
            found.append(iou(put(mask, box, photo.picture.wh), truth))
    return np.array(found)


def mask_ap(
    folder: Path, detect: Callable[[Picture], Detections], segmenter: Segmenter
) -> dict[str, float]:
    """Box AP and mask AP, with and without `resolve_overlaps`, on photos with official masks."""
    data = json.loads((folder / "instances.json").read_text())
    official = {n["image_id"] for n in data["annotations"] if n["mask_quality"] == "official"}
    data["images"] = [i for i in data["images"] if i["id"] in official]
    data["annotations"] = [n for n in data["annotations"] if n["image_id"] in official]
    kinds = {kind["name"]: kind["id"] for kind in data["categories"]}
    rows: dict[str, list[dict[str, Any]]] = {"plain": [], "resolved": []}
    for image in data["images"]:
        rgb = np.asarray(Image.open(folder / "images" / image["file_name"]).convert("RGB"))
        picture = Picture(np.ascontiguousarray(rgb))
        seen = detect(picture)
        seen = seen.take([i for i, name in enumerate(seen.label) if name in kinds])
        soft = tuple(segmenter.segment(picture, seen.xyxy))
        plain = Detections(seen.xyxy, seen.score, seen.label, soft)
        for how, these in (("plain", plain), ("resolved", resolve_overlaps(plain))):
            rows[how] += coco_rows(these, image["id"], picture.wh, kinds)
    result = {
        "box AP": average_precision(data, rows["plain"], "bbox"),
        "mask AP": average_precision(data, rows["plain"], "segm"),
    }
    result["mask AP, overlaps resolved"] = average_precision(data, rows["resolved"], "segm")
    result["mask AP / box AP"] = result["mask AP"] / max(result["box AP"], 1e-9)
    return result


def coco_rows(
    found: Detections, image: int, wh: tuple[int, int], kinds: dict[str, int]
) -> list[dict[str, Any]]:
    """COCO's result rows."""
    rows = []
    for i in range(len(found)):
        x0, y0, x1, y1 = (float(v) for v in found.xyxy[i])
        assert found.mask is not None
        rows.append(
            {
                "image_id": image,
                "category_id": kinds[found.label[i]],
                "score": float(found.score[i]),
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "segmentation": masks.to_rle(lay(found.mask[i], found.xyxy[i], wh)),
            }
        )
    return rows


def average_precision(truth: dict[str, Any], rows: list[dict[str, Any]], kind: str) -> float:
    known = COCO(truth)
    # hotcoco takes a box from its row and overwrites nothing only if rows carry one form each.
    other = "segmentation" if kind == "bbox" else "bbox"
    found = known.load_res([{k: v for k, v in row.items() if k != other} for row in rows])
    judge = COCOeval(known, found, kind)
    judge.evaluate()
    judge.accumulate()
    judge.summarize()
    return float(judge.stats[0])


def speed(photos: list[Known]) -> dict[str, float]:
    """Median milliseconds a box: the whole call and the bare model, one box and eight at a time."""
    segmenter, session = PocketSegmenter(threads=1), weights.session("masks", 1)
    side = session.get_inputs()[0].shape[1]
    crowd = max(photos, key=lambda photo: len(photo.xyxy))
    result = {}
    for count in (1, 8):
        x = np.zeros((count, side, side, 4), np.uint8)
        bare = [_ms(partial(session.run, None, {"x": x})) / count for _ in range(25)]
        boxes = np.resize(crowd.xyxy, (25, count, 4))
        whole = [_ms(partial(segmenter.segment, crowd.picture, some)) / count for some in boxes]
        result[f"batch {count}, bare model"] = float(np.median(bare))
        result[f"batch {count}, whole call"] = float(np.median(whole))
    return result


def _ms(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def contact_sheet(photos: list[Known], make: Maker, path: Path, count: int = 40) -> None:
    """Objects chosen blindly: photo, our mask in red, the truth's in green, IoU and name below."""
    pairs = [(photo, i) for photo in photos for i in range(len(photo.xyxy))]
    chosen = np.random.default_rng(5).choice(len(pairs), min(count, len(pairs)), replace=False)
    cell, columns = 150, 5
    rows = -(-len(chosen) // columns)
    sheet = Image.new("RGB", (columns * cell * 2, rows * (cell + 12)), "white")
    draw = ImageDraw.Draw(sheet)
    for place, index in enumerate(chosen):
        photo, i = pairs[index]
        box = photo.xyxy[i]
        ours = lay(make(photo.picture, box[None])[0], box, photo.picture.wh)
        left, top = place % columns * cell * 2, place // columns * (cell + 12)
        for step, (bits, tint) in enumerate(((ours, (255, 0, 0)), (photo.truth[i], (0, 200, 0)))):
            sheet.paste(
                _tinted(photo.picture.rgb, bits, box, tint, cell), (left + step * cell, top)
            )
        draw.text((left, top + cell), f"{iou(ours, photo.truth[i]):.2f} {photo.label[i]}", "black")
    sheet.save(path)


def _tinted(
    rgb: Soft, bits: Bits, box: Floats, tint: tuple[int, int, int], cell: int
) -> Image.Image:
    """The box and its surroundings with a mask laid over."""
    shown = np.where(bits[..., None], rgb // 2 + np.array(tint, np.uint8) // 2, rgb)
    margin = (box[2:] - box[:2]) * 0.15
    x0, y0, x1, y1 = (round(float(v)) for v in (*(box[:2] - margin), *(box[2:] + margin)))
    image = Image.fromarray(shown.astype(np.uint8)).crop((x0, y0, x1, y1))
    image.thumbnail((cell - 2, cell - 2))
    grow = (cell - 2) / max(image.size)
    return image.resize((max(1, round(image.width * grow)), max(1, round(image.height * grow))))


def table(photos: list[Known]) -> str:
    """Mean IoU, share of good masks and mean IoU by size, for each way to make a mask."""
    area = np.concatenate([photo.area for photo in photos])
    sizes = (area < 32**2, (area >= 32**2) & (area < 96**2), area >= 96**2)
    ours, twice = PocketSegmenter(threads=1), PocketSegmenter(threads=1, flips=True)
    ways: list[tuple[str, Maker, str]] = [
        ("filled box", filled, "exact"),
        ("ellipse", ellipse, "exact"),
        ("pocket", ours.segment, "exact"),
        ("pocket, mirrored too", twice.segment, "exact"),
        ("pocket, overlaps resolved", ours.segment, "resolved"),
        ("pocket, as clients paste it", ours.segment, "pasted"),
        ("filled box, boxes off by 10 %", filled, "jittered"),
        ("ellipse, boxes off by 10 %", ellipse, "jittered"),
        ("pocket, boxes off by 10 %", ours.segment, "jittered"),
    ]
    lines = [
        f"{len(area)} objects in {len(photos)} photos "
        f"({', '.join(f'{int(s.sum())} {n}' for s, n in zip(sizes, 'SML', strict=True))})",
        f"{'':31} mean IoU  >= 0.75  small  medium  large",
    ]
    for name, make, how in ways:
        each = overlaps(photos, make, how)
        by_size = "  ".join(f"{each[s].mean():.3f}" if s.any() else "  -  " for s in sizes)
        lines.append(f"{name:31} {each.mean():.4f}    {(each >= 0.75).mean():.3f}   {by_size}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m evals.masks")
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--limit", type=int, help="only so many photos")
    parser.add_argument("--sheet", type=Path, help="write a contact sheet of 40 masks here")
    parser.add_argument("--ap", action="store_true", help="also AP behind the pocket detector")
    args = parser.parse_args()
    folder = args.shared / "data/coco_dev"
    if not folder.is_dir():
        raise SystemExit(f"{folder} is missing: nothing measured")
    photos = list(known_photos(folder, args.limit))
    card = weights.manifest("masks")
    print(f"masks {card.revision}, {card.bytes / 1e6:.1f} MB, {platform.processor()}")
    print(table(photos))
    for name, ms in speed(photos).items():
        print(f"{name}: {ms:.1f} ms a box")
    if args.sheet:
        contact_sheet(photos, PocketSegmenter(threads=1).segment, args.sheet)
    if args.ap:
        from twinsight.engines.pocket.boxes import PocketDetector

        detector, segmenter = PocketDetector(), PocketSegmenter()
        for careful in (False, True):
            look = partial(detector.detect, careful=careful, floor=FLOOR)
            figures = mask_ap(folder, look, segmenter)
            print("careful" if careful else "fast", {k: round(v, 3) for k, v in figures.items()})


if __name__ == "__main__":
    main()
