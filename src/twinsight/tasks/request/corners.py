"""By which numbers a place is told: Gemini's own, or those that the prompt asks for.

Gemini's are integers 0–1000 of the upright picture, y before x (CONTRACT §15). A prompt that spells
out another order ("[x1, y1, x2, y2]", "x, y, width, height") or another scale ("in pixels",
"normalized 0-1") means what it says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

Scale = Literal["thousand", "pixel", "unit", "percent"]

_CALLED = {
    "xmin": "xmin x1 x0 left minx startx topleftx xtl",
    "ymin": "ymin y1 y0 top miny starty toplefty ytl",
    "xmax": "xmax x2 right maxx endx bottomrightx xbr",
    "ymax": "ymax y2 bottom maxy endy bottomrighty ybr",
    "cx": "cx xc centerx xcenter centrex xcentre",
    "cy": "cy yc centery ycenter centrey ycentre",
    "width": "width w boxwidth largeur",
    "height": "height h boxheight hauteur",
    "x": "x",
    "y": "y",
}
_CORNER = {word: name for name, words in _CALLED.items() for word in words.split()}
_LETTERS = {
    "xyxy": ("xmin", "ymin", "xmax", "ymax"),
    "yxyx": ("ymin", "xmin", "ymax", "xmax"),
    "xywh": ("xmin", "ymin", "width", "height"),
    "cxcywh": ("cx", "cy", "width", "height"),
}
_FOUR = re.compile(r"(?=\b(\w+)\W{1,3}(\w+)\W{1,3}(\w+)\W{1,3}(\w+)\b)")
_NAMED = re.compile(r"\b(" + "|".join(_LETTERS) + r")\b", re.I)
_X_FIRST = re.compile(
    r"[\[(]\s*x\s*,\s*y\s*[\])]|\bx (?:first|before y|d['’]abord|en premier|avant y)\b", re.I
)
_FORMAT = r"(?: ?v?\d+)?(?: \w+)? (?:format|annotations?|style|json|lines?|lignes?|labels?|txt)\b"
_COCO = re.compile(rf"\bcoco{_FORMAT}|\b(?:format|style|in|en) coco\b(?! (?:class|categor))", re.I)
_YOLO = re.compile(rf"\byolo{_FORMAT}|\b(?:format|style|in|en) yolo\b", re.I)
_PIXELS = re.compile(
    r"(?<!not )(?<!pas )\b(?:(?:in|as|absolute|en) (?:absolute |image |whole )?"
    r"(?:pixels?\b(?! masks?)|px\b)|"
    r"pixels? (?:ints?\b|integers?|coordinates?|coords|values?|units?|positions?|space)"
    r"|(?:xyxy|yxyx|xywh)[ ,(]+(?:in )?(?:pixels?|px)"
    r"|absolute (?:coordinates|values)|coordonnées (?:en )?pixels?)\b",
    re.I,
)
_ONE = re.compile(r"\b0(?:\.0+)?\s*(?:-|–|to|and|\.\.+|,|à|et)\s*1(?:\.0+)?(?![\d.]*\d)")
_PLACES = r"coord\w*|box\w*|bbox\w*|points?|normali\w+|boîtes?|cadres?"
_ABOUT = re.compile(
    rf"\b(?:(?P<sure>confid\w*|confiance|scores?|prob\w*|certain\w*)|{_PLACES})", re.I
)
_SHARES = re.compile(r"\bnormali[sz]", re.I)
_PERCENT = re.compile(r"\b(?:as|in|en) (?:a )?(?:percent\w*|pourcentages?)\b|\b0 ?- ?100 ?%", re.I)
_THOUSAND = re.compile(r"\b1[ ,]?000\b")


MOST_RUNS = 100


@dataclass(frozen=True, slots=True)
class Corners:
    """`box` and `point` name the numbers of a box and of a point in order, in one scale."""

    box: tuple[str, ...] = ("ymin", "xmin", "ymax", "xmax")
    point: tuple[str, ...] = ("y", "x")
    scale: Scale = "thousand"

    def along(self, share: float, side: int) -> float:
        """A place along one side of the picture, told as a share of it, in this scale."""
        if self.scale == "unit":
            return round(share, 4)
        if self.scale == "percent":
            return round(share * 100, 2)
        return round(share * (side if self.scale == "pixel" else 1000))


GEMINI = Corners()


def corner_of(name: str, beside: Collection[str] = ()) -> str | None:
    """Which number of a box a name means, beside others: `x1` is the right where `x0` is there."""
    word = _bare(name)
    around = {_bare(other) for other in beside}
    if word in ("x1", "y1") and f"{word[0]}0" in around:
        return f"{word[0]}max"
    if word in ("x", "y") and around & {"width", "w", "x2", "xmax", "boxwidth", "largeur"}:
        return f"{word}min"
    return _CORNER.get(word)


def corners_of(names: Sequence[str]) -> tuple[str, ...] | None:
    """The order of a box that four names spell; None where they spell none."""
    found = [corner_of(name, names) for name in names]
    known = tuple(name for name in found if name is not None and name not in ("x", "y"))
    return known if len(known) == 4 == len(set(known)) else None


def _runs(text: str) -> Iterator[re.Match[str]]:
    """The runs of four words that may spell a box, as many as are looked at."""
    found = (run for run in _FOUR.finditer(text) if _bare(run[1]) in _CORNER)
    return islice(found, MOST_RUNS)


def spells_box(text: str) -> bool:
    """Whether four names of a box's numbers stand in the text: "[x, y, w, h]"."""
    return any(corners_of(found.groups()) for found in _runs(text))


