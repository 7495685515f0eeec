"""Cutting an answer to its limits: tokens, stop sequences, and pieces for a stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from twinsight import tokens
from twinsight.prompt import Delta, Finish

FIRST_PIECE_TOKENS = 4
LARGEST_PIECE_TOKENS = 4096


def stopped(text: str, stops: Sequence[str]) -> str:
    """The text up to the first stop sequence, which is left out."""
    ends = [at for at in (text.find(stop) for stop in stops) if at >= 0]
    return text[: min(ends)] if ends else text


def cut(text: str, max_tokens: int) -> tuple[str, Finish]:
    """The text's first tokens, and whether that was all of it."""
    pieces = tokens.pieces(text)
    if len(pieces) <= max_tokens:
        return text, Finish.STOP
    return "".join(pieces[:max_tokens]), Finish.MAX_TOKENS


@dataclass(frozen=True, slots=True)
class Listing:
    """How a list is written: what stands before it and after it, and its own marks: JSON's."""

    start: str = ""
    end: str = ""
    opening: str = "[\n  "
    between: str = ",\n  "
    closing: str = "\n]"
    none: str = "[]"

    def write(self, items: Sequence[str]) -> str:
        rows = self.opening + self.between.join(items) + self.closing if items else self.none
        return self.start + rows + self.end


BARE = Listing()
FENCED = Listing("```json\n", "\n```")


def cut_list(items: Sequence[str], listing: Listing, max_tokens: int) -> tuple[str, Finish]:
    """A JSON list of written items, cut between items so that what is given is valid.

    When not even the empty list fits, nothing is given.
    """
    whole = listing.write(items)
    if tokens.count(whole) <= max_tokens:
        return whole, Finish.STOP
    kept = len(items) - 1
    while kept > 0 and tokens.count(listing.write(items[:kept])) > max_tokens:
        kept -= 1
    text = listing.write(items[: max(kept, 0)])
    return (text if tokens.count(text) <= max_tokens else ""), Finish.MAX_TOKENS


def cut_document(text: str, max_tokens: int) -> tuple[str, Finish]:
    """A JSON document that is no list: all of it or, since half of one is not JSON, nothing."""
    if tokens.count(text) <= max_tokens:
        return text, Finish.STOP
    return "", Finish.MAX_TOKENS


def deltas(text: str, finish: Finish) -> Iterator[Delta]:
    """The text in growing pieces; the last one carries the finish and is never empty text alone."""
    pieces = tokens.pieces(text)
    size, start = FIRST_PIECE_TOKENS, 0
    while start + size < len(pieces):
        yield Delta("".join(pieces[start : start + size]), tokens=start + size)
        start += size
        size = min(size * 2, LARGEST_PIECE_TOKENS)
    yield Delta("".join(pieces[start:]), finish, tokens=len(pieces))
