"""`twinsight serve` as a process: the recipe, the log, a full port, a graceful end."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import SAMPLES

PATH = "/v1beta/models/gemini-2.5-flash:generateContent"
SECRET = "a-key-nobody-may-read"


class Process:
    def __init__(self, data_dir: Path, *flags: str) -> None:
        self._log = data_dir / "log"
        command = [
            sys.executable,
            "-m",
            "twinsight",
            "serve",
            "--port",
            "0",
            "--data-dir",
            str(data_dir),
        ]
        env = {k: v for k, v in os.environ.items() if not k.startswith("TWINSIGHT_")}
        with self._log.open("wb") as file:
            self.process = subprocess.Popen([*command, *flags], stderr=file, env=env)
        for _ in range(600):
            ready = re.search(r"answers at (http://\S+)", self.log)
            if ready:
                self.url = ready.group(1)
                return
            time.sleep(0.05)
        raise RuntimeError(self.log)

    @property
    def log(self) -> str:
        return self._log.read_text()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    running = Process(tmp_path)
    yield running
    running.process.kill()
    running.process.wait()


def body(name: str, copies: int = 1) -> dict[str, object]:
    data = base64.b64encode((SAMPLES / name).read_bytes()).decode()
    parts: list[dict[str, object]] = [{"inlineData": {"data": data}}] * copies
    return {"contents": [{"parts": [*parts, {"text": "What is in these images?"}]}]}


def test_the_recipe_names_every_sdk(process: Process) -> None:
    assert process.url.startswith("http://127.0.0.1:")
    for name in ("Python", "Node", "Go", "Java", "curl", "GOOGLE_GEMINI_BASE_URL"):
        assert name in process.log


def test_the_log_has_a_line_a_request_without_keys_or_pictures(process: Process) -> None:
    asked = body("cat.jpg")
    httpx.post(process.url + PATH, params={"key": SECRET}, json=asked, timeout=30)
    httpx.post(process.url + PATH, headers={"x-goog-api-key": SECRET}, json={}, timeout=30)
    requests: list[dict[str, object]] = []
    for _ in range(100):  # the line is written after the reply
        lines = [json.loads(line) for line in process.log.splitlines() if line.startswith("{")]
        requests = [line for line in lines if line["event"] == "request"]
        if len(requests) == 2:
            break
        time.sleep(0.05)
    assert [line["status"] for line in requests] == [200, 400]
    assert requests[0]["images"] == 1
    assert requests[0]["path"] == PATH
    assert len({line["request_id"] for line in requests}) == 2
    data = asked["contents"][0]["parts"][0]["inlineData"]["data"]  # type: ignore[index]
    assert SECRET not in process.log
    assert data[:40] not in process.log


def test_a_body_in_pieces_of_any_size_arrives_whole(process: Process) -> None:
    photo = (SAMPLES / "coffee.jpg").read_bytes()
    data = base64.b64encode(photo + bytes(900_000)).decode()
    parts = [{"inlineData": {"data": data}}, {"text": "What is this?"}]
    content = json.dumps({"contents": [{"parts": parts}]}).encode()
    url = httpx.URL(process.url)
    path = PATH.replace("generateContent", "countTokens")
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-goog-api-key: any\r\nContent-Length: {len(content)}"
    with socket.create_connection((url.host, url.port or 80), timeout=30) as line:
        line.sendall(f"{head}\r\n\r\n".encode() + content[:7])
        at = 7
        for size in (1, 1, 1000, 70_000, 1, 300_000, 3, len(content)):
            time.sleep(0.02)
            line.sendall(content[at : at + size])
            at += size
        reply = b"".join(iter(lambda: line.recv(65_536), b"")).decode()
    assert "200 OK" in reply
    whole = httpx.post(process.url + path, headers={"x-goog-api-key": "any"}, content=content)
    assert whole.json()["totalTokens"] > 258
    assert whole.text in reply


def test_stopping_finishes_what_was_accepted(process: Process) -> None:
    url, content = httpx.URL(process.url), json.dumps(body("coffee.jpg")).encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nhost: {url.host}\r\nx-goog-api-key: any\r\n"
        "content-type: application/json\r\nconnection: close\r\nexpect: 100-continue\r\n"
        f"content-length: {len(content)}\r\n\r\n"
    )
    with socket.create_connection((url.host, url.port or 80), timeout=60) as line:
        line.sendall(head.encode())
        assert b"100 Continue" in line.recv(1000)
        process.process.send_signal(signal.SIGTERM)
        line.sendall(content)
        reply = b"".join(iter(lambda: line.recv(65536), b""))
    assert b"200 OK" in reply
    assert b"candidates" in reply
    assert process.process.wait(30) in (0, -signal.SIGTERM)
    assert "Traceback" not in process.log


def test_a_port_in_use_is_told_in_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [
            sys.executable,
            "-m",
            "twinsight",
            "serve",
            "--port",
            port,
            "--data-dir",
            str(tmp_path),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert f"127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "start", [b"GET /", b"GET /health HTTP/1.1\r\nHost: x\r\nA: ", b"GET /health HTTP/1.1\r\n"]
)
def test_a_head_without_an_end_is_refused(process: Process, start: bytes) -> None:
    endless = b"A: b\r\n" * 1000 if start.endswith(b"\n") else b"a" * 6000
    host, port = process.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(start)
        with pytest.raises(ConnectionError):
            line.sendall(endless * 3000)
    assert httpx.get(f"{process.url}/health").status_code == 200


def test_a_body_that_does_not_come_ends_with_its_time(tmp_path: Path) -> None:
    (tmp_path / "twinsight.toml").write_text("request_seconds = 1\n")
    running = Process(tmp_path, "--config", str(tmp_path / "twinsight.toml"))
    host, port = running.url.removeprefix("http://").split(":")
    head = f"POST {PATH}?key=any HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{{"
    try:
        with socket.create_connection((host, int(port)), timeout=20) as line:
            line.sendall(head.encode())
            assert line.recv(100).startswith(b"HTTP/1.1 504")
    finally:
        running.process.kill()
        running.process.wait()
