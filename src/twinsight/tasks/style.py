"""How an answer is to be worded: what the system instruction and the question ask of its style."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from twinsight.prompt import Prompt
from twinsight.tasks.language import Language, language_of
from twinsight.tasks.vocabulary import fold

Brevity = Literal["", "word", "phrase"]


def _phrases(*phrases: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(phrases) + r")\b")


_ONE = r"(?:number|count|colou?r|label|word|name|category|class)"
_UN = r"(?:nombre|nom|mot|label|couleur|catégorie)"
_WORD = _phrases(
    r"(?:one|single|1) word",
    rf"(?:just|only|simply) (?:yes or no|an? {_ONE}|the {_ONE}|one {_ONE}|{_ONE})",
    rf"with (?:an? |the |one )?{_ONE}",
    rf"(?:yes or no|{_ONE}) only",
    "with yes or no",
    "(?:un|seul) mot",
    "par oui ou non",
    rf"(?:juste|seulement|uniquement) (?:oui ou non|(?:un|le|la|une) {_UN})",
)
_PHRASE = _phrases(
    r"short|brief(?:ly)?|concise(?:ly)?|few words|title|terse",
    r"court\w*|bref|brève\w*|brièvement|concis\w*|quelques mots|titre",
)
_JSON = re.compile(
    r"\b(?:answer|respond|reply|output|return|réponds?|répondre|renvoie)\b.{0,40}\bjson\b"
)
_LOWER = re.compile(r"\b(?:lower ?case|minuscules?|no capital)")
_UPPER = re.compile(r"\b(?:upper ?case|majuscules?|all caps|capital letters)\b")


@dataclass(frozen=True, slots=True)
class Style:
    """`brevity`: a whole answer, a phrase, or one word. `letters`: as they come, lower, upper."""

    language: Language = "en"
    brevity: Brevity = ""
    letters: Literal["", "lower", "upper"] = ""
    json: bool = False

    def worded(self, text: str) -> str:
        """The text in the letters asked for."""
        return {"": text, "lower": text.lower(), "upper": text.upper()}[self.letters]


def style_of(prompt: Prompt) -> Style:
    """What the system instruction asks for, and the question, which has the last word."""
    words = fold(f"{prompt.system}\n{prompt.question}")
    brevity: Brevity = "word" if _WORD.search(words) else "phrase" if _PHRASE.search(words) else ""
    letters: Literal["", "lower", "upper"] = (
        "lower" if _LOWER.search(words) else "upper" if _UPPER.search(words) else ""
    )
    language = language_of(prompt.question, prompt.system)
    return Style(language, brevity, letters, bool(_JSON.search(words)))
