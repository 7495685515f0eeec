"""Which thing is the largest or the leftmost, and of which there are more."""

from __future__ import annotations

import re
from dataclasses import dataclass

from twinsight.tasks.request.language import spoken
from twinsight.tasks.request.lexicon import ORDERS, PLUS
from twinsight.tasks.request.phrases import Target, target
from twinsight.tasks.request.vocabulary import fold

_EXTREME = rf"(?:{'|'.join(ORDERS)}|plus (?:à gauche|à droite|{'|'.join(PLUS)}))"
# A question about the first thing's colour or name is another one.
_ASPECT = (
    r"(?!(?:is|are|est|sont|the|le|la|les|colou?rs?|couleurs?|texts?|textes?|words?|numbers?|"
    r"names?|breeds?|sizes?)\b)"
)
_RANKED = re.compile(
    rf"^(?:what|which|quel(?:le)?s?)(?:'s| is| are| est| sont)? (?:the |le |la |les )?{_ASPECT}"
    rf"(?P<phrase>(?:.*\b)?{_EXTREME}\b.*)$"
)
_LINKS = re.compile(r"\b(?:is|are|est|sont|one|of|de)\b")
_MORE = re.compile(
    r"^(?:(?:are|is) there|do you see|can you see|y a t il|est ce que il y a) "
    r"(?P<how>more|fewer|less|as many|plus de|moins de|autant de) (?P<first>.+?) "
    r"(?:than|as|que de|que des|que) (?P<second>.+)$"
)
_NUMBER = re.compile(r"\d+|one|two|three|four|five|six|seven|eight|nine|ten|an?")


def ranked(question: str) -> Target | None:
    """The things among which the question wants the first; None for any other question."""
    found = _RANKED.match(_sentence(question))
    if found is None:
        return None
    thing = target(" ".join(_LINKS.sub(" ", found["phrase"]).split()), spoken(question))
    return thing if thing is not None and thing.order and not thing.unknown else None


@dataclass(frozen=True, slots=True)
class Balance:
    """ "More cars than people": two things, and how their numbers are said to lie."""

    first: Target
    second: Target
    how: str

    def holds(self, first: int, second: int) -> bool:
        """Whether these numbers lie so."""
        if self.how in ("more", "plus de"):
            return first > second
        return first == second if self.how.startswith(("as", "autant")) else first < second


def balance(question: str) -> Balance | None:
    """The two numbers that "are there more cars than people?" compares; None for any other."""
    found = _MORE.match(_sentence(question))
    if found is None or _NUMBER.fullmatch(found["second"]):
        return None
    tongue = spoken(question)
    one, other = target(found["first"], tongue), target(found["second"], tongue)
    return Balance(one, other, found["how"]) if one and other else None


_ORDER = re.compile(
    r"\b(?:order|sort|rank|arrange|classe[rz]?|trie[rz]?|ordonne[rz]?)\b.*?\b(?:by|par|selon|"
    r"according to) (?:(?:the |le |la )?(?:number|amount|count|nombre) (?:of|de)|how many) "
    r"(?:the |des )?(?P<thing>[\w ]+)"
)
_LEAST_FIRST = re.compile(r"\b(?:fewest|least|ascending|smallest|croissant|moins)\b")


def order_of(question: str) -> Target | None:
    """What the pictures are to be ordered by the number of; None for any other question."""
    found = _ORDER.search(fold(question))
    return target(found["thing"], spoken(question)) if found else None


def is_ascending(question: str) -> bool:
    """Whether the fewest come first."""
    return bool(_LEAST_FIRST.search(fold(question).replace("décroissant", "")))


def _sentence(question: str) -> str:
    return re.split(r"[.?!]", fold(question))[0].strip()
