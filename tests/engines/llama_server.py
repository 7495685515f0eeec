"""llama.cpp's own server for the tests, by URL and as the child of `engine_gguf`.

`python tests/clients/setup.py --only llama` fetches it with a model of 135M parameters; without
them these tests are skipped, aloud.
"""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients import setup
from twinsight.config import Config

FOLDER = setup.HOME / "llama"
WEIGHTS = FOLDER / "model.gguf"
PROGRAM = """#!{python}
import argparse, sys, xllamacpp
parser = argparse.ArgumentParser()
for name in ("model", "host", "port", "ctx-size", "parallel"):
    parser.add_argument("--" + name, required=True)
parser.add_argument("--mmproj", default="")
asked = parser.parse_args()
params = xllamacpp.CommonParams()
params.model.path, params.mmproj.path, params.port = asked.model, asked.mmproj, int(asked.port)
params.n_ctx, params.n_parallel = int(asked.ctx_size), int(asked.parallel)
params.cpuparams.n_threads = 1
server = xllamacpp.Server(params)
import signal
signal.pause()
"""


def need_llama() -> None:
    """Skips the test where llama.cpp is not installed."""
    if not setup.ready("llama"):
        missing = FOLDER / "missing"
        why = (
            missing.read_text() if missing.is_file() else "run tests/clients/setup.py --only llama"
        )
        pytest.skip(f"no llama.cpp here: {why}")


class Llama:
    """One llama.cpp server process; started again on its port after it was killed."""

    def __init__(self, eyes: Path | None = None) -> None:
        """`eyes` is an `mmproj` file."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._eyes = eyes
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [str(FOLDER / "bin/python"), str(setup.LLAMA / "serve.py"), str(WEIGHTS)]
        self._process = subprocess.Popen(
            [*command, str(self.port), *([str(self._eyes)] if self._eyes else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == self.url

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def busy(self) -> list[int]:
        """For each answer that is being made, how many tokens it has."""
        slots: list[dict[str, Any]] = httpx.get(f"{self.url}/slots").json()
        return [slot["next_token"][0]["n_decoded"] for slot in slots if slot["is_processing"]]

    def last_tokens(self) -> int:
        """How many tokens the last conversation has, its answer's included but the last."""
        slots: list[dict[str, Any]] = httpx.get(f"{self.url}/slots").json()
        tokens: int = max(slots, key=lambda slot: slot.get("id_task", -1))["n_prompt_tokens"]
        return tokens


def child_settings(
    way: str, folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> Config:
    """Settings for both ways to serve a file: "package" (xllamacpp), "program" (llama-server)."""
    if way == "package":
        # The child's interpreter must have xllamacpp; that of the tests does not.
        monkeypatch.setattr(sys, "executable", str(FOLDER / "bin/python"))
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
        return Config(engine_gguf=str(WEIGHTS), **settings)
    program = folder / "llama-server"
    program.write_text(PROGRAM.format(python=FOLDER / "bin/python"))
    program.chmod(0o755)
    return Config(engine_gguf=str(WEIGHTS), engine_program=str(program), **settings)


def until(holds: Callable[[], object]) -> None:
    """Waits for it, and fails after twenty seconds."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
