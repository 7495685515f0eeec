"""The least score for each kind of object, where answers carry no scores.

A list without scores is judged by how many of its boxes are right and how many objects it has:
F1. For each kind the least score is the one with the best F1 on training photos; kinds with few
objects there lean on the score that is best for all kinds together.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from twinsight.engines.pocket import boxes as engine
from twinsight.geometry.boxes import iou

FLOOR = 0.05
RIGHT = 0.5
"""A box is right when it overlaps a true one of its kind by this much."""
LEAN = 30.0
"""Objects of a kind that weigh as much as the view over all kinds."""
GRID = np.round(np.arange(0.10, 0.66, 0.01), 2)


def learn(detector: engine.PocketDetector, data: Path, truth: dict[str, Any]) -> dict[str, Any]:
    """The key ``least_scores`` of the manifest: for each setting one score a kind."""
    return {
        "least_scores": {
            setting: _least_scores(*_matched(detector, data, truth, views))
            for setting, views in engine.VIEWS.items()
        }
    }


def _matched(
    detector: engine.PocketDetector,
    data: Path,
    truth: dict[str, Any],
    views: tuple[engine.View, ...],
) -> tuple[list[tuple[int, float, bool]], NDArray[np.float64]]:
    """(kind, score, right) of every box found, and how many true boxes there are of each kind."""
    index = {entry["id"]: i for i, entry in enumerate(sorted(truth["categories"], key=_id))}
    true: dict[int, list[Any]] = {photo["id"]: [] for photo in truth["images"]}
    for entry in truth["annotations"]:
        true[entry["image_id"]].append(entry)
    rows, count = [], np.zeros(engine.CLASSES)
    for photo in truth["images"]:
        file = Image.open(data / "images" / photo["file_name"])
        rgb = np.asarray(ImageOps.exif_transpose(file).convert("RGB"))
        found = engine.distinct(detector.look(rgb, views, FLOOR))
        entries = true[photo["id"]]
        kind = np.array([index[entry["category_id"]] for entry in entries], int)
        crowd = np.array([bool(entry.get("iscrowd")) for entry in entries], bool)
        xywh = np.array([entry["bbox"] for entry in entries], np.float64).reshape(-1, 4)
        xyxy = np.hstack([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]])
        np.add.at(count, kind[~crowd], 1)
        rows += _judged(found, xyxy, kind, crowd)
    return rows, count


def _id(entry: dict[str, Any]) -> int:
    return int(entry["id"])


def _judged(
    found: engine.Found, xyxy: NDArray[np.float64], kind: NDArray[Any], crowd: NDArray[np.bool_]
) -> list[tuple[int, float, bool]]:
    """Each true box is found once, by the best; what lies on a crowd is neither right nor wrong."""
    overlap = iou(found.xyxy, xyxy) * (found.kind[:, None] == kind[None, :])
    free, rows = ~crowd, []
    for i in range(len(found.kind)):
        candidates = np.where(free, overlap[i], 0)
        right = bool(len(kind)) and bool(candidates.max() >= RIGHT)
        if right:
            free[int(candidates.argmax())] = False
        elif (overlap[i][crowd] > 0).any():
            continue
        rows.append((int(found.kind[i]), float(found.score[i]), right))
    return rows


def _least_scores(rows: list[tuple[int, float, bool]], count: NDArray[np.float64]) -> list[float]:
    kind, score, right = (np.array(column) for column in zip(*rows, strict=True))
    given = score[None, :] >= GRID[:, None]  # (grid, boxes)
    # F1 = 2 right / (given + true), so sums of both over kinds can be weighed together
    hits, all_ = np.zeros((2, len(GRID), engine.CLASSES))
    for k in range(engine.CLASSES):
        mine = kind == k
        hits[:, k] = (given[:, mine] & right[mine]).sum(axis=1)
        all_[:, k] = given[:, mine].sum(axis=1) + count[k]
    share = LEAN / max(count.sum(), 1)
    f1 = (
        2
        * (hits + share * hits.sum(axis=1, keepdims=True))
        / (all_ + share * all_.sum(axis=1, keepdims=True))
    )
    return [float(value) for value in GRID[f1.argmax(axis=0)]]
