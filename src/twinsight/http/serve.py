"""Running the application under uvicorn: the checks before, the recipe when ready."""

from __future__ import annotations

import gc
import logging
import socket
import sys

import msgspec
import structlog
import uvicorn
from rich.console import Console
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twinsight import __version__
from twinsight.config import Config
from twinsight.engines.eyes import open_eyes
from twinsight.errors import InvalidConfig, SetupError
from twinsight.http.app import create_app
from twinsight.http.auth import Keys, is_loopback
from twinsight.http.protocol import Protocol

SWITCH_SECONDS = 0.001
"""How long a worker may keep the interpreter while the loop, which takes it anew for each event,
waits; Python's own 5 ms add up under many clients."""

_RECIPE = """\
[bold]Twinsight {version}[/] answers at [bold]{url}[/]  (profile {profile}, {keys})

  Any SDK   export GOOGLE_GEMINI_BASE_URL={url} GEMINI_API_KEY={key}
  Python    genai.Client(api_key="{key}", http_options={{"base_url": "{url}"}})
  Node      new GoogleGenAI({{apiKey: "{key}", httpOptions: {{baseUrl: "{url}"}}}})
  Go        genai.NewClient(ctx, &genai.ClientConfig{{APIKey: "{key}",
              HTTPOptions: genai.HTTPOptions{{BaseURL: "{url}"}}}})
  Java      Client.builder().apiKey("{key}").httpOptions(
              HttpOptions.builder().baseUrl("{url}").build()).build()
  curl      curl -H "x-goog-api-key: {key}" {url}/v1beta/models

Press Ctrl+C to stop."""


def serve(config: Config, console: Console) -> None:
    """Serves until stopped. Raises InvalidConfig when it must not or cannot start."""
    keyed = bool(Keys(config.data_dir).all())
    if not keyed and not config.allow_open and not is_loopback(config.host):
        raise InvalidConfig(
            f"Binding {config.host} would let other machines in, and no API key is configured. "
            "Make one with `twinsight keys add NAME`, or say --allow-open to serve everybody."
        )
    _check_port(config)
    _set_up_logs(config)
    eyes = open_eyes(config.profile, config)
    eyes.warm()
    if eyes.speaker is None and (config.engine_url or config.engine_gguf):
        unused = "engine_url" if config.engine_url else "engine_gguf"
        console.print(
            f"The profile {config.profile} does not use {unused}; the profile desk does.\n"
        )
    # What is there now stays: the collector need not look through it again and again.
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)
    application = _Starting(create_app(config, eyes))
    server = _Server(
        uvicorn.Config(
            application,
            host=config.host,
            port=config.port,
            http=Protocol,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=max(1, round(config.shutdown_seconds)),
            h11_max_incomplete_event_size=64 * 1024,
        ),
        lambda url: console.print(_recipe(url, config, keyed), markup=True),
    )
    try:
        server.run()
    except SystemExit as stop:
        raise application.problem or InvalidConfig(
            f"The server could not start on {config.host}:{config.port}; the lines above say why."
        ) from stop


def _check_port(config: Config) -> None:
    """Raises InvalidConfig when nobody can listen there, before the engines are loaded."""
    try:
        found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)
        family, kind, _, _, address = found[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise InvalidConfig(
            f"Nobody can listen on {config.host}:{config.port}: {error.strerror}. Is a server "
            "running there already? Another port is set by --port; 0 takes a free one."
        ) from error


class _Starting:
    """The application; keeps what its start was refused for, in place of uvicorn's traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.problem: SetupError | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def silent(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed" and isinstance(
                sys.exception(), SetupError
            ):
                logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            await send(message)

        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, silent)
        except SetupError as error:
            self.problem = error
            raise


class _Server(uvicorn.Server):
    """Tells when it is ready, with the port that it really has."""

    def __init__(self, config: uvicorn.Config, ready: object) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: object = None) -> None:
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started and callable(self._ready):
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
            self._ready(f"http://{f'[{shown}]' if ':' in shown else shown}:{port}")


def _recipe(url: str, config: Config, keyed: bool) -> str:
    return _RECIPE.format(
        version=__version__,
        url=url,
        profile=config.profile,
        key="YOUR_KEY" if keyed else "any",
        keys="API keys required" if keyed else "any API key, this machine only",
    )


def _json(event: object, **_: object) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()


def _set_up_logs(config: Config) -> None:
    as_json = config.log_format == "json" or (
        config.log_format == "auto" and not sys.stderr.isatty()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    final: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(_json) if as_json else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[*shared, final],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
