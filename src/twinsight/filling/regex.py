"""The text of a `pattern` read into the states of an automaton.

The syntax is ECMA-262's (the dialect that JSON Schema names), and `\\A`, `\\Z`, `(?P<name>` of
Python. Not supported, and refused: back references, lookbehind, flags.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

MAX_STATES = 10_000
MAX_NESTING = 50

_COUNT = re.compile(r"\{(\d{1,6})(,(\d{0,6}))?\}")
_GROUP_NAME = re.compile(r"\?P?<[A-Za-z_]\w*>")
_PREFERRED = "aebcdfghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_. @/:+#,;!?'\"()[]{}"
_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "v": "\v", "f": "\f", "0": "\0"}
_LINE_ENDS = ((10, 10), (13, 13), (0x2028, 0x2029))

# A parsed piece of a pattern: given the state that follows it, adds its states, returns its first.
_Piece = Callable[[int], int]


class BadPattern(ValueError):
    """The pattern is malformed, too large, or uses what is not supported."""


@dataclass(frozen=True, slots=True)
class Charset:
    """Characters by code point ranges and by named classes ("d", "W", "p:Lu", …)."""

    ranges: tuple[tuple[int, int], ...] = ()
    classes: tuple[str, ...] = ()
    negated: bool = False

    def has(self, char: str, ascii_only: bool = True) -> bool:
        """True when the set holds `char`; `ascii_only` says what digits and words are."""
        code = ord(char)
        inside = any(low <= code <= high for low, high in self.ranges) or any(
            in_class(name, char, ascii_only) for name in self.classes
        )
        return inside != self.negated

    def samples(self, count: int) -> list[str]:
        """Up to `count` characters of the set, plain ones first."""
        found = list(islice((c for c in _PREFERRED if self.has(c)), count))
        if not found:
            edges = (chr(code) for pair in self.ranges for code in pair)
            rest = (chr(code) for code in range(1, 0x2FFF))
            found = [c for pool in (edges, rest) for c in pool if self.has(c)][:1]
        return found


def in_class(name: str, char: str, ascii_only: bool) -> bool:
    """True when a class of characters ("d", "W", "p:Lu", …) holds `char`."""
    kind = name[0]
    if kind in "pP":
        inside = unicodedata.category(char).startswith(name[2:])
    elif kind in "dD":
        inside = char.isdecimal() and (char.isascii() or not ascii_only)
    elif kind in "wW":
        inside = char == "_" or (char.isalnum() and (char.isascii() or not ascii_only))
    else:
        inside = char.isspace() or char == "\ufeff"
    return inside != kind.isupper()


@dataclass(slots=True)
class State:
    """`kind` is char, split, begin, end, edge (word boundary), look (ahead) or match."""

    kind: str
    next: int = -1
    other: int = -1
    chars: Charset | None = None
    negated: bool = False


class Parser:
    """Recursive descent over the pattern's text, building states from the end to the start."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.nesting = 0
        self.states: list[State] = [State("match")]

    def parse(self) -> int:
        """Read the whole pattern; gives the first state. Raises BadPattern."""
        piece = self.alternatives()
        if self.at < len(self.source):
            raise BadPattern(f"unbalanced ')' at {self.at}")
        return piece(0)

    def add(self, state: State) -> int:
        if len(self.states) >= MAX_STATES:
            raise BadPattern("it is too large")
        self.states.append(state)
        return len(self.states) - 1

    def peek(self, text: str) -> bool:
        return self.source.startswith(text, self.at)

    def take(self, text: str) -> bool:
        if self.peek(text):
            self.at += len(text)
            return True
        return False

    def char(self) -> str:
        if self.at >= len(self.source):
            raise BadPattern("it ends too early")
        self.at += 1
        return self.source[self.at - 1]

    def alternatives(self) -> _Piece:
        options = [self.sequence()]
        while self.take("|"):
            options.append(self.sequence())

        def build(following: int) -> int:
            first = options[-1](following)
            for option in reversed(options[:-1]):
                first = self.add(State("split", option(following), first))
            return first

        return build

    def sequence(self) -> _Piece:
        pieces: list[_Piece] = []
        while self.at < len(self.source) and not self.peek("|") and not self.peek(")"):
            pieces.append(self.quantified(self.atom()))

        def build(following: int) -> int:
            for piece in reversed(pieces):
                following = piece(following)
            return following

        return build

    def quantified(self, piece: _Piece) -> _Piece:
        count = _COUNT.match(self.source, self.at)
        low, high = 1, 1
        if count:
            self.at = count.end()
            low = int(count[1])
            high = low if count[2] is None else int(count[3]) if count[3] else -1
        elif self.take("*"):
            low, high = 0, -1
        elif self.take("+"):
            low, high = 1, -1
        elif self.take("?"):
            low, high = 0, 1
        else:
            return piece
        self.take("?")
        if self.peek("*") or self.peek("+") or _COUNT.match(self.source, self.at):
            raise BadPattern(f"nothing to repeat at {self.at}")
        if 0 <= high < low:
            raise BadPattern(f"a repeat of {low} to {high} times")
        return lambda following: self.repeat(piece, low, high, following)

    def repeat(self, piece: _Piece, low: int, high: int, following: int) -> int:
        if high < 0:
            loop = self.add(State("split", -1, following))
            self.states[loop].next = piece(loop)
            first = loop
        else:
            first = following
            for _ in range(high - low):
                first = self.add(State("split", following, piece(first)))
        for _ in range(low):
            before = len(self.states)
            first = piece(first)
            if len(self.states) == before:
                break  # an empty piece, however often
        return first

    def atom(self) -> _Piece:
        char = self.char()
        if char == "(":
            return self.group()
        if char == "[":
            return self.chars(self.bracket())
        if char == ".":
            return self.chars(Charset(_LINE_ENDS, (), negated=True))
        if char == "^":
            return self.simple("begin")
        if char == "$":
            return self.simple("end")
        if char == "\\":
            return self.escape()
        if char in "*+?":
            raise BadPattern(f"nothing to repeat at {self.at - 1}")
        return self.chars(Charset(((ord(char), ord(char)),)))

    def chars(self, charset: Charset) -> _Piece:
        return lambda following: self.add(State("char", following, chars=charset))

    def simple(self, kind: str, negated: bool = False) -> _Piece:
        return lambda following: self.add(State(kind, following, negated=negated))

    def group(self) -> _Piece:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise BadPattern("it is nested too deeply")
        name = _GROUP_NAME.match(self.source, self.at)
        look = ""
        if name:
            self.at = name.end()
        elif self.peek("?=") or self.peek("?!"):
            look = self.char() + self.char()
        elif self.peek("?") and not self.take("?:"):
            raise BadPattern(f"the group '({self.source[self.at : self.at + 3]}' is not supported")
        inner = self.alternatives()
        if not self.take(")"):
            raise BadPattern("a '(' is not closed")
        self.nesting -= 1
        if not look:
            return inner
        return lambda following: self.add(State("look", following, inner(0), negated=look == "?!"))

    def escape(self) -> _Piece:
        if self.peek("b") or self.peek("B"):
            return self.simple("edge", negated=self.char() == "B")
        if self.take("A"):
            return self.simple("begin")
        if self.take("Z") or self.take("z"):
            return self.simple("end")
        if self.at < len(self.source) and self.source[self.at] in "123456789k":
            raise BadPattern("back references are not supported")
        return self.chars(self.escaped())

    def escaped(self) -> Charset:
        """What follows a backslash, in or out of brackets."""
        char = self.char()
        if char in "dDwWsS":
            return Charset((), (char,))
        if char in "pP":
            name = re.compile(r"\{([A-Z][a-z]?)\}").match(self.source, self.at)
            if not name:
                raise BadPattern("only general categories such as \\p{L} are supported")
            self.at = name.end()
            return Charset((), (f"{char}:{name[1]}",))
        if char in _CONTROL:
            code = ord(_CONTROL[char])
        elif char in "xu":
            code = self.hexadecimal(char)
        elif char.isalnum():
            raise BadPattern(f"the escape '\\{char}' is not supported")
        else:
            code = ord(char)
        return Charset(((code, code),))

    def hexadecimal(self, kind: str) -> int:
        digits = r"\{([0-9A-Fa-f]{1,6})\}|" if kind == "u" else ""
        digits += r"([0-9A-Fa-f]{4})" if kind == "u" else r"([0-9A-Fa-f]{2})"
        found = re.compile(digits).match(self.source, self.at)
        code = int(next(g for g in found.groups() if g), 16) if found else -1
        if not found or code > 0x10FFFF:
            raise BadPattern(f"the escape '\\{kind}' is not followed by hexadecimal digits")
        self.at = found.end()
        return code

    def bracket(self) -> Charset:
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        classes: list[str] = []
        while not self.take("]"):
            low = self.member()
            if self.peek("-") and not self.peek("-]") and low.ranges:
                self.at += 1
                high = self.member()
                if not high.ranges or high.ranges[0][0] < low.ranges[0][0]:
                    raise BadPattern(f"a bad range before {self.at}")
                ranges.append((low.ranges[0][0], high.ranges[0][0]))
                continue
            ranges += low.ranges
            classes += low.classes
        return Charset(tuple(ranges), tuple(classes), negated)

    def member(self) -> Charset:
        char = self.char()
        if char != "\\":
            return Charset(((ord(char), ord(char)),))
        return Charset(((8, 8),)) if self.take("b") else self.escaped()
