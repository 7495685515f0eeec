"""What is to be known of an ONNX model before it can be asked: its card, plain data in JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from twinsight.engines import weights
from twinsight.engines.onnx.heads import HEADS
from twinsight.engines.roles import Purpose
from twinsight.errors import InvalidConfig

COCO_80 = "coco-80"
Side = Annotated[int, msgspec.Meta(ge=1, le=8192)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Feed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a picture is put in: float32 (1, 3, h, w), its sides kept in proportion.

    A value v from 0 to 255 becomes (v * scale - mean) / std of its channel; `pad` (0 to 255) fills
    what the picture leaves free, at the right and below or all round.
    """

    name: str
    wh: tuple[Side, Side]
    channels: Literal["rgb", "bgr"] = "rgb"
    scale: float = 1 / 255
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    place: Literal["corner", "middle"] = "corner"
    pad: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0


class ModelCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A detector's card. `labels` are its kinds in order, or "coco-80" for those.

    `least` is the score from which a box is given, for each purpose; `overlap` from which two boxes
    of a kind are one. `permissive`: its licence lets anybody use it; otherwise the user is asked.
    """

    name: str
    role: Literal["detector"]
    description: str
    licence: str
    permissive: bool
    revision: str
    source: str
    sha256: str
    feed: Feed
    head: str
    labels: tuple[str, ...] | Literal["coco-80"]
    least: Mapping[Purpose, Share]
    overlap: Share = 0.65

    @property
    def names(self) -> tuple[str, ...]:
        """Its kinds, in order."""
        if self.labels == COCO_80:
            return tuple(weights.manifest("boxes").extra["labels"])
        return tuple(self.labels)


def read_card(path: Path) -> ModelCard:
    """A card from its file. Raises InvalidConfig, which says what is wrong with it."""
    try:
        card = msgspec.json.decode(path.read_bytes(), type=ModelCard)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidConfig(f"The model card {path} cannot be used: {error}") from error
    problems = {
        "its name has other characters than a-z, 0-9, '_', '.' and '-'": _NAME.fullmatch(card.name),
        "its sha256 is not 64 hex digits": _HASH.fullmatch(card.sha256),
        f"there is no head {card.head!r}; heads: {', '.join(HEADS)}": card.head in HEADS,
        "least needs a score for list and one for presence": {"list", "presence"}
        <= set(card.least),
        "a std is 0": all(card.feed.std),
        "it has no labels": card.names,
    }
    wrong = [problem for problem, is_fine in problems.items() if not is_fine]
    if wrong:
        raise InvalidConfig(f"The model card {path} cannot be used: {'; '.join(wrong)}.")
    return card
