"""What an engine can be: small protocols, and the card that says what it is.

An engine plays one or more roles. Roles speak of pictures, boxes and text; they know nothing of
HTTP or of Gemini. All methods are plain blocking functions, safe to call from several threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from twinsight.geometry.detections import Detections
from twinsight.image.picture import Picture
from twinsight.prompt import Sampling

Purpose = Literal["list", "presence", "group"]
"""Why objects are looked for: to list or count them, to say whether one is there at all, or whether
any of many kinds is ("is there any food?"), where one of them is easily taken to be there."""


Least = TypeVar("Least", float, NDArray[Any])


def least_for_groups(least: Mapping[Purpose, Least]) -> dict[Purpose, Least]:
    """Least scores with those for groups, half way from presence to list.

    `python -m evals.answers --train` prints what that makes of the wider words.
    """
    half = (least["presence"] + least["list"]) / 2
    return {**least, "group": half}


@dataclass(frozen=True, slots=True)
class Card:
    """Who an engine is, for people and for `models.list`."""

    name: str
    roles: tuple[str, ...]
    description: str
    licence: str
    knows: tuple[str, ...] = ()
    """The names it can give to what it sees, where that is a closed list."""


@dataclass(frozen=True, slots=True)
class Label:
    """A name for a whole picture; `score` is a probability, 0 to 1.

    `kinds` are broader words that are then true as well ("dog", "animal"), the narrowest first.
    """

    name: str
    score: float
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a whole picture was recognised as.

    `labels` are the most probable names, best first. `name` is the most specific true word that is
    sure enough to be said (it may be broader than any label: "dog"), or None.
    """

    name: Label | None
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text; `quad` is (4, 2) x, y pixels, clockwise from the text's top left."""

    text: str
    score: float
    quad: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sketch:
    """All that is known of a picture, for somebody who has to put it into words.

    Boxes are in pixels of `wh`. `colours` are (plain name, share of the picture); `brightness` is
    the mean luma, 0 to 1. `around` is what a `Surveyor` says of the surroundings, if one looked.
    """

    wh: tuple[int, int]
    objects: Detections
    labels: tuple[Label, ...]
    colours: tuple[tuple[str, float], ...]
    brightness: float
    around: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wording:
    """A sentence as lower-case words (a comma is one), and how likely each was, 0 to 1, on average.

    A word may hold spaces ("fire hydrant"); `kinds` has for each word the kind of object that it
    names, or "".
    """

    words: tuple[str, ...]
    kinds: tuple[str, ...]
    likelihood: float


@runtime_checkable
class Labeler(Protocol):
    card: Card

    def labels(self, picture: Picture, top: int = 5) -> list[Label]:
        """The `top` most probable names, best first."""
        ...

    def recognise(self, picture: Picture) -> Recognition:
        """The labels, and the name that may safely be said."""
        ...

    def rate(self, picture: Picture, names: Sequence[str]) -> list[float | None]:
        """How probable each of somebody else's names is; None for one that means nothing to it."""
        ...


@runtime_checkable
class Reader(Protocol):
    card: Card

    def read(self, picture: Picture) -> list[TextLine]:
        """Lines of text in reading order."""
        ...


@runtime_checkable
class Detector(Protocol):
    card: Card

    def detect(self, picture: Picture, careful: bool = False) -> Detections:
        """Objects for a list, best first."""
        ...

    def detect_each(self, picture: Picture, careful: bool = False) -> Mapping[Purpose, Detections]:
        """Of one look the objects that are sure enough for each purpose, best first."""
        ...


@runtime_checkable
class Surveyor(Protocol):
    card: Card

    def survey(self, picture: Picture, objects: Detections) -> Mapping[str, float]:
        """What is around the objects ("sky", "kitchen"): how probable each word is, 0 to 1.

        `objects` are those found in the picture. One half is where yes and no are as likely.
        """
        ...


@runtime_checkable
class Segmenter(Protocol):
    card: Card

    def segment(self, picture: Picture, xyxy: NDArray[np.float32]) -> list[NDArray[np.uint8]]:
        """For each of the (n, 4) boxes a soft mask, 0 to 255, that covers exactly that box."""
        ...


@runtime_checkable
class Writer(Protocol):
    card: Card

    def write(self, sketch: Sketch, sampling: Sampling | None = None) -> Wording:
        """One sentence about what was seen; the likeliest, or one drawn by a temperature."""
        ...


@runtime_checkable
class Rater(Protocol):
    """A writer that can tell how well somebody else's sentence goes with what was seen."""

    def rate(self, sketch: Sketch, sentence: str) -> float:
        """The mean log probability of its words."""
        ...
