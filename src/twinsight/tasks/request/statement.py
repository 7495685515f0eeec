"""Statements that a question quotes: one to be judged true or false, or two of which one fits.

"True or false: there are two dogs." "Is it true that the cat is on the bed?" "Which caption fits
better? A: … B: …", and the same in French. What is read from a statement is which known things it
speaks of, how many of them and in which colour.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from twinsight.tasks.request.clauses import any_of
from twinsight.tasks.request.lexicon import COLOURS, number_of, word_set
from twinsight.tasks.request.phrases import LONGEST_NOUN
from twinsight.tasks.request.vocabulary import Meaning, Sense, fold, is_singular, meaning

_SAYING = (
    r"(?:statements?|sentences?|captions?|claims?|descriptions?|assertions?|texts?|phrases?|"
    r"affirmations?|légendes?|énoncés?)"
)
_TRUE = r"(?:true|correct|right|accurate|false|wrong|vraie?|justes?|exacte?|correcte?|fausse|faux)"
_JUDGE = any_of(
    r"true or false", r"vrai ou faux", r"fact check", r"(?:is|est) (?:it|il) " + _TRUE,
    rf"(?:is|are) (?:this|these|that|the|the following|following) (?:{_SAYING} )?(?:\w+ ){{0,4}}?"
    + _TRUE,
    rf"(?:does|do) (?:this|the|the following) {_SAYING} (?:match|fit|describe|apply|hold)\w*",
    rf"(?:cette|la|la) {_SAYING} (?:\w+ )?(?:est elle|correspond elle|convient elle|décrit elle)",
    rf"est ce (?:que (?:cette|la) {_SAYING} )?(?:est )?{_TRUE}",
)  # fmt: skip
_THAT = re.compile(
    rf"^\W*(?:is it|est[ -](?:il|ce)) {_TRUE}(?: (?:of|in|on) \w+ \w+)? "
    r"(?:that |qu(?:e |'))(?P<said>.+)",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"[\"“«](?P<said>[^\"“”«»]{3,}?)[\"”»]|(?<!\w)['‘](?P<single>.{3,}?)['’](?!\w)"
)
_FORM = any_of(
    "true", "false", "vrai", "faux", "yes", "oui", "no", "non", "answer", "reply", "respond",
    "réponds", "répondez",
)  # fmt: skip
_FIT = re.compile(
    rf"\b(?:which|what|quelle?|laquelle|choose|pick|select|choisi\w*)\b[^:\n]*?\b(?:{_SAYING}|"
    r"fits?|matches|describes|convient|décrit|correspond)\b",
    re.IGNORECASE,
)
_LETTERED = re.compile(
    r"(?:^|(?<=[\s(]))\(?(?:caption |option |légende )?(?P<letter>[A-Ba-b12])[):.] ?(?P<said>.+?)"
    r"(?=[\s,;]*(?:\bor |\bou )?\s*\(?(?:caption |option |légende )?\b[B-Cb-c2-3][):.] |\n|$)",
    re.IGNORECASE | re.DOTALL,
)
_OR = re.compile(r"\s*(?:,\s*)?\b(?:or|ou)\b\s*")

LONGEST = 2000
"""Letters of a question that are read: what is longer quotes no statement."""

ONE = {"a", "an", "un", "une"}
IS = {"is", "are", "est", "sont"}

# Words that look as if they named a thing that is known.
_FALSE_FRIENDS = word_set("""
    train_station train_stations train_track train_tracks train_car train_cars bus_stop bus_station
    dog_house bird_house car_seat glasses sun_glasses eye_glasses watch watches board set stand
    stands display dish meal seat fast_food food_truck orange_juice clock_tower clock_towers park
    wine_rack cell
