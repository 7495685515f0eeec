"""What was seen, as a schema's places ask for it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Protocol

MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Ask:
    """One place in the schema that wants a value.

    `path` is the property names from the root ("objects", "label"); items of an array have its
    path. `schema` is the place's schema, resolved: description, title, enum, type. `type` is
    "string", "integer", "number", "boolean", "array" or "object".
    """

    path: tuple[str, ...]
    schema: dict[str, Any]
    type: str


class Facts(Protocol):
    """What was seen, as far as it concerns one object or one item of an array."""

    def value(self, ask: Ask) -> object | None:
        """The best known scalar, or a whole array of scalars, or a dict for a map.

        None when it is not known.
        """
        ...

    def items(self, ask: Ask) -> Sequence[Facts] | None:
        """For an array: the facts of each item; None when it is not known."""
        ...

    def inside(self, ask: Ask) -> Facts:
        """The facts of an object that is a property of this one."""
        ...


class Nothing:
    """Facts where nothing was seen."""

    def value(self, ask: Ask) -> object | None:
        """None: not known."""
        return None

    def items(self, ask: Ask) -> Sequence[Facts] | None:
        """None: not known."""
        return None

    def inside(self, ask: Ask) -> Facts:
        """Nothing either."""
        return self


NOTHING = Nothing()


class Given:
    """Facts that are plain JSON data: `data` is the value of the place at `path`."""

    def __init__(self, data: object, path: tuple[str, ...] = ()) -> None:
        self.data = data
        self.path = path

    def value(self, ask: Ask) -> object | None:
        """The data at the place."""
        found: object = self.data
        for name in ask.path[len(self.path) :]:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def items(self, ask: Ask) -> Sequence[Facts] | None:
        """The items of the data at the place, when it is a list."""
        found = self.value(ask)
        return [Given(v, ask.path) for v in found] if isinstance(found, list | tuple) else None

    def inside(self, ask: Ask) -> Facts:
        """The data at the place, when it is an object."""
        found = self.value(ask)
        return Given(found, ask.path) if isinstance(found, Mapping) else NOTHING


def plain(fact: object, depth: int = 0) -> Any:
    """A fact as JSON data: numpy values and enums become plain; None where that cannot be.

    Numbers that JSON does not have (NaN, infinities) are not known.
    """
    if hasattr(fact, "tolist"):
        fact = fact.tolist()
    if fact is None or isinstance(fact, bool) or depth > MAX_DEPTH:
        return fact if depth <= MAX_DEPTH else None
    if isinstance(fact, str):
        return str.__str__(fact)
    if isinstance(fact, Integral):
        return int(fact)
    if isinstance(fact, Real):
        return float(fact) if math.isfinite(fact) else None
    if isinstance(fact, Mapping):
        return {str(name): plain(value, depth + 1) for name, value in fact.items()}
    if isinstance(fact, list | tuple):
        return [plain(value, depth + 1) for value in fact]
    return None
