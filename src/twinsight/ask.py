"""Asking in process, without a server: the same way through, wire included."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from twinsight.config import Config
from twinsight.engines.eyes import open_eyes
from twinsight.errors import ImageError, InvalidValue, UnknownModel, UsageError
from twinsight.files.resolve import read_headers
from twinsight.image.container import Header
from twinsight.image.header import read_header
from twinsight.image.tokens import TokenPolicy, image_tokens
from twinsight.tasks import counting, run
from twinsight.tasks.scene import SceneCache
from twinsight.wire import read


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of which image files."""

    images: Sequence[Path]
    text: str
    model: str
    as_json: bool = False
    schema: Path | None = None


def answer(question: Question, config: Config) -> Iterator[str]:
    """The answer in pieces. Raises as the server would answer."""
    generation = _generation(question.model, config)
    prompt = read.generate_request(_request(question), read.Caller(generation, sdk=False))
    for ref, path in zip(prompt.images, question.images, strict=True):
        ref.where = str(path)
    read_headers(prompt.images)
    counting.usage(prompt, generation, config)
    limits = run.Limits(config.output_token_limit, config.max_pixels, config.look)
    eyes, cache = open_eyes(config.profile, config), SceneCache(len(prompt.images))
    for delta in run.answer(prompt, eyes, cache, limits, check=lambda: None):
        if not delta.thought:
            yield delta.text


def image_cost(path: Path, model: str, config: Config) -> tuple[Header, int]:
    """The header of an image file, and its tokens for that model name."""
    try:
        header = read_header(_content(path))
    except ImageError as error:
        raise error.at(str(path)) from None
    policy = TokenPolicy(config.token_policy)
    return header, image_tokens(header.wh, policy, _generation(model, config))


def _generation(model: str, config: Config) -> float:
    if model not in config.model_names:
        raise UnknownModel(model, "v1beta")
    return config.model_names[model].generation


def _request(question: Question) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [
        {"inline_data": {"data": base64.b64encode(_content(path)).decode()}}
        for path in question.images
    ]
    config: dict[str, Any] = {}
    if question.as_json:
        config["response_mime_type"] = "application/json"
    if question.schema is not None:
        try:
            config["response_json_schema"] = msgspec.json.decode(_content(question.schema))
        except msgspec.DecodeError as error:
            raise InvalidValue("schema", f"{question.schema}: {error}") from error
    contents = [{"role": "user", "parts": [*parts, {"text": question.text}]}]
    return {"contents": contents, "generation_config": config}


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
