"""A reverse proxy that remembers what went through it, and can meddle.

Tests put it between an SDK and the server: to see the requests that the SDK really sends, to serve
under a path prefix or with X-Forwarded headers, and to make faults that no SDK would make itself.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP = {"connection", "keep-alive", "transfer-encoding", "host", "expect", "content-length"}


@dataclass
class Exchange:
    """One request, and the status and headers of its reply; names in the case that was sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int = 0
    reply_headers: list[tuple[str, str]] = field(default_factory=list)

    def header(self, name: str) -> str:
        """A request header by any case; empty when absent."""
        return {k.lower(): v for k, v in self.headers.items()}.get(name.lower(), "")


@dataclass
class Proxy:
    """`url` is where clients connect; `seen` grows with every exchange."""

    url: str
    seen: list[Exchange] = field(default_factory=list)


Meddle = Callable[[Exchange], None]


@contextmanager
def proxied(
    target: str,
    prefix: str = "",
    forwarded: bool = False,
    meddle: Meddle | None = None,
) -> Iterator[Proxy]:
    """A running proxy to `target`.

    `prefix` is cut off paths that have it. With `forwarded` the server gets its own name as Host
    and the client's view as X-Forwarded headers, else the client's Host unchanged. `meddle` may
    change an exchange before it goes on.
    """
    upstream = urlsplit(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *given: object) -> None:
            """Says nothing."""

        def handle_one(self) -> None:
            path = self.path.removeprefix(prefix) if prefix else self.path
            body = self.body()
            exchange = Exchange(self.command, path, dict(self.headers.items()), body)
            proxy.seen.append(exchange)
            if meddle is not None:
                meddle(exchange)
            kept = {k: v for k, v in exchange.headers.items() if k.lower() not in HOP}
            kept |= self.host_headers()
            link = http.client.HTTPConnection(upstream.netloc, timeout=60)
            try:
                link.request(exchange.method, exchange.path, exchange.body or None, kept)
                self.pass_on(link.getresponse(), exchange)
            finally:
                link.close()

        def host_headers(self) -> dict[str, str]:
            host = self.headers.get("Host", upstream.netloc)
            if not forwarded:
                return {"Host": host}
            told = {"X-Forwarded-Host": host, "X-Forwarded-Proto": "http"}
            return {"Host": upstream.netloc, "X-Forwarded-Prefix": prefix, **told}

        def body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            whole = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole

        def pass_on(self, reply: http.client.HTTPResponse, exchange: Exchange) -> None:
            exchange.status = reply.status
            exchange.reply_headers = reply.getheaders()
            self.send_response_only(reply.status, reply.reason)
            for name, value in reply.getheaders():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            length = reply.getheader("Content-Length")
            if length is not None:
                self.send_header("Content-Length", length)
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            while piece := reply.read1(65536):
                self.wfile.write(piece)
                self.wfile.flush()

        do_GET = do_POST = do_PUT = do_DELETE = handle_one  # noqa: N815 - http.server's names

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy = Proxy(f"http://127.0.0.1:{server.server_address[1]}{prefix}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
