"""From a detector's raw output to boxes and scores: one pure function for each kind of output.

Each takes the network's outputs by name, the size of its input and how many kinds its card has, and
gives boxes (n, 4) in pixels of that input and scores (n, kinds), 0 to 1. Each raises ValueError for
outputs of another form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Outputs = Mapping[str, NDArray[Any]]
Boxes = tuple[NDArray[np.float32], NDArray[np.float32]]
Head = Callable[[Outputs, tuple[int, int], int], Boxes]

YOLOX_STRIDES = (8, 16, 32)
SIZES_INPUT = "orig_target_sizes"
"""D-FINE's second input: width and height of what its boxes are to be in, int64 (1, 2)."""


def yolox(outputs: Outputs, wh: tuple[int, int], kinds: int) -> Boxes:
    """YOLOX: (1, cells, 5 + kinds) of centre (in strides, from the cell), log size, object, kinds.

    The rows are the cells of the maps of strides 8, 16 and 32, line by line. Source: YOLOX
    (Megvii), whose exported models leave this arithmetic to the caller.
    """
    grids, strides = [], []
    for stride in YOLOX_STRIDES:
        y, x = np.divmod(np.arange((wh[1] // stride) * (wh[0] // stride)), wh[0] // stride)
        grids.append(np.stack([x, y], axis=1))
        strides.append(np.full((len(x), 1), stride))
    grid, stride_of = np.concatenate(grids), np.concatenate(strides)
    rows = _only(outputs, (len(grid), 5 + kinds), "YOLOX")
    middle = (rows[:, :2] + grid) * stride_of
    # A size beyond e^12 strides is no size; the exponent must not overflow.
    half = np.exp(np.minimum(rows[:, 2:4], 12)) * stride_of / 2
    xyxy = np.hstack([middle - half, middle + half])
    return np.asarray(xyxy, np.float32), np.asarray(rows[:, 4:5] * rows[:, 5:], np.float32)


def yolo(outputs: Outputs, wh: tuple[int, int], kinds: int) -> Boxes:
    """YOLO since version 8: (1, 4 + kinds, n) of centre and size in pixels, and probabilities.

    A box may come more than once: the card's `overlap` makes it one.
    """
    rows = _only(outputs, (4 + kinds, None), "YOLO").T
    half = rows[:, 2:4] / 2
    xyxy = np.hstack([rows[:, :2] - half, rows[:, :2] + half])
    return np.asarray(xyxy, np.float32), np.asarray(rows[:, 4:], np.float32)


def yolo_end(outputs: Outputs, wh: tuple[int, int], kinds: int) -> Boxes:
    """YOLO that gives each object once (10, 26): (1, n, 6) of corners, probability and kind."""
    rows = _only(outputs, (None, 6), "YOLO")
    return np.asarray(rows[:, :4], np.float32), _spread(rows[:, 5], rows[:, 4], kinds)


def detr(outputs: Outputs, wh: tuple[int, int], kinds: int) -> Boxes:
    """The DETR family: boxes (1, n, 4) as centre and size, 0 to 1; logits (1, n, kinds).

    Each kind's logit stands for itself (sigmoid). RF-DETR's own export calls them `dets` and
    `labels`; those of RF-DETR, D-FINE, RT-DETR and OWLv2 from Transformers `pred_boxes` and
    `logits`.
    """
    boxes = _named(outputs, ("pred_boxes", "dets"), (None, 4))
    logits = _named(outputs, ("logits", "labels"), (len(boxes), kinds))
    return corners(boxes) * np.asarray((*wh, *wh), np.float32), sigmoid(logits)


def detr_softmax(outputs: Outputs, wh: tuple[int, int], kinds: int) -> Boxes:
    """The first DETR and YOLOS: as `detr`, but kinds vie with each other and with nothing.

    `logits` are (1, n, kinds + 1), and the last column stands for nothing.
    """
    boxes = _named(outputs, ("pred_boxes",), (None, 4))
    logits = _named(outputs, ("logits",), (len(boxes), kinds + 1))
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    scores = np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float32)
    return corners(boxes) * np.asarray((*wh, *wh), np.float32), scores[:, :-1]


def dfine(outputs: Outputs, wh: tuple[int, int], kinds: int) -> Boxes:
    """D-FINE's and RT-DETR's own export, which decodes by itself.

    `labels` (1, n) whole numbers, `boxes` (1, n, 4) corners in the pixels that `orig_target_sizes`
    asked for, which are the input's here, `scores` (1, n).
    """
    xyxy = _named(outputs, ("boxes",), (None, 4))
    label = _named(outputs, ("labels",), (len(xyxy),))
    score = _named(outputs, ("scores",), (len(xyxy),))
    return np.asarray(xyxy, np.float32), _spread(label, score, kinds)


def _spread(kind: NDArray[Any], score: Floats, kinds: int) -> NDArray[np.float32]:
    """One kind and score for each row -> scores (n, kinds)."""
    if kind.size and (kind.min() < 0 or kind.max() >= kinds):
        raise ValueError(f"it tells kinds up to {kind.max():g}; its card has {kinds}")
    scores = np.zeros((len(kind), kinds), np.float32)
    scores[np.arange(len(kind)), kind.astype(np.intp)] = score
    return scores


def grounding_dino(outputs: Outputs, wh: tuple[int, int], tokens: Sequence[Sequence[int]]) -> Boxes:
    """Grounding DINO: `pred_boxes` as DETR's, `logits` (1, n, tokens of the text).

    A name is as probable as the likeliest of its `tokens`, by their places in the text.
    """
    boxes = _named(outputs, ("pred_boxes",), (None, 4))
    logits = _named(outputs, ("logits",), (len(boxes), None))
    most = max((place for places in tokens for place in places), default=-1)
    if most >= logits.shape[1]:
        raise ValueError(f"it answers for {logits.shape[1]} tokens; the text has {most + 1}")
    scores = np.zeros((len(boxes), len(tokens)), np.float32)
    for kind, places in enumerate(tokens):
        if places:
            scores[:, kind] = sigmoid(logits[:, list(places)]).max(axis=1)
    with np.errstate(all="ignore"):
        return corners(boxes) * np.asarray((*wh, *wh), np.float32), scores


def corners(boxes: Floats) -> NDArray[np.float32]:
    """Boxes (n, 4) as centre and size -> as left, top, right, bottom."""
    half = boxes[:, 2:] / 2
    return np.asarray(np.hstack([boxes[:, :2] - half, boxes[:, :2] + half]), np.float32)


def sigmoid(logits: Floats) -> NDArray[np.float32]:
    """Probabilities; those of logits beyond 60 are 0 and 1 to the last digit."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))), np.float32)


def _only(outputs: Outputs, shape: tuple[int | None, ...], whose: str) -> NDArray[Any]:
    """The single output of that shape, without its batch of one."""
    if len(outputs) != 1:
        raise ValueError(f"{whose} gives one output, not {', '.join(outputs)}")
    return _named(outputs, tuple(outputs), shape)


def _named(outputs: Outputs, names: tuple[str, ...], shape: tuple[int | None, ...]) -> NDArray[Any]:
    """The output by one of its names, without its batch of one; None is any side."""
    name = next((name for name in names if name in outputs), None)
    if name is None:
        raise ValueError(f"it has the outputs {', '.join(outputs)}, and none is {names[0]}")
    found = outputs[name]
    sides = zip(found.shape, (1, *shape), strict=False)
    if found.ndim != len(shape) + 1 or any(b not in (None, a) for a, b in sides):
        wanted = ", ".join("n" if side is None else str(side) for side in (1, *shape))
        raise ValueError(
            f"by its card {name} is ({wanted}), but it is {found.shape}: another head, or "
            "another number of labels"
        )
    only: NDArray[Any] = found[0]
    return only


def decoded(head: str, outputs: Outputs, wh: tuple[int, int], kinds: int) -> Boxes:
    """By the head of that name. Raises ValueError also for scores that are none.

    Boxes may hold numbers that are not finite, where the network's were too large.
    """
    with np.errstate(all="ignore"):
        xyxy, scores = HEADS[head](outputs, wh, kinds)
    low, high = (float(scores.min()), float(scores.max())) if scores.size else (0.0, 1.0)
    if not (low >= -SLACK and high <= 1 + SLACK):
        raise ValueError(
            f"its scores go from {low:.3g} to {high:.3g}, not from 0 to 1: another head"
        )
    return xyxy, np.clip(scores, 0, 1)


SLACK = 0.01
"""By how much a score may miss 0 and 1: networks of 8 bits round."""

HEADS: dict[str, Head] = {
    "yolox": yolox,
    "yolo": yolo,
    "yolo-end": yolo_end,
    "detr": detr,
    "detr-softmax": detr_softmax,
    "dfine": dfine,
}
