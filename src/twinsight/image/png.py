"""PNG: size and orientation from the chunks, and a copy that holds pixels only.

Source: PNG specification, third edition (W3C), §5 and §11.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from twinsight.errors import InvalidImage
from twinsight.image.container import MAX_ICC_BYTES, Header, exif_header
from twinsight.image.orient import exif_orientation

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 65_536
"""Chunks in one file; encoders cut photos in pieces of 8 KiB or more, so this is 500 MB."""

_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_ALPHA_COLOURS = (4, 6)
_PIXEL_CHUNKS = frozenset({b"PLTE", b"tRNS", b"IDAT"})
_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"


def _chunks(data: bytes | memoryview) -> Iterator[tuple[bytes, int, int]]:
    """Each chunk after IHDR as (type, start and end of its body), to IEND or the last whole one."""
    at = 33
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if kind == b"IEND":
            return
        yield kind, at + 8, end
        at = end + 4
    raise InvalidImage(f"the PNG has more than {MAX_CHUNKS} chunks.")


def read_png(data: bytes | memoryview) -> Header:
    """`Header` of a PNG file. Raises InvalidImage."""
    if len(data) < 33 or bytes(data[8:16]) != b"\x00\x00\x00\rIHDR":
        raise InvalidImage("the PNG ends within its header, or does not begin with one.")
    w, h, depth, colour = struct.unpack_from(">IIBB", data, 16)
    if not (0 < w < 2**31 and 0 < h < 2**31):
        raise InvalidImage(f"the PNG's header gives a size of {w}x{h}.")
    if depth not in _DEPTHS.get(colour, ()):
        raise InvalidImage(f"the PNG's header gives colour type {colour} at {depth} bits.")
    orientation, alpha, animated = 1, colour in _ALPHA_COLOURS, False
    for kind, start, end in _chunks(data):
        if kind == b"eXIf" and end <= len(data):
            orientation = exif_orientation(bytes(data[start:end]))
        elif kind == b"tRNS":
            alpha = True
        elif kind == b"acTL":
            animated = True
    return exif_header("image/png", (w, h), orientation, alpha=alpha, animated=animated)


def pixels_only(data: bytes) -> tuple[bytes, bytes | None]:
    """The still picture of a PNG without its other chunks, and its ICC profile if it has one.

    Text, dates and further frames never reach the decoder: what is compressed in them cannot
    unfold there, and a fault in them cannot spoil a good picture.
    """
    view = memoryview(data)
    kept = [view[:33]]
    icc: bytes | None = None
    for kind, start, end in _chunks(data):
        if kind in _PIXEL_CHUNKS:
            kept.append(view[start - 8 : end + 4])
        elif kind == b"iCCP" and end <= len(data):
            icc = _profile(bytes(view[start:end]))
    return b"".join([*kept, _END]), icc


def _profile(body: bytes) -> bytes | None:
    """Unfold an iCCP chunk; None when it is damaged or over `MAX_ICC_BYTES`."""
    _, _, rest = body.partition(b"\x00")
    unfold = zlib.decompressobj()
    try:
        icc = unfold.decompress(rest[1:], MAX_ICC_BYTES)
    except zlib.error:
        return None
    return icc if unfold.eof else None
