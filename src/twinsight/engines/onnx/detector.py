"""A detector that somebody brought: an ONNX file and its card."""

from __future__ import annotations

from typing import get_args

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from twinsight.engines.onnx.card import Feed, ModelCard
from twinsight.engines.onnx.heads import HEADS
from twinsight.engines.pocket.boxes import sampled
from twinsight.engines.roles import Card, Purpose
from twinsight.errors import InvalidWeights
from twinsight.geometry.boxes import clip, nms
from twinsight.geometry.detections import Detections
from twinsight.image.picture import Picture

MOST_OBJECTS = 100
MOST_CANDIDATES = 1000
"""Boxes that are compared with each other."""


class OnnxDetector:
    """Plays the detector by a card. Nothing changes after construction: threads may share one."""

    def __init__(self, card: ModelCard, session: onnxruntime.InferenceSession) -> None:
        """Raises InvalidWeights when the file has no such input."""
        self._card, self._session = card, session
        inputs = [given.name for given in session.get_inputs()]
        if card.feed.name not in inputs:
            raise InvalidWeights(f"{card.name} has the inputs {inputs}, not {card.feed.name!r}.")
        self.card = Card(card.name, (card.role,), card.description, card.licence, card.names)

    def detect(self, picture: Picture, careful: bool = False) -> Detections:
        """Objects for a list, best first; `careful` changes nothing here."""
        return self.detect_each(picture, careful)["list"]

    def detect_each(self, picture: Picture, careful: bool = False) -> dict[Purpose, Detections]:
        """Of one look the objects that are sure enough for each purpose, best first."""
        least = self._card.least
        found = self.look(picture, min(least.values()))
        return {purpose: found.take(found.score >= least[purpose]) for purpose in get_args(Purpose)}

    def look(self, picture: Picture, floor: float) -> Detections:
        """Objects with at least that score, in pixels of `picture`, best first, at most 100.

        Raises InvalidWeights when the network's output is not of its card's form.
        """
        card = self._card
        fed, scale, corner = prepare(picture.rgb, card.feed)
        outputs = self._session.run(None, {card.feed.name: fed})
        try:
            xyxy, scores = HEADS[card.head](outputs, card.feed.wh)
        except ValueError as error:
            raise InvalidWeights(f"{card.name}: {error}") from error
        if scores.shape[1] != len(card.names):
            raise InvalidWeights(
                f"{card.name} tells {scores.shape[1]} kinds apart; its card has {len(card.names)}."
            )
        row, kind = np.nonzero(scores >= max(floor, 1e-6))
        score = scores[row, kind]
        best = np.argsort(-score, kind="stable")[:MOST_CANDIDATES]
        row, kind, score = row[best], kind[best], score[best]
        boxes = clip((xyxy[row] - (*corner, *corner)) / scale, picture.wh)
        whole = np.isfinite(boxes).all(1) & (boxes[:, 2:] > boxes[:, :2]).all(1)
        boxes, kind, score = boxes[whole], kind[whole], score[whole]
        kept = nms(boxes, score, kind, card.overlap)[:MOST_OBJECTS]
        return Detections(boxes[kept], score[kept], tuple(card.names[k] for k in kind[kept]))


def prepare(
    rgb: NDArray[np.uint8], feed: Feed
) -> tuple[NDArray[np.float32], float, tuple[int, int]]:
    """A photo (h, w, 3) -> what goes in (1, 3, H, W), its scale, and where its corner lies."""
    h, w = rgb.shape[:2]
    width, height = feed.wh
    scale = min(width / w, height / h)
    wh = (max(1, int(w * scale)), max(1, int(h * scale)))
    corner = (0, 0) if feed.place == "corner" else ((width - wh[0]) // 2, (height - wh[1]) // 2)
    canvas = np.full((height, width, 3), feed.pad, np.uint8)
    canvas[corner[1] : corner[1] + wh[1], corner[0] : corner[0] + wh[0]] = sampled(rgb, wh)
    pixels = canvas[..., ::-1] if feed.channels == "bgr" else canvas
    values = (pixels.astype(np.float32) * np.float32(feed.scale) - feed.mean) / feed.std
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32), scale, corner
