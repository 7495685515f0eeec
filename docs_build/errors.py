"""Every error, from the tree of classes that makes them."""

from __future__ import annotations

import inspect
import re
from typing import Any

from docs_build.table import code, table
from twinsight import errors
from twinsight.errors import SetupError, TwinsightError

# Values for the texts below, as a user might meet them.
_SAMPLES: dict[str, Any] = {
    "why": "…",
    "violations": [("generation_config", "temprature")],
    "path": "generation_config.top_p",
    "limit_bytes": 104_857_600,
    "count": 3601,
    "limit": 3600,
    "mime": "image/gif",
    "wh": (20_000, 10_000),
    "max_pixels": 100_000_000,
    "tool": "google_search",
    "file_id": "abc123",
    "origin": "https://shop.example",
    "name": "gemini-9",
    "version": "v1beta",
    "retry_seconds": 2.0,
}
_BY_CLASS: dict[type[TwinsightError], dict[str, Any]] = {
    errors.UnknownRoute: {"method": "GET", "path": "/v2/models"}
}

# For the classes about which the tree says no more than their name does.
_WHEN = {
    "InvalidArgument": "a request that does not fit together; the text says how",
    "FailedPrecondition": "a file that is not ready to be asked about",
    "Unauthenticated": "a bearer token that is no key of this server",
    "PermissionDenied": "the key may not do this",
    "NotFound": "there is no such thing",
    "UnknownModel": "a model name that this server does not answer to",
    "UnknownRoute": "a path or method that this server does not have",
    "AlreadyExists": "a file of this name is there already",
    "ResourceExhausted": "the key's storage or its open uploads are used up",
    "Cancelled": "the client went away; nobody sees it but the log",
    "Unimplemented": "a part of the API that needs Google's cloud",
    "Unavailable": "the server cannot do it now: its disk is full, for instance",
    "DeadlineExceeded": "the client's `X-Server-Timeout`, or `request_seconds`, has passed",
    "InvalidConfig": "a setting that does not exist, does not fit, or must not be",
}

_TREE_LINE = re.compile(r"[│ ├└─]*[├└]── (\w+) *(.*)")


def classes() -> list[type[TwinsightError]]:
    """Every class of the tree but its root, parents before children."""
    found: list[type[TwinsightError]] = []

    def walk(parent: type[TwinsightError]) -> None:
        for child in parent.__subclasses__():
            if child.__module__ == errors.__name__:
                found.append(child)
                walk(child)

    walk(TwinsightError)
    return found


def when() -> dict[str, str]:
    """When each class is raised, from the tree at the top of the module, else from `_WHEN`."""
    lines = (_TREE_LINE.search(line) for line in (errors.__doc__ or "").splitlines())
    told = {m[1]: re.sub(r"^\d{3} [A-Z_]+,? ?", "", m[2]).strip() for m in lines if m}
    found = {k.__name__: told.get(k.__name__) or _WHEN.get(k.__name__, "") for k in classes()}
    untold = [name for name, text in found.items() if not text]
    if untold:
        raise ValueError(f"when are these raised? Say so in the tree of errors.py: {untold}")
    return found


def message(kind: type[TwinsightError]) -> str:
    """The text of an error with sample values; empty where the place that raises it writes it."""
    if kind.__init__ is TwinsightError.__init__ or "message" in _own_parameters(kind):
        return ""
    values = _SAMPLES | _BY_CLASS.get(kind, {})
    return str(kind(**{name: values[name] for name in _own_parameters(kind) if name in values}))


def _own_parameters(kind: type[TwinsightError]) -> list[str]:
    return list(inspect.signature(kind.__init__).parameters)[1:]


def wire_table() -> str:
    """What clients may meet."""
    told = when()
    wire = [k for k in classes() if not issubclass(k, SetupError)]
    rows = [
        [
            f"{code(k.__name__)}<br>{k.code} {code(k.status)}",
            told[k.__name__],
            _quoted(message(k)),
        ]
        for k in sorted(wire, key=lambda k: k.code)
    ]
    return table(["class, code, status", "when", "text, with sample values"], rows)


def setup_table() -> str:
    """What keeps the server from starting."""
    setup = [k for k in classes() if issubclass(k, SetupError)]
    return table(["class", "when"], [[code(k.__name__), when()[k.__name__]] for k in setup])


def _quoted(text: str) -> str:
    return text.replace("<", "&lt;") or "*says what was wrong*"
