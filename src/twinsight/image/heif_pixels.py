"""HEIF pixels, decoded in a process of their own.

The HEVC decoder is large and written in C++, and crafted files crash it: a few hundred altered
photos are enough. Here that costs a refused picture, not the server. The child also has bounds of
its own on memory and on processor time.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import Timer
from typing import IO

from PIL import Image

from twinsight.errors import InvalidImage
from twinsight.image.container import MAX_ICC_BYTES, Header

THREADS = 2
"""Threads inside the decoder for one picture; four were no faster than two on 12 megapixels."""

CPU_SECONDS = 5
CPU_SECONDS_PER_MEGAPIXEL = 1
"""A photo of 12 megapixels takes one second in all, so this is some ten times what is needed."""

WALL_FACTOR = 4
"""How much longer than that a child may last by the clock, on a machine with other work to do."""

MEMORY_BYTES = 1 << 30
MEMORY_BYTES_PER_PIXEL = 32
"""Address space, not use: threads reserve much of it. Measured use is 6 to 14 bytes a pixel."""

_CHILD = Path(__file__).with_name("heif_child.py")
_BYTES = {"L": 1, "I;16": 2, "RGB": 3, "RGBA": 4, "RGBa": 4}


def open_heif(data: bytes, header: Header) -> tuple[Image.Image, bytes | None]:
    """The primary picture, upright, and its ICC profile. Raises InvalidImage."""
    with _child(header) as (requests, replies):
        with contextlib.suppress(BrokenPipeError):
            requests.write(data)
            requests.close()
        head = replies.readline(1024)
        if not head.endswith(b"\n"):
            raise InvalidImage("the HEIF's picture data are damaged, or not HEVC.")
        reply = json.loads(head)
        mode, stride, icc_bytes = reply["mode"], int(reply["stride"]), int(reply["icc"])
        w, h = header.wh
        if mode not in _BYTES or stride < w * _BYTES[mode] or stride > (w + 64) * _BYTES[mode]:
            raise InvalidImage(f"the HEIF's picture is of a kind ({mode}) that is not read.")
        icc = replies.read(icc_bytes)
        pixels = bytearray(stride * h)
        if _fill(pixels, replies) != len(pixels):
            raise InvalidImage("the HEIF's picture data are damaged.")
    image = Image.frombuffer(mode, (w, h), pixels, "raw", mode, stride, 1)
    return image, icc if 0 < len(icc) <= MAX_ICC_BYTES else None


def _fill(buffer: bytearray, source: IO[bytes]) -> int:
    """Read until ``buffer`` is full or the source ends; bytes read."""
    view, done = memoryview(buffer), 0
    while done < len(buffer):
        count = source.readinto(view[done:])  # type: ignore[attr-defined]
        if not count:
            break
        done += count
    return done


@contextlib.contextmanager
def _child(header: Header) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """A decoder's standard input and output; it is gone when the block ends."""
    megapixels = header.pixels // 1_000_000
    cpu_seconds = CPU_SECONDS + CPU_SECONDS_PER_MEGAPIXEL * megapixels
    memory = MEMORY_BYTES + MEMORY_BYTES_PER_PIXEL * header.pixels
    numbers = (*header.wh, THREADS, cpu_seconds, memory)
    child = subprocess.Popen(  # noqa: S603  our own script and numbers
        [sys.executable, "-I", "-S", str(_CHILD), _extension_folder(), *map(str, numbers)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # Ctrl-C at the server's terminal must not end what the server still means to finish.
        start_new_session=True,
    )
    clock = Timer(WALL_FACTOR * cpu_seconds, child.kill)
    clock.daemon = True
    clock.start()
    try:
        assert child.stdin is not None
        assert child.stdout is not None
        yield child.stdin, child.stdout
    finally:
        clock.cancel()
        child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        child.wait()


@cache
def _extension_folder() -> str:
    """Where the decoder's extension lies; finding it does not load it."""
    found = importlib.util.find_spec("_pi_heif")
    if found is None or found.origin is None:
        raise InvalidImage("HEIF needs the package pi-heif, which is not installed.")
    return str(Path(found.origin).parent)
