"""The built wheel, alone: it carries all that the default profile needs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import SAMPLES

ROOT = Path(__file__).parents[1]
MOST_BYTES = 60_000_000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=ROOT)
    (built,) = folder.glob("twinsight-*.whl")
    return built


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_wheel_is_small(wheel: Path) -> None:
    assert 5_000_000 < wheel.stat().st_size <= MOST_BYTES


def test_the_wheel_carries_the_whole_playground(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        carried = set(packed.namelist())
    files = list((ROOT / "src/twinsight/playground").iterdir())
    assert files
    assert {f"twinsight/playground/{file.name}" for file in files} <= carried


def test_the_wheel_answers_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", str(tmp_path / "venv"), cwd=tmp_path)
    python = str(tmp_path / "venv/bin/python")
    pip = (python, "-m", "pip", "install", "-q", "--disable-pip-version-check")
    run(
        *pip,
        "--no-deps",
        "--require-hashes",
        "-r",
        str(ROOT / "requirements/run.txt"),
        cwd=tmp_path,
    )
    run(*pip, "--no-deps", str(wheel), cwd=tmp_path)
    run(python, "-m", "pip", "check", cwd=tmp_path)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes((SAMPLES / "cat.jpg").read_bytes())
    command = str(tmp_path / "venv/bin/twinsight")
    assert "cat" in run(command, "ask", "photo.jpg", "What is this image?", cwd=tmp_path)
    assert "sha256" in run(command, "doctor", cwd=tmp_path)
