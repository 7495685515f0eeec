"""The engine by URL against a real server: llama.cpp's own, with a model of 135M parameters.

See `llama_server` for how it comes here.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from google import genai
from google.genai import errors, types
from pydantic import BaseModel

from tests.conftest import SAMPLES, RunningServer, StartServer
from tests.engines.llama_server import Llama, need_llama, until
from tests.eyes import told_eyes
from twinsight.config import Config
from twinsight.engines.openai import open_engine

MODEL = "gemini-2.5-flash"


@pytest.fixture(scope="module")
def llama() -> Iterator[Llama]:
    need_llama()
    server = Llama()
    server.start()
    yield server
    server.kill()


@pytest.fixture
def spoken(llama: Llama, start_server: StartServer) -> RunningServer:
    engine = open_engine(Config(engine_url=llama.url))
    eyes = told_eyes(objects=[("dog", (0.1, 0.1, 0.6, 0.9))])
    return start_server(eyes=replace(eyes, speaker=engine), workers=1)


@pytest.fixture
def client(spoken: RunningServer) -> Iterator[genai.Client]:
    with genai.Client(api_key=spoken.key, http_options={"base_url": spoken.url}) as asking:
        yield asking


def ask(client: genai.Client, contents: Any, **config: Any) -> Any:
    config = {"temperature": 0, "seed": 1, "max_output_tokens": 20} | config
    return client.models.generate_content(
        model=MODEL, contents=contents, config=types.GenerateContentConfig(**config)
    )


def test_text_and_usage(client: genai.Client) -> None:
    question = "List some animals."
    answer = ask(client, question, max_output_tokens=12)
    usage = answer.usage_metadata
    assert answer.text.strip()
    assert answer.candidates[0].finish_reason == types.FinishReason.MAX_TOKENS
    assert usage.candidates_token_count == 12
    counted = client.models.count_tokens(model=MODEL, contents=question)
    assert usage.prompt_token_count == counted.total_tokens
    assert usage.total_token_count == usage.prompt_token_count + 12


def test_the_same_seed_gives_the_same_words(client: genai.Client) -> None:
    first, second = (
        ask(client, "Tell a story.", temperature=1.5, seed=5, max_output_tokens=15)
        for _ in range(2)
    )
    other = ask(client, "Tell a story.", temperature=1.5, seed=6, max_output_tokens=15)
    assert first.text == second.text != other.text


def test_a_stream_is_the_same_answer_in_pieces(client: genai.Client) -> None:
    question = "Count from one to ten."
    whole = ask(client, question)
    config = types.GenerateContentConfig(temperature=0, seed=1, max_output_tokens=20)
    chunks = list(
        client.models.generate_content_stream(model=MODEL, contents=question, config=config)
    )
    assert len(chunks) > 5
    assert all(chunk.text for chunk in chunks)
    assert "".join(chunk.text or "" for chunk in chunks) == whole.text
    counts = [
        chunk.usage_metadata.candidates_token_count or 0 for chunk in chunks if chunk.usage_metadata
    ]
    assert counts == sorted(counts)
    assert counts[-1] == whole.usage_metadata.candidates_token_count


def test_a_stop_sequence(client: genai.Client) -> None:
    question = "Count from one to ten."
    word = ask(client, question).text.split()[4]
    answer = ask(client, question, stop_sequences=[word])
    assert answer.text
    assert word not in answer.text
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP


def test_log_probabilities(client: genai.Client) -> None:
    answer = ask(client, "List some animals.", response_logprobs=True, logprobs=3)
    told = answer.candidates[0].logprobs_result
    assert "".join(token.token for token in told.chosen_candidates).startswith(answer.text)
    assert len(told.chosen_candidates) >= answer.usage_metadata.candidates_token_count - 1
    assert all(len(top.candidates) == 3 for top in told.top_candidates)
    assert answer.candidates[0].avg_logprobs < 0


class Person(BaseModel):
    name: str
    age: int


def test_json_by_schema(client: genai.Client) -> None:
    asked = {"response_mime_type": "application/json", "max_output_tokens": 100}
    answer = ask(client, "Invent a person.", response_schema=Person, **asked)
    assert isinstance(answer.parsed, Person)
    asked["max_output_tokens"] = 30
    cut = ask(client, "Invent people.", response_schema=list[Person], **asked)
    assert cut.candidates[0].finish_reason == types.FinishReason.MAX_TOKENS
    assert isinstance(cut.parsed, list)


def test_an_enum(client: genai.Client) -> None:
    schema = {"type": "STRING", "enum": ["yes", "no"]}
    answer = ask(client, "Is ice hot?", response_mime_type="text/x.enum", response_schema=schema)
    assert answer.text in ("yes", "no")


def test_earlier_turns_are_heard(client: genai.Client) -> None:
    config = types.GenerateContentConfig(temperature=0, max_output_tokens=12)
    chat = client.chats.create(model=MODEL, config=config)
    for _ in chat.send_message_stream("My name is Oberon. Say hello to me."):
        pass
    # So small a model may not tell the name, but it does not answer as if nothing had been said.
    alone = ask(client, "What is my name?", max_output_tokens=12)
    assert chat.send_message("What is my name?").text != alone.text


def test_pictures_are_left_to_the_eyes(client: genai.Client) -> None:
    part = types.Part.from_bytes(data=(SAMPLES / "cat.jpg").read_bytes(), mime_type="image/jpeg")
    assert "dog" in ask(client, [part, "Caption this image."]).text


def test_a_prompt_over_the_models_window_is_refused_with_its_reason(client: genai.Client) -> None:
    with pytest.raises(errors.ClientError) as caught:
        ask(client, "word " * 5000)
    assert caught.value.code == 400
    assert "context size" in str(caught.value)


@contextmanager
def long_answer(llama: Llama, spoken: RunningServer) -> Iterator[http.client.HTTPConnection]:
    """A question whose answer cannot be short, on its way in the engine."""
    schema = {"type": "array", "items": {"type": "integer"}, "minItems": 600, "maxItems": 600}
    form = {"responseMimeType": "application/json", "responseJsonSchema": schema}
    body = {"contents": "Write many numbers.", "generationConfig": form}
    address = urlsplit(spoken.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    path = f"/v1beta/models/{MODEL}:generateContent"
    connection.request("POST", path, json.dumps(body), {"x-goog-api-key": spoken.key})
    until(llama.busy)
    yield connection
    connection.close()


def test_leaving_ends_the_work_at_the_engine(llama: Llama, spoken: RunningServer) -> None:
    with long_answer(llama, spoken):
        pass
    seen = [0]
    while slots := llama.busy():
        seen += slots
        # Six hundred numbers take twelve hundred tokens and more.
        assert max(seen) < 600
        time.sleep(0.01)


def test_killed_in_flight_and_back_again(llama: Llama, spoken: RunningServer) -> None:
    with long_answer(llama, spoken) as connection:
        llama.kill()
        reply = connection.getresponse()
        assert reply.status == 503
        assert "broke off" in json.loads(reply.read())["error"]["message"]
    with genai.Client(api_key="k", http_options={"base_url": spoken.url}) as client:
        with pytest.raises(errors.ServerError) as caught:
            ask(client, "Hello")
        assert caught.value.code == 503
        assert "connection refused" in str(caught.value)
        llama.start()
        assert ask(client, "Hello").text
