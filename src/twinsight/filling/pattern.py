"""A schema's `pattern`: matches in bounded time, and gives strings that match.

The standard `re` backtracks, so that a hostile pattern from a request could hold a thread for
hours. Here a pattern becomes a list of states; matching visits each pair of state and position
once. The same states, walked breadth first, give the shortest strings that match.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from twinsight.filling.budget import Budget
from twinsight.filling.regex import Parser, State, in_class

MAX_STEPS = 100_000
_STEPS_PER_SPENT = 4


class _TooLong(Exception):
    """Matching took more steps than are allowed."""


class Pattern:
    """A compiled pattern, whose work is charged to `budget`.

    Raises BadPattern when it cannot be read, and Exhausted when the budget is spent.
    """

    def __init__(self, source: str, budget: Budget) -> None:
        parser = Parser(source)
        self.start = parser.parse()
        self.states = parser.states
        self.budget = budget
        budget.spend(1 + len(self.states) // _STEPS_PER_SPENT)

    def matches(self, text: str, sure: bool = True) -> bool:
        """True when the pattern is found in `text`.

        ECMA-262 and Python differ on what a digit or a word is, and a text may take over
        MAX_STEPS to judge. Such a text matches for `sure=False` and does not for `sure=True`.
        """
        readings = (True,) if text.isascii() else (True, False)
        try:
            found = [self._search(text, ascii_only) for ascii_only in readings]
        except _TooLong:
            return not sure
        return all(found) if sure else any(found)

    def _search(self, text: str, ascii_only: bool) -> bool:
        looked: dict[tuple[int, int], bool] = {}
        steps = [0]
        starts = [(self.start, at) for at in range(len(text), -1, -1)]
        try:
            return self._reaches(starts, text, ascii_only, looked, steps)
        finally:
            self.budget.spend(1 + (steps[0] + len(text)) // _STEPS_PER_SPENT)

    def _reaches(
        self,
        todo: list[tuple[int, int]],
        text: str,
        ascii_only: bool,
        looked: dict[tuple[int, int], bool],
        steps: list[int],
    ) -> bool:
        """True when a match can be reached from one of the pairs of state and position."""
        visited: set[tuple[int, int]] = set()
        while todo:
            pair = todo.pop()
            if pair in visited:
                continue
            visited.add(pair)
            steps[0] += 1
            if steps[0] > MAX_STEPS:
                raise _TooLong
            state, at = self.states[pair[0]], pair[1]
            if state.kind == "match":
                return True
            if state.kind == "split":
                todo += ((state.other, at), (state.next, at))
            elif state.kind == "char":
                if at < len(text) and state.chars and state.chars.has(text[at], ascii_only):
                    todo.append((state.next, at + 1))
            elif state.kind == "look":
                ahead = (state.other, at)
                if ahead not in looked:
                    looked[ahead] = self._reaches([ahead], text, ascii_only, looked, steps)
                if looked[ahead] != state.negated:
                    todo.append((state.next, at))
            elif _stands(state, text, at, ascii_only):
                todo.append((state.next, at))
        return False

    def strings(self, low: int, high: int) -> Iterator[str]:
        """Strings of `low` to `high` characters that match, short ones first; perhaps none."""
        given: set[str] = set()
        for variety, limit in ((1, 40_000), (5, 4_000)):
            for text in self._walk(low, variety, limit):
                if text not in given and low <= len(text) <= high and self.matches(text):
                    given.add(text)
                    yield text

    def _walk(self, low: int, variety: int, limit: int) -> Iterator[str]:
        """Candidates, breadth first; lookaheads and word edges are left for the match to judge."""
        queue = deque([(self.start, "", False)])
        visited: set[tuple[int, int, bool]] = set()
        samples: dict[int, list[str]] = {}
        while queue and limit:
            limit -= 1
            if limit % _STEPS_PER_SPENT == 0:
                self.budget.spend()
            at, text, ended = queue.popleft()
            key = (at, min(len(text), low + 1), ended)
            if variety == 1 and key in visited:
                continue
            visited.add(key)
            state = self.states[at]
            if state.kind == "match":
                yield text if ended else text.ljust(low, "a")
                if not ended and len(text) < low:
                    yield text.rjust(low, "a")
            elif state.kind == "split":
                queue.appendleft((state.other, text, ended))
                queue.appendleft((state.next, text, ended))
            elif state.kind == "char":
                if not ended and state.chars:
                    if at not in samples:
                        samples[at] = state.chars.samples(variety)
                    for sample in samples[at]:
                        queue.append((state.next, text + sample, False))
            elif state.kind != "begin" or not text:
                queue.appendleft((state.next, text, ended or state.kind == "end"))


def _stands(state: State, text: str, at: int, ascii_only: bool) -> bool:
    """True when the state's condition of place (begin, end, word edge) holds at `at`."""
    if state.kind == "begin":
        return at == 0
    if state.kind == "end":
        return at == len(text)
    before = at > 0 and in_class("w", text[at - 1], ascii_only)
    after = at < len(text) and in_class("w", text[at], ascii_only)
    return (before != after) != state.negated


class Patterns:
    """The patterns of one schema, compiled once, their work charged to its budget."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._compiled: dict[str, Pattern] = {}

    def get(self, source: str) -> Pattern:
        """The compiled pattern. Raises BadPattern and Exhausted."""
        if source not in self._compiled:
            self._compiled[source] = Pattern(source, self.budget)
        return self._compiled[source]

    def matches(self, source: str, text: str, sure: bool = True) -> bool:
        """See Pattern.matches."""
        return self.get(source).matches(text, sure)
