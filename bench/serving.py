"""What the server adds to the engine: latency, throughput, one run, side by side.

    python -m bench.serving [--rounds 200] [--photo photo.jpg]

A real server process with the `pocket` profile and, in this process, the same engines called
directly. Both answer the same prompt about the same 1 MB JPEG, turn by turn, so that a noisy
machine disturbs both alike. "Remembered" photos were asked about before; "new" ones differ in a
byte, so that nothing is remembered and every stage runs.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.server import BenchServer, photo_of
from twinsight.config import Config
from twinsight.engines.eyes import open_eyes
from twinsight.image.header import read_header
from twinsight.prompt import ImageRef, Prompt, Text, Turn
from twinsight.tasks import run
from twinsight.tasks.scene import SceneCache

PATH = "/v1beta/models/gemini-2.5-flash:generateContent"
QUESTION = "Caption this image."


@dataclass
class Timing:
    """Milliseconds of many calls."""

    values: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def p99(self) -> float:
        return sorted(self.values)[min(len(self.values) - 1, int(len(self.values) * 0.99))]


class Direct:
    """The engines in this process, as a program of one's own would call them."""

    def __init__(self) -> None:
        config = Config()
        self._eyes, self._cache = open_eyes("pocket"), SceneCache(config.scene_cache)
        self._limits = run.Limits(config.output_token_limit, config.max_pixels, config.look)

    def ask(self, photo: bytes) -> None:
        ref = ImageRef("", data=photo, wh=read_header(photo).wh)
        prompt = Prompt((Turn("user", (ref, Text(QUESTION))),))
        list(run.answer(prompt, self._eyes, self._cache, self._limits, check=lambda: None))


class Client:
    """One kept connection to the server."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=320)

    def ask(self, body: bytes) -> None:
        headers = {"x-goog-api-key": "bench", "Content-Type": "application/json"}
        self._connection.request("POST", PATH, body, headers)
        reply = self._connection.getresponse()
        content = reply.read()
        if reply.status != 200:
            raise SystemExit(f"the server answered {reply.status}: {content[:300]!r}")


def body_of(photo: bytes) -> bytes:
    data = base64.b64encode(photo).decode()
    part = {"inlineData": {"mimeType": "image/jpeg", "data": data}}
    return json.dumps({"contents": [{"parts": [part, {"text": QUESTION}]}]}).encode()


def fresh(photo: bytes) -> bytes:
    """The same picture in bytes never seen: a comment segment with random content."""
    comment = os.urandom(16)
    return photo[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + photo[2:]


def paired(rounds: int, direct: Callable[[], float], served: Callable[[], float]) -> None:
    """One after the other, so that both see the same machine."""
    pairs = [(direct(), served()) for _ in range(rounds)]
    alone, through = Timing([a for a, _ in pairs]), Timing([b for _, b in pairs])
    added = Timing([b - a for a, b in pairs])
    print(
        f"  direct {alone.median:8.2f} ms (p99 {alone.p99:8.2f})   served {through.median:8.2f} ms "
        f"(p99 {through.p99:8.2f})   added {added.median:6.2f} ms (p99 {added.p99:6.2f}), "
        f"ratio {through.median / alone.median:.2f}"
    )


def timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def latency(photo: bytes, server: BenchServer, rounds: int) -> None:
    direct, client = Direct(), Client(server.port)
    body = body_of(photo)
    direct.ask(photo)
    client.ask(body)
    print(f"\nLatency, 1 client, {len(photo) / 1e6:.2f} MB JPEG, medians of {rounds} pairs")
    print(" remembered photo:")
    paired(
        rounds, lambda: timed(lambda: direct.ask(photo)), lambda: timed(lambda: client.ask(body))
    )
    print(" new photo each time:")

    def new_direct() -> float:
        changed = fresh(photo)
        return timed(lambda: direct.ask(changed))

    def new_served() -> float:
        changed = body_of(fresh(photo))
        return timed(lambda: client.ask(changed))

    paired(max(10, rounds // 8), new_direct, new_served)


def throughput(photo: bytes, server: BenchServer, seconds: float) -> None:
    print(f"\nRequests per second, {seconds:.0f} s each, remembered / new photos")
    for clients in (1, 8, 32):
        remembered = rate(clients, server, seconds, lambda: body_of(photo))
        new = rate(clients, server, seconds, lambda: body_of(fresh(photo)))
        print(f"  {clients:>2} clients: {remembered:7.1f} / {new:5.1f}")


def rate(clients: int, server: BenchServer, seconds: float, make: Callable[[], bytes]) -> float:
    done = [0] * clients
    end = time.perf_counter() + seconds

    def work(index: int) -> None:
        client = Client(server.port)
        while time.perf_counter() < end:
            client.ask(make())
            done[index] += 1

    threads = [threading.Thread(target=work, args=(n,)) for n in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=6.0)
    options = parser.parse_args()
    photo = photo_of(1_000_000)
    with BenchServer() as server:
        latency(photo, server, options.rounds)
        throughput(photo, server, options.seconds)
        print(f"\nServer: peak RSS {server.peak_mb():.0f} MB")


if __name__ == "__main__":
    main()
