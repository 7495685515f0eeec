"""The bytes on disk: one folder for parts of uploads, one for finished files.

    <root>/parts/<32 hex digits>   an upload under way
    <root>/blobs/<32 hex digits>   a finished file, never written again

Names are random and made here; nothing that a client says becomes part of a path. Plain blocking
functions: the store calls them in its threads.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
from typing import TYPE_CHECKING

from twinsight.errors import InvalidUpload, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from hashlib import _Hash
    from pathlib import Path

_NAME = re.compile(r"[0-9a-f]{32}", re.ASCII)
_READ_BYTES = 1024**2
_HEAD_BYTES = 4096
_EARLY_BYTES = 1024**2
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def new_blob_name() -> str:
    """A name for the bytes of one upload, and later of its file."""
    return secrets.token_hex(16)


def disk_fault(fault: OSError) -> Unavailable:
    """What a client is told when the disk refuses."""
    if fault.errno in _FULL:
        return Unavailable(
            "The server's disk is full. Bytes acknowledged so far are kept; try again later, or "
            "delete files that you no longer need."
        )
    return Unavailable(f"The server's disk failed: {fault.strerror}. Try again later.")


class Folder:
    """Parts and blobs under one root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.parts = root / "parts"
        self.blobs = root / "blobs"
        for path in (root, self.parts, self.blobs):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(root)

    def part(self, name: str) -> Path:
        return self.parts / _safe(name)

    def blob(self, name: str) -> Path:
        return self.blobs / _safe(name)

    def finish(self, name: str) -> None:
        """Make a part a blob: its bytes first, then the rename, then both folders, all durable."""
        _sync(self.part(name), os.O_RDONLY)
        self.advance(name)

    def advance(self, name: str) -> None:
        """Move bytes that are durable from the parts to the blobs."""
        self._move(self.part(name), self.blob(name))

    def unfinish(self, name: str) -> None:
        """The way back: for a finalize that could not be recorded."""
        self._move(self.blob(name), self.part(name))

    def _move(self, source: Path, target: Path) -> None:
        source.rename(target)
        sync_folder(target.parent)
        sync_folder(source.parent)

    def remove(self, name: str) -> None:
        """Remove the bytes of that name, wherever they are; no error when there are none."""
        self.part(name).unlink(missing_ok=True)
        self.blob(name).unlink(missing_ok=True)

    def names(self) -> tuple[dict[str, int], dict[str, int]]:
        """Sizes in bytes by name, of the parts and of the blobs; other names are listed too."""
        return _sizes(self.parts), _sizes(self.blobs)

    def free_bytes(self) -> int:
        """What the disk has left for this process."""
        facts = os.statvfs(self.parts)
        return facts.f_bavail * facts.f_frsize

    def seal(self, name: str, received: int, hashed: Hashed) -> bytes:
        """The sha256 of a whole part. `OSError` when it is gone."""
        with self.part(name).open("rb") as file:
            hashed.catch_up(file.fileno(), received)
        return hashed.state.digest()

    def head(self, name: str) -> bytes:
        """The first bytes of a part, enough to tell what it is."""
        with self.part(name).open("rb") as file:
            return file.read(_HEAD_BYTES)

    def sha256(self, name: str) -> bytes:
        """The hash of a blob as it is on disk."""
        hasher = hashlib.sha256()
        for block in self.read_blocks(name):
            hasher.update(block)
        return hasher.digest()

    def read_blocks(self, name: str) -> Iterator[bytes]:
        """A blob in blocks of 1 MiB; `FileNotFoundError` when it is gone."""
        with self.blob(name).open("rb") as file:
            while block := file.read(_READ_BYTES):
                yield block


