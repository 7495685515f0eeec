"""The `twinsight` command.

Answers go to standard output, everything else to standard error. Exit codes: 0 done, 1 the request
was refused or an answer could not be given, 2 wrong usage or configuration, 130 interrupted.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import cyclopts
from cyclopts import App, Parameter
from rich.console import Console

from twinsight import __version__
from twinsight.albums import commands as albums
from twinsight.errors import SetupError, TwinsightError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twinsight.config import Loaded

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

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
models_app = App(name="models", help="The Gemini names that are answered, and the engines.")
app.command(models_app)


ConfigFile = Annotated[
    Path | None,
    Parameter(name="--config", help="settings file; ./twinsight.toml is read by itself"),
]
DataDir = Annotated[Path | None, Parameter(name="--data-dir", help="where keys and files are kept")]
Profile = Annotated[str | None, Parameter(help="which engines answer: pocket, desk or fleet")]
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
        err.print(_plain(error.message))
        sys.exit(2)
    except SetupError as error:
        err.print(f"[bold red]Cannot start:[/] {_plain(error.message)}")
        sys.exit(2)
    except TwinsightError as error:
        err.print(f"[bold red]{error.status}:[/] {_plain(error.message)}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has seen enough.
        sys.exit(0)
    sys.exit(result if isinstance(result, int) else 0)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _load(config: Path | None, **flags: Any) -> Loaded:
    from twinsight import config as settings

    return settings.load(config, flags)


@contextmanager
def _busy(what: str) -> Iterator[None]:
    """Says what goes on when it takes over a second, at a terminal only."""
    import threading

    shown = err.status(what)
    timer = threading.Timer(1.0, shown.start)
    timer.daemon = True
    if err.is_terminal:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
        shown.stop()


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
    with _busy("Looking…"):
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
    for path in images:
        header, cost = image_cost(path, model, loaded.config)
        w, h = header.wh
        out.print(f"{cost:>6}  {w}x{h}  {header.mime}  {_plain(str(path))}")


@models_app.default
def models(*, config: ConfigFile = None, profile: Profile = None) -> None:
    """List the Gemini names that are answered, and the engines that answer."""
    from rich.table import Table

    from twinsight.engines.eyes import ROLES, open_eyes

    loaded = _load(config, profile=profile)
    table = Table("name", "generation", "answered by", box=None, pad_edge=False)
    for name, entry in loaded.config.model_names.items():
        table.add_row(name, f"{entry.generation:g}", loaded.config.profile)
    out.print(table)
    eyes = open_eyes(loaded.config.profile, loaded.config)
    engines = Table("role", "engine", "licence", "what it is", box=None, pad_edge=False)
    for role in ROLES:
        engine = getattr(eyes, role)
        if engine is not None:
            card = engine.card
            engines.add_row(role, card.name, card.licence, card.description)
    out.print(f"\nEngines of the profile '{eyes.profile}':")
    out.print(engines)


@models_app.command(name="add")
def models_add(
    file: Annotated[Path, Parameter(help="an ONNX file on this machine")],
    *,
    card: Annotated[Path | None, Parameter(help="its card, when it is not a known one")] = None,
    accept_licence: Annotated[bool, Parameter(help="its licence is accepted")] = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Add a model of your own: its file is copied, checked by its hash and tried."""
    from twinsight.engines.onnx import shelf

    folder = _load(config, data_dir=data_dir).config.data_dir / "models"
    added = shelf.add(file, folder, card, accept_licence)
    err.print(f"Added {added.name}, {added.description}. Licence: {added.licence}.")
    err.print("Use it with this line in twinsight.toml:")
    out.print(f'roles.{added.role} = "{added.name}"', markup=False)


@models_app.command(name="list")
def models_list(*, config: ConfigFile = None, data_dir: DataDir = None) -> None:
    """List the models that were added, and those whose cards are known."""
    from twinsight.engines.onnx import shelf

    folder = _load(config, data_dir=data_dir).config.data_dir / "models"
    here = shelf.installed(folder)
    added = {card.name for card in here}
    for card in [*here, *(card for card in shelf.known_cards() if card.name not in added)]:
        state = "added" if card.name in added else "known"
        out.print(f"{state}  {card.name}  {card.role}  {card.licence}  {_plain(card.description)}")


@models_app.command(name="rm")
def models_rm(
    name: Annotated[str, Parameter(help="the model's name")],
    *,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> int:
    """Take an added model away."""
    from twinsight.engines.onnx import shelf

    gone = shelf.remove(name, _load(config, data_dir=data_dir).config.data_dir / "models")
    err.print(f"Removed {_plain(name)}." if gone else f"There is no model {_plain(name)} here.")
    return 0 if gone else 1


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
    err.print(f"Key {key.id} for {_plain(name)}. Keep it: it cannot be shown again.")
    out.print(secret)


@keys_app.command(name="list")
def keys_list(*, config: ConfigFile = None, data_dir: DataDir = None) -> None:
    """List the keys, without their secrets."""
    from datetime import UTC, datetime

    from twinsight.http.auth import Keys

    keys = Keys(_load(config, data_dir=data_dir).config.data_dir).all()
    for key in keys:
        made = datetime.fromtimestamp(key.created, UTC)
        out.print(f"{key.id}  {made:%Y-%m-%d}  {_plain(key.name)}")
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
        err.print(f"Revoked {old.id} ({_plain(old.name)}).")
    if not gone:
        err.print(f"There is no key {_plain(key)}; `twinsight keys list` names them.")
    return 0 if gone else 1


@app.command
def doctor(*, config: ConfigFile = None, data_dir: DataDir = None, repair: bool = False) -> int:
    """Check the installation: packages, weights, limits, stored files, and a self-test."""
    from twinsight.doctor import examine

    return 0 if examine(_load(config, data_dir=data_dir), out, repair=repair) else 1


if __name__ == "__main__":
    main()
