"""A request cut into its clauses, without what is about the picture or the form of the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from twinsight.tasks.request.corners import corner_of, without_corners
from twinsight.tasks.request.example import examples, is_named_list, without_examples
from twinsight.tasks.request.lexicon import (
    COLOURS,
    FORM,
    NUMBERS,
    ORDINALS,
    SIDES,
    loosely,
    number_of,
    word_set,
)
from twinsight.tasks.request.spelling import SHORTEST, mended
from twinsight.tasks.request.vocabulary import fold


def any_of(*patterns: str) -> re.Pattern[str]:
    """A pattern that matches any of these, as whole words, in folded text."""
    return re.compile(loosely(r"\b(?:" + "|".join(patterns) + r")\b"))


def _any(*words: str) -> str:
    return loosely("(?:" + "|".join(words) + ")")


# What people type for short.
_SHORT = {
    "pls": "please", "plz": "please", "stp": "please", "svp": "please", "thx": "thanks",
    "ppl": "people", "u": "you", "w/": "with", "gimme": "give me", "lemme": "let me",
    "img": "image", "coords": "coordinates", "bboxes": "bounding boxes", "isn't": "is",
    "aren't": "are", "px": "pixels", "don't you": "do you", "doesn't": "does",
}  # fmt: skip
_TYPED = re.compile(rf"(?<!\S)(?:{'|'.join(map(re.escape, _SHORT))})(?![\w'])")

_WORD = re.compile(rf"[^\W\d_]{{{SHORTEST - 1},}}")

_LISTED = re.compile(
    r"\n\s*(?:[-*•]|\d+[.)])\s+(?P<rule>(?:\S+[ \t]+){3}\S|(?i:only|just|max\w*|no|"
    r"never|not|sort\w*|limit\w*|ignore|skip|exclude|seulement|uniquement|pas|sans|trie\w*)\b)?"
)
_INLINE = re.compile(r"(?<=\s)\(?\d{1,2}\)\s+(?=\w)")
_NEW_LINE = re.compile(r"\n\s*(?=\n|#|[A-ZÀ-Ý])")
_BRACKETS = re.compile(r"\[[^\]]{0,2000}\]|\{[^}]{0,2000}\}|<[^>]{0,2000}>")
_ABOUT_KEYS = re.compile(r"\b(?:json|keys?|clés?|fields?|champs?)\b")
_KEY = re.compile(r"[\"`'](?:\w+ ?){1,4}[\"`']")
_SINGLE_QUOTED = re.compile(r"(?<!\w)'([^']{1,40})'(?!\w)")
_QUOTES = re.compile('["`“”«»*]')

_NUMBER = r"(?:\d{1,4}|" + "|".join(word for word, value in NUMBERS.items() if value > 1) + ")"
_OF_LIMIT = (
    r"(?:items?|objects?|boxes|masks|points|results?|detections?|entries|éléments?|objets?|boîtes|"
    r"masques|résultats?)"
)
_LIMIT = re.compile(
    _any(
        r"\b(?:at most|maximum(?: of)?|max\.?(?: of)?|"
        r"(?:no|not|do not \w+|don't \w+|never \w+) more than|up to|top|first|not exceed(?:ing)?|"
        r"limit(?:ed)?(?: \w+| the \w+| the number of \w+)? to|limit:?|capp?(?:ed)? at|"
        r"only return|only list|au plus|au maximum|maximum de|pas plus de|"
        rf"limite\w*(?: \w+)? à|jusque à)\s+(?:the )?(?P<before>{_NUMBER})\b",
        rf"\b(?P<after>{_NUMBER})(?: {_OF_LIMIT})?"
        r" (?:at most|max(?:imum)?|or fewer|or less|au maximum|au plus)\b",
        rf"\b(?P<points>{_NUMBER}) (?=points?\b)",
        rf"\b(?P<noun>{_NUMBER}) (?=(?:\w+ ){{1,2}}(?:at most|max(?:imum)?|au maximum|au plus)\b)",
    )
)
_SCALE = re.compile(
    _any(
        r"\b(?:(?:normali[sz]\w*|scaled|comprises?|relative|ranging) )?"
        r"(?:between |from |entre |de |to |in |à )?"
        r"0(?:\.0)? ?(?:-|–|to|and|et|à) ?1(?:000|\.0)?(?!\d)"
    )
)
_SIDE = "(?:left|right|top|bottom|gauche|droite|haut|bas)"
# By what all answers are ordered.
_SORTED = re.compile(
    _any(
        r"\b(?:(?:sort|order|list|trie|class)\w* )?(?:them )?(?:from |de )?"
        rf"(?P<first>{_SIDE}) (?:to|à|en) (?:the )?{_SIDE}\b",
        r"\b(?:sort|order|trie)\w* (?:them )?(?:by|par) (?:decreasing |descending )?"
        r"(?:size|area|taille)(?: décroissante)?\b",
        r"\b(?:largest|biggest) (?:one )?first\b",
        r"\b(?P<most>(?:left|right|top|bottom)most) (?:ones? )?first\b",
        r"(?P<sure>\b(?:sort|order|rank|trie|class)\w* (?:them )?(?:by|par) (?:decreasing |"
        r"descending |the )?(?:confidence|score|probability|confiance)(?: score)?"
        r"(?: (?:descending|décroissante?|first))?\b)",
    )
)
# In "the cars, at most 10 items" the items are the cars.
_LIMIT_APART = re.compile(
    rf",\s*(?:{re.sub(r'[?]P<[a-z]+>', '?:', _LIMIT.pattern)}) {_OF_LIMIT}(?=\s*(?:[.,;]|$))"
)
_SCORE = r"(?:confidence|score|probability|confiance|certainty)s?"
_SHARE = r"(?:0?\.\d+|1\.0+|\d{1,3}(?= ?%))"
_OF_PICTURE = (
    r"[\d%]| ?%? (?:of|de) (?:the |la |total )*(?:l')?"
    r"(?:image|picture|photo|frame|area|width|height|surface)"
)
_SPAN = re.compile(
    r"\b(?:(?P<over>larger|bigger|greater|more|over|at least|plus (?:grande?s?|de)|au moins)|"
    r"(?P<under>smaller|less|under|below|plus petite?s?|moins)) ?(?:than |than the |que |de )?"
    rf"(?P<share>\d{{1,2}}(?:\.\d+)?) ?%(?P<of>{_OF_PICTURE})(?:'s|s)?(?: area| surface)?"
    r"(?P<side> (?:width|height))?",
    re.I,
)
_LEFT_OUT_BEFORE = re.compile(
    r"\b(?:ignore|skip|drop|exclude|omit|without|except|not|don't|sans|sauf)\b[^.;\n]*$", re.I
)
_LEAST = re.compile(
    rf"(?:\b(?:with )?(?:an? )?{_SCORE}(?: score| level)?(?: is| of| must be| threshold:?)*"
    r"(?:(?<=threshold)|(?<=threshold:)| at least| above| over| greater than| higher than|"
    r" more than| supérieure? à| au moins|"
    r"\s*>=?|\s*≥)|"
    rf"\bat least|\bmore than|\bminimum) ?(?P<low>{_SHARE}) ?%?(?:\s*{_SCORE}| sure)?"
    rf"(?!{_OF_PICTURE})|"
    r"\b(?:drop|ignore|discard|skip|remove|exclude|filter out|ignore[rz]?)[^.;\n]{0,40}?"
    rf"(?:under|below|less than|lower than|<=?|inférieure?s? à|sous) ?(?P<high>{_SHARE}) ?%?"
    rf"(?!{_OF_PICTURE})",
    re.I,
)
MANY = 10_000
_BOUND = re.compile(
    r"(?<!no )(?<!not )(?<!pas )\b(?:(?P<more>more than|over|plus de)|(?P<least>at least|au moins)|"
    r"(?P<fewer>(?:fewer|less) than|moins de)|(?P<exactly>exactly|exactement)) "
    rf"(?P<number>\d{{1,4}}|{'|'.join(NUMBERS)})\b(?! ?%)"
)
# "People who aren't on the left" are those on the right.
_NOT_THERE = re.compile(
    r"\b(?:not|pas) (?P<at>(?:on|at|in|à|en|sur) (?:the |le |la )?(?:far )?)"
    rf"(?P<side>{_SIDE})\b"
)
_OPPOSITE = {
    "left": "right", "right": "left", "top": "bottom", "bottom": "top", "gauche": "droite",
    "droite": "gauche", "haut": "bas", "bas": "haut",
}  # fmt: skip
# "The animal(s)".
_OR_MORE = re.compile(r"(?<=\w)\((e?s|x)\)")
_IS_NOT = re.compile(r"\b(that|which|who) (is|are|was|were)n't\b")
_CORNERS = re.compile(r"\[[^\]]{0,100}\](?= (?:of|for|de|du|des|pour)\b)")
_ENUMERATED = re.compile(r"(?<=:)[^.:\n?!]*;[^.:\n?!]*")
_IMAGE = _any(
    "images?", "pictures?", "photos?", "photographs?", "photographies?", "pics?", "scenes?",
    "scènes?", "frames?",
)  # fmt: skip
_ORDINAL = "|".join(ORDINALS)
_PICTURE = re.compile(
    rf"\b(?:in|on|of|from|within|inside|dans|sur|de|du) (?:(?:the|this|these|that|those|each|every|"
    rf"both|all|my|two|le|la|les|cette|ces|cet|ce|chaque|deux|given|provided|attached|following|"
    rf"entire|whole|last|{_ORDINAL}) )*{_IMAGE}(?: (?:ci dessous|below|above|here|\d+))?\b"
)
_MIDDLE = re.compile(
    r"\b(?:center|centre|middle|milieu|body|shape|corps|forme) (?:of|de) "
    r"(?=(?:the|each|every|le|la|les|chaque) \w)"
)
# What names are to be written as: `men = "M"`.
_CODES = re.compile(
    r"(?<=[^\W\d_])\s*(?:=>?|->|→)\s*[\"'`]?\w{1,12}[\"'`]?(?=\s*(?:[,;.\n]|and\b|et\b|$))"
)
# `"category": one of ["person", "bus"]` takes no number of them.
_ONE_OF = re.compile(r"\b(?:one|either) of:? (?!(?:the|these|those|them|my|his|her|our|your)\b)")
_BEHIND = re.compile(
    r"\b(?:the |le )?(?:background|arrière plan|fond) "
    r"(?:behind|of|around|from|derrière|de|autour de) "
    r"(?=(?:the|each|every|my|le|la|les|chaque) \w)"
)
_SIGN_OF = re.compile(r"\b(?:an?y? )?(?:signs?|traces?|evidence) of (?=(?:an?|any|the) \w)")
_CHOICE = re.compile(
    rf"\b{_any(*COLOURS)}(?:, {_any(*COLOURS)})*,? (?:or|ou) {_any(*COLOURS)}(?=\s*(?:[?.!]|$))"
)
_STOP = re.compile(r"[.;:?!\n()]+(?=\s|$|\w)")

_LEFT_OUT = re.compile(
    r"^(?:please |and |but |, )*"
    + _any(
        "do not", "don't", "never", "ignore", "ignoring", "exclude", "excluding", "without",
        "leave out", "skip", "omit", "ne(?! y a)", "ignore[rz]?", "exclu[ts]?", "exclue[sz]?",
        "exclure", "sans", "pas de",
    )
    + r"\b"
)  # fmt: skip
_EXCEPT = re.compile(
    r"(?:\b(?:but|and|mais|et) )?\b"
    + _any(
        "except(?: for)?", "excluding", "other than", "apart from", "aside from", "besides",
        "but not", "but no", "(?:do not|don't|not) include", "not including",
        "(?:ne )?(?:pas inclure|inclus pas)", "ignoring", "ignore", "skip", "exclude", "omit",
        "without counting",
        "leaving out", "(?:that|which|who) (?:is|are|was|were) not", "qui ne (?:est|sont) pas",
        "sauf", "hormis", "excepté(?:e?s?)?", "à le exception de", "à part",
        "autres? que", "mais pas", "en ignorant", r"(?<=, )(?:without|sans) (?:the|any|le|la|les)",
    )
    + r"\b"
)  # fmt: skip
# What a request says of whoever is to answer it, or of who asks.
_ROLE = re.compile(
    _any(
        r"^(?:you are|you're|act as|imagine|tu es|vous êtes|agis comme|en tant que|as an?)\b",
        r"^(?:we|i|nous|je)(?: are|'re| am| have|'m|me|m| want to| need to|'d like to|"
        r" will)? (?:building|working|developing|making|training|creating|writing|labell?ing|"
        r"labell?|build|develop|train|développ\w+|prépar\w+|entraîn\w+|travaill\w+)\b",
    )
)
_ROLE_FIRST = re.compile(
    _any(r"^(?:you are|you're|act as|as) an? [^,]*,", "^(?:tu es|en tant que) [^,]*,")
)

_WISH = re.compile(
    _any(
        r"^(?:i|we)(?:'d| would)? (?:want|need|like|have|wish|love) to ",
        r"^(?:je|nous|on) (?:veux|voudrais|voulons|aimerais|dois|souhaite) ",
        r"^(?:please )?help me (?:to )?",
    )
)
# The classes that are wanted, named as such: "Classes: dog, cat".
_CLASSES = re.compile(
    r"\b(?:class(?:es)?|categor(?:y|ies)|labels?|objects?|items?|targets?|things?|vocabulary|"
    r"catégories?|objets?|éléments?|étiquettes?)(?: \w+){0,3}$"
)
_NAMED_LIST = re.compile(r"[\[(]([^\[\](){}]*)[\])]")
_ASIDE = re.compile(r"\(([^()]*)\)")
_OF_THING = re.compile(
    _any(
        r"'s (?:exact |precise )?(?:locations?|positions?|coordinates|(?:bounding )?box(?:es)?|"
        r"masks?|outlines?|silhouettes?|(?:whole |entire |full )?(?:body|bodies|shape)|"
        r"cent(?:er|re)s?|contours?|polygons?|place)\b"
    )
)
_TYPES = word_set("string str int integer float number list array type bool")


@dataclass(frozen=True, slots=True)
class Clause:
    """One folded clause; `opens` says that a colon follows, so that the next one lists its things.

    `without` are its words after "except", or all of them in "do not include people". `lists` says
    that it names the classes that follow, `is_role` that it is about who answers or who asks.
    """

    text: str
    without: str = ""
    opens: bool = False
    lists: bool = False
    is_role: bool = False


def bounds_of(question: str) -> tuple[int, int] | None:
    """The least and the most of "more than three", "at least 3", "fewer than 3", "exactly 3"."""
    found = _BOUND.search(fold(question))
    if found is None:
        return None
    number = number_of(found["number"])
    assert number is not None, "the pattern holds numbers of up to four digits and known words"
    return {
        "more": (number + 1, MANY),
        "least": (number, MANY),
        "fewer": (0, number - 1),
        "exactly": (number, number),
    }[next(name for name in ("more", "least", "fewer", "exactly") if found[name])]


def limit_of(question: str) -> int | None:
    """The most answers that are wanted, when a number of them is given."""
    found = _LIMIT.search(fold(question))
    return number_of(next(group for group in found.groups() if group)) if found else None


def sorted_by(question: str) -> str:
    """By what all answers are to be ordered: a side that comes first, "largest", or nothing."""
    found = _SORTED.search(typed(question))
    if found is None or found["sure"]:
        return ""
    if found["most"]:
        return found["most"].removesuffix("most")
    return SIDES[found["first"]] if found["first"] else "largest"


def span_of(question: str) -> tuple[float, float]:
    """The least and the most share of the picture's area: (0.1, 1) in "larger than 10 % of it"."""
    found = _SPAN.search(question)
    if found is None or found["side"]:
        return 0.0, 1.0
    share = float(found["share"]) / 100
    leaves_out = _LEFT_OUT_BEFORE.search(question, 0, found.start()) is not None
    return (share, 1.0) if bool(found["over"]) != leaves_out else (0.0, share)


