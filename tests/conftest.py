"""A real server for the tests: the real application under the real uvicorn, on a free port."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
import uvicorn

from twinsight.config import Config
from twinsight.engines.eyes import Eyes, open_eyes
from twinsight.http.app import create_app

# A busy machine is no failure.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

SHARED = Path(os.environ.get("TWINSIGHT_SHARED") or Path(__file__).parents[2] / "shared").resolve()
SAMPLES = Path(__file__).parents[1] / "src/twinsight/samples"
CLIENT = "client"
"""The property of a test that tells which client it drove."""


@dataclass(frozen=True)
class RunningServer:
    """Where a test's server answers, and where it keeps its state."""

    url: str
    key: str
    data_dir: Path

    def client(self, **options: Any) -> httpx.Client:
        """A plain HTTP client that sends the key."""
        headers = {"x-goog-api-key": self.key} | options.pop("headers", {})
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, **options)


StartServer = Callable[..., RunningServer]


@pytest.fixture(scope="session")
def pocket_eyes() -> Eyes:
    """The real engines, loaded once for the whole run."""
    return open_eyes("pocket")


@pytest.fixture(scope="session")
def server(pocket_eyes: Eyes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server with the real engines for all tests that leave it as it was."""
    with Serving(Config(data_dir=tmp_path_factory.mktemp("data")), pocket_eyes) as running:
        yield running


@pytest.fixture
def start_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StartServer]:
    """Starts servers of a test's own: `start_server(eyes=…, max_body_bytes=…)`."""
    started: list[Serving] = []

    def start(eyes: Eyes | None = None, **settings: Any) -> RunningServer:
        eyes = eyes or request.getfixturevalue("pocket_eyes")
        settings.setdefault("data_dir", tmp_path / f"data{len(started)}")
        serving = Serving(replace(Config(), **settings), eyes)
        started.append(serving)
        return serving.__enter__()

    yield start
    for serving in started:
        serving.__exit__()


class Serving:
    """Uvicorn in a thread."""

    def __init__(self, config: Config, eyes: Eyes) -> None:
        self._config = config
        self._server = uvicorn.Server(
            uvicorn.Config(create_app(config, eyes), log_config=None, access_log=False)
        )
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )

    def __enter__(self) -> RunningServer:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the server did not start")
            time.sleep(0.01)
        port = self._socket.getsockname()[1]
        return RunningServer(f"http://127.0.0.1:{port}", "test-key", self._config.data_dir)

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        self._socket.close()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The photos for tests; a test that needs them is skipped, aloud, where they are not."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip(f"no test photos at {folder} (set TWINSIGHT_SHARED)")
    return folder


@pytest.fixture(scope="session")
def sample() -> Callable[[str], bytes]:
    """The bytes of one of the package's sample pictures."""
    return lambda name: (SAMPLES / name).read_bytes()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Which clients ran. Here, since the process that starts the others reads this file alone."""
    reports = [report for group in terminalreporter.stats.values() for report in group]
    told = [pair for report in reports for pair in getattr(report, "user_properties", ())]
    clients = sorted({value for name, value in told if name == CLIENT})
    if clients:
        terminalreporter.write_line(f"clients run: {len(clients)}: {', '.join(clients)}")
