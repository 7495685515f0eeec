from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from tests.image.drawings import (
    CORNERS,
    HERE,
    UNDO,
    chunk,
    corners,
    encode,
    exif,
    png,
    quarters,
    shared,
)
from twinsight.image.decode import decode

GREY = [(r * 299 + g * 587 + b * 114) // 1000 for r, g, b in CORNERS]
LOSSY = 12
"""Levels out of 255 that a plain area may move in JPEG, lossy WEBP or HEIC."""


def assert_drawing(data: bytes, tolerance: int = 0, *, grey: bool = False) -> None:
    picture = decode(data)
    expected = np.array([[g] * 3 for g in GREY] if grey else CORNERS)
    assert picture.wh == (48, 32)
    assert picture.rgb.dtype == np.uint8
    assert picture.rgb.flags.c_contiguous
    assert np.abs(corners(picture.rgb) - expected).max() <= tolerance


def half_clear(mode: str) -> Image.Image:
    """The drawing with its left half transparent."""
    image = quarters().convert(mode)
    image.putalpha(Image.fromarray(np.array([[0] * 24 + [255] * 24] * 32, np.uint8)))
    return image


MODES = {
    "png RGB": (encode(quarters(), "PNG"), 0, False),
    "png L": (encode(quarters().convert("L"), "PNG"), 1, True),
    "png P": (encode(quarters().convert("P", palette=Image.Palette.ADAPTIVE), "PNG"), 0, False),
    "png RGBA opaque": (encode(quarters().convert("RGBA"), "PNG"), 0, False),
    "png LA opaque": (encode(quarters().convert("LA"), "PNG"), 1, True),
    "jpeg RGB": (encode(quarters(), "JPEG"), LOSSY, False),
    "jpeg progressive": (encode(quarters(), "JPEG", progressive=True), LOSSY, False),
    "jpeg L": (encode(quarters().convert("L"), "JPEG"), LOSSY, True),
    "jpeg CMYK, inverted as Adobe does": (
        encode(quarters().convert("CMYK"), "JPEG", quality=95),
        LOSSY,
        False,
    ),
    "webp": (encode(quarters(), "WEBP"), LOSSY, False),
    "webp lossless": (encode(quarters(), "WEBP", lossless=True), 0, False),
    "webp RGBA opaque": (encode(quarters().convert("RGBA"), "WEBP", lossless=True), 0, False),
    "heic": ((HERE / "data/turn_1.heic").read_bytes(), LOSSY, False),
    "heic L": ((HERE / "data/grey.heic").read_bytes(), LOSSY, True),
}


@pytest.mark.parametrize(("data", "tolerance", "grey"), MODES.values(), ids=MODES.keys())
def test_modes(data: bytes, tolerance: int, grey: bool) -> None:
    assert_drawing(data, tolerance, grey=grey)


def test_one_bit() -> None:
    image = quarters().convert("L").point(lambda v: 255 if v > 100 else 0).convert("1")
    assert corners(decode(encode(image, "PNG")).rgb)[:, 0].tolist() == [0, 255, 0, 255]


def rows(values: list[int], layout: str) -> bytes:
    return b"\0" + struct.pack(layout, *values)


DEPTHS = {
    "16-bit grey": (16, 0, rows([0, 127, 257 * 99, 65_535], ">4H"), [0, 0, 99, 255]),
    "4-bit grey": (4, 0, b"\0\x05\xaf", [0, 85, 170, 255]),
    "2-bit grey": (2, 0, b"\0\x1b", [0, 85, 170, 255]),
    "16-bit RGB": (16, 2, rows([v for v in (0, 300, 257 * 99, 65_535) for _ in "rgb"], ">12H"),
                   [0, 1, 99, 255]),
    "16-bit LA": (16, 4, rows([0, 65_535, 300, 65_535, 257 * 99, 65_535, 65_535, 0], ">8H"),
                  [0, 1, 99, 255]),
    "16-bit RGBA": (16, 6, rows([0, 0, 0, 65_535, 300, 300, 300, 65_535, 25_443, 25_443, 25_443,
                                 65_535, 5, 5, 5, 0], ">16H"), [0, 1, 99, 255]),
}  # fmt: skip


@pytest.mark.parametrize(("depth", "colour", "raw", "grey"), DEPTHS.values(), ids=DEPTHS.keys())
def test_png_depths(depth: int, colour: int, raw: bytes, grey: list[int]) -> None:
    assert decode(png((4, 1), depth, colour, raw)).rgb[0, :, 0].tolist() == grey


CLEAR = {
    "png RGBA": encode(half_clear("RGB"), "PNG"),
    "webp RGBA": encode(half_clear("RGB"), "WEBP", lossless=True),
    "heic RGBA": (HERE / "data/alpha.heic").read_bytes(),
}


@pytest.mark.parametrize("data", CLEAR.values(), ids=CLEAR.keys())
def test_alpha_lies_on_white(data: bytes) -> None:
    found = corners(decode(data).rgb)
    assert np.abs(found[[0, 2]] - 255).max() <= 1
    assert np.abs(found[[1, 3]] - np.array(CORNERS)[[1, 3]]).max() <= LOSSY


def test_grey_alpha_lies_on_white() -> None:
    found = corners(decode(encode(half_clear("L"), "PNG")).rgb)[:, 0]
    assert found.tolist() == [255, pytest.approx(GREY[1], abs=1), 255,
                              pytest.approx(GREY[3], abs=1)]  # fmt: skip


def test_half_transparent_is_half_white() -> None:
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 128))
    assert decode(encode(image, "PNG")).rgb[0, 0].tolist() == [127] * 3


