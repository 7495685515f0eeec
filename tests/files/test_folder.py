"""A part while bytes come in: what is only begun, what is durable, and in which order."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.files.stores import Clock, body, run_with_store
from twinsight.files.database import Database
from twinsight.files.folder import Folder, Hashed, Part, new_blob_name
from twinsight.files.local import LocalStore
from twinsight.files.store import FileWish

MIB = 1024**2


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The ranges, start and end in bytes, that the kernel was asked to begin to write."""
    asked: list[tuple[int, int]] = []
    real = os.posix_fadvise

    def note(descriptor: int, offset: int, length: int, advice: int) -> None:
        asked.append((offset, offset + length))
        real(descriptor, offset, length, advice)

    monkeypatch.setattr(os, "posix_fadvise", note)
    return asked


def test_writing_begins_early_each_byte_once(tmp_path: Path, hints: list[tuple[int, int]]) -> None:
    data = os.urandom(5 * MIB + 7)
    part = Part(Folder(tmp_path), new_blob_name(), 0, Hashed())
    part.begin(0)
    for start in range(0, len(data), 300_000):
        part.write([data[start : start + 300_000]])
    assert hints[0][0] == 0
    assert [end for _, end in hints[:-1]] == [start for start, _ in hints[1:]]
    assert len(data) - MIB < hints[-1][1] <= len(data)
    assert part.received == 0, "a hint acknowledges nothing"
    assert part.sync() == len(data)
    part.close()


def test_bytes_after_a_roll_back_are_hurried_again(
    tmp_path: Path, hints: list[tuple[int, int]]
) -> None:
    folder, name, hashed = Folder(tmp_path), new_blob_name(), Hashed()
    part = Part(folder, name, 0, hashed)
    kept, lost, data = (os.urandom(size * MIB) for size in (2, 3, 3))
    part.begin(0)
    part.write([kept])
    part.sync()
    part.acknowledged()
    part.write([lost])
    part.roll_back()
    part.begin(2 * MIB)
    part.write([data])
    assert hints == [(0, 2 * MIB), (2 * MIB, 5 * MIB), (2 * MIB, 5 * MIB)]
    part.sync()
    part.acknowledged()
    part.close()
    assert folder.part(name).read_bytes() == kept + data
    assert folder.seal(name, 5 * MIB, hashed) == hashlib.sha256(kept + data).digest()


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([3 * MIB], id="one-long-chunk"),
        pytest.param([1000, 2 * MIB, 1], id="chunks"),
    ],
)
def test_nothing_is_recorded_before_it_is_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: list[int]
) -> None:
    """At each commit of a count, fdatasync has ended and nothing was written since."""
    steps: list[str] = []

    def noted(step: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            result = real(*args)
            steps.append(step)
            return result

        return call

    monkeypatch.setattr(os, "pwritev", noted("write", os.pwritev))
    monkeypatch.setattr(os, "fdatasync", noted("sync", os.fdatasync))
    monkeypatch.setattr(Database, "receive", noted("record", Database.receive))

    async def scenario(store: LocalStore, clock: Clock) -> None:
        upload = await store.start("o", FileWish())
        for size in sizes:
            data = os.urandom(size)
            upload = await store.append(upload.token, upload.received, body(data, 100_000))
            assert steps[-2:] == ["sync", "record"]
        await store.finalize(upload.token)

    limits = {"max_file_bytes": 9 * MIB, "max_owner_bytes": 9 * MIB, "checkpoint_bytes": MIB}
    run_with_store(tmp_path / "store", scenario, **limits)
    records = [index for index, step in enumerate(steps) if step == "record"]
    assert len(records) >= len(sizes)
    assert all(steps[index - 1] == "sync" for index in records)
