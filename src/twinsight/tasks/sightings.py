"""One thing seen, in answer to the places of a caller's JSON schema: box, mask, point, label, …"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from twinsight.filling.document import Ask, Facts, Given
from twinsight.tasks.answers.places import place
from twinsight.tasks.find import Item, chosen
from twinsight.tasks.request.corners import corner_of
from twinsight.tasks.request.vocabulary import meaning
from twinsight.tasks.spatial import Found
from twinsight.tasks.wanting import (
    BOX,
    BOXES,
    CAPTION,
    COLOUR,
    COUNT,
    INDEX,
    LABEL,
    OBJECTS,
    PLACE,
    POINT,
    PRESENCE,
    SCORE,
    SHAPE,
    TEXT,
    words_of,
)
from twinsight.tasks.wording.sentences import PLACES


def is_place(ask: Ask, words: set[str]) -> bool:
    """Whether a property asks where a single thing is, or how sure it is."""
    return bool(words & (BOX | SHAPE | SCORE)) or corner_of(_last(ask)) is not None


@dataclass(frozen=True)
class Seen:
    """One thing: its name, how sure, where, its colour, and its shape when that is asked.

    `beside` are the names of the properties that the schema gives it.
    """

    found: Found
    row: int
    image: int = 0
    beside: frozenset[str] = frozenset()

    @property
    def item(self) -> Item:
        return self.found.items[self.row]

    @property
    def score(self) -> float:
        """How sure it is, as it is written."""
        return round(self.item.score, 3)

    @property
    def box(self) -> list[float]:
        """Where it is, in the numbers that are asked for."""
        return self.found.box(self.row)

    def value(self, ask: Ask) -> object | None:
        """What the property's name asks of this thing."""
        words = set(words_of(_last(ask)))
        number = corner_of(_last(ask), self.beside)
        if number is not None and ask.type in ("integer", "number"):
            return self.found.number(self.row, number)
        given = {
            "array": self._list,
            "string": self._string,
            "boolean": self._flag,
            "integer": self._number,
            "number": self._number,
        }.get(ask.type)
        return given(ask, words) if given is not None else None

    def items(self, ask: Ask) -> Sequence[Facts] | None:
        """Corners of the outline, or points, as objects of x and y."""
        words = set(words_of(_last(ask)))
        if words & SHAPE:
            return [Given({"x": x, "y": y}, ask.path) for x, y in self.found.polygon(self.row)]
        if words & POINT:
            return [Given(self._named_point(), ask.path)]
        return None

    def inside(self, ask: Ask) -> Facts:
        """A box or a point as an object of numbers; else this thing again."""
        words = set(words_of(_last(ask)))
        if words & POINT and not words & BOX:
            return Given(self._named_point(), ask.path)
        if words & BOX:
            names = ask.schema.get("properties", {})
            numbers = {name: corner_of(name, names) for name in names}
            return Given(
                {n: self.found.number(self.row, c) for n, c in numbers.items() if c}, ask.path
            )
        return self

    def _named_point(self) -> dict[str, float]:
        return {name: self.found.number(self.row, name) for name in ("x", "y")}

    def _list(self, ask: Ask, words: set[str]) -> list[Any] | None:
        if words & SHAPE:
            return self.found.polygon(self.row)
        if words & POINT and not words & BOX and ask.schema.get("minItems") != 4:
            return self.found.point(self.row)
        told = str(ask.schema.get("description", "")).lower()
        is_box = words & (BOX | BOXES) or ask.schema.get("minItems") == 4
        if is_box or "min" in told or not ask.path:
            return self.found.box(self.row)
        if words & COLOUR:
            return [self.found.colour(self.row)]
        return [self.item.label] if words & LABEL else None

    def _string(self, ask: Ask, words: set[str]) -> str | None:
        if words & SHAPE:
            return self.found.mask_uri(self.row)
        choices = [c for c in ask.schema.get("enum", []) if isinstance(c, str)]
        if words & COLOUR:
            return self.found.colour(self.row)
        if words & PLACE:
            return self._place(choices)
        if choices:
            return chosen(self.item, choices)
        if words & CAPTION:
            return self.found.description(self.row)
        is_said = words & (LABEL | TEXT) or not ask.path
        return self.item.label if is_said or self.item.label.lower() in words else None

    def is_among(self, labels: Sequence[str]) -> bool:
        """Whether it is one of these: True where there are none, or none is known for a thing."""
        return not any(map(meaning, labels)) or chosen(self.item, labels) is not None

    def _place(self, choices: list[str]) -> str | None:
        """In which part of the picture it is: in the caller's words where there are some."""
        where = place(self.item, self.found.scene.wh)
        if not choices:
            return PLACES[self.found.language][where]
        across = {"left", "right"} & {*where.split()}
        down = {"top", "bottom"} & {*where.split()}
        middle = {"centre", "center", "middle"}
        for meant in ({where}, across or middle, down or middle):
            for choice in choices:
                words = " ".join(words_of(choice))
                if words in meant or (meant & middle and words in middle):
                    return choice
        return None

    def _number(self, ask: Ask, words: set[str]) -> float | None:
        if words & SCORE:
            return self.score
        if words & {"image", "picture"}:
            return self.image
        if words & INDEX:
            return self.row
        return 1 if words & COUNT else None

    def _flag(self, ask: Ask, words: set[str]) -> bool | None:
        left = words - PRESENCE
        return True if words & PRESENCE and not left else None


@dataclass(frozen=True)
class _Kind:
    """All the things of one label, as one."""

    label: str
    all: tuple[Seen, ...]

    @property
    def first(self) -> Seen:
        return self.all[0]

    def value(self, ask: Ask) -> object | None:
        """Its name and its number; else what is true of the first."""
        words = set(words_of(_last(ask)))
        if words & COUNT and ask.type in ("integer", "number"):
            return len(self.all)
        is_nested = ask.type == "array" and "items" in ask.schema.get("items", {})
        return None if is_nested else self.first.value(ask)

    def items(self, ask: Ask) -> Sequence[Facts] | None:
        """Each of them, where there is a list of boxes or of things."""
        return self.all if {*words_of(_last(ask))} & (BOXES | OBJECTS) else None

    def inside(self, ask: Ask) -> Facts:
        """The same again."""
        return self


def counted(seen: Sequence[Seen]) -> list[Facts]:
    """The things by their labels, each label with how many there are."""
    kinds: dict[str, list[Seen]] = {}
    for one in seen:
        kinds.setdefault(one.item.label, []).append(one)
    return [_Kind(label, tuple(ones)) for label, ones in kinds.items()]


def _last(ask: Ask) -> str:
    return ask.path[-1] if ask.path else ""
