"""files.get, files.list, files.delete, and the answers to what is not served (CONTRACT §7.4)."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twinsight.errors import FileForbidden, InvalidArgument, Unimplemented
from twinsight.files.store import StoredFile
from twinsight.http.paging import page_size
from twinsight.http.reply import json_reply
from twinsight.http.state import state_of

DEFAULT_PAGE = 10
MAX_PAGE = 100

_HOST = re.compile(r"[A-Za-z0-9._\-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?", re.ASCII)
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~\-]+)*", re.ASCII)


def routes() -> list[Route]:
    """Under every version."""
    root = "/{version:version}/files"
    return [
        Route(root, list_files),
        Route(root, refuse_metadata, methods=["POST"]),
        Route(root + ":register", refuse_register, methods=["POST"]),
        Route(root + "/{name:path}", get_file),
        Route(root + "/{name:path}", delete_file, methods=["DELETE"]),
    ]


async def get_file(request: Request) -> Response:
    """One file, or for ``{name}:download`` the reason why uploads cannot be fetched back."""
    state = state_of(request)
    owner = state.keys.owner(request)
    file_id, _, verb = file_id_in(request.path_params["name"]).partition(":")
    file = await state.store.get(owner, file_id)
    if verb:
        raise InvalidArgument(
            f"The File {file_id} was uploaded; only generated files can be downloaded."
        )
    return json_reply(file_json(file, request))


async def list_files(request: Request) -> Response:
    """A page, newest first; `{}` when there is none."""
    state = state_of(request)
    owner = state.keys.owner(request)
    size = page_size(_query(request, "pageSize", "page_size"), DEFAULT_PAGE, MAX_PAGE)
    token = _query(request, "pageToken", "page_token")
    page = await state.store.page(owner, size, token or None)
    reply: dict[str, Any] = {}
    if page.files:
        reply["files"] = [file_json(file, request) for file in page.files]
    if page.next_token is not None:
        reply["nextPageToken"] = page.next_token
    return json_reply(reply)


async def delete_file(request: Request) -> Response:
    """200 with `{}`: SDKs fail on 204, and on a body that is empty."""
    state = state_of(request)
    owner = state.keys.owner(request)
    await state.store.delete(owner, file_id_in(request.path_params["name"]))
    return json_reply({})


async def refuse_metadata(request: Request) -> Response:
    """The old way to make a file from metadata alone."""
    state_of(request).keys.owner(request)
    raise InvalidArgument(
        "A file needs its bytes: send them to /upload/v1beta/files with the resumable protocol, as "
        "files.upload of the SDKs does."
    )


async def refuse_register(request: Request) -> Response:
    """files.register: files that Google's cloud storage holds."""
    state_of(request).keys.owner(request)
    raise Unimplemented("This server has no access to gs:// files. Upload them instead.")


def file_id_in(name: str) -> str:
    """The id in a name, a URI, or a URI that was encoded or squeezed on its way.

    SDKs send ``files.get(name=<http uri>)`` as ``/v1/files/http://host/v1beta/files/abc``
    (CONTRACT §7.4). Raises `FileForbidden` when there is none.
    """
    tail = unquote(name).split("?")[0].rstrip("/").rpartition("/")[2]
    if not tail:
        raise FileForbidden("")
    return tail[:100]


def file_json(file: StoredFile, request: Request) -> dict[str, Any]:
    """The File resource, its URI as the caller would write it (CONTRACT §7.3)."""
    version = request.path_params["version"]
    reply = {
        "name": f"files/{file.id}",
        "displayName": file.display_name,
        "mimeType": file.mime,
        "sizeBytes": str(file.size),
        "createTime": _timestamp(file.created),
        "updateTime": _timestamp(file.updated),
        "expirationTime": _timestamp(file.expires),
        "sha256Hash": base64.b64encode(file.sha256).decode(),
        "uri": f"{public_base(request)}/{version}/files/{file.id}",
        "state": file.state,
        "source": "UPLOADED",
    }
    return {name: value for name, value in reply.items() if value}


def public_base(request: Request) -> str:
    """Scheme, host and prefix under which the caller reaches this server; no slash at the end.

    From ``X-Forwarded-Proto``, ``-Host`` and ``-Prefix`` where a proxy sent them, else from
    ``Host``. They only ever go back to the caller that sent them; what cannot be part of a URL is
    ignored.
    """
    proto = _forwarded(request, "proto").lower()
    scheme = proto if proto in ("http", "https") else request.url.scheme
    prefix = _forwarded(request, "prefix").rstrip("/")
    if not prefix or not _PREFIX.fullmatch(prefix):
        prefix = request.scope.get("root_path", "")
    return f"{scheme}://{_host(request)}{prefix}"


def _host(request: Request) -> str:
    for host in (_forwarded(request, "host"), request.headers.get("host", "")):
        if _HOST.fullmatch(host):
            return host
    address, port = request.scope.get("server") or ("127.0.0.1", 80)
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _forwarded(request: Request, what: str) -> str:
    """The first value: that of the proxy nearest to the caller."""
    return request.headers.get(f"x-forwarded-{what}", "").split(",")[0].strip()


def _query(request: Request, camel: str, snake: str) -> str:
    return request.query_params.get(camel) or request.query_params.get(snake) or ""


def _timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
