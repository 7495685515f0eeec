"""The line to one server by URL: plain blocking HTTP that another thread can end at once.

The standard library's client is used for one reason: a wait of minutes for a model must end the
moment its client leaves, and closing the socket under a blocked read does that. Connections are
kept open and used again. Connecting is tried again, since then nothing was sent; so is a question
to which a kept connection ends without a byte, once and on a new connection: llama.cpp's server
closes after each streamed reply without saying that it will. Else no question is sent twice.
"""

from __future__ import annotations

import http.client
import select
import socket
import ssl
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import msgspec

from twinsight import __version__
from twinsight.engines.speaker import Waiting
from twinsight.errors import (
    DeadlineExceeded,
    InvalidArgument,
    InvalidConfig,
    ResourceExhausted,
    TwinsightError,
    Unavailable,
)

CONNECT_SECONDS = 5.0
CONNECT_TRIES = 3
MOST_LINE_BYTES = 4 * 1024 * 1024
MOST_REPLY_BYTES = 64 * 1024 * 1024
_REASON_CHARACTERS = 400
_KEPT_OPEN = 64
_READ_BYTES = 65_536
_LENGTH_BYTES = 48
"""Of the last header and the empty line: what is known only when the body is written."""
_JSON = msgspec.json.Encoder()


class Line:
    """Requests to the server at `url`; safe for many threads."""

    def __init__(self, url: str, key: str = "") -> None:
        """Raises InvalidConfig when `url` is not one; without a path it is taken to mean `/v1`."""
        parts = urlsplit(url)
        try:
            host, port, place = parts.hostname, parts.port, parts.netloc.encode("idna")
        except ValueError:
            host = port = None
        if parts.scheme not in ("http", "https") or not host or parts.query or parts.username:
            raise InvalidConfig(
                f"engine_url = {url!r} is not the URL of a server. Write it like "
                "http://127.0.0.1:8000 or https://host/v1; the key goes into engine_key."
            )
        self.place = parts.netloc
        self._secure = parts.scheme == "https"
        self._host, self._port = host, port or (443 if self._secure else 80)
        self._root = parts.path.rstrip("/") or "/v1"
        self._headers = b"Host: %b\r\nUser-Agent: twinsight/%b\r\nAccept-Encoding: identity\r\n" % (
            place,
            __version__.encode(),
        )
        if not (key.isascii() and key.isprintable()):
            raise InvalidConfig("engine_key has characters that no HTTP header can carry.")
        if key:
            self._headers += b"Authorization: Bearer %b\r\n" % key.encode()
        self._tls = ssl.create_default_context() if self._secure else None
        self._lock = threading.Lock()
        self._idle: list[http.client.HTTPConnection] = []

    def get(self, path: str, waiting: Waiting) -> Any:
        """The JSON at `path`. Raises Unavailable, DeadlineExceeded and their kin."""
        with self._exchange(self._head("GET", path) + b"\r\n", waiting) as reply:
            return _json(_whole(reply))

    def post(self, path: str, value: object, waiting: Waiting) -> Generator[bytes, None, None]:
        """The lines of the reply to a JSON body, as they come; an unstreamed reply is one line."""
        with self._exchange(self._posted(path, value), waiting) as reply:
            if "event-stream" not in reply.headers.get("Content-Type", ""):
                yield b"data: " + _whole(reply).replace(b"\n", b" ")
                return
            yield from _lines(reply, waiting)

    def _head(self, method: str, path: str) -> bytes:
        return f"{method} {self._root}{path} HTTP/1.1\r\n".encode() + self._headers

    def _posted(self, path: str, value: object) -> memoryview:
        """Head and JSON in one piece: no copy of megabytes, and one call to send them."""
        head = self._head("POST", path) + b"Content-Type: application/json\r\n"
        room = len(head) + _LENGTH_BYTES
        message = bytearray(room)
        _JSON.encode_into(value, message, room)
        head += b"Content-Length: %d\r\n\r\n" % (len(message) - room)
        message[room - len(head) : room] = head
        return memoryview(message)[room - len(head) :]

    @contextmanager
    def _exchange(
        self, message: bytes | memoryview, waiting: Waiting
    ) -> Iterator[http.client.HTTPResponse]:
        kept = self._idle_one()
        if kept is not None:
            with suppress(_Stale), self._answered(kept, message, waiting) as reply:
                yield reply
                return
        with self._answered(None, message, waiting) as reply:
            yield reply

    @contextmanager
    def _answered(
        self,
        kept: http.client.HTTPConnection | None,
        message: bytes | memoryview,
        waiting: Waiting,
    ) -> Iterator[http.client.HTTPResponse]:
        """The reply on a connection that was kept, or on a new one. Raises _Stale, see there."""
        connection = kept or self._new(waiting)
        _limit(connection, waiting)
        wire = connection.sock
        reply: http.client.HTTPResponse | None = None
        again = False
        try:
            with waiting.on_leave(lambda: _hang_up(wire)):
                wire.sendall(message)
                reply = _begun(wire)
                if reply.status != 200:
                    raise _refusal(reply)
                yield reply
            again = reply.isclosed() and not reply.will_close
        except TimeoutError:
            waiting.check()
            raise DeadlineExceeded(
                f"The engine at {self.place} gave no answer within the time for this request."
            ) from None
        except (OSError, http.client.HTTPException) as fault:
            waiting.check()
            if kept and reply is None and isinstance(fault, ConnectionError):
                raise _Stale from fault
            raise Unavailable(
                f"The engine at {self.place} broke off: {_name(fault)}. Please try again."
            ) from fault
        finally:
            if reply is not None and not again:
                reply.close()
            self._put_away(connection, again)

    def _idle_one(self) -> http.client.HTTPConnection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            # Readable although nothing was asked: the server has closed it.
            if connection.sock is not None and not select.select([connection.sock], [], [], 0)[0]:
                return connection
            connection.close()

    def _new(self, waiting: Waiting) -> http.client.HTTPConnection:
        for attempt in range(CONNECT_TRIES):
            waiting.check()
            seconds = max(0.05, min(CONNECT_SECONDS, waiting.remaining))
            connection = http.client.HTTPConnection(self._host, self._port, timeout=seconds)
            if self._tls is not None:
                connection = http.client.HTTPSConnection(
                    self._host, self._port, timeout=seconds, context=self._tls
                )
            try:
                connection.connect()
            except OSError as error:
                connection.close()
                fault = error
                if attempt + 1 < CONNECT_TRIES:
                    time.sleep(min(0.1 * 4**attempt, max(0.0, waiting.remaining)))
                continue
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
        waiting.check()
        raise Unavailable(
            f"The engine at {self.place} cannot be reached: {_name(fault)}. Is it running?"
        )

    def _put_away(self, connection: http.client.HTTPConnection, keep: bool) -> None:
        with self._lock:
            if keep and connection.sock is not None and len(self._idle) < _KEPT_OPEN:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


