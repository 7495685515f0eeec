"""A segmenter that somebody brought: masks of what is in a box, as SAM 2 makes them.

Two networks: one looks at the whole picture once, the other is asked box by box. Names and shapes
are those of the exports for Transformers.js (SAM 2.1, EdgeTAM, SAM 3's tracker): the first gives
`image_embeddings.0` and so on; the second takes these, `input_boxes` (1, n, 4) in pixels of the
first one's input, and no points; it gives for each box three masks, `pred_masks` (1, n, 3, h, w) as
logits over the whole input, and how good it thinks they are, `iou_scores` (1, n, 3).
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinsight.engines.onnx.card import SegmenterCard
from twinsight.engines.onnx.heads import sigmoid
from twinsight.engines.onnx.network import Array, Network
from twinsight.engines.onnx.placing import Placing, prepare
from twinsight.engines.roles import Card
from twinsight.errors import Unavailable
from twinsight.geometry.boxes import at_least_a_pixel
from twinsight.geometry.masks import size_within
from twinsight.image.picture import Picture

Floats = NDArray[np.floating[Any]]
BATCH = 8
"""Boxes that are asked for together; bounds memory however many there are."""
REMEMBERED = 4
"""Pictures whose first look is kept: 16 MB each for SAM 2.1."""
_POINTS = ("input_points", "input_labels")


class OnnxSegmenter:
    """Plays the segmenter by a card. Threads may share one: they look at pictures side by side."""

    def __init__(self, card: SegmenterCard, folder: Path) -> None:
        """Raises InvalidWeights when a file cannot be run, or the two do not fit each other."""
        self._card = card
        self._vision = Network(folder / card.file("vision").short, card.name, [card.feed.name])
        features = self._vision.outputs
        self._decoder = Network(
            folder / card.file("decoder").short, card.name, ["input_boxes"], [*features, *_POINTS]
        )
        self._lock = threading.Lock()
        self._seen: OrderedDict[bytes, dict[str, Array]] = OrderedDict()
        self.card = Card(card.name, (card.role,), card.description, card.licence)

    def segment(self, picture: Picture, xyxy: NDArray[np.float32]) -> list[NDArray[np.uint8]]:
        """For each of the (n, 4) boxes a soft mask, 0 to 255, that covers exactly it.

        A mask has the size of `masks.size_within`. Raises ValueError for what are no boxes,
        Unavailable when a network fails or answers in another form than its card's.
        """
        wanted = at_least_a_pixel(xyxy)
        if not len(wanted):
            return []
        features, placing = self._look(picture)
        scale = np.tile(self._card.feed.wh, 2)
        masks: list[NDArray[np.uint8]] = []
        at_once = self._decoder.side("input_labels", 1) or BATCH
        for start in range(0, len(wanted), at_once):
            boxes = placing.to_input(wanted[start : start + at_once])
            logits = self._best(features, boxes)
            for mask, box, shown in zip(logits, wanted[start:], boxes / scale, strict=False):
                wh = size_within((float(box[2] - box[0]), float(box[3] - box[1])))
                soft = sigmoid(sampled(mask, shown * np.tile(mask.shape[::-1], 2), wh))
                masks.append(np.rint(soft * 255).astype(np.uint8))
        return masks

    def _look(self, picture: Picture) -> tuple[dict[str, Array], Placing]:
        """What the first network sees in the picture; remembered for the last few."""
        fed, placing = prepare(picture.rgb, self._card.feed)
        key = hashlib.blake2b(picture.rgb.data, digest_size=16).digest() + repr(picture.wh).encode()
        with self._lock:
            features = self._seen.pop(key, None)
        if features is None:
            features = self._vision.run({self._card.feed.name: fed})
        with self._lock:
            self._seen[key] = features
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return features, placing

    def _best(self, features: dict[str, Array], boxes: NDArray[np.float32]) -> Floats:
        """For each box (n, 4) of the input the mask (n, h, w) that is thought the best."""
        n = len(boxes)
        outputs = self._decoder.run(
            features
            | {
                "input_boxes": boxes[None],
                "input_points": np.zeros((1, 1, 0, 2)),
                "input_labels": np.zeros((1, n, 0)),
            }
        )
        masks, scores = outputs.get("pred_masks"), outputs.get("iou_scores")
        if (
            masks is None
            or scores is None
            or masks.ndim != 5
            or scores.shape != (1, n, masks.shape[2])
            or masks.shape[:2] != (1, n)
        ):
            shapes = ", ".join(f"{name} {array.shape}" for name, array in outputs.items())
            raise Unavailable(
                f"The model {self._card.name} answers {n} boxes with {shapes}; by its card it "
                f"would be pred_masks (1, {n}, 3, h, w) and iou_scores (1, {n}, 3)."
            )
        best: Floats = masks[0, np.arange(n), scores[0].argmax(axis=1)]
        return best


def sampled(logits: Floats, xyxy: Floats, wh: tuple[int, int]) -> Floats:
    """The part of a map (h, w) under a box (4,), in the map's pixels, as (wh[1], wh[0]), bilinear.

    Beyond the map's edges there is nothing: the logit is -60 there.
    """
    x = xyxy[0] + (np.arange(wh[0]) + 0.5) * ((xyxy[2] - xyxy[0]) / wh[0])
    y = xyxy[1] + (np.arange(wh[1]) + 0.5) * ((xyxy[3] - xyxy[1]) / wh[1])
    left, right, across = _around(x, logits.shape[1])
    top, bottom, down = _around(y, logits.shape[0])
    rows = logits[top] * (1 - down)[:, None] + logits[bottom] * down[:, None]
    part = rows[:, left] * (1 - across) + rows[:, right] * across
    is_in = (_within(y, logits.shape[0])[:, None]) & _within(x, logits.shape[1])
    return np.where(is_in, part, -60.0)


def _around(at: Floats, side: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """The pixels before and after each place, and how much the second one counts."""
    middle = np.clip(at - 0.5, 0, side - 1)
    first = middle.astype(np.intp)
    return first, np.minimum(first + 1, side - 1), middle - first


def _within(at: Floats, side: int) -> NDArray[np.bool_]:
    return np.asarray((at >= 0) & (at <= side))
