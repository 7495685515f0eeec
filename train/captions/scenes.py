"""Scenes to learn from: true layouts, seen as our eyes would have seen them.

`Looks` is what the eyes really found on photos whose true objects are known (coco_train). From it
`Simulation` learns how the detector errs, thing by thing: every true object of a layout borrows the
fate of a true object of its kind and size (missed, or found with that score and that shift), and a
layout borrows the inventions and the whole-picture features of a photo that is about the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train.captions.words import split
from twinsight.engines.pocket.captions_scene import (
    MOST_OBJECTS,
    Features,
    concept_table,
    features,
    object_numbers,
    prominence,
)
from twinsight.engines.roles import Sketch
from twinsight.geometry.boxes import iou
from twinsight.geometry.detections import Detections

SPOKEN_OF = 0.4
"""Share of a photo's captions that mention a concept which the photo is about."""

SAME = 0.4
"""Overlap at which a found box is that of a true object of its kind."""


@dataclass(frozen=True)
class Layout:
    """The true objects of a photo and what people said of it."""

    id: int
    wh: tuple[int, int]
    objects: Detections
    captions: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Look:
    """A photo with known objects, and what the eyes found on it."""

    layout: Layout
    sketch: Sketch


def layouts(path: Path) -> list[Layout]:
    """The layouts of `scenes.jsonl`."""
    read = []
    for line in path.read_text("utf-8").splitlines():
        one = json.loads(line)
        objects = _objects(
            [o["xyxy"] for o in one["objects"]], [o["label"] for o in one["objects"]]
        )
        read.append(
            Layout(
                one["id"],
                tuple(one["wh"]),
                objects,
                tuple(tuple(split(c)) for c in one["captions"]),
            )
        )
    return read


def photo_layouts(folder: Path) -> list[tuple[Path, Layout]]:
    """The photos of a folder in COCO's format; those without captions have none."""
    truth = json.loads((folder / "instances.json").read_text("utf-8"))
    said = json.loads((folder / "captions.json").read_text("utf-8"))
    names = {kind["id"]: kind["name"] for kind in truth["categories"]}
    boxes: dict[int, list[Any]] = {photo["id"]: [] for photo in truth["images"]}
    for one in truth["annotations"]:
        x, y, w, h = one["bbox"]
        boxes[one["image_id"]].append(([x, y, x + w, y + h], names[one["category_id"]]))
    read = []
    for photo in truth["images"]:
        here = boxes[photo["id"]]
        objects = _objects([box for box, _ in here], [name for _, name in here])
        captions = tuple(tuple(split(c)) for c in said.get(str(photo["id"]), ()))
        wh = (photo["width"], photo["height"])
        read.append(
            (folder / "images" / photo["file_name"], Layout(photo["id"], wh, objects, captions))
        )
    return read


def _objects(xyxy: list[list[float]], labels: list[str]) -> Detections:
    boxes = np.array(xyxy, np.float32).reshape(-1, 4)
    return Detections(boxes, np.ones(len(labels), np.float32), tuple(labels))


@dataclass(frozen=True)
class Fate:
    """What became of a true object: the boxes found for it, relative to it, and their scores."""

    area: float
    found: tuple[tuple[NDArray[np.float32], float], ...]


