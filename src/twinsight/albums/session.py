"""One run of an album command: what it prints, and its exit code."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from twinsight import config as settings
from twinsight.albums import preview, table
from twinsight.albums.album import Album, Result, tally, why
from twinsight.albums.commands import Options
from twinsight.albums.folder import OutFolder
from twinsight.albums.formats import FORMATS
from twinsight.albums.photos import Photo, gather
from twinsight.albums.record import written
from twinsight.albums.request import Request
from twinsight.albums.sight import Sight, look
from twinsight.albums.table import printable
from twinsight.albums.terminal import Terminal, terminal
from twinsight.config import Config
from twinsight.engines.eyes import Eyes, open_eyes
from twinsight.errors import TwinsightError, UsageError
from twinsight.tasks.request.intent import Task


@dataclass(frozen=True)
class Session:
    """A command's words, checked."""

    request: Request
    options: Options
    formats: tuple[str, ...]
    config: Config
    err: Console

    @classmethod
    def of(cls, task: str, find: str, options: Options) -> Session:
        """Raises UsageError and InvalidConfig for words and settings that mean nothing."""
        formats = _formats(options)
        config = settings.load(options.config, {"profile": options.profile}).config
        err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
        return cls(Request(Task(task), find, config.look), options, formats, config, err)

    @cached_property
    def eyes(self) -> Eyes:
        """Opened when there is something to look at. Raises InvalidConfig, InvalidWeights."""
        return open_eyes(self.config.profile, self.config)

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
            results = self._watched(album, photos)
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
            sys.stdout.write(f"{name}  {sight.header.wh[0]}x{sight.header.wh[1]}\n")
            sys.stdout.write(self._table(sight) + self._preview(sight))
            sys.stdout.flush()
        return 1 if failed else 0

    def _table(self, sight: Sight) -> str:
        tints = sight.tints(self.request.task) if self.terminal.way != "none" else ()
        return "".join(f"{line}\n" for line in table.lines(sight.things, tints))

    def _preview(self, sight: Sight) -> str:
        """The drawing, for a terminal that can show it."""
        if self.terminal.way == "none":
            return ""
        w, h = sight.header.wh
        places = [thing.xyxy if thing.point is None else thing.point * 2 for thing in sight.things]
        frames = [
            (np.divide(place, (w, h, w, h)).tolist(), tint)
            for place, tint in zip(places, sight.tints(self.request.task), strict=True)
        ]
        drawn, shown = sight.drawn(self.request.task), self.terminal
        return preview.shown(drawn, shown.way, shown.columns, shown.pixels_w, frames)

    @cached_property
    def terminal(self) -> Terminal:
        """Asked once, when the first picture is to be shown."""
        return terminal(self.options.preview)

    def _watched(self, album: Album, photos: Sequence[Photo]) -> list[Result]:
        """The results, with a bar that moves on at a terminal."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        results: list[Result] = []
        showing = self.options.preview not in ("auto", "none")
        hidden = showing or not self.err.is_terminal
        made = album.results(photos)
        try:
            with Progress(*columns, console=self.err, transient=True, disable=hidden) as bar:
                watched = self._shown(made, album.out) if showing else made
                results.extend(bar.track(watched, len(photos), description="Looking"))
        except KeyboardInterrupt:
            done = f"{len(results)} of {len(photos)} are done"
            self.err.print(f"Stopped: {done}; the same command goes on from there.")
            raise
        return results

    def _shown(self, results: Iterator[Result], out: OutFolder) -> Iterator[Result]:
        """The results, the drawing of each printed."""
        for result in results:
            for ending in (".jpg", ".png") if not result.error else ():
                data = out.read(f"overlays/{result.name}{ending}")
                if data is not None:
                    self._print_drawing(data)
            yield result

    def _print_drawing(self, data: bytes) -> None:
        with Image.open(io.BytesIO(data)) as image:
            rgb = np.asarray(image.convert("RGB"))
        shown = self.terminal
        sys.stdout.write(preview.shown(rgb, shown.way, shown.columns, shown.pixels_w))
        sys.stdout.flush()

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
    if options.out is None and options.format != Options.format:
        raise UsageError(f"To write {', '.join(names)}, name a folder for the results with -o.")
    return names
