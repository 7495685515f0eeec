"""How true the answers in words are, in process, with the real engines.

    python -m evals.answers --shared ../shared [--train]

On `coco_dev` (for reporting only): POPE's yes/no questions about objects, as many yes as no made by
its recipe from the photos' instances, counts of the objects of each photo and of objects that it
does not show, VSR's spatial statements. On `coco_train`: questions of the same kinds, made from its
instances, by which settings may be chosen, and VQA's questions with ten human answers each. An
answer that says that it cannot tell counts as wrong, and is counted apart as well.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from twinsight.engines.eyes import Eyes, open_eyes
from twinsight.image.header import read_header
from twinsight.prompt import ImageRef, Prompt, Text, Turn
from twinsight.tasks.request.targets import wanted
from twinsight.tasks.request.vocabulary import kinds
from twinsight.tasks.run import Limits, answer
from twinsight.tasks.scene import SceneCache
from twinsight.tasks.wording.english import article, plural

LIMITS = Limits(8192, 100_000_000)
SEED = 0


@dataclass(frozen=True)
class Question:
    photo: Path
    text: str
    expected: str
    group: str = ""


class Asker:
    """Asks the pocket engines, photo by photo; what was seen of a photo is remembered."""

    def __init__(self, eyes: Eyes) -> None:
        self.eyes = eyes
        self.cache = SceneCache(1000)

    def ask(self, photo: Path, text: str, brief: str = "") -> str:
        data = photo.read_bytes()
        header = read_header(data)
        ref = ImageRef(
            str(photo), data=data, mime=header.mime, wh=header.wh, key=photo.name.encode()
        )
        prompt = Prompt((Turn("user", (ref, Text(text))),), system=brief)
        pieces = answer(prompt, self.eyes, self.cache, LIMITS, lambda: None)
        return "".join(piece.text for piece in pieces)


def instances(folder: Path) -> tuple[dict[int, Path], dict[int, Counter[str]]]:
    """The photos by id, and how many of each kind of object each one shows."""
    data = json.loads((folder / "instances.json").read_text("utf-8"))
    names = {category["id"]: category["name"] for category in data["categories"]}
    photos = {image["id"]: folder / "images" / image["file_name"] for image in data["images"]}
    counts: dict[int, Counter[str]] = {number: Counter() for number in photos}
    crowds = set()
    for one in data["annotations"]:
        name = names[one["category_id"]]
        counts[one["image_id"]][name] += 1
        if one.get("iscrowd"):
            crowds.add((one["image_id"], name))
    for number, name in crowds:
        del counts[number][name]
    return photos, counts


def presence_questions(folder: Path) -> list[Question]:
    """POPE's recipe on our own photos: three things that are there, three that often are."""
    photos, counts = instances(folder)
    often = [name for name, _ in Counter(n for c in counts.values() for n in c).most_common(30)]
    draw = random.Random(SEED)
    asked = []
    for number, here in counts.items():
        absent = [name for name in often if name not in here]
        yes = draw.sample(sorted(here), min(3, len(here)))
        for name, expected in [(n, "yes") for n in yes] + [
            (n, "no") for n in draw.sample(absent, len(yes))
        ]:
            article = "an" if name[0] in "aeiou" else "a"
            asked.append(
                Question(photos[number], f"Is there {article} {name} in the image?", expected, name)
            )
    return asked


def wider_questions(folder: Path) -> list[Question]:
    """Each wider word ("food", "an animal") of each photo: far more often a no than a yes."""
    photos, counts = instances(folder)
    return [
        Question(photos[number], f"Is there {article(word)}?", "yes" if here else "no", word)
        for number, found in counts.items()
        for word, members in kinds().items()
        for here in (not members.isdisjoint(found),)
    ]


def print_wider(title: str, rows: Sequence[tuple[Question, str]]) -> None:
    """As for all yes/no questions; and as if half of the answers for each word were a yes."""
    print_yes_no(title, rows)
    shares = []
    for word in kinds():
        right = {
            answer: [said == answer for q, said in rows if (q.group, q.expected) == (word, answer)]
            for answer in ("yes", "no")
        }
        shares.append(sum(sum(each) / max(len(each), 1) for each in right.values()) / 2)
    print(f"{title:34} {sum(shares) / len(shares):.1%} right, half of each word's answers a yes")


def count_questions(folder: Path) -> list[Question]:
    """How many of each kind, where there are one to ten."""
    photos, counts = instances(folder)
    return [
        Question(photos[number], f"How many {plural(name)} are in the image?", str(count))
        for number, here in counts.items()
        for name, count in here.items()
        if count <= 10
    ]


def count_questions_of_absent(folder: Path) -> list[Question]:
    """How many of what is not there but often is: as many kinds as are there, at most three."""
    return [
        Question(each.photo, f"How many {plural(each.group)} are in the image?", "0")
        for each in presence_questions(folder)
        if each.expected == "no"
    ]


def pope_questions(folder: Path) -> list[Question]:
    photos, _ = instances(folder)
    asked = json.loads((folder / "pope.json").read_text("utf-8"))
    return [
        Question(
            photos[one["image_id"]], one["question"], one["answer"], one["source"].split("_")[-1]
        )
        for one in asked
    ]


