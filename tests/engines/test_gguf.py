"""A GGUF file in a child process: started, asked, killed and started again.

The child is llama.cpp's own server with a model of 135M parameters: see `llama_server`.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from google import genai
from google.genai import errors, types

from tests.conftest import StartServer
from tests.engines.llama_server import WEIGHTS, child_settings, need_llama, until
from tests.eyes import told_eyes
from twinsight.config import Config, load
from twinsight.engines.eyes import open_speaker
from twinsight.engines.gguf import GgufEngine, open_gguf
from twinsight.errors import InvalidConfig

MODEL = "gemini-2.5-flash"


@pytest.fixture(scope="module", autouse=True)
def _ready() -> None:
    need_llama()


@pytest.fixture(params=["package", "program"])
def config(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Config:
    return child_settings(request.param, tmp_path, monkeypatch, engine_context=512)


@pytest.fixture
def engine(config: Config) -> Iterator[GgufEngine]:
    opened: GgufEngine = open_speaker(config)
    yield opened
    opened.close()


def children() -> list[psutil.Process]:
    mine = psutil.Process().children(recursive=True)
    return [
        p for p in mine if p.status() != psutil.STATUS_ZOMBIE and "gguf" in " ".join(p.cmdline())
    ]


def test_a_file_is_served_and_a_crash_is_one_503(
    engine: GgufEngine, start_server: StartServer
) -> None:
    server = start_server(eyes=replace(told_eyes(), speaker=engine))
    assert engine.card.name == "gguf:model"
    assert "MB" in engine.health()
    assert not engine.sees
    config = types.GenerateContentConfig(temperature=0, max_output_tokens=8)
    with genai.Client(api_key="k", http_options={"base_url": server.url}) as client:
        said = client.models.generate_content(model=MODEL, contents="Hello", config=config).text
        assert said
        stream = client.models.generate_content_stream(
            model=MODEL,
            contents="Count from one to one hundred.",
            config={"temperature": 0, "max_output_tokens": 400},
        )
        next(stream)
        for process in children():
            os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(errors.APIError) as caught:
            for _ in stream:
                pass
        assert caught.value.code == 503
        # The server lives, and the next question finds the child started again.
        again = client.models.generate_content(model=MODEL, contents="Hello", config=config)
        assert again.text == said


def test_the_child_ends_with_its_engine(engine: GgufEngine) -> None:
    assert children()
    engine.close()
    until(lambda: not children())


def test_nothing_outlives_a_child_that_is_killed(engine: GgufEngine) -> None:
    everyone = children()
    everyone[0].kill()
    _, left = psutil.wait_procs(everyone, timeout=20)
    assert not left
    assert "MB" in engine.health()
    assert not {p.pid for p in everyone} & {p.pid for p in children()}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"engine_gguf": "/none.gguf"}, "engine_gguf = '/none.gguf': there is no such file"),
        ({"engine_gguf": __file__}, "is no GGUF file"),
        ({"engine_gguf": str(WEIGHTS), "engine_mmproj": "/none"}, "engine_mmproj"),
        ({"engine_gguf": str(WEIGHTS), "engine_program": "no-such-program"}, "no program here"),
        ({"engine_gguf": str(WEIGHTS), "engine_dialect": "klingon"}, "no engine_dialect 'klingon'"),
        ({"engine_gguf": str(WEIGHTS)}, r"pip install 'twinsight\[desk\]'"),
    ],
    ids=["file", "kind of file", "mmproj", "program", "dialect", "package"],
)
def test_what_is_missing_is_said(settings: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidConfig, match=words):
        open_gguf(load(flags=settings, environ={}).config)


def test_a_file_that_is_no_model_is_said_to_be_none(tmp_path: Path, config: Config) -> None:
    junk = tmp_path / "junk.gguf"
    junk.write_bytes(b"GGUF junk")
    with pytest.raises(InvalidConfig, match="could not be started"):
        open_gguf(replace(config, engine_gguf=str(junk)))
    assert not children()


def test_one_line_of_configuration_is_enough() -> None:
    loaded = load(environ={"TWINSIGHT_ENGINE_GGUF": "/m.gguf"})
    assert (loaded.config.profile, loaded.origin["profile"]) == ("desk", "engine_gguf")
    with pytest.raises(InvalidConfig, match="set one of them"):
        load(flags={"engine_url": "http://x", "engine_gguf": "/m.gguf"}, environ={})
