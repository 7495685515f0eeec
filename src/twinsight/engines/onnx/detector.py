"""A detector that somebody brought: an ONNX file and its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from twinsight.engines.onnx.card import DetectorCard
from twinsight.engines.onnx.heads import SIZES_INPUT, decoded
from twinsight.engines.onnx.network import Network
from twinsight.engines.onnx.placing import prepare
from twinsight.engines.roles import Card, Purpose, least_for_groups
from twinsight.errors import Unavailable
from twinsight.geometry.boxes import nms
from twinsight.geometry.detections import Detections
from twinsight.image.picture import Picture

MOST_OBJECTS = 100
MOST_CANDIDATES = 1000
"""Boxes that are compared with each other."""


class OnnxDetector:
    """Plays the detector by a card. Nothing changes after construction: threads may share one."""

    def __init__(self, card: DetectorCard, folder: Path) -> None:
        """Raises InvalidWeights when the file cannot be run, or has other inputs than its card."""
        self._card = card
        self._names = card.names
        self._known = np.array([bool(name) for name in self._names])
        self._network = Network(
            folder / card.file("model").short, card.name, [card.feed.name], [SIZES_INPUT]
        )
        knows = tuple(name for name in self._names if name)
        self.card = Card(card.name, (card.role,), card.description, card.licence, knows)

    def detect(self, picture: Picture, careful: bool = False) -> Detections:
        """Objects for a list, best first; `careful` changes nothing here."""
        return self.detect_each(picture, careful)["list"]

    def detect_each(self, picture: Picture, careful: bool = False) -> dict[Purpose, Detections]:
        """Of one look the objects that are sure enough for each purpose, best first."""
        least = self._card.least
        return for_each(self.look(picture, min(least.values())), least)

    def look(self, picture: Picture, floor: float) -> Detections:
        """Objects with at least that score, in pixels of `picture`, best first, at most 100.

        Raises Unavailable when the network fails, or its output is not of its card's form.
        """
        card = self._card
        fed, placing = prepare(picture.rgb, card.feed)
        # D-FINE's own export wants to know the size that its boxes are to be in: (w, h).
        outputs = self._network.run(
            {card.feed.name: fed, SIZES_INPUT: np.array([card.feed.wh], np.int64)}
        )
        try:
            xyxy, scores = decoded(card.head, outputs, card.feed.wh, len(self._names))
        except ValueError as error:
            raise Unavailable(f"The model {card.name}: {error}.") from error
        xyxy = placing.to_photo(xyxy)
        return chosen(xyxy, scores * self._known, self._names, floor, card.overlap)


def for_each(found: Detections, least: Mapping[Purpose, float]) -> dict[Purpose, Detections]:
    """The objects that are sure enough for each purpose."""
    least = least_for_groups(least)
    return {purpose: found.take(found.score >= least[purpose]) for purpose in get_args(Purpose)}


def chosen(
    xyxy: NDArray[np.float32],
    scores: NDArray[np.floating],
    names: Sequence[str],
    floor: float,
    overlap: float,
) -> Detections:
    """Of boxes (n, 4) and scores (n, kinds) the objects, each once, best first, at most 100."""
    row, kind = np.nonzero(scores >= max(floor, 1e-6))
    score = scores[row, kind]
    best = np.argsort(-score, kind="stable")[:MOST_CANDIDATES]
    row, kind, score = row[best], kind[best], score[best]
    boxes = xyxy[row]
    whole = np.isfinite(boxes).all(1) & (boxes[:, 2:] > boxes[:, :2]).all(1)
    boxes, kind, score = boxes[whole], kind[whole], score[whole]
    kept = nms(boxes, score, kind, overlap) if overlap < 1 else np.arange(len(boxes))
    kept = kept[:MOST_OBJECTS]
    return Detections(boxes[kept], score[kept], tuple(names[k] for k in kind[kept]))
