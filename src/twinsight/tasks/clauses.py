"""A request cut into its clauses, without what is about the picture or the form of the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from twinsight.tasks.lexicon import COLOURS, NUMBERS, ORDINALS, number_of
from twinsight.tasks.vocabulary import fold


def any_of(*patterns: str) -> re.Pattern[str]:
    """A pattern that matches any of these, as whole words, in folded text."""
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b")


def _any(*words: str) -> str:
    return "(?:" + "|".join(words) + ")"


_LISTED = re.compile(r"\n\s*(?:[-*•]|\d+[.)])\s+")
_BRACKETS = re.compile(r"\[[^\]]*\]|\{[^}]*\}|<[^>]*>")
_ABOUT_KEYS = re.compile(r"\b(?:json|keys?|clés?|fields?|champs?)\b")
_KEY = re.compile(r"[\"`'](?:\w+ ?){1,4}[\"`']")
_QUOTES = re.compile('["`“”«»*]')

_LIMIT = re.compile(
    _any(
        r"\b(?:at most|maximum(?: of)?|max\.?(?: of)?|no more than|not more than|up to|top|first|"
        r"limit(?:ed)? to|au plus|au maximum|pas plus de|jusque à)\s+(?P<before>\d{1,4})\b",
        r"\b(?P<after>\d{1,4})(?: (?:items?|objects?|boxes|results?|éléments?|objets?))?"
        r" (?:at most|max(?:imum)?|or fewer|or less|au maximum|au plus)\b",
        r"\b(?P<points>\d{1,4}) (?=points?\b)",
    )
)
# In "the cars, at most 10 items" the items are the cars.
_LIMIT_APART = re.compile(
    rf",\s*(?:{re.sub(r'[?]P<[a-z]+>', '?:', _LIMIT.pattern)}) (?:items?|objects?|boxes|results?|"
    r"entries|éléments?|objets?|entrées?)(?=\s*(?:[.,;]|$))"
)
MANY = 10_000
_BOUND = re.compile(
    r"(?<!no )(?<!not )(?<!pas )\b(?:(?P<more>more than|over|plus de)|(?P<least>at least|au moins)|"
    r"(?P<fewer>(?:fewer|less) than|moins de)|(?P<exactly>exactly|exactement)) "
    rf"(?P<number>\d{{1,4}}|{'|'.join(NUMBERS)})\b"
)
_IMAGE = _any(
    "images?", "pictures?", "photos?", "photographs?", "photographies?", "pics?", "scenes?",
    "scènes?", "frames?",
)  # fmt: skip
_ORDINAL = "|".join(ORDINALS)
_PICTURE = re.compile(
    rf"\b(?:in|on|of|from|within|inside|dans|sur|de|du) (?:(?:the|this|these|that|those|each|every|"
    rf"both|all|my|two|le|la|les|cette|ces|cet|ce|chaque|deux|given|provided|attached|following|"
    rf"entire|whole|last|{_ORDINAL}) )*{_IMAGE}(?: (?:ci dessous|below|above|here|\d+))?\b"
)
_MIDDLE = re.compile(
    r"\b(?:center|centre|middle|milieu) (?:of|de) (?=(?:the|each|every|le|la|les|chaque) \w)"
)
_SIGN_OF = re.compile(r"\b(?:an?y? )?(?:signs?|traces?|evidence) of (?=(?:an?|any|the) \w)")
_CHOICE = re.compile(
    rf"\b{_any(*COLOURS)}(?:, {_any(*COLOURS)})*,? (?:or|ou) {_any(*COLOURS)}(?=\s*(?:[?.!]|$))"
)
_STOP = re.compile(r"[.;:?!\n()]+(?=\s|$|\w)")

_LEFT_OUT = re.compile(
    r"^(?:please |and |but |, )*"
    + _any(
        "do not", "don't", "never", "ignore", "ignoring", "exclude", "excluding", "without",
        "leave out", "skip", "ne", "ignore[rz]?", "exclu[ts]?", "exclue[sz]?", "exclure", "sans",
        "pas de",
    )
    + r"\b"
)  # fmt: skip
_EXCEPT = re.compile(
    r"\b"
    + _any(
        "except(?: for)?", "excluding", "other than", "apart from", "aside from", "besides",
        "but not", "but no", "ignoring", "ignore", "without counting", "leaving out", "sauf",
        "hormis", "excepté(?:e?s?)?", "à le exception de", "à part", "autres? que", "mais pas",
        "en ignorant", r"(?<=, )(?:without|sans) (?:the|any|le|la|les)",
    )
    + r"\b"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    """One folded clause; `opens` says that a colon follows, so that the next one lists its things.

    `without` are its words after "except", or all of them in "do not include people".
    """

    text: str
    without: str = ""
    opens: bool = False


def bounds_of(question: str) -> tuple[int, int] | None:
    """The least and the most of "more than three", "at least 3", "fewer than 3", "exactly 3"."""
    found = _BOUND.search(fold(question))
    if found is None:
        return None
    number = number_of(found["number"])
    assert number is not None, "the pattern holds numbers of up to four digits and known words"
    return {
        "more": (number + 1, MANY),
        "least": (number, MANY),
        "fewer": (0, number - 1),
        "exactly": (number, number),
    }[next(name for name in ("more", "least", "fewer", "exactly") if found[name])]


def limit_of(question: str) -> int | None:
    """The most answers that are wanted, when a number of them is given."""
    found = _LIMIT.search(fold(question))
    return int(next(group for group in found.groups() if group)) if found else None


def clauses(question: str) -> list[Clause]:
    """The clauses in order, folded; empty ones are left out."""
    text = without_keys(fold(_LISTED.sub(", ", question)))
    text = _QUOTES.sub("", _BRACKETS.sub(" ", text))
    text = _LIMIT.sub(" ", _LIMIT_APART.sub(" ", _SIGN_OF.sub("", text)))
    text = _MIDDLE.sub("", _PICTURE.sub(" ", _BOUND.sub(" ", text)))
    text = _CHOICE.sub(" ", text)
    cut: list[Clause] = []
    start = 0
    for stop in [*_STOP.finditer(text), None]:
        part = " ".join(text[start : stop.start() if stop else len(text)].split()).strip(" ,")
        if part:
            cut.append(_clause(part, stop is not None and ":" in stop[0]))
        if stop:
            start = stop.end()
    return cut


def without_keys(text: str) -> str:
    """The text without the quoted names that follow its first word about JSON and keys."""
    about = _ABOUT_KEYS.search(text)
    if about is None:
        return text
    return text[: about.end()] + _KEY.sub("", text[about.end() :])


def _clause(text: str, opens: bool) -> Clause:
    if _LEFT_OUT.match(text):
        return Clause("", _LEFT_OUT.sub("", text), opens)
    kept, *left_out = _EXCEPT.split(text, maxsplit=1)
    return Clause(kept.strip(" ,"), " ".join(left_out), opens)


def asked(question: str) -> str:
    """The positive clauses as one text, folded, with the picture's and the answer's words in it."""
    text = fold(question)
    sentences = re.split(r"(?<=[.;?!])\s+", text)
    return " ".join(part for part in sentences if not _LEFT_OUT.match(part)) or text