class Simulation:
    """How the eyes would have seen a layout."""

    def __init__(self, looks: list[Look], kinds: tuple[str, ...]) -> None:
        self._kinds = kinds
        self._fates: dict[str, list[Fate]] = {}
        self._inventions: list[tuple[frozenset[str], Detections, tuple[int, int]]] = []
        for look in looks:
            self._learn(look)
        self._all = [fate for fates in self._fates.values() for fate in fates]
        told = [look for look in looks if look.layout.captions]
        self._wholes = np.stack([features(look.sketch, kinds).whole for look in told])
        self._about = np.stack([about(look.layout) for look in told])
        concepts = self._about.shape[1]
        self._there = self._wholes[:, :concepts][self._about >= SPOKEN_OF]

    def _learn(self, look: Look) -> None:
        true, found = look.layout.objects, look.sketch.objects
        overlap = (
            iou(found.xyxy, true.xyxy)
            if len(found) and len(true)
            else np.zeros((len(found), len(true)))
        )
        same = np.array([[f == t for t in true.label] for f in found.label]).reshape(overlap.shape)
        overlap = np.where(same, overlap, 0)
        owner = overlap.argmax(axis=1) if len(true) else np.zeros(len(found), int)
        owned = overlap.max(axis=1, initial=0) >= SAME
        w, h = look.layout.wh
        for i, label in enumerate(true.label):
            box = true.xyxy[i]
            size = np.maximum(box[2:] - box[:2], 1)
            mine = [
                ((found.xyxy[j] - box) / np.tile(size, 2), float(found.score[j]))
                for j in np.flatnonzero(owned & (owner == i))
            ]
            self._fates.setdefault(label, []).append(
                Fate(float(size.prod() / (w * h)), tuple(mine))
            )
        self._inventions.append((frozenset(true.label), found.take(~owned), look.layout.wh))

    def see(self, layout: Layout, draw: np.random.Generator) -> Features:
        """The layout as the writer would get it."""
        seen = self._seen(layout, draw)
        kept = np.argsort(-prominence(seen, layout.wh), kind="stable")[:MOST_OBJECTS]
        numbers = object_numbers(seen, layout.wh)[kept]
        index = {name: number for number, name in enumerate(self._kinds)}
        kind = np.array([index[seen.label[i]] for i in kept], np.int64)
        whole = self._whole(layout, draw)
        whole[-2:] = np.log(layout.wh[0] / layout.wh[1]), np.log1p(len(kept)) / 3
        return Features(kind, numbers, whole)

    def _seen(self, layout: Layout, draw: np.random.Generator) -> Detections:
        w, h = layout.wh
        boxes, scores, labels = [], [], []
        for box, label in zip(layout.objects.xyxy, layout.objects.label, strict=True):
            size = np.maximum(box[2:] - box[:2], 1)
            for shift, score in self._fate(label, float(size.prod() / (w * h)), draw).found:
                boxes.append(box + shift * np.tile(size, 2))
                scores.append(np.clip(score + draw.normal(0, 0.03), 0.05, 1))
                labels.append(label)
        invented, wh = self._invented(layout, draw)
        boxes += list(invented.xyxy * np.tile(np.array([w / wh[0], h / wh[1]]), 2))
        scores += list(invented.score)
        labels += list(invented.label)
        xyxy = np.clip(np.array(boxes, np.float32).reshape(-1, 4), 0, np.tile([w, h], 2))
        return Detections(xyxy.astype(np.float32), np.array(scores, np.float32), tuple(labels))

    def _fate(self, label: str, area: float, draw: np.random.Generator) -> Fate:
        """That of one of the eight true objects nearest in size, of its kind where enough are."""
        fates = self._fates.get(label, [])
        if len(fates) < 6:
            fates = self._all
        distance = np.abs(np.log([f.area for f in fates]) - np.log(max(area, 1e-6)))
        near = np.argsort(distance + draw.random(len(fates)) * 0.2)[:8]
        return fates[int(draw.choice(near))]

    def _invented(
        self, layout: Layout, draw: np.random.Generator
    ) -> tuple[Detections, tuple[int, int]]:
        """The false boxes of one of the twelve photos that are most alike in kinds."""
        here = frozenset(layout.objects.label)
        alike = [
            len(here & kinds) / max(len(here | kinds), 1) + draw.random() * 0.2
            for kinds, _, _ in self._inventions
        ]
        _, found, wh = self._inventions[int(draw.choice(np.argsort(alike)[-12:]))]
        return found, wh

    def _whole(self, layout: Layout, draw: np.random.Generator) -> NDArray[np.float32]:
        """The features of a photo that is about the same things, put right where it is not.

        What the labels say of a concept is drawn anew where people spoke of it and not of the
        other photo's, or the other way round. Few photos have captions, so for a concept with few
        photos the labels speak as they do for concepts on the whole.
        """
        mine = about(layout)
        norms = np.linalg.norm(self._about, axis=1) * np.linalg.norm(mine) + 1e-6
        alike = self._about @ mine / norms + draw.random(len(norms)) * 0.15
        donor = int(draw.choice(np.argsort(alike)[-6:]))
        whole = self._wholes[donor].copy()
        theirs = self._about[donor]
        for concept in np.flatnonzero((mine >= SPOKEN_OF) & (theirs < SPOKEN_OF)):
            there = self._wholes[self._about[:, concept] >= SPOKEN_OF, concept]
            pool = there if len(there) >= 4 else self._there
            whole[concept] = draw.choice(pool)
        for concept in np.flatnonzero((mine == 0) & (theirs > 0)):
            whole[concept] = draw.choice(self._wholes[self._about[:, concept] == 0, concept])
        return np.asarray(whole + draw.normal(0, 0.04, len(whole)), np.float32)


def about(layout: Layout) -> NDArray[np.float32]:
    """For each concept the share of the captions that mention it."""
    said = [
        set(caption) | {part for word in caption for part in word.split("_")}
        for caption in layout.captions
    ]
    return np.array(
        [np.mean([bool(words & caption) for caption in said]) for _, words, _ in concept_table()],
        np.float32,
    )
