"""A picture's findings as numbers: what the caption writer is given, in training as in use.

Each object becomes a row (its kind, its place and size, how sure it is, how many of its kind there
are); the whole picture becomes one more, of what the labeler's names, its colours and its light
suggest that it is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from twinsight.engines import weights
from twinsight.engines.roles import Label, Sketch
from twinsight.geometry.detections import Detections

MOST_OBJECTS = 24
"""Objects that a caption is written from: the most prominent ones."""

NUMBERS = 9
"""Numbers that tell an object's place, size, score and company."""

COLOURS = (
    "black", "blue", "brown", "green", "grey", "orange", "pink", "purple", "red", "turquoise",
    "white", "yellow",
)  # fmt: skip

FAINT = 1e-4
"""Probability that counts as none."""


@dataclass(frozen=True, slots=True)
class Features:
    """`kinds` (n,) int64, `numbers` (n, NUMBERS) and `whole` (w,) float32, all about 0 to 1."""

    kinds: NDArray[np.int64]
    numbers: NDArray[np.float32]
    whole: NDArray[np.float32]


@cache
def concepts() -> tuple[str, ...]:
    """What a photo may be about."""
    return tuple(name for name, _, _ in concept_table())


@cache
def concept_table() -> tuple[tuple[str, frozenset[str], frozenset[str]], ...]:
    """Each concept, the words of captions that are about it, the labels that speak for it."""
    text = weights.table("captions_say", "captions.concepts.txt")
    table = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, words, labels = (cell.strip() for cell in line.split("|"))
            said = frozenset(word.strip() for word in words.split(","))
            table.append((name, said, frozenset(label.strip() for label in labels.split(";"))))
    return tuple(table)


@cache
def _spoken_for() -> dict[str, tuple[int, ...]]:
    """Label (or, after "*", broader word) → the concepts that it speaks for."""
    table: dict[str, tuple[int, ...]] = {}
    for index, (_, _, labels) in enumerate(concept_table()):
        for label in labels:
            table[label] = (*table.get(label, ()), index)
    return table


def features(sketch: Sketch, kinds: tuple[str, ...]) -> Features:
    """The writer's input; `kinds` are the names that the detector knows, in its order."""
    kept = np.argsort(-prominence(sketch.objects, sketch.wh), kind="stable")[:MOST_OBJECTS]
    numbers = object_numbers(sketch.objects, sketch.wh)[kept]
    index = {name: number for number, name in enumerate(kinds)}
    kind = np.array([index[sketch.objects.label[i]] for i in kept], np.int64)
    whole = np.concatenate(
        [
            concept_numbers(sketch.labels),
            [dict(sketch.colours).get(colour, 0.0) for colour in COLOURS],
            [sketch.brightness, np.log(sketch.wh[0] / sketch.wh[1]), np.log1p(len(kept)) / 3],
        ]
    )
    return Features(kind, numbers, whole.astype(np.float32))


def prominence(objects: Detections, wh: tuple[int, int]) -> NDArray[np.float32]:
    """How much each object (n,) matters to a caption: large and sure ones first."""
    sides = (objects.xyxy[:, 2:] - objects.xyxy[:, :2]) / np.array(wh, np.float32)
    return np.asarray(np.sqrt(np.maximum(sides.prod(axis=1), 0)) * objects.score, np.float32)


def object_numbers(objects: Detections, wh: tuple[int, int]) -> NDArray[np.float32]:
    """Centre, size, square root of the area, score, number of its kind, share of it: (n, 9)."""
    if not len(objects):
        return np.zeros((0, NUMBERS), np.float32)
    xyxy = objects.xyxy / np.tile(np.array(wh, np.float32), 2)
    size = np.maximum(xyxy[:, 2:] - xyxy[:, :2], 0)
    centre = (xyxy[:, :2] + xyxy[:, 2:]) / 2
    count = np.array([objects.label.count(label) for label in objects.label], np.float32)
    area = size.prod(axis=1)
    rank = np.argsort(np.argsort(-area, kind="stable"), kind="stable")
    columns = [
        np.sqrt(area),
        objects.score,
        np.log1p(count) / 3,
        np.log1p(rank) / 3,
        (count > 1).astype(np.float32),
    ]
    return np.hstack([centre, size, np.stack(columns, axis=1)]).astype(np.float32)


def concept_numbers(labels: tuple[Label, ...]) -> NDArray[np.float32]:
    """For each concept 0 (no label speaks for it) to 1 (the labels are sure of it)."""
    sums = np.zeros(len(concepts()), np.float32)
    spoken_for = _spoken_for()
    for label in labels:
        for word in (label.name, *(f"*{kind}" for kind in label.kinds)):
            for index in spoken_for.get(word, ()):
                sums[index] += label.score
    return np.asarray(np.log(np.maximum(sums, FAINT)) / -np.log(FAINT) + 1, np.float32)
