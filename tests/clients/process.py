"""One client each: an SDK in its own process, or curl, all driven by the same commands.

`README.md` beside this file lists the commands. A driver process starts when it is first asked and
then serves the whole session, so that Java, Node and Go start once.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from shutil import copyfile
from typing import IO, Any

import pytest

from tests.clients import setup

HERE = Path(__file__).resolve().parent
HOME = setup.HOME


@dataclass(frozen=True)
class Reply:
    """What one command gave: a result, or an error with class, code, status, message."""

    client: str
    op: str
    result: Any
    error: dict[str, Any] | None
    elapsed_s: float

    def ok(self) -> Any:
        """The result; an AssertionError that shows the SDK's error otherwise."""
        assert self.error is None, f"{self.client} {self.op}: {self.error}"
        return self.result

    def failed(self) -> dict[str, Any]:
        """The error; an AssertionError that shows the result otherwise."""
        assert self.error is not None, f"{self.client} {self.op} did not fail: {self.result}"
        return self.error


@dataclass(frozen=True)
class Spec:
    """A client by name: the environment that it lives in, and how its driver is started."""

    name: str
    env: str
    asynchronous: bool = False
    hide_aiohttp: bool = False
    key_variable: str = "GEMINI_API_KEY"

    @property
    def language(self) -> str:
        return self.env.split("-")[0]

    @property
    def driver(self) -> str:
        """Clients that can share one process."""
        return self.env + ("-httpx" if self.hide_aiohttp else "")


SPECS = (
    Spec("python-3", "python-3"),
    Spec("python-3-aiohttp", "python-3", asynchronous=True),
    Spec("python-3-httpx", "python-3", asynchronous=True, hide_aiohttp=True),
    Spec("python-2", "python-2"),
    Spec("python-2-aiohttp", "python-2", asynchronous=True),
    Spec("python-1.75", "python-1.75"),
    Spec("python-1.16", "python-1.16", key_variable="GOOGLE_API_KEY"),
    Spec("python-1.16-aiohttp", "python-1.16", asynchronous=True, key_variable="GOOGLE_API_KEY"),
    Spec("js-3", "js-3"),
    Spec("js-2", "js-2"),
    Spec("go", "go"),
    Spec("java", "java"),
    Spec("curl", "curl"),
)
NAMES = tuple(spec.name for spec in SPECS)


def named(*starts: str) -> tuple[str, ...]:
    """The clients whose names start so."""
    return tuple(name for name in NAMES if name.startswith(starts))


SDKS = tuple(name for name in NAMES if name != "curl")
PYTHON = named("python")
JS = named("js")


@cache
def why_missing(spec: Spec) -> str | None:
    """The reason why a client cannot run here, or None when it can."""
    if setup.ready(spec.env):
        return None
    reason = HOME / spec.env / "missing"
    if reason.is_file():
        return reason.read_text().strip()
    return f"not installed or out of date: run `python tests/clients/setup.py --only {spec.env}`"


