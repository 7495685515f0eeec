"""Parts of a look side by side: in order, at the same time, and never waiting for a free helper."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from twinsight.engines import lanes


@pytest.mark.parametrize("count", [0, 1, 2, 5], ids=lambda n: f"{n} parts")
def test_results_are_in_order(count: int) -> None:
    assert lanes.side_by_side(lambda n: n * n, range(count)) == [n * n for n in range(count)]


def test_two_parts_run_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=30)
    assert sorted(lanes.side_by_side(lambda _: meeting.wait(), "ab")) == [0, 1]


def test_the_first_part_runs_on_the_callers_thread() -> None:
    first, second = lanes.side_by_side(lambda _: threading.get_ident(), "ab")
    assert first == threading.get_ident()
    assert isinstance(second, int)


@pytest.mark.parametrize("part", [0, 1], ids=["own", "helper's"])
def test_what_a_part_raises_is_raised(part: int) -> None:
    with pytest.raises(ZeroDivisionError):
        lanes.side_by_side(lambda n: 1 // n, [n != part for n in range(2)])


def test_a_caller_does_not_wait_for_busy_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    with ThreadPoolExecutor(1) as helpers:
        monkeypatch.setattr(lanes, "_helpers", lambda: helpers)
        busy = helpers.submit(over.wait, 60)
        assert lanes.side_by_side(lambda n: n + 1, [1, 2, 3]) == [2, 3, 4]
        assert not busy.done()
        over.set()


@pytest.mark.parametrize(
    ("threads", "each"), [(1, 1), (2, 1), (3, 1), (8, 4)], ids=lambda n: str(n)
)
def test_two_lanes_share_the_threads(threads: int, each: int) -> None:
    assert lanes.threads_a_lane(threads) == each
    assert lanes.cores(threads) == threads
    assert lanes.cores(None) >= 1
