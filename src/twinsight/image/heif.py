"""HEIF: the upright size of the primary picture from the item properties.

Sources: ISO/IEC 14496-12 (boxes), ISO/IEC 23008-12 (pitm, iinf, iprp, ispe, irot, imir, clap).
EXIF is not read: MIAF asks readers to follow irot and imir and nothing else.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from twinsight.errors import InvalidImage, UnsupportedImage
from twinsight.image.container import Header

MAX_BOXES = 4096
"""Boxes side by side; a phone's photo of 48 tiles has some sixty properties."""

MAX_ITEMS = 16_384
"""Items listed in one file; each tile is one."""

_HEVC_ITEMS = frozenset({b"hvc1", b"hev1", b"lhv1", b"grid", b"iden", b"iovl", b"tmap"})
_AV1_ITEMS = frozenset({b"av01"})


class Box(NamedTuple):
    kind: bytes
    body: int
    end: int


def _boxes(data: bytes | memoryview, at: int, end: int) -> Iterator[Box]:
    for _ in range(MAX_BOXES):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        body = at + 8
        if size == 1 and body + 8 <= end:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        elif size == 0:
            size = end - at
        if at + size < body:
            raise InvalidImage(f"the HEIF's box {_name(kind)} is shorter than its own header.")
        yield Box(kind, body, min(at + size, end))
        at += size
    raise InvalidImage("the HEIF has too many boxes.")


def _name(kind: bytes) -> str:
    return kind.decode("ascii", "backslashreplace")


def read_heif(data: bytes | memoryview, mime: str) -> Header:
    """`Header` of the primary picture. Raises InvalidImage, or UnsupportedImage when it is AV1."""
    try:
        return _read(data, mime)
    except (struct.error, IndexError):
        raise InvalidImage("the HEIF's item list is damaged.") from None


def _read(data: bytes | memoryview, mime: str) -> Header:
    meta = next((box for box in _boxes(data, 0, len(data)) if box.kind == b"meta"), None)
    if meta is None:
        raise InvalidImage("the HEIF lists no picture.")
    parts: dict[bytes, Box] = {}
    for box in _boxes(data, meta.body + 4, meta.end):
        parts.setdefault(box.kind, box)
    if b"pitm" not in parts or b"iprp" not in parts:
        raise InvalidImage("the HEIF names no primary picture.")
    item = _primary(data, parts[b"pitm"])
    if b"iinf" in parts:
        kind = _item_kind(data, parts[b"iinf"], item)
        if kind in _AV1_ITEMS:
            raise UnsupportedImage("image/avif")
        if kind not in _HEVC_ITEMS:
            raise InvalidImage(f"the HEIF's picture is coded as {_name(kind)}, not as HEVC.")
    return _size(data, parts[b"iprp"], item, mime)


def _primary(data: bytes | memoryview, pitm: Box) -> int:
    wide = data[pitm.body]
    (item,) = struct.unpack_from(">I" if wide else ">H", data, pitm.body + 4)
    return int(item)


def _item_kind(data: bytes | memoryview, iinf: Box, item: int) -> bytes:
    wide = data[iinf.body]
    at = iinf.body + (8 if wide else 6)
    for number, infe in enumerate(_boxes(data, at, iinf.end)):
        if number >= MAX_ITEMS or infe.kind != b"infe":
            break
        version = data[infe.body]
        if version < 2:
            continue
        layout = ">H2x4s" if version == 2 else ">I2x4s"
        found, kind = struct.unpack_from(layout, data, infe.body + 4)
        if found == item:
            return bytes(kind)
    raise InvalidImage("the HEIF does not list its primary picture.")


def _size(data: bytes | memoryview, iprp: Box, item: int, mime: str) -> Header:
    """Follow the primary item's properties in the order in which the file applies them."""
    stored: tuple[int, int] | None = None
    wh = (0, 0)
    alpha = False
    for box in _item_properties(data, iprp, item):
        if box.kind == b"ispe":
            w, h = struct.unpack_from(">II", data, box.body + 4)
            stored = wh = (w, h)
        elif box.kind == b"clap":
            wh = _cropped(data, box)
        elif box.kind == b"irot" and data[box.body] & 1:
            wh = (wh[1], wh[0])
    if stored is None:
        raise InvalidImage("the HEIF gives its picture no size.")
    if 0 in stored or 0 in wh:
        raise InvalidImage(f"the HEIF gives a size of {wh[0]}x{wh[1]}.")
    return Header(mime, stored, wh, alpha=alpha)


def _cropped(data: bytes | memoryview, clap: Box) -> tuple[int, int]:
    """Whole pixels of a clean aperture: two fractions, rounded to the nearest."""
    wn, wd, hn, hd = struct.unpack_from(">IIII", data, clap.body)
    if 0 in (wd, hd):
        raise InvalidImage("the HEIF's crop divides by zero.")
    return ((2 * wn + wd) // (2 * wd), (2 * hn + hd) // (2 * hd))


def _item_properties(data: bytes | memoryview, iprp: Box, item: int) -> list[Box]:
    ipco = next((box for box in _boxes(data, iprp.body, iprp.end) if box.kind == b"ipco"), None)
    if ipco is None:
        raise InvalidImage("the HEIF has no item properties.")
    listed = list(_boxes(data, ipco.body, ipco.end))
    for box in _boxes(data, iprp.body, iprp.end):
        if box.kind == b"ipma":
            numbers = _associations(data, box, item)
            if numbers is not None:
                return [listed[number - 1] for number in numbers if 0 < number <= len(listed)]
    raise InvalidImage("the HEIF gives its picture no properties.")


def _associations(data: bytes | memoryview, ipma: Box, item: int) -> list[int] | None:
    """Numbers, from 1, of the properties of ``item``, or None when it is not in this box."""
    version, flags = data[ipma.body], data[ipma.body + 3]
    (entries,) = struct.unpack_from(">I", data, ipma.body + 4)
    if entries > MAX_ITEMS:
        raise InvalidImage("the HEIF lists too many items.")
    id_layout, id_size = (">H", 2) if version < 1 else (">I", 4)
    size, mask = (2, 0x7FFF) if flags & 1 else (1, 0x7F)
    at = ipma.body + 8
    for _ in range(entries):
        (found,) = struct.unpack_from(id_layout, data, at)
        count = data[at + id_size]
        at += id_size + 1
        if found == item:
            ends = range(at, at + size * count, size)
            return [int.from_bytes(data[n : n + size], "big") & mask for n in ends]
        at += size * count
    return None
