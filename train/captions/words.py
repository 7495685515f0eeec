"""Captions as words: one lower-case word a token, with the names of things as single tokens.

`kinds.txt` lists the words that name each kind of object, and phrases that only look as if they did
("train station"). Phrases of several words become one token, joined by "_", so that a word of the
vocabulary either names a kind or does not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from twinsight.tasks.wording.english import plural

KINDS = Path(__file__).with_name("kinds.txt")
LEAST_COUNT = 5
"""Captions in which a word must occur to be in the vocabulary; once for words that name a kind."""

SPECIAL = ("<pad>", "<start>", "<end>", "<other>")
PAD, START, END, OTHER = range(4)

_UNSEEN = """
man men woman women boy boys girl girls guy guys lady ladies gentleman gentlemen male males female
females he him his himself she her hers herself bride brides groom grooms son sons daughter
daughters mother mothers father fathers mom moms dad dads brother brothers sister sisters
businessman businessmen policeman policemen fireman firemen dude dudes mans womans mens womens
boyfriend girlfriend husband wife young younger old older elderly adult adults teen teens teenager
teenagers toddler toddlers infant baby babies child children kid kids youngster
"""
UNSEEN = frozenset(_UNSEEN.split())
"""Words that captions of people hold and that our eyes cannot see: they are never said."""

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|,")


def kinds_table(path: Path = KINDS) -> dict[tuple[str, ...], str]:
    """Phrases (as tuples of words, plurals too) → the kind they name; "" for a false friend."""
    table: dict[tuple[str, ...], str] = {}
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        kind, _, phrases = (cell.strip() for cell in line.partition("|"))
        for phrase in (p.strip() for p in phrases.split(",")):
            named = "" if phrase.startswith("-") else kind
            bare = phrase.removeprefix("-")
            for form in (bare, plural(bare)):
                words = tuple(form.split())
                # A phrase may be a false friend of one kind and the name of another.
                if named or words not in table:
                    table[words] = named
    return table


@cache
def _phrases() -> tuple[dict[tuple[str, ...], str], int]:
    table = kinds_table()
    return table, max(map(len, table))


def split(caption: str) -> list[str]:
    """The caption's words, phrases of `kinds.txt` joined by "_"; commas are words of their own."""
    words = _WORD.findall(caption.lower().replace("-", " "))
    while words and words[-1] == ",":
        words.pop()
    table, longest = _phrases()
    joined, at = [], 0
    while at < len(words):
        size = next((n for n in range(longest, 1, -1) if tuple(words[at : at + n]) in table), 1)
        joined.append("_".join(words[at : at + size]))
        at += size
    return joined


def kind_of(word: str) -> str:
    """The kind of object that a word of a caption names, or ""."""
    return _phrases()[0].get(tuple(word.split("_")), "")


def kinds_in(words: Iterable[str]) -> set[str]:
    return {kind for kind in map(kind_of, words) if kind}


class Vocabulary:
    """Words and their numbers; the first four are special."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = (*SPECIAL, *words)
        self._numbers = {word: number for number, word in enumerate(self.words)}

    @classmethod
    def of(cls, captions: Iterable[Sequence[str]]) -> Vocabulary:
        counts = Counter(word for caption in captions for word in caption)
        kept = [w for w, n in counts.items() if n >= (2 if kind_of(w) else LEAST_COUNT)]
        return cls(sorted(kept))

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, words: Sequence[str]) -> list[int]:
        return [self._numbers.get(word, OTHER) for word in words]

    def decode(self, numbers: Iterable[int]) -> list[str]:
        said = []
        for number in numbers:
            if number == END:
                break
            said.append(self.words[number])
        return said
