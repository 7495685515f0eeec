"""What a caption costs: one photo of a million pixels, from a cold process to a known scene.

    python -m bench.caption [--rounds 30]

A real server process and one client; three sample photos in turn, at 1 megapixel, JPEG. "Cold" is
the first answer of a fresh process, after its start; "new photo" has bytes that were never seen, so
that every stage runs; "asked again" is a photo whose scene is known. The stages are those of the
same work in this process: what each engine takes, and the rest. Medians, milliseconds; the server's
peak memory at the end. `taskset -c 0,1` bounds it to two cores.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import cycle
from typing import Any
from unittest.mock import patch

from PIL import Image

from bench.server import SAMPLE, BenchServer
from bench.serving import Client, body_of, fresh, timed
from twinsight.config import Config
from twinsight.engines.eyes import ROLES, Eyes, open_eyes
from twinsight.image.decode import decode
from twinsight.image.header import read_header
from twinsight.image.measure import measure
from twinsight.prompt import ImageRef, Prompt, Text, Turn
from twinsight.tasks import run, scene
from twinsight.tasks.scene import SceneCache

PIXELS = 1_000_000
SAMPLES = ("coffee.jpg", "cat.jpg", "astronaut.jpg")
QUESTIONS = ("Caption this image.", "Describe this image.")
STARTS = 3


def photos() -> list[bytes]:
    """The samples as JPEG of a million pixels each."""
    made = []
    for name in SAMPLES:
        picture = Image.open(SAMPLE.with_name(name)).convert("RGB")
        scale = (PIXELS / (picture.width * picture.height)) ** 0.5
        wh = (round(picture.width * scale), round(picture.height * scale))
        file = io.BytesIO()
        picture.resize(wh, Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
        made.append(file.getvalue())
    return made


class Timed:
    """An engine, and what its calls took."""

    def __init__(self, engine: Any, spent: dict[str, float], stage: str) -> None:
        self._engine, self._spent, self._stage = engine, spent, stage

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._engine, name)
        return _clocked(found, self._spent, self._stage) if callable(found) else found


def _clocked(work: Callable[..., Any], spent: dict[str, float], stage: str) -> Callable[..., Any]:
    def clocked(*given: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return work(*given, **named)
        finally:
            spent[stage] += (time.perf_counter() - started) * 1000

    return clocked


def clocked_eyes(eyes: Eyes, spent: dict[str, float]) -> Eyes:
    """The same eyes, each with a clock."""
    playing = {role: engine for role in ROLES if (engine := getattr(eyes, role)) is not None}
    timed_ones: dict[str, Any] = {role: Timed(one, spent, role) for role, one in playing.items()}
    return replace(eyes, **timed_ones)


def stages(pictures: list[bytes], question: str, rounds: int) -> dict[str, float]:
    """Medians of what each stage takes in this process, each photo new; "total" is all of it."""
    spent: dict[str, float] = defaultdict(float)
    config = Config()
    eyes = clocked_eyes(open_eyes("pocket"), spent)
    limits = run.Limits(config.output_token_limit, config.max_pixels, config.look)
    rows: list[dict[str, float]] = []

    def answer(photo: bytes) -> None:
        ref = ImageRef("", data=photo, wh=read_header(photo).wh)
        prompt = Prompt((Turn("user", (ref, Text(question))),))
        list(run.answer(prompt, eyes, SceneCache(1), limits, lambda: None))

    # The scene calls these two by name.
    with (
        patch.object(scene, "decode", _clocked(decode, spent, "decode")),
        patch.object(scene, "measure", _clocked(measure, spent, "light and colours")),
    ):
        for _, photo in zip(range(rounds + 2), cycle(pictures), strict=False):
            spent.clear()
            total = timed(partial(answer, fresh(photo)))
            rows.append({**spent, "rest": total - sum(spent.values()), "total": total})
    warm = rows[2:]
    names = dict.fromkeys(name for row in warm for name in row)
    return {name: statistics.median(row.get(name, 0.0) for row in warm) for name in names}


def served(pictures: list[bytes], rounds: int) -> None:
    """Prints what a client waits, and the server's memory."""
    colds, starts = [], []
    for photo in pictures[:STARTS]:
        started = time.perf_counter()
        with BenchServer() as server:
            starts.append((time.perf_counter() - started) * 1000)
            body = body_of(photo)
            colds.append(timed(partial(Client(server.port).ask, body)))
    print(f"process starts in          {statistics.median(starts):7.0f} ms")
    print(f"cold, first answer         {statistics.median(colds):7.0f} ms")
    with BenchServer() as server:
        client = Client(server.port)
        turn = cycle(pictures)
        new = [body_of(fresh(next(turn))) for _ in range(rounds + 2)]
        warm = [timed(partial(client.ask, body)) for body in new][2:]
        again = [timed(partial(client.ask, body)) for body in new]
        peak = server.peak_mb()
    print(f"warm, new photo            {statistics.median(warm):7.0f} ms (worst {max(warm):.0f})")
    print(f"asked again                {statistics.median(again):7.1f} ms (worst {max(again):.1f})")
    print(f"peak RSS of the server     {peak:7.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    pictures = photos()
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores; photos of {PIXELS / 1e6:.0f} megapixel, medians of {rounds}")
    print(f"“{QUESTIONS[0]}” through the server")
    served(pictures, rounds)
    for question in QUESTIONS:
        print(f"“{question}” in process, by stage")
        for name, spent in stages(pictures, question, rounds).items():
            print(f"  {name:22} {spent:8.1f} ms")


if __name__ == "__main__":
    main()
