"""What an upload is measured against: PUT a body to a file, and nothing else.

    PUT /put?steps=            write the body to disk as it comes
    PUT /put?steps=fsync       and make it durable before the reply
    PUT /put?steps=fsync,hash  and make its sha256, in the same thread as the writing

Writing runs in a thread while the next block comes in, as in Twinsight's store; without that the
plain app is slower.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import tempfile
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

BLOCK_BYTES = 512 * 1024


async def put(request: Request) -> Response:
    steps = request.query_params.get("steps", "")
    hasher = hashlib.sha256()
    loop = asyncio.get_running_loop()
    with tempfile.NamedTemporaryFile(dir=FOLDER) as file:

        def write(pieces: list[bytes]) -> None:
            for piece in pieces:
                if "hash" in steps:
                    hasher.update(piece)
                file.write(piece)

        batch: list[bytes] = []
        size = 0
        writing: asyncio.Future[None] = loop.create_future()
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
        file.flush()
        if "fsync" in steps:
            await loop.run_in_executor(None, os.fsync, file.fileno())
    return Response(hasher.hexdigest())


if __name__ == "__main__":
    FOLDER = Path(sys.argv[1])
    app = Starlette(routes=[Route("/put", put, methods=["PUT"])])
    uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
