"""The playground: the page at `/`, the files it is made of, and previews of pictures.

The page is static and talks to the Gemini API that this server answers, like any client. The
preview is its one address beyond that: browsers cannot show HEIC, and the Files API gives stored
pictures no way back, so the server draws both.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twinsight.errors import InvalidValue, PermissionDenied, UnknownRoute
from twinsight.files.resolve import resolve
from twinsight.http.body import whole_body
from twinsight.http.state import state_of, ticket_for
from twinsight.image.decode import DefaultLimits
from twinsight.image.preview import preview_jpeg
from twinsight.prompt import ImageRef
from twinsight.wire import lenient, read

PACKAGE = Path(__file__).parents[1]
PREVIEW_SIDE = 2048
THUMBNAIL_SIDE = 176

# Any page may call the API from a browser (CORS), but no other page shall see the pictures that a
# server without keys keeps. Browsers send a header of our own to another host only when that host
# allows it, and this one is not among those that the application allows.
PAGE_HEADER = "x-twinsight-playground"

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
    ".png": "image/png",
}

# Nothing but the page's own files runs or loads, and no other page may frame it. Pictures that the
# user picked are shown from blob: addresses. Trusted types: no text ever becomes markup.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
}

# The page asks in nobody's name but its own: field names are read as strictly as raw REST calls'.
_CALLER = read.Caller(generation=2.5, sdk=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page, in memory with its type and tag."""

    content: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, content: bytes, suffix: str) -> Asset:
        digest = hashlib.sha256(content).hexdigest()[:24]
        return cls(content, _TYPES[suffix], f'"{digest}"')

    def reply(self, request: Request) -> Response:
        """The file, or 304 to who has it already."""
        headers = _HEADERS | {"ETag": self.etag}
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(self.content, media_type=self.media_type, headers=headers)


def routes() -> list[Route]:
    """The page and its files: a fixed table made here, so that no path reaches the disk."""
    assets = dict(_assets())
    page = assets.pop("index.html")

    async def index(request: Request) -> Response:
        """The playground; not there when the setting `playground` is off."""
        return page.reply(request)

    async def asset(request: Request) -> Response:
        """The playground's own files and sample pictures."""
        found = assets.get(request.path_params["name"])
        if found is None:
            raise UnknownRoute(request.method, request.url.path)
        return found.reply(request)

    return [
        Route("/", index),
        Route("/playground/preview", preview, methods=["POST"]),
        Route("/playground/{name:path}", asset),
    ]


@cache
def _assets() -> dict[str, Asset]:
    """By path under /playground/: the page's files, the sample pictures, and these made small."""
    files = sorted((PACKAGE / "playground").iterdir())
    table = {file.name: Asset.of(file.read_bytes(), file.suffix) for file in files}
    for file in sorted((PACKAGE / "samples").iterdir()):
        if file.suffix in (".jpg", ".png"):
            content = file.read_bytes()
            small, _ = preview_jpeg(content, DefaultLimits(), THUMBNAIL_SIDE)
            table[f"samples/{file.name}"] = Asset.of(content, file.suffix)
            table[f"samples/{file.stem}.small.jpg"] = Asset.of(small, ".jpg")
    return table


async def preview(request: Request) -> Response:
    """The picture of a generateContent request, upright and small enough to show, as JPEG.

    Keys, limits and refusals are those of generateContent; nothing is kept. The header
    ``X-Picture-Size`` tells the true upright size as ``WIDTHxHEIGHT``. Raises PermissionDenied
    without the header that only the page itself can send from a browser.
    """
    if PAGE_HEADER not in request.headers:
        raise PermissionDenied(
            "Previews are for the playground's own page, which sends the header "
            "X-Twinsight-Playground."
        )
    state = state_of(request)
    owner = state.keys.owner(request)
    ticket = ticket_for(request, state.config)
    async with whole_body(
        request, state.config.max_body_bytes, state.bodies, ticket.remaining
    ) as body:
        prompt = await state.pool.run(
            ticket, lambda: read.generate_request(lenient.parse(b"".join(body)), _CALLER)
        )
        body.clear()
        image = _only(prompt.images)
        await resolve([image], owner, state.store, state.config)
        limits = DefaultLimits(state.config.max_pixels)
        jpeg, wh = await state.pool.run(
            ticket, lambda: preview_jpeg(image.encoded(), limits, PREVIEW_SIDE)
        )
    headers = {"Cache-Control": "no-store", "X-Picture-Size": f"{wh[0]}x{wh[1]}"}
    return Response(jpeg, media_type="image/jpeg", headers=headers)


def _only(images: tuple[ImageRef, ...]) -> ImageRef:
    if len(images) != 1:
        raise InvalidValue("contents", f"a preview is of one picture, not of {len(images)}")
    return images[0]
