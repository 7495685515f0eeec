"""Which engine plays which role: profiles as plain data, and the engines that they name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from twinsight.engines.roles import Card, Detector, Labeler, Reader, Segmenter
from twinsight.errors import InvalidConfig
from twinsight.image.picture import Picture


@dataclass(frozen=True, slots=True)
class Eyes:
    """The engines of one profile, each in its role."""

    profile: str
    labeler: Labeler
    reader: Reader
    detector: Detector
    segmenter: Segmenter

    @property
    def cards(self) -> list[Card]:
        """One card for each engine, in the order of the roles."""
        engines = [getattr(self, role) for role in ROLES]
        return list({engine.card.name: engine.card for engine in engines}.values())

    @property
    def summary(self) -> str:
        return "; ".join(card.description for card in self.cards)

    def warm(self) -> None:
        """Looks once at nothing, so that all weights are loaded. Raises InvalidWeights."""
        blank = Picture(np.full((64, 64, 3), 128, np.uint8))
        self.labeler.recognise(blank)
        self.reader.read(blank)
        self.detector.detect(blank)
        self.segmenter.segment(blank, np.array([[8, 8, 56, 56]], np.float32))


ROLES = tuple(f.name for f in fields(Eyes) if f.name != "profile")

PROFILES: dict[str, dict[str, str]] = {
    "pocket": {
        "labeler": "pocket-labels",
        "reader": "pocket-text",
        "detector": "pocket-boxes",
        "segmenter": "pocket-masks",
    },
}


def _pocket_labels() -> Any:
    from twinsight.engines.pocket.labels import PocketLabels

    return PocketLabels(threads=None)


def _pocket_text() -> Any:
    from twinsight.engines.pocket.text import PocketReader

    return PocketReader(threads=None)


def _pocket_boxes() -> Any:
    from twinsight.engines.pocket.boxes import PocketDetector

    return PocketDetector(threads=None)


def _pocket_masks() -> Any:
    from twinsight.engines.pocket.masks import PocketSegmenter

    return PocketSegmenter(threads=None)


# Each look uses all cores: one question is answered sooner, and many at once share them anyway.
# Imported when chosen, so that a profile loads only what it uses.
ENGINES: dict[str, Callable[[], Any]] = {
    "pocket-labels": _pocket_labels,
    "pocket-text": _pocket_text,
    "pocket-boxes": _pocket_boxes,
    "pocket-masks": _pocket_masks,
}


def open_eyes(profile: str) -> Eyes:
    """The engines of a profile. Raises InvalidConfig for one that does not exist."""
    if profile not in PROFILES:
        raise InvalidConfig(f"There is no profile '{profile}'. Profiles: {', '.join(PROFILES)}.")
    made: dict[str, Any] = {}
    for name in PROFILES[profile].values():
        made.setdefault(name, ENGINES[name]())
    return Eyes(profile, **{role: made[name] for role, name in PROFILES[profile].items()})
