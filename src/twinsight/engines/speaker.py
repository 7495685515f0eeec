"""The roles of a vision-language model: it answers in its own words, and finds what words describe.

Its answers take seconds, in which a worker only waits. So these roles are handed a `Waiting`: by
it the worker makes room for others meanwhile, and the wait ends at once when nobody wants the
answer any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from twinsight.engines.roles import Card
from twinsight.geometry.detections import Detections
from twinsight.image.picture import Picture
from twinsight.prompt import Delta, Prompt

EVERYTHING = "every object"
"""The phrase by which a grounder is asked for all that it sees."""


class Waiting(Protocol):
    """One request's right to go on."""

    @property
    def remaining(self) -> float:
        """Seconds until the deadline."""

    def check(self) -> None:
        """Raises Cancelled or DeadlineExceeded when there is nothing to go on for."""

    def aside(self) -> AbstractContextManager[None]:
        """While the block runs, the worker only waits and others may work in its place."""

    def on_leave(self, act: Callable[[], None]) -> AbstractContextManager[None]:
        """While the block runs, `act` is called as soon as nobody wants the answer any more."""


@dataclass(frozen=True, slots=True)
class Alone:
    """Waiting where nobody else is: in a program that asks without a server."""

    check: Callable[[], None] = lambda: None
    remaining: float = 3600.0

    def aside(self) -> AbstractContextManager[None]:
        """Nobody to make room for."""
        return nullcontext()

    def on_leave(self, act: Callable[[], None]) -> AbstractContextManager[None]:
        """Nobody leaves."""
        return nullcontext()


@runtime_checkable
class Speaker(Protocol):
    card: Card
    sees: bool
    """Whether it takes pictures as well as words."""

    def say(
        self, prompt: Prompt, waiting: Waiting, max_pixels: int, candidate: int = 0
    ) -> Iterator[Delta]:
        """The answer in pieces; the last one carries the finish.

        `max_pixels` bounds the pictures that are decoded. Raises ImageError for a picture that
        cannot be used, Unavailable or DeadlineExceeded when the model cannot answer.
        """
        ...

    def close(self) -> None:
        """Lets go of what it holds open; it can still be asked."""
        ...


@runtime_checkable
class Grounder(Protocol):
    card: Card

    def ground(self, picture: Picture, phrase: str, waiting: Waiting) -> tuple[Detections, bool]:
        """What the phrase describes, in pixels of `picture`; True when the list was cut short."""
        ...
