"""Albums for the tests: made in process, from the package's sample photos or drawn ones."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.conftest import SAMPLES
from twinsight.albums.album import Album, Result
from twinsight.albums.folder import OutFolder
from twinsight.albums.photos import gather
from twinsight.albums.request import Request
from twinsight.config import Config
from twinsight.engines.eyes import Eyes
from twinsight.tasks.request.intent import Task

PHOTOS = ("astronaut.jpg", "cat.jpg", "coffee.jpg")


def photos_in(folder: Path, names: Sequence[str] = PHOTOS) -> Path:
    """A folder with copies of sample photos."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(SAMPLES / name, folder / name)
    return folder


def drawn(path: Path, wh: tuple[int, int] = (64, 48), **options: Any) -> Path:
    """A small picture file with a gradient."""
    path.parent.mkdir(parents=True, exist_ok=True)
    x, y = np.meshgrid(np.linspace(0, 255, wh[0]), np.linspace(0, 255, wh[1]))
    rgb = np.stack([x, y, 255 - x], axis=2).astype(np.uint8)
    Image.fromarray(rgb).save(path, **options)
    return path


def make(
    named: Path | Sequence[Path],
    out: Path,
    eyes: Eyes,
    task: str = "detect",
    find: str = "",
    formats: tuple[str, ...] = ("json",),
    *,
    recursive: bool = False,
    force: bool = False,
) -> list[Result]:
    """Makes an album as the command does."""
    photos = gather([named] if isinstance(named, Path) else named, recursive, out)
    with OutFolder(out) as folder:
        request = Request(Task(task), find)
        album = Album(folder, request, eyes, Config(), formats, force)
        results = list(album.results(photos))
        album.assemble(results)
    return results


def files_below(folder: Path) -> set[str]:
    """All results, without our own notes."""
    paths = (p.relative_to(folder) for p in folder.rglob("*") if p.is_file() or p.is_symlink())
    return {str(path) for path in paths if path.parts[0] != ".twinsight"}


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of a picture file."""
    with Image.open(path) as image:
        return image.size
