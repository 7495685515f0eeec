"""Several servers with one model as one engine: each question goes to the one with least to do.

A server that fails rests for a while, and its question goes to the next one as long as nothing of
an answer has been given. One that is down when Twinsight starts joins when it is up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import structlog

from twinsight.config import Config
from twinsight.engines.openai import OpenAIEngine, open_engine
from twinsight.engines.openai_http import Line
from twinsight.engines.roles import Card
from twinsight.engines.speaker import Waiting
from twinsight.errors import InvalidConfig, ResourceExhausted, TwinsightError, Unavailable
from twinsight.geometry.detections import Detections
from twinsight.image.picture import Picture
from twinsight.prompt import Delta, Prompt

REST_SECONDS = 5.0
"""So long a server that failed is asked only when no other one is left."""
LEAST_SERVERS = 2

log = structlog.get_logger()


class Fleet:
    """Plays what its servers' model can. Safe for many threads."""

    def __init__(self, config: Config, urls: list[str]) -> None:
        """Raises InvalidConfig when no server answers, or when they have different models."""
        for url in urls:
            # A URL that cannot be one is a mistake, whoever answers at the others.
            Line(url).close()
        self._lock = threading.Lock()
        self._servers = [_Server(replace(config, engine_url=url)) for url in urls]
        failures = [server.join() for server in self._servers]
        up = [server.engine for server in self._servers if server.engine is not None]
        if not up:
            told = " ".join(str(failure) for failure in failures)
            raise InvalidConfig(f"No server of the fleet answers. {told}")
        for server, failure in zip(self._servers, failures, strict=True):
            if failure is not None:
                log.warning("a server of the fleet is away", url=server.url, why=str(failure))
        names = sorted({engine.card.name for engine in up})
        if len(names) > 1:
            raise InvalidConfig(
                f"The servers of the fleet have different models: {', '.join(names)}. Questions go "
                "to any of them, so they must have one; engine_model says which."
            )
        self._first = up[0]
        self.sees = all(engine.sees for engine in up)
        self.card = Card(
            names[0],
            self._first.card.roles,
            f"{names[0].partition(':')[2]} behind {len(urls)} servers",
            self._first.card.licence,
        )

    def say(
        self, prompt: Prompt, waiting: Waiting, max_pixels: int, candidate: int = 0
    ) -> Iterator[Delta]:
        """The model's answer as it comes. See `Speaker.say`."""
        tried: list[_Server] = []
        while True:
            begun = False
            try:
                with self._one(tried, waiting) as engine:
                    for delta in engine.say(prompt, waiting, max_pixels, candidate):
                        begun = True
                        yield delta
                return
            except (Unavailable, ResourceExhausted):
                if begun or len(tried) == len(self._servers):
                    raise
                waiting.check()

    def ground(self, picture: Picture, phrase: str, waiting: Waiting) -> tuple[Detections, bool]:
        """What the phrase describes. See `Grounder.ground`."""
        tried: list[_Server] = []
        while True:
            try:
                with self._one(tried, waiting) as engine:
                    return engine.ground(picture, phrase, waiting)
            except (Unavailable, ResourceExhausted):
                if len(tried) == len(self._servers):
                    raise
                waiting.check()

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        for server in self._servers:
            if server.engine is not None:
                server.engine.close()

    def health(self) -> str:
        """What each server serves, in a line. Raises Unavailable when one does not answer."""
        told, faults = [], []
        for server in self._servers:
            try:
                failure = server.join()
                if server.engine is None:
                    raise Unavailable(str(failure))
                told.append(server.engine.health())
            except TwinsightError as error:
                faults.append(error.message)
        if faults:
            raise Unavailable(f"{len(faults)} of {len(self._servers)}: {' '.join(faults)}")
        return "; ".join(told)

    @contextmanager
    def _one(self, tried: list[_Server], waiting: Waiting) -> Iterator[OpenAIEngine]:
        """The server with least to do that was not tried yet; it is noted how it does."""
        with self._lock:
            now = time.monotonic()
            left = [server for server in self._servers if server not in tried]
            server = min(left, key=lambda s: (s.rests_until > now, s.asked, s.turn))
            server.asked += 1
            server.turn = now
        tried.append(server)
        try:
            if server.engine is None:
                with waiting.aside():
                    failure = server.join()
                if server.engine is None:
                    raise Unavailable(str(failure))
                if server.engine.card.name != self.card.name:
                    server.engine = None
                    raise Unavailable(f"The server at {server.url} has another model.")
            yield server.engine
            server.rests_until = 0.0
        except Unavailable:
            server.rests_until = time.monotonic() + REST_SECONDS
            raise
        finally:
            with self._lock:
                server.asked -= 1


class _Server:
    """One of them: `asked` questions are with it now, `turn` is when it was last asked."""

    def __init__(self, config: Config) -> None:
        self.url = config.engine_url
        self.engine: OpenAIEngine | None = None
        self.asked = 0
        self.turn = 0.0
        self.rests_until = 0.0
        self._config = config

    def join(self) -> TwinsightError | None:
        """Opens it if it is not open; why that cannot be."""
        if self.engine is None:
            try:
                self.engine = open_engine(self._config)
            except InvalidConfig as error:
                return error
        return None


def urls_of(config: Config) -> list[str]:
    """The servers that `engine_url` names, commas between them."""
    return [url.strip() for url in config.engine_url.split(",") if url.strip()]


def open_fleet(config: Config) -> Fleet:
    """The engine of the profile fleet. Raises InvalidConfig, which says what is missing."""
    urls = urls_of(config)
    if len(urls) < LEAST_SERVERS:
        raise InvalidConfig(
            "The profile 'fleet' spreads questions over several servers that have one model. Start "
            "two or more, for example `vllm serve MODEL` on each machine, and name them all: "
            'engine_url = "http://a:8000, http://b:8000". For one server, or for a GGUF file, the '
            "profile is 'desk'."
        )
    return Fleet(config, urls)