""")


@dataclass(frozen=True, slots=True)
class Mention:
    """A known thing that a statement speaks of: `number` is None where it tells none.

    `said` are the words that say all this.
    """

    names: frozenset[str]
    word: str
    sense: Sense
    number: int | None
    colour: str
    said: frozenset[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """Two statements by the letters (or numbers) that the question gives them."""

    letters: tuple[str, str]
    said: tuple[str, str]


def statement_of(question: str) -> str | None:
    """What the question wants to be judged true or false; None where it judges nothing."""
    question = question[:LONGEST]
    if not _JUDGE.search(fold(_QUOTED.sub(" ", question))):
        return None
    that = _THAT.match(question.strip())
    if that is not None:
        return that["said"].strip(" ?.")
    quoted = _quoted(question)
    if quoted:
        return max(quoted, key=len)
    tail = question.split(":", 1)[-1]
    parts = [part.strip() for part in re.split(r"(?<=[.?!])\s+|\n+", tail)]
    said = [part for part in parts if part and not _JUDGE.search(fold(part))]
    said = [part for part in said if not _FORM.match(fold(part))]
    return said[0].strip(" .?!") if said else None


def choice_of(question: str) -> Choice | None:
    """The two captions of which the question wants the one that fits; None for any other."""
    question = question[:LONGEST]
    found = _FIT.search(question)
    if found is None:
        return None
    tail = question[found.end() :]
    lettered = list(_LETTERED.finditer(tail))
    if len(lettered) == 2:
        first, second = lettered
        letters = (first["letter"], second["letter"])
        return Choice(letters, (_tidy(first["said"]), _tidy(second["said"])))
    quoted = _quoted(tail)
    if len(quoted) != 2 and ":" in tail:
        quoted = _OR.split(tail.split(":", 1)[1].strip(" ?.\n"))
    if len(quoted) != 2 or any(len(said.split()) < 2 for said in quoted):
        return None
    if all(len(part.split()) <= 2 for part in quoted[0].split(",")):
        return None  # a list of labels: "vehicle, sport, or none of these"
    return Choice(("1", "2"), (_tidy(quoted[0]), _tidy(quoted[1])))


def _quoted(text: str) -> list[str]:
    return [found["said"] or found["single"] for found in _QUOTED.finditer(text)]


def _tidy(said: str) -> str:
    return said.strip(" \n\"'“”«».,;?").removesuffix(" or").removesuffix(" ou").strip()


def mentions(statement: str) -> list[Mention]:
    """The known things, in order; words that only look like one's name are passed over."""
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+", fold(statement))
    found = []
    at = last = 0
    while at < len(words):
        size = _noun_at(words, at)
        phrase = " ".join(words[at : at + size])
        known = meaning(phrase) if phrase and not _is_false_friend(phrase) else None
        at += max(size, 1)
        if known is not None:
            near = words[max(last, at - size - 3) : at - size]
            is_said = words[at : at + 1] and words[at] in IS
            after = words[at : at + 1 + bool(is_said)]
            after = after if after and after[-1] in COLOURS else []
            found.append(_mention(near, phrase, after, known))
            at += len(after)
        last = at if size else last
    return found


def _noun_at(words: Sequence[str], at: int) -> int:
    """Words of the noun that begins here, or of what only looks like one; 0 where none does."""
    for size in range(min(LONGEST_NOUN, len(words) - at), 0, -1):
        phrase = " ".join(words[at : at + size])
        if _is_false_friend(phrase):
            return size
        if meaning(phrase) is not None:
            # "Orange" before a noun is a colour, and "four" no oven.
            is_beside = phrase in COLOURS or number_of(phrase) is not None
            return 0 if is_beside and _noun_at(words, at + 1) else size
    return 0


def _is_false_friend(phrase: str) -> bool:
    return phrase.replace(" ", "_") in _FALSE_FRIENDS


def _mention(near: Sequence[str], phrase: str, after: Sequence[str], known: Meaning) -> Mention:
    colour = next((COLOURS[word] for word in (*near[::-1], *after) if word in COLOURS), "")
    number = next((n for word in near[::-1] if (n := number_of(word)) is not None), None)
    if number is None and ONE & set(near) and is_singular(phrase):
        number = 1
    marks = {word for word in (*near, *after) if word in COLOURS or number_of(word) is not None}
    said = frozenset({*marks, *phrase.split()})
    return Mention(known.names, phrase, known.sense, number, colour, said)
