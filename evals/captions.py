"""How well a picture is put into one sentence, on the photos of `coco_dev`.

    python -m evals.captions --shared ../shared [--api] [--write FILE] [--sheet FILE.png]

Asks "Caption this image." in process (`--api`: through a real server) and compares the answers with
five human captions a photo: CIDEr and BLEU-4 by `pycocoevalcap` (CIDEr's rarity of words comes from
these photos' own captions, as is usual). CHAIR: of the kinds of objects that captions name, the
share that is not there (i), and the share of captions that name one (s); a kind is there when the
instance labels have it, or (as CHAIR's authors count) a person mentioned it. Rows to compare with:
the sentence by rule that is said without a writer, the writer that is told of objects but not of
labels, a person's caption against the other four.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench.server import BenchServer
from evals.answers import Asker, instances
from evals.api import Api
from train.captions.words import kinds_in, split
from twinsight.engines.eyes import Eyes, open_eyes
from twinsight.engines.roles import Sketch, Wording, Writer
from twinsight.prompt import Sampling
from twinsight.tasks.scene import SceneCache

ASKED = "Caption this image."
Captions = Mapping[int, str]


class Truth:
    """What people said of each photo, and which kinds of objects are on it."""

    def __init__(self, folder: Path) -> None:
        self.photos, _ = instances(folder)
        said = json.loads((folder / "captions.json").read_text("utf-8"))
        self.said: dict[int, list[str]] = {number: said[str(number)] for number in self.photos}
        data = json.loads((folder / "instances.json").read_text("utf-8"))
        names = {category["id"]: category["name"] for category in data["categories"]}
        self.there: dict[int, set[str]] = defaultdict(set)
        for one in data["annotations"]:
            self.there[one["image_id"]].add(names[one["category_id"]])

    def told(self, number: int) -> set[str]:
        """The kinds that are on the photo by its labels or by what anybody said of it."""
        return self.there[number].union(*(kinds_in(split(c)) for c in self.said[number]))


def plain(caption: str) -> str:
    """Lower-case words without punctuation, as the COCO caption server compares them."""
    words = re.findall(r"[a-z0-9]+|'[a-z]+", caption.lower().replace("’", "'"))
    return " ".join(words)


def likeness(said: Captions, references: Mapping[int, Sequence[str]]) -> tuple[float, float]:
    """CIDEr and BLEU-4, times 100."""
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider

    answers = {number: [plain(caption)] for number, caption in said.items()}
    people = {number: [plain(c) for c in references[number]] for number in said}
    cider, _ = Cider().compute_score(people, answers)
    bleu, _ = Bleu(4).compute_score(people, answers, verbose=0)
    return 100 * float(cider), 100 * float(bleu[3])


def chair(said: Captions, there: Callable[[int], set[str]]) -> tuple[float, float, int]:
    """Of the kinds named the share that is not there, the share of such captions, kinds named."""
    named = wrong = bad = 0
    for number, caption in said.items():
        kinds = kinds_in(split(caption))
        unseen = kinds - there(number)
        named, wrong, bad = named + len(kinds), wrong + len(unseen), bad + bool(unseen)
    return wrong / max(named, 1), bad / len(said), named


def report(row: str, said: Captions, truth: Truth, references: Any = None) -> None:
    cider, bleu = likeness(said, references or truth.said)
    told, labelled = chair(said, truth.told), chair(said, lambda n: truth.there[n])
    words = float(np.mean([len(plain(c).split()) for c in said.values()]))
    print(
        f"{row:34} {cider:6.1f} {bleu:6.1f}   {told[0]:6.1%} {told[1]:6.1%}   {labelled[0]:6.1%} "
        f"{labelled[1]:6.1%}   {told[2] / len(said):5.2f} {words:5.1f}",
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
    parser.add_argument("--api", action="store_true", help="ask a real server as well")
    parser.add_argument("--write", type=Path, help="the captions as JSON")
    parser.add_argument("--sheet", type=Path, help="30 photos with their captions, as a picture")
    options = parser.parse_args()
    folder = Path(options.shared) / "data" / "coco_dev"
    if not folder.is_dir():
        raise SystemExit(f"no photos at {folder}")
    if find_spec("pycocoevalcap") is None:
        raise SystemExit("SKIPPED: the measures are those of `pip install pycocoevalcap`.")
    truth = Truth(folder)
    eyes = open_eyes("pocket")
    print(f"coco_dev, {len(truth.photos)} photos; CHAIR by labels and people, and by labels alone")
    print(
        f"{'':34} {'CIDEr':>6} {'BLEU-4':>6}   {'i':>6} {'s':>6}   {'i':>6} {'s':>6}   kinds words"
    )
    one, others = person(truth)
    report("a person, against the other four", one, truth, others)
    seen = SceneCache(len(truth.photos))
    report("sentence by rule", ask_all(replace(eyes, writer=None), truth, seen), truth)
    started = time.perf_counter()
    written = ask_all(eyes, truth, seen)
    report("writer", written, truth)
    print(f"scenes known, {1000 * (time.perf_counter() - started) / len(written):.0f} ms a caption")
    if eyes.writer is not None:
        blind = replace(eyes, writer=Blind(eyes.writer))
        report("writer, without the labels", ask_all(blind, truth, seen), truth)
    if options.api:
        with BenchServer() as server:
            api = Api(server)
            answers = {number: api.ask(photo, ASKED) for number, photo in truth.photos.items()}
        report("writer, through the API", answers, truth)
    if options.write:
        options.write.write_text(json.dumps(written, indent=1), "utf-8")
    if options.sheet:
        sheet(options.sheet, written, truth)


if __name__ == "__main__":
    main()
