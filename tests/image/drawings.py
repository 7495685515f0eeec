"""Pictures made for the tests, and files built byte by byte."""

from __future__ import annotations

import os
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from twinsight.errors import TwinsightError
from twinsight.image.decode import decode
from twinsight.image.picture import Picture

HERE = Path(__file__).parent
CORNERS = ((220, 30, 30), (30, 200, 40), (40, 50, 210), (230, 220, 40))
"""Colours of the drawing's quarters: top left, top right, bottom left, bottom right."""

UNDO = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""What a camera stores for each EXIF orientation: the scene, turned so that the value undoes it."""


def quarters(wh: tuple[int, int] = (48, 32)) -> Image.Image:
    """Four plain quarters, which tell all eight orientations apart."""
    w, h = wh
    rgb = np.zeros((h, w, 3), np.uint8)
    rgb[: h // 2, : w // 2], rgb[: h // 2, w // 2 :] = CORNERS[0], CORNERS[1]
    rgb[h // 2 :, : w // 2], rgb[h // 2 :, w // 2 :] = CORNERS[2], CORNERS[3]
    return Image.fromarray(rgb)


def corners(rgb: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The colour well inside each quarter, in the order of `CORNERS`."""
    h, w = rgb.shape[:2]
    ys, xs = (h // 4, h // 4, h - h // 4, h - h // 4), (w // 4, w - w // 4) * 2
    return rgb[ys, xs].astype(np.int64)


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(wh: tuple[int, int], depth: int, colour: int, rows: bytes, *extra: bytes) -> bytes:
    """A PNG of raw scan lines (each begins with its filter byte), ``extra`` chunks before them."""
    head = struct.pack(">IIBBBBB", *wh, depth, colour, 0, 0, 0)
    body = [chunk(b"IHDR", head), *extra, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def outcome(data: bytes) -> Picture | TwinsightError:
    """What decoding ends in. Anything but these two is a fault, and goes through."""
    try:
        return decode(data)
    except TwinsightError as refused:
        return refused


def shared(folder: str) -> list[Any]:
    """Files of a shared data folder as parameters, or one that is skipped and says why."""
    default = HERE.parents[1].parent / "shared"
    path = Path(os.environ.get("TWINSIGHT_SHARED", default)) / "data" / folder
    files = sorted(p for p in path.glob("*") if p.is_file() and p.name != "LICENSE")
    if not files:
        why = f"no shared data at {path}: set TWINSIGHT_SHARED to run these"
        return [pytest.param(path, marks=pytest.mark.skip(reason=why), id=f"{folder}-missing")]
    return [pytest.param(file, id=file.name) for file in files]
