"""Reading a request's body: whole, bounded, and counted against what the server holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request

from twinsight.errors import Cancelled, PayloadTooLarge
from twinsight.http.state import Admission


@asynccontextmanager
async def whole_body(
    request: Request, limit_bytes: int, bodies: Admission
) -> AsyncIterator[bytearray]:
    """The body. Its bytes count as held until the block ends; clear it there to free them early.

    Raises PayloadTooLarge, Overloaded when too much is held already, Cancelled when the client
    leaves in the middle.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit_bytes:
        raise PayloadTooLarge(limit_bytes)
    body = bytearray()
    held = 0
    try:
        async for piece in request.stream():
            if len(body) + len(piece) > limit_bytes:
                raise PayloadTooLarge(limit_bytes)
            bodies.take(len(piece))
            held += len(piece)
            body += piece
        yield body
    except ClientDisconnect:
        raise Cancelled from None
    finally:
        bodies.give(held)
