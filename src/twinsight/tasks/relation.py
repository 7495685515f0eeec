"""How two named things lie to each other: "is the cat left of the dog?"

Only what boxes can tell is claimed: left, right, above, below. Depth, touch and direction are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from twinsight.tasks.language import spoken
from twinsight.tasks.phrases import Target, target
from twinsight.tasks.vocabulary import fold

Side = Literal["left", "right", "above", "below", ""]

_SAID: tuple[tuple[Side, str], ...] = (
    ("left", r"(?:(?:to|on|at) )?(?:the )?left(?: hand)?(?: side)? of|à gauche (?:de|du|des)"),
    ("right", r"(?:(?:to|on|at) )?(?:the )?right(?: hand)?(?: side)? of|à droite (?:de|du|des)"),
    ("above", r"above|over|higher than|au dessus (?:de|du|des)"),
    ("below", r"below|under|underneath|beneath|lower than|en dessous (?:de|du|des)|sous"),
    (
        "",
        r"in front of|behind|inside(?: of)?|on top of|next to|beside|near|touching|facing(?: away "
        r"from)?|adjacent to|across from|at the side of|on|in|with|devant|derrière|sur|dans|à côté "
        r"(?:de|du|des)|près (?:de|du|des)",
    ),
)
_ASKED = re.compile(
    r"^(?:(?:is|are|was|were|est ce que)\b )?(?P<first>(?:the|an?|le|la|les|une?|there an?)? ?.+?) "
    r"(?:(?:is|are|est|sont|est il|est elle|sont ils|sont elles) )?(?P<relation>"
    + "|".join(f"(?:{pattern})" for _, pattern in _SAID)
    + r") (?P<second>.+)$"
)
_STARTS = re.compile(r"^(?:is|are|was|were|the|le|la|les|est ce que)\b")


@dataclass(frozen=True, slots=True)
class Relation:
    """The first thing's place as seen from the second; `side` is empty where boxes cannot tell."""

    first: Target
    second: Target
    side: Side
    said: str


def relation_of(question: str) -> Relation | None:
    """The relation of two known things that a question or a statement is about, if it is."""
    sentence = re.split(r"[.?!]", fold(question))[0].strip()
    found = _ASKED.match(sentence) if _STARTS.match(sentence) else None
    if found is None:
        return None
    tongue = spoken(question)
    first = target(re.sub(r"^(?:is |are )?there ", "", found["first"]), tongue)
    second = target(found["second"], tongue)
    if first is None or second is None or not first.names or not second.names:
        return None
    side = next(side for side, pattern in _SAID if re.fullmatch(pattern, found["relation"]))
    return Relation(first, second, side, found["relation"])


def holds(side: Side, first: NDArray[np.float32], second: NDArray[np.float32]) -> bool:
    """Whether the first box (xyxy) lies so to the second: by their middles."""
    mx, my = (first[:2] + first[2:] - second[:2] - second[2:]) / 2
    return bool({"left": mx < 0, "right": mx > 0, "above": my < 0, "below": my > 0}[side])
