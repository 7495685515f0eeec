from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.image.drawings import encode, quarters
from twinsight.image.sniff import EMPTY, SUPPORTED, UNKNOWN, sniff


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + b"\0\0\0\0" + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body + b"\0\0\0\x08meta"


CASES = {
    "png": (encode(quarters(), "PNG"), "image/png"),
    "jpeg": (encode(quarters(), "JPEG"), "image/jpeg"),
    "webp": (encode(quarters(), "WEBP"), "image/webp"),
    "gif": (encode(quarters(), "GIF"), "image/gif"),
    "bmp": (encode(quarters(), "BMP"), "image/bmp"),
    "tiff": (encode(quarters(), "TIFF"), "image/tiff"),
    "icon": (encode(quarters(), "ICO"), "image/vnd.microsoft.icon"),
    "heic": (ftyp(b"heic", b"mif1", b"heic"), "image/heic"),
    "heix": (ftyp(b"heix", b"mif1"), "image/heic"),
    "mif1 with heic": (ftyp(b"mif1", b"mif1", b"heic"), "image/heif"),
    "mif1 alone": (ftyp(b"mif1"), "image/heif"),
    "avif": (ftyp(b"avif", b"mif1", b"miaf"), "image/avif"),
    "mif1 with avif": (ftyp(b"mif1", b"avif"), "image/avif"),
    "mp4": (ftyp(b"isom", b"iso2", b"mp41"), "video/mp4"),
    "quicktime": (ftyp(b"qt  "), "video/quicktime"),
    "pdf": (b"%PDF-1.7\n", "application/pdf"),
    "psd": (b"8BPS\0\x01", "image/vnd.adobe.photoshop"),
    "jxl bare": (b"\xff\x0a\xfa\x1f", "image/jxl"),
    "jxl boxed": (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    "wav": (b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav"),
    "svg": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
    "html": (b"\n <!DOCTYPE html><html>", "text/html"),
    "html with svg in it": (b"<html><svg>", "text/html"),
    "xml": (b"<?xml version='1.0'?><a/>", "text/xml"),
    "json": (b'{"error": {"code": 404}}', "application/json"),
    "text": ("Où est la photo ?".encode(), "text/plain"),
    "text cut in a letter": ("é".encode() * 300, "text/plain"),
    "base64 not undone": (b"iVBORw0KGgoAAAANSUhEUg==", "text/plain"),
    "empty": (b"", EMPTY),
    "zeros": (bytes(64), UNKNOWN),
    "BM that is no bitmap": (b"BM" + bytes(30), UNKNOWN),
    "cut signature": (b"\x89PNG", UNKNOWN),
}


@pytest.mark.parametrize(("data", "mime"), CASES.values(), ids=CASES.keys())
def test_names_by_content(data: bytes, mime: str) -> None:
    assert sniff(data) == mime


def test_supported_are_the_five_of_the_guide() -> None:
    expected = {"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"}
    assert expected == SUPPORTED


@given(st.binary(max_size=64))
def test_any_bytes_have_a_name(data: bytes) -> None:
    assert "/" in sniff(data)
