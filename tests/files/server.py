"""A real server process with the Files API and no engines: python -m tests.files.server ROOT PORT

    --limits '{"idle_seconds": 2}'   overrides of FileLimits
    --sweep-seconds 60               how often the store is swept
    --prefix /gw                     path prefix that a proxy leaves on

It prints one line, "ready", once it listens.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import uvicorn
from starlette.convertors import CONVERTOR_TYPES, StringConvertor
from starlette.routing import Router
from starlette.types import ASGIApp

from twinsight.config import Config
from twinsight.files.limits import FileLimits
from twinsight.files.local import LocalStore
from twinsight.http import files, uploads
from twinsight.http.auth import Keys
from twinsight.http.frame import Frame
from twinsight.http.state import State


def files_app(root: Path, limits: FileLimits, sweep_seconds: float, prefix: str = "") -> ASGIApp:
    """The routes of the Files API in the server's own frame."""

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[dict[str, State]]:
        store = await LocalStore.open(root / "files", limits)
        config = Config(data_dir=root)
        nothing = cast("Any", None)
        state = State(config, Keys(root), nothing, nothing, store, nothing)
        sweeping = asyncio.ensure_future(_sweep(store, sweep_seconds))
        try:
            yield {"twinsight": state}
        finally:
            sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await sweeping
            await store.close()

    router = Router([*uploads.routes(), *files.routes()], redirect_slashes=False, lifespan=lifespan)
    return Frame(router, prefix)


async def _sweep(store: LocalStore, seconds: float) -> None:
    while True:
        await store.sweep()
        await asyncio.sleep(seconds)


@contextmanager
def serving(root: Path, limits: FileLimits | None = None, prefix: str = "") -> Iterator[str]:
    """The same in a thread of this process; gives its base URL, without the prefix."""
    app = files_app(root, limits or FileLimits(), sweep_seconds=3600, prefix=prefix)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the server did not start")
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()


class _Version(StringConvertor):
    """As in `twinsight.http.app`, which is not imported here: it would load the engines."""

    regex = "v1(?:alpha|beta1|beta)?"


CONVERTOR_TYPES.setdefault("version", _Version())


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print("ready", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--limits", type=json.loads, default={})
    parser.add_argument("--sweep-seconds", type=float, default=60.0)
    parser.add_argument("--prefix", default="")
    given = parser.parse_args()
    given.root.mkdir(parents=True, exist_ok=True)
    app = files_app(given.root, FileLimits(**given.limits), given.sweep_seconds, given.prefix)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=given.port, log_level="warning", access_log=False
    )
    _Server(config).run()


if __name__ == "__main__":
    main()
