"""Every setting, named with its unit, checked at start.

In rising order of precedence: the defaults below, `twinsight.toml`, `TWINSIGHT_*` environment
variables, command-line flags. `twinsight doctor` prints the values in force and where each is from.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import platformdirs

from twinsight.errors import InvalidConfig

ENV_PREFIX = "TWINSIGHT_"
# Read by the parts of the project that are not settings of the server.
_OTHER_VARIABLES = {"TWINSIGHT_CONFIG", "TWINSIGHT_SHARED"}

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class ModelName:
    """A Gemini model name that this server answers to.

    `generation` decides what differs between Gemini's generations: the token table, whether
    several candidates are allowed, JSON mode together with functions.
    """

    generation: float
    display_name: str


def _known(*names: tuple[str, float, str]) -> dict[str, ModelName]:
    return {name: ModelName(generation, display) for name, generation, display in names}


MODEL_NAMES = _known(
    ("gemini-1.5-flash", 1.5, "Gemini 1.5 Flash"),
    ("gemini-1.5-pro", 1.5, "Gemini 1.5 Pro"),
    ("gemini-2.0-flash", 2.0, "Gemini 2.0 Flash"),
    ("gemini-2.0-flash-001", 2.0, "Gemini 2.0 Flash 001"),
    ("gemini-2.0-flash-exp", 2.0, "Gemini 2.0 Flash Experimental"),
    ("gemini-2.0-flash-lite", 2.0, "Gemini 2.0 Flash-Lite"),
    ("gemini-2.5-flash", 2.5, "Gemini 2.5 Flash"),
    ("gemini-2.5-flash-lite", 2.5, "Gemini 2.5 Flash-Lite"),
    ("gemini-2.5-flash-preview-05-20", 2.5, "Gemini 2.5 Flash Preview 05-20"),
    ("gemini-2.5-pro", 2.5, "Gemini 2.5 Pro"),
    ("gemini-3-flash-preview", 3.0, "Gemini 3 Flash Preview"),
    ("gemini-3-pro-preview", 3.0, "Gemini 3 Pro Preview"),
    ("gemini-3.5-flash", 3.5, "Gemini 3.5 Flash"),
    ("gemini-3.5-flash-lite", 3.5, "Gemini 3.5 Flash-Lite"),
    ("gemini-3.6-flash", 3.6, "Gemini 3.6 Flash"),
    ("gemini-3.8-flash", 3.8, "Gemini 3.8 Flash"),
    ("gemini-4-argon", 4.0, "Gemini 4 Argon"),
    ("gemini-flash-latest", 3.8, "Gemini Flash Latest"),
    ("gemini-robotics-er-2-preview", 3.0, "Gemini Robotics-ER 2 Preview"),
)


_DATA_DIR = Path(platformdirs.user_data_dir("twinsight"))


def _setting(default: Any, help: str) -> Any:
    if isinstance(default, dict):
        return field(default_factory=default.copy, metadata={"help": help})
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True, slots=True)
class Config:
    """All settings. Sizes in bytes (or written `20 MB`), times in seconds, pictures in pixels."""

    host: str = _setting("127.0.0.1", "address to bind")
    port: int = _setting(8080, "port to bind; 0 takes a free one")
    root_path: str = _setting("", "path prefix that a proxy in front leaves on, such as /gemini")
    profile: str = _setting("pocket", "which engines answer: pocket, desk or fleet")
    engine_url: str = _setting(
        "",
        "an OpenAI-dialect server with a vision-language model; makes the profile desk. Several "
        "with the same model, commas between, make it fleet",
    )
    engine_gguf: str = _setting(
        "", "a GGUF file to serve by llama.cpp in a child process, in place of engine_url"
    )
    engine_mmproj: str = _setting("", "the GGUF file of that model's eyes")
    engine_program: str = _setting("", "a llama-server to serve it, in place of xllamacpp")
    engine_context: int = _setting(8192, "tokens of one conversation with that model")
    engine_model: str = _setting("", "which of that server's models; needed when it has several")
    engine_dialect: str = _setting(
        "", "how that model writes boxes; told by its name when empty, none for not at all"
    )
    engine_key: str = _setting("", "the API key for that server, if it wants one")
    engine_max_side: int = _setting(
        1568, "pixels on the longer side of the pictures that it is sent"
    )
    engine_requests: int = _setting(64, "requests that may wait for that server at one time")
    roles: dict[str, str] = _setting(
        {}, "engines in place of the profile's, such as detector = yolox_nano"
    )
    look: Literal["careful", "fast"] = _setting(
        "careful", "how objects are looked for; fast takes a quarter of the time"
    )
    data_dir: Path = _setting(_DATA_DIR, "where keys and files are kept")
    allow_open: bool = _setting(
        False, "serve other machines without any API key (by default this is refused)"
    )
    playground: bool = _setting(True, "serve the playground page at /")
    log_format: Literal["auto", "json", "console"] = _setting("auto", "form of the log lines")

    max_body_bytes: int = _setting(100 * MIB, "a request's body; Google's older limit is 20 MB")
    max_images: int = _setting(3600, "pictures in one request")
    max_pixels: int = _setting(100_000_000, "pixels of one picture, read from its header")
    max_prompt_tokens: int = _setting(1_048_576, "text tokens in one request")
    output_token_limit: int = _setting(65_536, "tokens of one answer")
    max_image_bytes: int = _setting(100 * MIB, "one stored or fetched picture, encoded")
    token_policy: Literal["tiles", "tiles+overview", "flat258"] = _setting(
        "tiles", "how a picture's tokens are counted for 1.5 and 2.x names"
    )
    strict_fields: bool = _setting(False, "refuse every unknown field name, from SDKs too")

    workers: int = _setting(0, "threads for decoding and inference; 0 means one a core")
    max_queue: int = _setting(64, "requests waiting for a worker before 503 is answered")
    request_seconds: float = _setting(300.0, "time for one request when the client sets none")
    shutdown_seconds: float = _setting(30.0, "time to finish what was accepted when stopping")
    scene_cache: int = _setting(256, "pictures whose findings are remembered")

    max_file_bytes: int = _setting(2 * GIB, "one stored file")
    max_owner_bytes: int = _setting(20 * GIB, "all files of one key")
    file_seconds: float = _setting(48 * 3600.0, "life of a stored file")
    upload_seconds: float = _setting(6 * 3600.0, "life of an unfinished upload")
    max_open_uploads: int = _setting(1000, "unfinished uploads of one key")
    fetch_hosts: tuple[str, ...] = _setting(
        (), "hosts that pictures may be fetched from by URL; none by default"
    )

    models: dict[str, ModelName] = field(
        default_factory=dict, metadata={"help": "further model names to answer to"}
    )

    @property
    def model_names(self) -> dict[str, ModelName]:
        return MODEL_NAMES | self.models

    @property
    def worker_threads(self) -> int:
        return self.workers or len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration, and for each setting where its value is from."""

    config: Config
    origin: Mapping[str, str]


