"""The HEIF decoder's own process: a script, never imported by the server.

    python -I -S heif_child.py FOLDER WIDTH HEIGHT THREADS CPU_SECONDS MEMORY_BYTES < photo

It writes one line of JSON (mode, stride, length of the ICC profile), then the profile, then the
pixels of the primary picture with the file's own transforms applied. It imports the decoder's
extension alone, from FOLDER, so that it starts in some 20 ms; the size is checked before any pixel.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from typing import Any


def limit(cpu_seconds: int, memory_bytes: int) -> None:
    """Have the system end this process when it takes more; else the parent's clock does."""
    try:
        import resource
    except ImportError:
        return
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_AS: memory_bytes,
    }
    for what, bound in wanted.items():
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (bound, bound))


def primary_picture(data: bytes, threads: int) -> Any:
    """The primary picture, not decoded yet: 8 bits a channel, or 16 for deep grey."""
    decoder = importlib.import_module("_pi_heif")
    to_8_bits, bgr, tight_rows, to_16_bits, no_limits = True, False, True, True, False
    images = decoder.load_file(data, threads, to_8_bits, bgr, tight_rows, to_16_bits, "", no_limits)
    return next(image for image in images if image is not None and image.primary)


def main() -> None:
    """Decode standard input as the arguments say."""
    folder = sys.argv[1]
    width, height, threads, cpu_seconds, memory_bytes = map(int, sys.argv[2:])
    limit(cpu_seconds, memory_bytes)
    sys.path.append(folder)
    picture = primary_picture(sys.stdin.buffer.read(), threads)
    if picture.size_mode[0] != (width, height):
        raise SystemExit(3)
    pixels = picture.data
    size, mode = picture.size_mode
    if size != (width, height):
        raise SystemExit(3)
    profile = picture.color_profile or {}
    icc = profile["data"] if profile.get("type") in ("rICC", "prof") else b""
    head = {"mode": mode, "stride": picture.stride, "icc": len(icc)}
    for piece in (json.dumps(head).encode() + b"\n", icc, pixels):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
