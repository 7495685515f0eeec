"""The commands that find, fetch, use and remove models: `twinsight models …`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from twinsight.errors import UsageError
from twinsight.terminal import ConfigFile, DataDir, Profile, busy, err, out, plain

if TYPE_CHECKING:
    from twinsight.config import Config
    from twinsight.engines.hub import Progress
    from twinsight.engines.library import Plan
    from twinsight.engines.under_way import AnyModel

app = App(
    name="models",
    help="The Gemini names that are answered, and the models that answer.\n\n"
    "`list` shows what can be had and whether it fits this machine, `pull` fetches it, `use` puts "
    "it to work.",
)

_TARGET = re.compile(r"(?P<name>[^@:]+)(:(?P<quant>[^@]+))?(@(?P<revision>.+))?")
LONG_BYTES = 20_000_000
"""Of a file that is smaller it is enough to say that it is here."""
_FILE = "a file of the repository; once for each"
_SHA256 = "the file's sha256, if you know it; once for each file, in their order"


def _config(config: Path | None, data_dir: Path | None) -> Config:
    from twinsight.config import load

    return load(config, {"data_dir": data_dir}).config


@app.default
def models(*, config: ConfigFile = None, profile: Profile = None) -> None:
    """List the Gemini names that are answered, and the engines that answer."""
    from rich.table import Table

    from twinsight.config import load
    from twinsight.engines.eyes import ROLES, open_eyes

    loaded = load(config, {"profile": profile})
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


@app.command(name="list")
def list_(*, config: ConfigFile = None, data_dir: DataDir = None) -> None:
    """List the models that are here, and those that can be pulled.

    "fits" compares a model's files and 1 GB to work in with this machine's memory, and with the
    free disk when it is not here yet.
    """
    from twinsight.engines import library, under_way
    from twinsight.engines.machine import gigabytes

    settings = _config(config, data_dir)
    folder = settings.data_dir / "models"
    here = {card.name: card for card in library.installed(folder)}
    known = {card.name: card for card in [*library.known(), *under_way.begun(folder)]}
    cards = [*here.values(), *(card for card in known.values() if card.name not in here)]
    rows = [("name", "role", "size", "licence", "state", "fits", "what it is")]
    for card in cards:
        size = library.size(card)
        more = "" if all(file.bytes for file in card.files) else " +"
        rows.append(
            (
                card.name,
                card.role,
                "?" if size is None else gigabytes(size) + more,
                card.licence + ("" if card.permissive else " (*)"),
                _state(card, settings, card.name in here),
                _fit(size, folder, card.name in here),
                card.description,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        out.print("  ".join([*cells, row[-1]]), markup=False)
    if not all(card.permissive for card in cards):
        err.print("(*) does not let everybody use it for everything: you are asked to accept it.")


def _state(card: AnyModel, settings: Config, is_here: bool) -> str:
    from twinsight.engines import library, under_way
    from twinsight.engines.machine import gigabytes

    folder = settings.data_dir / "models"
    if is_here:
        return "in use" if _uses(settings, library.settings(card, folder)) else "here"
    if partly := under_way.bytes_here(card, folder):
        return f"{gigabytes(partly)} here"
    return "to pull" if card.repo else "to add"


def _uses(settings: Config, values: dict[str, str]) -> bool:
    """Whether that is how things are set."""
    for name, value in values.items():
        table, _, key = name.rpartition(".")
        found = settings.roles.get(key) if table else getattr(settings, key)
        if found != value:
            return False
    return True


def _fit(size: int | None, folder: Path, is_here: bool) -> str:
    from twinsight.engines.machine import (
        WORKING_BYTES,
        free_disk_bytes,
        gigabytes,
        memory_bytes,
    )

    if size is None:
        return "?"
    if size + WORKING_BYTES > (memory := memory_bytes()):
        return f"no: {gigabytes(size + WORKING_BYTES)} of memory, not {gigabytes(memory)}"
    if not is_here and size > (free := free_disk_bytes(folder)):
        return f"no: {gigabytes(size)} of disk, not {gigabytes(free)}"
    return "yes"


@app.command
def pull(
    model: Annotated[str, Parameter(help="a name of `models list`, or OWNER/REPOSITORY")],
    *,
    file: Annotated[list[str] | None, Parameter(help=_FILE, negative=())] = None,
    sha256: Annotated[list[str] | None, Parameter(help=_SHA256, negative=())] = None,
    name: Annotated[str, Parameter(help="what it is called here")] = "",
    card: Annotated[
        Path | None, Parameter(help="an ONNX model's card: a file, or a name of `models list`")
    ] = None,
    accept_licence: Annotated[bool, Parameter(help="its licence is accepted", negative=())] = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> int:
    """Fetch a model from the hub. A pull that was cut goes on where it was.

    Example: twinsight models pull qwen3-vl-4b

    Any other GGUF model is OWNER/REPOSITORY, with the precision behind a colon (without one
    Q4_K_M) and the revision behind an @, or its files by --file. An ONNX model needs a --card.

    Every file is checked by its sha256. Where nobody has pinned it, the hub's own word is taken
    this once, shown, and kept. The hub is Hugging Face's, or the one that HF_ENDPOINT names;
    HF_TOKEN says who asks; with HF_HUB_OFFLINE=1 the hub's cache on this machine serves.
    """
    from twinsight.engines import library

    folder = _config(config, data_dir).data_dir / "models"
    wanted = _wanted(model, file or [], name, card, folder)
    if sha256:
        wanted = library.pinned(wanted, sha256)
    with busy("Asking the hub…"):
        plan = library.plan(wanted, folder)
    if plan.present:
        err.print(f"{plan.card.name} is here already, whole.")
    else:
        _tell(plan)
        accepted = accept_licence or not plan.unsure or _accepts(plan)
        try:
            with _progress() as progress:
                library.carry_out(plan, folder, accepted, progress)
        except KeyboardInterrupt:
            err.print("Stopped. What has come is kept: pull again to go on.")
            raise
        err.print(f"Pulled {plan.card.name}.")
    _how_to_use(plan.card, folder)
    return 0


def _wanted(
    target: str, files: list[str], name: str, card_file: Path | None, folder: Path
) -> AnyModel:
    """The card to pull by."""
    from twinsight.engines import library
    from twinsight.engines.onnx import shelf

    parts = _TARGET.fullmatch(target)
    if parts is None:
        raise UsageError(f"{target!r} is neither a model's name nor OWNER/REPOSITORY[@REVISION].")
    revision, quant = parts["revision"] or "", parts["quant"] or ""
    if "/" not in parts["name"]:
        if files or card_file or name or quant:
            raise UsageError("--file, --name, --card and a precision are for OWNER/REPOSITORY.")
        return library.named(parts["name"], revision, folder)
    if card_file is None:
        return library.of_repository(parts["name"], revision, quant, files, name)
    return library.by_card(shelf.card_named(card_file), parts["name"], revision, files)


def _tell(plan: Plan) -> None:
    """What would come, before it does."""
    from twinsight.engines.machine import gigabytes

    card = plan.card
    err.print(f"{plain(card.name)}: {plain(card.description)}")
    err.print(f"  from {plain(card.repo)} at {card.revision}, licence {plain(card.licence)}")
    for file, promise in zip(card.files, plan.promises, strict=True):
        known = f"sha256 {promise.sha256}" if promise.sha256 else f"git blob {promise.git_blob}"
        err.print(f"  {plain(file.name)}  {gigabytes(promise.bytes)}  {known}")
    if plan.trusted:
        err.print(
            f"  Nobody has pinned {plain(', '.join(plan.trusted))}: the hub's own word for the "
            "hash is taken this once. It is kept, and a later pull has to bring the same."
        )


def _accepts(plan: Plan) -> bool:
    """Shows the licence and asks, at a terminal; elsewhere nobody can have said yes."""
    from rich.prompt import Confirm

    from twinsight.engines import library

    text = library.licence_text(plan)
    if text:
        err.print(text, markup=False)
    err.print(f"  {plain(plan.unsure)}")
    if not (sys.stdin.isatty() and err.is_terminal):
        return False
    return Confirm.ask("Do you accept it?", console=err, default=False)


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar for each file at a terminal; elsewhere a line for each tenth."""
    from twinsight.engines.machine import gigabytes

    if not err.is_terminal:
        told: dict[str, int] = {}

        def tell(name: str, done: int, total: int) -> None:
            tenth = 10 * done // max(total, 1)
            is_news = total >= LONG_BYTES or done == total
            if is_news and told.get(name) != tenth:
                told[name] = tenth
                err.print(f"  {plain(name)}: {gigabytes(done)} of {gigabytes(total)}")

        yield tell
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=err) as bars:
        tasks: dict[str, object] = {}

        def move(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(Path(name).name, total=total, completed=done)
            bars.update(tasks[name], completed=done)  # type: ignore[arg-type]

        yield move


def _how_to_use(card: AnyModel, folder: Path) -> None:
    from twinsight.config_file import lines
    from twinsight.engines import library

    err.print(f"Use it by `twinsight models use {card.name}`, which writes into twinsight.toml:")
    out.print(lines(library.settings(card, folder)), markup=False)


@app.command
def add(
    file: Annotated[
        Path,
        Parameter(help="an ONNX file on this machine, or the folder of a model's several files"),
    ],
    *,
    card: Annotated[
        Path | None, Parameter(help="its card, when it is not a known one, or a known one's name")
    ] = None,
    accept_licence: Annotated[bool, Parameter(help="its licence is accepted", negative=())] = False,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Add a model of your own: its file is copied, checked by its hash and tried.

    Example: twinsight models add yolox_nano.onnx

    A model that is not known needs a --card, which says how it is fed and read. GGUF files need no
    adding: set engine_gguf, and engine_mmproj for the file of the model's eyes.
    """
    from twinsight.engines.onnx import shelf

    folder = _config(config, data_dir).data_dir / "models"
    added = shelf.add(file, folder, card, accept_licence)
    err.print(f"Added {added.name}, {added.description}. Licence: {added.licence}.")
    _how_to_use(added, folder)


@app.command
def use(
    name: Annotated[str, Parameter(help="a model that is here")],
    *,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Put a model to work: write its lines into twinsight.toml, once they are known to be good.

    Example: twinsight models use qwen3-vl-4b

    The rest of the file stays as it is. The server takes them when it next starts.
    """
    from twinsight import config_file
    from twinsight.config import load
    from twinsight.engines import library

    loaded = load(config, {"data_dir": data_dir})
    settings = loaded.config
    folder = settings.data_dir / "models"
    card = next((card for card in library.installed(folder) if card.name == name), None)
    if card is None:
        raise UsageError(f"There is no model {name!r} here. `twinsight models pull {name}` first.")
    with busy("Looking at its files…"):
        library.try_out(card, settings)
    values = library.settings(card, folder)
    gone: list[str] = []
    if "engine_gguf" in values:
        # Another engine in the same place, and what was said of it.
        others = ("engine_url", "engine_gguf", "engine_mmproj", "engine_model", "engine_dialect")
        gone = [each for each in others if each not in values]
        # Set by itself it is what the engines make it; set by hand it may say otherwise.
        is_ours = loaded.origin["profile"] in ("default", "engine_url", "engine_gguf")
        values |= {} if is_ours or settings.profile == "desk" else {"profile": "desk"}
    path = config_file.path_of(config)
    config_file.write(path, config_file.edited(path, values, gone))
    err.print(f"{plain(str(path))} now says:")
    out.print(config_file.lines(values), markup=False)
    if not _uses(load(config, {"data_dir": data_dir}).config, values):
        err.print("But the environment says otherwise, and it is heard before the file.")
    if data_dir is not None:
        err.print(f"Start the server with --data-dir {plain(str(data_dir))}, too.")


@app.command
def rm(
    name: Annotated[str, Parameter(help="the model's name")],
    *,
    config: ConfigFile = None,
    data_dir: DataDir = None,
) -> int:
    """Take a model away, and what a pull of it has left.

    Example: twinsight models rm qwen3-vl-4b
    """
    from twinsight.config import load
    from twinsight.engines import library

    loaded = load(config, {"data_dir": data_dir})
    settings = loaded.config
    folder = settings.data_dir / "models"
    card = next((card for card in library.installed(folder) if card.name == name), None)
    values = library.settings(card, folder) if card else {}
    gone = library.remove(name, folder)
    err.print(f"Removed {plain(name)}." if gone else f"There is no model {plain(name)} here.")
    if values and _uses(settings, values):
        places = {loaded.origin[name.partition(".")[0]] for name in values}
        err.print(
            f"The server does not start so: take {', '.join(values)} out of "
            f"{plain(' and '.join(sorted(places)))}."
        )
    return 0 if gone else 1
