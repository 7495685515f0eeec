"""What a picture is and how large, from its header alone: no pixel is decoded."""

from __future__ import annotations

from twinsight.errors import InvalidImage, UnsupportedImage
from twinsight.image.container import Header
from twinsight.image.heif import read_heif
from twinsight.image.jpeg import read_jpeg
from twinsight.image.png import read_png
from twinsight.image.sniff import EMPTY, SNIFF_BYTES, SUPPORTED, sniff
from twinsight.image.webp import read_webp

__all__ = ["Header", "read_header"]


def read_header(data: bytes | memoryview) -> Header:
    """The picture's `Header`, told by content. Work is bounded whatever the bytes are.

    Raises UnsupportedImage for another type (it names what was found), InvalidImage for a damaged
    header or for no bytes at all. A good header says nothing about the pixels that follow.
    """
    mime = sniff(bytes(data[:SNIFF_BYTES]))
    if mime == EMPTY:
        raise InvalidImage("it is empty.")
    if mime not in SUPPORTED:
        raise UnsupportedImage(mime)
    if mime == "image/png":
        return read_png(data)
    if mime == "image/jpeg":
        return read_jpeg(data)
    if mime == "image/webp":
        return read_webp(data)
    return read_heif(data, mime)
