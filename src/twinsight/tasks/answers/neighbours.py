"""What lies beside, on or under a thing that the question names, as far as boxes can tell."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from twinsight.tasks.answers import relation
from twinsight.tasks.answers.relation import SAID, Box, Side
from twinsight.tasks.request.language import spoken
from twinsight.tasks.request.lexicon import SIDES
from twinsight.tasks.request.phrases import Target, target
from twinsight.tasks.request.vocabulary import fold

_ASKED = re.compile(
    r"^(?:what|which|que|quel(?:le)?s?)(?:'s)? ?(?:things?|objects?|items?|objets?|"
    r"choses?)?(?: else)? ?(?:is|are|est ce que il y a|est ce qui est|est ce qui se trouve|"
    r"y a t il|do you see|can you see|vois tu|voyez vous|voit on|lies|sits|se trouvent|sont)? "
    r"?(?:there |located |placed |"
    r"sitting |lying |standing )?(?P<place>"
    + "|".join(f"(?:{pattern})" for _, pattern in SAID)
    + r") (?P<thing>.+)$"
)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A place by a thing: "left of" the laptop."""

    side: Side
    thing: Target

    def holds(self, box: Box, other: Box) -> bool:
        """Whether a box (xyxy) lies there, seen from the thing's."""
        if self.side == "on" and stands_on(box, other):
            return True
        return relation.holds(self.side, box, other) is True


def stands_on(box: Box, other: Box) -> bool:
    """Whether a box (xyxy) has its foot within the larger other, like a cup's within a table's."""
    middle = (box[0] + box[2]) / 2
    foot_is_in = other[1] < box[3] <= other[3] + 0.05 * (other[3] - other[1])
    smaller = (box[2:] - box[:2]).prod() < (other[2:] - other[:2]).prod()
    return bool(other[0] < middle < other[2] and foot_is_in and smaller)


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
    sentence = re.split(r"[.?!]", fold(question))[0].strip()
    found = _ASKED.match(sentence)
    thing = target(found["thing"], spoken(question)) if found else None
    if found is None or thing is None or not thing.names:
        return None
    side = next(side for side, pattern in SAID if re.fullmatch(pattern, found["place"]))
    return Neighbourhood(side, thing) if side else None


_LOOKED_AT = re.compile(
    r"^(?:what|que|quel(?:le)?s?)(?:'s)? ?(?:things?|objects?|items?|objets?|choses?)? ?(?:is|are|"
    r"can you see|do you see|est ce que il y a|est ce qui (?:est|se trouve)|y a t il|vois tu|"
    r"se trouvent|sont)? ?(?:there )?(?:on|at|in|to|à|en|sur|au)(?: the| my| le| la)? ?(?:very |"
    r"far |côté )?"
    rf"(?P<side>{'|'.join(SIDES)})(?: hand)?(?: side| half| part| corner)?"
    r"(?: (?:of|in|de|sur) (?:the|this|le|la|cette) (?:image|picture|photo|frame|scene))?$"
)
_SIZE = re.compile(
    r"^(?:how (?:big|large|tall|small|wide|long|high)|quelle (?:est la )?(?:taille|largeur|"
    r"longueur|hauteur))(?: (?:is|are|est|fait|fait il|de|du|des))?\b ?(?P<thing>.+)$"
)


def side_looked_at(question: str) -> str | None:
    """The side in "what is on the left?"; None for any other question."""
    found = _LOOKED_AT.match(
        re.split(r"[.?!]", fold(question).replace(" au ", " à le "))[0].strip()
    )
    return SIDES[found["side"]] if found else None


def size_asked(question: str) -> Target | None:
    """The thing in "how big is the cake?"; None for any other question."""
    found = _SIZE.match(re.split(r"[.?!]", fold(question))[0].strip())
    thing = target(found["thing"], spoken(question)) if found else None
    return thing if thing is not None and thing.names else None
