"""A place to run a page in: Twinsight installed as the README says, a photo, a free port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.conftest import SAMPLES, RunningServer
from tests.docs.pages import ROOT

PAGE_SECONDS = 300


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a fresh environment, `pip` among them, that sees our packages.

    What `pip install .` needs is there already, so that nothing is fetched.
    """
    home = tmp_path_factory.mktemp("installed")
    run([sys.executable, "-m", "venv", "--without-pip", str(home)], home)
    packages = sysconfig.get_path("purelib")
    own = sysconfig.get_path("purelib", "venv", {"base": str(home), "platbase": str(home)})
    Path(own, "ours.pth").write_text(packages + "\n")
    pip = home / "bin/pip"
    pip.write_text(f'#!/bin/sh\nexec "{home}/bin/python" -m pip "$@"\n')
    pip.chmod(0o755)
    return home / "bin"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the gathered `pages` and the built `site`; a warning fails the build."""
    out = tmp_path_factory.mktemp("docs")
    run([sys.executable, "-m", "docs_build", "--out", str(out)], ROOT)
    return out


@dataclass(frozen=True)
class Desk:
    """A folder with a photo, and the environment in which commands run there."""

    folder: Path
    environ: dict[str, str]
    host: str
    """Where the server answers, instead of 127.0.0.1:8080."""

    def set(self, name: str, value: str) -> Desk:
        """The same desk with another variable."""
        return replace(self, environ=self.environ | {name: value})

    def put(self, name: str, text: str) -> None:
        """Writes a file of a page, with our server's address in it."""
        (self.folder / name).write_text(text.replace("127.0.0.1:8080", self.host))

    def sh(self, text: str) -> str:
        """What a script prints. Fails when it fails."""
        self.put("page.sh", text)
        return run(["bash", "page.sh"], self.folder, self.environ)


def run(words: list[str], folder: Path, environ: dict[str, str] | None = None) -> str:
    """What a command prints; when it fails, the test does, with what it said."""
    done = subprocess.run(
        words, cwd=folder, env=environ, capture_output=True, text=True, timeout=PAGE_SECONDS
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def link(source: Path, target: Path, but: tuple[str, ...]) -> None:
    """A folder like `source`, by links, without some of its entries."""
    target.mkdir(exist_ok=True)
    for entry in source.iterdir():
        if entry.name not in but:
            (target / entry.name).symlink_to(entry)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port


@pytest.fixture
def desk(installed: Path, tmp_path: Path) -> Desk:
    """The checkout as it is, but for what a page writes; a server it starts takes a free port."""
    link(ROOT, tmp_path, but=("out", "build", ".git", ".venv"))
    link(ROOT / ".venv", tmp_path / ".venv", but=("try",))
    # To make, what is installed in the checkout is new enough.
    (tmp_path / ".venv/try").touch()
    shutil.copy(SAMPLES / "coffee.jpg", tmp_path / "photo.jpg")
    port = free_port()
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(
            ("MAKE", "GOOGLE_", "GEMINI_", "PYTHON", "TWINSIGHT_", "PIP_", "VIRTUAL_")
        )
    }
    environ = kept | {
        "PATH": f"{installed}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TWINSIGHT_PORT": str(port),
        "TWINSIGHT_DATA_DIR": str(tmp_path / "data"),
        # The packages of the checkout are never touched; only the README's install is real.
        "PIP_DRY_RUN": "1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }
    return Desk(tmp_path, environ, f"127.0.0.1:{port}")


@pytest.fixture
def served_desk(desk: Desk, server: RunningServer) -> Desk:
    """The same with a server that runs already."""
    told = desk.set("GOOGLE_GEMINI_BASE_URL", server.url).set("GEMINI_API_KEY", "any")
    return replace(told, host=server.url.removeprefix("http://"))
