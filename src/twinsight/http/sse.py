"""The two framings of a stream: server-sent events in the subset that every SDK parses, and a
JSON array that grows (CONTRACT §4.1, §4.3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import structlog

from twinsight.errors import Cancelled, Internal, TwinsightError
from twinsight.wire import write

log = structlog.get_logger()

# The only bytes that every client skips between events.
HEARTBEAT = b"\n\n"


async def events(chunks: AsyncIterator[dict[str, Any] | None]) -> AsyncIterator[bytes]:
    """One `data: ` line for each chunk; a None chunk is a heartbeat.

    A fault on the way is told twice, as an event and as a raw line: each form is missed by some
    SDK, and no SDK is hurt by both.
    """
    try:
        async for chunk in chunks:
            yield HEARTBEAT if chunk is None else b"data: " + write.dumps(chunk) + b"\n\n"
    except Exception as error:
        problem = write.dumps(write.error(_told(error)))
        yield b"data: " + problem + b"\n\n"
        yield problem


async def array(chunks: AsyncIterator[dict[str, Any] | None]) -> AsyncIterator[bytes]:
    """`[{…}` `,` `{…}` `]`, element by element; white space is the heartbeat."""
    opening = b"["
    try:
        async for chunk in chunks:
            if chunk is None:
                yield b"\n" if opening == b",\n" else b""
                continue
            yield opening + write.dumps(chunk) + b"\n"
            opening = b",\n"
    except Exception as error:
        yield opening + write.dumps(write.error(_told(error))) + b"\n"
        opening = b",\n"
    yield b"]" if opening == b",\n" else b"[]"


def _told(error: Exception) -> TwinsightError:
    if isinstance(error, TwinsightError):
        if not isinstance(error, Cancelled):
            log.warning("stream ended by an error", status=error.status, reason=error.message)
        return error
    log.error("stream ended by a fault", exc_info=error)
    return Internal(structlog.contextvars.get_contextvars().get("request_id", ""))
