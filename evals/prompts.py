"""How many prompts are understood as their wording says.

    python -m evals.prompts [--all]

Reads `tests/tasks/prompts.toml`, whose expectations were written from the wording alone, and prints
the share that is understood whole: task, things, filters, limit, keys, language. No model is run.
"""

from __future__ import annotations

import argparse
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twinsight.prompt import ImageRef, Prompt, Text, Turn
from twinsight.tasks.request import targets, vocabulary
from twinsight.tasks.request.intent import Task, task_of
from twinsight.tasks.request.keys import form_of
from twinsight.tasks.request.targets import Target

CASES = Path(__file__).parents[1] / "tests/tasks/prompts.toml"
SPATIAL = (Task.DETECT, Task.SEGMENT, Task.POINT)
KEYS = {Task.DETECT: "box_2d label", Task.SEGMENT: "box_2d mask label"}


def cases() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(CASES.read_text("utf-8"))["case"]
    return found


def misunderstood(case: dict[str, Any]) -> list[str]:
    """What is read from the prompt otherwise than its case says; empty when all is right."""
    return [
        f"{name}: {got!r}, not {expected!r}"
        for name, expected, got in _compared(case)
        if got != expected
    ]


def _compared(case: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    system = case.get("system", "")
    prompt = prompt_of(case["ask"], case.get("images", 1), system)
    task = task_of(prompt)
    wanted = targets.wanted(case["ask"], system)
    yield "task", case["task"], str(task)
    yield "language", case.get("language", "en"), wanted.language
    if "things" not in case:
        return
    yield (
        "things",
        [_names(t) for t in case["things"].split(";")],
        [_read(t) for t in wanted.targets],
    )
    first = wanted.targets[0]
    colours = [t.colour for t in wanted.targets]
    yield "colour", case.get("colour", "").split(";"), colours if any(colours) else [""]
    yield "worn", case.get("worn", ""), first.worn
    yield "sides", case.get("sides", "").split(), list(first.sides)
    yield "order", case.get("order", ""), first.order
    yield "rank", case.get("rank", 0), first.rank
    yield "take", case.get("take"), first.take
    yield "without", _kinds(case.get("without", "")), set(wanted.without)
    yield "near", _kinds(case.get("near", "")), set(first.near)
    yield "aside", case.get("aside", ""), first.aside
    yield "least", case.get("least", 0.0), wanted.least
    yield "span", case.get("span", [0.0, 1.0]), list(wanted.span)
    yield "besides", case.get("besides", 0), len(wanted.besides)
    yield "inside", case.get("inside", False), wanted.inside
    yield "bounds", case.get("bounds"), list(wanted.bounds) if wanted.bounds else None
    yield "sorted", case.get("sorted", ""), wanted.order
    yield "most", case.get("most"), wanted.most
    if task in SPATIAL:
        form = form_of(case["ask"], task, system)
        yield "keys", case.get("keys", KEYS.get(task, "")).split(), list(form.keys)
        yield "polygon", case.get("polygon", False), form.polygon
        yield "around", case.get("around", "").split(), [key for _, key in form.around]
        yield "scale", case.get("scale", "thousand"), form.corners.scale
        if "box" in case:
            yield "box", case["box"].split(), list(form.corners.box)


def prompt_of(question: str, images: int, system: str = "") -> Prompt:
    """A prompt of one turn: pictures that are never looked at, and the words."""
    shown = tuple(ImageRef(f"image {n}", data=b"") for n in range(images))
    return Prompt((Turn("user", (*shown, Text(question))),), system=system)


def _kinds(written: str) -> set[str]:
    """Names apart by blanks, those of several words by "_"; "@kind" for all members of a kind."""
    names: set[str] = set()
    for word in written.split():
        is_kind = word.startswith("@")
        names |= vocabulary.kinds()[word[1:]] if is_kind else {word.replace("_", " ")}
    return names


def _names(written: str) -> object:
    if written.startswith("@"):
        return vocabulary.kinds()[written[1:]]
    if written in ("*", "?", "text"):
        return written
    return frozenset(written.split("+"))


def _read(target: Target) -> object:
    if target.text:
        return "text"
    if target.names is None:
        return "*"
    return target.names or "?"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="print every prompt, not only failures")
    show_all = parser.parse_args().all
    tally: dict[str, list[bool]] = defaultdict(list)
    for case in cases():
        problems = misunderstood(case)
        for group in ("all", case["task"], case.get("language", "en")):
            tally[group].append(not problems)
        if problems or show_all:
            print(
                f"{'✗' if problems else '✓'} {case['ask'].strip()[:90]!r}", *problems, sep="\n    "
            )
    print()
    for group, right in tally.items():
        share = sum(right) / len(right)
        print(f"{group:10} {sum(right):4} of {len(right):4} understood ({share:.1%})")


if __name__ == "__main__":
    main()
