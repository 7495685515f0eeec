"""A whole album: every picture looked at once, its files written, its data sets put together.

Pictures go through a few threads, each from its bytes to its files, so that one is decoded, drawn
and written while the engines look at another. Only so many are in memory at a time. Results
survive: a picture whose record is there, unchanged, is not looked at again.
"""

from __future__ import annotations

import io
import os
import re
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from twinsight.albums import record as records
from twinsight.albums import yolo
from twinsight.albums.collection import Collection
from twinsight.albums.folder import OutFolder
from twinsight.albums.formats import FORMATS, JSON, OF_ONE_PICTURE, YOLO
from twinsight.albums.names import named
from twinsight.albums.photos import Photo
from twinsight.albums.record import Record, jsonable, stamp_of, written
from twinsight.albums.request import Request
from twinsight.albums.sight import Sight, look
from twinsight.config import Config
from twinsight.engines.eyes import Eyes
from twinsight.errors import Cancelled, ResourceExhausted, TwinsightError
from twinsight.tasks.request.intent import Task

THREADS = 2
"""Pictures worked on at a time: the engines use all cores, the rest of the work overlaps."""

_JPEG_QUALITY = 90
_UNSAFE = re.compile(r"[^\w .,()&+-]+")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one picture; `error` says why it has no results."""

    photo: Photo
    name: str
    things: int = 0
    is_new: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Album:
    """How every picture of an album is looked at, and where its results go."""

    out: OutFolder
    request: Request
    eyes: Eyes
    config: Config
    formats: tuple[str, ...] = ("json",)
    force: bool = False

    def results(self, photos: Sequence[Photo]) -> Iterator[Result]:
        """Looks at the pictures and writes their files; a result each, in order.

        Raises ResourceExhausted when the files cannot be written.
        """
        before = self.out.names()
        names = named(photos, before)
        for name in set(before.values()) - set(names.values()):
            self._forget(name)
        self.out.remember(names)
        asked, stop = self.request.stamp(self.eyes), threading.Event()
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="album")
        waiting: deque[Future[Result]] = deque()
        try:
            for photo in photos:
                name = names[os.fspath(photo.path)]
                waiting.append(pool.submit(self._result, photo, name, asked, stop))
                if len(waiting) > 2 * THREADS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)

    def assemble(self, results: Sequence[Result]) -> None:
        """Writes the files that hold all pictures, from their records."""
        done = [(r.name, written(r.photo.below)) for r in results if not r.error]
        kinds = self.request.kinds(self.eyes)
        collection = Collection(self.out, self.request.task, done, kinds)
        for name in self.formats:
            FORMATS[name](collection)

    def _result(self, photo: Photo, name: str, asked: str, stop: threading.Event) -> Result:
        before = records.load(self.out, name)
        try:
            if before is not None and not self.force and self._is_done(photo, before, asked):
                return Result(photo, name, len(before.things))
            after = self._seen(photo, name, asked, before, stop)
        except ResourceExhausted:
            raise
        except (TwinsightError, OSError) as error:
            if not isinstance(error, Cancelled):
                self._forget(name)
            return Result(photo, name, error=why(error))
        # A fault of ours with one picture shall not cost the others theirs.
        except Exception as error:
            return Result(photo, name, error=f"A fault of this program: {error!r}.")
        return Result(photo, name, len(after.things), is_new=True)

    def _forget(self, name: str) -> None:
        """Removes what earlier runs wrote of a picture that is gone or damaged now."""
        before = records.load(self.out, name)
        if before is not None:
            records.forget(self.out, name, before)
            self.out.remove(yolo.label_file(name))

    def _is_done(self, photo: Photo, before: Record, asked: str) -> bool:
        return (
            before.asked == asked
            and before.path == written(photo.path)
            and tuple(before.stamp) == stamp_of(photo.path)
            and OF_ONE_PICTURE.intersection(self.formats) <= set(before.formats)
            and records.is_whole(self.out, before)
        )

    def _seen(
        self, photo: Photo, name: str, asked: str, before: Record | None, stop: threading.Event
    ) -> Record:
        def check() -> None:
            if stop.is_set():
                raise Cancelled("Stopped.")

        check()
        stamp = stamp_of(photo.path)
        sight = look(photo.path, self.request, self.eyes, self.config, check)
        files: dict[str, int] = {}
        for file, data in self._files(photo, name, sight):
            check()
            files[file] = self.out.put(file, data)
        for old in set(before.files if before else ()) - set(files):
            self.out.remove(old)
        after = Record(
            asked=asked,
            path=written(photo.path),
            stamp=stamp,
            wh=sight.header.wh,
            formats=self.formats,
            things=sight.things,
            files=files,
        )
        records.save(self.out, name, after)
        return after

    def _files(self, photo: Photo, name: str, sight: Sight) -> Iterator[tuple[str, bytes | Path]]:
        """The files that the picture alone has, each with its bytes or what it links to."""
        lossless = sight.header.mime == "image/png"
        drawn = Image.fromarray(sight.drawn(self.request.task))
        if lossless:
            yield f"overlays/{name}.png", _encoded(drawn, "PNG", compress_level=4)
        else:
            yield f"overlays/{name}.jpg", _encoded(drawn, "JPEG", quality=_JPEG_QUALITY)
        for row, mask in enumerate(sight.masks()):
            kind = _UNSAFE.sub("_", sight.things[row].kind)
            yield f"masks/{name}/{row:02d}-{kind}.png", _mask_png(mask)
        if self.request.task is Task.READ:
            lines = "".join(f"{thing.label}\n" for thing in sight.things)
            yield f"text/{name}.txt", lines.encode("utf-8", "replace")
        if JSON in self.formats:
            yield f"json/{name}.json", jsonable(sight.entries)
        if YOLO in self.formats:
            yield yolo.image_file(photo.path, name, sight.header, self.config)


def _encoded(image: Image.Image, form: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def _mask_png(mask: NDArray[np.bool_]) -> bytes:
    """White on black, 8 bits, the size of the upright picture."""
    grey = Image.fromarray(mask.astype(np.uint8) * 255)
    return _encoded(grey, "PNG", compress_level=1)


def why(error: TwinsightError | OSError) -> str:
    """Why a picture has no results, in a sentence."""
    if isinstance(error, TwinsightError):
        return error.message
    return f"The file cannot be read: {error.strerror or error}."


def tally(results: Sequence[Result]) -> Mapping[str, int]:
    """How many pictures were looked at now, were done before, and failed."""
    failed = sum(bool(result.error) for result in results)
    new = sum(result.is_new for result in results)
    return {"new": new, "before": len(results) - new - failed, "failed": failed}
