"""JPEG: size and orientation from the segments, and a copy that holds pixels only.

Sources: ITU-T T.81 annex B (segments), ICC.1 annex B.4 (profiles in APP2).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from twinsight.errors import InvalidImage
from twinsight.image.container import MAX_ICC_BYTES, Header, exif_header
from twinsight.image.orient import exif_orientation

MAX_SEGMENTS = 4096
"""Segments before the first scan; a 4 MB profile and large previews need some hundreds."""

MAX_JUNK_BYTES = 65_536
"""Stray bytes between segments, which decoders skip."""

MAX_SCAN_PIXELS = 2_000_000_000
"""Scans x pixels of a progressive picture. Each scan passes over the whole picture however few
bytes it has, so a small file could keep a decoder busy for hours; encoders write ten scans or so.
"""

_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""In coded data 0xFF is followed by a zero or a restart mark; anything else is a segment."""

_SOI, _EOI, _SOS, _EXIF, _ICC = 0xD8, 0xD9, 0xDA, 0xE1, 0xE2
_ICC_TAG = b"ICC_PROFILE\x00"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL = frozenset({0xC0, 0xC1})
_SCALABLE = frozenset({0xC0, 0xC1, 0xC2})
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_UNSEEN = frozenset({*range(0xE1, 0xEE), 0xEF, 0xFE})
"""APP1 to APP15 and comments, less APP14, which says how CMYK is to be read."""


class Segment(NamedTuple):
    """``start`` is where the marker is, ``body`` and ``end`` bound what follows its length."""

    marker: int
    start: int
    body: int
    end: int


def _segments(data: bytes | memoryview) -> Iterator[Segment]:
    """Segments from SOI to the first SOS, with that one."""
    at, junk = 2, 0
    for _ in range(MAX_SEGMENTS):
        start = at
        while at < len(data) and data[at] != 0xFF:
            at += 1
        while at + 1 < len(data) and data[at + 1] == 0xFF:
            at += 1
        junk += at - start
        if junk > MAX_JUNK_BYTES:
            break
        if at + 4 > len(data):
            raise InvalidImage("the JPEG ends before its picture begins.")
        marker = data[at + 1]
        if marker in _BARE or marker == 0:
            at += 2
            continue
        if marker in (_SOI, _EOI):
            raise InvalidImage("the JPEG has no picture.")
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + length
        if length < 2 or end > len(data):
            raise InvalidImage("the JPEG ends within its header, or a segment's length is wrong.")
        yield Segment(marker, at, at + 4, end)
        if marker == _SOS:
            return
        at = end
    raise InvalidImage("the JPEG's header has too many segments, or stray bytes between them.")


def read_jpeg(data: bytes | memoryview) -> Header:
    """`Header` of a JPEG file. Raises InvalidImage."""
    wh: tuple[int, int] | None = None
    exif: bytes | None = None
    for marker, _, body, end in _segments(data):
        if marker in _FRAMES:
            if wh is not None or end - body < 6:
                raise InvalidImage("the JPEG's frame header is damaged, or there are two.")
            _, h, w = struct.unpack_from(">BHH", data, body)
            wh = (w, h)
        elif marker == _EXIF and exif is None and bytes(data[body : body + 6]) == b"Exif\x00\x00":
            exif = bytes(data[body:end])
    if wh is None:
        raise InvalidImage("the JPEG has no frame header.")
    if 0 in wh:
        raise InvalidImage(f"the JPEG's header gives a size of {wh[0]}x{wh[1]}.")
    return exif_header("image/jpeg", wh, exif_orientation(exif) if exif else 1)


class JpegPixels(NamedTuple):
    """A JPEG less its metadata, its ICC profile, and whether it can be decoded smaller.

    `depth` is the bits of each of its `channels`.
    """

    data: bytes
    icc: bytes | None
    scalable: bool
    depth: int
    channels: int


def pixels_only(data: bytes) -> JpegPixels:
    """The picture of a JPEG without what only describes it. Raises InvalidImage."""
    view = memoryview(data)
    kept: list[memoryview] = [view[:2]]
    profile: dict[int, memoryview] = {}
    one_scan = False
    frame, pixels, depth, channels, scans_from = 0, 0, 0, 0, len(data)
    for marker, start, body, end in _segments(data):
        if marker not in _UNSEEN:
            kept.append(view[start:end])
        if marker == _ICC and bytes(view[body : body + 12]) == _ICC_TAG and end - body > 14:
            profile.setdefault(view[body + 12], view[body + 14 : end])
        if marker in _FRAMES:
            frame = marker
            depth, h, w, channels = struct.unpack_from(">BHHB", data, body)
            pixels = w * h
        scans_from = end
        one_scan = marker == _SOS and frame in _SEQUENTIAL and data[body] == channels
    if not one_scan:
        _check_scans(data, scans_from, pixels)
    kept.append(view[scans_from:])
    is_bare = sum(map(len, kept)) == len(data)
    content = data if is_bare else b"".join(kept)
    return JpegPixels(content, _join(profile), frame in _SCALABLE, depth, channels)


def _check_scans(data: bytes, at: int, pixels: int) -> None:
    """Refuse more scans than `MAX_SCAN_PIXELS`; what comes after the end mark does not count."""
    scans = 1
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.search(data, at)
        if found is None or found.end() + 2 > len(data) or data[found.end() - 1] == _EOI:
            return
        scans += data[found.end() - 1] == _SOS
        if scans * pixels > MAX_SCAN_PIXELS:
            break
        (length,) = struct.unpack_from(">H", data, found.end())
        at = found.end() + max(2, length)
    raise InvalidImage(f"the JPEG's picture of {pixels} pixels is in too many scans.")


def _join(profile: dict[int, memoryview]) -> bytes | None:
    """The pieces of a profile in order; None when there are none, or too many bytes."""
    if not profile or sum(map(len, profile.values())) > MAX_ICC_BYTES:
        return None
    return b"".join(profile[number] for number in sorted(profile))
