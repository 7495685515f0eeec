"""Install the frameworks that the examples use, each into its own folder under `.clients/`.

    python -m tests.frameworks.setup                 # all
    python -m tests.frameworks.setup langchain ai    # some

A second run does nothing: each folder carries a stamp of the lock file of its contents. What cannot
be installed is said, and the exit code is then 1; its tests are skipped, aloud. The lock files are
made by `make lock-frameworks`.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from tests.clients.setup import HOME, Missing, js_client, python_client

HERE = Path(__file__).resolve().parent
PYTHON = ("langchain", "llama_index", "litellm", "label_studio")
JAVASCRIPT = ("ai", "genkit", "gemini_cli")


def folder_of(name: str) -> Path:
    """Where a framework is installed."""
    return HOME / f"framework-{name}"


def why_missing(name: str) -> str | None:
    """Why a framework cannot be used here; None when it can."""
    if _stamp(name) == _wanted(name):
        return None
    return f"{name} is not set up: make test-frameworks"


def install(name: str) -> None:
    """Sets a framework up as its lock file says. Raises Missing with the reason."""
    if why_missing(name) is None:
        return
    folder = folder_of(name)
    folder.mkdir(parents=True, exist_ok=True)
    if name in PYTHON:
        python_client(folder, _lock(name))
    else:
        js_client(folder, HERE / name)
    (folder / "stamp").write_text(_wanted(name))


def _lock(name: str) -> Path:
    return HERE / f"{name}.txt" if name in PYTHON else HERE / name / "package-lock.json"


def _wanted(name: str) -> str:
    return hashlib.sha256(_lock(name).read_bytes()).hexdigest()


def _stamp(name: str) -> str:
    try:
        return (folder_of(name) / "stamp").read_text()
    except OSError:
        return ""


def main(names: list[str]) -> int:
    """0 when all could be set up."""
    failed = 0
    for name in names or [*PYTHON, *JAVASCRIPT]:
        try:
            install(name)
            print(f"frameworks: {name} is in {folder_of(name)}")
        except Missing as why:
            failed += 1
            print(f"frameworks: {name} CANNOT BE SET UP: {why}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
