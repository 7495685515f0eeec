"""HTTP/1.1 on one connection: uvicorn's, with bounds on a request's head, and a copy less."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 256 * 1024
"""Of a request line with its headers; more would be gathered without end."""
HEAD_SECONDS = 30.0
"""For a head to come whole."""


class Protocol(HttpToolsProtocol):
    """Refuses heads that are too long or too slow: no request stands behind them to do so."""

    cycle: Any
    _head_bytes = 0
    _slow: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._have_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._slow is not None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._refuse()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        self._have_head()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Hands the piece on as it came; uvicorn copies it into a bytearray, and that again."""
        if not self.cycle.body:
            # Nothing and a piece together are that piece, where both are bytes.
            self.cycle.body = b""
        super().on_body(body)

    def _await_head(self) -> None:
        if self._slow is None:
            self._head_bytes = 0
            self._slow = self.loop.call_later(HEAD_SECONDS, self._refuse)

    def _have_head(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

    def _refuse(self) -> None:
        self._have_head()
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            # The answer to the request before is under way: no word may come between.
            self.transport.close()
            return
        self.send_400_response("The head of the request is too long, or comes too slowly.")
