"""What this machine can hold."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

WORKING_BYTES = 1_000_000_000
"""An estimate of what a model needs in memory besides its weights."""


def memory_bytes() -> int:
    """The memory that this process may have: the machine's, or its control group's limit."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")
    told = limit.read_text().strip() if limit.is_file() else ""
    return min(whole, int(told)) if told.isdigit() else whole


def free_disk_bytes(folder: Path) -> int:
    """What is free where that folder is, or will be."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def gigabytes(count: int) -> str:
    """A size for people: "2.5 GB", "36 MB", "4 kB"."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= unit:
            return (
                f"{count / unit:.1f} {name}" if count < 10 * unit else f"{count / unit:.0f} {name}"
            )
    return f"{count} bytes"
