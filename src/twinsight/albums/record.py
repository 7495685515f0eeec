"""What is known of one picture of an album, as it is kept on disk between runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from twinsight.albums.folder import OWN, OutFolder

Ring = list[tuple[float, float]]
"""Corners x, y in pixels; outer rings run clockwise on the screen, holes the other way."""


class Thing(msgspec.Struct, omit_defaults=True):
    """One thing found; places are in pixels of the upright picture.

    `kind` is the eyes' own name for it, which data sets use; `label` is what answers call it. For
    lines of text `label` is the text and `quad` its corners, clockwise from the text's top left.
    """

    kind: str
    label: str
    score: float
    xyxy: tuple[float, float, float, float]
    rings: list[Ring] = []
    area: float = 0.0
    point: tuple[float, float] | None = None
    quad: Ring = []


class Record(msgspec.Struct):
    """One picture: what it is, what was asked, what was found and which files were written.

    `stamp` is the file's size and time of change, `wh` the upright size, `formats` those whose
    files were written. `files` are the sizes in bytes of what this picture alone has, by name.
    """

    asked: str
    path: str
    stamp: tuple[int, int]
    wh: tuple[int, int]
    formats: tuple[str, ...]
    things: list[Thing]
    files: dict[str, int]


def stamp_of(path: Path) -> tuple[int, int]:
    """Size in bytes and time of the last change in ns: while both stay, the file counts as is."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def load(out: OutFolder, name: str) -> Record | None:
    """The record of a picture's results; None when there is none that can be relied on."""
    data = out.read(_place(name))
    try:
        record = msgspec.json.decode(data, type=Record) if data else None
    except msgspec.DecodeError:
        return None
    if record is None or any(".." in Path(file).parts for file in record.files):
        return None
    return record


def save(out: OutFolder, name: str, record: Record) -> None:
    """Writes the record: last of all of a picture's files, since it says that they are whole."""
    out.write(_place(name), msgspec.json.encode(record))


def forget(out: OutFolder, name: str, record: Record) -> None:
    """Removes a picture's files and the record of them."""
    out.remove(_place(name))
    for file in record.files:
        out.remove(file)


def is_whole(out: OutFolder, record: Record) -> bool:
    """Whether all files of the record are there in their sizes."""
    return all(out.size(name) == size for name, size in record.files.items())


def written(path: Path) -> str:
    """A path as Unicode: bytes of a name that are not become U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")


def jsonable(value: Any) -> bytes:
    """JSON with two spaces of indent, as people read it."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _place(name: str) -> str:
    return f"{OWN}/records/{name}.json"
