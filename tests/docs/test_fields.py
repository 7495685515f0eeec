"""The mark of each request field is true: what is called honoured changes the answer, and so on.

The eyes see what they are told, so that every difference between two answers is the field's doing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.conftest import Serving
from tests.docs.probes import Probe, every_field, probe_of
from tests.eyes import told_eyes
from twinsight.config import Config
from twinsight.engines.roles import Card
from twinsight.prompt import Delta, Finish, ImageRef, Prompt
from twinsight.wire.proto import Field, Message

DOG, CAT = ("dog", (0.1, 0.1, 0.5, 0.9)), ("cat", (0.6, 0.2, 0.9, 0.8))
EYES = told_eyes(objects=[DOG, DOG, CAT], lines=["EXIT"])


class Echo:
    """A model that says what it was handed, so that a difference in that is one in the answer."""

    card = Card("echo", ("speaker",), "says what it was handed", "Apache-2.0")
    sees = True

    def say(self, prompt: Prompt, *_: Any, **__: Any) -> Iterator[Delta]:
        words = repr(replace(prompt, turns=())) + told_turns(prompt)
        in_json = prompt.shape.mime == "application/json"
        yield Delta(json.dumps({"thing": words}) if in_json else words, Finish.STOP)

    def close(self) -> None:
        pass


def told_turns(prompt: Prompt) -> str:
    """The turns in words; of a picture its size, as its bytes are long."""
    return "".join(
        f"{turn.role}: {part.wh if isinstance(part, ImageRef) else part}\n"
        for turn in prompt.turns
        for part in turn.parts
    )


@pytest.fixture(scope="module")
def seeing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """To a server whose answers are made as those of the default profile."""
    data = tmp_path_factory.mktemp("data")
    with Serving(Config(data_dir=data), EYES) as running, running.client() as client:
        yield client


@pytest.fixture(scope="module")
def speaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """To a server where a model answers in its own words."""
    eyes = replace(EYES, speaker=Echo())
    data = tmp_path_factory.mktemp("data")
    with Serving(Config(data_dir=data), eyes) as running, running.client() as client:
        yield client


def answers(client: httpx.Client, probe: Probe) -> list[tuple[int, Any]]:
    """Status and body of both requests, without what differs from one answer to the next."""
    replies = []
    path = f"/v1beta/models/{probe.model}:{probe.verb}"
    for request in (probe.without, probe.given):
        reply = client.post(path, json=request)
        body = reply.json()
        body.pop("responseId", None)
        replies.append((reply.status_code, body))
    return replies


FIELDS = [
    pytest.param(message, name, id=f"{message.name}.{name}") for message, name in every_field()
]


@pytest.mark.parametrize(("message", "name"), FIELDS)
def test_mark(message: Message, name: str, seeing: httpx.Client, speaking: httpx.Client) -> None:
    field = message.fields[name]
    probe = probe_of(message, name)
    without, given = answers(seeing, probe)
    assert without[0] == 200, without
    if field.treatment == "refused":
        assert given[0] == 400
        assert says_which(name, field, given[1]["error"]["message"])
        return
    assert given[0] == 200, given
    if field.treatment == "honoured":
        assert without != given
        return
    assert without == given
    spoken = answers(speaking, probe)
    assert [status for status, _ in spoken] == [200, 200], spoken
    assert (spoken[0] != spoken[1]) == (field.treatment == "engine")


def says_which(name: str, field: Field, text: str) -> bool:
    """Whether a refusal names the field, in any of its spellings."""
    return name.replace("_", "").lower() in text.replace("_", "").lower()
