"""What a file store is: uploads that can be cut and resumed, files that live for two days.

The words are the store's own. Nothing here knows HTTP, paths or SQL, so that a folder with SQLite
(`local.py`) and, later, an object store with PostgreSQL can stand behind the same protocol.

An **owner** is an opaque text, one per API key (a hash of it, never the key). Files of one owner do
not exist for another: both "not yours" and "not there" are `FileForbidden`.

An **upload** is a capability: whoever holds its token may add bytes, ask, finish or cancel, without
a key (CONTRACT §7.2: Python and curl send none). Bytes are *received* once they are durable; only
those are ever acknowledged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

FileState = Literal["PROCESSING", "ACTIVE", "FAILED"]
UploadState = Literal["active", "final"]


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What the header of a stored picture says, remembered so that it is parsed once.

    ``wh`` is the upright size in pixels; image tokens follow from it and the request alone.
    """

    mime: str
    wh: tuple[int, int]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One finished file. ``mime`` is the declared type, else the sniffed one."""

    id: str
    owner: str
    display_name: str | None
    mime: str
    size: int
    sha256: bytes
    created: datetime
    updated: datetime
    expires: datetime
    state: FileState = "ACTIVE"
    image: ImageFacts | None = None


@dataclass(frozen=True, slots=True)
class FileWish:
    """What a client says about a file before sending it; every part may be missing.

    ``size`` in bytes. ``id`` may be bare or begin with ``files/``.
    """

    id: str | None = None
    display_name: str | None = None
    mime: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload under way. ``received`` bytes are durable; ``declared`` is None when unknown."""

    token: str = field(repr=False)
    owner: str
    received: int
    declared: int | None
    state: UploadState = "active"


@dataclass(frozen=True, slots=True)
class FilePage:
    """Newest first. ``next_token`` is None on the last page."""

    files: tuple[StoredFile, ...]
    next_token: str | None


@dataclass(frozen=True, slots=True)
class Usage:
    """What one owner holds: finished files, and uploads under way with their received bytes."""

    files: int
    file_bytes: int
    uploads: int
    upload_bytes: int

    @property
    def bytes(self) -> int:
        """All that counts against the quota."""
        return self.file_bytes + self.upload_bytes


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep removed."""

    files: int
    uploads: int
    orphans: int


@dataclass(frozen=True, slots=True)
class Fault:
    """One disagreement between metadata and bytes; ``remedy`` is what repair does about it."""

    kind: Literal["lost-file", "damaged-file", "lost-upload", "half-moved", "orphan"]
    subject: str
    text: str
    remedy: str


class Store(Protocol):
    """The file store. Every method may also raise `Unavailable` (disk full, input/output error)."""

    async def start(self, owner: str, wish: FileWish) -> Upload:
        """Open an upload.

        Raises `InvalidUpload` (bad id, name or size), `AlreadyExists`, `ResourceExhausted` (quota,
        or too many open uploads).
        """
        ...

    async def append(
        self, token: str, offset: int, body: AsyncIterator[bytes], length: int | None = None
    ) -> Upload:
        """Add the bytes of ``body`` at ``offset`` and return once they are durable.

        ``length`` is the announced length of the body. Bytes already received may be sent again:
        they are compared, not written. When the body breaks off, what came before stays and the
        body's exception is raised. Raises `InvalidUpload` (gap, other bytes, too long), `NotFound`,
        `ResourceExhausted`.
        """
        ...

    async def query(self, token: str) -> Upload:
        """The upload as it is; `NotFound` when there is none."""
        ...

    async def cancel(self, token: str) -> None:
        """Forget the upload and its bytes; `NotFound` when there is none, or when it is final."""
        ...

    async def finalize(self, token: str) -> StoredFile:
        """Turn the received bytes into a file; again and again the same file.

        Raises `InvalidUpload` (empty, or fewer bytes than declared), `AlreadyExists`, `NotFound`.
        """
        ...

    async def get(self, owner: str, file_id: str) -> StoredFile:
        """One file, or `FileForbidden`."""
        ...

    async def page(self, owner: str, size: int, token: str | None = None) -> FilePage:
        """Up to ``size`` files, newest first; `InvalidValue` for a page token that is not ours."""
        ...

    async def delete(self, owner: str, file_id: str) -> None:
        """Remove a file and its bytes, or `FileForbidden`."""
        ...

    async def read(self, owner: str, file_id: str) -> bytes:
        """The whole file in memory, or `FileForbidden`. For pictures, which are small."""
        ...

    def blocks(self, owner: str, file_id: str) -> AsyncIterator[bytes]:
        """The file piece by piece, or `FileForbidden` at the first."""
        ...

    async def remember(self, owner: str, file_id: str, image: ImageFacts) -> None:
        """Keep what the picture's header said; no error when the file is gone."""
        ...

    async def usage(self, owner: str) -> Usage:
        """What the owner holds."""
        ...

    async def sweep(self) -> Swept:
        """Remove expired files, forgotten uploads and orphans."""
        ...

    async def check(self, deep: bool = False) -> list[Fault]:
        """Compare metadata with bytes (``deep``: with their hashes too) and change nothing."""
        ...

    async def close(self) -> None:
        """Finish what is under way and let go of the store."""
        ...
