"""The ASGI application: routes, CORS, and what starts and stops with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from starlette.convertors import Convertor, register_url_convertor
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from twinsight import __version__
from twinsight.config import Config
from twinsight.engines.eyes import Eyes
from twinsight.files.limits import FileLimits
from twinsight.files.local import LocalStore
from twinsight.http import files, generate, models, playground, uploads
from twinsight.http.auth import Keys
from twinsight.http.frame import Frame
from twinsight.http.pool import Pool
from twinsight.http.reply import json_reply
from twinsight.http.state import State
from twinsight.tasks.scene import SceneCache

log = structlog.get_logger()

SWEEP_SECONDS = 60.0

_CORS_HEADERS = (
    "authorization",
    "content-type",
    "x-goog-api-client",
    "x-goog-api-key",
    "x-goog-upload-command",
    "x-goog-upload-file-name",
    "x-goog-upload-header-content-length",
    "x-goog-upload-header-content-type",
    "x-goog-upload-offset",
    "x-goog-upload-protocol",
    "x-server-timeout",
)
_CORS_EXPOSED = (
    "x-goog-upload-chunk-granularity",
    "x-goog-upload-size-received",
    "x-goog-upload-status",
    "x-goog-upload-url",
)


class _Version(Convertor[str]):
    """The API versions, equal aliases of one another (CONTRACT §1.1)."""

    regex = "v1(?:alpha|beta1|beta)?"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("version", _Version())

# Where the models of an API version may live: the Gemini API, Vertex with a key, Vertex in full.
_MODEL_ROOTS = (
    "/{version:version}/models",
    "/{version:version}/tunedModels",
    "/{version:version}/publishers/{publisher}/models",
    "/{version:version}/projects/{project}/locations/{location}/publishers/{publisher}/models",
)


async def health(request: Request) -> Response:
    """For probes; needs no key and tells nothing but that the server runs."""
    return json_reply({"status": "ok", "version": __version__})


def routes(config: Config) -> list[Route]:
    """The route table; the documentation's list of endpoints is made from it."""
    calls = [
        Route(root + "/{call}", generate.model_call, methods=["POST"]) for root in _MODEL_ROOTS
    ]
    lists = [
        Route("/{version:version}/models", models.list_models),
        Route("/{version:version}/tunedModels", models.list_tuned_models),
        Route("/{version:version}/models/{model}", models.get_model),
        Route("/{version:version}/publishers/{publisher}/models", models.list_publisher_models),
        Route("/{version:version}/publishers/{publisher}/models/{model}", models.get_model),
    ]
    return [
        Route("/health", health),
        *calls,
        *lists,
        *uploads.routes(),
        *files.routes(),
        *(playground.routes() if config.playground else []),
    ]


def create_app(config: Config, eyes: Eyes) -> ASGIApp:
    """The application for one configuration and the engines that answer in it."""

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[dict[str, State]]:
        store = await LocalStore.open(config.data_dir / "files", _file_limits(config))
        state = State(
            config=config,
            keys=Keys(config.data_dir, any_page=config.allow_open),
            eyes=eyes,
            pool=Pool(
                config.worker_threads,
                config.max_queue,
                waiters=config.engine_requests if eyes.speaker is not None else 0,
            ),
            store=store,
            scenes=SceneCache(config.scene_cache),
        )
        sweeping = asyncio.ensure_future(_sweep(state))
        try:
            yield {"twinsight": state}
        finally:
            sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await sweeping
            await state.pool.close(config.shutdown_seconds)
            if eyes.speaker is not None:
                eyes.speaker.close()
            await store.close()

    # A second slash or a missing one is a mistake to name, not a redirect that drops a body.
    router = Router(routes(config), redirect_slashes=False, lifespan=lifespan)
    # CORS is outermost, so that a browser may read errors as well.
    return CORSMiddleware(
        Frame(router, config.root_path),
        allow_origins=["*"],
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=_CORS_HEADERS,
        expose_headers=_CORS_EXPOSED,
        max_age=3600,
    )


async def _sweep(state: State) -> None:
    while True:
        try:
            await state.store.sweep()
        except Exception as error:
            log.error("sweeping failed", exc_info=error)
        await asyncio.sleep(SWEEP_SECONDS)


def _file_limits(config: Config) -> FileLimits:
    return FileLimits(
        max_file_bytes=config.max_file_bytes,
        max_owner_bytes=config.max_owner_bytes,
        life_seconds=config.file_seconds,
        upload_life_seconds=config.upload_seconds,
        max_owner_open_uploads=config.max_open_uploads,
    )
