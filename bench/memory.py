"""Peak memory of the server for one request with 1, 100 and 3,600 photos at the body limit.

    python -m bench.memory

Each count is asked of a fresh server process; the photos are all different.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator

from bench.server import BenchServer, photo_of
from bench.serving import PATH, Client, fresh

BODY_LIMIT = 100 * 1024 * 1024


def body_with(count: int, size: int) -> bytes:
    """A request with so many photos of about `size` bytes."""
    photo = photo_of(size)
    parts = [
        {"inlineData": {"data": base64.b64encode(fresh(photo)).decode()}} for _ in range(count)
    ]
    contents = [{"parts": [*parts, {"text": "What is in these images?"}]}]
    return json.dumps({"contents": contents}).encode()


def cases() -> Iterator[tuple[int, int]]:
    yield 1, 1_000_000
    yield 100, 700_000
    yield 3600, 14_000


def main() -> None:
    print(f"POST {PATH}")
    print(" photos  body MB  seconds  idle RSS MB  peak RSS MB")
    for count, size in cases():
        body = body_with(count, size)
        if len(body) > BODY_LIMIT:
            raise SystemExit(
                f"{count} photos of {size} bytes make {len(body)} bytes, over the limit"
            )
        with BenchServer() as server:
            idle = server.now_mb()
            started = time.perf_counter()
            Client(server.port).ask(body)
            seconds = time.perf_counter() - started
            print(
                f"{count:>7} {len(body) / 1e6:>8.1f} {seconds:>8.1f} {idle:>12.0f} "
                f"{server.peak_mb():>12.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
