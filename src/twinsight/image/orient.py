"""EXIF orientation: which way up a stored picture is meant to be seen.

The eight values are those of EXIF 2.32, tag 0x0112. HEIF has transforms of its own (``irot`` and
``imir``), which its decoder applies; its EXIF value is then ignored, as ISO/IEC 23000-22 (MIAF)
asks, or a phone's photo would be turned twice.
"""

from __future__ import annotations

import struct

from PIL import Image

ORIENTATION_TAG = 0x0112
MAX_ENTRIES = 1000
"""Entries of the first directory that are looked at; cameras write some twenty."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SHORT, _LONG = 3, 4


def exif_orientation(exif: bytes) -> int:
    """Orientation 1..8 in an EXIF block, with or without its ``Exif`` prefix; 1 when unsaid.

    A damaged block counts as one that says nothing: the picture itself may well be fine.
    """
    exif = exif.removeprefix(b"Exif\x00\x00")
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(exif[:4])
    if order is None or len(exif) < 8:
        return 1
    (start,) = struct.unpack_from(order + "I", exif, 4)
    if start + 2 > len(exif):
        return 1
    (count,) = struct.unpack_from(order + "H", exif, start)
    fits = (len(exif) - start - 2) // 12
    for index in range(min(count, fits, MAX_ENTRIES)):
        at = start + 2 + 12 * index
        tag, kind = struct.unpack_from(order + "HH", exif, at)
        if tag == ORIENTATION_TAG:
            width = {_SHORT: "H", _LONG: "I"}.get(kind)
            value = struct.unpack_from(order + width, exif, at + 8)[0] if width else 1
            return int(value) if 1 <= value <= 8 else 1
    return 1


def upright_wh(stored_wh: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Size after `upright`: values 5 to 8 swap width and height."""
    w, h = stored_wh
    return (h, w) if orientation >= 5 else (w, h)


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """The picture turned and mirrored so that its top row is up."""
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)
