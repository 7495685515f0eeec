"""The profile fleet: several servers of one model, with faults, behind the real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.conftest import RunningServer, StartServer
from tests.engines.llama_server import Llama, need_llama
from tests.engines.standin import Play, Standin, says, standing_in
from tests.eyes import told_eyes
from twinsight.config import Config, load
from twinsight.engines import fleet
from twinsight.engines.eyes import open_eyes
from twinsight.engines.fleet import Fleet, open_fleet
from twinsight.engines.speaker import Alone
from twinsight.errors import InvalidConfig, Unavailable
from twinsight.image.picture import Picture


@pytest.fixture
def stands() -> Iterator[list[Standin]]:
    with ExitStack() as stack:
        started = [stack.enter_context(standing_in()) for _ in range(3)]
        for number, stand in enumerate(started):
            stand.play(says(f"server {number}"))
        yield started


def opened(stands: list[Standin]) -> Fleet:
    return open_fleet(Config(engine_url=", ".join(stand.url for stand in stands)))


@pytest.fixture
def server(stands: list[Standin], start_server: StartServer) -> RunningServer:
    return start_server(eyes=replace(told_eyes(), speaker=opened(stands)), workers=4)


def asked(server: RunningServer, most: int = 100) -> httpx.Response:
    config = {"temperature": 0, "maxOutputTokens": most}
    with server.client() as http:
        return http.post(
            "/v1beta/models/gemini-2.5-flash:generateContent",
            json={"contents": "Hello", "generationConfig": config},
        )


def said(reply: httpx.Response) -> str:
    text: str = reply.json()["candidates"][0]["content"]["parts"][0]["text"]
    return text


def counts(stands: list[Standin]) -> list[int]:
    return [len(stand.asked) for stand in stands]


def test_questions_are_spread(server: RunningServer, stands: list[Standin]) -> None:
    assert sorted({said(asked(server)) for _ in range(6)}) == ["server 0", "server 1", "server 2"]
    assert counts(stands) == [2, 2, 2]


def test_one_that_has_much_to_do_is_spared(server: RunningServer, stands: list[Standin]) -> None:
    over = threading.Event()
    stands[0].play(says("late", before=lambda: over.wait(30)))
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(asked, server)
        while not stands[0].asked:
            time.sleep(0.01)
        for _ in range(4):
            asked(server)
        assert counts(stands) == [1, 2, 2]
        over.set()
        assert said(late.result()) == "late"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Play(status=503, body=b"loading"), id="not ready"),
        pytest.param(Play(status=500), id="broken"),
        pytest.param(Play(cut=True), id="breaks off before a word"),
        pytest.param(Play(status=429), id="has too much to do"),
    ],
)
def test_one_that_fails_has_its_question_answered_by_another(
    fault: Play, server: RunningServer, stands: list[Standin]
) -> None:
    stands[0].play(fault)
    answers = [said(asked(server)) for _ in range(6)]
    assert set(answers) == {"server 1", "server 2"}
    # One that failed rests; one that only has much to do is asked in its turn.
    assert counts(stands)[0] == (3 if fault.status == 429 else 1)


def test_one_that_has_rested_is_asked_again(
    server: RunningServer, stands: list[Standin], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "REST_SECONDS", 0.0)
    stands[0].play(Play(status=500), says("well again"))
    assert "well again" in [said(asked(server)) for _ in range(4)]


def test_an_answer_that_has_begun_is_not_begun_again(
    server: RunningServer, stands: list[Standin]
) -> None:
    for stand in stands:
        stand.play(says("half an", cut=True))
    assert asked(server).status_code == 503
    assert sorted(counts(stands)) == [0, 0, 1]


def test_places_are_found_by_another_one_too(stands: list[Standin]) -> None:
    for stand in stands:
        stand.models = [{"id": "qwen3-vl"}]
        stand.play(Play(status=500, body=b"broken"))
    engine = opened(stands)
    picture = Picture(np.zeros((100, 200, 3), np.uint8))
    with pytest.raises(Unavailable, match="broken"):
        engine.ground(picture, "the cup being held", Alone())
    assert counts(stands) == [1, 1, 1]
    stands[2].play(says('[{"bbox_2d": [0, 0, 500, 1000], "label": "cup"}]'))
    found, is_cut = engine.ground(picture, "the cup being held", Alone())
    assert found.xyxy.tolist() == [[0, 0, 100, 100]]
    assert not is_cut
    engine.close()


def test_when_all_fail_the_last_reason_is_given(
    server: RunningServer, stands: list[Standin]
) -> None:
    for stand in stands:
        stand.play(Play(status=500, body=b'{"error": "out of memory"}'))
    reply = asked(server)
    assert reply.status_code == 503
    assert "out of memory" in reply.json()["error"]["message"]
    assert counts(stands) == [1, 1, 1]
    # Those that rest are still asked when there are no others.
    stands[1].play(says("better"))
    assert said(asked(server)) == "better"


def test_one_that_is_away_at_the_start_joins(
    stands: list[Standin], start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands[2].models = []
    engine = opened(stands)
    with pytest.raises(Unavailable, match=r"1 of 3: .*serves no model"):
        engine.health()
    server = start_server(eyes=replace(told_eyes(), speaker=engine))
    assert {said(asked(server)) for _ in range(6)} == {"server 0", "server 1"}
    monkeypatch.setattr(fleet, "REST_SECONDS", 0.0)
    stands[2].models = [{"id": "told-vl"}]
    for stand in stands[:2]:
        stand.play(Play(status=500))
    assert said(asked(server)) == "server 2"
    assert engine.health().count("told-vl") == 3


def test_one_that_comes_with_another_model_is_not_asked(
    stands: list[Standin], start_server: StartServer
) -> None:
    stands[2].models = []
    server = start_server(eyes=replace(told_eyes(), speaker=opened(stands)))
    stands[2].models = [{"id": "other-vl"}]
    assert {said(asked(server)) for _ in range(6)} == {"server 0", "server 1"}
    assert stands[2].asked == []


def test_a_real_server_is_killed(start_server: StartServer) -> None:
    need_llama()
    llamas = [Llama(), Llama()]
    for llama in llamas:
        llama.start()
    try:
        engine = open_fleet(Config(engine_url=",".join(llama.url for llama in llamas)))
        server = start_server(eyes=replace(told_eyes(), speaker=engine))
        first = said(asked(server, 8))
        assert first == said(asked(server, 8))
        llamas[0].kill()
        assert [said(asked(server, 8)) for _ in range(4)] == [first] * 4
        with pytest.raises(Unavailable, match=r"1 of 2: .*connection refused"):
            engine.health()
        llamas[0].start()
        llamas[1].kill()
        assert said(asked(server, 8)) == first
    finally:
        for llama in llamas:
            with suppress(ProcessLookupError):
                llama.kill()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        pytest.param({"profile": "fleet"}, "name them all: engine_url", id="none"),
        pytest.param({"profile": "fleet", "engine_url": "{0}"}, "the profile is 'desk'", id="one"),
        pytest.param({"profile": "fleet", "engine_gguf": __file__}, "for a GGUF file", id="a file"),
        pytest.param({"profile": "desk", "engine_url": "{0},{1}"}, "profile is 'fleet', not 'desk'", id="desk"),
        pytest.param({"engine_url": "http://127.0.0.1:1, http://127.0.0.1:2"}, "No server of the fleet.*127.0.0.1:1.*127.0.0.1:2", id="nobody there"),
        pytest.param({"engine_url": "{0}, localhost"}, "is not the URL of a server", id="no URL"),
        pytest.param({"engine_url": "{0}, {other}"}, "different models: openai:other-vl, openai:told-vl", id="other models"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_at_start(
    settings: dict[str, str], words: str, stands: list[Standin]
) -> None:
    stands[2].models = [{"id": "other-vl"}]
    urls: dict[str, Any] = {"other": stands[2].url}
    filled = {k: v.format(*(s.url for s in stands), **urls) for k, v in settings.items()}
    config = load(flags=filled, environ={}).config
    with pytest.raises(InvalidConfig, match=words):
        open_eyes(config.profile, config)


def test_two_servers_make_the_profile(tmp_path: Path, stands: list[Standin]) -> None:
    file = tmp_path / "twinsight.toml"
    file.write_text(f'engine_url = ["{stands[0].url}", "{stands[1].url}"]')
    loaded = load(file, environ={})
    assert (loaded.config.profile, loaded.origin["profile"]) == ("fleet", "engine_url")
    eyes = open_eyes(loaded.config.profile, loaded.config)
    assert eyes.speaker is not None
    assert eyes.speaker.card.description == "told-vl behind 2 servers"
    assert eyes.grounder is None
    stands[0].models = stands[1].models = [{"id": "qwen3-vl"}]
    assert open_eyes(loaded.config.profile, loaded.config).grounder is not None
