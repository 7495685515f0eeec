"""Pictures that the tests draw."""

from __future__ import annotations

from io import BytesIO

from PIL import Image


def turned(kind: str) -> bytes:
    """A picture of 60 x 40 that is stored lying on its side, red where its upright top is."""
    upright = Image.new("RGB", (60, 40), "blue")
    upright.paste("red", (0, 0, 60, 20))
    stored = upright.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    out = BytesIO()
    stored.save(out, kind, exif=exif)
    return out.getvalue()
