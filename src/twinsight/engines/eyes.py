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
    Surveyor,
    Writer,
)
from twinsight.engines.speaker import Grounder, Speaker
from twinsight.errors import InvalidConfig, InvalidWeights, Unavailable
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
    surveyor: Surveyor | None = None
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
        try:
            self._look(Picture(np.full((64, 64, 3), 128, np.uint8)))
        except Unavailable as error:
            # While it serves, a model that fails is one 503; before, it is not to start at all.
            raise InvalidWeights(error.message) from error

    def _look(self, blank: Picture) -> None:
        self.labeler.recognise(blank)
        self.reader.read(blank)
        self.detector.detect(blank)
        self.segmenter.segment(blank, np.array([[8, 8, 56, 56]], np.float32))
        if isinstance(self.grounder, Detector):
            self.grounder.detect(blank)
        if self.writer is not None:
            self.writer.write(Sketch(blank.wh, Detections.empty(), (), (), 0.5))
        if self.surveyor is not None:
            self.surveyor.survey(blank, Detections.empty())


ROLES = tuple(f.name for f in fields(Eyes) if f.name != "profile")

PROTOCOLS: dict[str, type] = {
    "labeler": Labeler,
    "reader": Reader,
    "detector": Detector,
    "segmenter": Segmenter,
    "writer": Writer,
    "surveyor": Surveyor,
    "speaker": Speaker,
    "grounder": Grounder,
}

PROFILES: dict[str, dict[str, str]] = {
    "pocket": {
        "labeler": "pocket-labels",
        "reader": "pocket-text",
        "detector": "pocket-boxes",
        "segmenter": "pocket-masks",
        "writer": "pocket-captions",
        "surveyor": "pocket-surroundings",
    },
}
PROFILES["desk"] = PROFILES["pocket"] | {"speaker": "openai", "grounder": "openai"}
PROFILES["fleet"] = PROFILES["pocket"] | {"speaker": "openai-fleet", "grounder": "openai-fleet"}


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


def _pocket_surroundings(config: Config) -> Any:
    from twinsight.engines.pocket.surroundings import PocketSurveyor

    return PocketSurveyor(threads=None)


def open_speaker(config: Config) -> Any:
    """The vision-language model that the settings name. Raises InvalidConfig."""
    if config.engine_gguf:
        from twinsight.engines.gguf import open_gguf

        return open_gguf(config)
    from twinsight.engines.fleet import open_fleet, urls_of

    if config.profile == "fleet" or len(urls_of(config)) > 1:
        return open_fleet(config)
    from twinsight.engines.openai import open_engine

    return open_engine(config)


def _openai(config: Config) -> Any:
    from twinsight.engines.fleet import urls_of

    if len(urls_of(config)) > 1:
        raise InvalidConfig(
            f"engine_url names several servers: the profile is 'fleet', not {config.profile!r}."
        )
    return open_speaker(config)


def _openai_fleet(config: Config) -> Any:
    from twinsight.engines.fleet import open_fleet

    return open_fleet(config)


# Each look uses all cores: one question is answered sooner, and many at once share them anyway.
# Imported when chosen, so that a profile loads only what it uses.
ENGINES: dict[str, Callable[[Config], Any]] = {
    "pocket-labels": _pocket_labels,
    "pocket-text": _pocket_text,
    "pocket-boxes": _pocket_boxes,
    "pocket-masks": _pocket_masks,
    "pocket-captions": _pocket_captions,
    "pocket-surroundings": _pocket_surroundings,
    "openai": _openai,
    "openai-fleet": _openai_fleet,
}


def open_eyes(profile: str, config: Config | None = None) -> Eyes:
    """The engines of a profile, with these settings; `config.roles` puts others in their place.

    Raises InvalidConfig for a profile, role or engine that does not exist, and for an engine that
    cannot be had as it is configured.
    """
    config = config or Config()
    if profile not in PROFILES:
        raise InvalidConfig(f"There is no profile '{profile}'. Profiles: {', '.join(PROFILES)}.")
    unknown = set(config.roles) - set(ROLES)
    if unknown:
        raise InvalidConfig(
            f"roles: there is no role {sorted(unknown)[0]!r}. Roles: {', '.join(ROLES)}."
        )
    made: dict[str, Any] = {}
    played: dict[str, Any] = {}
    for role, name in (PROFILES[profile] | config.roles).items():
        if name not in made:
            made[name] = _engine(name, config)
        if not isinstance(made[name], PROTOCOLS[role]):
            can = ", ".join(made[name].card.roles)
            raise InvalidConfig(
                f"roles: the engine {name!r} cannot be the {role}. It can be the {can}."
            )
        played[role] = made[name]
    # Whether a model writes places is known only when its server has named it.
    if "grounder" in played and "grounder" not in played["grounder"].card.roles:
        if "grounder" in config.roles:
            raise InvalidConfig(
                f"roles: {played['grounder'].card.name} is not known to write where things are, so "
                "it cannot be the grounder. engine_dialect says how a model writes it."
            )
        del played["grounder"]
    return Eyes(profile, **played)


def _engine(name: str, config: Config) -> Any:
    """One of ours, or a model that was added by that name."""
    if name in ENGINES:
        return ENGINES[name](config)
    from twinsight.engines.onnx.shelf import installed, open_model

    folder = config.data_dir / "models"
    engine = open_model(name, folder)
    if engine is None:
        from twinsight.engines.library import known

        card = next((card for card in known() if card.name == name), None)
        if card is not None:
            get = f"pull {name}" if card.repo else "add FILE"
            raise InvalidConfig(
                f"roles: the model {name!r} is not here yet. Get it by `twinsight models {get}`, "
                f"and put it to work by `twinsight models use {name}`."
            )
        there = ", ".join([*ENGINES, *(card.name for card in installed(folder))])
        raise InvalidConfig(
            f"There is no engine {name!r}. Engines: {there}. A model of your own is added by "
            "`twinsight models add FILE`."
        )
    return engine
