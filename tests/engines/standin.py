"""A scripted stand-in for an OpenAI-dialect server: it says what it is told to, with faults."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Play:
    """One answer: pieces of text, or whole `delta` objects, and how it ends.

    `before` runs before the first byte, `between` after each piece. `cut` closes the connection
    where the finish would be, `silent` before the first byte. `raw` replaces the whole stream, `status` and `body` make a refusal.
    """

    pieces: tuple[str | dict[str, Any], ...] = ()
    finish: str | None = "stop"
    usage: Any = None
    logprobs: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    body: bytes = b""
    raw: bytes | None = None
    streamed: bool = True
    cut: bool = False
    silent: bool = False
    before: Callable[[], object] = lambda: None
    between: Callable[[], object] = lambda: None


def says(*pieces: str | dict[str, Any], **more: Any) -> Play:
    return Play(pieces, **more)


@dataclass
class Standin:
    """`plays` are given in turn, the last one again and again; `asked` are the requests."""

    url: str
    plays: list[Play] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "told-vl"}])
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    left: threading.Event = field(default_factory=threading.Event)
    """Set when a client has closed its connection before its answer was whole."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def play(self, *plays: Play) -> None:
        self.plays = list(plays)

    def next_play(self) -> Play:
        with self.lock:
            return self.plays.pop(0) if len(self.plays) > 1 else self.plays[0]

    @property
    def last(self) -> dict[str, Any]:
        return self.asked[-1]


@contextmanager
def standing_in(tls: ssl.SSLContext | None = None) -> Iterator[Standin]:
    """The stand-in on a free port, by HTTPS with a context."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "https" if tls else "http"
    stand = Standin(f"{scheme}://127.0.0.1:{server.server_address[1]}")
    server.stand = stand  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield stand
    server.shutdown()
    server.server_close()
    thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def stand(self) -> Standin:
        return self.server.stand  # type: ignore[attr-defined, no-any-return]

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.stand.connections.add(self.client_address)
        self.reply(200, json.dumps({"object": "list", "data": self.stand.models}).encode())

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.stand.lock:
            self.stand.connections.add(self.client_address)
            self.stand.asked.append(asked)
            self.stand.headers.append({k.lower(): v for k, v in self.headers.items()})
        play = self.stand.next_play()
        try:
            self.perform(play)
        except OSError:
            self.stand.left.set()
            self.close_connection = True

    def perform(self, play: Play) -> None:
        play.before()
        if play.silent:
            self.close_connection = True
            return
        if play.status != 200:
            self.reply(play.status, play.body)
            return
        if not play.streamed:
            self.reply(200, json.dumps(whole(play)).encode())
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if play.raw is not None:
            self.chunk(play.raw)
            self.chunk(b"")
            return
        for piece in play.pieces:
            delta = {"content": piece} if isinstance(piece, str) else piece
            choice: dict[str, Any] = {"index": 0, "delta": delta, "finish_reason": None}
            if isinstance(piece, str) and piece in play.logprobs:
                choice["logprobs"] = {"content": [play.logprobs[piece]]}
            self.event({"choices": [choice]})
            play.between()
        if play.cut:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": play.finish}]})
        if play.usage is not None:
            self.event({"choices": [], "usage": play.usage})
        self.chunk(b"data: [DONE]\n\n")
        self.chunk(b"")

    def event(self, value: dict[str, Any]) -> None:
        self.chunk(b"data: " + json.dumps(value).encode() + b"\n\n")

    def chunk(self, content: bytes) -> None:
        self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def whole(play: Play) -> dict[str, Any]:
    """The answer as a server gives it that does not stream."""
    text = "".join(piece for piece in play.pieces if isinstance(piece, str))
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": play.finish}
    return {"choices": [choice], "usage": play.usage or {}}
