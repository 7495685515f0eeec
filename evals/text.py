"""How much of the text in pictures the pocket reader reads, and how fast.

    python -m evals.text --shared ../shared
    python -m evals.text --folder DIR     any pictures with `.txt` or `.json` beside them

Two sets: ICDAR 2015 scene photos (word quads, `###` marks words that do not count) and FUNSD forms
(word boxes). A line may hold several words, so matching is by word within lines that cover the
word's centre: a word is found when one such line holds it as a word of its own, upper and lower
case alike, punctuation at its ends ignored; each word that was read counts once. Precision leaves
out the words of a line that lies over `###`, as many as there are of those. `in line` is the
lenient recall: the word's letters stand in the line, spaces left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from twinsight.engines.pocket.text import PocketReader
from twinsight.engines.roles import TextLine
from twinsight.image.picture import Picture

Reader = Callable[[Picture], list[TextLine]]
UNREADABLE = "###"


@dataclass(frozen=True, slots=True)
class Word:
    """A word that is there: its text and its quad, (4, 2) x, y pixels."""

    text: str
    quad: NDArray[np.float32]


@dataclass(slots=True)
class Tally:
    words: int = 0
    found: int = 0
    in_line: int = 0
    said: int = 0
    photos: int = 0

    @property
    def recall(self) -> float:
        return self.found / max(self.words, 1)

    @property
    def precision(self) -> float:
        return self.found / max(self.said, 1)

    @property
    def in_line_recall(self) -> float:
        return self.in_line / max(self.words, 1)


def bare(text: str) -> str:
    """What is compared: lower case, without punctuation at the ends."""
    return text.strip(string.punctuation + " ").lower()


def scene_words(path: Path) -> list[Word]:
    """ICDAR 2015: eight integers and the text on each line."""
    words = []
    for line in path.read_text("utf-8-sig").splitlines():
        fields = line.split(",", 8)
        if len(fields) == 9:
            quad = np.array(fields[:8], np.float32).reshape(4, 2)
            words.append(Word(fields[8].strip(), quad))
    return words


def form_words(path: Path) -> list[Word]:
    """FUNSD: blocks of words with boxes x, y, x, y."""
    words = []
    for block in json.loads(path.read_text("utf-8"))["form"]:
        for word in block["words"]:
            x1, y1, x2, y2 = word["box"]
            quad = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float32)
            if bare(word["text"]):
                words.append(Word(word["text"], quad))
    return words


def inside(point: NDArray[np.float32], quad: NDArray[np.float32]) -> bool:
    """Whether the point lies in the clockwise convex quad."""
    side = np.roll(quad, -1, axis=0) - quad
    to = point - quad
    turn = side[:, 0] * to[:, 1] - side[:, 1] * to[:, 0]
    return bool((turn >= 0).all() or (turn <= 0).all())


def compare(truth: list[Word], lines: list[TextLine], tally: Tally) -> None:
    """Adds one picture to the tally."""
    said = [[bare(word) for word in line.text.split()] for line in lines]
    said = [[word for word in words if word] for words in said]
    free = [list(words) for words in said]
    joined = ["".join(bare(w) for w in line.text.split()) for line in lines]
    forgiven = [0] * len(lines)
    for word in truth:
        centre = word.quad.mean(axis=0)
        over = [i for i, line in enumerate(lines) if inside(centre, line.quad)]
        if word.text == UNREADABLE:
            for i in over:
                forgiven[i] += 1
            continue
        wanted = bare(word.text)
        tally.words += 1
        hit = next((i for i in over if wanted in free[i]), None)
        if hit is not None:
            free[hit].remove(wanted)
            tally.found += 1
        tally.in_line += hit is not None or any(wanted in joined[i] for i in over)
    tally.said += sum(map(len, said)) - sum(
        min(forgiven[i], len(free[i])) for i in range(len(lines))
    )
    tally.photos += 1


@dataclass(slots=True)
class Took:
    """Milliseconds for each picture: by the clock, and of the processor (all threads)."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def timed(reader: Reader, picture: Picture, took: Took) -> list[TextLine]:
    wall, processor = time.perf_counter(), time.process_time()
    lines = reader(picture)
    took.wall.append((time.perf_counter() - wall) * 1e3)
    took.processor.append((time.process_time() - processor) * 1e3)
    return lines


