"""A bounded pool for processor work: decoding, inference, parsing.

The event loop only waits; at most `workers` jobs run and `max_queue` wait, further ones are told
to come back (503 with RetryInfo). A job carries a `Ticket` that ends it early when its deadline
passes or its client leaves. A job that only waits for another server steps aside meanwhile: up to
`waiters` of those keep a thread, but none of the `workers` places.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from twinsight.errors import Cancelled, DeadlineExceeded, Overloaded

T = TypeVar("T")


class Ticket:
    """One request's right to work: until its deadline, and while somebody waits."""

    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        self._left = threading.Event()
        self._lock = threading.Lock()
        self._acts: list[Callable[[], None]] = []
        self._places: threading.Semaphore | None = None

    @property
    def remaining(self) -> float:
        return self.deadline - time.monotonic()

    def leave(self) -> None:
        """Nobody waits for the answer any more."""
        with self._lock:
            self._left.set()
            acts, self._acts = self._acts, []
        for act in acts:
            act()

    @contextmanager
    def on_leave(self, act: Callable[[], None]) -> Iterator[None]:
        """While the block runs, `act` is called as soon as nobody waits; at once if that is so."""
        with self._lock:
            gone = self._left.is_set()
            if not gone:
                self._acts.append(act)
        if gone:
            act()
        try:
            yield
        finally:
            with self._lock:
                if act in self._acts:
                    self._acts.remove(act)

    @contextmanager
    def working(self, places: threading.Semaphore) -> Iterator[None]:
        """While the block runs, the job has one of these places."""
        with places:
            self._places = places
            try:
                yield
            finally:
                self._places = None

    @contextmanager
    def aside(self) -> Iterator[None]:
        """While the block runs, the job only waits, and its place is another's."""
        places, self._places = self._places, None
        if places is None:
            yield
            return
        places.release()
        try:
            yield
        finally:
            places.acquire()
            self._places = places

    def check(self) -> None:
        """Called between steps of the work. Raises Cancelled or DeadlineExceeded."""
        if self._left.is_set():
            raise Cancelled
        if self.remaining <= 0:
            raise DeadlineExceeded


class Pool:
    """Threads for processor work, with a queue that is never long."""

    def __init__(self, workers: int, max_queue: int, waiters: int = 0) -> None:
        self._executor = ThreadPoolExecutor(workers + waiters, thread_name_prefix="work")
        self._places = threading.Semaphore(workers)
        self._workers = workers + waiters
        self._limit = workers + waiters + max_queue
        self._pending = 0
        self._recent_seconds = 1.0

    def __len__(self) -> int:
        """Jobs that run or wait."""
        return self._pending

    def admit(self) -> None:
        """Raises Overloaded when a new job would not be taken."""
        if self._pending >= self._limit:
            raise Overloaded(max(1.0, round(self._recent_seconds * self._limit / self._workers)))

    async def run(self, ticket: Ticket, work: Callable[[], T]) -> T:
        """Runs `work` on a worker. Raises Overloaded, DeadlineExceeded, or what the work raises."""
        self.admit()
        loop = asyncio.get_running_loop()

        def job() -> T:
            ticket.check()
            with ticket.working(self._places):
                return work()

        self._pending += 1
        started = time.monotonic()
        future = loop.run_in_executor(self._executor, job)
        # Counted until the thread is really free, which may be after its client has left.
        future.add_done_callback(lambda _: self._done(started))
        try:
            await asyncio.wait((future,), timeout=max(0.0, ticket.remaining))
            if not future.done():
                raise DeadlineExceeded
            return future.result()
        except (DeadlineExceeded, asyncio.CancelledError):
            ticket.leave()
            _forget(future)
            raise

    async def stream(
        self, ticket: Ticket, work: Callable[[], Iterator[T]], heartbeat_seconds: float
    ) -> AsyncGenerator[T | None, None]:
        """The items that `work` yields on a worker; None whenever none came for a while."""
        loop = asyncio.get_running_loop()
        items: asyncio.Queue[T] = asyncio.Queue()

        def job() -> None:
            for item in work():
                ticket.check()
                loop.call_soon_threadsafe(items.put_nowait, item)

        running = asyncio.ensure_future(self.run(ticket, job))
        try:
            while not (running.done() and items.empty()):
                getting = asyncio.ensure_future(items.get())
                await asyncio.wait(
                    {getting, running},
                    timeout=heartbeat_seconds,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if getting.done():
                    yield getting.result()
                    continue
                getting.cancel()
                if running.done():
                    # Items queued before the job's end are behind it in the loop's order.
                    while not items.empty():
                        yield items.get_nowait()
                    break
                yield None
            await running
        finally:
            ticket.leave()
            running.cancel()
            _forget(running)

    def _done(self, started: float) -> None:
        self._pending -= 1
        self._recent_seconds += 0.1 * (time.monotonic() - started - self._recent_seconds)

    async def close(self, seconds: float) -> None:
        """Waits for what was accepted, at most so long."""
        end = time.monotonic() + seconds
        # Threads give no event when they end; twenty milliseconds of patience cost nothing here.
        while self._pending and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        self._executor.shutdown(wait=False, cancel_futures=True)


def _forget(future: asyncio.Future[T]) -> None:
    """Takes a late result or error, so that nobody logs it as lost."""
    future.add_done_callback(lambda f: f.cancelled() or f.exception())
