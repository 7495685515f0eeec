"""Any mode and any colour profile in, sRGB without alpha out."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

_WHITE = (255, 255, 255)
_PROFILE_SPACE = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}


def flatten(image: Image.Image) -> Image.Image:
    """The picture as ``L``, ``RGB`` or ``CMYK``, 8 bits a channel, alpha laid on white."""
    if image.mode.startswith("I") or image.mode == "F":
        image = _eight_bits(image)
    if image.mode == "1":
        image = image.convert("L")
    if image.mode == "RGBa" or "transparency" in image.info or image.mode == "PA":
        image = image.convert("RGBA")
    if image.mode == "LA":
        grey, alpha = image.split()
        white = Image.new("L", image.size, 255)
        white.paste(grey, mask=alpha)
        return white
    if image.mode == "RGBA":
        white = Image.new("RGB", image.size, _WHITE)
        white.paste(image, mask=image.getchannel("A"))
        return white
    return image if image.mode in _PROFILE_SPACE else image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit grey, 0..65535 rounded to 0..255; the grey that means transparent turns white."""
    deep = np.asarray(image).astype(np.uint16)
    grey = ((deep - (deep >> 8) + 128) >> 8).astype(np.uint8)
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        grey[deep == clear] = 255
    return Image.fromarray(grey)


def to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    """An ``L``, ``RGB`` or ``CMYK`` picture as sRGB.

    A profile that is broken, or made for another colour space than the picture's, is passed over:
    the photo is still worth looking at. So is one that calls itself sRGB, since it changes nothing.
    """
    converted = _by_profile(image, icc) if icc else None
    return converted or image.convert("RGB")


def _by_profile(image: Image.Image, icc: bytes) -> Image.Image | None:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(icc))
        if source.profile.xcolor_space.strip() != _PROFILE_SPACE[image.mode]:
            return None
        if "sRGB" in (source.profile.profile_description or ""):
            return None
        # Built each time: colour profiles are not shared between threads.
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
