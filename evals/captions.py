"""How well a picture is put into one sentence, on the photos of `coco_dev`.

    python -m evals.captions --shared ../shared [--split coco_train] [--api] [--spice FOLDER]
        [--write FILE] [--sheet FILE.png]

Asks "Caption this image." in process (`--api`: through a real server) and compares the answers with
five human captions a photo by the measures of `evals.likeness` (CIDEr's rarity of words comes from
these photos' own captions, as is usual). CHAIR: of the kinds of objects that captions name, the
share that is not there (i), and the share of captions that name one (s); a kind is there when the
instance labels have it, or (as CHAIR's authors count) a person mentioned it. Rows to compare with:
the sentence by rule that is said without a writer; the writer's network before its training, its
words bounded by the same grammar (wants torch); the writer that is told of objects but not of
labels; a person's caption against the other four. `coco_train` is for choosing, `coco_dev` for
reporting.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench.server import BenchServer
from evals.answers import Asker, instances
from evals.api import Api
from evals.likeness import Captions, Judge, References, plain
from train.captions.words import kinds_in, split
from twinsight.engines.eyes import Eyes, open_eyes
from twinsight.engines.roles import Sketch, Wording, Writer
from twinsight.prompt import Sampling
from twinsight.tasks.scene import SceneCache

ASKED = "Caption this image."


class Truth:
    """What people said of each photo, and which kinds of objects are on it."""

    def __init__(self, folder: Path) -> None:
        photos, _ = instances(folder)
        said = json.loads((folder / "captions.json").read_text("utf-8"))
        self.photos = {number: path for number, path in photos.items() if str(number) in said}
        self.said: dict[int, list[str]] = {number: said[str(number)] for number in self.photos}
        data = json.loads((folder / "instances.json").read_text("utf-8"))
        names = {category["id"]: category["name"] for category in data["categories"]}
        self.there: dict[int, set[str]] = defaultdict(set)
        for one in data["annotations"]:
            self.there[one["image_id"]].add(names[one["category_id"]])

    def told(self, number: int) -> set[str]:
        """The kinds that are on the photo by its labels or by what anybody said of it."""
        return self.there[number].union(*(kinds_in(split(c)) for c in self.said[number]))


def chair(said: Captions, there: Callable[[int], set[str]]) -> tuple[float, float, int]:
    """Of the kinds named the share that is not there, the share of such captions, kinds named."""
    named = wrong = bad = 0
    for number, caption in said.items():
        kinds = kinds_in(split(caption))
        unseen = kinds - there(number)
        named, wrong, bad = named + len(kinds), wrong + len(unseen), bad + bool(unseen)
    return wrong / max(named, 1), bad / len(said), named


@dataclass(frozen=True)
class Row:
    """A line of the table: who said what, and the captions that it is compared with."""

    name: str
    said: Captions
    references: References


def report(rows: Sequence[Row], truth: Truth, judge: Judge) -> None:
    names = "".join(f" {name:>7}" for name in judge.names)
    print(f"{'':34}{names}   {'i':>6} {'s':>6}   {'i':>6} {'s':>6}   kinds words")
    for row in rows:
        scores = "".join(f" {score:7.1f}" for score in judge.scores(row.said, row.references))
        told, labelled = chair(row.said, truth.told), chair(row.said, lambda n: truth.there[n])
        words = float(np.mean([len(plain(c).split()) for c in row.said.values()]))
        print(
            f"{row.name:34}{scores}   {told[0]:6.1%} {told[1]:6.1%}   {labelled[0]:6.1%} "
            f"{labelled[1]:6.1%}   {told[2] / len(row.said):5.2f} {words:5.1f}",
            flush=True,
        )


def person(truth: Truth) -> tuple[Captions, dict[int, list[str]]]:
    """One person's caption a photo, and the other four's."""
    draw = random.Random(0)
    said, others = {}, {}
    for number, captions in truth.said.items():
        mine = draw.randrange(len(captions))
        said[number] = captions[mine]
        others[number] = [c for i, c in enumerate(captions) if i != mine]
    return said, others


class Blind:
    """The writer without the labeler: it is told of the objects only."""

    def __init__(self, writer: Writer) -> None:
        self.card, self._writer = writer.card, writer

    def write(self, sketch: Sketch, sampling: Sampling | None = None) -> Wording:
        return self._writer.write(replace(sketch, labels=()), sampling)


class Bold:
    """A writer whose sentence is said, however unlikely it is and whatever it names."""

    def __init__(self, writer: Writer) -> None:
        self.card, self._writer = writer.card, writer

    def write(self, sketch: Sketch, sampling: Sampling | None = None) -> Wording:
        words = self._writer.write(sketch, sampling).words
        return Wording(words, ("anything",) * len(words), 1.0)


def sheet(path: Path, said: Captions, truth: Truth, count: int = 30) -> None:
    """Photos with what was said of them and what a person said, to be looked at."""
    wide, high, across = 300, 330, 5
    chosen = random.Random(5).sample(sorted(said), count)
    whole = Image.new("RGB", (wide * across, high * -(-count // across)), "white")
    draw, font = ImageDraw.Draw(whole), ImageFont.load_default(13)
    for index, number in enumerate(chosen):
        x, y = index % across * wide, index // across * high
        photo = Image.open(truth.photos[number]).convert("RGB")
        photo.thumbnail((wide - 8, 220))
        whole.paste(photo, (x + 4, y + 4))
        for line, text in enumerate(
            [*_wrapped(f"{number}: {said[number]}"), "", *_wrapped("≈ " + truth.said[number][0])]
        ):
            draw.text((x + 4, y + 228 + 14 * line), text, "black" if line < 4 else "grey", font)
    whole.save(path)
    print(f"sheet: {path}")


def _wrapped(text: str, width: int = 42) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def ask_all(eyes: Eyes, truth: Truth, seen: SceneCache) -> Captions:
    """The answers in process; what was seen is looked at no more, what was written is forgotten."""
    asker = Asker(eyes)
    asker.cache = seen
    said = {}
    for number, photo in truth.photos.items():
        seen.findings(photo.name.encode()).wordings.clear()
        said[number] = asker.ask(photo, ASKED)
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--shared", type=Path, default=os.environ.get("TWINSIGHT_SHARED", "../shared")
    )
    parser.add_argument("--split", choices=["coco_dev", "coco_train"], default="coco_dev")
    parser.add_argument("--api", action="store_true", help="ask a real server as well")
    parser.add_argument("--spice", type=Path, help="the folder of jars that SPICE wants")
    parser.add_argument("--write", type=Path, help="the captions as JSON")
    parser.add_argument("--sheet", type=Path, help="30 photos with their captions, as a picture")
    options = parser.parse_args()
    folder = Path(options.shared) / "data" / options.split
    if not folder.is_dir():
        raise SystemExit(f"no photos at {folder}")
    if find_spec("pycocoevalcap") is None:
        raise SystemExit("SKIPPED: the measures are those of `pip install pycocoevalcap`.")
    truth, judge = Truth(folder), Judge(options.spice)
    eyes, seen = open_eyes("pocket"), SceneCache(len(truth.photos))
    one, others = person(truth)
    rows = [Row("a person, against the other four", one, others)]

    def add(name: str, said: Captions) -> None:
        rows.append(Row(name, said, truth.said))

    add("sentence by rule", ask_all(replace(eyes, writer=None), truth, seen))
    started = time.perf_counter()
    written = ask_all(eyes, truth, seen)
    lasted = 1000 * (time.perf_counter() - started) / len(written)
    if find_spec("torch") is not None:
        # By name, so that who checks types need not have torch.
        module = import_module("train.captions.untrained")
        bold = replace(eyes, writer=Bold(module.UntrainedWriter()))
        add("writer, untrained", ask_all(bold, truth, seen))
    else:
        judge.left_out.append("writer, untrained: wants torch.")
    if eyes.writer is not None:
        blind = replace(eyes, writer=Blind(eyes.writer))
        add("writer, without the labels", ask_all(blind, truth, seen))
    add("writer", written)
    if options.api:
        with BenchServer() as server:
            api = Api(server)
            answers = {number: api.ask(photo, ASKED) for number, photo in truth.photos.items()}
        add("writer, through the API", answers)
    print(
        f"{options.split}, {len(truth.photos)} photos; CHAIR by labels and people, then by labels"
    )
    report(rows, truth, judge)
    for line in judge.left_out:
        print(f"SKIPPED {line}")
    print(f"scenes known, {lasted:.0f} ms a caption")
    if options.write:
        options.write.write_text(json.dumps(written, indent=1), "utf-8")
    if options.sheet:
        sheet(options.sheet, written, truth)


if __name__ == "__main__":
    main()
