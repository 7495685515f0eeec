"""Fixtures of the client tests: the clients, pictures to send, servers with special settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.photos import Photos
from tests.clients.process import SPECS, Client, Drivers, why_missing
from tests.clients.web import served
from tests.conftest import CLIENT

CHECKOUT = Path(__file__).resolve().parents[2]
_BY_NAME = {spec.name: spec for spec in SPECS}


@dataclass(frozen=True)
class Address:
    """Where a server listens, and a key that it takes."""

    url: str
    key: str


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Photos:
    return Photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="session")
def drivers(server: Address, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drivers]:
    all_drivers = Drivers(server.url, server.key, tmp_path_factory.mktemp("drivers"))
    yield all_drivers
    all_drivers.stop()


@pytest.fixture
def client(request: pytest.FixtureRequest, drivers: Drivers) -> Client:
    """The client that the test was parametrised with; a missing one is skipped, and counted."""
    spec = _BY_NAME[request.param]
    reason = why_missing(spec)
    if reason is not None:
        pytest.skip(f"{spec.name}: {reason}")
    sdk = "curl" if spec.language == "curl" else drivers.of(spec).sdk
    request.node.user_properties.append((CLIENT, f"{spec.name} ({sdk})"))
    return Client(spec, drivers)


Launch = Callable[..., Address]


@pytest.fixture(scope="session")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launch]:
    """Starts further servers: `launch(keys=True, max_body_bytes=…)`; each once for its settings."""
    started: dict[str, tuple[subprocess.Popen[str], Address]] = {}

    def start(keys: bool = False, fetch: str = "", **settings: object) -> Address:
        words = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
        words += ["--keys"] if keys else []
        words += ["--fetch", fetch] if fetch else []
        mark = " ".join(words)
        if mark not in started:
            started[mark] = _started(tmp_path_factory.mktemp("server"), words)
        return started[mark][1]

    yield start
    for process, _ in started.values():
        process.terminate()
    for process, _ in started.values():
        process.communicate(timeout=20)


def _started(data_dir: Path, words: list[str]) -> tuple[subprocess.Popen[str], Address]:
    with (data_dir / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.clients.faulty_app", str(data_dir), *words],
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": f"{CHECKOUT / 'src'}{os.pathsep}{CHECKOUT}"},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"the server did not start:\n{(data_dir / 'log').read_text()[-3000:]}"
    return process, Address(**json.loads(line))


@pytest.fixture(scope="session")
def faulty_server(launch: Launch) -> Address:
    """A server whose answers can be made late or broken, see `faulty_app`."""
    return launch()


@pytest.fixture(scope="session")
def keyed_server(launch: Launch) -> Address:
    """A server that has one API key and takes no other."""
    return launch(keys=True)


@pytest.fixture(scope="session")
def small_server(launch: Launch) -> Address:
    """A server with a body limit of 1 MiB."""
    return launch(max_body_bytes=1 << 20)


@pytest.fixture(scope="session")
def photos_place(photos: Photos) -> Iterator[str]:
    """A web server of the drawn pictures, as `host:port`."""
    with served(photos.folder) as place:
        yield place


@pytest.fixture(scope="session")
def fetching_server(launch: Launch, photos_place: str) -> Address:
    """A server that may fetch pictures from `photos_place`."""
    return launch(fetch=photos_place)
