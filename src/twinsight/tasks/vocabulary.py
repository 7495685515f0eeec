"""Words for the things that eyes know: synonyms, wider words, materials; in English and French.

`nouns.txt` holds one thing a line: its English name; other English words for it; its French name
with its gender; other French words. A word that names several things names them all ("tasse" is a
cup, and "glass" a wine glass).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from twinsight.tasks.english import plural

Language = Literal["en", "fr"]


@dataclass(frozen=True, slots=True)
class Noun:
    """A thing that can be detected. `feminine` is its French gender."""

    name: str
    english: tuple[str, ...]
    french: str
    feminine: bool
    french_others: tuple[str, ...]


@cache
def nouns() -> dict[str, Noun]:
    """All things, by their English name."""
    text = (files("twinsight.tasks") / "nouns.txt").read_text("utf-8")
    table = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, english, french, others = (cell.strip() for cell in line.split("|"))
            article, _, noun = french.partition(" ")
            table[name] = Noun(name, _cells(english), noun, article == "une", _cells(others))
    return table


def _cells(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def detectable() -> tuple[str, ...]:
    """The names that the detector can give: the 80 classes of COCO."""
    return tuple(nouns())


# Wider words: the English word and its synonyms, French ones after the bar, then the members.
_KINDS = (
    (
        "animal",
        "animals creature beast | animal bête animaux",
        "bird cat dog horse sheep cow elephant bear zebra giraffe",
    ),
    ("pet", "| compagnon", "cat dog"),
    ("vehicle", "transport | véhicule", "bicycle car motorcycle airplane bus train truck boat"),
    ("furniture", "piece_of_furniture | meuble mobilier", "chair couch bed dining_table bench"),
    ("seat", "seating | siège assise", "chair couch bench"),
    (
        "food",
        "meal snack dish | nourriture aliment repas plat",
        "banana apple sandwich orange broccoli carrot hot_dog pizza donut cake",
    ),
    ("fruit", "| fruit", "banana apple orange"),
    ("vegetable", "veggie | légume", "broccoli carrot"),
    ("tableware", "crockery dishware | vaisselle", "wine_glass cup fork knife spoon bowl"),
    ("container", "vessel | récipient contenant", "bottle wine_glass cup bowl vase"),
    ("cutlery", "utensil silverware flatware | couvert ustensile", "fork knife spoon"),
    (
        "appliance",
        "household_appliance | électroménager",
        "microwave oven toaster refrigerator hair_drier",
    ),
    (
        "electronics",
        "electronic electronic_device device gadget screen | appareil électronique écran",
        "tv laptop mouse remote keyboard cell_phone",
    ),
    (
        "sports equipment",
        "sports_gear sporting_goods | équipement_sportif",
        "frisbee skis snowboard sports_ball kite baseball_bat baseball_glove skateboard surfboard tennis_racket",
    ),
    ("bag", "luggage baggage | sac bagage", "backpack handbag suitcase"),
    ("human", "", "person"),
)

# Only where the material follows from what the thing is.
_MATERIALS = {
    "wooden": "bench chair dining_table",
    "wood": "bench chair dining_table",
    "glass": "bottle wine_glass vase",
    "metal": "fork knife spoon scissors fire_hydrant parking_meter stop_sign",
    "metallic": "fork knife spoon scissors fire_hydrant parking_meter stop_sign",
    "en bois": "bench chair dining_table",
    "bois": "bench chair dining_table",
    "en verre": "bottle wine_glass vase",
    "verre": "bottle wine_glass vase",
    "en métal": "fork knife spoon scissors fire_hydrant parking_meter stop_sign",
    "métallique": "fork knife spoon scissors fire_hydrant parking_meter stop_sign",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word means to the detector: the names it covers.

    `exact` says that the word is another word for the thing, and not a wider one.
    """

    names: frozenset[str]
    exact: bool


@cache
def _lexicon() -> dict[str, Meaning]:
    """Every known word, singular and plural, folded by `fold`."""
    table: dict[str, set[str]] = {}
    exact: set[str] = set()

    def add(word: str, names: set[str], is_exact: bool) -> None:
        for form in {word, plural(word), french_plural(word)}:
            key = fold(form)
            if is_exact:
                # A thing's own word beats a wider use of it.
                table[key] = (table[key] if key in exact else set()) | names
                exact.add(key)
            elif key not in exact:
                table[key] = table.get(key, set()) | names

    for noun in nouns().values():
        for word in (noun.name, *noun.english, noun.french, *noun.french_others):
            add(word, {noun.name}, is_exact=True)
    for name, synonyms, members in _KINDS:
        names = {member.replace("_", " ") for member in members.split()}
        for word in (name, *synonyms.replace("|", " ").split()):
            add(word.replace("_", " "), names, is_exact=False)
    for material, members in _MATERIALS.items():
        key = fold(material)
        if key not in exact:
            table[key] = {member.replace("_", " ") for member in members.split()}
    return {key: Meaning(frozenset(names), key in exact) for key, names in table.items()}


def meaning(phrase: str) -> Meaning | None:
    """What a word or phrase covers, in either language; None when it is not known."""
    return _lexicon().get(fold(phrase))


def material(phrase: str) -> frozenset[str] | None:
    """The things that are surely of a material; None when the word is none."""
    members = _MATERIALS.get(phrase.lower())
    return None if members is None else frozenset(m.replace("_", " ") for m in members.split())


@cache
def _broader() -> dict[str, tuple[str, ...]]:
    table: dict[str, list[str]] = {}
    for name, _, members in sorted(_KINDS, key=lambda kind: len(kind[2].split())):
        for member in members.split():
            table.setdefault(member.replace("_", " "), []).append(name)
    return {name: tuple(kinds) for name, kinds in table.items()}


def broader(noun: str) -> tuple[str, ...]:
    """Words for wider groups that the thing belongs to, the narrowest first; () when unknown."""
    return _broader().get(noun, ())


def in_language(name: str, language: Language) -> str:
    """The thing's name in a language; its English name where no other is known."""
    noun = nouns().get(name)
    return noun.french if noun is not None and language == "fr" else name


def singular(word: str, name: str) -> str:
    """The form of a thing's word that is said of one: `mugs` → `mug`, `people` → `person`."""
    noun = nouns()[name]
    for candidate in (noun.name, *noun.english):
        if fold(word) in (fold(candidate), fold(plural(candidate))):
            is_plural = fold(word) != fold(candidate) or plural(name) == candidate
            return name if is_plural and plural(name) == fold(word) else candidate
    return name


def french_plural(noun: str) -> str:
    """`chaise` → `chaises`, `gâteau` → `gâteaux`; the first word of a phrase takes the ending."""
    head, space, tail = noun.partition(" ")
    if head.endswith(("s", "x", "z")):
        return noun
    if head.endswith(("eau", "eu")):
        return head + "x" + space + tail
    if head.endswith("al"):
        return head[:-2] + "aux" + space + tail
    return head + "s" + space + tail


def fold(phrase: str) -> str:
    """Lower case, hyphens and underscores as spaces, single spaces."""
    return re.sub(r"[\s_\-]+", " ", phrase.lower()).strip()
