"""Every setting of the server, from the dataclass that holds them."""

from __future__ import annotations

import inspect
import typing
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from docs_build.table import code, table
from twinsight import cli
from twinsight.config import ENV_PREFIX, Config

_UNITS = {"bytes": "bytes", "seconds": "s", "pixels": "pixels", "tokens": "tokens"}


def as_table() -> str:
    """All of them, in the order of the dataclass."""
    head = ["setting", "type", "unit", "default", "variable", "flag", "meaning"]
    flags = inspect.signature(cli.serve).parameters
    hints = get_type_hints(Config)
    rows = [
        [
            code(f.name),
            type_name(hints[f.name]),
            _UNITS.get(f.name.rpartition("_")[2], ""),
            default(f),
            code(ENV_PREFIX + f.name.upper()) if f.name != "models" else "",
            code("--" + f.name.replace("_", "-")) if f.name in flags else "",
            f.metadata["help"],
        ]
        for f in fields(Config)
    ]
    return table(head, rows)


def type_name(hint: Any) -> str:
    """A type in the words of people."""
    if get_origin(hint) is Literal:
        return " or ".join(code(str(value)) for value in get_args(hint))
    if get_origin(hint) is tuple:
        return "list of text"
    if get_origin(hint) is dict:
        return "table"
    if typing.get_origin(hint) is not None:
        return str(hint)
    names = {str: "text", int: "whole number", float: "number", bool: "yes or no", Path: "folder"}
    return names.get(hint, str(hint))


def default(f: Any) -> str:
    """A default as one would write it; the user's own folder without the user's name."""
    value = f.default
    if f.name == "models":
        return ""
    if isinstance(value, Path):
        return code(str(value).replace(str(Path.home()), "~"))
    if isinstance(value, bool):
        return code(str(value).lower())
    if isinstance(value, (int, float)):
        return f"{value:,g}" if isinstance(value, float) else f"{value:,}"
    if isinstance(value, tuple):
        return "none" if not value else code(", ".join(value))
    return code(str(value)) or "empty"
