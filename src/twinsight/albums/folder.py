"""The folder that results are written to: whole files only, and none outside of it."""

from __future__ import annotations

import fcntl
import itertools
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from twinsight.errors import FailedPrecondition, ResourceExhausted

OWN = ".twinsight"
"""Our notes within the folder: names, records, and files that are not whole yet."""


class OutFolder:
    """Results by their path within the folder, written whole or not at all.

    One process at a time holds it: `with OutFolder(path) as out`. Raises FailedPrecondition while
    another one does, ResourceExhausted when nothing can be written (a full disk, no permission).
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._numbers = itertools.count()

    def __enter__(self) -> OutFolder:
        try:
            (self.root / OWN).mkdir(parents=True, exist_ok=True)
            self._lock = (self.root / OWN / "lock").open("w")
        except OSError as error:
            raise _unwritable(self.root, error) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise FailedPrecondition(f"Another command is writing to {self.root}.") from None
        self._real = self.root.resolve()
        self._unfinished = self.root / OWN / "unfinished"
        shutil.rmtree(self._unfinished, ignore_errors=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._unfinished, ignore_errors=True)
        self._lock.close()

    def put(self, name: str, what: bytes | Path) -> int:
        """Writes bytes, or a symbolic link to a file elsewhere. Gives their size in bytes."""
        if isinstance(what, bytes):
            return self.write(name, what)
        self.link(name, what)
        return what.stat().st_size

    def write(self, name: str, data: bytes) -> int:
        """Writes a file of the folder, by way of a temporary one. Gives its size in bytes."""
        with self.writing(name) as file:
            file.write(data)
        return len(data)

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """A file to write to, which takes its name in the folder once it is whole."""
        part = self._unfinished / str(next(self._numbers))
        try:
            self._unfinished.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                yield file
            part.replace(self._place(name))
        except OSError as error:
            raise _unwritable(self.root / name, error) from error
        finally:
            part.unlink(missing_ok=True)

    def link(self, name: str, target: Path) -> None:
        """A symbolic link of that name to a file elsewhere."""
        part = self._unfinished / str(next(self._numbers))
        try:
            self._unfinished.mkdir(parents=True, exist_ok=True)
            part.symlink_to(target)
            part.replace(self._place(name))
        except OSError as error:
            raise _unwritable(self.root / name, error) from error
        finally:
            part.unlink(missing_ok=True)

    def read(self, name: str) -> bytes | None:
        """The bytes of a file of the folder; None when there is none."""
        try:
            return (self.root / name).read_bytes()
        except OSError:
            return None

    def size(self, name: str) -> int | None:
        """The bytes that a file of the folder has; None when there is none."""
        try:
            return (self.root / name).stat().st_size
        except OSError:
            return None

    def remove(self, name: str) -> None:
        """Removes a file of the folder, if it is there. Raises FailedPrecondition as `write`."""
        self._inside(name).unlink(missing_ok=True)

    def names(self) -> dict[str, str]:
        """The names given to pictures by earlier runs; none where the note is unreadable."""
        try:
            given = json.loads(self.read(f"{OWN}/names.json") or b"{}")
        except ValueError:
            return {}
        pairs = given.items() if isinstance(given, dict) else ()
        return {path: name for path, name in pairs if isinstance(name, str)}

    def remember(self, names: Mapping[str, str]) -> None:
        """Notes the names. Paths need not be Unicode, which JSON's escapes allow."""
        self.write(f"{OWN}/names.json", json.dumps(names, indent=0).encode("ascii"))

    def _place(self, name: str) -> Path:
        """Where a file goes; its folder is made."""
        path = self._inside(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _inside(self, name: str) -> Path:
        """The path of that name; neither dots nor links may lead out of the folder."""
        path = self.root / name
        if not path.parent.resolve().is_relative_to(self._real):
            raise FailedPrecondition(f"{path.parent} leads out of the output folder.")
        return path


def _unwritable(path: Path, error: OSError) -> ResourceExhausted:
    return ResourceExhausted(f"{path} cannot be written: {error.strerror or error}.")