def least_score(question: str) -> float:
    """How sure things must be at least: 0.5 in "confidence > 0.5", "drop anything under 50 %"."""
    found = _LEAST.search(question)
    if found is None:
        return 0.0
    number = float(found["low"] or found["high"])
    return number / 100 if number > 1 else number


def clauses(question: str) -> list[Clause]:
    """The clauses in order, folded; empty ones are left out."""
    text = _LEAST.sub(" ", _SPAN.sub(" ", _CODES.sub("", _classes_said(question))))
    text = _NAMED_LIST.sub(_list_kept, without_examples(text))
    text = _LISTED.sub(lambda item: f". {item['rule']}" if item["rule"] else ", ", text)
    text = _INLINE.sub(", ", _NEW_LINE.sub(". ", text))
    text = _SORTED.sub(" ", _SCALE.sub(" ", without_keys(typed(text))))
    text = _ASIDE.sub(lambda aside: "" if _is_form(aside[1]) else aside[0], text)
    text = _BRACKETS.sub(" ", _CORNERS.sub("coordinates", text))
    text = _SINGLE_QUOTED.sub(r"\1", _QUOTES.sub("", text))
    text = _ENUMERATED.sub(lambda found: found[0].replace(";", ","), without_corners(text))
    text = _OF_THING.sub("", text)
    text = _LIMIT.sub(" ", _LIMIT_APART.sub(" ", _SIGN_OF.sub("", text)))
    text = _BEHIND.sub("", _ONE_OF.sub("", text))
    text = _MIDDLE.sub("", _PICTURE.sub(" ", _BOUND.sub(" ", text)))
    text = _CHOICE.sub(" ", text)
    cut: list[Clause] = []
    start = 0
    for stop in [*_STOP.finditer(text), None]:
        part = " ".join(text[start : stop.start() if stop else len(text)].split()).strip(" ,")
        if part:
            cut.append(_clause(part, stop is not None and ":" in stop[0]))
        if stop:
            start = stop.end()
    return cut


