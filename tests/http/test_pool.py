"""The bounded pool: what it takes, what it refuses, how work ends early."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from twinsight.errors import Cancelled, DeadlineExceeded, InvalidImage, Overloaded
from twinsight.http.pool import Pool, Ticket


def test_results_and_errors_come_back() -> None:
    async def run() -> None:
        pool = Pool(1, 1)
        assert await pool.run(Ticket(5), lambda: 6 * 7) == 42
        with pytest.raises(InvalidImage, match="torn"):
            await pool.run(Ticket(5), _fail)
        assert len(pool) == 0
        await pool.close(1)

    asyncio.run(run())


def _fail() -> None:
    raise InvalidImage("torn")


def test_a_full_queue_is_refused_at_once_with_a_time_to_come_back() -> None:
    async def run() -> None:
        pool, gate = Pool(1, 2), threading.Event()
        jobs = [asyncio.ensure_future(pool.run(Ticket(5), gate.wait)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded) as caught:
            await pool.run(Ticket(5), lambda: None)
        assert caught.value.details[0]["retryDelay"].endswith("s")
        gate.set()
        assert await asyncio.gather(*jobs) == [True] * 3
        assert await pool.run(Ticket(5), lambda: "free again") == "free again"
        await pool.close(1)

    asyncio.run(run())


def test_a_deadline_ends_the_wait_and_the_slot_stays_taken_until_the_thread_is_free() -> None:
    async def run() -> None:
        pool, gate = Pool(1, 0), threading.Event()
        with pytest.raises(DeadlineExceeded):
            await pool.run(Ticket(0.05), gate.wait)
        assert len(pool) == 1
        with pytest.raises(Overloaded):
            await pool.run(Ticket(5), lambda: None)
        gate.set()
        await pool.close(2)
        assert len(pool) == 0

    asyncio.run(run())


def test_work_that_waited_past_its_deadline_never_starts() -> None:
    async def run() -> None:
        pool, gate, started = Pool(1, 5), threading.Event(), threading.Event()
        first = asyncio.ensure_future(pool.run(Ticket(5), gate.wait))
        await asyncio.sleep(0.02)
        with pytest.raises(DeadlineExceeded):
            await pool.run(Ticket(0.05), started.set)
        gate.set()
        await first
        await pool.close(1)
        assert not started.is_set()

    asyncio.run(run())


def test_a_stream_gives_items_in_order_and_heartbeats_between() -> None:
    def work() -> Iterator[int]:
        yield 1
        time.sleep(0.25)
        yield from (2, 3)

    async def run() -> list[int | None]:
        pool = Pool(1, 1)
        got = [item async for item in pool.stream(Ticket(5), work, 0.05)]
        await pool.close(1)
        return got

    got = asyncio.run(run())
    assert [item for item in got if item is not None] == [1, 2, 3]
    assert None in got[1:-2]


def test_a_stream_that_fails_gives_its_items_first() -> None:
    def work() -> Iterator[int]:
        yield 1
        raise InvalidImage("torn")

    async def run() -> None:
        pool = Pool(1, 1)
        stream = pool.stream(Ticket(5), work, 5)
        assert await anext(stream) == 1
        with pytest.raises(InvalidImage):
            await anext(stream)
        await pool.close(1)

    asyncio.run(run())


def test_leaving_a_stream_stops_its_work() -> None:
    made = []

    def work() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            time.sleep(0.005)
            yield number

    async def run() -> None:
        pool = Pool(1, 1)
        stream = pool.stream(Ticket(5), work, 5)
        assert await anext(stream) == 0
        await stream.aclose()
        await pool.close(2)
        assert len(pool) == 0

    asyncio.run(run())
    assert len(made) < 1000


def test_a_ticket_says_why_it_ends() -> None:
    ticket = Ticket(5)
    ticket.check()
    ticket.leave()
    with pytest.raises(Cancelled):
        ticket.check()
    with pytest.raises(DeadlineExceeded):
        Ticket(-1).check()