class Part:
    """One upload's bytes, open for adding.

    ``received`` bytes are durable and acknowledged. ``position`` runs ahead of it while a body
    comes in; `acknowledged` closes the gap once the caller has recorded it, `roll_back` throws it
    away.
    The running hash is kept at ``received`` too, so that a broken body costs no hashing twice.
    """

    def __init__(self, folder: Folder, name: str, received: int, hashed: Hashed) -> None:
        self.received = received
        self.position = received
        self._cursor = received
        self._hurried = received
        self._fd = os.open(folder.part(name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if received == 0:
                sync_folder(folder.parts)
            if os.fstat(self._fd).st_size < received:
                raise Unavailable("Bytes of this upload are missing on the server's disk.")
            os.ftruncate(self._fd, received)
            hashed.catch_up(self._fd, received)
        except BaseException:
            os.close(self._fd)
            raise
        self._hashed = hashed
        self._running = hashed.copy()

    def begin(self, offset: int) -> None:
        """The next bytes come from ``offset``, which is not after ``received``."""
        self._cursor = offset

    def write(self, pieces: list[bytes]) -> None:
        """Take the next pieces: compare those received before, put the others on disk.

        `InvalidUpload` when bytes sent again differ; `OSError` when the disk refuses.
        """
        views = []
        for piece in pieces:
            again = min(len(piece), max(0, self.received - self._cursor))
            if again:
                self._compare(piece[:again])
            if again < len(piece):
                views.append(memoryview(piece)[again:])
            self._cursor += len(piece)
        offset = self.position
        for view in views:
            self._running.update(view)
            self.position += len(view)
        while views:
            written = os.pwritev(self._fd, views, offset)
            offset += written
            views = _rest(views, written)
        self._hurry()

    def _hurry(self) -> None:
        """Have the kernel begin to write now, while more comes in, so that `sync` waits less.

        It is only a hint and makes nothing durable. Linux starts writing the dirty pages of a range
        that is "not needed", and keeps those in memory, since only clean ones are dropped.
        """
        if self.position - self._hurried >= _EARLY_BYTES:
            length = self.position - self._hurried
            os.posix_fadvise(self._fd, self._hurried, length, os.POSIX_FADV_DONTNEED)
            self._hurried = self.position

    def _compare(self, again: bytes) -> None:
        if os.pread(self._fd, len(again), self._cursor) != again:
            raise InvalidUpload(
                f"The bytes sent again at offset {self._cursor} differ from those received. "
                f"{self.received} bytes were received; continue at that offset."
            )

    def sync(self) -> int:
        """Make all up to ``position`` durable and return it."""
        if self.position > self.received:
            os.fdatasync(self._fd)
        return self.position

    def acknowledged(self) -> None:
        """The caller has recorded ``position``."""
        self.received = self.position
        self._hashed.state = self._running.copy()
        self._hashed.count = self.position

    def roll_back(self) -> None:
        """Forget what was not acknowledged."""
        os.ftruncate(self._fd, self.received)
        self.position = self._hurried = self.received
        self._running = self._hashed.copy()

    def close(self) -> None:
        os.close(self._fd)


class Hashed:
    """The running sha256 of an upload's first ``count`` bytes; lost when the process ends."""

    def __init__(self) -> None:
        self.state = hashlib.sha256()
        self.count = 0

    def catch_up(self, descriptor: int, received: int) -> None:
        """Hash what is on disk and was not hashed by this process (after a restart: all)."""
        while self.count < received:
            block = os.pread(descriptor, min(_READ_BYTES, received - self.count), self.count)
            if not block:
                raise Unavailable("Bytes of this upload are missing on the server's disk.")
            self.state.update(block)
            self.count += len(block)

    def copy(self) -> _Hash:
        return self.state.copy()


def sync_folder(path: Path) -> None:
    """Make new, renamed and removed names in a folder durable."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _rest(views: list[memoryview], written: int) -> list[memoryview]:
    """What is left of ``views`` after ``written`` bytes of them."""
    for index, view in enumerate(views):
        if written < len(view):
            return [view[written:], *views[index + 1 :]]
        written -= len(view)
    return []


def _safe(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"not a blob name: {name!r}")
    return name


def _sizes(folder: Path) -> dict[str, int]:
    sizes = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                sizes[entry.name] = entry.stat(follow_symlinks=False).st_size
            except FileNotFoundError:
                continue
    return sizes
