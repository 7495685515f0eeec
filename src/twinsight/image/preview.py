"""A picture made small for showing: upright, bounded, JPEG."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from twinsight.image.decode import PixelLimits, decode

QUALITY = 85


def preview_jpeg(data: bytes, limits: PixelLimits, max_side: int) -> tuple[bytes, tuple[int, int]]:
    """Any picture that `decode` reads, upright on white, its longer side at most ``max_side``.

    A picture that is smaller keeps its size. Gives the JPEG, and the upright (width, height) of the
    file's picture in pixels. Raises what `decode` raises.
    """
    picture = decode(data, limits, max_side=max_side)
    image = Image.fromarray(picture.rgb)
    image.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    out = BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return out.getvalue(), picture.full_wh
