"""Questions about surroundings to the real server with the real eyes, on the sample photos."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.conftest import SAMPLES, RunningServer

PATH = "/v1beta/models/gemini-2.5-flash:generateContent"


def said(server: RunningServer, name: str, question: str, **config: Any) -> str:
    content = base64.b64encode((SAMPLES / name).read_bytes()).decode()
    parts = [{"inlineData": {"mimeType": "image/jpeg", "data": content}}, {"text": question}]
    body: dict[str, Any] = {"contents": [{"parts": parts}], "generationConfig": config}
    with server.client() as client:
        reply = client.post(PATH, json=body)
    assert reply.status_code == 200, reply.text
    text: str = reply.json()["candidates"][0]["content"]["parts"][0]["text"]
    return text


@pytest.mark.parametrize(
    ("name", "question", "expected"),
    [
        pytest.param("coffee.jpg", "Is there a plate?", "Yes, I can see a plate.", id="yes"),
        pytest.param("cat.jpg", "Is there a road?", "No, I can make out no road.", id="no"),
        pytest.param("cat.jpg", "Y a-t-il un mur ?", "Oui, je vois un mur.", id="french"),
        pytest.param("cat.jpg", "Is it indoors or outdoors?", "indoors", id="classify"),
        pytest.param(
            "coffee.jpg",
            "Was this photo taken outdoors?",
            "No, it seems to have been taken indoors.",
            id="setting",
        ),
    ],
)
def test_question_is_answered(
    server: RunningServer, name: str, question: str, expected: str
) -> None:
    assert said(server, name, question) == expected


def test_schema_is_filled_and_no_box_is_made_up(server: RunningServer) -> None:
    schema = {
        "type": "OBJECT",
        "properties": {"has_sky": {"type": "BOOLEAN"}, "is_indoors": {"type": "BOOLEAN"}},
        "required": ["has_sky", "is_indoors"],
    }
    config = {"responseMimeType": "application/json", "responseSchema": schema}
    filled = json.loads(said(server, "coffee.jpg", "What is here?", **config))
    assert filled == {"has_sky": False, "is_indoors": True}
    boxes = said(server, "cat.jpg", "Detect the wall", responseMimeType="application/json")
    assert json.loads(boxes) == []
