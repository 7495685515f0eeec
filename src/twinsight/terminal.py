"""What all commands share: where they write, and the options that many of them take."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

ConfigFile = Annotated[
    Path | None,
    Parameter(name="--config", help="settings file; ./twinsight.toml is read by itself"),
]
DataDir = Annotated[Path | None, Parameter(name="--data-dir", help="where keys and files are kept")]
Profile = Annotated[str | None, Parameter(help="which engines answer: pocket, desk or fleet")]


def plain(text: str) -> str:
    """Text that says nothing to rich."""
    return escape(text)


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Says what goes on when it takes over a second, at a terminal only."""
    shown = err.status(what)
    timer = threading.Timer(1.0, shown.start)
    timer.daemon = True
    if err.is_terminal:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
        shown.stop()
