"""Small French: articles by gender, plurals, counts and lists, as `english` does for English."""

from __future__ import annotations

from collections.abc import Sequence

_NUMBERS = ("aucun", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")

# What is said of several, or of stuff, even when there is one: "des skis", "du texte".
_UNCOUNTED = {
    "toilettes": "des toilettes",
    "texte": "du texte",
    "nourriture": "de la nourriture",
    "herbe": "de l'herbe",
    "terre": "de la terre",
    "sable": "du sable",
    "neige": "de la neige",
    "eau": "de l'eau",
    "ciel": "le ciel",
    "mer": "la mer",
    "papier": "du papier",
    "carrelage": "du carrelage",
}


def article(noun: str, feminine: bool = False) -> str:
    """The noun with "un" or "une", or as stuff is said."""
    return _UNCOUNTED.get(noun) or ("une " if feminine else "un ") + noun


def definite(noun: str, feminine: bool = False) -> str:
    """`le chien`, `la voiture`, `l'oiseau`, `les toilettes`."""
    if noun in _UNCOUNTED and noun.endswith("s"):
        return "les " + noun
    if starts_with_vowel(noun):
        return "l'" + noun
    return ("la " if feminine else "le ") + noun


def starts_with_vowel(word: str) -> bool:
    """Whether "le", "de" and "que" are cut before it; names that begin with h take part."""
    return word[:1].lower() in "aeiouyéèêàâîôœ" or word.startswith(("hor", "hom", "hab", "her"))


def of(definite_noun: str) -> str:
    """`le chien` → `du chien`, `les skis` → `des skis`, `la table` → `de la table`."""
    for whole, contracted in (("le ", "du "), ("les ", "des ")):
        if definite_noun.startswith(whole):
            return contracted + definite_noun.removeprefix(whole)
    return "de " + definite_noun


def plural(noun: str) -> str:
    """`chaise` → `chaises`, `gâteau` → `gâteaux`; the first word of a phrase takes the ending."""
    if noun == "cerf-volant":
        return "cerfs-volants"
    head, blank, tail = noun.partition(" ")
    if tail == "portable" or tail == "tricolore":
        tail += "s"
    if head.endswith(("s", "x", "z")):
        return head + blank + tail
    if head.endswith(("eau", "eu")):
        return head + "x" + blank + tail
    if head.endswith("al"):
        return head[:-2] + "aux" + blank + tail
    return head + "s" + blank + tail


def number(count: int, feminine: bool = False) -> str:
    """In words up to ten."""
    if count < 2 and feminine:
        return ("aucune", "une")[count]
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def counted(count: int, noun: str, feminine: bool = False) -> str:
    """`une chaise`, `deux chaises`, `12 chaises`."""
    if count == 1:
        return article(noun, feminine)
    return f"{number(count, feminine)} {plural(noun)}"


def listed(phrases: Sequence[str], conjunction: str = "et") -> str:
    """`a`, `a et b`, `a, b et c`."""
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{', '.join(phrases[:-1])} {conjunction} {phrases[-1]}"
