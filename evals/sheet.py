"""Contact sheets of what a client sees: photos with the boxes and masks of the guide's prompt.

    python -m evals.sheet --shared ../shared [--split coco_dev] [--count 40] [--out out/sheets]

Asks the tasks in process, as the server does, reads the answer as clients do, and draws it. Photos
are spread over the split; each sheet holds ten, under each the number of things and the photo's
name. They are to be looked at.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from twinsight.engines.eyes import Eyes, open_eyes
from twinsight.geometry import masks, overlay
from twinsight.geometry.boxes import from_yxyx_1000
from twinsight.geometry.detections import Detections
from twinsight.image.decode import DefaultLimits, decode
from twinsight.image.header import read_header
from twinsight.prompt import AnswerShape, ImageRef, Prompt, Text, Turn
from twinsight.tasks.run import Limits, answer
from twinsight.tasks.scene import SceneCache

QUESTION = "Give the segmentation masks for all objects."
LIMITS = Limits(8192, 100_000_000)
CELL = (480, 380)
COLUMNS, ROWS = 2, 5


def seen(path: Path, eyes: Eyes) -> Detections:
    """The boxes and masks of an answer, read back from its JSON."""
    data = path.read_bytes()
    header = read_header(data)
    ref = ImageRef(path.name, data=data, mime=header.mime, wh=header.wh)
    shape = AnswerShape("application/json")
    prompt = Prompt((Turn("user", (ref, Text(QUESTION))),), shape=shape)
    pieces = answer(prompt, eyes, SceneCache(0), LIMITS, lambda: None)
    entries = json.loads("".join(piece.text for piece in pieces))
    if not entries:
        return Detections.empty()
    return Detections(
        from_yxyx_1000(np.array([entry["box_2d"] for entry in entries]), header.wh),
        np.ones(len(entries), np.float32),
        tuple(entry["label"] for entry in entries),
        tuple(masks.from_png_uri(entry["mask"]) for entry in entries),
    )


def cell(path: Path, eyes: Eyes) -> Image.Image:
    """One photo with what was seen on it."""
    found = seen(path, eyes)
    rgb = decode(path.read_bytes(), DefaultLimits(100_000_000)).rgb
    drawn = Image.fromarray(overlay.draw(rgb, found, scores=False))
    drawn.thumbnail((CELL[0] - 4, CELL[1] - 18))
    whole = Image.new("RGB", CELL, "white")
    whole.paste(drawn, (0, 0))
    ImageDraw.Draw(whole).text((2, CELL[1] - 16), f"{len(found)} things, {path.name}", "black")
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--shared", type=Path, default=Path(os.environ.get("TWINSIGHT_SHARED") or "../shared")
    )
    parser.add_argument("--split", default="coco_dev")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("out/sheets"))
    options = parser.parse_args()
    photos = sorted((options.shared / "data" / options.split / "images").glob("*.jpg"))
    if not photos:
        raise SystemExit(f"SKIPPED: no photos of {options.split} at {options.shared} (--shared).")
    chosen = photos[:: max(1, len(photos) // options.count)][: options.count]
    options.out.mkdir(parents=True, exist_ok=True)
    eyes = open_eyes("pocket")
    each = COLUMNS * ROWS
    for first in range(0, len(chosen), each):
        sheet = Image.new("RGB", (CELL[0] * COLUMNS, CELL[1] * ROWS), "white")
        for place, path in enumerate(chosen[first : first + each]):
            corner = (place % COLUMNS * CELL[0], place // COLUMNS * CELL[1])
            sheet.paste(cell(path, eyes), corner)
        file = options.out / f"{options.split}_{first // each + 1}.png"
        sheet.save(file)
        print(file)


if __name__ == "__main__":
    main()
