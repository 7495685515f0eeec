"""Words for what may lie around the objects, and questions about where a picture was taken.

`surroundings.txt` holds one thing a line, by the name that the surveyor gives it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from twinsight.tasks.request.lexicon import FILLER
from twinsight.tasks.request.vocabulary import fold
from twinsight.tasks.wording.english import plural
from twinsight.tasks.wording.french import plural as french_plural

PLACES = frozenset(
    ("beach", "field", "forest", "mountain", "playing field", "sea", "snow", "street", "park",
     "station", "shop", "office", "restaurant", "kitchen", "bathroom", "bedroom", "living room",
     "indoors", "outdoors")
)  # fmt: skip
"""Words that tell where the whole picture was taken."""


_PHOTO = (
    r"(?:(?:this|the|that|cette|la|le|ce) )?(?:image|picture|photo|photograph|scene|shot|cliché)"
)
_TAKEN = r"(?:(?:been )?(?:taken|shot|made|set)|(?:été )?(?:prise?|faite?))"
_IN = r"(?:in|on|at|by|near|inside|from|dans|sur|en|à)"
_SOMETHING = r"(?:the|this|le|la) \w+"
_WHETHER = re.compile(
    rf"^(?:is|was|are|were|est ce que|est) (?:(?:it|this|that|we|you|they|{_PHOTO}|"
    rf"(?P<who>{_SOMETHING}))(?: photo)? )?"
    rf"(?:{_TAKEN} |a été prise? |est )?(?P<in>{_IN} )?(?P<place>[\w' ]+)$"
)
_WHETHER_FR = re.compile(
    rf"^(?:{_PHOTO} )?(?:a t elle|a t il|est elle|est il|est ce)(?: {_TAKEN})? (?P<in>{_IN} )?"
    r"(?P<place>[\w' ]+)$"
)
_SORT = r"(?:(?:kind|type|sort) of )?(?:room|place|location|setting|scene|environment)"
_PLACE = r"(?:(?:genre|type) de )?(?:pièce|lieu|endroit)"
_WHERE = re.compile(
    rf"^(?:where (?:was|is|were|are) (?:it|this|that|we|{_PHOTO})(?: photo)?(?: {_TAKEN})?"
    rf"|(?:what|which) {_SORT}(?: is| was)?(?: it| this| that| shown| {_PHOTO})?(?: {_TAKEN})?"
    rf"|où (?:{_PHOTO} )?(?:a t elle|a|est|sommes nous)(?: {_TAKEN})?(?: {_PHOTO})?"
    rf"|quel(?:le)? {_PLACE}(?: est ce| est)?)$"
)


@dataclass(frozen=True, slots=True)
class Meant:
    """A word of the surveyor; `exact` where the asker's words say no more ("a christmas tree")."""

    word: str
    exact: bool


def meant(phrase: str) -> Meant | None:
    """The surroundings that a noun phrase of either language names; None for anything else."""
    if fold(phrase) in _words():
        return Meant(_words()[fold(phrase)], exact=True)
    words = [word for word in fold(phrase).split() if word not in FILLER]
    for start in range(len(words)):
        found = _words().get(" ".join(words[start:]))
        if found is not None:
            return Meant(found, start == 0)
    return None


@dataclass(frozen=True, slots=True)
class Setting:
    """A question about where the picture was taken: whether in this place, or (None) where."""

    place: str | None


def setting_of(question: str) -> Setting | None:
    """None where a question is not of that form."""
    asked = re.sub(r"[^\w' ]+", " ", fold(question))
    asked = " ".join(asked.split())
    if _WHERE.match(asked):
        return Setting(None)
    for form in (_WHETHER_FR, _WHETHER):
        found = form.match(asked)
        place = meant(found["place"]) if found else None
        if found is None or place is None or not place.exact or place.word not in PLACES:
            continue
        # "Is this a beach?" may as well be about what is to be seen.
        is_about_it = found.re is _WHETHER_FR or not found["who"]
        if (found["in"] and is_about_it) or place.word in ("indoors", "outdoors"):
            return Setting(place.word)
    return None


@cache
def _words() -> dict[str, str]:
    """Each word that the asker may use, folded, singular and plural, to the surveyor's."""
    table: dict[str, str] = {}
    text = (files("twinsight.tasks.answers") / "surroundings.txt").read_text("utf-8")
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, english, french = (cell.strip() for cell in line.split("|"))
        for words, several in ((f"{name},{english}", plural), (french, french_plural)):
            for word in filter(None, map(str.strip, words.split(","))):
                table.setdefault(fold(word), name)
                table.setdefault(fold(several(word)), name)
    return table
