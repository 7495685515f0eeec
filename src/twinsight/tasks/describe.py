"""A picture in a sentence: what was seen, in plain English, and nothing that was not.

Objects come from the detector, the finer noun from the labeler where both agree, text from the
reader. When little is sure, little is said.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from twinsight.engines.roles import Recognition
from twinsight.tasks.english import article, counted, listed, sentence
from twinsight.tasks.scene import Scene

MOST_KINDS = 5
"""Kinds of objects that a sentence names; the rest is left to detection."""

LONGEST_QUOTE = 90
"""Characters of text that a sentence quotes."""

SURE_TEXT = 0.75
SURE_BESIDE_OBJECTS = 0.6
"""A label that no object supports must be this sure to be mentioned beside objects."""


def caption(scene: Scene) -> str:
    """One or two sentences about the picture."""
    if scene.measures.flat:
        return f"A plain {scene.measures.colours[0][0]} picture with nothing on it."
    parts = [sentence("a photo of " + main_thing(scene))]
    quote = quoted(scene)
    if quote:
        parts.append(f"The text reads {quote}.")
    doubt = doubts(scene)
    if doubt:
        parts.append(doubt)
    return " ".join(parts)


def short_caption(scene: Scene) -> str:
    """The picture as a phrase: `two people and a dog`."""
    phrases = object_phrases(scene)
    name = scene.recognition.name
    if phrases:
        return listed(phrases)
    if name is not None:
        return article(name.name)
    quote = quoted(scene)
    if quote:
        return f"text that reads {quote}"
    return _colours(scene)


def main_thing(scene: Scene) -> str:
    """What the picture shows, as the object of "a photo of"."""
    phrases = object_phrases(scene)
    name = scene.recognition.name
    if phrases:
        return listed(phrases) + _beside(scene)
    if name is not None:
        return article(name.name)
    if quoted(scene):
        return "text"
    return f"something that I cannot name; its main colours are {_colours(scene)}"


def object_phrases(scene: Scene) -> list[str]:
    """`two people`, `a dog`: the kinds of objects, the largest first."""
    counts = Counter(scene.objects().label)
    order = _by_prominence(scene)
    seen = scene.recognition
    return [counted(counts[k], finer(k, counts[k], seen)) for k in order[:MOST_KINDS]]


def main_noun(scene: Scene) -> str:
    """The most prominent object's noun, in its finer form where one is sure."""
    counts = Counter(scene.objects().label)
    kind = next(iter(_by_prominence(scene)))
    return finer(kind, counts[kind], scene.recognition)


def _by_prominence(scene: Scene) -> list[str]:
    """The kinds of objects: large and sure ones first."""
    found = scene.objects()
    prominence: dict[str, float] = {}
    sides = np.sqrt(np.maximum((found.xyxy[:, 2:] - found.xyxy[:, :2]).prod(1), 0))
    for label, side, score in zip(found.label, sides, found.score, strict=True):
        prominence[label] = prominence.get(label, 0.0) + float(side * score)
    return sorted(prominence, key=lambda label: -prominence[label])


def finer(kind: str, count: int, seen: Recognition) -> str:
    """The labeler's word for a single object where it is a kind of that object."""
    if count == 1 and seen.name is not None and kind in seen.name.kinds:
        return seen.name.name
    return kind


def _beside(scene: Scene) -> str:
    """The labeler's word when it is sure of something that is none of the objects."""
    seen = scene.recognition
    if seen.name is None or seen.name.score < SURE_BESIDE_OBJECTS:
        return ""
    is_broad = seen.name.name != seen.labels[0].name
    kinds = set(scene.objects().label)
    if is_broad or seen.name.name in kinds or kinds.intersection(seen.name.kinds):
        return ""
    return f", with what looks like {article(seen.name.name)}"


def quoted(scene: Scene) -> str:
    """The picture's text in quotation marks, cut to a sentence's length; empty without text."""
    sure = [line.text.strip() for line in scene.lines if line.score >= SURE_TEXT]
    sure = [text for text in sure if sum(c.isalnum() for c in text) >= 2]
    if not sure:
        return ""
    text = " / ".join(sure)
    if len(text) > LONGEST_QUOTE:
        text = text[:LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"
    return f"“{text}”"


def doubts(scene: Scene) -> str:
    """A warning in plain words when the photo itself is the problem."""
    measures = scene.measures
    if measures.too_dark:
        return "The photo is very dark, so I may have missed things."
    if measures.too_bright:
        return "The photo is overexposed, so I may have missed things."
    if measures.blurred:
        return "The photo is blurred, so I may have missed things."
    return ""


def _colours(scene: Scene) -> str:
    names = [name for name, share in scene.measures.colours[:3] if share >= 0.1]
    return listed(names) or "mixed"
