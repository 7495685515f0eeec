"""The `twinsight` command.

Answers go to standard output, everything else to standard error. Exit codes: 0 done, 1 the request
was refused or an answer could not be given, 2 wrong usage or configuration, 130 interrupted.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import cyclopts
from cyclopts import App, Parameter

from twinsight import __version__
from twinsight.albums import commands as albums
from twinsight.errors import HubError, SetupError, TwinsightError, UsageError
from twinsight.model_commands import app as models_app
from twinsight.terminal import ConfigFile, DataDir, Profile, busy, err, out, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twinsight.config import Loaded

app = App(
    name="twinsight",
    help="Gemini's image-understanding API, answered by open models on your own machine.\n\n"
    'Start with `twinsight ask photo.jpg "What is this image?"` or `twinsight serve`.',
    version=__version__,
    console=out,
    error_console=err,
)
keys_app = App(name="keys", help="API keys: who may ask this server.")
app.command(keys_app)
app.command(models_app)


EngineUrl = Annotated[
    str | None, Parameter(help="an OpenAI-dialect server with a vision-language model")
]


def main() -> None:
    """The entry point: user errors in a line, without a traceback."""
    try:
        result = app(exit_on_error=False, print_error=True)
    except cyclopts.CycloptsError:
        sys.exit(2)
    except UsageError as error:
        err.print(plain(error.message))
        sys.exit(2)
    except HubError as error:
        err.print(f"[bold red]Not pulled:[/] {plain(error.message)}")
        sys.exit(1)
    except SetupError as error:
        starting = "Cannot start" if sys.argv[1:2] == ["serve"] else "Not done"
        err.print(f"[bold red]{error.heading or starting}:[/] {plain(error.message)}")
        sys.exit(2)
    except TwinsightError as error:
        err.print(f"[bold red]{error.status}:[/] {plain(error.message)}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has seen enough.
        sys.exit(0)
    sys.exit(result if isinstance(result, int) else 0)


def _load(config: Path | None, **flags: Any) -> Loaded:
    from twinsight import config as settings

    return settings.load(config, flags)


@app.command
def serve(
    *,
    host: Annotated[str | None, Parameter(help="address to bind (127.0.0.1)")] = None,
    port: Annotated[int | None, Parameter(help="port to bind (8080); 0 takes a free one")] = None,
    profile: Profile = None,
    engine_url: EngineUrl = None,
    config: ConfigFile = None,
    data_dir: DataDir = None,
    allow_open: Annotated[
        bool | None, Parameter(help="serve other machines although there is no API key")
    ] = None,
) -> None:
    """Start the server.

    Without API keys it serves this machine only and takes any key. To serve others, make a key
    with `twinsight keys add NAME` first.
    """
    from twinsight.http.serve import serve as run_server

    loaded = _load(
        config,
        host=host,
        port=port,
        profile=profile,
        engine_url=engine_url,
        data_dir=data_dir,
        allow_open=allow_open,
    )
    run_server(loaded.config, err)


@app.command
def ask(
    *words: Annotated[str, Parameter(help="image files, then the question as the last word")],
    model: Annotated[str, Parameter(help="the Gemini name that is asked")] = "gemini-2.5-flash",
    stream: Annotated[bool, Parameter(help="print the answer as it is made")] = False,
    json: Annotated[bool, Parameter(help="ask for JSON")] = False,
    schema: Annotated[
        Path | None, Parameter(help="JSON Schema file that the answer must fit")
    ] = None,
    profile: Profile = None,
    engine_url: EngineUrl = None,
    config: ConfigFile = None,
) -> None:
    """Ask about images, without a server.

    Example: twinsight ask kitchen.jpg "How many chairs are there?"
    """
    from twinsight.ask import Question, answer

    images, question = _images_and_question(words)
    loaded = _load(config, profile=profile, engine_url=engine_url)
    asked = Question(images, question, model, as_json=json or schema is not None, schema=schema)
    with busy("Looking…"):
        deltas = answer(asked, loaded.config)
        first = next(deltas)
    for delta in (first, *deltas) if not stream else _chained(first, deltas):
        sys.stdout.write(delta)
        if stream:
            sys.stdout.flush()
    sys.stdout.write("\n")


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _images_and_question(words: tuple[str, ...]) -> tuple[list[Path], str]:
    """Words that name files are images; the one that does not is the question."""
    images = [Path(word) for word in words if Path(word).is_file()]
    questions = [word for word in words if not Path(word).is_file()]
    missing = [w for w in questions if " " not in w and Path(w).suffix.lower() in _SUFFIXES]
    if missing:
        raise UsageError(f"There is no file {missing[0]}.")
    if folders := [word for word in questions if Path(word).is_dir()]:
        raise UsageError(f"{folders[0]} is a folder: name the images in it, {folders[0]}/*.jpg.")
    if len(questions) > 1:
        raise UsageError(f'Put the question in one pair of quotes: "{" ".join(questions)}".')
    if not images:
        raise UsageError('Name an image: twinsight ask photo.jpg "What is this image?"')
    return images, questions[0] if questions else "Caption this image."


_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".gif", ".bmp", ".tif", ".tiff"}


for command in (albums.detect, albums.segment, albums.point, albums.read):
    app.command(command)


@app.command
def tokens(
    *images: Annotated[Path, Parameter(help="image files")],
    model: Annotated[str, Parameter(help="the Gemini name whose rule counts")] = "gemini-2.5-flash",
    config: ConfigFile = None,
) -> None:
    """Count what images cost in tokens, from their headers."""
    from twinsight.ask import image_cost

    loaded = _load(config)
    if not images:
        raise UsageError("Name an image: twinsight tokens photo.jpg")
    for path in images:
        header, cost = image_cost(path, model, loaded.config)
        w, h = header.wh
        out.print(f"{cost:>6}  {w}x{h}  {header.mime}  {plain(str(path))}")


@keys_app.command(name="add")
def keys_add(
    name: Annotated[str, Parameter(help="whom the key is for")],
    *,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Make an API key. It is printed this once; only its hash is stored."""
    from twinsight.http.auth import Keys

    key, secret = Keys(_load(config, data_dir=data_dir).config.data_dir).add(name)
    err.print(f"Key {key.id} for {plain(name)}. Keep it: it cannot be shown again.")
    out.print(secret)


