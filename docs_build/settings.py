"""Every setting of the server, from the dataclass that holds them."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Collection
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from docs_build.table import code, table
from twinsight import cli
from twinsight.config import ENV_PREFIX, Config

_UNITS = {"bytes": "bytes", "seconds": "seconds", "pixels": "pixels", "tokens": "tokens"}


def as_table() -> str:
    """All of them, in the order of the dataclass."""
    flags = inspect.signature(cli.serve).parameters
    hints = get_type_hints(Config)
    rows = [
        [names(f.name, flags), type_name(hints[f.name]) + unit(f.name), default(f), _help(f)]
        for f in fields(Config)
    ]
    return table(["setting, variable, flag", "type", "default", "meaning"], rows)


def names(name: str, flags: Collection[str]) -> str:
    """How a setting is written in the file, in the environment, and on the command line."""
    spelled = [code(name)]
    if name != "models":
        spelled.append(code(ENV_PREFIX + name.upper()))
    if name in flags:
        spelled.append(code("--" + name.replace("_", "-")))
    return "<br>".join(spelled)


def unit(name: str) -> str:
    """The unit that a setting's name ends in."""
    found = _UNITS.get(name.rpartition("_")[2], "")
    return f", {found}" if found else ""


def _help(f: Any) -> str:
    text: str = f.metadata["help"]
    return text[:1].upper() + text[1:]


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
        return f"{value:,.0f}" if value >= 10_000 else f"{value:g}"
    if isinstance(value, tuple):
        return "none" if not value else code(", ".join(value))
    return code(str(value)) or "empty"
