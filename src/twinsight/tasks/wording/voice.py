"""Saying things in the asker's language: nouns by number and gender, colours, places, sentences.

Nouns are always given by their English name; a voice says them in its language, and what it has
no word for in quotation marks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Protocol

from twinsight.tasks.request.language import Language
from twinsight.tasks.request.vocabulary import nouns
from twinsight.tasks.wording import english, french
from twinsight.tasks.wording.sentences import ENGLISH, FRENCH

_COLOURS_FR = {
    "red": ("rouge", "rouge"),
    "orange": ("orange", "orange"),
    "yellow": ("jaune", "jaune"),
    "green": ("vert", "verte"),
    "turquoise": ("turquoise", "turquoise"),
    "blue": ("bleu", "bleue"),
    "purple": ("violet", "violette"),
    "pink": ("rose", "rose"),
    "brown": ("marron", "marron"),
    "black": ("noir", "noire"),
    "white": ("blanc", "blanche"),
    "grey": ("gris", "grise"),
}


class Voice(Protocol):
    """One language."""

    def say(self, sentence: str, **words: object) -> str:
        """The sentence of that name, with its words put in."""
        ...

    def counted(self, count: int, noun: str, colour: str = "") -> str:
        """`a red car`, `two cars`."""
        ...

    def none(self, noun: str, colour: str = "") -> str:
        """`no red car`."""
        ...

    def definite(self, noun: str, count: int = 1) -> str:
        """`the car`."""
        ...

    def noun(self, name: str) -> str:
        """`car`."""
        ...

    def plural(self, noun: str) -> str:
        """`cars`."""
        ...

    def colour(self, name: str, noun: str = "") -> str:
        """The colour as it is said of the noun."""
        ...

    def shade(self, name: str) -> str:
        """The colour after "is", or after "est de couleur"."""
        ...

    def listed(self, phrases: Sequence[str], conjunction: str = "") -> str:
        """`a, b and c`; `conjunction` is "or" for alternatives."""
        ...

    def number(self, count: int) -> str:
        """`three`."""
        ...

    def related(self, relation: str, noun: str) -> str:
        """`to the left of the car`."""
        ...


class English:
    def say(self, sentence: str, **words: object) -> str:
        return ENGLISH[sentence].format(**words)

    def counted(self, count: int, noun: str, colour: str = "") -> str:
        return english.counted(count, f"{colour} {_spelt(noun)}".strip())

    def none(self, noun: str, colour: str = "") -> str:
        return "no " + f"{colour} {_spelt(noun)}".strip()

    def definite(self, noun: str, count: int = 1) -> str:
        return "the " + (_spelt(noun) if count == 1 else self.plural(noun))

    def noun(self, name: str) -> str:
        return name

    def plural(self, noun: str) -> str:
        return english.plural(_spelt(noun))

    def colour(self, name: str, noun: str = "") -> str:
        return name

    def shade(self, name: str) -> str:
        return name

    def listed(self, phrases: Sequence[str], conjunction: str = "") -> str:
        return english.listed(phrases, conjunction or "and")

    def number(self, count: int) -> str:
        return english.number(count)

    def related(self, relation: str, noun: str) -> str:
        return self.say(relation, thing=self.definite(noun))


class French:
    def say(self, sentence: str, **words: object) -> str:
        return FRENCH[sentence].format(**words)

    def counted(self, count: int, noun: str, colour: str = "") -> str:
        said, feminine = _french(noun)
        shade = " " + self.colour(colour, noun) if colour else ""
        if count != 1 and shade and not shade.endswith(("s", "x")):
            shade += "" if colour in ("orange", "brown", "turquoise") else "s"
        return french.counted(count, said, feminine) + shade

    def none(self, noun: str, colour: str = "") -> str:
        said, feminine = _french(noun)
        shade = " " + self.colour(colour, noun) if colour else ""
        return ("aucune " if feminine else "aucun ") + said + shade

    def definite(self, noun: str, count: int = 1) -> str:
        said, feminine = _french(noun)
        if count > 1:
            return "les " + french.plural(said)
        return french.definite(said, feminine)

    def noun(self, name: str) -> str:
        return _words_fr().get(name, (name, False))[0]

    def plural(self, noun: str) -> str:
        return french.plural(_french(noun)[0])

    def colour(self, name: str, noun: str = "") -> str:
        forms = _COLOURS_FR.get(name)
        if forms is None:
            return name
        return forms[_french(noun)[1]] if noun else forms[0]

    def shade(self, name: str) -> str:
        return _COLOURS_FR.get(name, (name, name))[1]

    def listed(self, phrases: Sequence[str], conjunction: str = "") -> str:
        return french.listed(phrases, "ou" if conjunction == "or" else "et")

    def number(self, count: int) -> str:
        return french.number(count)

    def related(self, relation: str, noun: str) -> str:
        thing = self.definite(noun)
        return self.say(relation, thing=thing, of_thing=french.of(thing))


VOICES: dict[Language, Voice] = {"en": English(), "fr": French()}


def _spelt(noun: str) -> str:
    """The noun as a sentence spells it."""
    return "TV" if noun == "tv" else noun


def counts_said(labels: Iterable[str], voice: Voice, order: Sequence[str] = ()) -> str:
    """`two dogs and a cat`."""
    counts = Counter(labels)
    kinds = [*order, *(kind for kind in counts if kind not in order)]
    return voice.listed([voice.counted(counts[k], k) for k in kinds if counts[k]])


@cache
def _words_fr() -> dict[str, tuple[str, bool]]:
    """English name → (French noun, whether it is feminine)."""
    table = {}
    for line in (files("twinsight.tasks.wording") / "words_fr.txt").read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, said = (cell.strip() for cell in line.partition("|"))
            article, _, noun = said.partition(" ")
            table[name] = (noun, article == "une")
    return table | {name: (noun.french, noun.feminine) for name, noun in nouns().items()}


def has_french(name: str) -> bool:
    """Whether the French voice has a word of its own for it."""
    return name in _words_fr()


def _french(noun: str) -> tuple[str, bool]:
    return _words_fr().get(noun, (f"« {noun} »", False))