def vsr_questions(folder: Path) -> list[Question]:
    photos, _ = instances(folder)
    asked = json.loads((folder / "vsr.json").read_text("utf-8"))
    return [
        Question(
            photos[one["image_id"]],
            f"{one['statement']} True or false?",
            "yes" if one["label"] else "no",
            one["relation"],
        )
        for one in asked
    ]


def yes_or_no(said: str) -> str:
    first = said.split()[0].strip(",.").lower() if said else ""
    return first if first in ("yes", "no") else "unknown"


def judged(asker: Asker, questions: Sequence[Question]) -> Iterator[tuple[Question, str]]:
    for question in questions:
        yield question, yes_or_no(asker.ask(question.photo, question.text))


def print_yes_no(title: str, rows: Sequence[tuple[Question, str]]) -> None:
    """Accuracy, precision and recall of yes, and how often nothing was claimed."""
    right = sum(q.expected == word for q, word in rows)
    said_yes = [q.expected for q, word in rows if word == "yes"]
    yes = sum(q.expected == "yes" for q, _ in rows)
    unknown = sum(word == "unknown" for _, word in rows)
    answered = len(rows) - unknown
    precision = said_yes.count("yes") / max(len(said_yes), 1)
    recall = said_yes.count("yes") / max(yes, 1)
    print(
        f"{title:34} {right:4}/{len(rows):4} right ({right / len(rows):.1%}); yes: precision "
        f"{precision:.1%}, recall {recall:.1%}; unknown {unknown}; of the answered "
        f"{right / max(answered, 1):.1%}"
    )


def print_counts(title: str, asker: Asker, questions: Sequence[Question]) -> None:
    """Exact counts, counts within one, the mean error: by the true number."""
    errors: dict[str, list[int]] = defaultdict(list)
    for question in questions:
        word = asker.ask(question.photo, question.text, "Answer with just the number.")
        true = int(question.expected)
        error = abs((int(word) if word.isdigit() else 0) - true)
        for group in ("all", str(true) if true <= 1 else "2-4" if true <= 4 else "5-10"):
            errors[group].append(error)
    for group, found in sorted(errors.items(), reverse=True):
        exact = sum(e == 0 for e in found) / len(found)
        near = sum(e <= 1 for e in found) / len(found)
        print(
            f"{title:24} {group:9} {len(found):4} questions: exact {exact:.1%}, within one "
            f"{near:.1%}, mean error {sum(found) / len(found):.2f}"
        )


def print_vqa(asker: Asker, folder: Path) -> None:
    """VQA accuracy: an answer that three of ten people gave is wholly right."""
    photos, _ = instances(folder)
    scores: dict[str, list[float]] = defaultdict(list)
    unknown = 0
    for one in json.loads((folder / "vqa.json").read_text("utf-8")):
        said = asker.ask(photos[one["image_id"]], one["question"], "Answer in one word.")
        unknown += said == "unknown"
        score = min(one["answers"].count(said.lower().rstrip(".")) / 3, 1.0)
        for group in ("all", one["answer_type"]):
            scores[group].append(score)
    for group, found in scores.items():
        print(f"VQA {group:30} {sum(found) / len(found):.1%} of {len(found)}")
    print(f"VQA questions that were left unanswered: {unknown}")


def main(eyes: Eyes | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--shared", type=Path, default=os.environ.get("TWINSIGHT_SHARED", "../shared")
    )
    parser.add_argument("--train", action="store_true", help="coco_train instead of coco_dev")
    options = parser.parse_args()
    data = Path(options.shared) / "data"
    if not data.is_dir():
        raise SystemExit(f"no photos at {data}")
    asker = Asker(eyes or open_eyes("pocket"))
    started = time.perf_counter()
    if options.train:
        folder = data / "coco_train"
        rows = list(judged(asker, presence_questions(folder)))
        print_yes_no("made from coco_train's instances", rows)
        print_wider("wider words, coco_train", list(judged(asker, wider_questions(folder))))
        print_counts("counts, coco_train", asker, count_questions(folder))
        print_counts("counts, not there", asker, count_questions_of_absent(folder))
        print_vqa(asker, folder)
    else:
        folder = data / "coco_dev"
        rows = list(judged(asker, pope_questions(folder)))
        print_yes_no("POPE", rows)
        is_around = [wanted(question.text).targets[0].unknown for question, _ in rows]
        for title, which in (("POPE, objects", False), ("POPE, surroundings", True)):
            chosen = [row for row, around in zip(rows, is_around, strict=True) if around == which]
            print_yes_no(title, chosen)
        for group in sorted({question.group for question, _ in rows}):
            print_yes_no(f"POPE {group}", [row for row in rows if row[0].group == group])
        made = list(judged(asker, presence_questions(folder)))
        print_yes_no("made from coco_dev's instances", made)
        print_wider("wider words, coco_dev", list(judged(asker, wider_questions(folder))))
        print_counts("counts, coco_dev", asker, count_questions(folder))
        print_counts("counts, not there", asker, count_questions_of_absent(folder))
        print_yes_no("VSR", list(judged(asker, vsr_questions(folder))))
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
