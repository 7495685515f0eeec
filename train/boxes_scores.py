"""The least score at which an object is said to be there, for each kind and each purpose.

One look, two purposes, and each is judged in its own way on training photos:

- list: an answer's boxes carry no scores, so what counts is how many of them are right and how
  many objects the list has: F1.
- presence: "is there a dog?" A photo is asked about every kind that it shows, and as often about
  kinds that it does not show, each as often as other photos show it: the share of right answers.

Counts are taken from the list: scores learned for exact counts were no better on photos left out
(36.3 % exact against 37.9 %).

For each kind the least score is the one that did best; kinds that are seldom asked about lean on
the score that is best for all kinds together.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image, ImageOps

from twinsight.engines.pocket import boxes as engine
from twinsight.geometry.boxes import iou

RIGHT = 0.5
"""A box is right when it overlaps a true one of its kind by this much."""
LEAN = 100.0
"""Objects, or questions, of a kind that weigh as much as the view over all kinds."""
GRID = np.round(np.arange(0.05, 0.66, 0.01), 2)
AROUND = 2
"""A score is as good as it and so many on each side of it are: one box must not decide."""
FLOOR = engine.FLOOR

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Photo:
    """What one photo shows, (n, 4) boxes with kinds, and what was found on it."""

    xyxy: Floats
    kind: NDArray[np.intp]
    crowd: NDArray[np.bool_]
    found: engine.Found


def learn(detector: engine.PocketDetector, data: Path, truth: dict[str, Any]) -> dict[str, Any]:
    """The key ``least_scores`` of the manifest: by setting and purpose, one score a kind."""
    learned = {}
    for setting, views in engine.VIEWS.items():
        photos = look(detector, data, truth, views)
        learned[setting] = {
            "list": for_lists(photos),
            "presence": for_presence(photos),
        }
    return {"least_scores": learned}


def look(
    detector: engine.PocketDetector,
    data: Path,
    truth: dict[str, Any],
    views: tuple[engine.View, ...],
) -> list[Photo]:
    """Every training photo, looked at as answers look."""
    ids = sorted(entry["id"] for entry in truth["categories"])
    index = {number: i for i, number in enumerate(ids)}
    true: dict[int, list[Any]] = {photo["id"]: [] for photo in truth["images"]}
    for entry in truth["annotations"]:
        true[entry["image_id"]].append(entry)
    photos = []
    for image in truth["images"]:
        file = Image.open(data / "images" / image["file_name"])
        rgb = np.asarray(ImageOps.exif_transpose(file).convert("RGB"))
        entries = true[image["id"]]
        xywh = np.array([entry["bbox"] for entry in entries], np.float64).reshape(-1, 4)
        photos.append(
            Photo(
                np.hstack([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]]),
                np.array([index[entry["category_id"]] for entry in entries], np.intp),
                np.array([bool(entry.get("iscrowd")) for entry in entries], bool),
                detector.likely(rgb, views),
            )
        )
    return photos


def for_lists(photos: list[Photo]) -> list[float]:
    """The least scores with the best F1."""
    rows = [row for photo in photos for row in _judged(photo)]
    kind, score, right = (np.array(column) for column in zip(*rows, strict=True))
    true = np.concatenate([photo.kind[~photo.crowd] for photo in photos])
    count = np.bincount(true, minlength=engine.CLASSES)
    given = score[None, :] >= GRID[:, None]  # (grid, boxes)
    # F1 = 2 right / (given + true), so sums of both over kinds can be weighed together
    hits, all_ = np.zeros((2, len(GRID), engine.CLASSES))
    for k in range(engine.CLASSES):
        mine = kind == k
        hits[:, k] = 2 * (given[:, mine] & right[mine]).sum(axis=1)
        all_[:, k] = given[:, mine].sum(axis=1) + count[k]
    return _best(hits, all_, float(count.sum()))


def _judged(photo: Photo) -> list[tuple[int, float, bool]]:
    """(kind, score, right) of every box found.

    Each true box is found once, by the best; what lies on a crowd is neither right nor wrong.
    """
    found = photo.found
    overlap = iou(found.xyxy, photo.xyxy) * (found.kind[:, None] == photo.kind[None, :])
    free, rows = ~photo.crowd, []
    for i in range(len(found.kind)):
        candidates = np.where(free, overlap[i], 0)
        right = bool(len(candidates)) and bool(candidates.max() >= RIGHT)
        if right:
            free[int(candidates.argmax())] = False
        elif (overlap[i][photo.crowd] > 0).any():
            continue
        rows.append((int(found.kind[i]), float(found.score[i]), right))
    return rows


def for_presence(photos: list[Photo]) -> list[float]:
    """The least scores with which most questions "is there a …?" are answered rightly."""
    there = np.stack([np.bincount(p.kind, minlength=engine.CLASSES) > 0 for p in photos])
    best = np.zeros(there.shape)  # the best score of each kind on each photo
    for photo, row in zip(photos, best, strict=True):
        np.maximum.at(row, photo.found.kind, photo.found.score)
    often = there.mean(axis=0)
    absent = np.where(there, 0, often[None, :])
    absent *= there.sum(axis=1, keepdims=True) / np.maximum(absent.sum(axis=1, keepdims=True), 1e-9)
    asked = there + absent
    said = best[None] >= GRID[:, None, None]  # (grid, photos, kinds)
    right = ((said == there[None]) * asked[None]).sum(axis=1)
    return _best(right, np.broadcast_to(asked.sum(axis=0), right.shape), float(asked.sum()))


def _best(good: Floats, of: Floats, total: float) -> list[float]:
    """For each kind the least score with the best share of `good`, (grid, kinds) both."""
    lean = LEAN / max(total, 1.0)
    share = (good + lean * good.sum(axis=1, keepdims=True)) / (
        of + lean * of.sum(axis=1, keepdims=True)
    )
    steady = sliding_window_view(share, 2 * AROUND + 1, axis=0).mean(axis=-1)
    return [float(value) for value in GRID[AROUND:-AROUND][steady.argmax(axis=0)]]
