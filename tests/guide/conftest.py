"""What the guide's samples need around them: two photos, a URL to fetch one from, a key."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SAMPLES, SHARED


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *given: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="session")
def photo_url() -> Iterator[str]:
    """A web server of the package's sample pictures; the address of its root."""
    handler = partial(_Quiet, directory=str(SAMPLES))
    web = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{web.server_address[1]}"
    web.shutdown()
    thread.join()
    web.server_close()


@pytest.fixture(scope="session")
def guide() -> Path:
    """The guide's samples; they are Google's and not part of the project."""
    folder = SHARED / "guide"
    if not folder.is_dir():
        pytest.skip(f"the guide's samples are not at {folder} (set TWINSIGHT_SHARED)")
    return folder


@dataclass(frozen=True)
class Around:
    """The environment of a sample: pictures that it reads and the server that it calls."""

    photo: Path
    other: Path
    environ: dict[str, str]


@pytest.fixture(scope="session")
def around(server: Any, photo_url: str) -> Around:
    photo, other = SAMPLES / "cat.jpg", SAMPLES / "coffee.jpg"
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GOOGLE_", "GEMINI_", "PYTHON")) and "proxy" not in name.lower()
    }
    told = {
        "GOOGLE_GEMINI_BASE_URL": server.url,
        "BASE": server.url,
        "GOOGLE_API_KEY": server.key,
        "GEMINI_API_KEY": server.key,
        "IMG1": str(photo),
        "IMG2": str(other),
        "IMG_URL": f"{photo_url}/cat.jpg",
        "TARGETS": "the cat",
    }
    return Around(photo, other, kept | told)
