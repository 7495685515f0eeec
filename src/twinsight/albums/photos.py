"""The picture files that a command names: single ones, and those in folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from twinsight.errors import UsageError
from twinsight.image.sniff import SNIFF_BYTES, sniff

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif"})
"""In a folder a file so called is taken for a picture, even a damaged one; others by content."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One picture file: its absolute path, and the part below what all named have in common."""

    path: Path
    below: Path


def gather(named: Sequence[Path], recursive: bool, out: Path | None = None) -> list[Photo]:
    """The pictures that the paths name, each once, those of a folder by name.

    Hidden files, and what lies in the folder `out`, are left out of folders. Raises UsageError for
    a path that is not there, for no picture at all, and for one named that lies in `out`: results
    would be written beside it or over it.
    """
    if not named:
        raise UsageError("Name a picture or a folder of pictures.")
    found: dict[Path, Path] = {}  # by the real file
    folders: list[Path] = []
    for path in named:
        absolute = path.absolute()
        if out is not None and absolute.resolve().is_relative_to(out.resolve()):
            raise UsageError(
                f"{path} lies in the output folder {out}. Take another folder for -o, such as "
                f"{(absolute if absolute.is_dir() else absolute.parent) / 'annotated'}."
            )
        if absolute.is_dir():
            files: Iterable[Path] = _of_folder(absolute, recursive, out)
            folders.append(absolute)
        elif absolute.is_file():
            files = [absolute]
            folders.append(absolute.parent)
        else:
            raise UsageError(f"There is no file or folder {path}.")
        for file in files:
            found.setdefault(file.resolve(), file)
    if not found:
        below = "" if recursive else " To look in the folders below too, add --recursive."
        raise UsageError(f"There are no pictures in {', '.join(map(str, named))}.{below}")
    common = os.path.commonpath(folders)
    return [Photo(file, file.relative_to(common)) for file in found.values()]


def _of_folder(folder: Path, recursive: bool, out: Path | None) -> Iterator[Path]:
    outside = out.resolve() if out is not None else None
    for place, folders, files in os.walk(folder):
        here = Path(place)
        # In place, so that the walk goes by name and never into these.
        folders[:] = sorted(
            name
            for name in folders
            if recursive and not name.startswith(".") and (here / name).resolve() != outside
        )
        for name in sorted(files):
            path = here / name
            if not name.startswith(".") and path.is_file() and _is_picture(path):
                yield path


def _is_picture(path: Path) -> bool:
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            return sniff(file.read(SNIFF_BYTES)).startswith("image/")
    except OSError:
        return False
