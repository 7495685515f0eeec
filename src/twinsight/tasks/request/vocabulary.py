"""Words for the things that eyes know: synonyms, wider words, materials; in English and French.

`nouns.txt` holds one thing a line: its English name; other English words for it; its French name
with its gender; other French words. A word that names several things names them all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import Literal

from twinsight.tasks.request.lexicon import unaccented
from twinsight.tasks.wording.english import plural
from twinsight.tasks.wording.french import plural as french_plural

Language = Literal["en", "fr"]


@dataclass(frozen=True, slots=True)
class Noun:
    """A thing that can be detected. `feminine` is its French gender.

    `words` mean the very thing, `narrower` ones a kind of it ("taxi"); both in either language.
    """

    name: str
    french: str
    feminine: bool
    words: tuple[str, ...]
    narrower: tuple[str, ...]


@cache
def nouns() -> dict[str, Noun]:
    """All things, by their English name."""
    text = (files("twinsight.tasks.request") / "nouns.txt").read_text("utf-8")
    table = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, english, french, others = (cell.strip() for cell in line.split("|"))
            article, _, noun = french.partition(" ")
            words = [word.strip() for word in f"{name},{english},{noun},{others}".split(",")]
            table[name] = Noun(
                name,
                noun,
                article == "une",
                tuple(word for word in words if word and word[0] != "<"),
                tuple(word[1:] for word in words if word.startswith("<")),
            )
    return table


# Wider words: the English word; its synonyms, French ones after the bar; the members.
_KINDS = (
    (
        "animal",
        "creature beast | animal bête animaux",
        "bird cat dog horse sheep cow elephant bear zebra giraffe",
    ),
    ("pet", "| animal_de_compagnie", "cat dog"),
    (
        "vehicle",
        "means_of_transport | véhicule",
        "bicycle car motorcycle airplane bus train truck boat",
    ),
    (
        "public transport",
        "public_transportation public_transit mass_transit | transport_en_commun "
        "transports_publics",
        "bus train",
    ),
    ("furniture", "piece_of_furniture | meuble mobilier", "chair couch bed dining_table bench"),
    ("seat", "seating | siège assise", "chair couch bench"),
    (
        "food",
        "meal snack dish food_item | nourriture aliment repas plat",
        "banana apple sandwich orange broccoli carrot hot_dog pizza donut cake",
    ),
    ("fruit", "", "banana apple orange"),
    ("dessert", "sweet | pâtisserie sucrerie", "donut cake"),
    ("fast food", "junk_food | malbouffe", "sandwich hot_dog pizza donut"),
    ("drink", "beverage | boisson", "bottle wine_glass cup"),
    ("vegetable", "veggie | légume", "broccoli carrot"),
    ("tableware", "crockery dishware | vaisselle", "wine_glass cup fork knife spoon bowl"),
    ("container", "vessel | récipient contenant", "bottle wine_glass cup bowl vase"),
    ("glass", "drinking_glass | verre", "wine_glass cup"),
    ("cutlery", "utensil silverware flatware | couvert ustensile", "fork knife spoon"),
    (
        "appliance",
        "household_appliance | électroménager",
        "microwave oven toaster refrigerator hair_drier",
    ),
    ("screen", "display | écran", "tv laptop cell_phone"),
    (
        "electronics",
        "electronic electronic_device device gadget | appareil appareil_électronique électronique",
        "tv laptop mouse remote keyboard cell_phone",
    ),
    (
        "sports equipment",
        "sports_gear sporting_goods | équipement_sportif",
        "frisbee skis snowboard sports_ball kite baseball_bat baseball_glove skateboard surfboard "
        "tennis_racket",
    ),
    ("luggage", "baggage bag | sac bagage", "backpack handbag suitcase"),
)

# What people are: understood, but nobody's looks tell it.
_ROLES = """
    cavalière conductrice ouvrière passante serveuse adolescente visiteuse spectatrice voyageuse
    musicienne randonneuse sportive
    astronaut soldier police_officer policeman policewoman cop firefighter fireman
    doctor nurse bride groom guest visitor musician singer guitarist dancer actor actress swimmer
    runner jogger jockey cowboy climber hiker golfer goalkeeper goalie referee spectator onlooker
    bystander passerby vendor seller shopper client cashier barista pilot sailor mechanic
    carpenter clown participant attendee colleague daughter grandmother grandfather grandma
    grandpa mom mum dad parent sister brother friend infant skater rower photographer hairdresser
    traveller traveler commuter crew_member staff_member gardener businessman businesswoman
    motorcyclist bicyclist motorist astronaute soldat policier policière pompier médecin infirmier
    infirmière invité invitée convive visiteur musicien chanteur chanteuse danseur danseuse acteur
    actrice nageur nageuse coureur coureuse alpiniste randonneur golfeur arbitre spectateur
    vendeur vendeuse cliente caissier pilote marin mécanicien collègue fillette grand_mère
    grand_père motard photographe touriste étudiant étudiante élève professeur voyageur bambin
    gamin monsieur
