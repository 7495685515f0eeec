"""Reading a request's body: whole, bounded, and counted against what the server holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

from twinsight.errors import Cancelled, DeadlineExceeded, PayloadTooLarge
from twinsight.http.state import Admission


@asynccontextmanager
async def whole_body(
    request: Request, limit_bytes: int, bodies: Admission, seconds: float
) -> AsyncIterator[list[bytes]]:
    """The body in pieces, to be joined on a worker: a copy of megabytes is no work for the loop.

    Its bytes count as held until the block ends; clear the list there to free them early.

    Raises PayloadTooLarge, Overloaded when too much is held already, Cancelled when the client
    leaves in the middle, DeadlineExceeded when it is not whole after so many seconds.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit_bytes:
        raise PayloadTooLarge(limit_bytes)
    body: list[bytes] = []
    held = 0
    try:
        async with _within(seconds):
            more = True
            while more:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise Cancelled
                piece = message.get("body", b"")
                if held + len(piece) > limit_bytes:
                    raise PayloadTooLarge(limit_bytes)
                bodies.take(len(piece))
                held += len(piece)
                body.append(piece)
                more = message.get("more_body", False)
        yield body
    finally:
        bodies.give(held)


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise DeadlineExceeded("The body of the request did not come in time.") from None
