"""One run of an album command: what it prints, and its exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from twinsight import config as settings
from twinsight.albums import table
from twinsight.albums.album import Album, Result, tally, why
from twinsight.albums.commands import Options
from twinsight.albums.folder import OutFolder
from twinsight.albums.formats import FORMATS
from twinsight.albums.photos import Photo, gather
from twinsight.albums.record import written
from twinsight.albums.request import Request
from twinsight.albums.sight import look
from twinsight.albums.table import printable
from twinsight.config import Config
from twinsight.engines.eyes import Eyes, open_eyes
from twinsight.errors import TwinsightError, UsageError
from twinsight.tasks.intent import Task


@dataclass(frozen=True)
class Session:
    """A command's words, checked, and the engines opened."""

    request: Request
    options: Options
    formats: tuple[str, ...]
    config: Config
    eyes: Eyes
    err: Console

    @classmethod
    def of(cls, task: str, find: str, options: Options) -> Session:
        """Raises UsageError and InvalidConfig for words and settings that mean nothing."""
        formats = _formats(options)
        config = settings.load(options.config, {"profile": options.profile}).config
        err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
        request = Request(Task(task), find, config.look)
        return cls(request, options, formats, config, open_eyes(config.profile), err)

    def run(self, images: Sequence[Path]) -> int:
        """0 when all pictures could be looked at, else 1."""
        photos = gather(images, self.options.recursive, self.options.out)
        for doubt in self.request.doubts(self.eyes):
            self.err.print(doubt)
        if self.options.out is None:
            return self._show(photos)
        with OutFolder(self.options.out) as out:
            album = Album(
                out, self.request, self.eyes, self.config, self.formats, self.options.force
            )
            results = list(self._watched(album.results(photos), len(photos)))
            album.assemble(results)
        return self._sum_up(results)

    def _show(self, photos: Sequence[Photo]) -> int:
        """Prints what is found in each picture."""
        failed = 0
        for photo in photos:
            name = printable(written(photo.path))
            try:
                sight = look(photo.path, self.request, self.eyes, self.config, lambda: None)
            except (TwinsightError, OSError) as error:
                failed += 1
                self.err.print(f"{name}: {why(error)}")
                continue
            w, h = sight.header.wh
            told = [f"{name}  {w}x{h}", *table.lines(sight.things)]
            sys.stdout.write("\n".join(told) + "\n")
            sys.stdout.flush()
        return 1 if failed else 0

    def _watched(self, results: Iterator[Result], total: int) -> Iterator[Result]:
        """The results, with a bar that moves on at a terminal."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        hidden = not self.err.is_terminal
        with Progress(*columns, console=self.err, transient=True, disable=hidden) as bar:
            job = bar.add_task("Looking", total=total)
            for result in results:
                bar.advance(job)
                yield result

    def _sum_up(self, results: Sequence[Result]) -> int:
        count = tally(results)
        said = [f"{count['new']} looked at"]
        said += [f"{count['before']} done before"] if count["before"] else []
        said += [f"{count['failed']} failed"] if count["failed"] else []
        self.err.print(f"{', '.join(said)}. Results are in {self.options.out}.")
        for result in results:
            if result.error:
                self.err.print(f"  {printable(written(result.photo.path))}: {result.error}")
        return 1 if count["failed"] else 0


def _formats(options: Options) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip() for part in options.format.split(",") if part.strip()))
    for name in names:
        if name not in FORMATS:
            raise UsageError(f"There is no format '{name}'. Formats: {', '.join(FORMATS)}.")
    return names
