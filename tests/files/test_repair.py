"""What a crash at each step leaves, and what doctor makes of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.files.stores import body, small_limits
from twinsight.errors import FileForbidden, InvalidConfig, NotFound
from twinsight.files import doctor
from twinsight.files.local import LocalStore
from twinsight.files.store import FileWish

DATA = bytes(range(256)) * 100
LIMITS = small_limits()


def prepare(root: Path) -> str:
    """A store with one finished file, ``files/kept``, and one complete upload; its token."""

    async def run() -> str:
        store = await LocalStore.open(root, LIMITS)
        kept = await store.start("me", FileWish(id="kept"))
        await store.append(kept.token, 0, body(DATA))
        await store.finalize(kept.token)
        upload = await store.start("me", FileWish(size=len(DATA)))
        await store.append(upload.token, 0, body(DATA))
        await store.close()
        return upload.token

    return asyncio.run(run())


def only(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def kinds(root: Path, deep: bool = False) -> list[str]:
    return [fault.kind for fault in doctor.inspect(root, LIMITS, deep)]


def test_a_healthy_folder_has_no_faults(tmp_path: Path) -> None:
    prepare(tmp_path)
    assert kinds(tmp_path, deep=True) == []
    assert doctor.repair(tmp_path, LIMITS, deep=True) == []


def test_a_folder_without_a_store_has_no_faults(tmp_path: Path) -> None:
    assert doctor.inspect(tmp_path / "none", LIMITS) == []
    assert doctor.repair(tmp_path / "none", LIMITS) == []
    assert not (tmp_path / "none").exists()


def test_killed_between_rename_and_commit(tmp_path: Path) -> None:
    token = prepare(tmp_path)
    part = only(tmp_path / "parts")
    part.rename(tmp_path / "blobs" / part.name)
    assert kinds(tmp_path) == ["half-moved"]

    async def run() -> None:
        store = await LocalStore.open(tmp_path, LIMITS)
        assert [fault.kind for fault in store.mended] == ["half-moved"]
        file = await store.finalize(token)
        assert await store.read("me", file.id) == DATA
        assert await store.check(deep=True) == []
        await store.close()

    asyncio.run(run())


def test_killed_between_delete_and_unlink(tmp_path: Path) -> None:
    prepare(tmp_path)
    for folder in ("parts", "blobs"):
        (tmp_path / folder / ("a" * 32)).write_bytes(b"orphan")
    (tmp_path / "blobs" / "strange name").write_bytes(b"orphan")
    assert kinds(tmp_path) == ["orphan"] * 3
    assert len(doctor.repair(tmp_path, LIMITS)) == 3
    assert kinds(tmp_path, deep=True) == []


def shorten(path: Path) -> None:
    os.truncate(path, 5)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "kind", "deep"),
    [
        pytest.param(Path.unlink, "lost-file", False, id="gone"),
        pytest.param(shorten, "lost-file", False, id="short"),
        pytest.param(flip, "damaged-file", True, id="bit"),
    ],
)
def test_a_file_that_the_disk_lost_is_not_listed(
    tmp_path: Path, damage: Callable[[Path], None], kind: str, deep: bool
) -> None:
    prepare(tmp_path)
    damage(only(tmp_path / "blobs"))
    assert kinds(tmp_path, deep) == [kind]
    assert [fault.subject for fault in doctor.repair(tmp_path, LIMITS, deep)] == ["files/kept"]
    assert kinds(tmp_path, deep=True) == []

    async def run() -> None:
        store = await LocalStore.open(tmp_path, LIMITS)
        with pytest.raises(FileForbidden):
            await store.get("me", "kept")
        await store.close()

    asyncio.run(run())


@pytest.mark.parametrize("damage", [Path.unlink, shorten], ids=["gone", "short"])
def test_an_upload_that_the_disk_lost_is_forgotten(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    token = prepare(tmp_path)
    damage(only(tmp_path / "parts"))
    assert kinds(tmp_path) == ["lost-upload"]

    async def run() -> None:
        store = await LocalStore.open(tmp_path, LIMITS)
        assert [fault.kind for fault in store.mended] == ["lost-upload"]
        with pytest.raises(NotFound):
            await store.query(token)
        assert await store.check(deep=True) == []
        await store.close()

    asyncio.run(run())


def test_doctor_looks_but_does_not_repair_under_a_running_server(tmp_path: Path) -> None:
    prepare(tmp_path)

    async def run() -> None:
        store = await LocalStore.open(tmp_path, LIMITS)
        assert await asyncio.to_thread(doctor.inspect, tmp_path, LIMITS, True) == []
        with pytest.raises(InvalidConfig, match="Another process"):
            await asyncio.to_thread(doctor.repair, tmp_path, LIMITS)
        await store.close()

    asyncio.run(run())
