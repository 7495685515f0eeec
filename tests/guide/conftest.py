"""What the guide's samples need around them: two photos, a URL to fetch one from, a key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.web import served
from tests.conftest import SAMPLES, SHARED


@pytest.fixture(scope="session")
def photo_url() -> Iterator[str]:
    """Where the package's sample pictures can be fetched."""
    with served(SAMPLES) as place:
        yield f"http://{place}"


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