@keys_app.command(name="list")
def keys_list(*, config: ConfigFile = None, data_dir: DataDir = None) -> None:
    """List the keys, without their secrets."""
    from datetime import UTC, datetime

    from twinsight.http.auth import Keys

    keys = Keys(_load(config, data_dir=data_dir).config.data_dir).all()
    for key in keys:
        made = datetime.fromtimestamp(key.created, UTC)
        out.print(f"{key.id}  {made:%Y-%m-%d}  {plain(key.name)}")
    if not keys:
        err.print("No keys: the server takes any key, from this machine only.")


@keys_app.command(name="revoke")
def keys_revoke(
    key: Annotated[str, Parameter(help="the key's id or name")],
    *,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> int:
    """Revoke a key; a running server refuses it from the next request on."""
    from twinsight.http.auth import Keys

    gone = Keys(_load(config, data_dir=data_dir).config.data_dir).revoke(key)
    for old in gone:
        err.print(f"Revoked {old.id} ({plain(old.name)}).")
    if not gone:
        err.print(f"There is no key {plain(key)}; `twinsight keys list` names them.")
    return 0 if gone else 1


@app.command
def doctor(
    *,
    config: ConfigFile = None,
    data_dir: DataDir = None,
    repair: Annotated[
        bool, Parameter(help="put right what is wrong with the stored files", negative=())
    ] = False,
) -> int:
    """Check the installation: packages, weights, limits, stored files, and a self-test."""
    from twinsight.doctor import examine

    return 0 if examine(_load(config, data_dir=data_dir), out, repair=repair) else 1


if __name__ == "__main__":
    main()
