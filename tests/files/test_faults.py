"""The fault test's short version; the long one is a command: see `faults`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.files.faults import Plan, Run, run_rounds, small_disk


@contextmanager
def running(root: Path, seed: int) -> Iterator[Run]:
    run = Run(root, seed, Plan(clients=4, max_bytes=1_500_000, kill_after=(0.05, 0.5)))
    try:
        yield run
    finally:
        if run.process is not None:
            run.process.kill()
            run.process.wait()


def test_uploads_survive_kills(tmp_path: Path) -> None:
    with running(tmp_path, seed=1) as run:
        counts = run_rounds(run, rounds=4, quiet=True)
    assert counts["kills"] == 4
    assert counts["chunks acknowledged"] > 0
    assert counts["files finalized"] > 0


def test_uploads_survive_kills_on_a_full_disk() -> None:
    try:
        with small_disk(8) as root, running(root, seed=2) as run:
            counts = run_rounds(run, rounds=2, quiet=True)
    except PermissionError as reason:
        pytest.skip(str(reason))
    assert counts["refused: disk full"] > 0
