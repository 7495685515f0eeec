"""One noun phrase: which thing it means, and what else it says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from twinsight.tasks.request import vocabulary
from twinsight.tasks.request.language import Language
from twinsight.tasks.request.lexicon import (
    AFTER,
    ANYTHING,
    COLOURS,
    DEFINITE,
    EACH,
    FILLER,
    FORM,
    LEADING,
    LIGHT,
    MAIN,
    NEAREST,
    ORDERS,
    ORDINALS,
    PLACE,
    PLUS,
    PORTIONS,
    SIDES,
    TEXT,
    TEXT_FORMS,
    UNTOLD,
    VIEWERS,
    number_of,
)
from twinsight.tasks.request.vocabulary import Sense

# "What can be eaten", "tout ce qui se mange": the things of which that is true.
_WHATEVER = {"what", "whatever", "tout", "all"}
_OPENING = {"can", "that", "qui", "que"}

_OTHER_THINGS = {"flower bed", "flower beds", "river bed", "car seat", "car seats", "bird cage"}
"""Compounds that are none of what their last word names."""

LONGEST_NOUN = 5
"""Words of the longest noun that the vocabulary has."""

_PLACED = {"on", "at", "in", "à", "en"}
_BEING = {"is", "are", "est", "sont"}
# "In his right hand", "with the one at the top": the place of something else.
_OTHER = {"his", "her", "its", "their", "son", "sa", "ses", "leur", "leurs", "one", "ones"}
_WEARING = {"with", "avec", "wearing", "wears", "dressed", "in", "en", "portant", "porte"}
# "The object the woman is holding", "the phones people are using".
_TIE = {"tie", "ties", "necktie", "cravate"}
_BODY = {"hair", "hairs", "eyes", "skin", "cheveux", "yeux", "beard", "barbe"}
_WHO = {"the", "a", "an", "people", "someone", "he", "she", "they", "we", "i"}
_BESIDE = re.compile(
    r"\b(?:(?P<side>left|right|gauche|droite) (?:of|from|de|du|des)|"
    r"(?P<above>above|over|(?:au |en )dessus d(?:e|u|es))|(?:below|beneath|under|underneath|"
    r"(?:au |en )dessous d(?:e|u|es)|sous)) (?P<thing>\w+(?: \w+){0,4})$"
)
_TOWARDS = {"to", "from", "de", "du"}
_FAR = {"furthest", "farthest", "most", "closest", "nearest", "plus"}
_MADE = {"that", "which", "is", "are", "made", "qui", "est", "sont", "fait", "faits", "faite",
         "faites"}  # fmt: skip
_WHERE = {"where", "whereabouts", "où"}
_RELATIVE = ("that", "which", "who", "whose", "qui", "que", "dont", "where", "où")


@dataclass(frozen=True, slots=True)
class Target:
    """One thing asked for, with its filters.

    `names` are the detector's names that it covers: None for anything at all, empty for what the
    eyes do not know. `word` is the caller's noun and `sense` how it lies to those names. `colour`
    is the things' own, `worn` one that people wear. `sides` are halves of the picture; `order` is
    by what the things are ranked ("left": the leftmost first), `rank` which of them is meant, from
    1, and `take` how many. `near` are the names of the thing that `order` "nearest" is
    about; with `aside` they are on that side of it. `rest` are the words about the thing
    that no eye can check. `bare`: an adjective that shares another target's noun.
    """

    phrase: str
    names: frozenset[str] | None
    word: str = ""
    sense: Sense = Sense.SAME
    text: bool = False
    colour: str = ""
    worn: str = ""
    sides: tuple[str, ...] = ()
    order: str = ""
    rank: int = 0
    take: int | None = None
    near: frozenset[str] = frozenset()
    aside: str = ""
    rest: str = ""
    bare: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether all things of its names are meant, and not some that are told apart."""
        words = set(self.phrase.split()) - set(self.word.split()) - LIGHT - LEADING - ANYTHING
        return (
            not words
            and self.sense is not Sense.NARROWER
            and not (self.colour or self.sides or self.order or self.take)
        )

    @property
    def is_free(self) -> bool:
        """Whether it says more of a thing than any name of the eyes: "the woman", "ripe bananas".

        Colours and places do not: these are looked at.
        """
        before, _, after = (part.split() for part in self.phrase.partition(self.word or "\n"))
        beside = {*before, *(word for word in after[:1] if word not in AFTER)}
        told = {word for word in beside - LIGHT - FORM - ANYTHING if not word.endswith("ly")}
        return bool(self.rest) or self.sense is Sense.NARROWER or bool(told - _WHERE)

    @property
    def unknown(self) -> bool:
        """Whether it names something that the eyes do not know."""
        return self.names is not None and not self.names and not self.text


