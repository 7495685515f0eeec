"""A ``multipart/related`` body of two parts, read as it comes: JSON first, then a file.

Only what the one-request uploads of old clients need (RFC 2387, RFC 2046): the first part is small,
the second is passed on piece by piece and may be of any length.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from email.message import Message

from twinsight.errors import InvalidUpload

_MAX_HEADER_BYTES = 16 * 1024
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]", re.ASCII)


def related_parts(content_type: str, body: AsyncIterator[bytes]) -> RelatedParts:
    """The parts of a body with this content type. `InvalidUpload` when it names no boundary."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not _BOUNDARY.fullmatch(boundary):
        raise InvalidUpload(
            "A multipart upload needs the content type 'multipart/related; boundary=…'."
        )
    return RelatedParts(boundary.encode(), body)


class RelatedParts:
    """Reads in order: `whole`, `next_part`, `content`."""

    def __init__(self, boundary: bytes, body: AsyncIterator[bytes]) -> None:
        # The first delimiter may stand at the very start, the others follow a line break.
        self._delimiter = b"\r\n--" + boundary
        self._body = body
        self._held = b"\r\n"

    async def whole(self, limit_bytes: int) -> bytes:
        """The first part, which must be no longer than ``limit_bytes``."""
        await self._until(self._delimiter, limit_bytes)
        await self._headers()
        return await self._until(self._delimiter, limit_bytes)

    async def next_part(self) -> str:
        """Go on to the second part and return its content type, or nothing."""
        headers = await self._headers()
        encoding = str(headers.get("content-transfer-encoding", "binary")).strip().lower()
        if encoding not in ("binary", "8bit", "7bit"):
            raise InvalidUpload(f"The transfer encoding {encoding[:40]!r} is not read. Send bytes.")
        return str(headers.get("content-type", ""))

    async def content(self) -> AsyncIterator[bytes]:
        """The second part as it comes, without the delimiter that ends it."""
        keep = len(self._delimiter) - 1
        while (end := self._held.find(self._delimiter)) < 0:
            if len(self._held) > keep:
                yield self._held[:-keep]
                self._held = self._held[-keep:]
            await self._more()
        if end:
            yield self._held[:end]

    async def _headers(self) -> Message:
        """The lines after a delimiter, up to the empty one."""
        lines = await self._until(b"\r\n\r\n", _MAX_HEADER_BYTES)
        headers = Message()
        for line in lines.split(b"\r\n")[1:]:
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip()] = value.strip()
        return headers

    async def _until(self, mark: bytes, limit_bytes: int) -> bytes:
        """All before ``mark``, which is passed over."""
        while (end := self._held.find(mark)) < 0 and len(self._held) <= limit_bytes + len(mark):
            await self._more()
        if end < 0 or end > limit_bytes:
            raise InvalidUpload("The JSON part or a header of this multipart upload is too long.")
        found, self._held = self._held[:end], self._held[end + len(mark) :]
        return found

    async def _more(self) -> None:
        piece = await anext(self._body, b"")
        if not piece:
            raise InvalidUpload("The multipart body ends before its last boundary.")
        self._held += piece
