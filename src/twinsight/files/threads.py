"""The threads in which the local store blocks: a few for the disk, one for SQL."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from twinsight.files.folder import disk_fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """Runs blocking work; a caller that is cancelled still waits for its work to end.

    That matters: nobody may close a file, or undo a step, that a thread is still busy with.
    """

    def __init__(self, disk_threads: int = 4) -> None:
        self._disk = ThreadPoolExecutor(disk_threads, "twinsight-disk")
        self._sql = ThreadPoolExecutor(1, "twinsight-sql")

    def begin(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Start disk work; whoever begins it must `settle` it."""
        return self._begin(self._disk, work, *args, **kwargs)

    async def disk(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Disk work. `OSError` becomes `Unavailable`, but for `FileNotFoundError`."""
        try:
            return await settle(self._begin(self._disk, work, *args, **kwargs))
        except FileNotFoundError:
            raise
        except OSError as fault:
            raise disk_fault(fault) from fault

    async def sql(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """One transaction, after all those begun before."""
        return await settle(self._begin(self._sql, work, *args, **kwargs))

    def close(self) -> None:
        """Wait for all work to end."""
        self._disk.shutdown()
        self._sql.shutdown()

    @staticmethod
    def _begin(
        pool: Executor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> asyncio.Future[T]:
        return asyncio.wrap_future(pool.submit(work, *args, **kwargs))


async def settle(work: asyncio.Future[T]) -> T:
    """The result of ``work``. A cancel is passed on only after the work has ended."""
    cancel = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as stop:
            cancel = stop
    if cancel is not None:
        work.exception()
        raise cancel
    return work.result()
