"""Which things a prompt names, and by which place, colour or size: English and French."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice, zip_longest

from twinsight.tasks.request.clauses import (
    any_of,
    bounds_of,
    clauses,
    least_score,
    limit_of,
    sorted_by,
    span_of,
)
from twinsight.tasks.request.language import Language, language_of, spoken
from twinsight.tasks.request.lexicon import FORM
from twinsight.tasks.request.phrases import Target, target

__all__ = ["Target", "Wanted", "target", "wanted"]

# What a request's things stand after.
_TRIGGER = any_of(
    # detection, segmentation, points
    r"(?:object )?detect(?:ion)?", r"d[eé]tect\w*", r"locate", r"locali[sz]e[rz]?",
    r"rep[éèe]re[rz]?", r"bounding box(?:es)?", r"box(?:es)?",
    r"boîtes?(?: englobantes?| de délimitation)?",
    r"encadre[rz]?", r"cadres?(?: englobants?)?", r"coordinates", r"coordonnées",
    r"(?:positions?|locations?) of", r"highlight", r"segment(?:ation)?(?: masks?| maps?)?",
    r"segment\w*",
    r"masks?", r"masques?", r"détoure[rz]?", r"outlines?", r"contours?", r"polygons?",
    r"silhouettes?", r"cut ?outs?", r"(?:pin)?point(?:s|ez|er|e)?(?: to| at| out)?", r"mark",
    r"trajectory", r"b?box 2d", r"bbox(?:es)?", r"annotations?", r"rectangles?", r"spot",
    r"annotate", r"select",
    r"click(?: on)?", r"tap(?: on)?", r"dots?(?: on)?", r"isolate", r"isole[rz]?", r"sépare[rz]?",
    r"découpe[rz]?", r"polygones?", r"montre\w*(?: moi)? du doigt", r"extract", r"extrai\w+",
    r"erase", r"entoure[rz]?", r"find", r"trouve[rz]?", r"looking for", r"search(?: for)?",
    r"(?:check|look|scan|inspect|examine)(?: (?:the|this) \w+)? for", r"cherche[rz]?",
    r"recherche[rz]?", r"identify", r"identifie[rz]?", r"list", r"report(?:s|er|ez)?",
    # counting, presence, place
    r"count", r"how many", r"number of", r"combien", r"compte[rz]?", r"nombre de",
    r"is there", r"are there", r"y a t il(?: pas)?", r"il y a",
    r"(?:do|can|could) you (?:see|notice|spot)", r"vois tu", r"voyez vous", r"contains?(?: any)?",
    r"contient(?: il| elle)?", r"shows?", r"montre[rz]?",
    r"has", r"have", r"is this", r"is that", r"is it", r"est ce(?: que)?",
    r"where(?:abouts)? (?:is|are)", r"where's", r"where(?= (?:the|each|every|all)\b)",
    r"which part (?:of \w+ )?is",
    r"où (?:est|sont|se trouv\w+)",
    # colour
    r"what colou?r (?:is|are)", r"colou?rs?(?: of)?", r"couleurs?(?: est| sont)?",
)  # fmt: skip
LONGEST_LISTED = 3
"""Words of a thing in a list that follows a colon."""

_FIRST_WORD = re.compile(r"^(?:is|are|any)\b")
# Where the words about the things end and those about the answer's form begin.
_END = any_of(
    r"(?:and |et )?(?:output|return|respond|format|answer|add|renvoie\w*|réponds|ajoute\w*)",
    r"(?:and|et) (?:box|mark|mask|outline|segment|encadre|détoure|segmente)[rz]? "
    r"(?:it|them|le|la|les)",
    r"(?:and |et )(?:give|provide|tell|label|donne\w*|indique\w*)",
    r"labels? (?:with|them|it|each|as|by|in)", r"with (?:the )?keys?", r"with confidence",
    r"(?:with|avec) (?:the |a |le |un |les )?(?:fields?|champs?|colonnes?|columns?)",
    r"as (?:a )?json", r"in json", r"in \w+ format", r"en json", r"au format",
    r"where each", r"using", r"normali[sz]ed", r"dominat\w+",
)  # fmt: skip
_APART = re.compile(r",|/|\||&|\+|(?<=\w )n(?= \w)|\b(?:and|or|et|ou|as well as|ainsi que)\b")
_ASIDE = re.compile(
    r"^(?:even|grouped|including|especially|notably|même|y compris|with|avec|in|en|as|at|"
    r"for(?! (?:the|all|every) )|pour|au|each|one|using|by)\b(?! (?:bois|verre))"
)
_COUNTING = any_of(r"count", r"how many", r"number of", r"combien", r"compte[rz]?", r"nombre de")
_OF_THINGS = any_of(
    _COUNTING.pattern, r"detect", r"détecte[rz]?", r"find", r"trouve[rz]?", r"locate",
    r"locali[sz]e[rz]?", r"spot", r"is there", r"are there", r"y a t il", r"point (?:to|at)",
    r"pointe[rz]?", r"rep[éèe]re[rz]?",
)  # fmt: skip
_PRONOUN = re.compile(r"\b(?:it|him|her|them|lui|elles?|eux) (?:and|et)\b")
"""What was named before is asked for too: "a box for it and another for the bear"."""
_ONLY = any_of(
    r"^(?:just|only|exclusively|(?:focus|concentrate)(?: only)? on|restrict \w+ to|limit \w+ to|"
    r"(?:we|i)(?: only| just)? (?:care|want|need)(?: only| just)?(?: about)?|uniquement|seulement|"
    r"(?:ne )?\w+ que)"
)
"""What narrows "all objects"."""
_ONES = re.compile(r"\b(?:ones?|celui|celle|ceux|celles)\b")
_TOLD = re.compile(r"^(?:wearing|dressed|with|in|on|at|portant|vêtu\w*|habillé\w*|avec|en|à)\b")
_CUT_OFF = re.compile(
    r"\bcut off\b|\btruncated\b|\b(?:touch|cross|cut)\w*(?: \w+)* (?:edge|border|frame|bord)s?\b|"
    r"\bpart(?:ial)?ly (?:visible|outside|out)\b|\bcoupée?s?\b|\btronquée?s?\b"
)
_THING = re.compile(
    r"(?:(?:de|moi|me) )?(?P<which>(?:(?:an?|the|all|every|each|any|le|la|les|des|une?|tous|"
    r"toutes) )*)(?P<noun>box(?:es)?|keys?|masks?|labels?|clés?|boîtes?|masques?|étiquettes?|"
    r"codes?)(?: (?:are|is|there|y|a|t|il))*"
)
_NONE = re.compile(r"^(?:no|aucune?|pas de|sans|without|where|what|who|when|why|où|ou)\b")
# "Also find the cat." names more things.
_MORE = any_of(
    r"(?:and |et |then |also |next |puis |ensuite |aussi )*(?:detect|find|locate|segment|point|"
    r"détecte[rz]?|trouve[rz]?|localise[rz]?|repère[rz]?|segmente[rz]?|pointe[rz]?|encadre[rz]?)"
)


MOST_ASKING = 20
"""Words that ask, in one clause, of which each is read with all that follows."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that is asked for: things, those left out, the most answers, the labels' language.

    `order` is by what all of them are ordered, as in a target; the surest come first without it.
    `bounds` are the least and the most of them in "are there more than three people?". `besides`
    are left out too: those that are told apart by what can be seen ("except the red ones").
    `inside`: without what the picture's border cuts. `least`: how sure all must be; `span`:
    the least and the most share of the picture that one may cover.
    """

    targets: tuple[Target, ...] = field(default_factory=tuple)
    without: frozenset[str] = frozenset()
    besides: tuple[Target, ...] = ()
    inside: bool = False
    least: float = 0.0
    span: tuple[float, float] = (0.0, 1.0)
    most: int | None = None
    bounds: tuple[int, int] | None = None
    order: str = ""
    language: Language = "en"


def wanted(question: str, system: str = "") -> Wanted:
    """What a detection, segmentation, pointing, counting or other prompt about things is after.

    What the question leaves open, the system instruction may say: things, a limit, what to omit.
    """
    tongue = spoken(question)
    found = _named_in(question, tongue)
    if all(target.names is None and not target.text for target in found):
        found = _named_in(system, spoken(system)) or found
    found = _with_shared_noun(found or (Target("", None),))
    said = [
        (clause.without, spoken(text)) for text in (question, system) for clause in clauses(text)
    ]
    left_out = [t for words, tongue in said for t in _left_out(words, tongue, found[0].word)]
    return Wanted(
        found,
        frozenset().union(*(t.names for t in left_out if t.names and t.is_plain)),
        tuple(_beside(t, found[0]) for t in left_out if _is_seen(t)),
        any(_CUT_OFF.search(words) for words, _ in said),
        least_score(question) or least_score(system),
        span_of(question),
        limit_of(question) or limit_of(system),
        bounds_of(question),
        sorted_by(question) or sorted_by(system),
        language_of(question, system),
    )


def _short(targets: tuple[Target, ...]) -> bool:
    """Whether all are bare nouns, as in a list of things."""
    return all(len(t.phrase.split()) <= LONGEST_LISTED for t in targets)


def _left_out(words: str, tongue: Language, noun: str) -> Iterator[Target]:
    """What "except the people and the one on the left" leaves out, told of `noun` or by itself."""
    for part in _parts(words):
        is_told = _TOLD.match(part) and noun
        found = target(f"{noun} {part}" if is_told else _ONES.sub("", part), tongue)
        one = _ONES.search(part)
        if found and one and not one[0].endswith("s") and (found.order or found.sides):
            yield replace(found, order=found.order or found.sides[0], sides=(), take=1)
        elif found:
            yield found


def _is_seen(left_out: Target) -> bool:
    """Whether some of a kind are left out by what can be seen: not so "people who are asleep"."""
    told = left_out.colour or left_out.worn or left_out.sides or left_out.order
    is_checked = left_out.worn or not left_out.rest
    return bool(told and is_checked and left_out.names != frozenset())


def _beside(left_out: Target, first: Target) -> Target:
    """In "all cars except the red ones" the red ones are cars."""
    return left_out if left_out.names else replace(left_out, names=first.names)


def _named_in(question: str, tongue: Language) -> tuple[Target, ...]:
    """The targets of the first clause that names something after a word that asks.

    Later clauses that ask for more add to them; classes that are listed come before "all objects".
    """
    cut = clauses(question)
    listed: tuple[Target, ...] = ()
    found: tuple[Target, ...] = ()
    before: tuple[Target, ...] = ()
    for clause, following in zip_longest(cut, cut[1:]):
        if clause.opens and following and not listed:
            listed = _named(following.text, tongue)
            if not clause.lists and not (any(t.names or t.text for t in listed) and _short(listed)):
                listed = ()
        if clause.is_role:
            continue
        only = _ONLY.match(clause.text)
        if only and found and all(t.names is None for t in found):
            found = _known(clause.text[only.end() :], tongue) or found
            continue
        if not any(t.names != frozenset() or t.text for t in found):
            known = _known_in(_asked_for(clause.text, tongue))
            found = known if found and known else found
        if not found:
            found = _asked_for(clause.text, tongue)
            if found and _PRONOUN.search(clause.text):
                found = before + found
            before = before or _known(clause.text, tongue)
        elif _MORE.match(clause.text):
            more = _asked_for(clause.text, tongue)
            known = tuple(t for t in more if t.names or t.text)
            found = found + known if any(t.names for t in found) or not known else known
    if not any(t.names or t.text for t in found) and listed:
        return listed
    if found:
        return found
    for clause in sorted(cut, key=lambda clause: clause.is_role):
        asked_for = _asked_for(clause.text, tongue) if clause.is_role else ()
        named = _known(clause.text, tongue) or tuple(t for t in asked_for if t.names)
        if named:
            return named
    return ()


def _asked_for(clause: str, tongue: Language) -> tuple[Target, ...]:
    """What the first word that asks and names something asks for; else what stands before all."""
    for verb, region in _regions(clause):
        named = _named(region, tongue, verb)
        if named:
            return named
    first = _TRIGGER.search(clause)
    before = _named(clause[: first.start()], tongue) if first else ()
    # "Analyse the scene and give every dog as a box": what is told first may be no thing.
    return tuple(t for t in before if t.names or t.text) or before


def _regions(clause: str) -> Iterator[tuple[str, str]]:
    """Each word that asks, with what stands after it."""
    opening = _FIRST_WORD.match(clause)
    if opening is not None and not _TRIGGER.match(clause):
        yield opening[0], _until_end(clause[opening.end() :])
    for match in islice(_TRIGGER.finditer(clause), MOST_ASKING):
        yield match[0], _until_end(clause[match.end() :])


def _until_end(rest: str) -> str:
    end = _END.search(rest)
    return rest[: end.start()] if end else rest


def _parts(region: str) -> list[str]:
    """The region's noun phrases, without what is only said aside."""
    parts = [part.strip() for part in _APART.split(region)]
    return [
        part
        for i, part in enumerate(parts)
        if part
        and not part.startswith(("by ", "par "))
        and (i == 0 or not (_ASIDE.match(part) or _NONE.match(part)))
    ]


def _named(region: str, tongue: Language, verb: str = "") -> tuple[Target, ...]:
    """The targets of a region that stands after a word that asks."""
    found = (_target(part, tongue, verb) for part in _parts(region))
    return tuple(t for t in found if t is not None)


def _target(part: str, tongue: Language, verb: str) -> Target | None:
    """The part's target; None where it is about the answer's form."""
    words = re.findall(r"\w+", part)
    if not all(word in FORM or word.isdigit() for word in words):
        return target(part, tongue)
    # "Detect the keys", "how many boxes": what may be a word about the form is a thing here.
    thing = _THING.fullmatch(part)
    is_thing = thing and (_COUNTING if not thing["which"] else _OF_THINGS).match(verb)
    return Target(part, frozenset(), thing["noun"]) if thing and is_thing else None


def _known_in(named: tuple[Target, ...]) -> tuple[Target, ...]:
    return named if any(t.names or t.text for t in named) else ()


def _known(clause: str, tongue: Language) -> tuple[Target, ...]:
    """The clause's noun phrases that mean something to the eyes."""
    return tuple(t for t in _named(clause, tongue) if t.names or t.text or t.aside)


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
