"""A model hub on loopback that answers as Hugging Face's does, and can be told to misbehave.

Large files are redirected to another origin (by another name of this machine), as the hub does to
its stores. All requests are kept, with how many bytes of the body were sent.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "c0ffee" + "0" * 34
CHUNK = 256 * 1024


@dataclass
class Repository:
    files: dict[str, bytes]
    licence: str | None = "apache-2.0"
    gated: bool = False


@dataclass
class Asked:
    method: str
    path: str
    range: str
    authorization: str
    sent: int = 0


@dataclass
class Hub:
    """What it has, what it was asked, and what it does wrong."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    cut_after: list[int] = field(default_factory=list)
    """How many bytes the next downloads send before the connection is cut, one each."""
    stall_after: int | None = None
    """Downloads send so many bytes and then nothing, until the test ends."""
    lies: bool = False
    """The last byte of each download is another one."""
    answers: int | None = None
    """This status is the answer to everything."""
    url: str = ""
    other_origin: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    def downloads(self) -> list[Asked]:
        """The requests for the bodies of large files."""
        return [asked for asked in self.asked if asked.path.startswith("/store/")]

    def promised(self, repo: str, name: str) -> str:
        return hashlib.sha256(self.repositories[repo].files[name]).hexdigest()


@contextmanager
def running() -> Iterator[Hub]:
    hub = Hub()

    class Handler(_Handler):
        state = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    port = server.server_address[1]
    hub.url, hub.other_origin = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        hub.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    state: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, with_body: bool) -> None:
        hub, path = self.state, self.path.partition("?")[0]
        self.asked = Asked(
            self.command,
            path,
            self.headers.get("Range", ""),
            self.headers.get("Authorization", ""),
        )
        hub.asked.append(self.asked)
        if hub.answers:
            self._error(hub.answers, "", "the hub is not well")
        elif api := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/(.+)", path):
            self._repository(api[1], api[2])
        elif stored := re.fullmatch(r"/store/([0-9a-f]{64})", path):
            self._store(stored[1])
        elif file := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._file(file[1], file[2], file[3], with_body)
        else:
            self._error(404, "", "no such page")

    def _known(self, repo: str, revision: str) -> Repository | None:
        known = self.state.repositories.get(repo)
        if known is None:
            # Of what is not there, and of what is private, the hub says the same to a stranger.
            self._error(401, "RepoNotFound", "Repository not found")
        elif revision not in ("main", COMMIT):
            self._error(404, "RevisionNotFound", "Invalid rev id")
            return None
        return known

    def _repository(self, repo: str, revision: str) -> None:
        known = self._known(repo, revision)
        if known is None:
            return
        told = {
            "_id": "1", "id": repo, "modelId": repo, "sha": COMMIT, "private": False,
            "gated": "manual" if known.gated else False, "tags": [], "downloads": 0, "likes": 0,
            "cardData": {"license": known.licence} if known.licence else {},
            "siblings": [{"rfilename": name} for name in known.files],
        }  # fmt: skip
        self._send(200, json.dumps(told).encode(), {"Content-Type": "application/json"})

    def _file(self, repo: str, revision: str, name: str, with_body: bool) -> None:
        known = self._known(repo, revision)
        if known is None:
            return
        if known.gated and self.headers.get("Authorization") != "Bearer hf_right":
            self._error(403, "GatedRepo", "Access to this model is restricted")
            return
        if name not in known.files:
            self._error(404, "EntryNotFound", "Entry not found")
            return
        content = known.files[name]
        headers = {"X-Repo-Commit": COMMIT}
        if name.endswith((".gguf", ".onnx", ".onnx_data")):
            sha256 = hashlib.sha256(content).hexdigest()
            headers |= {
                "X-Linked-Etag": f'"{sha256}"',
                "X-Linked-Size": str(len(content)),
                "Location": f"{self.state.other_origin}/store/{sha256}",
            }
            self._send(302, b"", headers)
        else:
            blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            self._send(200, content, headers | {"ETag": f'"{blob}"'}, with_body)

    def _store(self, sha256: str) -> None:
        hub = self.state
        content = next(
            content
            for repository in hub.repositories.values()
            for content in repository.files.values()
            if hashlib.sha256(content).hexdigest() == sha256
        )
        if hub.lies:
            content = content[:-1] + bytes([content[-1] ^ 1])
        begin = int(self.asked.range.removeprefix("bytes=").partition("-")[0] or 0)
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(content) - begin))
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        end = begin + hub.cut_after.pop(0) if hub.cut_after else len(content)
        if hub.stall_after is not None:
            end = min(end, begin + hub.stall_after)
        try:
            for at in range(begin, min(end, len(content)), CHUNK):
                piece = content[at : min(at + CHUNK, end)]
                self.wfile.write(piece)
                self.asked.sent += len(piece)
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
            return
        if hub.stall_after is not None:
            hub.over.wait()
        if end < len(content):
            self.close_connection = True

    def _error(self, status: int, code: str, message: str) -> None:
        headers = {"X-Error-Code": code, "X-Error-Message": message} if code else {}
        self._send(status, json.dumps({"error": message}).encode(), headers)

    def _send(
        self, status: int, body: bytes, headers: dict[str, str], with_body: bool = True
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body and self.command != "HEAD":
            self.wfile.write(body)
            self.asked.sent += len(body)