def target(phrase: str, tongue: Language) -> Target | None:
    """The target that a folded noun phrase names; None when it has no words of its own."""
    words = re.findall(r"[\w']+", phrase)
    start = 0
    while start < len(words) and words[start] in FORM:
        start += 1
    before, words = words[:start], words[start:]
    if not words:
        return None
    is_alone = "what" in before or not {*words[1:]} - AFTER - LIGHT
    is_said = is_alone and vocabulary.doing(words[0]) is not None
    if is_said or (words[0] in _OPENING and _WHATEVER & {*before}):
        words = ["objects", *words]
    is_material = before[-1:] == ["en"] and vocabulary.material(words[0]) is not None
    nothing: list[str] = []
    head, noun, after, tail = (
        (words, nothing, nothing, nothing) if is_material else _cut(words, tongue)
    )
    beside = [*head, *after]
    names, sense, is_text, is_bare = _meaning(beside, noun, tail)
    order, sides, rest = _place(beside, tail)
    neighbour = _neighbour(beside, tail)
    near = neighbour or frozenset()
    if neighbour is not None:
        order, sides, rest = ("nearest", (), "") if near else ("", (), " ".join(tail))
    is_each = bool({"every", "each", "chaque"} & {*before, *beside})  # "every single dog"
    numbers = [None if is_each else number_of(word) for word in [*before, *beside]]
    take = next((number for number in numbers if number is not None), None)
    rank = next((ORDINALS[word] for word in beside if word in ORDINALS), 0)
    aside, beyond = _aside([*beside, *tail])
    if beyond:
        near, sides, order, rest = beyond, (), "", ""
        is_bare = False
    said = " ".join(noun)
    if not noun and names is not None and not is_text:
        said = " ".join(word for word in head if word not in LIGHT)
    is_one = vocabulary.is_singular(said) or (not noun and names is None and _one_thing(beside))
    if names is not None and not names and before and before[-1] in ("the", "le", "la"):
        is_one = not said.endswith("s")
    is_the = bool(DEFINITE & {*before, *head}) and not EACH & {*before, *head}
    if not order and is_one and MAIN & {*before, *beside}:
        order = "largest"
    if aside and is_one and is_the and noun:
        order = "nearest"
    if rank or (order and take is None and is_one):
        take = 1
    if is_the and is_one and names and len(sides) == 1 and sides[0] != "centre" and not order:
        order, sides, take = sides[0], (), 1
    colour = next((COLOURS[word] for word in [*beside, *_predicate(tail)] if word in COLOURS), "")
    worn = _worn(tail) if names == frozenset(("person",)) else ""
    if worn and is_one and is_the:
        take = 1
    return Target(
        phrase, names, said, sense, is_text, colour, worn, sides, order, rank, take, near,
        aside, rest,
        is_bare,
    )  # fmt: skip


def _cut(words: list[str], tongue: Language) -> tuple[list[str], list[str], list[str], list[str]]:
    """The words before the noun, the noun, those of its head after it, and the rest.

    The noun is empty where none is known.
    """
    cut = next((i for i in range(1, len(words)) if _ends(words, i)), len(words))
    for start in range(cut):
        # Nouns that reach over the cut: "planche | de surf".
        for end in range(min(len(words), start + LONGEST_NOUN), cut, -1):
            if vocabulary.meaning(" ".join(words[start:end])):
                after = _up_to_next_cut(words, end)
                return words[:start], words[start:end], words[end:after], words[after:]
        if tongue == "fr" and _french_noun(words[start:cut])[0] == 0:
            break
    start, end = _english_noun(words[:cut]) if tongue == "en" else _french_noun(words[:cut])
    return words[:start], words[start:end], words[end:cut], words[cut:]


def _ends(words: list[str], i: int) -> bool:
    """Whether what is told about the thing begins at word `i`."""
    if words[i] in AFTER or words[i + 1 : i + 2] == ["than"]:
        return True
    if words[i] in NEAREST and words[i + 1 : i + 2] and words[i + 1] in _TOWARDS | FILLER:
        return True
    before = words[i - 1]
    if before.endswith("s") and vocabulary.meaning(before) and not vocabulary.is_singular(before):
        # Nouns of compounds are singular ("car keys"): "how many donuts | remain".
        return words[i] not in LIGHT | ANYTHING | PORTIONS
    if words[i] in _WHO and words[i + 1 : i + 2] and words[i + 1] not in LIGHT:
        return words[i - 1] in ANYTHING or vocabulary.meaning(words[i - 1]) is not None
    is_participle = words[i].endswith(("ing", "ed")) and words[i] not in LIGHT
    return is_participle and any(vocabulary.meaning(" ".join(words[s:i])) for s in range(i))


