"""How an answer is to be worded: what the system instruction and the question ask of its style."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from twinsight.prompt import Prompt
from twinsight.tasks.request.language import Language, language_of
from twinsight.tasks.request.lexicon import NUMBERS, number_of
from twinsight.tasks.request.vocabulary import fold

Brevity = Literal["", "word", "phrase"]


def _phrases(*phrases: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(phrases) + r")\b")


_ONE = r"(?:number|digit|figure|count|colou?r|label|word|name|category|class)"
_UN = r"(?:nombre|chiffre|nom|mot|label|couleur|catégorie)"
_WORD = _phrases(
    r"(?:one|single|1) word",
    rf"(?:just|only|simply) (?:yes or no|an? {_ONE}|the {_ONE}|one {_ONE}|{_ONE})",
    rf"with (?:an? |the |one )?{_ONE}",
    rf"(?:yes or no|{_ONE}) only",
    "with yes or no",
    r"true or false only|only true or false|(?:with|by) true or false",
    r"(?:par|seulement) vrai ou faux|vrai ou faux (?:seulement|uniquement)",
    "(?:un|seul) mot",
    "par oui ou non",
    rf"(?:juste|seulement|uniquement) (?:oui ou non|(?:un|le|la|une) {_UN})",
)
_PHRASE = _phrases(
    r"short(?:er)?|brief(?:ly)?|concise(?:ly)?|few words|titles?|terse|headline",
    r"court\w*|bref|brève\w*|brièvement|concis\w*|quelques mots|titre",
)
_JSON = re.compile(
    r"\b(?:answer|respond|reply|output|return|give me|provide|produce|generate|réponds?|répondre|"
    r"renvoie|donne moi)\b.{0,40}\bjson\b"
)
_N = rf"(?P<number>\d{{1,3}}|{'|'.join(NUMBERS)})"
_WORDS = re.compile(
    rf"\b(?P<below>(?:under|fewer than|less than|below|moins de) )?{_N} (?:words?|mots?)\b(?! only)"
)
_SENTENCES = re.compile(
    rf"\b{_N} (?:\w+ )?(?:sentences?|phrases?|bullets?|bullet points?|points|puces)"
    r"\b|\b(?P<one>une|an?) (?:\w+ )?(?:sentence|phrase)\b"
)
_SEVERAL = re.compile(
    rf"\b{_N} (?:\w+ ){{0,2}}?(?:captions?|titles?|headlines?|descriptions?|légendes?|titres?)\b"
)
_DETAILED = _phrases(
    r"(?:more )?detail(?:s|ed)?|in depth|thorough(?:ly)?|paragraph|longer|at length|"
    r"long description|as much as (?:you can|possible)|everything you see|blind|visually impaired|"
    r"sight(?:ed)? impaired|screen reader",
    r"détail(?:s|lée?s?)?|en détail|paragraphe|plus longue?(?:ment)?|aveugle|malvoyante?|"
    r"longuement",
)
_LISTED = _phrases(
    r"(?:bulleted|bullet|bulleted point|itemi[sz]ed)(?: points?)?(?: list)?|bullets|bullet points",
    r"(?:liste )?à puces|(?:as|in) an? list|en liste|sous forme de liste",
)
_EMOJI = _phrases(r"emojis?|émojis?|émoticônes?")
_POSTED = _phrases(
    r"tweet|instagram|insta|facebook|social media|linkedin|twitter|mastodon|bluesky|status update|"
    r"post",
    r"réseaux sociaux|publication",
)
_ONLY_STYLE = re.compile(
    r"^(?:(?:and|now|ok|reply|respond|tell|again|please|the|same|but|say|it|that|this|in|into|make|translate|as|a|an|with|to|"
    r"more|much|even|be|answer|just|give|me|try|only|et|maintenant|plus|de|du|encore|s'il|te|vous|plaît|la|"
    r"même|chose|mais|en|le|dis|traduis|réponds|stp|svp|une|un|sentences?|phrases?|words?|mots?|"
    r"french|english|français|anglais|shorter|short|longer|brief|briefly|concise|detailed?|details|"
    r"court|courte|bref|détails?|détaillée?|uppercase|upper|lower|lowercase|case|caps|all|majuscules|"
    r"minuscules|json|list|bullets?|points?|liste|puces|emojis?|hashtags?|capital|letters|of|"
    r"longue|long|one|two|three|four|five|deux|trois|quatre|cinq|\d{1,2})\b[ ,.!?]*)+$"
)
_JSON_WORD = re.compile(r"\bjson\b")
_TONGUE = re.compile(
    r"\b(?:in french|in english|en français|en anglais|into french|into english)\b"
)
_LOWER = re.compile(r"\b(?:lower ?case|minuscules?|no capital)")
_UPPER = re.compile(r"\b(?:upper ?case|majuscules?|all caps|capital letters)\b")


@dataclass(frozen=True, slots=True)
class Style:
    """`brevity`: a whole answer, a phrase, or one word. `letters`: as they come, lower, upper.

    `words` are the most that an answer may have, `sentences` how many it shall have, and `several`
    how many captions are wanted; None where nothing is said. `listed`: in bullets. `emoji` and
    `posted` (with hashtags) are about captions.
    """

    language: Language = "en"
    brevity: Brevity = ""
    letters: Literal["", "lower", "upper"] = ""
    json: bool = False
    words: int | None = None
    sentences: int | None = None
    several: int | None = None
    listed: bool = False
    emoji: bool = False
    posted: bool = False

    def worded(self, text: str) -> str:
        """The text in the letters asked for."""
        return {"": text, "lower": text.lower(), "upper": text.upper()}[self.letters]


MANY_SENTENCES = 5
"""Sentences of a description in detail."""


def style_of(prompt: Prompt) -> Style:
    """What the system instruction asks for, and the question, which has the last word."""
    words = fold(f"{prompt.instruction}\n{prompt.question}")
    most = _most_words(words)
    brevity: Brevity = (
        "word" if _WORD.search(words) or most == 1 else "phrase" if _PHRASE.search(words) else ""
    )
    letters: Literal["", "lower", "upper"] = (
        "lower" if _LOWER.search(words) else "upper" if _UPPER.search(words) else ""
    )
    return Style(
        language_of(prompt.question, prompt.instruction),
        brevity,
        letters,
        bool(_JSON.search(words)),
        most,
        _sentences(words),
        _number(_SEVERAL.search(words)),
        bool(_LISTED.search(words)),
        bool(_EMOJI.search(words)),
        bool(_POSTED.search(words)),
    )


def is_only_style(words: str) -> bool:
    """Whether folded words ask for nothing but how to say it: "shorter, please", "in French"."""
    told = (
        _PHRASE,
        _WORD,
        _JSON_WORD,
        _LOWER,
        _UPPER,
        _DETAILED,
        _LISTED,
        _EMOJI,
        _SENTENCES,
        _WORDS,
        _TONGUE,
    )
    return bool(_ONLY_STYLE.match(words)) and any(pattern.search(words) for pattern in told)


def _number(found: re.Match[str] | None) -> int | None:
    return number_of(found["number"]) if found is not None and found["number"] else None


def _most_words(words: str) -> int | None:
    found = _WORDS.search(words)
    number = _number(found)
    if found is None or number is None:
        return None
    return max(1, number - bool(found["below"]))


def _sentences(words: str) -> int | None:
    found = _SENTENCES.search(words)
    if found is not None:
        return _number(found) or 1
    return MANY_SENTENCES if _DETAILED.search(words) else None
