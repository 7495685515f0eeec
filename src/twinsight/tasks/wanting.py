"""Words in the names of a schema's properties, by what they want."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\d_A-Za-z]+")


def words_of(name: str) -> list[str]:
    """`isOutdoorScene`, `is_outdoor_scene` → is, outdoor, scene."""
    return [word.lower() for word in _WORD.findall(name)]


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


CAPTION = _words(
    "caption description summary answer alt describe response reply result légende overview "
    "details scene"
)
LABEL = _words("label name category class classification object type subject tag item kind")
LABELS = _words("labels tags keywords categories classes names")
TEXT = _words("text ocr transcription transcript words sign texte content contents")
LINES = _words("lines texts words text")
COUNT = _words("count number num total quantity how many")
SCORE = _words("score confidence probability certainty conf")
COLOUR = _words("color colour colors colours couleur couleurs")
PRESENCE = _words("is has have contains contain are shows present visible there any")
OBJECTS = _words("objects items detections boxes things entities elements instances masks points")
BOX = _words("box bbox bounding coordinates coords rectangle region rect")
SHAPE = _words("mask segmentation polygon contour outline")
POINT = _words("point points center centre position location keypoint")
SIZE = _words("width height")
IMAGES = _words("images image pictures picture photos photo results per")
INDEX = _words("index id idx image picture")

# [ymin, xmin, ymax, xmax]: where each number stands that a property may ask for alone.
ENDS = {
    "ymin": 0, "xmin": 1, "ymax": 2, "xmax": 3, "y0": 0, "x0": 1, "y1": 2, "x1": 3,
    "top": 0, "left": 1, "bottom": 2, "right": 3,
}  # fmt: skip
