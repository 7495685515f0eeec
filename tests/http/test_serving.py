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
import threading
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
    lines = [json.loads(line) for line in process.log.splitlines() if line.startswith("{")]
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["status"] for line in requests] == [200, 400]
    assert requests[0]["images"] == 1
    assert requests[0]["path"] == PATH
    assert len({line["request_id"] for line in requests}) == 2
    data = asked["contents"][0]["parts"][0]["inlineData"]["data"]  # type: ignore[index]
    assert SECRET not in process.log
    assert data[:40] not in process.log


def test_stopping_finishes_what_was_accepted(process: Process) -> None:
    replies: list[int] = []

    def ask() -> None:
        photos = body("coffee.jpg")
        headers = {"x-goog-api-key": "any"}
        replies.append(
            httpx.post(process.url + PATH, json=photos, headers=headers, timeout=60).status_code
        )

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.15)
    process.process.send_signal(signal.SIGTERM)
    thread.join()
    assert replies == [200]
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
