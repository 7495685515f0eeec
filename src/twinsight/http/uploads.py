"""files.upload: Google's resumable protocol, and the older one-request forms (CONTRACT §7.1, §7.2).

Three habits of the SDKs shape this module. Some look the headers up letter for letter, so these are
spelled as Google spells them. A reply without ``X-Goog-Upload-Status`` makes them send the chunk
again, and an error with the status ``active`` makes Python go on to the next chunk: so every reply
has the header, and every error says ``final``. A client that means to resume asks with ``query``,
which tells how the upload really stands.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from twinsight.errors import Cancelled, Internal, InvalidUpload, TwinsightError
from twinsight.files.store import FileWish, StoredFile, Upload
from twinsight.http.body import whole_body
from twinsight.http.files import file_json, public_base
from twinsight.http.multipart import related_parts
from twinsight.http.reply import error_reply, json_reply
from twinsight.http.state import State, state_of
from twinsight.wire import lenient
from twinsight.wire.proto import Field, Message, Reader

log = structlog.get_logger()

CHUNK_GRANULARITY = 262_144
MAX_METADATA_BYTES = 64 * 1024

_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)
_MIME = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}", re.ASCII)

_FILE = Message(
    "File",
    {
        "name": Field("string"),
        "display_name": Field("string"),
        "mime_type": Field("string"),
        "size_bytes": Field("int"),
    },
)
_CREATE_FILE = Message("CreateFileRequest", {"file": Field("message", message=lambda: _FILE)})


def routes() -> list[Route]:
    """Under every version; some JavaScript clients write the version twice (CONTRACT §1.1)."""
    paths = (
        "/upload/{version:version}/files",
        "/{_version:version}/upload/{version:version}/files",
    )
    return [Route(path, upload, methods=["POST", "PUT"]) for path in paths]


async def upload(request: Request) -> Response:
    """Everything under the upload path: a start, a command, or a whole file at once."""
    try:
        return await _handler(request)(request)
    except ClientDisconnect:
        raise Cancelled from None
    except TwinsightError as problem:
        log.info("refused", status=problem.status, reason=problem.message[:300])
        return await _refusal(request, problem)
    except Exception as fault:
        log.error("fault", exc_info=fault)
        return await _refusal(request, Internal())


def _handler(request: Request) -> Callable[[Request], Awaitable[Response]]:
    if _token(request):
        return _command
    protocol = request.headers.get("x-goog-upload-protocol", "").strip().lower()
    kind = protocol or request.query_params.get("uploadType", "").lower()
    if kind == "multipart":
        return _multipart
    if kind in ("raw", "media"):
        return _raw
    return _start


async def _start(request: Request) -> Response:
    state = state_of(request)
    owner = state.keys.owner(request)
    if _commands(request) != {"start"}:
        raise InvalidUpload(
            "An upload begins with the headers 'X-Goog-Upload-Protocol: resumable' and "
            "'X-Goog-Upload-Command: start'."
        )
    async with whole_body(
        request, MAX_METADATA_BYTES, state.bodies, state.config.request_seconds
    ) as body:
        wish = _wish(request, lenient.parse(b"".join(body)))
    opened = await state.store.start(owner, wish)
    version = request.path_params["version"]
    url = f"{public_base(request)}/upload/{version}/files?upload_id={opened.token}"
    return _reply(
        {},
        "active",
        ("X-Goog-Upload-URL", url),
        ("X-Goog-Upload-Control-URL", url),
        ("X-Goog-Upload-Chunk-Granularity", str(CHUNK_GRANULARITY)),
    )


async def _command(request: Request) -> Response:
    """A command for an upload under way. Its token is the authority; no key is asked for."""
    state, token, commands = state_of(request), _token(request), _commands(request)
    if commands == {"query"}:
        return _progress(await state.store.query(token))
    if commands == {"cancel"}:
        await state.store.cancel(token)
        return _reply({}, "cancelled")
    if not commands or commands - {"upload", "finalize"}:
        raise InvalidUpload(
            "X-Goog-Upload-Command must be 'upload', 'upload, finalize', 'finalize', 'query' or "
            f"'cancel', not {request.headers.get('x-goog-upload-command', '')[:40]!r}."
        )
    if "upload" in commands:
        offset = _number(request, "x-goog-upload-offset") or 0
        length = _number(request, "content-length")
        progress = await state.store.append(token, offset, request.stream(), length)
    if "finalize" in commands:
        return _finished(request, await state.store.finalize(token))
    return _progress(progress)


async def _raw(request: Request) -> Response:
    """``uploadType=media``: the body is the file."""
    state = state_of(request)
    owner = state.keys.owner(request)
    declared = _mime(request.headers.get("content-type", ""))
    wish = FileWish(mime=declared, size=_number(request, "content-length"))
    return await _whole(request, state, owner, wish, request.stream())


async def _multipart(request: Request) -> Response:
    """``uploadType=multipart``: the first part is JSON, the second the file."""
    state = state_of(request)
    owner = state.keys.owner(request)
    parts = related_parts(request.headers.get("content-type", ""), request.stream())
    metadata = await parts.whole(MAX_METADATA_BYTES)
    mime = await parts.next_part()
    told = _wish(request, lenient.parse(metadata))
    wish = FileWish(told.id, told.display_name, told.mime or _mime(mime))
    return await _whole(request, state, owner, wish, parts.content())


async def _whole(
    request: Request, state: State, owner: str, wish: FileWish, body: AsyncIterator[bytes]
) -> Response:
    """A file in one request; one that breaks off leaves nothing."""
    opened = await state.store.start(owner, wish)
    try:
        await state.store.append(opened.token, 0, body)
        file = await state.store.finalize(opened.token)
    except BaseException:
        with suppress(TwinsightError):
            await state.store.cancel(opened.token)
        raise
    return _finished(request, file)


async def _refusal(request: Request, problem: TwinsightError) -> Response:
    """The error, with how much was received where the upload lives on."""
    reply = error_reply(problem)
    _add(reply, ("X-Goog-Upload-Status", "final"))
    if _token(request):
        try:
            found = await state_of(request).store.query(_token(request))
        except TwinsightError:
            return reply
        _add(reply, ("X-Goog-Upload-Size-Received", str(found.received)))
    return reply


def _progress(progress: Upload) -> Response:
    return _reply({}, progress.state, ("X-Goog-Upload-Size-Received", str(progress.received)))


def _finished(request: Request, file: StoredFile) -> Response:
    received = ("X-Goog-Upload-Size-Received", str(file.size))
    return _reply({"file": file_json(file, request)}, "final", received)


def _reply(body: dict[str, Any], status: str, *headers: tuple[str, str]) -> Response:
    reply = json_reply(body)
    _add(reply, ("X-Goog-Upload-Status", status), *headers)
    return reply


def _add(reply: Response, *headers: tuple[str, str]) -> None:
    """Headers spelled as given; Starlette's own interface would write them in lower case."""
    reply.raw_headers.extend(
        (_Spelled(name.encode()), value.encode("latin-1")) for name, value in headers
    )


