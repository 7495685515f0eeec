"""A written sentence checked against where things are: what boxes deny is not said.

The writer knows what people say of such things, not how these lie: "a dog laying on top of a
frisbee" is two things that are both there. What is denied is taken back to just that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twinsight.geometry.detections import Detections
from twinsight.tasks.answers import relation
from twinsight.tasks.request.vocabulary import kinds

_POSED = {"sitting", "standing", "laying", "lying", "resting", "perched", "sits", "stands", "lays"}
_LINKS = {"that", "is", "are", "which", "who"}
_PLACED = {"on", "in", "inside", "top", "of"}
_ARTICLES = {"a", "an", "the", "some", "two", "three", "several", "many"}
_SWIMS = {"boat", "surfboard", "bird", "elephant", "dog", "bear", "cow", "horse"}
_TOO_SMALL = kinds()["food"] | kinds()["tableware"]
"""What nobody sits or stands on."""
_HIGH = {"tree", "trees", "building", "buildings", "lake", "house", "bush", "bushes"}
"""What hardly anything stands on top of, and no box tells where it is."""


def checked(
    words: Sequence[str], kinds: Sequence[str], found: Detections
) -> tuple[list[str], list[str]]:
    """The words and the kinds that they name, with what boxes deny said as "and"."""
    said, named = list(words), list(kinds)
    at = _place_at(said, 0)
    while at is not None:
        start, preposition, noun = at
        after = noun + 1
        before = [kind for kind in named[:start] if kind]
        one, other = before[-1] if before else "", named[noun]
        link, article = said[preposition:noun], noun - (said[noun - 1] in _ARTICLES)
        instead = _instead(one, other, said[noun], link, found)
        if said[noun] == "water" and "person" in before and not _SWIMS & set(found.label):
            instead = []
        if instead is not None:
            # Without a word in its place the rest goes too.
            until = article if instead else noun + 1
            start = preposition if instead == ["at"] else start
            said[start:until] = instead
            named[start:until] = [""] * len(instead)
            after = start + len(instead)
        at = _place_at(said, after)
    return said, named


def _place_at(words: list[str], start: int) -> tuple[int, int, int] | None:
    """Where "(that is) sitting on top of a bed" begins, where its place does, and its noun."""
    for at in range(start, len(words)):
        if words[at] not in ("on", "in", "inside") or at == 0:
            continue
        first = at
        while first and (words[first - 1] in _POSED or words[first - 1] in _LINKS):
            first -= 1
        noun = at
        while noun < len(words) and words[noun] in _PLACED | _ARTICLES:
            noun += 1
        if noun < len(words) and first:
            return first, at, noun
    return None


def _instead(
    one: str, other: str, noun: str, link: list[str], found: Detections
) -> list[str] | None:
    """What is said in place of the link; None where it may stand."""
    if one == "person" and other == "dining table" and link[0] == "on":
        return ["at"]
    if not other:
        return ["near"] if noun in _HIGH and "top" in link and one != "bird" else None
    side: relation.Side = "on" if link[0] == "on" else "in"
    pairs = [(a, b) for a in _boxes(found, one) for b in _boxes(found, other) if a is not b]
    if one == "person" and other in _TOO_SMALL and "top" in link:
        return ["with"]
    if not one or not pairs or one == other:
        return None
    return ["and"] if all(_denied(side, a, b) for a, b in pairs) else None


def _boxes(found: Detections, kind: str) -> list[relation.Box]:
    return [
        np.asarray(box) for box, label in zip(found.xyxy, found.label, strict=True) if label == kind
    ]


def _denied(side: relation.Side, one: relation.Box, other: relation.Box) -> bool:
    """Whether the one is surely not there: apart from the other, or hardly within it."""
    if side == "in":
        return relation.covered(one, other) < 0.25
    return relation.gap(one, other) > relation.APART
