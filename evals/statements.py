"""How well statements about photos are judged: VSR's, and captions against altered ones.

    python -m evals.statements --shared ../shared [--train] [--in-process]

On `coco_dev`, through a real server (for reporting only): VSR's 26 spatial statements, "true or
false?", and SugarCrepe's 481 captions, each beside one that was altered so that it is wrong: "Which
caption fits the image better? A: … B: …", in an order drawn by chance. `--train`: the same question
about captions of `coco_train` and our own alterations of them (another thing, one thing more, two
things in each other's place), by which settings may be chosen. An answer that decides nothing is
wrong, and is counted apart as well.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.server import BenchServer
from evals.answers import SEED, Asker, Question, instances, vsr_questions, yes_or_no
from evals.api import Api
from train.captions.words import kind_of, kinds_in, split
from twinsight.engines.eyes import open_eyes
from twinsight.tasks.wording.english import article

Ask = Callable[[Path, str], str]


def fit_question(draw: random.Random, photo: Path, right: str, wrong: str, group: str) -> Question:
    """Which of two captions fits; the right one is A or B by chance."""
    is_first = draw.random() < 0.5
    first, second = (right, wrong) if is_first else (wrong, right)
    asked = (
        f"Which caption fits the image better?\nA: {first.strip()}\nB: {second.strip()}\n"
        "Answer with A or B."
    )
    return Question(photo, asked, "A" if is_first else "B", group)


def sugarcrepe_questions(folder: Path) -> list[Question]:
    photos, _ = instances(folder)
    draw = random.Random(SEED)
    return [
        fit_question(
            draw, photos[one["image_id"]], one["caption"], one["negative_caption"], one["kind"]
        )
        for one in json.loads((folder / "sugarcrepe.json").read_text("utf-8"))
    ]


def made_questions(folder: Path) -> list[Question]:
    """Captions beside our own alterations of them."""
    photos, counts = instances(folder)
    said = json.loads((folder / "captions.json").read_text("utf-8"))
    often = [name for name, _ in Counter(n for c in counts.values() for n in c).most_common(40)]
    draw = random.Random(SEED)
    asked = []
    for number in (number for number in photos if str(number) in said):
        captions = said[str(number)]
        here = set(counts[number]).union(*(kinds_in(split(c)) for c in captions))
        absent = [name for name in often if name not in here]
        for caption in captions[:3]:
            asked += [
                fit_question(draw, photos[number], caption, wrong, group)
                for group, wrong in altered(draw, split(caption), absent)
            ]
    return asked


def altered(
    draw: random.Random, words: Sequence[str], absent: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """A caption's words made wrong, in up to three ways."""
    named = [at for at, word in enumerate(words) if kind_of(word)]
    if named:
        other = [*words]
        other[draw.choice(named)] = draw.choice(absent)
        yield "another thing", _caption(other)
    yield "one thing more", _caption([*words, "and", article(draw.choice(absent))])
    if len({kind_of(words[at]) for at in named}) > 1:
        one, two = draw.sample(named, 2)
        swapped = [*words]
        swapped[one], swapped[two] = words[two], words[one]
        yield "changed places", _caption(swapped)


def _caption(words: Sequence[str]) -> str:
    return " ".join(words).replace("_", " ").replace(" ,", ",")


def tell(title: str, questions: Sequence[Question], ask: Ask, read: Callable[[str], str]) -> None:
    """Prints how many are right, in all and by group, and how many decided nothing."""
    rights: dict[str, list[bool]] = defaultdict(list)
    open_: Counter[str] = Counter()
    for question in questions:
        word = read(ask(question.photo, question.text))
        for group in ("all", question.group):
            rights[group].append(word == question.expected)
            open_[group] += word == "unknown"
    for group, right in rights.items():
        decided = len(right) - open_[group]
        print(
            f"{title:12} {group:20} {sum(right):4} of {len(right):4} right "
            f"({sum(right) / len(right):.1%}); undecided {open_[group]:3}; of the decided "
            f"{sum(right) / max(decided, 1):.1%}",
            flush=True,
        )


def letter(said: str) -> str:
    first = said.strip()[:1]
    return first if first in ("A", "B") and not said[1:2].isalpha() else "unknown"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--shared", type=Path, default=os.environ.get("TWINSIGHT_SHARED", "../shared")
    )
    parser.add_argument("--train", action="store_true", help="coco_train, in process")
    parser.add_argument("--in-process", action="store_true", help="without a server")
    options = parser.parse_args()
    data = Path(options.shared) / "data"
    if not data.is_dir():
        raise SystemExit(f"no photos at {data}")
    if options.train:
        asker = Asker(open_eyes("pocket"))
        tell("coco_train", made_questions(data / "coco_train"), asker.ask, letter)
        return
    folder = data / "coco_dev"
    if options.in_process:
        report(folder, Asker(open_eyes("pocket")).ask)
        return
    with BenchServer() as server:
        report(folder, Api(server).ask)


def report(folder: Path, ask: Ask) -> None:
    tell("VSR", vsr_questions(folder), ask, yes_or_no)
    tell("SugarCrepe", sugarcrepe_questions(folder), ask, letter)


if __name__ == "__main__":
    main()
