"""Contact sheets of what is said: photos with their caption and four questions, to be looked at.

    python -m evals.talk_sheet --shared ../shared [--count 30] [--out out/sheets]

Photos of `coco_dev`, spread over it. Under each: the caption, in French as well, and the answers to
"how many", "is there", "what colour" and "where" about kinds of things that its labels name (the
second about one that they do not name, every other time). The answers are printed too.
"""

from __future__ import annotations

import argparse
import os
import random
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFont

from evals.answers import SEED, Asker, instances
from twinsight.engines.eyes import open_eyes
from twinsight.tasks.wording.english import article, plural

WIDE, HIGH, ACROSS = 400, 470, 5
FONT = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
LETTERS = 62
"""Letters of a line under a photo."""


def questions(draw: random.Random, here: list[str], others: list[str]) -> list[str]:
    """One of each sort about the kinds of things that are there, or are not."""
    kinds = [draw.choice(here) for _ in range(3)]
    asked = draw.choice(here if draw.random() < 0.5 else others)
    return [
        f"How many {plural(kinds[0])} are there?",
        f"Is there {article(asked)}?",
        f"What colour is the {kinds[1]}?",
        f"Where is the {kinds[2]}?",
    ]


def wrapped(text: str) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= LETTERS:
            lines.append("  ")
        lines[-1] = f"{lines[-1]} {word}"
    return lines


def cell(photo: Path, said: list[str]) -> Image.Image:
    """A photo over what was said of it."""
    whole = Image.new("RGB", (WIDE, HIGH), "white")
    small = Image.open(photo).convert("RGB")
    small.thumbnail((WIDE - 8, 270))
    whole.paste(small, (4, 4))
    lines = [line for text in said for line in wrapped(text)]
    font = ImageFont.truetype(str(FONT), 11)
    ImageDraw.Draw(whole).text((4, 278), "\n".join(lines), "black", font)
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--shared", type=Path, default=os.environ.get("TWINSIGHT_SHARED", "../shared")
    )
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--out", type=Path, default=Path("out/sheets"))
    options = parser.parse_args()
    folder = Path(options.shared) / "data" / "coco_dev"
    if not folder.is_dir():
        raise SystemExit(f"SKIPPED: no photos at {folder} (--shared).")
    photos, counts = instances(folder)
    kinds = sorted({kind for here in counts.values() for kind in here})
    known = [number for number in sorted(photos) if counts[number]]
    chosen = known[:: max(1, len(known) // options.count)][: options.count]
    draw, asker = random.Random(SEED), Asker(open_eyes("pocket"))
    sheet = Image.new("RGB", (WIDE * ACROSS, HIGH * -(-len(chosen) // ACROSS)), "white")
    for place, number in enumerate(chosen):
        here = sorted(counts[number])
        others = [kind for kind in kinds if kind not in here]
        photo = photos[number]
        asked = ["Caption this image.", "Légende cette image.", *questions(draw, here, others)]
        told = [asker.ask(photo, question) for question in asked]
        said = [f"{number}: {told[0]}", told[1]]
        said += [f"{one} — {answer}" for one, answer in zip(asked[2:], told[2:], strict=True)]
        print(*said, sep="\n  ", flush=True)
        sheet.paste(cell(photo, said), (place % ACROSS * WIDE, place // ACROSS * HIGH))
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / "talk.png"
    sheet.save(file)
    print(file)


if __name__ == "__main__":
    main()
