"""Encoded bytes in, one upright sRGB picture out."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Protocol

import numpy as np
from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from twinsight.errors import ImageTooLarge, InvalidImage, TwinsightError
from twinsight.image import jpeg, png
from twinsight.image.colour import flatten, to_srgb
from twinsight.image.header import Header, read_header
from twinsight.image.heif_pixels import open_heif
from twinsight.image.orient import upright
from twinsight.image.picture import Picture

MAX_PIXELS = 100_000_000
"""Default bound on width x height of one picture: 100 megapixels, 300 MB as RGB."""


class PixelLimits(Protocol):
    """What `decode` needs to know of the server's limits."""

    @property
    def max_pixels(self) -> int:
        """Most pixels (width x height) that one picture may have."""


@dataclass(frozen=True, slots=True)
class DefaultLimits:
    max_pixels: int = MAX_PIXELS


_DEFAULT_LIMITS = DefaultLimits()


def decode(
    data: bytes | memoryview,
    limits: PixelLimits = _DEFAULT_LIMITS,
    *,
    max_side: int | None = None,
) -> Picture:
    """Decode a PNG, JPEG, WEBP, HEIC or HEIF, whatever it was labelled.

    Upright (EXIF for the first three, the file's own transforms for HEIF), first frame, sRGB, alpha
    on white. With ``max_side`` the caller says that it needs no more than so many pixels on the
    longer side: the picture is then halved until that side is under twice ``max_side``, which JPEG
    does while decoding, and `Picture.full_wh` keeps the true size.

    Raises UnsupportedImage, InvalidImage (damaged, or cut short anywhere before its last pixel) or
    ImageTooLarge, which is found in the header, before any pixel is decoded. Safe in threads.
    """
    header = read_header(data)
    if header.pixels > limits.max_pixels:
        raise ImageTooLarge(header.wh, limits.max_pixels)
    try:
        image, icc = _open(bytes(data), header, max_side)
        image = _halved(flatten(image), max_side)
        # One name for all steps, so that no more than two copies are alive at a time.
        image = to_srgb(image, icc)
        image = upright(image, header.orientation)
        rgb = np.asarray(image)
    except TwinsightError:
        raise
    # The decoders raise whatever their authors thought of, for bytes that anyone may send.
    except (Exception, MemoryError) as error:
        raise InvalidImage(_why(header.mime, error)) from error
    return Picture(
        np.ascontiguousarray(rgb),
        mime=header.mime,
        stored_wh=header.stored_wh,
        upright_wh=header.wh,
    )


def _open(data: bytes, header: Header, max_side: int | None) -> tuple[Image.Image, bytes | None]:
    """Pixels as stored and the colour profile.

    The plug-ins are called by name, not through ``Image.open``: no other format can be reached by
    crafted bytes, and Pillow's own size warnings stay out; ours has been checked already.
    """
    if header.mime == "image/png":
        return _open_png(data, header)
    if header.mime == "image/jpeg":
        return _open_jpeg(data, header, max_side)
    if header.mime == "image/webp":
        return _open_webp(data, header)
    return open_heif(data, header)


def _open_png(data: bytes, header: Header) -> tuple[Image.Image, bytes | None]:
    still, icc = png.pixels_only(data)
    image = PngImagePlugin.PngImageFile(BytesIO(still))
    _check_size(image.size, header)
    image.load()
    _eight_bit_transparency(image, depth=data[24])
    return image, icc


def _open_jpeg(
    data: bytes, header: Header, max_side: int | None
) -> tuple[Image.Image, bytes | None]:
    pixels = jpeg.pixels_only(data)
    image = JpegImagePlugin.JpegImageFile(BytesIO(pixels.data))
    _check_size(image.size, header)
    if pixels.scalable:
        _draft(image, max_side)
    image.load()
    return image, pixels.icc


def _open_webp(data: bytes, header: Header) -> tuple[Image.Image, bytes | None]:
    image = WebPImagePlugin.WebPImageFile(BytesIO(data))
    _check_size(image.size, header)
    image.load()
    return image, image.info.get("icc_profile")


def _check_size(size: tuple[int, int], header: Header) -> None:
    if size != header.stored_wh:
        raise InvalidImage(f"its header says {header.stored_wh}, its picture {size}.")


def _draft(image: JpegImagePlugin.JpegImageFile, max_side: int | None) -> None:
    """Ask the JPEG decoder for a half, a quarter or an eighth."""
    factor = min(8, _halvings(image.size, max_side))
    if factor > 1:
        w, h = image.size
        image.draft(image.mode, (max(1, w // factor), max(1, h // factor)))


def _halved(image: Image.Image, max_side: int | None) -> Image.Image:
    factor = _halvings(image.size, max_side)
    return image.reduce(factor) if factor > 1 else image


def _halvings(size: tuple[int, int], max_side: int | None) -> int:
    """The power of two by which a picture may shrink and still have ``max_side`` pixels."""
    factor = 1
    while max_side and max(size) >= 2 * factor * max_side:
        factor *= 2
    return factor


def _eight_bit_transparency(image: Image.Image, depth: int) -> None:
    """Bring tRNS, which counts in the file's own depth, to the 8 bits that Pillow decoded to."""
    clear = image.info.get("transparency")
    if isinstance(clear, tuple):
        image.info["transparency"] = tuple(min(255, v >> 8 if depth == 16 else v) for v in clear)
    elif isinstance(clear, int) and image.mode == "L" and depth in (2, 4):
        image.info["transparency"] = min(255, clear * 255 // (2**depth - 1))


def _why(mime: str, error: BaseException) -> str:
    """Say what is wrong in our own words; a decoder's own may name its files and addresses."""
    kind = mime.removeprefix("image/").upper()
    words = str(error).lower()
    if "truncated" in words or "end of file" in words or isinstance(error, EOFError):
        return f"the {kind} ends before its picture does."
    if isinstance(error, MemoryError):
        return f"the {kind} needs more memory than there is."
    return f"the {kind}'s picture data are damaged, or of a kind that no decoder here reads."
