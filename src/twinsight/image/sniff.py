"""What bytes are, by their content; a label is never asked."""

from __future__ import annotations

SUPPORTED = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})
"""What the guide lists, and all that is decoded."""

EMPTY = "application/x-empty"
UNKNOWN = "application/octet-stream"

SNIFF_BYTES = 512
"""`sniff` looks at no more than this."""

_PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"%!PS", "application/postscript"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"\x00\x00\x01\x00", "image/vnd.microsoft.icon"),
    (b"\xff\x0a", "image/jxl"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\xff\x4f\xff\x51", "image/jp2"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"OggS", "application/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_HEVC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AV1_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})
_BMP_HEADER_SIZES = frozenset({12, 40, 52, 56, 64, 108, 124})


def sniff(head: bytes) -> str:
    """MIME type of the file that begins with ``head`` (its first `SNIFF_BYTES` are enough).

    `EMPTY` when there is nothing, `UNKNOWN` when it is nothing we know. Never raises.
    """
    head = bytes(head[:SNIFF_BYTES])
    if not head:
        return EMPTY
    for prefix, mime in _PREFIXES:
        if head.startswith(prefix):
            return mime
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return "image/bmp"
    return _text(head)


def _iso_media(head: bytes) -> str:
    """Tell HEIC, HEIF, AVIF and films apart by the brands of the ``ftyp`` box.

    The first brand that decides wins, the major one first. AVIF is the same container around
    another codec, which neither the guide nor the default decoder reads: it has its own name, so
    that the refusal says what was sent.
    """
    end = min(len(head), max(16, int.from_bytes(head[:4], "big")))
    major = head[8:12]
    brands = [major, *(head[at : at + 4] for at in range(16, end - 3, 4))]
    for brand in brands:
        if brand in _HEVC_BRANDS:
            return "image/heif" if major in _HEIF_BRANDS else "image/heic"
        if brand in _AV1_BRANDS:
            return "image/avif"
    if any(brand in _HEIF_BRANDS for brand in brands):
        return "image/heif"
    return "video/quicktime" if major == b"qt  " else "video/mp4"


def _text(head: bytes) -> str:
    """Name what reads as text: markup, JSON or plain."""
    words = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    lower = words.lower()
    if b"<svg" in lower and lower.startswith((b"<?xml", b"<svg", b"<!--", b"<!doctype svg")):
        return "image/svg+xml"
    if lower.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "text/html"
    if lower.startswith(b"<?xml"):
        return "text/xml"
    if words[:1] in (b"{", b"["):
        return "application/json"
    try:
        plain = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3 or error.start == 0:
            return UNKNOWN
        plain = head[: error.start].decode("utf-8")
    if any(char < " " and char not in "\t\n\r\f\x1b" for char in plain):
        return UNKNOWN
    return "text/plain"
