"""A vision-language model behind any OpenAI-dialect server: vLLM, SGLang, llama-server, Ollama, …

In: a `Prompt` as it came. Out: the model's own words, as they come. What goes to the server is
made in `openai_request`, what comes back is read in `openai_reply`, the line is `openai_http`. A
model whose family is known to write places also finds what words describe, in its own dialect.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import msgspec

from twinsight.config import Config
from twinsight.engines import openai_images
from twinsight.engines.openai_http import Line
from twinsight.engines.openai_reply import Reply
from twinsight.engines.openai_request import chat_body, ground_body
from twinsight.engines.roles import Card
from twinsight.engines.speaker import Alone, Waiting
from twinsight.errors import InvalidConfig, TwinsightError, Unimplemented
from twinsight.geometry.detections import Detections
from twinsight.geometry.dialects.families import NAMES, Dialect, dialect_named, dialect_of
from twinsight.image.picture import Picture
from twinsight.prompt import Delta, Finish, ImageRef, Prompt

HELLO_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Offer:
    """One model that a server says it serves; `sees` is None where it does not say."""

    model: str
    sees: bool | None = None


class OpenAIEngine:
    """Plays the speaker and, with a dialect, the grounder.

    Safe for many threads; keeps nothing of what it is asked.
    """

    def __init__(self, line: Line, offer: Offer, dialect: Dialect | None, max_side: int) -> None:
        self._line, self._model, self._max_side = line, offer.model, max_side
        self.sees = offer.sees is not False
        self._dialect = dialect if self.sees else None
        roles = ("speaker", "grounder") if self._dialect and not self._dialect.points else ()
        self.card = Card(
            f"openai:{offer.model}",
            roles or ("speaker",),
            f"{offer.model} behind the server at {line.place}",
            "as the model's owner says",
        )

    def say(
        self, prompt: Prompt, waiting: Waiting, max_pixels: int, candidate: int = 0
    ) -> Iterator[Delta]:
        """The model's answer as it comes. See `Speaker.say`."""

        def seen(ref: ImageRef) -> msgspec.Raw:
            waiting.check()
            return openai_images.data_uri(ref, self._max_side, max_pixels)

        body = chat_body(prompt, self._model, seen, candidate)
        stops = prompt.shape.stop if prompt.shape.mime == "text/plain" else ()
        for delta in self._asked(body, waiting, Reply(stops, prompt.logprobs or 0)):
            if not delta.thought or prompt.thinking.include:
                yield delta

    def ground(self, picture: Picture, phrase: str, waiting: Waiting) -> tuple[Detections, bool]:
        """What the phrase describes. See `Grounder.ground`; for models with a dialect only."""
        dialect = self._dialect
        if dialect is None:
            raise Unimplemented(f"{self._model} is not known to write where things are.")
        sent_wh = openai_images.fitted(picture.wh, self._max_side, dialect.multiple)
        uri = openai_images.as_jpeg(picture, sent_wh)
        body = ground_body(dialect.ask(phrase), uri, self._model, dialect.marks)
        said = list(self._asked(body, waiting, Reply()))
        text = "".join(delta.text for delta in said if not delta.thought)
        found = dialect.parse(text, picture.wh, sent_wh, phrase)
        return found.detections, found.is_cut or said[-1].finish is Finish.MAX_TOKENS

    def _asked(self, body: dict[str, Any], waiting: Waiting, reply: Reply) -> Iterator[Delta]:
        # Closed by name: an error keeps the frames that it came through, and so the connection.
        with waiting.aside(), closing(self._line.post("/chat/completions", body, waiting)) as lines:
            yield from reply.deltas(lines)

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        self._line.close()

    def health(self) -> str:
        """What the server serves, in a line. Raises Unavailable and its kin."""
        offers = offered(self._line)
        return (
            f"{self._line.place} serves {', '.join(offer.model for offer in offers) or 'nothing'}"
        )


def open_engine(config: Config) -> OpenAIEngine:
    """The engine that the settings name, once its server has answered.

    Raises InvalidConfig, which says what is missing and how to get it.
    """
    if not config.engine_url:
        raise InvalidConfig(
            f"The profile '{config.profile}' needs a model's server. Start one, for example "
            "`vllm serve MODEL` or `llama-server -m model.gguf --mmproj mmproj.gguf --port 8000`, "
            'and say where it is: engine_url = "http://127.0.0.1:8000" in twinsight.toml, '
            "TWINSIGHT_ENGINE_URL, or --engine-url. Or have a model fetched by `twinsight models "
            "pull` and put to work by `twinsight models use`, or name a GGUF file of yours as "
            "engine_gguf."
        )
    dialect_for("", config)
    line = Line(config.engine_url, config.engine_key)
    try:
        offers = offered(line)
    except TwinsightError as error:
        raise InvalidConfig(
            f"engine_url = {config.engine_url!r}: its list of models, /v1/models, must answer "
            f"before Twinsight starts. {error.message}"
        ) from error
    finally:
        line.close()
    offer = _chosen(offers, config)
    return OpenAIEngine(line, offer, dialect_for(offer.model, config), config.engine_max_side)


def dialect_for(model: str, config: Config) -> Dialect | None:
    """The dialect that the settings name, else the one that the model's name tells."""
    if config.engine_dialect in ("", "none"):
        return None if config.engine_dialect else dialect_of(model)
    dialect = dialect_named(config.engine_dialect)
    if dialect is None:
        raise InvalidConfig(
            f"There is no engine_dialect {config.engine_dialect!r}. Dialects: {', '.join(NAMES)}, "
            "or none for a model that does not write where things are."
        )
    return dialect


def _chosen(offers: list[Offer], config: Config) -> Offer:
    names = ", ".join(offer.model for offer in offers) or "none"
    if config.engine_model:
        for offer in offers:
            if offer.model == config.engine_model:
                return offer
        raise InvalidConfig(
            f"The engine at {config.engine_url} does not serve engine_model = "
            f"{config.engine_model!r}. It serves: {names}."
        )
    if not offers:
        raise InvalidConfig(f"The engine at {config.engine_url} serves no model: load one there.")
    if len(offers) != 1:
        raise InvalidConfig(
            f"The engine at {config.engine_url} serves {len(offers)} models: {names}. Say which "
            "one by engine_model."
        )
    return offers[0]


def offered(line: Line) -> list[Offer]:
    """The models that a server lists. Raises Unavailable and its kin."""
    listing = line.get("/models", Alone(remaining=HELLO_SECONDS))
    entries = listing.get("data") if isinstance(listing, dict) else None
    return [
        Offer(entry["id"], _sees(entry))
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and isinstance(entry.get("id"), str)
    ]


def _sees(entry: dict[str, Any]) -> bool | None:
    """Whether a listed model takes pictures, where the server tells (llama-server does)."""
    architecture = entry.get("architecture")
    kinds = architecture.get("input_modalities") if isinstance(architecture, dict) else None
    return "image" in kinds if isinstance(kinds, list) else None
