"""Things that are described rather than named: "the cup being held", "anything sharp".

The detector knows the names of some things, a vision-language model the meaning of words. So a
phrase that the detector's names cover is the detector's alone; of a free phrase the model says
which things are meant, and where the detector has seen such a thing at that place its box is taken,
which is the finer one. When everything is asked for, both tell what they see.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from twinsight.engines.roles import Purpose
from twinsight.engines.speaker import EVERYTHING
from twinsight.geometry.boxes import iou
from twinsight.geometry.detections import Detections, join
from twinsight.tasks.request import vocabulary
from twinsight.tasks.request.phrases import Target
from twinsight.tasks.scene import Scene

SAME_THING = 0.5
"""Boxes of the model and of the detector that overlap by this much are of one thing."""

_LEAD = re.compile(r"^(?:for|of|pour|de|des|du) ")
_OF_PICTURE = re.compile(
    r"\b(?:on|at|in|to|towards?|from|à|a|en|sur|vers|du|de) (?:(?:the|far|very|la|le|côté|tout) )*"
    r"(?:left|right|top|bottom|upper|lower|centre|center|middle|gauche|droite|haut|bas|milieu)\b"
)
"""A side of the picture, "on the left", where "the left ear" is the animal's own."""
_UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Described:
    """What a phrase describes; `word` is the caller's noun for it, where there is one.

    `own_side`: the side that the phrase names is one of the thing, not of the picture.
    """

    found: Detections
    word: str
    own_side: bool = False

    def label(self, row: int) -> str:
        """The name to give: in the caller's word, else the finder's."""
        name = _UNSAFE.sub(" ", self.word or self.found.label[row])
        return " ".join(name.split())[:100] or "object"


def described(scene: Scene, target: Target, purpose: Purpose) -> Described | None:
    """What the target's words describe; None where the detector's names tell it all."""
    is_named = bool(target.names) and vocabulary.meaning(target.word) is not None
    if target.text or (is_named and not target.is_free):
        return None
    is_all = target.names is None and not (target.rest or target.colour)
    told = scene.ground(EVERYTHING if is_all else _LEAD.sub("", target.phrase))
    if told is None:
        return None
    seen = scene.objects("presence" if target.names else purpose)
    if is_all:
        return Described(_both(seen, told), "")
    known = [i for i, kind in enumerate(seen.label) if kind in (target.names or ())]
    # "Anything sharp" is no name: whoever finds it has one.
    word = target.word if is_named or not target.names else ""
    own_side = bool(target.sides) and _OF_PICTURE.search(target.phrase) is None
    return Described(_snapped(told, seen.take(known)), word, own_side)


def _snapped(told: Detections, seen: Detections) -> Detections:
    """The model's things, each in the detector's box where that has the same thing, each once."""
    overlap = iou(told.xyxy, seen.xyxy)
    rows: list[Detections] = []
    taken: set[int] = set()
    for row in range(len(told)):
        best = int(np.argmax(overlap[row])) if len(seen) else -1
        if best < 0 or overlap[row, best] < SAME_THING:
            rows.append(told.take([row]))
        elif best not in taken:
            taken.add(best)
            rows.append(seen.take([best]))
    return join(rows)


def _both(seen: Detections, told: Detections) -> Detections:
    """The detector's things, then the model's that are none of them."""
    overlap = iou(told.xyxy, seen.xyxy)
    new = [row for row in range(len(told)) if not len(seen) or overlap[row].max() < SAME_THING]
    return join([seen, told.take(new)])
