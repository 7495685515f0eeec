"""The guide's own samples, unchanged, in Python, JavaScript, Go and shell (conformance case 21)."""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.clients import setup
from tests.guide.conftest import Around

SAMPLES = ("inline_file", "inline_url", "files_api", "multi_image")
PYTHON_SAMPLES = (*SAMPLES, "detect", "segment")
PYTHON = ("python-3", "python-2", "python-1.16")
JS = ("js-3", "js-2")


def need(client: str) -> Path:
    """The folder of an installed client; the test is skipped, aloud, without it."""
    if not setup.ready(client):
        pytest.skip(f"{client} is not installed: run `python tests/clients/setup.py`")
    return setup.HOME / client


def ran(*command: str | Path, cwd: Path, environ: dict[str, str]) -> str:
    """What a program printed; it must end well."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="session", params=PYTHON)
def python_samples(
    request: pytest.FixtureRequest,
    guide: Path,
    around: Around,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, dict[str, Any]]:
    """What each sample gave under one version of the SDK: printed, failure, folder, files."""
    python = need(request.param) / "bin" / "python"
    runner = Path(__file__).with_name("run_samples.py")
    paths = [guide / "python" / f"{name}.py" for name in PYTHON_SAMPLES]
    folder = tmp_path_factory.mktemp("guide")
    printed = ran(python, runner, *paths, cwd=folder, environ=around.environ)
    return {line["name"]: line for line in map(json.loads, printed.splitlines())}


def assert_caption(answer: str) -> None:
    """Words about the photo of a cat."""
    assert answer.strip()
    assert "cat" in answer.lower(), answer


@pytest.mark.parametrize("name", ["inline_file", "inline_url", "files_api"])
def test_python_captions(python_samples: dict[str, Any], name: str) -> None:
    sample = python_samples[name]
    assert sample["failure"] is None, sample["failure"]
    assert_caption(sample["printed"])


def test_python_multi_image(python_samples: dict[str, Any]) -> None:
    sample = python_samples["multi_image"]
    assert sample["failure"] is None, sample["failure"]
    assert_caption(sample["printed"])


def test_python_detect(python_samples: dict[str, Any], around: Around) -> None:
    """The printed boxes lie inside the picture."""
    sample = python_samples["detect"]
    assert sample["failure"] is None, sample["failure"]
    size, boxes = sample["printed"].strip().splitlines()
    width, height = map(int, size.removeprefix("Image size:").split())
    with Image.open(around.photo) as photo:
        assert (width, height) == photo.size
    found = ast.literal_eval(boxes.removeprefix("Bounding boxes:").strip())
    assert found
    for x0, y0, x1, y1 in found:
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height


def test_python_segment(python_samples: dict[str, Any]) -> None:
    """A mask and an overlay for each thing; the mask has an inside and an outside."""
    sample = python_samples["segment"]
    assert sample["failure"] is None, sample["failure"]
    saved = sample["printed"].count("Saved mask and overlay for")
    masks = [name for name in sample["files"] if name.endswith("_mask.png")]
    overlays = [name for name in sample["files"] if name.endswith("_overlay.png")]
    assert saved == len(masks) == len(overlays)
    assert saved >= 1
    for name in masks:
        with Image.open(Path(sample["folder"], name)) as mask:
            assert mask.mode == "L"
            share = float((np.asarray(mask) > 128).mean())
        assert 0.05 < share < 1


@pytest.fixture(params=JS)
def js_folder(request: pytest.FixtureRequest, guide: Path, tmp_path: Path) -> Path:
    """The samples beside the SDK, where Node looks for it."""
    (tmp_path / "node_modules").symlink_to(need(request.param) / "node_modules")
    for name in SAMPLES:
        shutil.copy(guide / "js" / f"{name}.mjs", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", SAMPLES)
def test_js(js_folder: Path, around: Around, name: str) -> None:
    assert_caption(ran("node", f"{name}.mjs", cwd=js_folder, environ=around.environ))


def go_program(guide: Path, name: str) -> Path:
    """A sample built against the clients' go.mod; kept, since a link takes seconds."""
    need("go")
    source = guide / "go" / name / "main.go"
    module = Path(setup.__file__).with_name("go")
    digest = hashlib.sha256(source.read_bytes() + (module / "go.sum").read_bytes()).hexdigest()
    program = setup.HOME / "guide-go" / f"{name}-{digest[:16]}"
    if not program.exists():
        work = setup.HOME / "guide-go" / f"{name}.src"
        work.mkdir(parents=True, exist_ok=True)
        for file in (source, module / "go.mod", module / "go.sum"):
            shutil.copy(file, work)
        words = ["go", "build", "-mod=readonly", "-o", str(program), "."]
        done = subprocess.run(words, cwd=work, capture_output=True, text=True, timeout=600)
        shutil.rmtree(work)
        assert done.returncode == 0, done.stderr[-3000:]
    return program


@pytest.mark.parametrize("name", SAMPLES)
def test_go(guide: Path, around: Around, tmp_path: Path, name: str) -> None:
    assert_caption(ran(go_program(guide, name), cwd=tmp_path, environ=around.environ))


@pytest.mark.parametrize("name", ["inline_file", "inline_url"])
def test_shell_inline(guide: Path, around: Around, tmp_path: Path, name: str) -> None:
    """It prints the reply itself: a body with a trailing comma was understood."""
    need("curl")
    script = guide / "curl" / f"{name}.sh"
    reply = json.loads(ran("bash", script, cwd=tmp_path, environ=around.environ))
    assert_caption(reply["candidates"][0]["content"]["parts"][0]["text"])


@pytest.mark.parametrize("name", ["files_api", "multi_image"])
def test_shell_files(guide: Path, around: Around, tmp_path: Path, name: str) -> None:
    """Single-quoted metadata, then the URI that jq took out of the reply; last, the text."""
    need("curl")
    script = guide / "curl" / f"{name}.sh"
    printed = ran("bash", script, cwd=tmp_path, environ=around.environ)
    assert "_uri=null" not in printed
    assert_caption(json.loads(printed.strip().splitlines()[-1]))