def typed(text: str) -> str:
    """The text folded, what people type for short spelt out and slips of the fingers mended."""
    text = _IS_NOT.sub(r"\1 \2 not", fold(_OR_MORE.sub(r"\1", text)))
    text = _TYPED.sub(lambda found: _SHORT[found[0]], text)
    text = _NOT_THERE.sub(lambda found: found["at"] + _OPPOSITE[found["side"]], text)
    return _WORD.sub(lambda found: mended(found[0]), text)


def _classes_said(question: str) -> str:
    """The question with `{"classes": ["dog", "cat"]}` as words: it is no answer that is shown."""
    for example in reversed(list(examples(question))):
        shown = example.shown if isinstance(example.shown, dict) else {}
        names = [one for value in shown.values() if is_named_list(value) for one in value]
        if names:
            said = f". Classes: {', '.join(map(str, names))}. "
            question = question[: example.start] + said + question[example.end :]
    return question


def _list_kept(found: re.Match[str]) -> str:
    """The words of `["truck", "bus"]`; coordinates, types and the rest stay as they are."""
    words = [word.strip(" \"'`") for word in found[1].split(",")]
    is_list = len(words) > 1 and found[0][0] == "["
    return ", ".join(words) if is_list and all(map(_may_be_a_thing, words)) else found[0]