def _up_to_next_cut(words: list[str], end: int) -> int:
    return next((i for i in range(end, len(words)) if words[i] in AFTER), len(words))


def _english_noun(head: list[str]) -> tuple[int, int]:
    """The last words that are a known noun; after them only "objects" and what does not matter."""
    for end in range(len(head), 0, -1):
        of_things = any(word in ANYTHING for word in head[end:])
        for start in range(max(0, end - LONGEST_NOUN), end):
            noun = " ".join(head[start:end])
            # "Glass items" are things of glass and no glasses; "electronic items" are electronics.
            is_other = " ".join(head[max(start - 1, 0) : end]) in _OTHER_THINGS
            if is_other:
                return len(head), len(head)
            if vocabulary.meaning(noun) and not (of_things and vocabulary.material(noun)):
                return start, end
        if head[end - 1] not in LIGHT | ANYTHING | PORTIONS:
            break
    return len(head), len(head)


def _french_noun(head: list[str]) -> tuple[int, int]:
    """The first words that are a known noun: French adjectives follow."""
    for start in range(len(head)):
        for end in range(min(len(head), start + LONGEST_NOUN), start, -1):
            if vocabulary.meaning(" ".join(head[start:end])):
                return start, end
    return len(head), len(head)


def _meaning(
    beside: list[str], noun: list[str], tail: list[str]
) -> tuple[frozenset[str] | None, Sense, bool, bool]:
    """The names covered, in which sense, whether it is text, whether it is only an adjective."""
    made_of = [*beside, *_stuff(tail)]
    materials = [m for m in map(vocabulary.material, made_of) if m is not None]
    own = [word for word in beside if word not in LIGHT and vocabulary.material(word) is None]
    known = vocabulary.meaning(" ".join(noun)) if noun else None
    if known is not None and not (own and own[-1:] != noun[-1:] and _is_thing(own, beside, noun)):
        names = known.names
        for material in materials:
            names = names & material or names
        return names, known.sense, False, False
    things = [word for word in own if word in ANYTHING]
    if any(word in TEXT for word in own) and all(w in TEXT | TEXT_FORMS | ANYTHING for w in own):
        return frozenset(), Sense.SAME, True, False
    if materials and (things or not own):
        return frozenset().union(*materials), Sense.WIDER, False, False
    if things:
        told = [*map(vocabulary.doing, (*own, *tail)), _said_to_be(tail)]
        meant = [names for names in told if names is not None]
        return frozenset().union(*meant) if meant else None, Sense.WIDER, False, False
    return (None if not own else frozenset()), Sense.SAME, False, not own


def _stuff(tail: list[str]) -> list[str]:
    """The material in "of glass", "en bois" and "that are made of wood"."""
    at = next((i for i, word in enumerate(tail) if word in ("of", "en")), len(tail))
    is_made = all(word in _MADE for word in tail[:at])
    return tail[at + 1 : at + 2] if is_made else []


def _said_to_be(tail: list[str]) -> frozenset[str] | None:
    """The things that "items in the fridge that are fruit" and "objects of type dog" are."""
    at = max((i for i, word in enumerate(tail) if word in _BEING), default=len(tail))
    said = [word for word in tail[at + 1 :] if word not in FILLER]
    if tail[:1] in (["of"], ["de"]) and not said:
        said = [word for word in tail[1:] if word not in FORM]
    known = vocabulary.meaning(" ".join(said)) if said else None
    return known.names if known is not None else None


def _is_thing(own: list[str], beside: list[str], noun: list[str]) -> bool:
    """Whether "glass items" is about the items: a noun that is a material beside a wider word."""
    return any(w in ANYTHING for w in own) and vocabulary.material(" ".join(noun)) is not None


def _predicate(tail: list[str]) -> list[str]:
    """What is said of the things in "cars | are red" and "voiture | est elle rouge"."""
    is_said = tail[:1] and tail[0] in ("is", "are", "was", "were", "est", "sont")
    return tail if is_said and all(word in AFTER | LIGHT for word in tail) else []


