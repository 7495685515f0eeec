"""A store in a fresh folder with a clock that tests move, and bodies for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from twinsight.files.limits import FileLimits
from twinsight.files.local import LocalStore

START = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def small_limits(**changes: Any) -> FileLimits:
    """Limits in which tests reach every bound with few bytes."""
    return FileLimits(
        **{
            "max_file_bytes": 100_000,
            "max_owner_bytes": 250_000,
            "takeover_seconds": 0.05,
            "idle_seconds": 0.5,
            "checkpoint_bytes": 20_000,
            "min_free_bytes": 0,
            **changes,
        }
    )


def run_with_store(
    root: Path, scenario: Callable[[LocalStore, Clock], Awaitable[None]], **changes: Any
) -> None:
    """Run the scenario on a store in ``root``, then check that folder and database agree."""

    async def run() -> None:
        clock = Clock()
        store = await LocalStore.open(root, small_limits(**changes), clock=clock)
        try:
            await scenario(store, clock)
            assert await store.check(deep=True) == []
        finally:
            await store.close()

    asyncio.run(run())


async def body(data: bytes, piece: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), piece):
        yield data[start : start + piece]


async def broken(data: bytes, reason: Exception) -> AsyncIterator[bytes]:
    """A body whose client goes away after ``data``."""
    async for piece in body(data):
        yield piece
    raise reason


async def stuck(data: bytes) -> AsyncIterator[bytes]:
    """A body whose client falls silent after ``data``."""
    async for piece in body(data):
        yield piece
    await asyncio.Event().wait()
