"""``twinsight doctor`` for a store's folder, with or without a server running on it."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from twinsight.errors import InvalidConfig
from twinsight.files.database import Database
from twinsight.files.folder import Folder
from twinsight.files.repair import examine, mend

if TYPE_CHECKING:
    from pathlib import Path

    from twinsight.files.limits import FileLimits
    from twinsight.files.store import Fault

DATABASE = "files.sqlite3"


def inspect(root: Path, limits: FileLimits, deep: bool = False) -> list[Fault]:
    """What is wrong in the folder; changes nothing, and a server may be running on it.

    A running server is between two steps now and then, so only what is seen twice counts.
    """
    if not (root / DATABASE).exists():
        return []
    folder, database = Folder(root), Database(root / DATABASE, limits)
    try:
        first = examine(folder, database, deep)
        again = set(examine(folder, database, deep)) if first else set()
        return [fault for fault in first if fault in again]
    finally:
        database.close()


def repair(root: Path, limits: FileLimits, deep: bool = False) -> list[Fault]:
    """End what is wrong in the folder and return it. `InvalidConfig` while a server runs on it."""
    if not (root / DATABASE).exists():
        return []
    owned = own(root)
    database = Database(root / DATABASE, limits)
    try:
        return mend(Folder(root), database, deep)
    finally:
        database.close()
        os.close(owned)


def own(root: Path) -> int:
    """Take the folder for this process; close the returned descriptor to let go of it."""
    descriptor = os.open(root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise InvalidConfig(
            f"Another process uses the folder {root}. Stop it, or give this server its own folder."
        ) from None
    return descriptor
