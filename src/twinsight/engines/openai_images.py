"""Pictures as a model's server is to see them: upright sRGB JPEG or PNG, no larger than it takes.

As JSON text: a megabyte of base64 has nothing to escape, and is not searched for it.

Servers differ in which formats they read and most pass over EXIF, so that a phone's photo lies on
its side. None of that can happen to what is sent here. A file that is already clean goes as it is,
less its metadata.
"""

from __future__ import annotations

from io import BytesIO

import msgspec
import pybase64
from PIL import Image

from twinsight.errors import ImageError
from twinsight.image import jpeg, png
from twinsight.image.container import Header
from twinsight.image.decode import DefaultLimits, decode
from twinsight.image.header import read_header
from twinsight.image.picture import Picture
from twinsight.prompt import ImageRef

QUALITY = 92
PNG_GREY_OR_RGB = (0, 2)


def data_uri(ref: ImageRef, max_side: int, max_pixels: int) -> msgspec.Raw:
    """A prompt's picture, its longer side at most `max_side`. Raises ImageError with its place."""
    data = ref.encoded()
    try:
        header = read_header(data)
        clean = _clean(data, header, max_side)
        if clean is not None:
            return _uri(header.mime, clean)
        picture = decode(data, DefaultLimits(max_pixels), max_side=max_side)
    except ImageError as error:
        raise error.at(ref.where) from None
    return as_jpeg(picture, fitted(picture.wh, max_side))


def as_jpeg(picture: Picture, wh: tuple[int, int]) -> msgspec.Raw:
    """A decoded picture at the size `wh`, as a JPEG in a data URI."""
    image = Image.fromarray(picture.rgb)
    if wh != image.size:
        image = image.resize(wh, Image.Resampling.BICUBIC, reducing_gap=2.0)
    out = BytesIO()
    image.save(out, "JPEG", quality=QUALITY, subsampling=0)
    return _uri("image/jpeg", out.getvalue())


def fitted(wh: tuple[int, int], max_side: int, multiple: int = 1) -> tuple[int, int]:
    """The size within `max_side`, both sides the nearest multiple, at least one multiple each."""
    scale = min(1.0, max_side / max(wh))
    most = max(1, max_side // multiple)
    w, h = (min(most, max(1, round(side * scale / multiple))) * multiple for side in wh)
    return w, h


def _clean(data: bytes, header: Header, max_side: int) -> bytes | None:
    """The file without metadata, when its pixels may go as they are."""
    if header.orientation != 1 or header.alpha or max(header.wh) > max_side:
        return None
    if header.mime == "image/jpeg":
        pixels = jpeg.pixels_only(data)
        is_plain = pixels.scalable and pixels.depth == 8 and pixels.channels in (1, 3)
        return pixels.data if is_plain and pixels.icc is None else None
    if header.mime == "image/png" and data[24] == 8 and data[25] in PNG_GREY_OR_RGB:
        content, icc = png.pixels_only(data)
        return content if icc is None else None
    return None


def _uri(mime: str, content: bytes) -> msgspec.Raw:
    return msgspec.Raw(b'"data:%b;base64,%b"' % (mime.encode(), pybase64.b64encode(content)))
