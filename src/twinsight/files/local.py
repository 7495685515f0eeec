"""The embedded store: a folder for bytes, SQLite for metadata, one process.

What survives ``kill -9`` or a power cut at any moment, and why
---------------------------------------------------------------
Two things hold at every moment, so also at the moment of a crash:

A. *Every byte that the database calls received is durable in the part.* `append` writes, then
   ``fdatasync``s the part, then commits the new count (SQLite, WAL, synchronous=FULL), then
   replies. A crash in between leaves a part longer than the count: the tail was never acknowledged
   and the next request cuts it off. If ``fdatasync`` fails, the count stays; the client sends the
   bytes again and they are written again, so it does not matter whether the kernel dropped the
   dirty pages.
B. *Every file in the database has its whole bytes in ``blobs/``.* `finalize` syncs the part,
   renames it into ``blobs/``, syncs both folders, and only then commits the file row together with
   the upload's final state, in one transaction. That commit is the only switch: before it there is
   an upload and no file, after it a file. A crash between rename and commit leaves an upload whose
   bytes lie in ``blobs/``; `mend`, which runs before the store takes its first request, moves them
   back.

Removing goes the other way round: first the row is deleted and committed, then the bytes. A crash
in between leaves bytes that no row names; they are orphans, and `mend` and `sweep` remove them. A
name is never used twice, so an orphan cannot come to life again.

The running sha256 lives in memory only; after a restart it is made again from the part, once.

One process owns a folder (a lock file says so): turns and hashes live in its memory. All SQL runs
in one thread and all file work in a few others, never in the event loop.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from twinsight.errors import FileForbidden, InvalidConfig, InvalidUpload, NotFound, Unavailable
from twinsight.files.checks import check_complete, check_space, check_span, checked
from twinsight.files.database import Database
from twinsight.files.doctor import DATABASE, inspect, own
from twinsight.files.folder import Folder, Part, new_blob_name, sync_folder
from twinsight.files.ids import after_file, new_id, new_token, page_start, token_digest
from twinsight.files.pour import Pour
from twinsight.files.repair import mend
from twinsight.files.store import FilePage, Swept, Upload
from twinsight.files.tables import microseconds
from twinsight.files.threads import Threads, settle
from twinsight.files.turns import Session
from twinsight.image.sniff import sniff

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from twinsight.files.limits import FileLimits
    from twinsight.files.store import Fault, FileWish, ImageFacts, StoredFile, Usage
    from twinsight.files.tables import UploadRow

_LAST_PAGE = 2**62


class LocalStore:
    """A `Store` in one folder, for one process."""

    def __init__(
        self,
        root: Path,
        limits: FileLimits,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open the folder, and mend what the last crash left: see ``mended``. Blocks; see `open`.

        Raises `InvalidConfig` when another process has the folder, or it cannot be used.
        """
        self._limits = limits
        self._clock = clock
        try:
            self._folder = Folder(root)
            self._owned = own(root)
            self._database = Database(root / DATABASE, limits)
            sync_folder(root)
            self.mended = mend(self._folder, self._database)
        except OSError as fault:
            raise InvalidConfig(
                f"The folder {root} cannot hold files: {fault.strerror}."
            ) from fault
        self._threads = Threads()
        self._sessions: dict[bytes, Session] = {}
        self._streams = asyncio.Semaphore(limits.max_streams)
        # One key's bodies; an entry goes when nobody holds or awaits it.
        self._lanes: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._pour = Pour(self._folder, self._database, self._threads, limits, self._now)

    @classmethod
    async def open(
        cls, root: Path, limits: FileLimits, *, clock: Callable[[], float] = time.time
    ) -> LocalStore:
        """The store in ``root``, made when there is none. `InvalidConfig` as the constructor."""
        return await asyncio.to_thread(cls, root, limits, clock=clock)

    # uploads

    async def start(self, owner: str, wish: FileWish) -> Upload:
        wish = checked(wish, self._limits)
        free = await self._threads.disk(self._folder.free_bytes)
        check_space(free - (wish.size or 0), self._limits)
        token = new_token()
        await self._threads.sql(
            self._database.start, token_digest(token), owner, new_blob_name(), wish, self._now()
        )
        return Upload(token, owner, 0, wish.size)

    async def append(
        self, token: str, offset: int, body: AsyncIterator[bytes], length: int | None = None
    ) -> Upload:
        digest = token_digest(token)
        async with self._turn(digest) as session:
            row = await self._threads.sql(self._database.upload, digest)
            if row.state == "final":
                return _repeated(token, row, offset, length)
            check_span(row, offset, length, self._limits)
            if length == 0:
                return _upload(token, row, row.received)
            lane = self._lanes.setdefault(
                row.owner, asyncio.Semaphore(self._limits.max_owner_streams)
            )
            async with lane, self._streams:
                return _upload(token, row, await self._receive(row, session, offset, body))

    async def _receive(
        self, row: UploadRow, session: Session, offset: int, body: AsyncIterator[bytes]
    ) -> int:
        """Add the body; how much is received then."""
        part = await self._threads.disk(self._open_part, row, session)
        try:
            await self._pour.run(row, part, offset, session.pieces(body))
            return part.received
        finally:
            await self._threads.disk(part.close)

    async def query(self, token: str) -> Upload:
        row = await self._threads.sql(self._database.upload, token_digest(token))
        return _upload(token, row, row.received)

    async def cancel(self, token: str) -> None:
        digest = token_digest(token)
        async with self._turn(digest) as session:
            blob = await self._threads.sql(self._database.cancel, digest)
            session.forget()
            await self._threads.disk(self._folder.remove, blob)

    async def finalize(self, token: str) -> StoredFile:
        digest = token_digest(token)
        async with self._turn(digest) as session:
            row = await self._threads.sql(self._database.upload, digest)
            if row.state == "final":
                return await self._finished(row)
            check_complete(row)
            return await settle(asyncio.ensure_future(self._finish(row, session)))

    async def _finish(self, row: UploadRow, session: Session) -> StoredFile:
        """Rename, then commit, and back if that fails. Not to be cancelled half-way."""
        try:
            sha256 = await self._threads.disk(
                self._folder.seal, row.blob, row.received, session.hashed
            )
            head = await self._threads.disk(self._folder.head, row.blob)
        except FileNotFoundError:
            raise Unavailable("The bytes of this upload are gone from the server's disk.") from None
        mime = row.mime or sniff(head)
        file_id = row.file_id or new_id()
        await self._threads.disk(self._folder.finish, row.blob)
        try:
            file, replaced = await self._threads.sql(
                self._database.finalize, row, file_id, mime, sha256, self._now()
            )
        except BaseException:
            await self._threads.disk(self._folder.unfinish, row.blob)
            raise
        session.forget()
        await self._threads.disk(self._remove, replaced)
        return file

    async def _finished(self, row: UploadRow) -> StoredFile:
        try:
            return await self.get(row.owner, row.file_id or "")
        except FileForbidden:
            raise NotFound("This upload was finished, and its file deleted since.") from None

    def _open_part(self, row: UploadRow, session: Session) -> Part:
        """The part, cut to what was acknowledged, its hash caught up. Not on a full disk."""
        check_space(self._folder.free_bytes(), self._limits)
        return Part(self._folder, row.blob, row.received, session.hashed)

    # files

    async def get(self, owner: str, file_id: str) -> StoredFile:
        return (await self._threads.sql(self._database.file, owner, file_id, self._now()))[0]

    async def page(self, owner: str, size: int, token: str | None = None) -> FilePage:
        before = page_start(token) if token else _LAST_PAGE
        files, more = await self._threads.sql(self._database.page, owner, before, size, self._now())
        return FilePage(tuple(files), None if more is None else after_file(more))

    async def delete(self, owner: str, file_id: str) -> None:
        blob = await self._threads.sql(self._database.delete, owner, file_id, self._now())
        await self._threads.disk(self._remove, [blob])

    async def read(self, owner: str, file_id: str) -> bytes:
        return b"".join([block async for block in self.blocks(owner, file_id)])

    async def blocks(self, owner: str, file_id: str) -> AsyncIterator[bytes]:
        _, blob = await self._threads.sql(self._database.file, owner, file_id, self._now())
        blocks = self._folder.read_blocks(blob)
        try:
            while block := await self._threads.disk(next, blocks, b""):
                yield block
        except FileNotFoundError:
            raise FileForbidden(file_id) from None

    async def remember(self, owner: str, file_id: str, image: ImageFacts) -> None:
        await self._threads.sql(self._database.remember, owner, file_id, image)

    async def usage(self, owner: str) -> Usage:
        return await self._threads.sql(self._database.usage, owner, self._now())

    # upkeep

    async def sweep(self) -> Swept:
        busy = {digest for digest, session in self._sessions.items() if session.users}
        files, uploads = await self._threads.sql(self._database.sweep, self._now(), busy)
        for row in uploads:
            self._sessions.pop(row.digest, None)
        parts = [row.blob for row in uploads if row.state == "active"]
        await self._threads.disk(self._remove, files + parts)
        return Swept(len(files), len(parts), await self._sweep_orphans())

    async def _sweep_orphans(self) -> int:
        """Remove bytes without a row. The folder is read first: what was there then and has no row
        now lost it, since rows are made before bytes."""
        parts, blobs = await self._threads.disk(self._folder.names)
        orphans = (parts.keys() | blobs.keys()) - await self._threads.sql(self._database.names)
        await self._threads.disk(self._remove, sorted(orphans))
        return len(orphans)

    async def check(self, deep: bool = False) -> list[Fault]:
        return await self._threads.disk(inspect, self._folder.root, self._limits, deep)

    @property
    def open_sessions(self) -> int:
        """How many uploads this process remembers something of."""
        return len(self._sessions)

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.close)
        self._database.close()
        os.close(self._owned)

    @asynccontextmanager
    async def _turn(self, digest: bytes) -> AsyncIterator[Session]:
        """The upload's session, one request at a time; forgotten when it holds nothing."""
        session = self._sessions.setdefault(digest, Session(self._limits))
        try:
            async with session.turn():
                yield session
        finally:
            if not session.users and not session.hashed.count:
                self._sessions.pop(digest, None)

    def _remove(self, blobs: list[str]) -> None:
        for blob in blobs:
            self._folder.remove(blob)

    def _now(self) -> int:
        return microseconds(self._clock())


def _upload(token: str, row: UploadRow, received: int) -> Upload:
    return Upload(token, row.owner, received, row.declared, row.state)


def _repeated(token: str, row: UploadRow, offset: int, length: int | None) -> Upload:
    """The answer to the last chunk of a finished upload, sent again."""
    if length is None or offset + length != row.received:
        raise InvalidUpload(f"This upload is final: its {row.received} bytes are a file already.")
    return _upload(token, row, row.received)
