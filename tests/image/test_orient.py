from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinsight.image.orient import exif_orientation, upright_wh


def block(order: str, kind: int, value: bytes, *, entries: int = 1, prefix: bytes = b"") -> bytes:
    magic = {"<": b"II*\0", ">": b"MM\0*"}[order]
    entry = struct.pack(order + "HHI", 0x0112, kind, 1) + value
    return prefix + magic + struct.pack(order + "IH", 8, entries) + entry


CASES = {
    "little-endian short": (block("<", 3, b"\x06\0\0\0"), 6),
    "big-endian short": (block(">", 3, b"\0\x08\0\0"), 8),
    "long": (block("<", 4, b"\x03\0\0\0"), 3),
    "with its prefix": (block("<", 3, b"\x05\0\0\0", prefix=b"Exif\0\0"), 5),
    "more entries said than there": (block("<", 3, b"\x06\0\0\0", entries=65_535), 6),
    "value 0": (block("<", 3, b"\0\0\0\0"), 1),
    "value 9": (block("<", 3, b"\x09\0\0\0"), 1),
    "as text": (block("<", 2, b"6\0\0\0"), 1),
    "no entries": (block("<", 3, b"\x06\0\0\0", entries=0), 1),
    "directory beyond the end": (b"II*\0\xff\xff\xff\xff", 1),
    "cut": (b"II*\0\x08", 1),
    "nothing": (b"", 1),
}


@pytest.mark.parametrize(("data", "orientation"), CASES.values(), ids=CASES.keys())
def test_exif_orientation(data: bytes, orientation: int) -> None:
    assert exif_orientation(data) == orientation


@given(st.binary(max_size=64))
def test_any_block_gives_one_of_eight(data: bytes) -> None:
    assert exif_orientation(b"II*\0" + data) in range(1, 9)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_size(orientation: int) -> None:
    assert upright_wh((48, 32), orientation) == ((48, 32) if orientation < 5 else (32, 48))
