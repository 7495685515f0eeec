"""What an upload is measured against: bytes from a request to a file, and nothing else.

    PUT /put?steps=            write the body to disk as it comes
    PUT /put?steps=fsync       and make it durable before the reply: what a careful server does
    PUT /put?steps=fsync,hash  and make its sha256, in the same thread as the writing

    POST /upload/{v}/files     just enough of the resumable protocol for the SDKs to send their
                               chunks: each is written, the last one is followed by one fsync

Writing runs in a thread while the next block comes in, as in Twinsight's store; without that the
plain app is slower. The chunks are taken on trust: no hash, no checks, nothing durable before the
end, nothing recorded.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

BLOCK_BYTES = 512 * 1024

uploads: dict[str, IO[bytes]] = {}


async def put(request: Request) -> Response:
    steps = request.query_params.get("steps", "")
    hasher = hashlib.sha256()

    with tempfile.NamedTemporaryFile(dir=FOLDER) as file:

        def write(pieces: list[bytes]) -> None:
            for piece in pieces:
                if "hash" in steps:
                    hasher.update(piece)
                file.write(piece)

        await pour(request, write)
        file.flush()
        if "fsync" in steps:
            await asyncio.to_thread(os.fsync, file.fileno())
    return Response(hasher.hexdigest())


async def chunk(request: Request) -> Response:
    """A start, a chunk, or the last chunk."""
    commands = request.headers.get("x-goog-upload-command", "")
    if commands == "start":
        name = secrets.token_hex(8)
        # Open from the first chunk to the last.
        uploads[name] = tempfile.NamedTemporaryFile(dir=FOLDER)  # noqa: SIM115
        return reply(
            {},
            "active",
            {"X-Goog-Upload-URL": f"{request.base_url}{request.url.path[1:]}?upload_id={name}"},
        )
    name = request.query_params["upload_id"]
    file = uploads[name]
    await pour(request, lambda pieces: [file.write(piece) for piece in pieces])
    if "finalize" not in commands:
        return reply({}, "active", {})
    file.flush()
    await asyncio.to_thread(os.fsync, file.fileno())
    uploads.pop(name).close()
    return reply({"file": {"name": f"files/{name}", "sha256Hash": "bm9uZQ=="}}, "final", {})


async def delete(request: Request) -> Response:
    """The file is gone already."""
    return JSONResponse({})


def reply(body: dict[str, object], status: str, headers: dict[str, str]) -> Response:
    return JSONResponse(body, headers={"X-Goog-Upload-Status": status, **headers})


async def pour(request: Request, write: Callable[[list[bytes]], object]) -> None:
    """Hand the body to ``write``, in a thread, block by block."""
    loop = asyncio.get_running_loop()
    batch: list[bytes] = []
    size = 0
    writing: asyncio.Future[object] = loop.create_future()
    writing.set_result(None)
    async for piece in request.stream():
        batch.append(piece)
        size += len(piece)
        if size >= BLOCK_BYTES:
            await writing
            writing = loop.run_in_executor(None, write, batch)
            batch, size = [], 0
    await writing
    await loop.run_in_executor(None, write, batch)


if __name__ == "__main__":
    FOLDER = Path(sys.argv[1])
    routes = [
        Route("/put", put, methods=["PUT"]),
        Route("/upload/{version}/files", chunk, methods=["POST"]),
        Route("/{version}/files/{name}", delete, methods=["DELETE"]),
    ]
    uvicorn.run(
        Starlette(routes=routes), port=int(sys.argv[2]), log_level="warning", access_log=False
    )
