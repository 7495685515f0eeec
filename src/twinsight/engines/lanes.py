"""Parts of one look, done side by side on halves of the cores.

onnxruntime's own threads share every layer of a network and wait for each other after it, and what
lies around the network runs on one core. Two parts that need nothing of each other wait but once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")

LANES = 2


def cores(threads: int | None) -> int:
    """How many cores an engine may use; None means all that this process has."""
    return threads or len(os.sched_getaffinity(0))


def threads_a_lane(threads: int | None) -> int:
    """The threads of a session that runs in one of two lanes."""
    return max(1, cores(threads) // LANES)


@cache
def _helpers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(None), thread_name_prefix="lane")


def side_by_side(work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
    """`work` on each part, the first one on the caller's thread; raises what it raises.

    The caller does by itself what no helper has begun meanwhile. `work` must not come back here.
    """
    begun = [_helpers().submit(work, part) for part in parts[1:]]
    done = [work(part) for part in parts[:1]]
    for part, future in zip(parts[1:], begun, strict=True):
        done.append(work(part) if future.cancel() else future.result())
    return done
