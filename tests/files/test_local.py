from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.files.stores import Clock, body, broken, run_with_store, small_limits, stuck
from twinsight.errors import (
    AlreadyExists,
    Cancelled,
    FileForbidden,
    InvalidConfig,
    InvalidUpload,
    InvalidValue,
    NotFound,
    ResourceExhausted,
    TwinsightError,
    Unavailable,
)
from twinsight.files.local import LocalStore
from twinsight.files.store import FileWish, ImageFacts, StoredFile, Swept, Usage

DATA = bytes(range(256)) * 200
HOUR = 3600.0


async def put(store: LocalStore, owner: str, data: bytes, file_id: str | None = None) -> StoredFile:
    upload = await store.start(owner, FileWish(id=file_id))
    await store.append(upload.token, 0, body(data))
    return await store.finalize(upload.token)


def test_a_file_comes_back_as_it_was_sent(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        wish = FileWish(display_name="ein Bild", mime="image/png", size=len(DATA))
        upload = await store.start("me", wish)
        first = await store.append(upload.token, 0, body(DATA[:30_000]), 30_000)
        assert (first.received, first.declared, first.state) == (30_000, len(DATA), "active")
        await store.append(upload.token, 30_000, body(DATA[30_000:]))
        file = await store.finalize(upload.token)
        assert re.fullmatch("[a-z0-9]{12}", file.id)
        assert file.sha256 == hashlib.sha256(DATA).digest()
        assert (file.size, file.mime, file.display_name) == (len(DATA), "image/png", "ein Bild")
        assert (file.expires - file.created).total_seconds() == 48 * HOUR
        assert file.created.timestamp() == clock.now
        assert await store.read("me", file.id) == DATA
        assert await store.get("me", file.id) == file

    run_with_store(tmp_path, scenario)


def test_without_a_type_the_bytes_tell(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        assert (await put(store, "me", b"\x89PNG\r\n\x1a\n" + DATA)).mime == "image/png"
        assert (await put(store, "me", b"\x00\x01\x02")).mime == "application/octet-stream"

    run_with_store(tmp_path, scenario)


def test_bytes_sent_again_are_harmless(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        upload = await store.start("me", FileWish(size=len(DATA)))
        await store.append(upload.token, 0, body(DATA[:9_000]))
        again = await store.append(upload.token, 0, body(DATA[:9_000]))
        assert again.received == 9_000
        longer = await store.append(upload.token, 4_000, body(DATA[4_000:12_000], piece=777))
        assert longer.received == 12_000
        await store.append(upload.token, 12_000, body(DATA[12_000:]))
        assert (await store.finalize(upload.token)).sha256 == hashlib.sha256(DATA).digest()

    run_with_store(tmp_path, scenario)


def test_other_bytes_at_a_received_offset_are_refused(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        upload = await store.start("me", FileWish())
        await store.append(upload.token, 0, body(DATA[:9_000]))
        with pytest.raises(InvalidUpload, match=r"differ from those received\. 9000 bytes"):
            await store.append(upload.token, 4_000, body(DATA[4_001:12_000]))
        assert (await store.query(upload.token)).received == 9_000
        await store.append(upload.token, 9_000, body(DATA[9_000:]))
        assert (await store.finalize(upload.token)).sha256 == hashlib.sha256(DATA).digest()

    run_with_store(tmp_path, scenario)


@pytest.mark.parametrize(
    ("offset", "length"),
    [
        pytest.param(10_001, 10, id="gap"),
        pytest.param(-1, 10, id="negative"),
        pytest.param(2**63, 10, id="beyond-int64"),
        pytest.param(2**63 - 1, 1, id="largest-int64"),
        pytest.param(10_000, 40_001, id="announced-past-declared"),
        pytest.param(10_000, None, id="past-declared"),
    ],
)
def test_a_chunk_that_does_not_fit_changes_nothing(
    tmp_path: Path, offset: int, length: int | None
) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        upload = await store.start("me", FileWish(size=50_000))
        await store.append(upload.token, 0, body(DATA[:10_000]))
        with pytest.raises(InvalidUpload):
            await store.append(upload.token, offset, body(DATA[10_000:50_001]), length)
        kept = (await store.query(upload.token)).received
        assert kept == 10_000 or (length is None and 10_000 < kept <= 50_000)
        await store.append(upload.token, kept, body(DATA[kept:50_000]))
        assert (await store.finalize(upload.token)).sha256 == hashlib.sha256(DATA[:50_000]).digest()

    run_with_store(tmp_path, scenario)


def test_what_came_before_the_client_left_is_kept(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        upload = await store.start("me", FileWish(size=len(DATA)))
        with pytest.raises(ConnectionResetError, match="cable"):
            await store.append(
                upload.token, 0, broken(DATA[:33_000], ConnectionResetError("cable"))
            )
        assert (await store.query(upload.token)).received == 33_000
        await store.append(upload.token, 33_000, body(DATA[33_000:]))
        assert (await store.finalize(upload.token)).sha256 == hashlib.sha256(DATA).digest()

    run_with_store(tmp_path, scenario)


def test_what_came_before_a_cancel_is_kept(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        upload = await store.start("me", FileWish(size=len(DATA)))
        request = asyncio.ensure_future(store.append(upload.token, 0, stuck(DATA[:7_000])))
        await asyncio.sleep(0.1)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        assert (await store.query(upload.token)).received == 7_000

    run_with_store(tmp_path, scenario, idle_seconds=30.0)


def test_a_silent_client_is_cut_and_can_go_on(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        upload = await store.start("me", FileWish())
        with pytest.raises(Cancelled, match=r"silent for 0\.1 s"):
            await store.append(upload.token, 0, stuck(DATA[:7_000]))
        assert (await store.query(upload.token)).received == 7_000

    run_with_store(tmp_path, scenario, idle_seconds=0.1)


def test_a_second_request_takes_over_from_a_silent_one(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        upload = await store.start("me", FileWish())
        silent = asyncio.ensure_future(store.append(upload.token, 0, stuck(DATA[:7_000])))
        await asyncio.sleep(0.05)
        await store.append(upload.token, 0, body(DATA))
        with pytest.raises(Cancelled, match="took over"):
            await silent
        assert (await store.finalize(upload.token)).sha256 == hashlib.sha256(DATA).digest()

    run_with_store(tmp_path, scenario, idle_seconds=30.0)


def test_a_moving_request_is_waited_for(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        async def moving() -> AsyncIterator[bytes]:
            for start in range(0, len(DATA), 5_120):
                yield DATA[start : start + 5_120]
                await asyncio.sleep(0.04)

        upload = await store.start("me", FileWish())
        first = asyncio.ensure_future(store.append(upload.token, 0, moving()))
        await asyncio.sleep(0.05)
        second = await store.append(upload.token, 0, body(DATA))
        assert (await first).received == second.received == len(DATA)

    run_with_store(tmp_path, scenario, takeover_seconds=0.2)


def test_two_clients_finish_one_upload_at_once(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        async def send_and_finish(token: str) -> StoredFile:
            await store.append(token, 0, body(DATA), len(DATA))
            return await store.finalize(token)

        upload = await store.start("me", FileWish(size=len(DATA)))
        files = await asyncio.gather(*(send_and_finish(upload.token) for _ in range(8)))
        assert len(set(files)) == 1
        assert (await store.page("me", 10)).files == (files[0],)

    run_with_store(tmp_path, scenario)


def test_finishing_again_gives_the_same_file(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        upload = await store.start("me", FileWish(size=5_000))
        await store.append(upload.token, 0, body(DATA[:5_000]))
        file = await store.finalize(upload.token)
        again = await store.append(upload.token, 3_000, body(DATA[3_000:5_000]), 2_000)
        assert (again.state, again.received) == ("final", 5_000)
        with pytest.raises(InvalidUpload, match="is final"):
            await store.append(upload.token, 5_000, body(b"more"), 4)
        with pytest.raises(NotFound, match="already final"):
            await store.cancel(upload.token)
        assert await store.finalize(upload.token) == file
        await store.delete("me", file.id)
        with pytest.raises(NotFound, match="deleted since"):
            await store.finalize(upload.token)

    run_with_store(tmp_path, scenario)


@pytest.mark.parametrize(
    ("declared", "sent"),
    [
        pytest.param(None, 0, id="empty"),
        pytest.param(0, 0, id="declared-empty"),
        pytest.param(6_000, 5_999, id="too-few"),
    ],
)
def test_an_incomplete_upload_is_not_finished(
    tmp_path: Path, declared: int | None, sent: int
) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        upload = await store.start("me", FileWish(size=declared))
        await store.append(upload.token, 0, body(DATA[:sent]))
        with pytest.raises(InvalidUpload, match="cannot be finished"):
            await store.finalize(upload.token)
        assert (await store.page("me", 10)).files == ()
        assert (await store.query(upload.token)).state == "active"

    run_with_store(tmp_path, scenario)


def test_a_cancelled_upload_is_gone(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        upload = await store.start("me", FileWish())
        await store.append(upload.token, 0, body(DATA))
        await store.cancel(upload.token)
        for call in (store.query, store.cancel, store.finalize):
            with pytest.raises(NotFound):
                await call(upload.token)
        assert await store.usage("me") == Usage(0, 0, 0, 0)
        assert list((tmp_path / "parts").iterdir()) == []

    run_with_store(tmp_path, scenario)


@pytest.mark.parametrize("token", ["", "x", "\udcff", "a" * 10_000, "../../etc/passwd"])
def test_an_unknown_token_is_not_found(tmp_path: Path, token: str) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        with pytest.raises(NotFound):
            await store.query(token)
        with pytest.raises(NotFound):
            await store.append(token, 0, body(DATA))

    run_with_store(tmp_path, scenario)


@pytest.mark.parametrize(
    "file_id",
    [
        "",
        "files/",
        "-a",
        "a-",
        "A",
        "a" * 41,
        "a/b",
        "..",
        "files/../../etc/passwd",
        "a.b",
        "é",
        "a\n",
        "a\x00",
        "files/files/a",
        "１",
    ],
)
def test_a_bad_name_is_refused(tmp_path: Path, file_id: str) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        with pytest.raises(InvalidUpload, match="Invalid file name"):
            await store.start("me", FileWish(id=file_id))

    run_with_store(tmp_path, scenario)


@pytest.mark.parametrize("file_id", ["a", "my-pic-1", "0" * 40, "files/x9"])
def test_a_good_name_is_kept(tmp_path: Path, file_id: str) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        file = await put(store, "me", b"x", file_id)
        assert file.id == file_id.removeprefix("files/")

    run_with_store(tmp_path, scenario)


def test_a_name_is_taken_once_for_each_owner(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        early = await store.start("me", FileWish(id="pic"))
        await store.append(early.token, 0, body(b"early"))
        first = await put(store, "me", b"first", "pic")
        with pytest.raises(AlreadyExists):
            await store.start("me", FileWish(id="pic"))
        with pytest.raises(AlreadyExists):
            await store.finalize(early.token)
        assert (await store.query(early.token)).received == 5
        other = await put(store, "you", b"other", "pic")
        assert await store.read("me", first.id) == b"first"
        assert await store.read("you", other.id) == b"other"
        await store.delete("me", "pic")
        assert (await store.finalize(early.token)).size == 5
        clock.now += 48 * HOUR
        assert await store.read("me", (await put(store, "me", b"late", "pic")).id) == b"late"

    run_with_store(tmp_path, scenario)


def test_another_owner_and_a_missing_file_look_alike(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        mine = (await put(store, "me", DATA)).id
        for call in (store.get, store.delete, store.read):
            with pytest.raises(FileForbidden) as theirs:
                await call("you", mine)
            with pytest.raises(FileForbidden) as missing:
                await call("me", "zzzzzzzzzzzz")
            assert theirs.value.message.replace(mine, "X") == missing.value.message.replace(
                "zzzzzzzzzzzz", "X"
            )
        assert (await store.page("you", 10)).files == ()
        assert await store.read("me", mine) == DATA

    run_with_store(tmp_path, scenario)


def test_pages_are_newest_first_and_stable_under_change(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        ids = [(await put(store, "me", b"x")).id for _ in range(5)]
        await put(store, "you", b"x")
        first = await store.page("me", 2)
        await put(store, "me", b"x")
        await store.delete("me", ids[2])
        second = await store.page("me", 2, first.next_token)
        third = await store.page("me", 2, second.next_token)
        assert [file.id for file in first.files] == [ids[4], ids[3]]
        assert [file.id for file in second.files] == [ids[1], ids[0]]
        assert second.next_token is None
        assert third.files == (await store.page("me", 2)).files

    run_with_store(tmp_path, scenario)


@pytest.mark.parametrize("token", ["x", "-1", "1.5", "9" * 19, "٣", "1 OR 1=1"])
def test_a_strange_page_token_is_refused(tmp_path: Path, token: str) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        with pytest.raises(InvalidValue):
            await store.page("me", 10, token)

    run_with_store(tmp_path, scenario)


def test_the_quota_counts_files_and_received_bytes(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        for _ in range(2):
            await put(store, "me", DATA + DATA[:48_800])
        file = await put(store, "me", DATA[:40_000])
        with pytest.raises(ResourceExhausted, match="240000 bytes are stored, 10001 more"):
            await store.start("me", FileWish(size=10_001))
        upload = await store.start("me", FileWish())
        with pytest.raises(ResourceExhausted, match="quota"):
            await store.append(upload.token, 0, body(DATA[:10_001]))
        assert (await store.query(upload.token)).received == 0
        await store.append(upload.token, 0, body(DATA[:10_000]))
        assert await store.usage("me") == Usage(3, 240_000, 1, 10_000)
        await store.finalize(upload.token)
        await store.delete("me", file.id)
        await put(store, "me", DATA[:40_000])
        await put(store, "you", DATA)

    run_with_store(tmp_path, scenario)


@pytest.mark.parametrize("size", [100_001, 2**63, -1])
def test_a_size_beyond_the_limit_is_refused(tmp_path: Path, size: int) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        with pytest.raises(InvalidUpload, match=str(size)):
            await store.start("me", FileWish(size=size))

    run_with_store(tmp_path, scenario)


def test_an_undeclared_body_ends_at_the_limit(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        upload = await store.start("me", FileWish())
        with pytest.raises(InvalidUpload, match="longer than the 100000 bytes"):
            await store.append(upload.token, 0, body(DATA * 2 + b"x"))
        assert (await store.query(upload.token)).received <= 100_000

    run_with_store(tmp_path, scenario)


def test_a_long_display_name_is_refused(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        await store.start("me", FileWish(display_name="é" * 512))
        with pytest.raises(InvalidUpload, match="513 characters"):
            await store.start("me", FileWish(display_name="é" * 513))

    run_with_store(tmp_path, scenario)


def test_a_full_disk_is_said_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        upload = await store.start("me", FileWish())
        await store.append(upload.token, 0, body(DATA[:10_000]))
        with monkeypatch.context() as patch:
            patch.setattr("twinsight.files.folder.Folder.free_bytes", lambda self: -1)
            with pytest.raises(Unavailable, match="disk is full"):
                await store.append(upload.token, 10_000, body(DATA[10_000:]))
            with pytest.raises(Unavailable, match="disk is full"):
                await store.start("me", FileWish())
        await store.append(upload.token, 10_000, body(DATA[10_000:]))
        assert (await store.finalize(upload.token)).sha256 == hashlib.sha256(DATA).digest()

    run_with_store(tmp_path, scenario)


def test_expired_files_are_gone_and_swept(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        old = await put(store, "me", DATA)
        clock.now += 24 * HOUR
        young = await put(store, "me", DATA)
        clock.now += 24 * HOUR
        with pytest.raises(FileForbidden):
            await store.get("me", old.id)
        assert [file.id for file in (await store.page("me", 10)).files] == [young.id]
        assert (await store.usage("me")).files == 1
        assert len(list((tmp_path / "blobs").iterdir())) == 2
        assert await store.sweep() == Swept(files=1, uploads=0, orphans=0)
        assert len(list((tmp_path / "blobs").iterdir())) == 1

    run_with_store(tmp_path, scenario)


def test_forgotten_uploads_and_orphans_are_swept(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        empty = await store.start("me", FileWish())
        begun = await store.start("me", FileWish())
        await store.append(begun.token, 0, body(DATA))
        (tmp_path / "parts" / ("0" * 32)).write_bytes(b"orphan")
        clock.now += 1 * HOUR
        assert await store.sweep() == Swept(files=0, uploads=1, orphans=1)
        with pytest.raises(NotFound):
            await store.query(empty.token)
        assert (await store.query(begun.token)).received == len(DATA)
        clock.now += 23 * HOUR
        assert await store.sweep() == Swept(files=0, uploads=1, orphans=0)
        assert list((tmp_path / "parts").iterdir()) == []

    run_with_store(tmp_path, scenario)


def test_an_upload_under_way_is_not_swept(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        upload = await store.start("me", FileWish())
        request = asyncio.ensure_future(store.append(upload.token, 0, stuck(DATA)))
        await asyncio.sleep(0.1)
        clock.now += 1000 * HOUR
        assert await store.sweep() == Swept(0, 0, 0)
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
        assert (await store.query(upload.token)).received == len(DATA)

    run_with_store(tmp_path, scenario, idle_seconds=30.0)


@pytest.mark.parametrize(
    "starts",
    [
        pytest.param(1_500, id="short"),
        pytest.param(10_000, id="long", marks=pytest.mark.slow),
    ],
)
def test_starts_without_bytes_are_bounded_and_swept(tmp_path: Path, starts: int) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        opened = 0
        refused: list[TwinsightError] = []
        for number in range(starts):
            try:
                await store.start(f"key {number % 20}", FileWish(size=50_000))
                opened += 1
            except ResourceExhausted as refusal:
                refused.append(refusal)
        assert opened == 1_200
        assert len(refused) == starts - 1_200
        assert list((tmp_path / "parts").iterdir()) == []
        assert store.open_sessions == 0
        clock.now += 1 * HOUR
        assert await store.sweep() == Swept(files=0, uploads=1_200, orphans=0)
        await put(store, "key 1", DATA)

    run_with_store(tmp_path, scenario, max_open_uploads=1_200, max_owner_open_uploads=100)


def test_one_key_cannot_use_up_everybodys_uploads(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        for _ in range(3):
            await store.start("greedy", FileWish())
        with pytest.raises(ResourceExhausted, match="This key has 3 unfinished uploads"):
            await store.start("greedy", FileWish())
        await store.start("other", FileWish())
        with pytest.raises(ResourceExhausted, match="server has 4 unfinished uploads"):
            await store.start("third", FileWish())

    run_with_store(tmp_path, scenario, max_open_uploads=4, max_owner_open_uploads=3)


def test_slow_clients_of_one_key_do_not_hold_up_another(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        slow = [await store.start("slow", FileWish()) for _ in range(4)]
        requests = [
            asyncio.ensure_future(store.append(upload.token, 0, stuck(DATA[:100])))
            for upload in slow
        ]
        await asyncio.sleep(0.1)
        async with asyncio.timeout(5):
            assert (await put(store, "quick", DATA)).size == len(DATA)
        for request in requests:
            request.cancel()
        await asyncio.gather(*requests, return_exceptions=True)
        received = [(await store.query(upload.token)).received for upload in slow]
        assert sorted(received) == [0, 0, 100, 100]

    run_with_store(tmp_path, scenario, idle_seconds=30.0, max_streams=3, max_owner_streams=2)


def test_what_a_header_said_is_remembered(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        file = await put(store, "me", DATA)
        assert file.image is None
        await store.remember("me", file.id, ImageFacts("image/webp", (640, 480)))
        await store.remember("you", file.id, ImageFacts("image/png", (1, 1)))
        assert (await store.get("me", file.id)).image == ImageFacts("image/webp", (640, 480))

    run_with_store(tmp_path, scenario)


def test_an_upload_goes_on_in_a_new_process(tmp_path: Path) -> None:
    async def run() -> None:
        store = await LocalStore.open(tmp_path, small_limits())
        upload = await store.start("me", FileWish(id="pic", size=len(DATA)))
        await store.append(upload.token, 0, body(DATA[:30_000]))
        await store.close()
        part = next((tmp_path / "parts").iterdir())
        with part.open("ab") as file:
            file.write(b"a tail that was never acknowledged")
        store = await LocalStore.open(tmp_path, small_limits())
        assert (await store.query(upload.token)).received == 30_000
        await store.append(upload.token, 30_000, body(DATA[30_000:]))
        await store.close()
        store = await LocalStore.open(tmp_path, small_limits())
        assert (await store.finalize(upload.token)).sha256 == hashlib.sha256(DATA).digest()
        assert await store.read("me", "pic") == DATA
        await store.close()

    asyncio.run(run())


def test_a_folder_has_one_owner_at_a_time(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        with pytest.raises(InvalidConfig, match="Another process"):
            await LocalStore.open(tmp_path, small_limits())

    run_with_store(tmp_path, scenario)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InvalidConfig, match="cannot hold files"):
        asyncio.run(LocalStore.open(tmp_path / "file", small_limits()))


def test_the_event_loop_is_never_blocked_for_long(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        longest = 0.0

        async def watch() -> None:
            nonlocal longest
            loop = asyncio.get_running_loop()
            while True:
                before = loop.time()
                await asyncio.sleep(0.001)
                longest = max(longest, loop.time() - before - 0.001)

        watching = asyncio.ensure_future(watch())
        data = DATA * 400
        upload = await store.start("me", FileWish())
        await store.append(upload.token, 0, body(data, piece=65_536))
        await store.finalize(upload.token)
        watching.cancel()
        # Hashing these 20 MB alone takes about 0.1 s.
        assert longest < 0.08

    run_with_store(
        tmp_path, scenario, max_file_bytes=10**8, max_owner_bytes=10**9, checkpoint_bytes=10**7
    )