COLOUR_KEYS = {
    "palette entry": (8, 3, b"\0\0\1", [b"PLTE", bytes(3) + b"\x09" * 3], b"\0", [255, 9]),
    "palette alphas": (8, 3, b"\0\0\1", [b"PLTE", bytes(6)], b"\x80\xff", [127, 0]),
    "grey": (8, 0, b"\0\x07\x08", None, b"\0\x07", [255, 8]),
    "4-bit grey": (4, 0, b"\0\x70", None, b"\0\x07", [255, 0]),
    "16-bit grey": (16, 0, b"\0\x07\x01\x07\x02", None, b"\x07\x01", [255, 7]),
    "RGB": (8, 2, b"\0\1\2\3\1\1\1", None, b"\0\1\0\2\0\3", [255, 1]),
    "16-bit RGB": (16, 2, b"\0\1\0\2\0\3\0\4\0\4\0\4\0", None, b"\1\0\2\0\3\0", [255, 4]),
}


@pytest.mark.parametrize(
    ("depth", "colour", "raw", "palette", "key", "grey"), COLOUR_KEYS.values(), ids=COLOUR_KEYS
)
def test_png_transparent_colours(
    depth: int, colour: int, raw: bytes, palette: list[bytes] | None, key: bytes, grey: list[int]
) -> None:
    extra = [chunk(palette[0], palette[1])] if palette else []
    data = png((2, 1), depth, colour, raw, *extra, chunk(b"tRNS", key))
    assert decode(data).rgb[0, :, 0].tolist() == grey


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_exif_orientation_is_applied(kind: str, orientation: int) -> None:
    turn = UNDO[orientation]
    stored = quarters() if turn is None else quarters().transpose(turn)
    assert_drawing(encode(stored, kind, exif=exif(orientation)), 0 if kind == "PNG" else LOSSY)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heif_transforms_are_applied_once(orientation: int) -> None:
    """Each file has irot or imir, and an EXIF value that would turn it again."""
    assert_drawing((HERE / "data" / f"turn_{orientation}.heic").read_bytes(), LOSSY)


@pytest.mark.parametrize(
    "paths",
    [[p.values[0] for p in shared("exif_orientation") if kind in str(p.values[0])]
     for kind in ("Landscape", "Portrait")],
    ids=["landscape", "portrait"],
)  # fmt: skip
def test_shared_orientations_show_the_same_photo(paths: list[Path]) -> None:
    if not paths:
        pytest.skip("no shared data: set TWINSIGHT_SHARED to run this")
    small = [
        Image.fromarray(decode(p.read_bytes()).rgb).resize((60, 60), Image.Resampling.BOX)
        for p in paths
    ]
    first = np.asarray(small[0]).astype(int)
    assert len(small) == 9
    assert max(np.abs(np.asarray(s) - first).mean() for s in small) < 8


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_first_frame(kind: str) -> None:
    others = [Image.new("RGB", (48, 32), c) for c in ("white", "black")]
    options = {"lossless": True} if kind == "WEBP" else {}
    assert_drawing(encode(quarters(), kind, save_all=True, append_images=others, **options))