def environment(spec: Spec, url: str, key: str) -> dict[str, str]:
    """The user's environment with this server in it and every other Gemini setting out of it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GOOGLE_", "GEMINI_", "PYTHON")) and "proxy" not in name.lower()
    }
    kept |= {"GOOGLE_GEMINI_BASE_URL": url, spec.key_variable: key}
    return kept | ({"HIDE_AIOHTTP": "1"} if spec.hide_aiohttp else {})


def command_line(spec: Spec) -> list[str]:
    """How the driver of an environment is started."""
    folder = HOME / spec.env
    if spec.language == "python":
        return [str(folder / "bin" / "python"), str(HERE / "python" / "driver.py")]
    if spec.language == "js":
        # Node looks for packages beside the importing file, not where the process runs.
        copyfile(HERE / "js" / "driver.mjs", folder / "driver.mjs")
        return ["node", str(folder / "driver.mjs")]
    if spec.language == "go":
        return [str(folder / "driver")]
    jar = next((folder / "lib").glob("google-genai-*.jar"))
    version = jar.stem.removeprefix("google-genai-")
    path = f"{folder / 'classes'}:{folder / 'lib'}/*"
    quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"]
    return ["java", *quick, "-cp", path, "Driver", version]


class Driver:
    """A running driver process."""

    def __init__(self, spec: Spec, url: str, key: str, log: Path) -> None:
        self._name = spec.driver
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                command_line(spec),
                env=environment(spec, url, key),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=log.parent,
            )
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.sdk = str(self._next(120)["sdk"])

    def _read(self) -> None:
        for line in self._out:
            self._lines.put(line)
        self._lines.put(b"")

    @property
    def _out(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def _next(self, seconds: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            self.stop()
            raise AssertionError(f"{self._name} gave no answer in {seconds} s") from None
        if not line:
            tail = self._log.read_text(errors="replace")[-2000:]
            raise AssertionError(f"{self._name} died; it last wrote:\n{tail}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def ask(self, command: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send one command and wait for its reply."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        self._process.stdin.flush()
        return self._next(seconds)

    def close(self) -> None:
        """End its input, at which it leaves by itself."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def stop(self) -> None:
        """End the process."""
        self.close()
        try:
            self._process.wait(3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(3)
        self._out.close()


@dataclass
class Drivers:
    """The driver processes of one session, one for each environment that was asked for."""

    url: str
    key: str
    logs: Path
    running: dict[str, Driver] = field(default_factory=dict)

    def of(self, spec: Spec) -> Driver:
        """The driver of a client, started if need be."""
        driver = self.running.get(spec.driver)
        if driver is None or not driver.running:
            driver = Driver(spec, self.url, self.key, self.logs / f"{spec.driver}.log")
            self.running[spec.driver] = driver
        return driver

    def stop(self) -> None:
        """End them all, all at a time."""
        for driver in self.running.values():
            driver.close()
        for driver in self.running.values():
            driver.stop()


@dataclass(frozen=True)
class Client:
    """What a test gets: one SDK to ask. Without `at`, it finds the server by its environment."""

    spec: Spec
    drivers: Drivers

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def language(self) -> str:
        return self.spec.language

    def __str__(self) -> str:
        return self.name

    def ask(
        self,
        op: str,
        *,
        at: str | None = None,
        key: str | None = None,
        within: float = 60,
        **more: Any,
    ) -> Reply:
        """Run one command; `at` and `key` replace the server of the session.

        `within` is in seconds; `more` are the fields of the command.
        """
        command: dict[str, Any] = {"op": op, **more}
        if at is not None:
            command |= {"base_url": at, "key": self.drivers.key if key is None else key}
        elif key is not None:
            command |= {"base_url": self.drivers.url, "key": key}
        if self.spec.asynchronous:
            command["async"] = True
        if self.language == "curl":
            from tests.clients import curl

            answer = curl.ask(command, self.drivers.url, self.drivers.key, within)
        else:
            answer = self.drivers.of(self.spec).ask(command, within)
        error = answer.get("error")
        return Reply(self.name, op, answer.get("result"), error, answer["elapsed_s"])


def user(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    """The contents of a request with a single user turn."""
    return [{"role": "user", "parts": list(parts)}]


def text(words: str) -> dict[str, Any]:
    """A text part."""
    return {"text": words}


def image(path: Path, mime: str | None = None, level: str | None = None) -> dict[str, Any]:
    """An inline picture."""
    kinds = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif"}
    part = {"image": str(path), "mime": mime or kinds[path.suffix]}
    return part | ({"level": level} if level else {})


def image_tokens(usage: dict[str, Any]) -> int:
    """The tokens of modality IMAGE in a usageMetadata or countTokens reply."""
    details = usage.get("promptTokensDetails") or []
    return sum(entry["tokenCount"] for entry in details if entry["modality"] == "IMAGE")


def each(*names: str) -> pytest.MarkDecorator:
    """Run a test once for each of these clients, given to it as `client`."""
    return pytest.mark.parametrize("client", names, indirect=True)