"""

# Wider words that are understood and never said.
_GROUPS = (
    ("livestock farm_animal bétail animal_de_ferme", "horse sheep cow"),
    ("wild_animal animal_sauvage", "bird elephant bear zebra giraffe"),
    ("mammal mammifère", "cat dog horse sheep cow elephant bear zebra giraffe"),
    ("two_wheeler deux_roues", "bicycle motorcycle"),
    ("road_user usager_de_la_route", "person bicycle car motorcycle bus truck"),
    ("motor_vehicle véhicule_motorisé", "car motorcycle bus truck"),
    ("street_furniture mobilier_urbain", "bench fire_hydrant parking_meter traffic_light"),
    ("bathroom_fixture sanitaire", "toilet sink"),
    ("drinkware", "wine_glass cup"),
    ("accessory accessoire", "backpack umbrella handbag tie suitcase"),
    ("toy soft_toy stuffed_animal jouet", "teddy_bear"),
)

_METAL = "fork knife spoon scissors fire_hydrant parking_meter stop_sign"
_WOOD = "bench chair dining_table"
_GLASS = "bottle wine_glass vase"

# Only where the material follows from what the thing is.
_MATERIALS = {
    "wooden": _WOOD,
    "wood": _WOOD,
    "bois": _WOOD,
    "glass": _GLASS,
    "verre": _GLASS,
    "metal": _METAL,
    "metallic": _METAL,
    "métal": _METAL,
    "métallique": _METAL,
    "métalliques": _METAL,
}

# What things are for or do, in the words of "all objects that can be eaten".
_DOINGS = (
    (
        "eat eaten edible eating mange mangent manger mangeable mangeables comestible comestibles",
        "banana apple sandwich orange broccoli carrot hot_dog pizza donut cake",
    ),
    ("sit sat sitting seated assis asseoir assoit", "chair couch bench"),
    (
        "drive driven driving drivable ride ridden conduire conduit roule roulent",
        "bicycle car motorcycle bus train truck",
    ),
    ("drink drunk drinkable drinking boire boit", "cup wine_glass bottle"),
    ("sharp cutting couper coupant coupants tranchant tranchants", "knife scissors"),
    (
        "alive living lives vivant vivants vivante vivantes",
        f"person {_KINDS[0][2]}",
    ),
    ("fly flies flying vole volent voler volant volants", "airplane bird kite"),
)


def _names(members: str) -> frozenset[str]:
    return frozenset(member.replace("_", " ") for member in members.split())


class Sense(Enum):
    """How a word's meaning lies to the things that it covers."""

    SAME = "same"
    WIDER = "wider"
    NARROWER = "narrower"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word means to the detector: the names it covers."""

    names: frozenset[str]
    sense: Sense


Table = dict[str, Meaning]


def _add(table: Table, word: str, names: frozenset[str], sense: Sense) -> None:
    """The word and its plurals, as they are written with accents and without."""
    for form in {fold(form) for form in (word, plural(word), french_plural(word))}:
        for key in {form, unaccented(form)}:
            held = table.get(key)
            if held is None:
                table[key] = Meaning(names, sense)
            elif held.sense is sense:
                table[key] = Meaning(held.names | names, sense)


@cache
def _usual() -> Table:
    """Every word for things and kinds. A thing's own word beats any other use."""
    table: Table = {}
    for noun in nouns().values():
        for word in noun.words:
            _add(table, word, frozenset((noun.name,)), Sense.SAME)
    for noun in nouns().values():
        for word in noun.narrower:
            _add(table, word, frozenset((noun.name,)), Sense.NARROWER)
    for name, synonyms, members in _KINDS:
        for word in (name, *synonyms.replace("|", " ").split()):
            _add(table, word.replace("_", " "), _names(members), Sense.WIDER)
    return table


