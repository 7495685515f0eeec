"""Conformance case 24: models list and get."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.clients import curl
from tests.clients.process import NAMES, PYTHON, Client, each

ALIASES = [
    "gemini-1.5-flash",
    "gemini-2.0-flash",
    "gemini-2.0-flash-exp",
    "gemini-2.5-flash",
    "gemini-2.5-flash-lite",
    "gemini-2.5-flash-preview-05-20",
    "gemini-2.5-pro",
    "gemini-3.5-flash",
    "gemini-3.5-flash-lite",
    "gemini-3.6-flash",
    "gemini-3.8-flash",
    "gemini-4-argon",
    "gemini-flash-latest",
    "gemini-robotics-er-2-preview",
]


@each(*NAMES)
@pytest.mark.parametrize("page", [None, 3, 1000])
def test_case_24_list(client: Client, page: int | None) -> None:
    """Every alias once, whatever the page size."""
    config = {"pageSize": page} if page else {}
    models = client.ask("models_list", config=config).ok()
    names = [model["name"].removeprefix("models/") for model in models]
    assert len(names) == len(set(names))
    assert not set(ALIASES) - set(names)
    for model in models:
        assert model["displayName"]
        assert "Twinsight" in model["description"]
        assert model["inputTokenLimit"] > 0
        assert model["outputTokenLimit"] > 0


@each(*NAMES)
@pytest.mark.parametrize("given", ["gemini-2.0-flash", "models/gemini-2.0-flash"])
def test_case_24_get(client: Client, given: str) -> None:
    """With or without the prefix; curl writes its own path, so only without."""
    given = "gemini-2.0-flash" if client.language == "curl" else given
    model = client.ask("models_get", model=given).ok()
    assert model["name"] == "models/gemini-2.0-flash"
    methods = model.get("supportedActions") or model.get("supportedGenerationMethods")
    assert {"generateContent", "countTokens"} <= set(methods)


@each(*PYTHON)
def test_case_24_tuned_models_are_none(client: Client) -> None:
    assert client.ask("models_list", config={"queryBase": False}).ok() == []


@each("curl")
def test_case_24_vertex_list(client: Client) -> None:
    """The Vertex path has its own key for the list."""
    got = curl.fetch(
        f"{client.drivers.url}/v1beta1/publishers/google/models?key={client.drivers.key}"
    )
    assert got.json()["publisherModels"]


def test_key_by_header_and_bearer(server: Any) -> None:
    """The three places of a key are equal."""
    url = f"{server.url}/v1beta/models/gemini-2.0-flash"
    by_query = curl.fetch(f"{url}?key={server.key}").json()
    by_header = curl.fetch(url, "-H", f"x-goog-api-key: {server.key}").json()
    by_bearer = curl.fetch(url, "-H", f"Authorization: Bearer {server.key}").json()
    assert by_query == by_header == by_bearer
    assert json.dumps(by_query)
