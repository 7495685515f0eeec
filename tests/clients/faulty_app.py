"""A server with the real frame and faults on demand: python -m tests.clients.faulty_app DATA_DIR

Two conformance cases need what no sound engine does: a first word after a long pause, and a fault
in the middle of an answer. Here the question names the fault: `pause 3` says nothing for three
seconds, `break` fails after two pieces. Everything else, HTTP and wire, is the server's own.
`--set name=value` changes a setting; `--keys` makes one API key; `--fetch host:port` lets pictures
be fetched from there although it is this machine. It prints one JSON line when ready.
"""

from __future__ import annotations

import argparse
import json
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, get_args

import uvicorn

from twinsight.config import load
from twinsight.engines.eyes import Eyes
from twinsight.engines.roles import Card, Label, Purpose, Recognition
from twinsight.errors import Overloaded
from twinsight.files import resolve
from twinsight.geometry.detections import Detections
from twinsight.http import generate
from twinsight.http.app import create_app
from twinsight.http.auth import Keys
from twinsight.prompt import Delta, Finish, Prompt
from twinsight.tasks import run

BEAT_SECONDS = 0.25


class Glass:
    """Eyes that load nothing and see one kettle; for cases that are not about seeing."""

    card = Card("glass", ("labeler", "reader", "detector", "segmenter"), "test eyes", "Apache-2.0")

    def labels(self, picture: Any, top: int = 5) -> list[Label]:
        return [Label("kettle", 0.9)]

    def recognise(self, picture: Any) -> Recognition:
        return Recognition(Label("kettle", 0.9), (Label("kettle", 0.9),))

    def read(self, picture: Any) -> list[Any]:
        return []

    def detect(self, picture: Any, careful: bool = False) -> Detections:
        return Detections.empty()

    def detect_each(self, picture: Any, careful: bool = False) -> dict[Purpose, Detections]:
        return dict.fromkeys(get_args(Purpose), Detections.empty())

    def segment(self, picture: Any, xyxy: Any) -> list[Any]:
        return []


def with_faults(answer: Callable[..., Iterator[Delta]]) -> Callable[..., Iterator[Delta]]:
    """The server's own `run.answer`, save for questions that name a fault."""

    def faulty(prompt: Prompt, *given: Any, **named: Any) -> Iterator[Delta]:
        words = prompt.question.split()
        if words[:1] == ["pause"]:
            time.sleep(float(words[1]))
            yield Delta("late ", None, None, 1)
            yield Delta("but whole", Finish.STOP, None, 3)
        elif words[:1] == ["break"]:
            yield Delta("one ", None, None, 1)
            yield Delta("two ", None, None, 2)
            raise Overloaded(1.0)
        else:
            yield from answer(prompt, *given, **named)

    return faulty


class Announcing(uvicorn.Server):
    """Prints its address once it listens."""

    address: dict[str, str]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(json.dumps(self.address), flush=True)


def main() -> None:
    """Serve on a free port until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--keys", action="store_true")
    parser.add_argument("--fetch", metavar="HOST:PORT")
    asked = parser.parse_args()
    settings: dict[str, Any] = dict(pair.split("=", 1) for pair in asked.set)
    if asked.fetch:
        settings["fetch_hosts"] = [asked.fetch]
        resolve.Fetcher = partial(resolve.Fetcher, allow_private=True)
    config = load(flags={"data_dir": asked.data_dir, "port": 0, **settings}, environ={}).config
    secret = Keys(config.data_dir).add("tests")[1] if asked.keys else "any"
    run.answer = with_faults(run.answer)
    generate.HEARTBEAT_SECONDS = BEAT_SECONDS
    glass = Glass()
    app = create_app(config, Eyes("glass", glass, glass, glass, glass))
    listening = socket.create_server(("127.0.0.1", 0))
    address = {"url": f"http://127.0.0.1:{listening.getsockname()[1]}", "key": secret}
    server = Announcing(uvicorn.Config(app, log_level="warning"))
    server.address = address
    server.run(sockets=[listening])


if __name__ == "__main__":
    main()
