"""models.list and models.get, under each of their paths, and the empty list of tuned models."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from twinsight import __version__
from twinsight.config import Config, ModelName
from twinsight.errors import InvalidValue, UnknownModel
from twinsight.http.paging import MOST_DIGITS, page_size
from twinsight.http.reply import json_reply
from twinsight.http.state import State, state_of

DEFAULT_PAGE = 50
MAX_PAGE = 1000


async def list_models(request: Request) -> Response:
    """The Gemini API's list."""
    return json_reply(_page(request, "models"))


async def list_publisher_models(request: Request) -> Response:
    """The same list under Vertex's key."""
    return json_reply(_page(request, "publisherModels"))


async def list_tuned_models(request: Request) -> Response:
    """There are none here."""
    state_of(request).keys.owner(request)
    return json_reply({"tunedModels": []})


async def get_model(request: Request) -> Response:
    """One name, and who answers to it."""
    state = state_of(request)
    state.keys.owner(request)
    model = request.path_params["model"]
    name = state.config.model_names.get(model)
    if name is None:
        raise UnknownModel(model, request.path_params["version"], "GetModel")
    return json_reply(_resource(model, name, state))


def _page(request: Request, key: str) -> dict[str, Any]:
    state = state_of(request)
    state.keys.owner(request)
    names = state.config.model_names
    start = _offset(request.query_params.get("pageToken", ""))
    size = page_size(request.query_params.get("pageSize", ""), DEFAULT_PAGE, MAX_PAGE)
    ids = list(names)[start : start + size]
    reply: dict[str, Any] = {key: [_resource(model, names[model], state) for model in ids]}
    if start + size < len(names):
        reply["nextPageToken"] = base64.urlsafe_b64encode(b"m%d" % (start + size)).decode()
    return reply


def _offset(token: str) -> int:
    if not token:
        return 0
    try:
        decoded = base64.urlsafe_b64decode(token.encode())
        if decoded[:1] == b"m" and decoded[1:].isdigit() and len(decoded) <= MOST_DIGITS:
            return min(int(decoded[1:]), 1_000_000)
    except (binascii.Error, UnicodeEncodeError):
        pass
    raise InvalidValue("page_token", "it is not one that this server gave")


def _resource(model: str, name: ModelName, state: State) -> dict[str, Any]:
    config: Config = state.config
    return {
        "name": f"models/{model}",
        "version": __version__,
        "displayName": f"{name.display_name} → Twinsight {state.eyes.profile}",
        "description": (
            f"Not Google's model: requests for {model} are answered on this machine by Twinsight's "
            f"'{state.eyes.profile}' engines: {state.eyes.summary}."
        ),
        "inputTokenLimit": config.max_prompt_tokens,
        "outputTokenLimit": config.output_token_limit,
        "supportedGenerationMethods": ["generateContent", "streamGenerateContent", "countTokens"],
        "temperature": 1,
        "maxTemperature": 2,
        "topP": 0.95,
        "topK": 64,
    }
