"""Frameworks pointed at us by their base URL: their examples run, and say what the API says."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.albums.making import make
from tests.conftest import SAMPLES, RunningServer
from tests.frameworks.setup import folder_of, why_missing
from twinsight.engines.eyes import Eyes

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
PHOTO = SAMPLES / "coffee.jpg"
PROGRAMS = {
    "langchain": "langchain_google.py",
    "llama_index": "llama_index_google.py",
    "litellm": "litellm_gemini.py",
    "ai": "vercel_ai_sdk.mjs",
    "genkit": "genkit.mjs",
}


def asked(server: RunningServer, question: str, **config: Any) -> dict[str, Any]:
    """What the API itself answers about the photo."""
    data = base64.b64encode(PHOTO.read_bytes()).decode()
    parts = [{"inlineData": {"mimeType": "image/jpeg", "data": data}}, {"text": question}]
    body = {"contents": [{"parts": parts}], "generationConfig": {"temperature": 0, **config}}
    with server.client() as client:
        reply: dict[str, Any] = client.post(
            "/v1beta/models/gemini-2.5-flash:generateContent", json=body
        ).json()
    return reply


def text_of(reply: dict[str, Any]) -> str:
    return "".join(part["text"] for part in reply["candidates"][0]["content"]["parts"])


def boxes(server: RunningServer) -> list[str]:
    found = asked(server, "Detect all items.", responseMimeType="application/json")
    return [
        " ".join(["box:", one["label"], *map(str, one["box_2d"])])
        for one in json.loads(text_of(found))
    ]


def environ(server: RunningServer, home: Path) -> dict[str, str]:
    dropped = ("GOOGLE_", "GEMINI_", "PYTHON", "TWINSIGHT_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
    return kept | {
        "GOOGLE_GEMINI_BASE_URL": server.url,
        "GEMINI_API_KEY": "any",
        "HOME": str(home),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # it would fetch one
    }


def run(command: list[str], folder: Path, env: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def need(name: str) -> Path:
    reason = why_missing(name)
    if reason is not None:
        pytest.skip(reason)
    return folder_of(name)


@pytest.mark.frameworks
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_framework_says_what_the_api_says(
    name: str, server: RunningServer, tmp_path: Path
) -> None:
    home, program = need(name), EXAMPLES / PROGRAMS[name]
    if program.suffix == ".mjs":  # modules are looked for beside the program
        (tmp_path / "node_modules").symlink_to(home / "node_modules")
        command = ["node", str(shutil.copy(program, tmp_path)), str(PHOTO)]
    else:
        command = [str(home / "bin/python"), str(program), str(PHOTO)]
    caption, stream, *found = run(command, tmp_path, environ(server, tmp_path)).splitlines()
    plain = asked(server, "Caption this image.")
    assert (
        caption == f"caption: {text_of(plain)} {plain['usageMetadata']['promptTokenCount']} tokens"
    )
    assert stream == f"stream: {text_of(asked(server, 'What do you see?'))}"
    assert found == boxes(server)
    assert len(found) == 2


@pytest.mark.frameworks
@pytest.mark.parametrize(
    ("question", "answer"),
    [("@photo.jpg How many cups are there?", "I can see a cup."), ("Read the text on @sign.png", "NORTH GATE\nOpen 9 to 17")],
)  # fmt: skip
def test_gemini_cli_is_answered(
    question: str, answer: str, server: RunningServer, tmp_path: Path
) -> None:
    shutil.copy(PHOTO, tmp_path / "photo.jpg")
    shutil.copy(SAMPLES / "sign.png", tmp_path)
    env = environ(server, tmp_path)
    env["PATH"] = f"{need('gemini_cli') / 'node_modules/.bin'}:{env['PATH']}"
    assert run(["sh", str(EXAMPLES / "gemini_cli.sh"), question], tmp_path, env).strip() == answer


def test_supervision_reads_and_draws(server: RunningServer, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", str(EXAMPLES / "supervision_overlay.py"), str(PHOTO)]
    *found, said = run(command, tmp_path, environ(server, tmp_path)).splitlines()
    assert said == "Drawn in supervision.png"
    assert [line[:16].strip() for line in found] == [line.split(":")[1].rsplit(None, 4)[0].strip() for line in boxes(server)]  # fmt: skip
    with Image.open(tmp_path / "supervision.png") as drawn, Image.open(PHOTO) as photo:
        assert drawn.size == photo.size
        changed = np.abs(np.asarray(drawn).astype(int) - np.asarray(photo.convert("RGB"))) > 8
    assert changed.any(axis=2).mean() > 0.5


@pytest.mark.frameworks
@pytest.mark.parametrize("task", ["detect", "segment", "point", "read"])
def test_label_studio_reads_albums(task: str, pocket_eyes: Eyes, tmp_path: Path) -> None:
    make(SAMPLES, tmp_path, pocket_eyes, task, formats=("coco", "label-studio"))
    command = [str(need("label_studio") / "bin/python"), str(HERE / "label_studio_boxes.py"), "."]
    read = json.loads(run(command, tmp_path, dict(os.environ)).splitlines()[-1])
    assert read["wrong"] == []
    annotations = json.loads((tmp_path / "coco.json").read_text())["annotations"]
    assert len(annotations) >= 2
    if task == "detect":
        ours = np.array([annotation["bbox"] for annotation in annotations])
        assert np.array(read["boxes"]) == pytest.approx(ours, abs=0.02)
    if task == "segment":
        assert len(read["boxes"]) >= len(annotations)
