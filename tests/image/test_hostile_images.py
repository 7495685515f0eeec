from __future__ import annotations

import gc
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import psutil
import pytest
from PIL import Image

from tests.image.drawings import HERE, chunk, encode, outcome, png, quarters, shared
from twinsight.errors import ImageTooLarge, InvalidImage, TwinsightError
from twinsight.image import heif_pixels
from twinsight.image.decode import DefaultLimits, decode
from twinsight.image.header import read_header
from twinsight.image.picture import Picture

SECONDS = 5.0
MEBIBYTE = 1 << 20


def memory() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


@pytest.mark.parametrize("path", shared("malformed"))
def test_malformed_files_end_in_a_refusal_or_a_picture(path: Path) -> None:
    data = path.read_bytes()
    start = time.perf_counter()
    found = outcome(data)
    if isinstance(found, TwinsightError):
        assert found.code == 400
    else:
        assert found.wh == read_header(data).wh
    assert time.perf_counter() - start < SECONDS


def test_memory_does_not_grow() -> None:
    files = [p.values[0] for p in shared("malformed") if not p.marks]
    datas = [f.read_bytes() for f in files if isinstance(f, Path)] or [
        encode(quarters((400, 300)), kind) for kind in ("PNG", "JPEG", "WEBP", "GIF")
    ] * 50

    def once() -> None:
        for data in datas:
            outcome(data)

    for _ in range(3):
        once()
    before = memory()
    for _ in range(10):
        once()
    assert memory() - before < 16 * MEBIBYTE


def jpeg_of(w: int, h: int) -> bytes:
    data = bytearray(encode(quarters(), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", h, w)
    return bytes(data)


def heic_of(w: int, h: int) -> bytes:
    data = (HERE / "data/turn_1.heic").read_bytes()
    at = data.index(b"ispe") + 8
    clap = data.index(b"clap") + 4
    patched = data[:at] + struct.pack(">II", w, h) + data[at + 8 :]
    return patched[:clap] + struct.pack(">IIII", w, 1, h, 1) + patched[clap + 16 :]


BOMBS = {
    "png": png((60_000, 60_000), 8, 2, bytes(1000)),
    "jpeg": jpeg_of(65_000, 65_000),
    "webp": encode(quarters(), "WEBP")[:12] + b"VP8X\x0a\0\0\0" + b"\0\0\0\0" + b"\xff\x3f\0" * 2
    + encode(quarters(), "WEBP")[12:],
    "heic": heic_of(30_000, 30_000),
}  # fmt: skip


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS.keys())
def test_too_many_pixels_are_refused_before_decoding(data: bytes) -> None:
    before, start = memory(), time.perf_counter()
    with pytest.raises(ImageTooLarge, match="takes up to 100000000 pixels"):
        decode(data)
    assert time.perf_counter() - start < 0.5
    assert memory() - before < 4 * MEBIBYTE


def test_the_limit_is_the_callers() -> None:
    data = encode(quarters(), "PNG")
    assert decode(data, DefaultLimits(max_pixels=48 * 32)).wh == (48, 32)
    with pytest.raises(ImageTooLarge, match="48x32"):
        decode(data, DefaultLimits(max_pixels=48 * 32 - 1))


def test_over_90_megapixels_without_a_word_from_pillow() -> None:
    data = encode(Image.new("1", (9600, 9600)), "PNG")
    assert decode(data, max_side=100).full_wh == (9600, 9600)


UNFOLDING = {
    "zTXt": chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200 * MEBIBYTE), 9)),
    "iTXt": chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(bytes(200 * MEBIBYTE), 9)),
    "iCCP": chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(200 * MEBIBYTE), 9)),
    "many": chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(MEBIBYTE), 9)) * 500,
    "bad animation": chunk(b"acTL", bytes(8)) * 2 + chunk(b"fcTL", bytes(26)),
    "broken profile": chunk(b"iCCP", b"a\0\0" + b"no stream"),
}


