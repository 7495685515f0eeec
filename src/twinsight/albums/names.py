"""What the results of each picture are called."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from twinsight.albums.photos import Photo

LONGEST_PART = 150
"""Bytes of one part of a name: file systems take 255, and endings are put behind it."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\\/:*?"<>|]')


def named(photos: Iterable[Photo], before: Mapping[str, str]) -> dict[str, str]:
    """A name for the results of each picture by its path: `holiday/IMG_1`, no two alike.

    A picture keeps the name that it had `before`; names of files that are gone are free again.
    """
    names = {path: name for path, name in before.items() if Path(path).exists()}
    taken = {name.casefold() for name in names.values()}
    for photo in photos:
        key = os.fspath(photo.path)
        if key not in names:
            names[key] = _free(_safe(photo.below.with_suffix("")), taken)
            taken.add(names[key].casefold())
    return names


def _safe(path: Path) -> str:
    """Without what any file system or shell takes for something else."""
    return "/".join(_part(part) for part in path.parts) or "_"


def _part(name: str) -> str:
    clean = _UNSAFE.sub("_", name).strip()
    if clean[:1] in ("", ".", "-", "~"):
        clean = "_" + clean[1:]
    short = clean.encode()[:LONGEST_PART].decode(errors="ignore")
    return short.rstrip(". ") or "_"


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 1
    while free.casefold() in taken:
        number += 1
        free = f"{name}-{number}"
    return free
