"""Which things a prompt names, and by which place, colour or size: English and French."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from twinsight.tasks.clauses import any_of, bounds_of, clauses, limit_of
from twinsight.tasks.language import Language, language_of, spoken
from twinsight.tasks.lexicon import FILLER, FORM_NOUNS
from twinsight.tasks.phrases import Target, target

__all__ = ["Target", "Wanted", "target", "wanted"]

# What a request's things stand after.
_TRIGGER = any_of(
    # detection, segmentation, points
    r"(?:object )?detect(?:ion)?", r"d[eé]tect\w*", r"locate", r"locali[sz]e[rz]?", r"repère[rz]?",
    r"bounding box(?:es)?", r"box(?:es)?", r"boîtes?(?: englobantes?)?", r"encadre[rz]?",
    r"cadres?(?: englobants?)?", r"coordinates", r"coordonnées", r"positions? of", r"highlight",
    r"segment(?:ation)?(?: masks?)?", r"segment\w*", r"masks?", r"masques?", r"détoure[rz]?",
    r"outlines?", r"contours?", r"polygons?", r"silhouettes?", r"cut ?outs?",
    r"(?:pin)?point(?:s|ez|er|e)?(?: to| at| out)?", r"montre du doigt", r"mark", r"trajectory",
    r"find", r"trouve[rz]?", r"identify", r"identifie[rz]?", r"list",
    # counting, presence, place
    r"count", r"how many", r"number of", r"combien", r"compte[rz]?", r"nombre de",
    r"is there", r"are there", r"y a t il", r"il y a", r"(?:do|can|could) you (?:see|notice|spot)",
    r"vois tu",
    r"voyez vous", r"contains?(?: any)?", r"contient(?: il| elle)?", r"shows?", r"montre[rz]?",
    r"has", r"have", r"is this", r"is that", r"is it", r"est ce(?: que)?",
    r"where(?:abouts)? (?:is|are)", r"where's", r"which part (?:of \w+ )?is",
    r"où (?:est|sont|se trouv\w+)",
    # colour
    r"what colou?r (?:is|are)", r"colou?rs?(?: of)?", r"couleurs?(?: est| sont)?",
)  # fmt: skip
_FIRST_WORD = re.compile(r"^(?:is|are|any)\b")
# Where the words about the things end and those about the answer's form begin.
_END = any_of(
    r"(?:and |et )?(?:output|return|respond|format|answer|add|renvoie\w*|réponds|ajoute\w*)",
    r"(?:and|et) (?:box|mark|mask|outline|segment|encadre|détoure|segmente)[rz]? "
    r"(?:it|them|le|la|les)",
    r"(?:and |et )(?:give|provide|tell|label|donne\w*|indique\w*)",
    r"labels? (?:with|them|it|each|as|by|in)", r"with (?:the )?keys?", r"with confidence",
    r"as (?:a )?json", r"in json", r"in \w+ format", r"en json", r"au format",
    r"where each", r"using", r"normali[sz]ed", r"dominat\w+",
)  # fmt: skip
_APART = re.compile(r",|/|&|\band\b|\bor\b|\bet\b|\bou\b|\bas well as\b|\bainsi que\b")
_ASIDE = re.compile(
    r"^(?:with|avec|in|en|as|at|for(?! (?:the|all|every) )|pour|au|each|one|using|by)\b"
    r"(?! (?:bois|verre))"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that is asked for: things, those left out, the most answers, the labels' language.

    `bounds` are the least and the most of them in "are there more than three people?".
    """

    targets: tuple[Target, ...] = field(default_factory=tuple)
    without: frozenset[str] = frozenset()
    most: int | None = None
    bounds: tuple[int, int] | None = None
    language: Language = "en"


def wanted(question: str, system: str = "") -> Wanted:
    """What a detection, segmentation, pointing, counting or other prompt about things is after."""
    tongue = spoken(question)
    found = _first_named(question, tongue) or (Target("", None),)
    without: frozenset[str] = frozenset()
    for clause in clauses(question):
        for part in _parts(clause.without):
            without |= getattr(target(part, tongue), "names", None) or frozenset()
    language = language_of(question, system)
    return Wanted(
        _with_shared_noun(found), without, limit_of(question), bounds_of(question), language
    )


def _first_named(question: str, tongue: Language) -> tuple[Target, ...]:
    """The targets of the first clause that names something after a word that asks."""
    cut = clauses(question)
    for clause, following in zip_longest(cut, cut[1:]):
        listed = _known(following.text, tongue) if clause.opens and following else ()
        for region in _regions(clause.text):
            named = _named(region, tongue)
            if named:
                return listed if listed and all(t.names is None for t in named) else named
    for clause in cut:
        named = _known(clause.text, tongue)
        if named:
            return named
    return ()


def _regions(clause: str) -> Iterator[str]:
    """What stands after each word that asks; last, what stands before the first."""
    first = None
    opening = _FIRST_WORD.match(clause)
    if opening is not None and not _TRIGGER.match(clause):
        yield from _until_end(clause[opening.end() :])
    for match in _TRIGGER.finditer(clause):
        first = match if first is None else first
        yield from _until_end(clause[match.end() :])
    if first is not None:
        yield clause[: first.start()]


def _until_end(rest: str) -> Iterator[str]:
    end = _END.search(rest)
    yield rest[: end.start()] if end else rest


def _parts(region: str) -> list[str]:
    """The region's noun phrases, without those about the answer's form."""
    parts = [part.strip() for part in _APART.split(region)]
    kept = [part for i, part in enumerate(parts) if part and (i == 0 or not _ASIDE.match(part))]
    return [part for part in kept if not _is_form(part)]


def _is_form(part: str) -> bool:
    words = re.findall(r"\w+", part)
    return bool(words) and all(word in FORM_NOUNS | FILLER for word in words)


def _named(region: str, tongue: Language) -> tuple[Target, ...]:
    found = [target(part, tongue) for part in _parts(region)]
    return tuple(t for t in found if t is not None)


def _known(clause: str, tongue: Language) -> tuple[Target, ...]:
    """The clause's noun phrases that mean something to the eyes."""
    return tuple(t for t in _named(clause, tongue) if t.names or t.text)


def _with_shared_noun(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """In "red and blue cars" and "voitures rouges et bleues" one part has only the adjective."""
    nouns = [t for t in targets if not t.bare and not t.unknown]
    if not nouns:
        return targets
    return tuple(
        replace(t, names=nouns[0].names, word=nouns[0].word, sense=nouns[0].sense, bare=False)
        if t.bare
        else t
        for t in targets
    )
