"""From a detector's raw output to boxes and scores: one pure function for each kind of output.

Each takes the network's outputs and the size of its input, and gives boxes (n, 4) in pixels of that
input and scores (n, kinds), 0 to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Boxes = tuple[NDArray[np.float32], NDArray[np.float32]]
Head = Callable[[Sequence[Floats], tuple[int, int]], Boxes]

YOLOX_STRIDES = (8, 16, 32)


def yolox(outputs: Sequence[Floats], wh: tuple[int, int]) -> Boxes:
    """YOLOX: (1, cells, 5 + kinds) of centre (in strides, from the cell), log size, object, kinds.

    The rows are the cells of the maps of strides 8, 16 and 32, line by line. Source: YOLOX
    (Megvii), whose exported models leave this arithmetic to the caller. Raises ValueError for an
    output of another form.
    """
    rows = _rows(outputs, 1)[0]
    grids, strides = [], []
    for stride in YOLOX_STRIDES:
        y, x = np.divmod(np.arange((wh[1] // stride) * (wh[0] // stride)), wh[0] // stride)
        grids.append(np.stack([x, y], axis=1))
        strides.append(np.full((len(x), 1), stride))
    grid, stride_of = np.concatenate(grids), np.concatenate(strides)
    if rows.shape[0] != len(grid) or rows.shape[1] < 6:
        raise ValueError(f"YOLOX gives ({len(grid)}, 5 + kinds) for {wh}, not {rows.shape}")
    middle = (rows[:, :2] + grid) * stride_of
    # A size beyond e^12 strides is no size; the exponent must not overflow.
    half = np.exp(np.minimum(rows[:, 2:4], 12)) * stride_of / 2
    xyxy = np.hstack([middle - half, middle + half])
    return np.asarray(xyxy, np.float32), np.asarray(rows[:, 4:5] * rows[:, 5:], np.float32)


def detr(outputs: Sequence[Floats], wh: tuple[int, int]) -> Boxes:
    """The DETR family: boxes (1, n, 4) as centre and size, 0 to 1; logits (1, n, kinds).

    Each kind's logit stands for itself (sigmoid), as in RF-DETR and D-FINE. Raises ValueError for
    outputs of another form.
    """
    boxes, logits = _rows(outputs, 2)
    if boxes.shape[1] != 4 or len(boxes) != len(logits):
        raise ValueError(f"DETR gives (n, 4) and (n, kinds), not {boxes.shape}, {logits.shape}")
    half = boxes[:, 2:] / 2
    xyxy = np.hstack([boxes[:, :2] - half, boxes[:, :2] + half]) * (*wh, *wh)
    scores = 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
    return np.asarray(xyxy, np.float32), np.asarray(scores, np.float32)


def _rows(outputs: Sequence[Floats], count: int) -> list[Floats]:
    """The first outputs without their batch of one."""
    if len(outputs) < count or any(o.ndim != 3 or o.shape[0] != 1 for o in outputs[:count]):
        shapes = [getattr(o, "shape", None) for o in outputs]
        raise ValueError(f"{count} outputs of (1, n, m) are expected, not {shapes}")
    return [output[0] for output in outputs[:count]]


HEADS: dict[str, Head] = {"yolox": yolox, "detr": detr}
