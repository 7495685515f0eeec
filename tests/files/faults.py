"""Uploads under ``kill -9``: python -m tests.files.faults --rounds 200

Each round: clients upload in parallel to a real server process over HTTP, in chunks of random size,
some slowly, some dropping the line, until the server is killed at a random moment; it is started
again, the clients ask how much was received and go on. After each round:

  - no upload has fewer bytes than were acknowledged to its client;
  - every file whose finalize was acknowledged is listed, and its sha256 is that of what was sent;
  - every listed file can be read whole (from the folder, while the server is down) and hashes
    right;
  - while the server is down doctor finds nothing but what a crash may leave, and nothing once it
    has started again.

With ``--disk-full`` the same runs on a tmpfs of 24 MB, so that the disk fills up again and again;
that needs the right to mount. With ``--min-free-bytes 0`` the last byte is used too: SQLite then
meets the full disk itself. Prints one line a round and the counts at the end; exits 1 at a
broken promise.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from twinsight.files import doctor
from twinsight.files.database import Database
from twinsight.files.folder import Folder
from twinsight.files.limits import FileLimits

KEY = "fault-test"
LIMITS: dict[str, Any] = {
    "checkpoint_bytes": 300_000,
    "takeover_seconds": 0.3,
    "idle_seconds": 2.0,
    "min_free_bytes": 2_000_000,
}


class BrokenPromise(AssertionError):
    pass


@dataclass
class Promise:
    """One upload and what the server has acknowledged of it. ``url`` is None before the start."""

    data: bytes
    url: str | None = None
    acknowledged: int = 0
    file_name: str | None = None
    deleted: bool = False


@dataclass
class Plan:
    """What the run does."""

    clients: int = 6
    max_bytes: int = 3_000_000
    kill_after: tuple[float, float] = (0.05, 0.9)


@dataclass
class Run:
    """The state of all rounds."""

    root: Path
    seed: int
    plan: Plan = field(default_factory=Plan)
    counts: Counter[str] = field(default_factory=Counter)
    promises: list[Promise] = field(default_factory=list)
    broken: list[BrokenPromise] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    process: subprocess.Popen[bytes] | None = None
    port: int = 0

    def count(self, what: str, by: int = 1) -> None:
        with self.lock:
            self.counts[what] += by


def run_rounds(run: Run, rounds: int, quiet: bool = False) -> Counter[str]:
    """All rounds; raises `BrokenPromise`."""
    source = random.Random(run.seed)
    start_server(run)
    for number in range(rounds):
        began = time.monotonic()
        stop = threading.Event()
        clients = [
            threading.Thread(target=client, args=(run, stop, source.getrandbits(64)))
            for _ in range(run.plan.clients)
        ]
        for thread in clients:
            thread.start()
        time.sleep(source.uniform(*run.plan.kill_after))
        kill_server(run)
        stop.set()
        for thread in clients:
            thread.join()
        if run.broken:
            raise run.broken[0]
        check_folder(run)
        start_server(run)
        check_promises(run)
        finish_some(run, source)
        if not quiet:
            print(f"round {number + 1}/{rounds}: {time.monotonic() - began:.1f} s", flush=True)
    run.counts["rounds"] = rounds
    return run.counts


# the server


def start_server(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        run.port = free.getsockname()[1]
    with tempfile.TemporaryFile() as log:
        run.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.files.server", str(run.root), str(run.port)),
                *("--limits", msgspec.json.encode(LIMITS).decode(), "--sweep-seconds", "0.2"),
            ],
            stdout=log,
            stderr=log,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(["src", "."])},
        )
        while run.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", run.port)):
                return
            time.sleep(0.02)
        log.seek(0)
        raise BrokenPromise(f"the server did not start again:\n{log.read().decode()}")


def kill_server(run: Run) -> None:
    assert run.process is not None
    if run.process.poll() is not None:
        raise BrokenPromise(f"the server died by itself: {run.process.returncode}")
    run.process.kill()
    run.process.wait()
    run.count("kills")


# the clients


def client(run: Run, stop: threading.Event, seed: int) -> None:
    """Upload, go on with what earlier rounds left, delete: until the server is gone."""
    source = random.Random(seed)
    while not stop.is_set():
        promise = pick(run, source)
        try:
            drive(run, promise, source)
        except (OSError, HTTPException):
            run.count("connections lost")
        except BrokenPromise as broken:
            run.broken.append(broken)
        finally:
            with run.lock:
                run.promises.append(promise)
        if stop.wait(0.005):
            return


def pick(run: Run, source: random.Random) -> Promise:
    """An unfinished upload that no other client is at, or a new one."""
    with run.lock:
        open_ones = [p for p in run.promises if p.url and not p.file_name]
        if open_ones and source.random() < 0.5:
            promise = source.choice(open_ones)
            run.promises.remove(promise)
            return promise
    return Promise(source.randbytes(source.randint(1, run.plan.max_bytes)))


def drive(run: Run, promise: Promise, source: random.Random) -> None:
    """One upload from where it stands to its end, or to a fault."""
    if promise.url is None:
        size = {"X-Goog-Upload-Header-Content-Length": str(len(promise.data))}
        declared = size if source.random() < 0.7 else {}
        status, headers, _ = request(run, "/upload/v1beta/files", "start", extra=declared)
        if status != 200:
            return refused(run, status)
        promise.url = headers["X-Goog-Upload-URL"]
        run.count("uploads started")
    elif source.random() < 0.5:
        query(run, promise)
    while promise.acknowledged < len(promise.data):
        if not send_chunk(run, promise, source):
            return None
    status, _, body = request(run, promise.url, "upload, finalize", offset=len(promise.data))
    if status != 200:
        return refused(run, status)
    finished(run, promise, body)
    if source.random() < 0.3:
        delete(run, promise)
    return None


def send_chunk(run: Run, promise: Promise, source: random.Random) -> bool:
    """One chunk from what was acknowledged, or from a little before; False when it was refused."""
    offset = max(0, promise.acknowledged - source.choice([0, 0, 0, 1, 70_000]))
    chunk = promise.data[offset : offset + source.randint(1, 1_200_000)]
    manner = source.random()
    last = offset + len(chunk) == len(promise.data) and manner < 0.5
    command = "upload, finalize" if last else "upload"
    assert promise.url is not None
    if manner > 0.9:
        drop_line(run, promise.url, offset, chunk, source)
        query(run, promise)
        return True
    slow = 0.7 < manner < 0.8
    status, headers, body = request(run, promise.url, command, offset, chunk, slow)
    if status != 200:
        refused(run, status)
        return False
    promise.acknowledged = max(promise.acknowledged, offset + len(chunk))
    if int(headers["X-Goog-Upload-Size-Received"]) < promise.acknowledged:
        raise BrokenPromise(f"acknowledged less than was sent: {headers}")
    run.count("chunks acknowledged")
    run.count("bytes acknowledged", len(chunk))
    if last:
        finished(run, promise, body)
    return not last


def query(run: Run, promise: Promise) -> None:
    assert promise.url is not None
    status, headers, _ = request(run, promise.url, "query")
    if status != 200:
        raise BrokenPromise(f"an upload with {promise.acknowledged} bytes is gone: {status}")
    received = int(headers["X-Goog-Upload-Size-Received"])
    if received < promise.acknowledged:
        raise BrokenPromise(f"{promise.acknowledged} bytes acknowledged, {received} received")
    promise.acknowledged = received
    run.count("resumes by query")


def finished(run: Run, promise: Promise, body: bytes) -> None:
    file = msgspec.json.decode(body)["file"]
    promise.file_name = file["name"]
    check_hash(promise, file)
    run.count("files finalized")


def delete(run: Run, promise: Promise) -> None:
    promise.deleted = True
    status, _, _ = request(run, f"/v1beta/{promise.file_name}", "", method="DELETE")
    if status == 200:
        run.count("files deleted")


def refused(run: Run, status: int) -> None:
    """The only refusal there may be is that of a full disk."""
    if status != 503:
        raise BrokenPromise(f"an honest request was answered {status}")
    run.count("refused: disk full")


def request(
    run: Run,
    url: str,
    command: str,
    offset: int = 0,
    body: bytes = b"",
    slow: bool = False,
    extra: dict[str, str] | None = None,
    method: str = "POST",
) -> tuple[int, Any, bytes]:
    parts = urlsplit(url)
    headers = {"x-goog-api-key": KEY, "X-Goog-Upload-Offset": str(offset)}
    headers |= {"X-Goog-Upload-Command": command, "X-Goog-Upload-Protocol": "resumable"}
    connection = HTTPConnection("127.0.0.1", run.port, timeout=20)
    try:
        sent: Any = dripping(body) if slow and body else body
        if slow:
            headers["Content-Length"] = str(len(body))
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, sent, headers | (extra or {}))
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()
    finally:
        connection.close()


def dripping(body: bytes) -> Iterator[bytes]:
    """A slow client: twenty pieces over 0.6 s."""
    step = -(-len(body) // 20)
    for start in range(0, len(body), step):
        yield body[start : start + step]
        time.sleep(0.03)


def drop_line(run: Run, url: str, offset: int, chunk: bytes, source: random.Random) -> None:
    """Send a part of a chunk and hang up."""
    parts = urlsplit(url)
    with socket.create_connection(("127.0.0.1", run.port), timeout=20) as line:
        head = f"POST {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\n"
        head += f"X-Goog-Upload-Command: upload\r\nX-Goog-Upload-Offset: {offset}\r\n"
        line.sendall(f"{head}Content-Length: {len(chunk)}\r\n\r\n".encode())
        line.sendall(chunk[: source.randint(0, len(chunk))])
    run.count("lines dropped by clients")


# the promises


def check_promises(run: Run) -> None:
    """What was acknowledged is there, as the restarted server tells it."""
    if faults := doctor.inspect(run.root / "files", FileLimits(**LIMITS)):
        raise BrokenPromise(f"after the restart: {faults}")
    listed = list_files(run)
    for promise in run.promises:
        if promise.file_name and not promise.deleted:
            if promise.file_name not in listed:
                raise BrokenPromise(f"{promise.file_name} was acknowledged and is not listed")
            check_hash(promise, listed[promise.file_name])
            run.count("checks of files")
        elif promise.url and not promise.file_name:
            query(run, promise)
            run.count("checks of uploads")


def list_files(run: Run) -> dict[str, Any]:
    files: dict[str, Any] = {}
    token = ""
    while True:
        url = f"/v1beta/files?pageSize=100&pageToken={token}"
        status, _, body = request(run, url, "", method="GET")
        if status != 200:
            raise BrokenPromise(f"files.list answered {status}")
        page = msgspec.json.decode(body)
        files |= {file["name"]: file for file in page.get("files", [])}
        token = page.get("nextPageToken", "")
        if not token:
            return files


def check_hash(promise: Promise, file: Any) -> None:
    if base64.b64decode(file["sha256Hash"]) != hashlib.sha256(promise.data).digest():
        raise BrokenPromise(f"{promise.file_name} has another hash than what was sent")


def check_folder(run: Run) -> None:
    """With the server dead: doctor repairs only what a crash may leave, and then all is in order.

    Every row of a file has its bytes, whole and with the right hash.
    """
    root, limits = run.root / "files", FileLimits(**LIMITS)
    for fault in doctor.inspect(root, limits, deep=True):
        if fault.kind not in ("half-moved", "orphan"):
            raise BrokenPromise(f"after the crash: {fault}")
        run.count(f"left by crashes: {fault.kind}")
    database, folder = Database(root / doctor.DATABASE, limits), Folder(root)
    try:
        _, files = database.claims()
        for name, file in files.items():
            if folder.sha256(name) != file.sha256:
                raise BrokenPromise(f"files/{file.id} is listed and its bytes are not right")
            run.count("listed files read")
    finally:
        database.close()


def finish_some(run: Run, source: random.Random) -> None:
    """Finish most uploads and delete most files, so that neither grows for ever."""
    for promise in list(run.promises):
        if promise.file_name:
            if not promise.deleted and source.random() < 0.7:
                delete(run, promise)
        elif promise.url and source.random() < 0.6:
            with contextlib.suppress(OSError, HTTPException):
                drive(run, promise, source)
    run.promises = [p for p in run.promises if p.url and not p.deleted]


# the command


@contextlib.contextmanager
def small_disk(megabytes: int = 24) -> Iterator[Path]:
    """A tmpfs; `PermissionError` where mounting is not allowed."""
    with tempfile.TemporaryDirectory(prefix="twinsight-disk-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder]
        if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            raise PermissionError("mounting a tmpfs is not permitted here")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--disk-full", action="store_true", help="run on a tmpfs of 24 MB")
    parser.add_argument("--min-free-bytes", type=int, default=LIMITS["min_free_bytes"])
    given = parser.parse_args()
    LIMITS["min_free_bytes"] = given.min_free_bytes
    with contextlib.ExitStack() as stack:
        if given.disk_full:
            root = stack.enter_context(small_disk())
        else:
            root = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="twinsight-faults-"))
            )
        run = Run(root, given.seed)
        print(f"seed {given.seed}, folder {root}", flush=True)
        try:
            counts = run_rounds(run, given.rounds)
        except BrokenPromise as broken:
            print(f"BROKEN PROMISE: {broken}\n{dict(run.counts)}")
            return 1
        finally:
            if run.process is not None and run.process.poll() is None:
                run.process.kill()
                run.process.wait()
    for what in sorted(counts):
        print(f"{counts[what]:>12,}  {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
