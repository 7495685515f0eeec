"""Pictures that a real llama.cpp sees: by URL, and as the child of `engine_gguf`.

The eyes have weights by chance (`llama/tiny_eyes.py`), so the answers mean nothing; but another
picture is another answer, and the same picture the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
from google import genai
from google.genai import types
from pydantic import BaseModel

from tests.conftest import SAMPLES, StartServer
from tests.engines.llama.tiny_eyes import TOKENS, write_eyes
from tests.engines.llama_server import Llama, child_settings, need_llama
from tests.eyes import told_eyes
from tests.image.drawings import UNDO, encode, exif, quarters
from twinsight.config import Config
from twinsight.engines.eyes import open_speaker

MODEL = "gemini-2.5-flash"
HEIC = Path(__file__).parents[1] / "image/data"
QUESTION = "Describe the picture."
SAME = 0.02
"""Of one picture, log probabilities differ by less: how much of a prompt is new alters sums."""

Asking = Callable[[Config], genai.Client]


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need_llama()
    path = tmp_path_factory.mktemp("eyes") / "mmproj.gguf"
    write_eyes(path)
    return path


@pytest.fixture(scope="module")
def llama(eyes: Path) -> Iterator[Llama]:
    server = Llama(eyes)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def asking(start_server: StartServer) -> Iterator[Asking]:
    """A client of a server whose speaker is the one of those settings."""
    opened: list[Any] = []

    def asked(config: Config) -> genai.Client:
        speaker = open_speaker(config)
        server = start_server(eyes=replace(told_eyes(), speaker=speaker))
        client = genai.Client(api_key="k", http_options={"base_url": server.url})
        opened.extend((client, speaker))
        return client

    yield asked
    for one in opened:
        one.close()


@pytest.fixture
def client(llama: Llama, asking: Asking) -> genai.Client:
    return asking(Config(engine_url=llama.url))


def part(data: bytes) -> types.Part:
    return types.Part.from_bytes(data=data, mime_type="image/jpeg")


def photo(name: str) -> types.Part:
    return part((SAMPLES / name).read_bytes())


def said(client: genai.Client, *pictures: Any, tokens: int = 10) -> list[float]:
    """The answer as the log probabilities of its tokens: words alone would hide small changes."""
    config = types.GenerateContentConfig(
        temperature=0, max_output_tokens=tokens, response_logprobs=True
    )
    answer = client.models.generate_content(
        model=MODEL, contents=[*pictures, QUESTION], config=config
    )
    (candidate,) = answer.candidates or []
    told = candidate.logprobs_result
    assert told is not None
    assert told.top_candidates is None
    return [token.log_probability or 0.0 for token in told.chosen_candidates or []]


def differ(one: list[float], other: list[float]) -> float:
    """The most by which two answers differ, token by token."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def test_each_picture_costs_its_tokens(client: genai.Client, llama: Llama) -> None:
    counts = []
    for pictures in range(4):
        said(client, *[photo("cat.jpg")] * pictures, tokens=1)
        counts.append(llama.last_tokens())
    first, second, third = (after - before for before, after in pairwise(counts))
    assert first >= TOKENS
    # Beside the picture stand the marks of where it begins and ends, and a line break or none.
    assert second == third
    assert TOKENS <= second <= TOKENS + 16


def test_another_picture_is_another_answer(client: genai.Client) -> None:
    names = ["cat.jpg", "coffee.jpg", "astronaut.jpg"]
    answers = {name: said(client, photo(name)) for name in names}
    assert min(differ(answers[a], answers[b]) for a, b in combinations(names, 2)) > 0.1
    assert max(differ(answers[name], said(client, photo(name))) for name in names) < SAME
    both = [said(client, *map(photo, pair)) for pair in (names[:2], names[1::-1])]
    assert differ(*both) > 0.1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_turned_photo_is_seen_upright(client: genai.Client, kind: str) -> None:
    options = {"quality": 92, "subsampling": 0} if kind == "JPEG" else {"lossless": True}
    answers, as_stored = [], []
    for orientation, turn in UNDO.items():
        scene = quarters((128, 96))
        stored = scene if turn is None else scene.transpose(turn)
        answers.append(said(client, part(encode(stored, kind, exif=exif(orientation), **options))))
        as_stored.append(said(client, part(encode(stored, kind, **options))))
    # A PNG that lies upright already goes as it is and not as JPEG: a little other in its pixels.
    turned = answers[1:]
    upright = turned[0] if kind == "PNG" else answers[0]
    assert max(differ(upright, answer) for answer in turned) < SAME
    assert min(differ(upright, answer) for answer in as_stored[1:]) > 0.1


def test_a_heic_is_seen_upright(client: genai.Client) -> None:
    turns = sorted(HEIC.glob("turn_*.heic"))
    first, *others = (said(client, part(path.read_bytes())) for path in turns)
    assert len(others) == 7
    assert max(differ(first, other) for other in others) < SAME


def test_an_uploaded_file_is_the_same_picture(client: genai.Client) -> None:
    file = client.files.upload(file=SAMPLES / "cat.jpg")
    assert differ(said(client, file), said(client, photo("cat.jpg"))) < SAME


class Guess(BaseModel):
    colour: Literal["red", "green", "blue"]


def test_json_by_schema_about_a_picture(client: genai.Client) -> None:
    config = types.GenerateContentConfig(
        temperature=0, response_mime_type="application/json", response_schema=Guess
    )
    contents: Any = [photo("coffee.jpg"), "Which colour?"]
    answer = client.models.generate_content(model=MODEL, contents=contents, config=config)
    assert isinstance(answer.parsed, Guess)


@pytest.mark.parametrize("way", ["package", "program"])
def test_a_child_sees_as_the_server_does(
    way: str,
    eyes: Path,
    client: genai.Client,
    asking: Asking,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    beside = asking(child_settings(way, tmp_path, monkeypatch, engine_mmproj=str(eyes)))
    for name in ("cat.jpg", "coffee.jpg"):
        first, second = (said(asked, photo(name), tokens=2) for asked in (beside, client))
        assert differ(first, second) < SAME
