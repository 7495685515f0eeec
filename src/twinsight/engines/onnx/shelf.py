"""The models that a user has added: a folder each, with the file and its card."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec
import onnxruntime

from twinsight.engines import weights
from twinsight.engines.onnx.card import ModelCard, read_card
from twinsight.engines.onnx.detector import OnnxDetector
from twinsight.errors import InvalidConfig, InvalidWeights

KNOWN = Path(str(files("twinsight.engines.onnx"))) / "cards"
_CARD, _FILE = "card.json", "model.onnx"
_loading = threading.Lock()


class LicenceNotAccepted(InvalidConfig):
    """The model's licence is not one that lets anybody use it, and nobody said yes to it."""

    def __init__(self, card: ModelCard) -> None:
        super().__init__(
            f"{card.name} is under {card.licence}, which does not let everybody use it for "
            "everything. Read it, and add the model with --accept-licence."
        )


def known_cards() -> list[ModelCard]:
    """The cards that come with the package."""
    return [read_card(path) for path in sorted(KNOWN.glob("*.json"))]


def installed(folder: Path) -> list[ModelCard]:
    """The cards of the models in that folder."""
    return [read_card(path) for path in sorted(folder.glob(f"*/{_CARD}"))]


def add(file: Path, folder: Path, card_file: Path | None, accept_licence: bool) -> ModelCard:
    """Copies a model into the folder, by the card that is given or the known one of its hash.

    Raises InvalidConfig when there is no card for it, LicenceNotAccepted, or InvalidWeights when
    the file is not the one of the card, or cannot be run as the card says.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InvalidConfig(f"{file} cannot be read: {error}") from error
    sha256 = hashlib.sha256(content).hexdigest()
    card = read_card(card_file) if card_file else _known_by(sha256, file)
    if card.sha256 != sha256:
        raise InvalidWeights(
            f"{file} is not the file of the card of {card.name}: its sha256 is {sha256}, the "
            f"card's {card.sha256}."
        )
    if not (card.permissive or accept_licence):
        raise LicenceNotAccepted(card)
    OnnxDetector(card, _session(content, card.name, None))
    place = folder / card.name
    half = folder / f".{card.name}.{os.getpid()}"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    (half / _FILE).write_bytes(content)
    (half / _CARD).write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2))
    shutil.rmtree(place, ignore_errors=True)
    half.rename(place)
    return card


def _known_by(sha256: str, file: Path) -> ModelCard:
    for card in known_cards():
        if card.sha256 == sha256:
            return card
    known = ", ".join(card.name for card in known_cards())
    raise InvalidConfig(
        f"No known card is for {file} (sha256 {sha256}). Known: {known}. Write a card for it and "
        "name it by --card."
    )


def remove(name: str, folder: Path) -> bool:
    """Takes a model away; False when there was none of that name."""
    if not any(card.name == name for card in installed(folder)):
        return False
    shutil.rmtree(folder / name)
    return True


def open_model(name: str, folder: Path) -> OnnxDetector | None:
    """The installed model of that name, or None. Raises InvalidWeights when it was altered."""
    card = next((card for card in installed(folder) if card.name == name), None)
    if card is None:
        return None
    with _loading:
        return _opened(card.name, folder, card.sha256)


@cache
def _opened(name: str, folder: Path, sha256: str) -> OnnxDetector:
    content = (folder / name / _FILE).read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise InvalidWeights(
            f"{folder / name / _FILE} is not the file of its card (sha256 differs). Add it again."
        )
    return OnnxDetector(read_card(folder / name / _CARD), _session(content, name, None))


def _session(content: bytes, name: str, threads: int | None) -> onnxruntime.InferenceSession:
    try:
        return weights.open_session(content, threads or 0)
    except Exception as error:
        # onnxruntime has an exception of its own for every reason not to like a file.
        raise InvalidWeights(f"{name} is no model that onnxruntime can run: {error}") from error
