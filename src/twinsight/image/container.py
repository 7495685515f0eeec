"""What a file says of its picture before any pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from twinsight.image.orient import upright_wh

MAX_ICC_BYTES = 4 * 1024 * 1024
"""Colour profiles over this are not read; printers' CMYK profiles have one to three million."""


@dataclass(frozen=True, slots=True)
class Header:
    """One file's picture, from its header alone.

    ``stored_wh`` is the size as stored, ``wh`` the upright size that `decode` gives, in pixels.
    ``orientation`` is the EXIF value that is still to be applied: always 1 for HEIF, whose decoder
    applies the file's own transforms. ``animated`` files answer with their first frame.
    """

    mime: str
    stored_wh: tuple[int, int]
    wh: tuple[int, int]
    orientation: int = 1
    alpha: bool = False
    animated: bool = False

    @property
    def pixels(self) -> int:
        """How many pixels decoding makes: a crop makes fewer than are stored."""
        return max(self.stored_wh[0] * self.stored_wh[1], self.wh[0] * self.wh[1])


def exif_header(
    mime: str,
    stored_wh: tuple[int, int],
    orientation: int,
    *,
    alpha: bool = False,
    animated: bool = False,
) -> Header:
    """`Header` of a format whose orientation is EXIF's."""
    wh = upright_wh(stored_wh, orientation)
    return Header(mime, stored_wh, wh, orientation, alpha, animated)
