"""The `twinsight` command as a person types it: what it prints, where, and its exit code."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SAMPLES, Serving
from tests.eyes import told_eyes
from twinsight.config import Config


def twinsight(*words: str, cwd: Path | None = None, **env: Any) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TWINSIGHT_")}
    return subprocess.run(
        [sys.executable, "-m", "twinsight", *words],
        capture_output=True,
        text=True,
        env=clean | env,
        cwd=cwd,
        timeout=120,
        check=False,
    )


def test_ask_names_what_it_sees() -> None:
    done = twinsight("ask", str(SAMPLES / "cat.jpg"), "Caption this image.")
    assert done.returncode == 0, done.stderr
    assert "cat" in done.stdout
    assert done.stderr == ""


def test_ask_in_json_by_a_schema(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text(
        '{"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}'
    )
    done = twinsight("ask", str(SAMPLES / "sign.png"), "Read the sign.", "--schema", str(schema))
    assert json.loads(done.stdout)["text"].split("\n")[0] == "NORTH GATE"


def test_a_stream_says_the_same() -> None:
    photo = str(SAMPLES / "coffee.jpg")
    assert twinsight("ask", photo, "--stream").stdout == twinsight("ask", photo).stdout


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        pytest.param(["ask", "missing.jpg", "What?"], 2, "There is no file missing.jpg", id="no such file"),
        pytest.param(["ask", "What is this?"], 2, "Name an image", id="no image"),
        pytest.param(["ask", str(SAMPLES), "What is this?"], 2, "is a folder", id="a folder"),
        pytest.param(["ask", str(SAMPLES / "cat.jpg"), "--schema", "none.json"], 2, "none.json cannot be read: No such file", id="no schema file"),
        pytest.param(["tokens", "missing.jpg"], 2, "missing.jpg cannot be read: No such file", id="tokens of no file"),
        pytest.param(["tokens", str(SAMPLES / "SOURCES.md")], 1, "It is the picture at " + str(SAMPLES), id="tokens of no picture"),
        pytest.param(["tokens"], 2, "Name an image", id="tokens of nothing"),
        pytest.param(["models", "add", "none.onnx"], 2, "Not done: none.onnx cannot be read", id="no model file"),
        pytest.param(["ask", str(SAMPLES / "cat.jpg"), "what", "is this"], 2, "one pair of quotes", id="two questions"),
        pytest.param(["ask", str(SAMPLES / "SOURCES.md"), "What?"], 1, "Unsupported MIME type: text/plain", id="no picture"),
        pytest.param(["ask", str(SAMPLES / "cat.jpg"), "--model", "gpt"], 1, "models/gpt is not found", id="unknown model"),
        pytest.param(["serve", "--host", "0.0.0.0"], 2, "no API key is configured", id="open to all"),
        pytest.param(["serve", "--profile", "huge"], 2, "There is no profile 'huge'", id="unknown profile"),
        pytest.param(["serve", "--port", "70000"], 2, "port must be between", id="port out of range"),
        pytest.param(["serve", "--data-dir", str(SAMPLES / "SOURCES.md")], 2, "SOURCES.md/keys.json cannot be read: Not a directory", id="data folder is a file"),
        pytest.param(["serve", "--port", "0", "--data-dir", "/proc/none"], 2, "Cannot start: The folder /proc/none/files cannot hold files", id="data folder cannot be"),
        pytest.param(["keys", "add", "ann", "--data-dir", str(SAMPLES / "SOURCES.md")], 2, "SOURCES.md cannot hold keys", id="keys in a file"),
        pytest.param(["serve", "--config", "none.toml"], 2, "none.toml cannot be read", id="no config file"),
        pytest.param(["keys", "revoke", "nobody"], 1, "There is no key nobody", id="unknown key"),
        pytest.param(["dance"], 2, "Unknown command", id="unknown command"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_a_line(
    words: list[str], code: int, says: str, tmp_path: Path
) -> None:
    done = twinsight(*words, cwd=tmp_path, TWINSIGHT_DATA_DIR=str(tmp_path))
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("name", "how"), [("rfdetr_nano", "pull rfdetr_nano"), ("qwen3-vl-4b", "pull qwen3-vl-4b"), ("yolox_nano", "add FILE")]
)  # fmt: skip
def test_a_model_that_is_not_here_yet_says_how_to_get_it(
    name: str, how: str, tmp_path: Path
) -> None:
    done = twinsight("models", TWINSIGHT_ROLES=f"detector={name}", TWINSIGHT_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert f"Get it by `twinsight models {how}`" in done.stderr


def test_a_second_server_is_told_what_is_in_its_way(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = twinsight("serve", "--port", str(port), TWINSIGHT_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert f"Nobody can listen on 127.0.0.1:{port}: Address already in use" in done.stderr
    with Serving(Config(data_dir=tmp_path), told_eyes()):
        done = twinsight("serve", "--port", "0", TWINSIGHT_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith(f"Cannot start: Another process uses the folder {tmp_path}")


def test_keys_from_making_to_revoking(tmp_path: Path) -> None:
    env: dict[str, Any] = {"TWINSIGHT_DATA_DIR": str(tmp_path)}
    secret = twinsight("keys", "add", "ann", **env).stdout.strip()
    assert secret.startswith("tws-")
    listed = twinsight("keys", "list", **env).stdout
    assert "ann" in listed
    assert secret not in listed
    assert twinsight("keys", "revoke", "ann", **env).returncode == 0
    assert twinsight("keys", "list", **env).stdout == ""


def test_tokens_from_headers() -> None:
    done = twinsight("tokens", str(SAMPLES / "coffee.jpg"), "--model", "gemini-2.0-flash")
    assert done.stdout.split()[:2] == ["1548", "600x400"]
    done = twinsight("tokens", str(SAMPLES / "coffee.jpg"), "--model", "gemini-3.5-flash")
    assert done.stdout.split()[0] == "1120"


def test_doctor_finds_all_well_and_says_where_settings_are_from(tmp_path: Path) -> None:
    (tmp_path / "twinsight.toml").write_text("max_queue = 7\n")
    done = twinsight(
        "doctor", cwd=tmp_path, TWINSIGHT_DATA_DIR=str(tmp_path), TWINSIGHT_WORKERS="2"
    )
    assert done.returncode == 0, done.stdout
    assert "FAULT" not in done.stdout
    assert "max_queue = 7  (twinsight.toml)" in done.stdout
    assert "workers = 2  (environment)" in done.stdout


def test_an_unknown_variable_is_named(tmp_path: Path) -> None:
    done = twinsight("keys", "list", TWINSIGHT_PROT="80", TWINSIGHT_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "TWINSIGHT_PROT" in done.stderr


@pytest.mark.parametrize(
    "command",
    ["serve", "ask", "detect", "segment", "point", "read", "tokens", "models", "keys", "doctor"],
)
def test_help_of_each_command(command: str) -> None:
    done = twinsight(command, "--help")
    assert done.returncode == 0
    assert command in done.stdout
    if command in ("ask", "detect", "segment", "point", "read"):
        assert f"Example: twinsight {command} " in " ".join(done.stdout.split())
