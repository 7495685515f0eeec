"""The work that one schema may cost: steps are counted, and running out is an exception."""

from __future__ import annotations

from dataclasses import dataclass


class Exhausted(Exception):
    """The work on a schema is over its budget."""


@dataclass(slots=True)
class Budget:
    """Steps of work that are left for one schema; a step takes some microseconds."""

    left: int

    def spend(self, steps: int = 1) -> None:
        """Take steps away. Raises Exhausted when there are none left."""
        self.left -= steps
        if self.left < 0:
            raise Exhausted
