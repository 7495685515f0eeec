"""Which engine plays which role: profiles as plain data, and the engines that they name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from twinsight.config import Config
from twinsight.engines.roles import (
    Card,
    Detector,
    Labeler,
    Reader,
    Segmenter,
    Sketch,
    Writer,
)
from twinsight.engines.speaker import Grounder, Speaker
from twinsight.errors import InvalidConfig
from twinsight.geometry.detections import Detections
from twinsight.image.picture import Picture


@dataclass(frozen=True, slots=True)
class Eyes:
    """The engines of one profile, each in its role; the last roles are not played in all."""

    profile: str
    labeler: Labeler
    reader: Reader
    detector: Detector
    segmenter: Segmenter
    writer: Writer | None = None
    speaker: Speaker | None = None
    grounder: Grounder | None = None

    @property
    def cards(self) -> list[Card]:
        """One card for each engine, in the order of the roles."""
        engines = [engine for role in ROLES if (engine := getattr(self, role)) is not None]
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
        if self.writer is not None:
            self.writer.write(Sketch(blank.wh, Detections.empty(), (), (), 0.5))


ROLES = tuple(f.name for f in fields(Eyes) if f.name != "profile")

_MAY_BE_EMPTY = {f.name for f in fields(Eyes) if f.default is None}

PROFILES: dict[str, dict[str, str]] = {
    "pocket": {
        "labeler": "pocket-labels",
        "reader": "pocket-text",
        "detector": "pocket-boxes",
        "segmenter": "pocket-masks",
        "writer": "pocket-captions",
    },
}
PROFILES["desk"] = PROFILES["pocket"] | {"speaker": "openai", "grounder": "openai"}
PROFILES["fleet"] = PROFILES["desk"]


def _pocket_labels(config: Config) -> Any:
    from twinsight.engines.pocket.labels import PocketLabels

    return PocketLabels(threads=None)


def _pocket_text(config: Config) -> Any:
    from twinsight.engines.pocket.text import PocketReader

    return PocketReader(threads=None)


def _pocket_boxes(config: Config) -> Any:
    from twinsight.engines.pocket.boxes import PocketDetector

    return PocketDetector(threads=None)


def _pocket_masks(config: Config) -> Any:
    from twinsight.engines.pocket.masks import PocketSegmenter

    return PocketSegmenter(threads=None)


def _pocket_captions(config: Config) -> Any:
    from twinsight.engines.pocket.captions import PocketWriter

    # Its products are too small to be shared between cores.
    return PocketWriter(threads=1)


def _openai(config: Config) -> Any:
    from twinsight.engines.openai import open_engine

    return open_engine(config)


# Each look uses all cores: one question is answered sooner, and many at once share them anyway.
# Imported when chosen, so that a profile loads only what it uses.
ENGINES: dict[str, Callable[[Config], Any]] = {
    "pocket-labels": _pocket_labels,
    "pocket-text": _pocket_text,
    "pocket-boxes": _pocket_boxes,
    "pocket-masks": _pocket_masks,
    "pocket-captions": _pocket_captions,
    "openai": _openai,
}


def open_eyes(profile: str, config: Config | None = None) -> Eyes:
    """The engines of a profile, with these settings.

    Raises InvalidConfig for a profile that does not exist, and for an engine that cannot be had as
    it is configured.
    """
    config = config or Config()
    if profile not in PROFILES:
        raise InvalidConfig(f"There is no profile '{profile}'. Profiles: {', '.join(PROFILES)}.")
    made: dict[str, Any] = {}
    for name in PROFILES[profile].values():
        if name not in made:
            made[name] = ENGINES[name](config)
    played = {role: made[name] for role, name in PROFILES[profile].items()}
    for role in _MAY_BE_EMPTY & played.keys():
        # What a model can do is known only when its server has named it.
        if role not in played[role].card.roles:
            del played[role]
    return Eyes(profile, **played)