def swapped_profile() -> bytes:
    """A profile whose red and green are sRGB's green and red: a conversion nobody can miss."""
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    table = {
        icc[at : at + 4]: at
        for at in range(132, 132 + 12 * int.from_bytes(icc[128:132], "big"), 12)
    }
    red, green = (icc[table[tag] + 4 : table[tag] + 8] for tag in (b"rXYZ", b"gXYZ"))
    out = bytearray(icc.replace(b"sRGB", b"odd!").replace(b"s\0R\0G\0B", b"o\0d\0d\0!"))
    out[table[b"rXYZ"] + 4 : table[b"rXYZ"] + 8] = green
    out[table[b"gXYZ"] + 4 : table[b"gXYZ"] + 8] = red
    return bytes(out)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_profiles_become_srgb(kind: str) -> None:
    stored = Image.merge("RGB", [quarters().split()[band] for band in (1, 0, 2)])
    data = encode(stored, kind, icc_profile=swapped_profile())
    assert np.abs(corners(decode(data).rgb) - np.array(CORNERS)).max() <= LOSSY + 3


PROFILES = {
    "sRGB itself": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "not a profile": b"no profile" * 30,
    "for another space": ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
    "cut": swapped_profile()[:200],
}


@pytest.mark.parametrize("icc", PROFILES.values(), ids=PROFILES.keys())
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_other_profiles_change_nothing(kind: str, icc: bytes) -> None:
    assert_drawing(encode(quarters(), kind, icc_profile=icc), 0 if kind == "PNG" else LOSSY)


def test_profile_in_many_pieces() -> None:
    padded = swapped_profile() + bytes(200_000)
    stored = Image.merge("RGB", [quarters().split()[band] for band in (1, 0, 2)])
    data = encode(stored, "JPEG", icc_profile=padded, quality=95)
    assert data.count(b"ICC_PROFILE\0") == 4
    assert np.abs(corners(decode(data).rgb) - np.array(CORNERS)).max() <= LOSSY + 3


REDUCED = {
    "jpeg by the decoder": ("JPEG", (640, 480), 100, (160, 120)),
    "jpeg by eight and more": ("JPEG", (4000, 400), 120, (125, 13)),
    "jpeg no larger than asked": ("JPEG", (199, 90), 100, (199, 90)),
    "png": ("PNG", (640, 480), 100, (160, 120)),
    "webp": ("WEBP", (641, 480), 100, (161, 120)),
}


@pytest.mark.parametrize(
    ("kind", "full", "max_side", "reduced"), REDUCED.values(), ids=REDUCED.keys()
)
def test_max_side_halves(
    kind: str, full: tuple[int, int], max_side: int, reduced: tuple[int, int]
) -> None:
    picture = decode(encode(quarters(full), kind, exif=exif(1)), max_side=max_side)
    assert (picture.wh, picture.full_wh) == (reduced, full)
    assert np.abs(corners(picture.rgb) - np.array(CORNERS)).max() <= LOSSY


def test_max_side_of_a_turned_photo() -> None:
    data = encode(quarters((640, 480)), "JPEG", exif=exif(6))
    picture = decode(data, max_side=100)
    assert (picture.wh, picture.full_wh, picture.stored_wh) == ((120, 160), (480, 640), (640, 480))


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(["PNG", "JPEG", "WEBP"]),
    w=st.integers(1, 300),
    h=st.integers(1, 300),
    max_side=st.integers(1, 320),
)
def test_max_side_keeps_enough(kind: str, w: int, h: int, max_side: int) -> None:
    picture = decode(encode(Image.new("RGB", (w, h)), kind), max_side=max_side)
    assert picture.full_wh == (w, h)
    assert min(max_side, max(w, h)) <= max(picture.wh)
    assert max(picture.wh) <= max(2 * max_side, 1)


def test_memoryview_and_bytes_alike() -> None:
    data = encode(quarters(), "PNG")
    assert np.array_equal(decode(memoryview(data)).rgb, decode(data).rgb)


def test_threads_do_not_disturb_each_other() -> None:
    data = [d for d, _, _ in MODES.values()] * 4
    alone = [decode(d).rgb for d in data]
    with ThreadPoolExecutor(8) as pool:
        together = [p.rgb for p in pool.map(decode, data)]
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_pillow_agrees_on_a_plain_photo() -> None:
    noise = np.random.default_rng(7).integers(0, 256, (90, 120, 3), np.uint8)
    data = encode(Image.fromarray(noise), "JPEG", quality=80)
    with Image.open(BytesIO(data)) as image:
        assert np.array_equal(decode(data).rgb, np.asarray(image))