class _Stale(Exception):
    """A kept connection ended before its reply began: the server had done with it."""


def _limit(connection: http.client.HTTPConnection, waiting: Waiting) -> None:
    """Reads of an open connection wait no longer than the request may."""
    # A little less than there is, so that there is time left to say whose fault it was.
    left = min(waiting.remaining, 86400.0)
    connection.sock.settimeout(max(0.05, left - min(1.0, left / 20)))


def _begun(wire: socket.socket) -> http.client.HTTPResponse:
    """The reply, its head read; without the connection's `request`, which sends in two calls."""
    reply = http.client.HTTPResponse(wire)
    try:
        reply.begin()
    except BaseException:
        reply.close()
        raise
    return reply


def _hang_up(wire: socket.socket) -> None:
    """Ends a read or write that another thread is blocked in."""
    with suppress(OSError):
        # Not the TLS layer's own shutdown, which is for the thread that reads.
        socket.socket.shutdown(wire, socket.SHUT_RDWR)


def _lines(reply: http.client.HTTPResponse, waiting: Waiting) -> Iterator[bytes]:
    """The reply's lines as they come: those of one chunk are read at one time."""
    total, held = 0, bytearray()
    while piece := reply.read1(_READ_BYTES):
        waiting.check()
        total += len(piece)
        held += piece
        if b"\n" in piece:
            *lines, rest = bytes(held).split(b"\n")
            held = bytearray(rest)
            yield from lines
        if len(held) > MOST_LINE_BYTES or total > MOST_REPLY_BYTES:
            raise Unavailable("The engine's answer has no end.")
    yield bytes(held)


def _whole(reply: http.client.HTTPResponse) -> bytes:
    content = reply.read(MOST_REPLY_BYTES + 1)
    if len(content) > MOST_REPLY_BYTES:
        raise Unavailable("The engine's answer has no end.")
    # Reads the end mark of a chunked reply, so that the connection can be used again.
    reply.read()
    return content


def _json(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unavailable("The engine's reply is not JSON.") from None


def _refusal(reply: http.client.HTTPResponse) -> TwinsightError:
    """What the server's refusal means to our client, with its own reason."""
    status = reply.status
    said = reason(reply.read(_REASON_CHARACTERS * 16)) or reply.reason
    if status in (400, 413, 415, 422):
        return InvalidArgument(f"The engine refused the request ({status}): {said}")
    if status == 429:
        return ResourceExhausted(f"The engine has too much to do ({status}): {said}")
    if status in (408, 504):
        return DeadlineExceeded(f"The engine ran out of time ({status}): {said}")
    if status in (401, 403):
        return Unavailable(
            f"The engine refuses this server's key ({status}): {said}. Whoever runs the server "
            "sets it as engine_key."
        )
    return Unavailable(f"The engine failed ({status}): {said}")


def reason(content: bytes) -> str:
    """The words in a server's error, in whichever of the usual shapes: short, on one line."""
    text = content.decode("utf-8", "replace")
    try:
        value = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _short(text)
    for key in ("error", "message", "detail"):
        if isinstance(value, dict) and value.get(key):
            value = value[key]
    return _short(value if isinstance(value, str) else msgspec.json.encode(value).decode())


def _short(text: str) -> str:
    line = " ".join(text.split()).strip(" .")
    return line if len(line) <= _REASON_CHARACTERS else line[: _REASON_CHARACTERS - 1] + "…"


def _name(fault: Exception) -> str:
    """A fault in words that do not hang on the machine's language."""
    words = {
        ConnectionRefusedError: "connection refused",
        ConnectionResetError: "connection reset",
        BrokenPipeError: "connection lost",
        TimeoutError: "no answer to the connection",
        socket.gaierror: "its name has no address",
        ssl.SSLCertVerificationError: "its certificate is not trusted (SSL_CERT_FILE names others)",
        ssl.SSLError: "it does not speak TLS, or not as we do",
        http.client.BadStatusLine: "what it sent is not HTTP",
        http.client.IncompleteRead: "its answer was cut",
        http.client.RemoteDisconnected: "it closed the connection without an answer",
    }
    return words.get(type(fault), type(fault).__name__)