def without_corners(text: str) -> str:
    """The text without the runs of four names that spell a box: "x1, y1, x2, y2 in pixels"."""
    for found in reversed(list(_runs(text))):
        if corners_of(found.groups()):
            text = f"{text[: found.start()]} {text[found.end(4) :]}"
    return text


def corners_asked(text: str) -> Corners:
    """The numbers that a prompt asks for in words."""
    spelt = (corners_of(found.groups()) for found in _runs(text))
    named = _NAMED.search(text)
    x_first = _X_FIRST.search(text) is not None
    letters = named[1].lower() if named else _letters(text, x_first)
    box = next((names for names in spelt if names), None) or _LETTERS[letters]
    scale = _scale(text)
    if scale == "thousand" and "cx" in box and _SHARES.search(text) and not _THOUSAND.search(text):
        scale = "unit"  # as YOLO means it
    return Corners(box, ("x", "y") if x_first else GEMINI.point, scale)


def _letters(text: str, x_first: bool) -> str:
    """The order of the numbers that a format is known for, or that is told in words."""
    if is_yolo(text):
        return "cxcywh"
    return "xywh" if _COCO.search(text) else "xyxy" if x_first else "yxyx"


def is_yolo(text: str) -> bool:
    """Whether boxes are asked for as YOLO writes them: centre and size as shares of the picture."""
    return _YOLO.search(text) is not None


def _scale(text: str) -> Scale:
    if _THOUSAND.search(text):
        return "thousand"
    if any(_is_of_places(text, found.start(), found.end()) for found in _ONE.finditer(text)):
        return "unit"
    if _PIXELS.search(text) or _COCO.search(text):
        return "pixel"
    if _PERCENT.search(text):
        return "percent"
    return "unit" if is_yolo(text) else "thousand"


def _is_of_places(text: str, start: int, end: int) -> bool:
    """Whether "0-1" tells the scale of places, and not how sure one may be."""
    before = list(_ABOUT.finditer(text, max(0, start - 80), start))
    about = before[-1] if before else _ABOUT.search(text, end, end + 80)
    return about is not None and about["sure"] is None


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())