class _Spelled(bytes):
    """A header name that keeps its capitals on the way out.

    ASGI wants lower case and uvicorn sees to it, rightly by HTTP; but the asynchronous Python SDK
    and old Java look ``X-Goog-Upload-URL`` up letter for letter (CONTRACT §7.1).
    """

    def lower(self) -> _Spelled:
        return self


def _wish(request: Request, body: Any) -> FileWish:
    """What the headers and the JSON say about the file; the headers win, as they do at Google."""
    read = Reader(strict_at=lambda path: False).read(_CREATE_FILE, body)
    told = read.get("file", {})
    size = _number(request, "x-goog-upload-header-content-length")
    return FileWish(
        id=told.get("name") or None,
        display_name=told.get("display_name") or None,
        mime=_mime(request.headers.get("x-goog-upload-header-content-type", ""))
        or _mime(told.get("mime_type", "")),
        size=told.get("size_bytes") if size is None else size,
    )


def _mime(text: str) -> str | None:
    """A type without its parameters, in lower case; None for what is no type, to be sniffed."""
    bare = text.partition(";")[0].strip().lower()
    return bare if _MIME.fullmatch(bare) else None


def _commands(request: Request) -> set[str]:
    header = request.headers.get("x-goog-upload-command", "")
    return {word.strip().lower() for word in header.split(",") if word.strip()}


def _token(request: Request) -> str:
    return request.query_params.get("upload_id", "")[:200]


def _number(request: Request, header: str) -> int | None:
    """A count of bytes in a header; None when it is absent. `InvalidUpload` when it is none."""
    text = request.headers.get(header, "").strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or int(text) >= 2**63:
        raise InvalidUpload(f"The header {header} must be a number of bytes, not {text[:40]!r}.")
    return int(text)
