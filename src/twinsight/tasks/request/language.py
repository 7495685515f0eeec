"""In which of our two languages a question is asked, and in which it wants its answer."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from twinsight.tasks.request.lexicon import word_set
from twinsight.tasks.request.vocabulary import fold

Language = Literal["en", "fr"]


_FRENCH = word_set("""
    le la les des du une un est sont dans avec pour sur quoi quel quelle quels quelles
    combien où que qui de et ou cette cet ces ce au aux en il elle je tu vous nous pas ne
    plus moi toi tout tous toutes donne donnez donner montre détecte détecter détectez
    décris décrire légende vois vas-y lis compte masques boîtes réponds
    qu chaque entre merci bonjour bonsoir salut oui non est-ce es-tu mais
""")
_ENGLISH = word_set("""
    the is are was were what how this these that those in of give which where who why
    describe caption and with do does can you there any for to from it many much all each
    every please show find on at a an not has have detect segment point boxes tell me count
""")
_ASKED = (
    (re.compile(r"\b(?:in|into|to) french\b|\ben français\b|\ben francais\b"), "fr"),
    (re.compile(r"\b(?:in|into|to) english\b|\ben anglais\b"), "en"),
)


_SPANISH = re.compile(r"[¿¡ñ]")
"""Letters of a language with as many accents as French; ours is then English."""


@lru_cache(maxsize=64)
def spoken(question: str) -> Language:
    """The language of the words: French when its small words outnumber the English ones."""
    words = re.findall(r"[^\W\d_]+", fold(question))
    if _SPANISH.search(question):
        return "en"
    french = sum(word in _FRENCH or any(c in "éèêàùçœ" for c in word) for word in words)
    return "fr" if french > sum(word in _ENGLISH for word in words) else "en"


def is_neutral(text: str) -> bool:
    """Whether the text has no small word of either language."""
    words = re.findall(r"[^\W\d_]+", fold(text))
    return not any(word in _FRENCH or word in _ENGLISH for word in words)


def asked(*texts: str) -> Language | None:
    """The language that is asked for by name ("in French"), in the first text that does.

    Where a text names both, the last one counts.
    """
    for text in texts:
        named = [
            (found.start(), language)
            for pattern, language in _ASKED
            for found in pattern.finditer(text.lower())
        ]
        if named:
            return "fr" if max(named)[1] == "fr" else "en"
    return None


def language_of(question: str, system: str = "") -> Language:
    """The language to answer in: the one asked for, else the question's own.

    A question without words of either language (a label, nothing) goes with the system instruction.
    """
    named = asked(question, system)
    if named is not None:
        return named
    return spoken(question if question.strip() else system)
