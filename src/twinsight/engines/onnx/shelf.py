"""The models that a user has added: a folder each, with the files and their card."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from twinsight.engines.onnx.card import AnyCard, read_card
from twinsight.engines.onnx.engine import Engine, check, open_engine, try_once
from twinsight.engines.weights import is_gguf
from twinsight.errors import InvalidConfig, InvalidWeights

KNOWN = Path(str(files("twinsight.engines.onnx"))) / "cards"
_CARD = "card.json"
_loading = threading.Lock()


class LicenceNotAccepted(InvalidConfig):
    """The model's licence is not one that lets anybody use it, and nobody said yes to it."""

    heading = "Not accepted"

    def __init__(self, name: str, licence: str) -> None:
        super().__init__(
            f"{name} is under {licence}, which does not let everybody use it for "
            "everything. Read it, and say --accept-licence."
        )


def known_cards() -> list[AnyCard]:
    """The cards that come with the package."""
    return [read_card(path) for path in sorted(KNOWN.glob("*.json"))]


def installed(folder: Path) -> list[AnyCard]:
    """The cards of the models in that folder."""
    # A hidden folder is one that is being made.
    return [read_card(path) for path in sorted(folder.glob(f"[!.]*/{_CARD}"))]


def add(given: Path, folder: Path, card_file: Path | None, accept_licence: bool) -> AnyCard:
    """Copies a model into the folder, by the card that is given or the known one of its hash.

    `given` is its file, beside which a model of several has the others, or the folder of all of
    them. Raises InvalidConfig when there is no card for it, LicenceNotAccepted, or InvalidWeights
    when a file is not the one of the card, or cannot be run as the card says.
    """
    if not given.exists():
        raise InvalidConfig(f"{given} cannot be read: there is no such file.")
    card = card_named(card_file) if card_file else _known_by(given)
    beside = given if given.is_dir() else given.parent
    sources = {file.short: beside / file.short for file in card.files}
    if not given.is_dir() and len(sources) == 1:
        sources = dict.fromkeys(sources, given)
    return keep(card, sources, folder, accept_licence)


def keep(card: AnyCard, sources: Mapping[str, Path], folder: Path, accept_licence: bool) -> AnyCard:
    """Copies a model's files, by their names on the shelf, and tries them.

    Gives the card that lies with them, which has every hash. Raises as `add`.
    """
    if not (card.permissive or accept_licence):
        raise LicenceNotAccepted(card.name, card.licence)
    half = folder / f".{card.name}.{os.getpid()}"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    try:
        told = []
        for file in card.files:
            source, copy = sources[file.short], half / file.short
            check(file.sha256, source, card.name)
            shutil.copyfile(source, copy)
            sha256 = check(file.sha256, copy, card.name)
            told.append(msgspec.structs.replace(file, sha256=sha256, bytes=copy.stat().st_size))
        card = msgspec.structs.replace(card, files=tuple(told))
        try_once(open_engine(card, half))
        (half / _CARD).write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2))
        put(half, folder / card.name)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return card


def put(half: Path, place: Path) -> None:
    """Puts a folder in its place; what was there goes once the new one stands."""
    old = half.with_name(f".{place.name}-old.{os.getpid()}")
    if place.exists():
        place.rename(old)
    half.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def card_named(card_file: Path) -> AnyCard:
    """The card in that file, or the known one of that name."""
    known = KNOWN / f"{card_file.name}.json"
    if card_file.exists() or card_file.name != str(card_file):
        return read_card(card_file)
    if not known.is_file():
        raise InvalidConfig(
            f"There is no card {card_file}: neither a file, nor a known one. Known: "
            f"{', '.join(card.name for card in known_cards())}."
        )
    return read_card(known)


def _known_by(given: Path) -> AnyCard:
    """The known card one of whose files this is, or is in this folder."""
    here = list(given.iterdir()) if given.is_dir() else [given]
    if len(here) == 1 and here[0].is_file() and is_gguf(here[0]):
        raise InvalidConfig(
            f"{here[0]} is a GGUF file, which needs no adding: set engine_gguf to its path."
        )
    hashes = {check(None, file, "the model") for file in here if file.is_file()}
    for card in known_cards():
        if hashes & {file.sha256 for file in card.files}:
            return card
    known = ", ".join(card.name for card in known_cards())
    raise InvalidConfig(
        f"No known card is for {given} (sha256 {', '.join(sorted(hashes))}). Known: {known}. Write "
        "a card for it and name it by --card."
    )


def remove(name: str, folder: Path) -> bool:
    """Takes a model away; False when there was none of that name."""
    if not any(card.name == name for card in installed(folder)):
        return False
    shutil.rmtree(folder / name)
    return True


def open_model(name: str, folder: Path) -> Engine | None:
    """The installed model of that name, or None. Raises InvalidWeights when it was altered."""
    card = next((card for card in installed(folder) if card.name == name), None)
    if card is None:
        return None
    if any(file.sha256 is None for file in card.files):
        raise InvalidWeights(f"The card of {name} has no sha256 for every file. Add it again.")
    with _loading:
        return _opened(name, folder, tuple(file.sha256 for file in card.files))


@cache
def _opened(name: str, folder: Path, hashes: tuple[str | None, ...]) -> Engine:
    return open_engine(read_card(folder / name / _CARD), folder / name)
