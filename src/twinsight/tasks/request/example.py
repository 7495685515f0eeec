"""The answer that a prompt shows as an example: JSON, or what people write for it.

Values may be missing, unquoted or `<placeholders>`, lists may end in "...".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from twinsight.tasks.request.vocabulary import meaning

Shown = dict[str, "Shown"] | list["Shown"] | str
"""What stands at a place: an object, a list, or the words of a single value."""

MOST_TOKENS = 4_000
MOST_DEPTH = 8

_TOKEN = re.compile(
    r'"[^"\n]*"|\'[^\'\n]*\'|`[^`\n]*`|<[^<>\n]*>|[{}\[\],:]|[^\s{}\[\],:"\'`<>]+|["\'`<>]'
)
_DOTS = re.compile(r"^[.…]+$")


@dataclass(frozen=True, slots=True)
class Example:
    """What is shown, and where in the prompt it stands."""

    shown: Shown
    start: int
    end: int


def examples(text: str) -> Iterator[Example]:
    """The objects, and lists of them, that a text shows, in order."""
    tokens = list(islice(_TOKEN.finditer(text), MOST_TOKENS))
    reader = _Reader([token[0] for token in tokens])
    while reader.at < len(tokens):
        start = reader.at
        if tokens[start][0] not in ("[", "{"):
            reader.at += 1
            continue
        shown = reader.value(0)
        if _holds_object(shown):
            yield Example(shown, tokens[start].start(), tokens[reader.at - 1].end())


def without_examples(text: str) -> str:
    """The text without the JSON that it shows."""
    for example in reversed(list(examples(text))):
        text = text[: example.start] + " " + text[example.end :]
    return text


def is_named_list(value: Shown) -> bool:
    """Whether it is a list of nothing but names of things that the eyes know."""
    names = value if isinstance(value, list) else []
    return bool(names) and all(isinstance(one, str) and meaning(one) is not None for one in names)


def _holds_object(shown: Shown) -> bool:
    if isinstance(shown, list):
        return any(_holds_object(one) for one in shown)
    return isinstance(shown, dict) and bool(shown)


class _Reader:
    """Reads one value from tokens, forgiving what is missing."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def value(self, depth: int) -> Shown:
        opened = self._peek()
        if opened in ("[", "{") and depth < MOST_DEPTH:
            self.at += 1
            return self._list(depth) if opened == "[" else self._object(depth)
        return self._words()

    def _list(self, depth: int) -> list[Shown]:
        found: list[Shown] = []
        while self._peek() not in ("", "]", "}"):
            if self._peek() in (",", ":"):
                self.at += 1
                continue
            one = self.value(depth + 1)
            if not (isinstance(one, str) and _DOTS.match(one)):
                found.append(one)
        self.at += self._peek() == "]"
        return found

    def _object(self, depth: int) -> dict[str, Shown]:
        found: dict[str, Shown] = {}
        while self._peek() not in ("", "}", "]"):
            if self._peek() == ",":
                self.at += 1
                continue
            key = self._words(stop_at_colon=True)
            value: Shown = ""
            if self._peek() == ":":
                self.at += 1
                value = "" if self._peek() in (",", "}", "]") else self.value(depth + 1)
            if key and not _DOTS.match(key):
                found.setdefault(key, value)
        self.at += self._peek() == "}"
        return found

    def _words(self, stop_at_colon: bool = False) -> str:
        """Single words up to the next mark; a mark that is out of place is passed over."""
        ends = ("", ",", "]", "}", ":") if stop_at_colon else ("", ",", "]", "}")
        said: list[str] = []
        start = self.at
        while self._peek() not in ends:
            said.append(self._peek().strip("\"'`<>"))
            self.at += 1
        if self.at == start and self._peek():
            self.at += 1
        return " ".join(said).strip()

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""
