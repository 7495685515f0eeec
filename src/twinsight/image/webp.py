"""WebP: size and orientation from the chunks.

Sources: WebP container specification; RFC 9649; RFC 6386 §9.1 (VP8 frame header).
"""

from __future__ import annotations

import struct

from twinsight.errors import InvalidImage
from twinsight.image.container import Header, exif_header
from twinsight.image.orient import exif_orientation

MAX_CHUNKS = 16_384
"""Chunks that are looked at for EXIF; one frame of an animation is one chunk."""

_ANIMATION, _EXIF, _ALPHA = 0x02, 0x08, 0x10


def read_webp(data: bytes | memoryview) -> Header:
    """`Header` of a WebP file. Raises InvalidImage."""
    if len(data) < 30:
        raise InvalidImage("the WebP ends within its header.")
    kind = bytes(data[12:16])
    if kind == b"VP8X":
        return _extended(data)
    if kind == b"VP8 ":
        if data[20] & 1 or bytes(data[23:26]) != b"\x9d\x01\x2a":
            raise InvalidImage("the WebP does not begin with a key frame.")
        w, h = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
        if 0 in (w, h):
            raise InvalidImage(f"the WebP's header gives a size of {w}x{h}.")
        return exif_header("image/webp", (w, h), 1)
    if kind == b"VP8L":
        if data[20] != 0x2F:
            raise InvalidImage("the WebP's lossless header is damaged.")
        (bits,) = struct.unpack_from("<I", data, 21)
        wh = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        return exif_header("image/webp", wh, 1, alpha=bool(bits >> 28 & 1))
    raise InvalidImage("the WebP does not begin with a picture.")


def _extended(data: bytes | memoryview) -> Header:
    flags = data[20]
    wh = (
        int.from_bytes(data[24:27], "little") + 1,
        int.from_bytes(data[27:30], "little") + 1,
    )
    orientation = _find_orientation(data) if flags & _EXIF else 1
    alpha, animated = bool(flags & _ALPHA), bool(flags & _ANIMATION)
    return exif_header("image/webp", wh, orientation, alpha=alpha, animated=animated)


def _find_orientation(data: bytes | memoryview) -> int:
    at = 12
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            break
        kind, length = struct.unpack_from("<4sI", data, at)
        if kind == b"EXIF":
            return exif_orientation(bytes(data[at + 8 : at + 8 + length]))
        at += 8 + length + (length & 1)
    return 1