def _may_be_a_thing(word: str) -> bool:
    is_name = re.fullmatch(r"[^\W\d_][\w -]*", word) is not None
    return is_name and word.lower() not in _TYPES and corner_of(word) is None


def _is_form(aside: str) -> bool:
    """Whether all words are about the answer's form: "(box_2d)", "(float between 0 and 1)"."""
    words = re.findall(r"\w+", fold(aside))
    return all(word in FORM or word.isdigit() or corner_of(word) for word in words)


def without_keys(text: str) -> str:
    """The text without the quoted names that follow its first word about JSON and keys."""
    about = _ABOUT_KEYS.search(text)
    if about is None:
        return text
    return text[: about.end()] + _KEY.sub("", text[about.end() :])


def _clause(text: str, opens: bool) -> Clause:
    if _LEFT_OUT.match(text):
        return Clause("", _LEFT_OUT.sub("", text), opens)
    kept, *left_out = _EXCEPT.split(_ROLE_FIRST.sub("", text), maxsplit=1)
    kept = kept.strip(" ,")
    is_role = _ROLE.match(kept) is not None
    kept = kept if is_role else _WISH.sub("", kept)
    lists = opens and _CLASSES.search(kept) is not None
    return Clause(kept, " ".join(left_out), opens, lists, is_role)


def asked(question: str) -> str:
    """The positive clauses as one text, folded, with the picture's and the answer's words in it."""
    text = typed(question)
    sentences = re.split(r"(?<=[.;?!])\s+", text)
    return " ".join(part for part in sentences if not _LEFT_OUT.match(part)) or text
