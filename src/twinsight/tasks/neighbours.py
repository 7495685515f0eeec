"""What lies beside, on or under a thing that the question names, as far as boxes can tell."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twinsight.tasks.language import spoken
from twinsight.tasks.lexicon import SIDES
from twinsight.tasks.phrases import Target, target
from twinsight.tasks.vocabulary import fold

Box = NDArray[np.float32]


def _left(box: Box, other: Box) -> bool:
    return bool(box[0] + box[2] < other[0] + other[2])


def _above(box: Box, other: Box) -> bool:
    return bool(box[1] + box[3] < other[1] + other[3])


def _gap(box: Box, other: Box) -> float:
    """Pixels between two boxes; 0 where they meet."""
    apart = np.maximum(box[:2], other[:2]) - np.minimum(box[2:], other[2:])
    return float(np.hypot(*np.maximum(apart, 0)))


def _near(box: Box, other: Box) -> bool:
    """No further apart than half of the smaller one's longer side."""
    longer = min((box[2:] - box[:2]).max(), (other[2:] - other[:2]).max())
    return _gap(box, other) <= float(longer) / 2


def stands_on(box: Box, other: Box) -> bool:
    """Whether a box (xyxy) looks like that of something that stands on the other's thing.

    Its foot is within the other, it begins higher or is wholly inside, and it is the smaller one.
    """
    middle = (box[0] + box[2]) / 2
    foot_is_in = other[1] < box[3] <= other[3] + 0.05 * (other[3] - other[1])
    smaller = (box[2:] - box[:2]).prod() < (other[2:] - other[:2]).prod()
    return bool(other[0] < middle < other[2] and foot_is_in and smaller)


_PLACES: tuple[tuple[str, Callable[[Box, Box], bool]], ...] = (
    (r"(?:(?:to|on|at) )?(?:the )?left(?: hand)?(?: side)? of|à (?:la )?gauche de", _left),
    (
        r"(?:(?:to|on|at) )?(?:the )?right(?: hand)?(?: side)? of|à (?:la )?droite de",
        lambda box, other: _left(other, box),
    ),
    (r"above|over|au dessus de", _above),
    (r"below|under(?:neath)?|beneath|en dessous de|sous", lambda box, other: _above(other, box)),
    (r"next to|beside|near|close to|around|by|à côté de|près de|autour de", _near),
    (r"on(?: top of)?|sur", stands_on),
)
_ASKED = re.compile(
    r"^(?:what|which|que|quel(?:le)?s?)(?:'s)? ?(?:things?|objects?|items?|objets?|choses?)?"
    r"(?: else)? ?"
    r"(?:is|are|est ce que il y a|est ce qui est|est ce qui se trouve|y a t il|do you see|can you "
    r"see|lies|sits|se trouvent|sont)? ?(?:there |located |placed |sitting |lying |standing )?"
    r"(?P<place>" + "|".join(f"(?:{pattern})" for pattern, _ in _PLACES) + r")(?: (?P<thing>.+))$"
)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A place by a thing: "left of" the laptop."""

    place: str
    thing: Target

    @property
    def is_on(self) -> bool:
        """Whether what is asked for stands on the thing."""
        return self._holds is stands_on

    def holds(self, box: Box, other: Box) -> bool:
        """Whether a box (xyxy) lies there, seen from the thing's."""
        return self._holds(box, other)

    @property
    def _holds(self) -> Callable[[Box, Box], bool]:
        return next(test for pattern, test in _PLACES if re.fullmatch(pattern, self.place))


_SIDE = re.compile(
    r"^(?:(?:is|are|est ce que|est|sont) (?P<thing>(?:the|this|that|le|la|les) .+?)(?: est| sont)?"
    r"|(?P<subject>(?:le|la|les) .+?) (?:est|sont) (?:il|elle)s?)"
    r" (?:on|at|in|to|à|en|de) ?(?:the |le |la )?(?:very |far )?"
    rf"(?P<side>{'|'.join(SIDES)})(?: hand)?(?: side| half| part| corner)?"
    r"(?: (?:of|in|de|sur) (?:the|this|le|la|cette) (?:image|picture|photo|frame|scene))?$"
)


def side_asked(question: str) -> tuple[Target, str] | None:
    """The thing and the side of the picture in "is the bus on the right?"; None for any other."""
    found = _SIDE.match(re.split(r"[.?!]", fold(question))[0].strip())
    thing = target(found["thing"] or found["subject"], spoken(question)) if found else None
    if found is None or thing is None or not thing.names:
        return None
    return thing, SIDES[found["side"]]


_RELATIVE = re.compile(
    r"^(?:where(?:'s| is| are)|où (?:est|sont|se trouv\w+)) (?P<first>.+?),? (?:relative to|in "
    r"relation to|with respect to|compared to|as seen from|par rapport à) (?P<second>.+)$"
)


def relative(question: str) -> tuple[Target, Target] | None:
    """The two things of "where is the cup relative to the plate?"; None for any other question."""
    sentence = re.split(r"[.?!]", fold(question).replace(" au ", " à le "))[0].strip()
    found = _RELATIVE.match(sentence)
    if found is None:
        return None
    tongue = spoken(question)
    first, second = target(found["first"], tongue), target(found["second"], tongue)
    return (first, second) if first and second else None


def sides(box: Box, other: Box) -> list[str]:
    """On which sides of the other a box (xyxy) lies, by their middles: "left", "above"…

    A side counts from a quarter of the larger one's width or height; none where they lie together.
    """
    (dx, dy) = (box[:2] + box[2:] - other[:2] - other[2:]) / 2
    w, h = np.maximum(box[2:] - box[:2], other[2:] - other[:2]) / 4
    across = ["left" if dx < 0 else "right"] if abs(dx) > w else []
    return [*(["above" if dy < 0 else "below"] if abs(dy) > h else []), *across]


def neighbourhood(question: str) -> Neighbourhood | None:
    """The place that "what is left of the laptop?" asks about; None for any other question."""
    sentence = re.split(r"[.?!]", fold(question).replace(" du ", " de le "))[0].strip()
    found = _ASKED.match(sentence)
    thing = target(found["thing"], spoken(question)) if found else None
    if found is None or thing is None or not thing.names:
        return None
    return Neighbourhood(found["place"], thing)
