"""`twinsight doctor`: is everything here, whole, and does it work?"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from twinsight import __version__
from twinsight.ask import Question, answer
from twinsight.config import Config, Loaded
from twinsight.engines import library, weights
from twinsight.engines.eyes import open_speaker
from twinsight.engines.machine import gigabytes
from twinsight.engines.under_way import AnyModel
from twinsight.errors import TwinsightError
from twinsight.files import doctor
from twinsight.files.limits import FileLimits

PACKAGES = ("onnxruntime", "numpy", "pillow", "pi-heif", "starlette", "uvicorn", "msgspec")
SAMPLES = Path(str(files("twinsight"))) / "samples"
# A word that each sample's caption must hold.
SELF_TEST = (("cat.jpg", "cat"), ("sign.png", "NORTH"))


def examine(loaded: Loaded, out: Console, repair: bool = False) -> bool:
    """Prints what it finds, a line each; True when all is well."""
    report = _Report(out)
    out.print(f"[bold]Twinsight {__version__}[/]")
    out.print("\n[bold]Packages[/]")
    for name in PACKAGES:
        report.check(name, partial(version, name))
    out.print("\n[bold]Weights[/]")
    for name in weights.names():
        report.check(name, partial(_weight, name))
    models = loaded.config.data_dir / "models"
    if here := library.installed(models):
        out.print("\n[bold]Models[/]")
    for card in here:
        report.check(card.name, partial(_model, card, models))
    out.print("\n[bold]Stored files[/]")
    report.check(str(loaded.config.data_dir), partial(_stored, loaded.config, repair))
    if loaded.config.engine_url or loaded.config.engine_gguf:
        out.print("\n[bold]Engine[/]")
        report.check("engine", partial(_engine, loaded.config))
    out.print("\n[bold]Self-test[/]")
    for name, word in SELF_TEST:
        report.check(name, partial(_self_test, name, word, loaded.config))
    out.print("\n[bold]Settings in force[/]")
    for field in fields(Config):
        value = getattr(loaded.config, field.name)
        if field.name == "engine_key" and value:
            value = "(set)"
        if field.name != "models" or value:
            origin = loaded.origin[field.name]
            out.print(f"  {field.name} = {escape(str(value))}  [dim]({escape(origin)})[/]")
    return report.well


class _Report:
    def __init__(self, out: Console) -> None:
        self._out = out
        self.well = True

    def check(self, name: str, look: Callable[[], str]) -> None:
        try:
            self._out.print(f"  [green]ok[/]    {escape(name)}: {escape(look())}")
        except (TwinsightError, PackageNotFoundError, OSError) as error:
            self.well = False
            self._out.print(f"  [red]FAULT[/] {escape(name)}: {escape(str(error))}")


def _weight(name: str) -> str:
    card = weights.manifest(name)
    started = time.perf_counter()
    weights.session(name)
    ms = (time.perf_counter() - started) * 1000
    return f"{card.bytes / 1e6:.1f} MB, sha256 {card.sha256[:12]}…, {card.licence}, {ms:.0f} ms"


def _model(card: AnyModel, folder: Path) -> str:
    library.check_files(card, folder)
    size = gigabytes(library.size(card) or 0)
    return f"{card.role}, {size}, as on its card, {card.licence}"


def _engine(config: Config) -> str:
    engine = open_speaker(config)
    try:
        return str(engine.health())
    finally:
        engine.close()


def _stored(config: Config, repair: bool) -> str:
    folder, limits = config.data_dir / "files", FileLimits()
    if repair:
        mended = doctor.repair(folder, limits, deep=True)
        return f"{len(mended)} faults repaired" if mended else "nothing to repair"
    faults = doctor.inspect(folder, limits, deep=True)
    if faults:
        told = "; ".join(f"{fault.subject}: {fault.text}" for fault in faults[:5])
        raise OSError(f"{len(faults)} faults: {told}. Run `twinsight doctor --repair`.")
    return "the database and the folder agree"


def _self_test(name: str, word: str, config: Config) -> str:
    started = time.perf_counter()
    question = Question([SAMPLES / name], "Caption this image.", "gemini-2.5-flash")
    # The package by itself: what another server says is not ours to test.
    said = "".join(answer(question, replace(config, profile="pocket")))
    ms = (time.perf_counter() - started) * 1000
    if word not in said:
        raise OSError(f"the answer does not name “{word}”: {said}")
    return f"{said} ({ms:.0f} ms)"
