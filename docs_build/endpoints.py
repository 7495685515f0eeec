"""Every endpoint, from the route table that the server itself uses."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from starlette.routing import Route

from docs_build.table import code, table
from twinsight.config import Config
from twinsight.http import app, generate


@dataclass(frozen=True)
class Endpoint:
    """One line of the table."""

    methods: tuple[str, ...]
    path: str
    what: str


def endpoints() -> list[Endpoint]:
    """The route table with the model verbs spelled out."""
    found: list[Endpoint] = []
    for route in app.routes(Config()):
        found += _of(route)
    return found


def _of(route: Route) -> Iterator[Endpoint]:
    methods = tuple(sorted((route.methods or set()) - {"HEAD"}))
    path = route.path.replace("{_version:version}", "{v}").replace("{version:version}", "{v}")
    path = path.replace(":path}", "}")
    if route.endpoint is not generate.model_call:
        yield Endpoint(methods, path, _what(route.endpoint))
        return
    for verb, handler in generate.VERBS.items():
        yield Endpoint(methods, path.replace("{call}", "{model}:" + verb), _what(handler))


def _what(endpoint: Callable[..., Any]) -> str:
    """The first sentence of the handler's docstring."""
    text = inspect.getdoc(endpoint)
    if not text:
        raise ValueError(f"{endpoint.__module__}.{endpoint.__qualname__} has no docstring")
    return text.split("\n\n")[0].replace("``", "`")


def as_table() -> str:
    """All of them, in the order in which the server tries them."""
    rows = [[" ".join(e.methods), code(e.path), e.what] for e in endpoints()]
    return table(["method", "path", "what it does"], rows)
