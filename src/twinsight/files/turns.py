"""One request at a time for each upload, and a way past a request whose client fell silent.

A client whose connection broke sends its chunk again, often before this server has noticed that
the old connection is dead. The new request waits while bytes still come in on the old one; once it
has been silent for ``takeover_seconds`` its reading is ended and the new request goes on from what
came.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from twinsight.errors import Cancelled
from twinsight.files.folder import Hashed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from twinsight.files.limits import FileLimits


class BodyEnded(Exception):
    """A body broke off before its end; ``reason`` is what to raise once its bytes are safe."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Session:
    """What this process remembers of one unfinished upload."""

    def __init__(self, limits: FileLimits) -> None:
        self.hashed = Hashed()
        self.users = 0
        self._limits = limits
        self._lock = asyncio.Lock()
        self._reading: asyncio.Timeout | None = None
        self._moved = 0.0
        self._taken_over = False

    def forget(self) -> None:
        """The upload is over."""
        self.hashed = Hashed()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the upload to be free, and hold it."""
        self.users += 1
        try:
            await self._acquire()
            try:
                self._taken_over = False
                yield
            finally:
                self._lock.release()
        finally:
            self.users -= 1

    async def _acquire(self) -> None:
        patience = self._limits.takeover_seconds
        while True:
            try:
                async with asyncio.timeout(patience):
                    await self._lock.acquire()
                return
            except TimeoutError:
                self._end_silent_reader(patience)

    def _end_silent_reader(self, patience: float) -> None:
        now = asyncio.get_running_loop().time()
        if self._reading is not None and now - self._moved >= patience:
            self._taken_over = True
            self._reading.reschedule(now)

    async def pieces(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The body as it comes; `BodyEnded` when it breaks off or is silent for too long."""
        loop = asyncio.get_running_loop()
        iterator = aiter(body)
        while True:
            self._moved = loop.time()
            try:
                async with asyncio.timeout(self._limits.idle_seconds) as self._reading:
                    piece = await anext(iterator, None)
            except TimeoutError:
                raise BodyEnded(Cancelled(self._why())) from None
            except Exception as reason:
                raise BodyEnded(reason) from reason
            finally:
                self._reading = None
            if piece is None:
                return
            if piece:
                yield piece

    def _why(self) -> str:
        if self._taken_over:
            return "Another request took over this upload while this one was silent."
        return (
            f"The upload was silent for {self._limits.idle_seconds:g} s and was cut. Ask with the "
            "command 'query' how much was received, and go on from there."
        )
