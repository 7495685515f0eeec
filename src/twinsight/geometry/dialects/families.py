"""Which model family speaks which dialect, and the words it was trained to be asked with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from twinsight.geometry.dialects import listed, tagged
from twinsight.geometry.dialects.grounding import Grounding, Wh

Parser = Callable[[str, Wh, Wh, str], Grounding]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one family is asked for places, and how its answer is read.

    `models` matches the lower-case names of its models. `prompt` has `{phrase}` where the thing
    goes. `multiple`: both sides of the picture must be multiples of it, or the server would resize
    it and the numbers would mean another picture. `marks`: the answer has special tokens, which the
    server must not leave out. `points`: it gives points and no boxes.
    """

    name: str
    models: str
    prompt: str
    parse: Parser
    multiple: int = 1
    marks: bool = False
    points: bool = False

    def ask(self, phrase: str) -> str:
        """The question for what the phrase describes."""
        return self.prompt.format(phrase=phrase.replace('"', "'"))


_QWEN = (
    'Locate every instance that belongs to the following categories: "{phrase}". Report bbox '
    "coordinates in JSON format."
)
_INTERN = (
    "Please provide the bounding box coordinate of the region this sentence describes: "
    "<ref>{phrase}</ref>"
)

_LFM = (
    "Detect all instances of: {phrase}. Response must be a JSON array: "
    '[{{"label": ..., "bbox": [x1, y1, x2, y2]}}, ...]. Coordinates are normalized to [0,1].'
)
_ANYTHING = "Locate all the instances that match the following description: {phrase}."

# The first that matches is taken, so the narrower name stands first.
DIALECTS: tuple[Dialect, ...] = (
    Dialect(
        "gemini",
        r"gemini|gemma-?4",
        "Detect {phrase}. Give box_2d and label as a JSON list.",
        listed.gemini,
    ),
    Dialect("qwen3", r"qwen[-_]?3|qwen3\.\d|cosmos-reason-?2", _QWEN, listed.qwen3),
    Dialect("qwen2.5", r"qwen[-_]?2\.5|qwen2_5", _QWEN, listed.qwen2_5, multiple=28),
    Dialect(
        "qwen2",
        r"qwen[-_]?2-vl",
        "Detect the bounding box of {phrase}.",
        tagged.qwen2,
        marks=True,
    ),
    Dialect("glm", r"glm-?4[._]?\d?v|glm-4\.\d+v", _QWEN, listed.qwen3),
    Dialect("internvl", r"internvl", _INTERN, tagged.internvl, marks=True),
    Dialect(
        "deepseek-vl2",
        r"deepseek-vl2",
        "Locate <|ref|>{phrase}<|/ref|> in the given image.",
        tagged.deepseek,
        marks=True,
    ),
    Dialect("paligemma", r"paligemma", "detect {phrase}", tagged.paligemma),
    Dialect(
        "florence",
        r"florence-?2",
        "<OPEN_VOCABULARY_DETECTION>{phrase}",
        tagged.florence,
        marks=True,
    ),
    Dialect("moondream", r"moondream", "Detect: {phrase}", listed.unit),
    Dialect("lfm-3b", r"lfm2(?:\.\d)?-vl-3b", _QWEN, listed.qwen3),
    Dialect("lfm", r"lfm2(?:\.\d)?-vl", _LFM, listed.unit),
    Dialect(
        "locateanything",
        r"locate-?anything",
        _ANYTHING,
        tagged.locateanything,
        marks=True,
    ),
    Dialect("molmo2", r"molmo-?2", "Point to {phrase}.", tagged.molmo2, points=True),
    Dialect("molmo", r"molmo", "Point to {phrase}.", tagged.molmo, points=True),
)
NAMES = tuple(dialect.name for dialect in DIALECTS)


def dialect_of(model: str) -> Dialect | None:
    """The dialect of a model by its name; None for one that is not known to write places."""
    name = model.lower().replace(" ", "-")
    return next((d for d in DIALECTS if re.search(d.models, name)), None)


def dialect_named(name: str) -> Dialect | None:
    """The dialect of that name."""
    return next((dialect for dialect in DIALECTS if dialect.name == name), None)