def score(reader: Reader, folder: Path, limit: int | None = None) -> tuple[Tally, Took]:
    """Reads every picture of the folder."""
    tally, took = Tally(), Took()
    for path in pictures(folder)[:limit]:
        lines = timed(reader, load(path), took)
        truth = path.with_suffix(".txt")
        compare(
            scene_words(truth) if truth.exists() else form_words(path.with_suffix(".json")),
            lines,
            tally,
        )
    return tally, took


def pictures(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix in {".jpg", ".png"})


def load(path: Path) -> Picture:
    with Image.open(path) as image:
        return Picture(np.ascontiguousarray(np.asarray(image.convert("RGB"))))


def rapidocr_reader() -> Reader | None:
    """The `rapidocr` package with its own settings on one thread, if it is installed."""
    try:
        from rapidocr import RapidOCR  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None
    engine: Any = RapidOCR(
        params={
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )

    def read(picture: Picture) -> list[TextLine]:
        result = engine(np.ascontiguousarray(picture.rgb[:, :, ::-1]))
        if result.boxes is None or result.txts is None:
            return []
        parts = zip(result.boxes, result.txts, result.scores, strict=True)
        return [TextLine(text, float(p), np.asarray(box, np.float32)) for box, text, p in parts]

    return read


def textless_time(reader: Reader, folder: Path, limit: int) -> tuple[int, Took]:
    """How many of the photos are said to hold text, and the time for each."""
    took, with_text = Took(), 0
    for path in pictures(folder)[:limit]:
        with_text += bool(timed(reader, load(path), took))
    return with_text, took


def main() -> None:
    """Prints one row for each reader and folder."""
    ask = argparse.ArgumentParser(description="Word recall and precision of the pocket reader.")
    default = os.environ.get("TWINSIGHT_SHARED") or "../shared"
    ask.add_argument("--shared", type=Path, default=Path(default))
    ask.add_argument("--folder", type=Path, help="score this folder instead")
    ask.add_argument("--limit", type=int, help="pictures of each folder")
    ask.add_argument("--photos", type=int, default=60, help="ordinary photos to time (0: none)")
    ask.add_argument("--only-ours", action="store_true", help="leave `rapidocr` out")
    given = ask.parse_args()
    data = given.shared / "data"
    folders = [given.folder] if given.folder else [data / "ocr_scene", data / "ocr_forms"]
    missing = [folder for folder in folders if not folder.is_dir()]
    if missing:
        raise SystemExit(f"Nothing to score: {missing[0]} is missing (--shared, TWINSIGHT_SHARED).")
    readers: dict[str, Reader | None] = {"twinsight pocket": PocketReader(threads=1).read}
    if not given.only_ours:
        readers["rapidocr"] = rapidocr_reader()
    print(f"{platform.processor() or platform.machine()}, one thread, medians in ms\n")
    print("reader            pictures        photos words  recall  in line  precision  ms  cpu ms")
    for name, reader in readers.items():
        if reader is None:
            print(f"{name:17} not installed: left out")
            continue
        for folder in folders:
            tally, took = score(reader, folder, given.limit)
            print(
                f"{name:17} {folder.name:15} {tally.photos:6} {tally.words:5}  {tally.recall:6.3f}"
                f"  {tally.in_line_recall:7.3f}  {tally.precision:9.3f}"
                f"  {statistics.median(took.wall):.0f}  {statistics.median(took.processor):.0f}",
                flush=True,
            )
        photos = data / "coco_train" / "images"
        if given.photos and not given.folder and photos.is_dir():
            with_text, took = textless_time(reader, photos, given.photos)
            print(
                f"{name:17} ordinary photos {len(took.wall):6}  text read in {with_text} of them"
                f"                {statistics.median(took.wall):.0f}"
                f"  {statistics.median(took.processor):.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
