"""One request's body on its way to the disk: in bounded memory, hashed and written as it comes.

While a thread hashes and writes one block, the event loop gathers the next, so a body holds at most
two blocks of memory whatever its length.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from twinsight.files.checks import check_space, most_bytes, too_long
from twinsight.files.folder import disk_fault
from twinsight.files.threads import settle
from twinsight.files.turns import BodyEnded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from twinsight.files.database import Database
    from twinsight.files.folder import Folder, Part
    from twinsight.files.limits import FileLimits
    from twinsight.files.tables import UploadRow
    from twinsight.files.threads import Threads

BLOCK_BYTES = 256 * 1024
_BLOCK_PIECES = 256


class Pour:
    """Brings one body into one part, and acknowledges what became durable.

    ``now`` gives microseconds since 1970.
    """

    def __init__(
        self,
        folder: Folder,
        database: Database,
        threads: Threads,
        limits: FileLimits,
        now: Callable[[], int],
    ) -> None:
        self._folder = folder
        self._database = database
        self._threads = threads
        self._limits = limits
        self._now = now

    async def run(
        self, row: UploadRow, part: Part, offset: int, pieces: AsyncIterator[bytes]
    ) -> None:
        """Take all pieces. When they break off, what came is kept and the reason raised.

        When this server cannot take them (disk, quota, other bytes than before), what came since
        the last checkpoint is thrown away.
        """
        part.begin(offset)
        try:
            try:
                await self._take(row, part, offset, pieces)
            except (BodyEnded, asyncio.CancelledError):
                await self._acknowledge(row, part)
                raise
            await self._acknowledge(row, part)
        except BodyEnded as end:
            raise end.reason from end.reason.__cause__
        except Exception as fault:
            await self._threads.disk(part.roll_back)
            if isinstance(fault, OSError):
                raise disk_fault(fault) from fault
            raise

    async def _take(
        self, row: UploadRow, part: Part, end: int, pieces: AsyncIterator[bytes]
    ) -> None:
        batch: list[bytes] = []
        size = 0
        writing: asyncio.Future[None] | None = None
        try:
            async for piece in pieces:
                end += len(piece)
                if end > most_bytes(row, self._limits):
                    raise too_long(row, self._limits)
                batch.append(piece)
                size += len(piece)
                if size >= BLOCK_BYTES or len(batch) >= _BLOCK_PIECES:
                    if writing is not None:
                        await settle(writing)
                    if part.position - part.received >= self._limits.checkpoint_bytes:
                        await self._acknowledge(row, part)
                    writing = self._threads.begin(part.write, batch)
                    batch, size = [], 0
        finally:
            if writing is not None:
                await settle(writing)
            if batch:
                await settle(self._threads.begin(part.write, batch))

    async def _acknowledge(self, row: UploadRow, part: Part) -> None:
        """Durable first, recorded second; only then does anybody hear of it."""
        received, free = await self._threads.disk(self._sync, part)
        if received == part.received:
            return
        check_space(free, self._limits)
        await self._threads.sql(self._database.receive, row, received, self._now())
        part.acknowledged()

    def _sync(self, part: Part) -> tuple[int, int]:
        """In one visit to a thread: how many bytes are durable now, and how many the disk has."""
        return part.sync(), self._folder.free_bytes()
