"""The outermost layer: a request id, one log line, and JSON for every failure.

Plain ASGI, so that nothing between it and a handler can answer with HTML or with nothing.
"""

from __future__ import annotations

import secrets
import time

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twinsight.errors import Cancelled, Internal, TwinsightError, UnknownRoute
from twinsight.http.reply import error_reply

log = structlog.get_logger()


class Frame:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        self._app = app
        self._root_path = root_path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = self._without_prefix(scope)
        # With an app in the scope, the router raises what it would else answer in plain text.
        await self._request({**scope, "app": self._app}, receive, send)

    def _without_prefix(self, scope: Scope) -> Scope:
        """Takes off the path prefix of a proxy, ours by configuration or named by its header.

        Twice where it stands twice: the Java SDK puts the base URL's prefix in front of upload URLs
        that have it already.
        """
        named = dict(scope["headers"]).get(b"x-forwarded-prefix", b"").decode("latin-1")
        for prefix in filter(None, (self._root_path, named.split(",")[0].strip().rstrip("/"))):
            path = scope["path"]
            while path.startswith(prefix + "/"):
                path = path[len(prefix) :]
            if path != scope["path"] or prefix == self._root_path:
                scope = {**scope, "path": path, "root_path": prefix}
        return scope

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        status = 0

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", []),
                    (b"x-content-type-options", b"nosniff"),
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        try:
            await self._app(scope, receive, noting_send)
        except Exception as error:
            problem = _as_problem(error, Request(scope), request_id)
            if status == 0:
                await error_reply(problem, _in_array(scope))(scope, receive, noting_send)
            status = problem.code
        finally:
            # The query is left out: it may hold the key.
            log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )


def _as_problem(error: Exception, request: Request, request_id: str) -> TwinsightError:
    if isinstance(error, TwinsightError):
        if not isinstance(error, Cancelled):
            log.info("refused", status=error.status, reason=error.message[:300])
        return error
    if isinstance(error, HTTPException):
        # Starlette's own: no such route, or none for this method. Google says 404 to both.
        return UnknownRoute(request.method, request.url.path)
    log.error("fault", exc_info=error)
    return Internal(request_id)


def _in_array(scope: Scope) -> bool:
    streaming = scope["path"].endswith(":streamGenerateContent")
    return streaming and b"alt=sse" not in scope.get("query_string", b"")
