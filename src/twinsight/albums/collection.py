"""The records of one run together: what data sets are made from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from twinsight.albums import record as records
from twinsight.albums.folder import OutFolder
from twinsight.albums.record import Record
from twinsight.tasks.request.intent import Task


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture: its number from 1, its results' name, its file as the album knows it."""

    number: int
    name: str
    file: str
    record: Record


@dataclass(frozen=True)
class Collection:
    """Pictures that are done, as (name, file), and the kinds that were looked for.

    Records are read from disk each time, one by one, so that thousands need little memory.
    """

    out: OutFolder
    task: Task
    pictures: Sequence[tuple[str, str]]
    kinds: Sequence[str]

    def __iter__(self) -> Iterator[Entry]:
        for number, (name, file) in enumerate(self.pictures, 1):
            record = records.load(self.out, name)
            if record is not None:
                yield Entry(number, name, file, record)

    @cached_property
    def classes(self) -> dict[str, int]:
        """Index of each kind, from 0: those looked for in the eyes' order, then others found."""
        found = {thing.kind for entry in self for thing in entry.record.things}
        kinds = [*self.kinds, *sorted(found - set(self.kinds))]
        return {kind: index for index, kind in enumerate(kinds)}
