"""A GGUF file of the user's own, served by llama.cpp in a child process and asked by its dialect.

The child's crash is one clean 503: it is started again, and the next request is answered.
"""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from twinsight.config import Config
from twinsight.engines import gguf_child
from twinsight.engines.openai import OpenAIEngine, dialect_for, offered
from twinsight.engines.openai_http import Line
from twinsight.engines.roles import Card
from twinsight.engines.speaker import Alone, Waiting
from twinsight.engines.weights import is_gguf
from twinsight.errors import InvalidConfig, TwinsightError, Unavailable
from twinsight.geometry.detections import Detections
from twinsight.image.picture import Picture
from twinsight.prompt import Delta, Prompt

START_SECONDS = 600.0
"""A model of tens of gigabytes is read from a slow disk in this time."""
POLL_SECONDS = 0.05
DYING_SECONDS = 0.5
"""A process that is killed closes its connections a moment before it has ended."""
LOG_CHARACTERS = 600
PARALLEL = 4
"""Answers that the child makes at one time; each has its share of the context."""


class GgufEngine:
    """Plays what its model can, through `OpenAIEngine`. Safe for many threads."""

    def __init__(self, config: Config) -> None:
        """Starts the child. Raises InvalidConfig when it cannot run as it is configured."""
        self._config = config
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._engine: OpenAIEngine | None = None
        engine = self._ready(Alone(remaining=START_SECONDS))
        self.sees = engine.sees
        self.card = Card(
            f"gguf:{Path(config.engine_gguf).stem}",
            engine.card.roles,
            f"{Path(config.engine_gguf).stem} by llama.cpp in a process beside this one",
            "as the model's owner says",
        )

    def say(
        self, prompt: Prompt, waiting: Waiting, max_pixels: int, candidate: int = 0
    ) -> Iterator[Delta]:
        """The model's answer as it comes. See `Speaker.say`."""
        with waiting.aside():
            engine = self._ready(waiting)
        try:
            yield from engine.say(prompt, waiting, max_pixels, candidate)
        except Unavailable:
            self._start_again()
            raise

    def ground(self, picture: Picture, phrase: str, waiting: Waiting) -> tuple[Detections, bool]:
        """What the phrase describes. See `Grounder.ground`."""
        with waiting.aside():
            engine = self._ready(waiting)
        try:
            return engine.ground(picture, phrase, waiting)
        except Unavailable:
            self._start_again()
            raise

    def health(self) -> str:
        """What runs, in a line, with the memory that it holds. Raises Unavailable."""
        engine = self._ready(Alone(remaining=START_SECONDS))
        child = self._child
        held = child.memory_mb() if child is not None else 0
        return f"{engine.health()}, in a child process of {held:.0f} MB"

    def close(self) -> None:
        """Ends the child; the next question starts it again."""
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        if self._engine is not None:
            self._engine.close()
        if self._child is not None:
            self._child.stop()
        self._child = self._engine = None

    def _ready(self, waiting: Waiting) -> OpenAIEngine:
        """The engine of a child that runs, started if it does not."""
        while not self._lock.acquire(timeout=POLL_SECONDS):
            waiting.check()
        try:
            if self._engine is None or self._child is None or not self._child.is_alive:
                self._stop()
                self._child, self._engine = _Child(self._config), None
                self._engine = self._opened(self._child, waiting)
            return self._engine
        finally:
            self._lock.release()

    def _opened(self, child: _Child, waiting: Waiting) -> OpenAIEngine:
        """The engine of a child that was just started, once it answers."""
        line = Line(child.url)
        try:
            child.wait(line, waiting)
            offer = offered(line)[0]
        except BaseException:
            self._stop()
            raise
        finally:
            line.close()
        dialect = dialect_for(Path(self._config.engine_gguf).stem, self._config)
        return OpenAIEngine(line, offer, dialect, self._config.engine_max_side)

    def _start_again(self) -> None:
        """After a crash, at once and aside, so that the next question finds the model loaded."""
        child = self._child
        if child is None or not child.ends(DYING_SECONDS):
            return

        def start() -> None:
            try:
                self._ready(Alone(remaining=START_SECONDS))
            except TwinsightError:
                # The next question tries again, and tells its asker why it cannot be.
                return

        threading.Thread(target=start, daemon=True).start()


class _Child:
    """One process: started when made, waited for apart."""

    def __init__(self, config: Config) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        settings = {
            "program": config.engine_program,
            "model": config.engine_gguf,
            "mmproj": config.engine_mmproj,
            "port": self._port,
            "context": config.engine_context * PARALLEL,
            "parallel": PARALLEL,
        }
        # Open as long as the process may write into it.
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", gguf_child.__file__, msgspec.json.encode(settings).decode()],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ends(self, seconds: float) -> bool:
        """Whether it has ended, or does so within that time."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def wait(self, line: Line, waiting: Waiting) -> None:
        """Until it answers. Raises Unavailable with its last words when it ends before."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            waiting.check()
            if not self.is_alive:
                raise Unavailable(f"llama.cpp could not be started: {self._last_words()}")
            with socket.socket() as probe:
                probe.settimeout(POLL_SECONDS)
                if probe.connect_ex(("127.0.0.1", self._port)) == 0 and _is_loaded(line):
                    return
            time.sleep(POLL_SECONDS)
        raise Unavailable(f"llama.cpp is not ready after {START_SECONDS:.0f} s.")

    def memory_mb(self) -> float:
        """What the process holds in memory."""
        status = Path(f"/proc/{self._process.pid}/status")
        for row in status.read_text().splitlines() if status.exists() else ():
            if row.startswith("VmRSS:"):
                return int(row.split()[1]) / 1024
        return 0.0

    def stop(self) -> None:
        """Ends it: kindly, then not."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._log.close()

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").splitlines()
        told = [row for row in lines if "error" in row.lower()] or lines
        return " ".join(" ".join(told[-3:]).split())[-LOG_CHARACTERS:] or "it said nothing"


def _is_loaded(line: Line) -> bool:
    """Whether the model is there: llama-server answers 503 while it loads."""
    try:
        line.get("/models", Alone(remaining=5.0))
    except TwinsightError:
        return False
    return True


def check_gguf(config: Config) -> None:
    """Looks whether `engine_gguf` has all that it needs. Raises InvalidConfig."""
    for name in ("engine_gguf", "engine_mmproj"):
        path = getattr(config, name)
        if path and not Path(path).is_file():
            raise InvalidConfig(
                f"{name} = {path!r}: there is no such file. `twinsight models list` shows what is "
                "here and what can be pulled."
            )
        if path and not is_gguf(Path(path)):
            raise InvalidConfig(f"{name} = {path!r} is no GGUF file.")
    dialect_for("", config)
    if config.engine_program and shutil.which(config.engine_program) is None:
        raise InvalidConfig(f"engine_program = {config.engine_program!r} is no program here.")
    if not config.engine_program and importlib.util.find_spec("xllamacpp") is None:
        raise InvalidConfig(
            "engine_gguf needs llama.cpp: `pip install 'twinsight[desk]'`, which brings xllamacpp, "
            "or a llama-server of your own, named by engine_program."
        )


def open_gguf(config: Config) -> GgufEngine:
    """The engine of `engine_gguf`. Raises InvalidConfig, which says what is missing."""
    check_gguf(config)
    try:
        return GgufEngine(config)
    except Unavailable as error:
        raise InvalidConfig(f"engine_gguf = {config.engine_gguf!r}: {error.message}") from error
