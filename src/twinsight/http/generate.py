"""generateContent, streamGenerateContent and countTokens."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from twinsight.config import ModelName
from twinsight.errors import UnknownModel, UnknownRoute
from twinsight.files.resolve import read_headers, resolve
from twinsight.http import sse
from twinsight.http.body import whole_body
from twinsight.http.pool import Ticket
from twinsight.http.reply import json_reply
from twinsight.http.state import State, state_of, ticket_for
from twinsight.prompt import Delta, Prompt, Usage
from twinsight.tasks import counting, run
from twinsight.wire import lenient, read, write

log = structlog.get_logger()
T = TypeVar("T")

HEARTBEAT_SECONDS = 10.0


@dataclass
class Asked:
    """Who asks what of which model, and what it costs."""

    state: State
    ticket: Ticket
    model: str
    name: ModelName
    owner: str
    read: Callable[[], Prompt]

    @cached_property
    def prompt(self) -> Prompt:
        """What is asked. Work for a worker, once."""
        return self.read()

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` gives, done by the job that reads the request: each change of thread costs.

        Pictures that are only named are found between two jobs; no worker waits for them.
        """
        pool, ticket = self.state.pool, self.ticket
        done = await pool.run(ticket, lambda: (work(),) if self._has_all() else ())
        if done:
            return done[0]
        await resolve(self.prompt.images, self.owner, self.state.store, self.state.config)
        return await pool.run(ticket, work)

    def _has_all(self) -> bool:
        return all(ref.data is not None for ref in self.prompt.images)

    @cached_property
    def usage(self) -> Usage:
        """What the prompt costs. Reads the pictures' headers, so a worker asks for it first."""
        read_headers(self.prompt.images)
        return counting.usage(self.prompt, self.name.generation, self.state.config)

    def note(self) -> None:
        """Puts what was asked into the request's log line."""
        structlog.contextvars.bind_contextvars(
            model=self.model, images=len(self.prompt.images), prompt_tokens=self.usage.prompt
        )


async def model_call(request: Request) -> Response:
    """POST …/models/{model}:{verb}, in all its spellings of the path."""
    model, _, verb = request.path_params["call"].rpartition(":")
    handler = VERBS.get(verb)
    if handler is None or not model:
        raise UnknownRoute(request.method, request.url.path)
    return await handler(request, model)


async def generate_content(request: Request, model: str) -> Response:
    """The whole answer in one reply."""
    async with _asked(request, model, read.generate_request) as asked:
        candidates = await asked.run(lambda: _whole_answers(asked))
        asked.note()
        return json_reply(write.generate_reply(candidates, asked.usage, model, _response_id()))


async def stream_generate_content(request: Request, model: str) -> Response:
    """The answer in pieces: events with `alt=sse`, else a growing JSON array."""
    framed_as_events = request.query_params.get("alt") == "sse"
    async with _asked(request, model, read.generate_request) as asked:
        # Read apart from the answer, before a heartbeat may say that all is well.
        await asked.run(lambda: None)
        chunks = _chunks(asked, model)
        # The first chunk is waited for here, so that an early error is an ordinary HTTP error.
        first = await anext(chunks)
        if first is not None:
            asked.note()
        whole = _after(first, chunks)
        if framed_as_events:
            return StreamingResponse(sse.events(whole), media_type="text/event-stream")
        return StreamingResponse(sse.array(whole), media_type="application/json")


async def count_tokens(request: Request, model: str) -> Response:
    """What the same request would cost as a prompt."""
    async with _asked(request, model, read.count_request) as asked:
        usage = await asked.run(lambda: asked.usage)
        asked.note()
        return json_reply(write.count_reply(usage))


VERBS: dict[str, Callable[[Request, str], Awaitable[Response]]] = {
    "generateContent": generate_content,
    "streamGenerateContent": stream_generate_content,
    "countTokens": count_tokens,
}


@asynccontextmanager
async def _asked(
    request: Request, model: str, reader: Callable[[object, read.Caller], Prompt]
) -> AsyncIterator[Asked]:
    """Everything that the event loop does before the work. Leaves it when the client leaves."""
    state = state_of(request)
    owner = state.keys.owner(request)
    name = state.config.model_names.get(model)
    if name is None:
        version = request.path_params.get("version", "v1beta")
        raise UnknownModel(model, version, request.path_params["call"].rpartition(":")[2])
    ticket = ticket_for(request, state.config)
    sdk = "x-goog-api-client" in request.headers
    caller = read.Caller(name.generation, sdk, state.config.strict_fields)
    async with whole_body(
        request, state.config.max_body_bytes, state.bodies, ticket.remaining
    ) as body:
        with _Watched(request, ticket):

            def understood() -> Prompt:
                value = lenient.parse(b"".join(body))
                body.clear()
                return reader(value, caller)

            yield Asked(state, ticket, model, name, owner, understood)


class _Watched:
    """While the block runs, a client that hangs up ends the request's ticket."""

    def __init__(self, request: Request, ticket: Ticket) -> None:
        self._request, self._ticket = request, ticket

    def __enter__(self) -> None:
        self._watch = asyncio.ensure_future(self._wait())

    async def _wait(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self._ticket.leave()

    def __exit__(self, *_: object) -> None:
        self._watch.cancel()


def _deltas(asked: Asked, candidate: int = 0) -> Iterator[Delta]:
    state = asked.state
    # Before a word is said: a picture that cannot be read refuses the whole request.
    _ = asked.usage
    return run.answer(
        asked.prompt,
        state.eyes,
        state.scenes,
        limits=run.Limits(
            state.config.output_token_limit, state.config.max_pixels, state.config.look
        ),
        check=asked.ticket.check,
        candidate=candidate,
        waiting=asked.ticket,
    )


def _whole_answers(asked: Asked) -> list[list[Delta]]:
    return [list(_deltas(asked, index)) for index in range(asked.prompt.shape.candidates)]


async def _chunks(asked: Asked, model: str) -> AsyncIterator[dict[str, object] | None]:
    response_id = _response_id()
    deltas = asked.state.pool.stream(asked.ticket, lambda: _deltas(asked), HEARTBEAT_SECONDS)
    async for delta in deltas:
        yield None if delta is None else write.chunk(delta, asked.usage, model, response_id)


async def _after(
    first: dict[str, object] | None, rest: AsyncIterator[dict[str, object] | None]
) -> AsyncIterator[dict[str, object] | None]:
    yield first
    async for chunk in rest:
        yield chunk


def _response_id() -> str:
    return f"{time.time_ns() // 1_000_000:x}{secrets.token_hex(6)}"