@cache
def _lexicon() -> Table:
    """Every known word, singular and plural, folded."""
    table = dict(_usual())
    for group, members in _GROUPS:
        for word in _names(group):
            _add(table, word, _names(members), Sense.WIDER)
    for word in _names(_ROLES):
        _add(table, word, frozenset(("person",)), Sense.NARROWER)
    return table


def kinds() -> dict[str, frozenset[str]]:
    """The wider words, each with its members' names."""
    return {name: _names(members) for name, _, members in _KINDS}


def meaning(phrase: str) -> Meaning | None:
    """What a word or phrase covers, in either language; None when it is not known."""
    return _lexicon().get(fold(phrase))


def words() -> Iterable[str]:
    """All that `meaning` knows."""
    return _lexicon().keys()


def usual() -> Iterable[str]:
    """The words of which others may be slips: without those that are seldom said."""
    return _usual().keys()


def material(word: str) -> frozenset[str] | None:
    """The things that are surely of a material; None when the word is none."""
    members = _MATERIALS.get(fold(word))
    return None if members is None else _names(members)


def doing(word: str) -> frozenset[str] | None:
    """The things that surely do it or are for it; None when the word tells nothing of the kind."""
    return next((_names(members) for words, members in _DOINGS if word in words.split()), None)


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


def is_singular(word: str) -> bool:
    """Whether a known word is said of one thing: `mug`, `person`, and not `mugs`, `people`."""
    return fold(word) in _singulars()


@cache
def _singulars() -> frozenset[str]:
    nouns_own = {fold(word) for noun in nouns().values() for word in (*noun.words, *noun.narrower)}
    wider = {fold(word) for name, more, _ in _KINDS for word in (name, *more.split())}
    wider |= {fold(word) for group in (*(g for g, _ in _GROUPS), _ROLES) for word in _names(group)}
    plurals = {fold(form) for word in nouns_own | wider for form in _plurals(word)}
    return frozenset((nouns_own | wider) - plurals - {"people", "men", "women", "children", "gens"})


def _plurals(word: str) -> set[str]:
    return {plural(word), french_plural(word)} - {word}


def singular(word: str, name: str) -> str:
    """The form of a thing's word that is said of one: `mugs` → `mug`, `people` → `person`."""
    key = fold(word)
    if key == fold(plural(name)) or key in _ANYBODY:
        return name
    for candidate in nouns()[name].words:
        if key == fold(candidate) or key in map(fold, _plurals(candidate)):
            return candidate
    return name


_ANYBODY = {
    "someone", "anyone", "anybody", "somebody", "everyone", "everybody", "tout le monde",
    "quelqu'un",
}  # fmt: skip
"""Words for people that name none of them."""


def fold(phrase: str) -> str:
    """Lower case, hyphens and underscores as blanks, single blanks, "l'eau" as "le eau"."""
    text = phrase.lower().replace("’", "'")
    text = _ELISION.sub(lambda found: _ELIDED[found[1]] + " ", text)
    return " ".join(re.sub(r"[_\-]", " ", text).split())


_ELIDED = {letters: letters + "e" for letters in ("l", "d", "qu", "n", "s", "c", "j", "m", "t")}
_ELISION = re.compile(rf"\b({'|'.join(_ELIDED)})'(?=[^\W\d_])")