def load(
    path: Path | None = None,
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Loaded:
    """Gathers the settings. Raises InvalidConfig, which names the setting and its source.

    `path` is the file to read; without it `TWINSIGHT_CONFIG`, then `twinsight.toml` in the current
    folder if there is one.
    """
    config, origin = Config(), {f.name: "default" for f in fields(Config)}
    for values, source in (
        _file(path, environ),
        (_environment(environ), "environment"),
        ({k: v for k, v in (flags or {}).items() if v is not None}, "flag"),
    ):
        for name, value in values.items():
            config = replace(config, **{name: _convert(name, value, source)})
            origin[name] = source
    for name in ("engine_url", "engine_gguf"):
        if getattr(config, name) and origin["profile"] == "default":
            config = replace(config, profile="fleet" if "," in config.engine_url else "desk")
            origin["profile"] = name
    _check(config)
    return Loaded(config, origin)


def _file(path: Path | None, environ: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    named = path or (Path(environ["TWINSIGHT_CONFIG"]) if environ.get("TWINSIGHT_CONFIG") else None)
    chosen = named or Path("twinsight.toml")
    if named is None and not chosen.is_file():
        return {}, ""
    try:
        return tomllib.loads(chosen.read_text("utf-8")), str(chosen)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfig(f"{chosen} cannot be read: {error}") from error


def _environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {
        key.removeprefix(ENV_PREFIX).lower(): value
        for key, value in environ.items()
        if key.startswith(ENV_PREFIX) and key not in _OTHER_VARIABLES
    }
    if "roles" in values:
        pairs = [pair.partition("=") for pair in values["roles"].split(",") if pair.strip()]
        if not all(role.strip() and name.strip() for role, _, name in pairs):
            raise InvalidConfig("TWINSIGHT_ROLES is written like detector=NAME,segmenter=NAME.")
        values["roles"] = {role.strip(): name.strip() for role, _, name in pairs}
    if "fetch_hosts" in values:
        values["fetch_hosts"] = [h.strip() for h in values["fetch_hosts"].split(",") if h.strip()]
    return values


_SIZE = re.compile(r"(\d{1,9}) ?([KMG])i?B", re.IGNORECASE)
_UNITS = {"K": 1024, "M": MIB, "G": GIB}

_TYPES = get_type_hints(Config)


def _convert(name: str, value: Any, source: str) -> Any:
    if name not in _TYPES:
        shown = str.upper if source == "environment" else str
        prefix = ENV_PREFIX if source == "environment" else ""
        meant = [f" Did you mean {prefix}{shown(n)}?" for n in get_close_matches(name, _TYPES, 1)]
        raise InvalidConfig(
            f"{source}: there is no setting {prefix}{shown(name)}.{''.join(meant)} Settings: "
            f"{', '.join(sorted(_TYPES))}."
        )
    size = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if size and name.endswith("_bytes"):
        value = int(size[1]) * _UNITS[size[2].upper()]
    if name == "data_dir":
        return Path(value).expanduser()
    if name == "engine_url" and isinstance(value, list):
        value = ", ".join(str(url) for url in value)
    try:
        return msgspec.convert(value, _TYPES[name], strict=False)
    except msgspec.ValidationError as error:
        is_choice = get_origin(_TYPES[name]) is Literal
        why = f"it is one of {', '.join(get_args(_TYPES[name]))}" if is_choice else str(error)
        raise InvalidConfig(f"{source}: {name} = {value!r} does not fit: {why}") from error


_POSITIVE = (
    "engine_context",
    "engine_max_side",
    "engine_requests",
    "max_body_bytes",
    "max_image_bytes",
    "max_images",
    "max_pixels",
    "max_prompt_tokens",
    "output_token_limit",
    "max_queue",
    "request_seconds",
    "shutdown_seconds",
    "max_file_bytes",
    "max_owner_bytes",
    "file_seconds",
    "upload_seconds",
    "max_open_uploads",
)


def _check(config: Config) -> None:
    if config.engine_url and config.engine_gguf:
        raise InvalidConfig("engine_url and engine_gguf are two engines: set one of them.")
    for name in _POSITIVE:
        if getattr(config, name) <= 0:
            raise InvalidConfig(f"{name} must be above zero, not {getattr(config, name)}.")
    for name in ("workers", "scene_cache"):
        if getattr(config, name) < 0:
            raise InvalidConfig(f"{name} must not be below zero.")
    if not 0 <= config.port <= 65535:
        raise InvalidConfig(f"port must be between 0 and 65535, not {config.port}.")
