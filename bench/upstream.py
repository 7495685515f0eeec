"""An OpenAI-dialect server that answers at once, for the bench of what stands in front of it.

    python -m bench.upstream PORT

Each answer takes 6 ms of waiting and no thought. `GET /seen` tells how many requests came, and how
many of them had a whole picture in them.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import uvicorn

WAIT_SECONDS = 0.006
WORDS = ("A ", "cup ", "of ", "coffee ", "on ", "a ", "table", ".")
_seen = {"requests": 0, "pictures": 0}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application."""
    if scope["type"] != "http":
        return
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if scope["path"].endswith("/models"):
        await _reply(send, {"object": "list", "data": [{"id": "told-vl", "object": "model"}]})
        return
    if scope["path"] == "/seen":
        await _reply(send, _seen)
        return
    _seen["requests"] += 1
    _seen["pictures"] += b"base64," in body and len(body) > 1_000_000
    await asyncio.sleep(WAIT_SECONDS)
    usage = {"prompt_tokens": 300, "completion_tokens": len(WORDS), "total_tokens": 308}
    # Beside a picture of a megabyte, only what is before and behind it: to look must cost nothing.
    if b'"stream":true' not in (body[:4000] + body[-4000:]).replace(b" ", b""):
        message = {"role": "assistant", "content": "".join(WORDS)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        await _reply(send, _of({"choices": [choice], "usage": usage}, "chat.completion"))
        return
    events: list[dict[str, Any]] = [
        {"choices": [{"index": 0, "delta": {"content": w}, "finish_reason": None}]} for w in WORDS
    ]
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    events.append({"choices": [], "usage": usage})
    lines = [
        b"data: " + json.dumps(_of(e, "chat.completion.chunk")).encode() + b"\n\n" for e in events
    ]
    await send(_start(b"text/event-stream"))
    await send({"type": "http.response.body", "body": b"".join(lines) + b"data: [DONE]\n\n"})


def _of(value: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "told", "object": kind, "created": 1, "model": "told-vl"} | value


def _start(kind: bytes) -> dict[str, Any]:
    return {"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]}


async def _reply(send: Any, value: object) -> None:
    await send(_start(b"application/json"))
    await send({"type": "http.response.body", "body": json.dumps(value).encode()})


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