def _worn(tail: list[str]) -> str:
    """The colour in "wearing a blue jacket", "in the red shirt", "en rouge", "vêtu de bleu"."""
    said = [word for word in tail if word not in FILLER and word not in ("who", "qui", "is", "est")]
    if said[:1] and (said[0] in _WEARING or said[0].startswith(("habill", "vêtu", "vetu"))):
        at = next((i for i, word in enumerate(said[1:4], 1) if word in COLOURS), 0)
        # "In a red car" is no garment; a French colour follows its noun.
        others = [word for word in (*said[1:at], *said[at + 1 : at + 2]) if word != "tie"]
        if _BODY & {*said} or (said[0] in ("with", "avec") and _TIE & {*said}):
            return ""
        return COLOURS[said[at]] if at and not any(map(vocabulary.meaning, others)) else ""
    return ""


def _one_thing(beside: list[str]) -> bool:
    return any(word in ANYTHING and not word.endswith("s") for word in beside)


def _place(beside: list[str], tail: list[str]) -> tuple[str, tuple[str, ...], str]:
    """By what things are ranked, in which halves they are, and the words that tell neither."""
    told = [*beside, *(tail if {*tail[:1]} & (NEAREST | _BEING) else ())]
    order = next((ORDERS[word] for word in told if word in ORDERS), "")
    for first, second in pairwise(told):
        if first == "plus" and second in PLUS:
            order = PLUS[second]
    sides = tuple(SIDES[word] for word in beside if word in SIDES)
    said = [SIDES[word] for word in tail if word in SIDES]
    if said and _FAR & {*tail, *beside[-1:]}:
        return said[0], sides, ""
    before, placed = _placed_last(tail)
    plain = [word for word in before if word not in AFTER | LIGHT | UNTOLD]
    rest = " ".join(before) if plain else ""
    if not placed:
        return order, sides, rest
    if placed[0] == "from" or "partant" in placed or "partir" in placed:
        return said[0], sides, rest
    return order, (*sides, *said), rest


def _aside(words: list[str]) -> tuple[str, frozenset[str]]:
    """The side and the names in "to the left of the bus", "à gauche du bus", "above the sofa"."""
    found = _BESIDE.search(" ".join(words))
    if found is None:
        return "", frozenset()
    named = [word for word in found["thing"].split() if word not in FILLER]
    nouns = (vocabulary.meaning(" ".join(named[:stop])) for stop in range(len(named), 0, -1))
    names = next((known.names for known in nouns if known is not None), frozenset())
    side = SIDES.get(found["side"] or "") or ("top" if found["above"] else "bottom")
    return (side, names) if names else ("", names)


def _neighbour(beside: list[str], tail: list[str]) -> frozenset[str] | None:
    """The names of the thing in "closest | to the laptop" and "la plus proche | de la porte".

    None where no thing is told that something is to be near to, or the viewer.
    """
    said = [*beside[-1:], *tail]
    at = next((i for i, word in enumerate(said) if word in NEAREST), len(said))
    start = next((i for i in range(at + 1, len(said)) if said[i] not in _TOWARDS | FILLER), None)
    is_told = set(said[at + 1 : at + 2]) <= _TOWARDS | FILLER
    if start is None or not is_told or said[start] in VIEWERS | SIDES.keys():
        return None
    end = _up_to_next_cut(said, start)
    nouns = (vocabulary.meaning(" ".join(said[start:stop])) for stop in range(end, start, -1))
    return next((known.names for known in nouns if known is not None), frozenset())


def _placed_first(tail: list[str]) -> tuple[list[str], list[str]]:
    """The rest of the tail, and the words of place before it: "on the left | looking at us"."""
    at = next((i for i, word in enumerate(tail) if word in SIDES), None)
    if at is None or not {*tail[:1]} & _PLACED or {*tail[1:at]} - LIGHT:
        return tail, []
    end = next((i for i in range(at, len(tail)) if tail[i] not in PLACE | SIDES.keys()), len(tail))
    is_apart = tail[end:] and (tail[end] in {*_RELATIVE, "with"} or tail[end].endswith("ing"))
    return (tail[end:], tail[:end]) if is_apart else (tail, [])


def _placed_last(tail: list[str]) -> tuple[list[str], list[str]]:
    """The tail, and the words of place that it ends in: "on the bench" and "on the right"."""
    at = len(tail)
    while at and tail[at - 1] in AFTER | LIGHT | UNTOLD:
        at -= 1
    while at < len(tail) and tail[at] not in AFTER:
        at += 1
    placed = tail[at:]
    is_told = at > 0 or any(word in _RELATIVE for word in placed)
    if not any(word in SIDES for word in placed) or _OTHER & {*placed}:
        return _placed_first(tail)
    return (tail, []) if is_told and not _PLACED & {*placed} else (tail[:at], placed)
