"""What pulls have brought so far: each file's bytes under its hash, and each model's card.

A pull that was cut goes on from there, whoever asks for the model again, and by any name for it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from twinsight.engines.gguf_shelf import GgufCard
from twinsight.engines.onnx.card import AnyCard
from twinsight.errors import UsageError

AnyModel = AnyCard | GgufCard

_FOLDER = ".pulling"


def parts_folder(folder: Path) -> Path:
    """Where the files lie until they are whole."""
    return folder / _FOLDER


def begin(card: AnyModel, folder: Path) -> None:
    """Keeps the card of a model that is about to be fetched."""
    parts_folder(folder).mkdir(parents=True, exist_ok=True)
    _told(card.name, folder).write_bytes(msgspec.json.encode(card))


def tidy(folder: Path) -> None:
    """Removes the cards of which no file is here, and halves of installs that were killed."""
    for card in _cards(folder):
        if not _parts(card, folder):
            _told(card.name, folder).unlink(missing_ok=True)
    for half, pid in _halves(folder):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            shutil.rmtree(half, ignore_errors=True)
        except PermissionError:
            continue


def begun(folder: Path) -> list[AnyModel]:
    """The models of which a pull has brought something, and not yet all."""
    return [card for card in _cards(folder) if _parts(card, folder)]


def bytes_here(card: AnyModel, folder: Path) -> int:
    """How many bytes of it an earlier pull has left to be gone on with."""
    return sum(part.stat().st_size for part in _parts(card, folder))


def remove(card: AnyModel, folder: Path) -> bool:
    """Takes away what a pull has left; False when it has left nothing.

    Raises UsageError while another process fetches it.
    """
    parts = _parts(card, folder)
    for part in parts:
        with part.open("rb") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UsageError(f"{card.name} is being pulled by another process.") from error
            part.unlink()
    tidy(folder)
    return bool(parts)


def _told(name: str, folder: Path) -> Path:
    return parts_folder(folder) / f"{name}.json"


def _cards(folder: Path) -> Iterator[AnyModel]:
    for path in sorted(parts_folder(folder).glob("*.json")):
        # One that was being written when its process was killed says nothing.
        with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            yield msgspec.json.decode(path.read_bytes(), type=AnyModel)


def _parts(card: AnyModel, folder: Path) -> list[Path]:
    paths = [parts_folder(folder) / str(file.sha256) for file in card.files]
    return [path for path in paths if path.is_file()]


def _halves(folder: Path) -> Iterator[tuple[Path, int]]:
    for half in folder.glob(".*.*"):
        pid = half.name.rpartition(".")[2]
        if half.is_dir() and pid.isdigit():
            yield half, int(pid)