@pytest.mark.parametrize("extra", UNFOLDING.values(), ids=UNFOLDING.keys())
def test_what_hides_beside_the_pixels_does_no_harm(extra: bytes) -> None:
    data = png((2, 1), 8, 0, b"\0\x07\x09", extra)
    before, start = psutil.Process().memory_info().rss, time.perf_counter()
    assert decode(data).rgb[0, :, 0].tolist() == [7, 9]
    assert time.perf_counter() - start < 1.0
    assert psutil.Process().memory_info().rss - before < 16 * MEBIBYTE


def test_more_pixel_data_than_pixels() -> None:
    data = png((2, 1), 8, 0, b"\0\x07\x09" + bytes(60 * MEBIBYTE))
    before = psutil.Process().memory_info().rss
    assert isinstance(outcome(data), Picture)
    assert psutil.Process().memory_info().rss - before < 16 * MEBIBYTE


def test_endless_scans_of_a_progressive_jpeg() -> None:
    data = encode(quarters((5000, 4000)), "JPEG", progressive=True)
    at = data.rindex(b"\xff\xda")
    with pytest.raises(InvalidImage, match="scans"):
        decode(data[:at] + data[at:-2] * 200 + data[-2:])


def test_what_follows_the_end_mark_is_not_counted() -> None:
    """Phones append the film of a motion photo, in which any bytes occur."""
    data = encode(quarters((5000, 4000)), "JPEG", progressive=True)
    assert decode(data + b"\xff\xda" * 1000, max_side=100).full_wh == (5000, 4000)


WHOLE = {
    "png": encode(quarters((400, 300)), "PNG"),
    "jpeg": encode(quarters((400, 300)), "JPEG"),
    "progressive jpeg": encode(quarters((400, 300)), "JPEG", progressive=True),
    "webp": encode(quarters((400, 300)), "WEBP"),
    "lossless webp": encode(quarters((400, 300)), "WEBP", lossless=True),
    "heic": (HERE / "data/turn_3.heic").read_bytes(),
}


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.9])
@pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE.keys())
def test_cut_files_are_refused(data: bytes, share: float) -> None:
    with pytest.raises(TwinsightError) as caught:
        decode(data[: int(len(data) * share)])
    assert caught.value.code == 400


def test_a_png_may_lack_its_end_mark_and_a_jpeg_may_not() -> None:
    """Every pixel of the PNG is there; nothing tells a JPEG's last pixels from a guess."""
    assert decode(WHOLE["png"][:-12]).wh == (400, 300)
    with pytest.raises(InvalidImage, match="the JPEG ends before its picture does"):
        decode(WHOLE["jpeg"][:-2])


def test_two_sizes_in_one_heic() -> None:
    with pytest.raises(InvalidImage):
        decode(heic_of(100, 100))


def test_a_crash_of_the_heif_decoder_refuses_one_picture(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    crash = tmp_path / "child.py"
    crash.write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setattr(heif_pixels, "_CHILD", crash)
    with pytest.raises(InvalidImage, match="HEIF"):
        decode(WHOLE["heic"])


def test_a_heif_decoder_that_never_ends_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stuck = tmp_path / "child.py"
    stuck.write_text("import time; time.sleep(600)\n")
    monkeypatch.setattr(heif_pixels, "_CHILD", stuck)
    monkeypatch.setattr(heif_pixels, "WALL_FACTOR", 0.1)
    start = time.perf_counter()
    with pytest.raises(InvalidImage, match="HEIF"):
        decode(WHOLE["heic"])
    assert time.perf_counter() - start < SECONDS


def test_the_heif_decoders_process_has_bounds() -> None:
    code = (
        "import resource, sys; sys.path.insert(0, sys.argv[1]); import heif_child;"
        "heif_child.limit(7, 1 << 31);"
        "print(*(resource.getrlimit(w)[0] for w in"
        " (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_CORE)))"
    )
    folder = str(Path(heif_pixels.__file__).parent)
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code, folder], capture_output=True)
    assert done.stdout.split() == [b"7", b"2147483648", b"0"]
