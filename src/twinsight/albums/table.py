"""What was found in one picture, as lines of text for a person."""

from __future__ import annotations

from collections.abc import Sequence

from twinsight.albums.record import Thing


def lines(things: Sequence[Thing], tints: Sequence[tuple[int, int, int]] = ()) -> list[str]:
    """A line for each thing: its name, how sure it is, its place in pixels; a heading above.

    With `tints` each begins with a square of its colour in the drawing.
    """
    if not things:
        return ["  nothing found"]
    rows = [("", "score", "x0", "y0", "x1", "y1"), *(_row(thing) for thing in things)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    marks = [f"\x1b[38;2;{r};{g};{b}m\N{BLACK SQUARE}\x1b[0m" for r, g, b in tints]
    margins = [" ", *marks] if marks else [" "] * len(rows)
    return [f"{mark} {_aligned(row, widths)}" for mark, row in zip(margins, rows, strict=True)]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.rjust(width) if column else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *rest])


def _row(thing: Thing) -> tuple[str, ...]:
    places = thing.xyxy if thing.point is None else (*thing.point, *thing.point)
    return printable(thing.label), f"{thing.score:.2f}", *(f"{v:.0f}" for v in places)


def printable(text: str) -> str:
    """Without what a terminal would take for a command: text in a photo may be anything."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
