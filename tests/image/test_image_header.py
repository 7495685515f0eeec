from __future__ import annotations

import contextlib
import struct
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from tests.image.drawings import HERE, chunk, encode, exif, outcome, png, quarters, shared
from twinsight.errors import InvalidImage, UnsupportedImage
from twinsight.image.decode import decode
from twinsight.image.header import read_header
from twinsight.image.orient import exif_orientation
from twinsight.image.picture import Picture

KINDS = ("PNG", "JPEG", "WEBP")


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    w=st.integers(1, 90),
    h=st.integers(1, 90),
    orientation=st.integers(0, 9),
    mode=st.sampled_from(["L", "RGB", "RGBA"]),
    lossless=st.booleans(),
)
def test_header_agrees_with_pillow_and_with_decode(
    kind: str, w: int, h: int, orientation: int, mode: str, lossless: bool
) -> None:
    image = Image.new("RGB" if kind == "JPEG" and mode == "RGBA" else mode, (w, h), 77)
    data = encode(image, kind, exif=exif(orientation), lossless=lossless)
    with Image.open(BytesIO(data)) as opened:
        expected = ImageOps.exif_transpose(opened).size
    header = read_header(memoryview(data))
    assert header.wh == expected
    assert header.stored_wh == (w, h)
    assert header.mime == f"image/{kind.lower()}"
    assert decode(data).wh == expected


@pytest.mark.parametrize("path", [*shared("heif"), *shared("exif_orientation")])
def test_shared_photos_have_the_size_that_their_header_gives(path: Path) -> None:
    data = path.read_bytes()
    found = outcome(data)
    if isinstance(found, UnsupportedImage):
        assert found.mime == "image/avif"
    else:
        assert isinstance(found, Picture)
        assert read_header(data).wh == found.wh


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heif_gives_its_upright_size_whatever_exif_says(orientation: int) -> None:
    data = (HERE / "data" / f"turn_{orientation}.heic").read_bytes()
    assert exif_orientation(data[data.rindex(b"Exif\0\0") :]) == orientation
    header = read_header(data)
    assert (header.wh, header.stored_wh, header.orientation) == ((48, 32), (64, 64), 1)


def test_flags() -> None:
    still, clear = quarters(), quarters().convert("RGBA")
    assert not read_header(encode(still, "PNG")).alpha
    assert read_header(encode(clear, "PNG")).alpha
    clear.putpixel((0, 0), (0, 0, 0, 0))
    assert read_header(encode(clear, "WEBP")).alpha
    assert read_header(encode(clear, "WEBP", lossless=True)).alpha
    for kind in ("PNG", "WEBP"):
        moving = encode(still, kind, save_all=True, append_images=[still.rotate(90)])
        assert read_header(moving).animated
        assert not read_header(encode(still, kind)).animated


def test_png_exif_may_follow_the_pixels() -> None:
    data = encode(quarters(), "PNG")
    late = data[:-12] + chunk(b"eXIf", exif(6).removeprefix(b"Exif\0\0")) + data[-12:]
    assert read_header(late).wh == (32, 48)


def test_the_first_exif_of_a_jpeg_counts() -> None:
    data = encode(quarters(), "JPEG", exif=exif(6))
    second = b"\xff\xe1" + struct.pack(">H", 2 + len(exif(3))) + exif(3)
    assert read_header(data[:2] + second + data[2:]).orientation == 3


def jpeg_with_size(w: int, h: int) -> bytes:
    data = bytearray(encode(quarters(), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", h, w)
    return bytes(data)


PNG, JPEG, WEBP = (encode(quarters(), kind) for kind in KINDS)
HEIC = (HERE / "data" / "turn_6.heic").read_bytes()
ITEM = HEIC.index(b"hvc1", HEIC.index(b"infe"))
DAMAGED = {
    "empty": b"",
    "png cut in its header": PNG[:20],
    "png without IHDR": PNG[:8] + PNG[33:],
    "png of no width": png((0, 5), 8, 2, b""),
    "png of a negative width": png((2**31, 5), 8, 2, b""),
    "png of an odd depth": png((5, 5), 3, 0, b""),
    "png of endless chunks": PNG[:33] + chunk(b"tEXt", b"") * 70_000,
    "jpeg marker alone": JPEG[:3],
    "jpeg cut in its header": JPEG[:100],
    "jpeg that ends at once": b"\xff\xd8\xff\xd9" + bytes(50),
    "jpeg of no height": jpeg_with_size(48, 0),
    "jpeg of a short segment": b"\xff\xd8\xff\xe0\0\x01" + JPEG[2:],
    "jpeg of endless segments": b"\xff\xd8" + b"\xff\xfe\0\x02" * 5000 + JPEG[2:],
    "jpeg of endless junk": b"\xff\xd8\xff\xfe\0\x02" + bytes(100_000) + JPEG[2:],
    "jpeg of endless padding": b"\xff\xd8" + b"\xff" * 100_000,
    "jpeg with two frames": JPEG[:2] + b"\xff\xc0\0\x0b\x08\0\x08\0\x08\x01\x01\x11\0" + JPEG[2:],
    "webp cut in its header": WEBP[:25],
    "webp of another kind": WEBP[:12] + b"XXXX" + WEBP[16:],
    "webp without a key frame": WEBP[:20] + b"\x01" + WEBP[21:],
    "heic cut in its items": HEIC[:120],
    "heic of only a type": HEIC[:28],
    "heic without a primary": HEIC.replace(b"pitm", b"free"),
    "heic without properties": HEIC.replace(b"ipco", b"free"),
    "heic without a size": HEIC.replace(b"ispe", b"free"),
    "heic of another codec": HEIC[:ITEM] + b"jpeg" + HEIC[ITEM + 4 :],
    "heic of too many items": HEIC.replace(b"ipma\0\0\0\0\0\0", b"ipma\0\0\0\0\xff\xff"),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_headers_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"Provided image is not valid: [a-z].*\.$"):
        read_header(data)


def test_other_types_are_named() -> None:
    with pytest.raises(UnsupportedImage, match="Unsupported MIME type: image/gif"):
        read_header(encode(quarters(), "GIF"))


def test_av1_inside_heif_is_called_avif() -> None:
    with pytest.raises(UnsupportedImage, match="Unsupported MIME type: image/avif"):
        read_header(HEIC[:ITEM] + b"av01" + HEIC[ITEM + 4 :])


@settings(max_examples=300, deadline=None)
@given(
    data=st.sampled_from([PNG, JPEG, WEBP, HEIC]),
    at=st.integers(0, 900),
    patch=st.binary(min_size=1, max_size=12),
    cut=st.integers(0, 1200),
)
def test_altered_headers_end_in_a_header_or_a_refusal(
    data: bytes, at: int, patch: bytes, cut: int
) -> None:
    altered = (data[:at] + patch + data[at + len(patch) :])[: len(data) - cut]
    with contextlib.suppress(InvalidImage, UnsupportedImage):
        assert min(read_header(altered).wh) > 0
