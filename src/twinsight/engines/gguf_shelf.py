"""The GGUF models that are known or pulled: a folder each, with the files and their card."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import ClassVar

import msgspec

from twinsight.engines.onnx.card import ModelFile
from twinsight.engines.onnx.shelf import put
from twinsight.engines.weights import is_gguf
from twinsight.errors import InvalidConfig, InvalidWeights

KNOWN = Path(str(files("twinsight.engines"))) / "gguf_cards"
_CARD = "gguf.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}", re.ASCII)


class GgufCard(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="role",
    tag="speaker",
):
    """A vision-language model that llama.cpp serves. The file of its eyes has the part "vision".

    The other fields are as a `ModelCard`'s.
    """

    role: ClassVar[str] = "speaker"

    name: str
    description: str
    licence: str
    permissive: bool
    source: str
    repo: str
    revision: str
    files: tuple[ModelFile, ...]


def known_ggufs() -> list[GgufCard]:
    """The cards that come with the package."""
    return [_read(path) for path in sorted(KNOWN.glob("*.json"))]


def installed_ggufs(folder: Path) -> list[GgufCard]:
    """The cards of the models in that folder."""
    return [_read(path) for path in sorted(folder.glob(f"[!.]*/{_CARD}"))]


def keep_gguf(card: GgufCard, sources: Mapping[str, Path], folder: Path) -> GgufCard:
    """Puts a model's files, by their names on the shelf, into its place, in one step.

    The files are linked, not copied, where the disk can do that. Raises InvalidWeights for a file
    that is no GGUF.
    """
    for file in card.files:
        if not is_gguf(sources[file.short]):
            raise InvalidWeights(f"{card.name}: {file.name} is no GGUF file.")
    half = folder / f".{card.name}.{os.getpid()}"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    try:
        for short, source in sources.items():
            try:
                (half / short).hardlink_to(source)
            except OSError:
                shutil.copyfile(source, half / short)
        (half / _CARD).write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2))
        put(half, folder / card.name)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return card


def is_name(name: str) -> bool:
    """Whether a model may be called that: its folder is."""
    return _NAME.fullmatch(name) is not None


def _read(path: Path) -> GgufCard:
    try:
        card = msgspec.json.decode(path.read_bytes(), type=GgufCard)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidConfig(f"The model card {path} cannot be used: {error}") from error
    parts = sorted(file.part for file in card.files)
    shorts = {file.short for file in card.files} | {_CARD}
    if not is_name(card.name) or parts not in (["model"], ["model", "vision"]):
        raise InvalidConfig(f"The model card {path} cannot be used: its name or its files.")
    if len(shorts) != len(parts) + 1:
        raise InvalidConfig(f"The model card {path} cannot be used: two files have one name.")
    return card
