"""Writing settings into `twinsight.toml`: only their lines change, comments stay."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomlkit
import tomlkit.exceptions

from twinsight.config import load
from twinsight.errors import InvalidConfig


def path_of(named: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """The file that `config.load` would read, whether it is there or not."""
    return named or Path(environ.get("TWINSIGHT_CONFIG") or "twinsight.toml")


def edited(path: Path, values: Mapping[str, str], gone: Iterable[str] = ()) -> str:
    """The file's text with these settings and without those of `gone`.

    A dot in a name divides a table from its key. Raises InvalidConfig, with the lines to write by
    hand, for a file that cannot be edited.
    """
    text = path.read_text("utf-8") if path.exists() else ""
    expected = tomllib.loads(text)
    try:
        document = tomlkit.parse(text)
        for name, value in values.items():
            *tables, key = name.split(".")
            if not tables:
                document[key] = expected[key] = value
                continue
            expected.setdefault(tables[0], {})[key] = value
            if tables[0] in document:
                inner: Any = document[tables[0]]
                inner[key] = value
            else:
                document.append(tomlkit.key([*tables, key]), tomlkit.item(value))
        for name in gone:
            document.pop(name, None)
            expected.pop(name, None)
        written = tomlkit.dumps(document)
        is_right = tomllib.loads(written) == expected
    except (tomlkit.exceptions.TOMLKitError, TypeError, AttributeError, ValueError):
        is_right, written = False, ""
    if not is_right:
        raise InvalidConfig(f"{path} cannot be edited here. Write into it: {lines(values)}")
    return written


def lines(values: Mapping[str, str]) -> str:
    """The settings as lines of TOML."""
    return "\n".join(
        f"{name} = {tomlkit.item(value).as_string()}" for name, value in values.items()
    )


def write(path: Path, text: str) -> None:
    """Puts the text in place in one step, once the settings in it are known to be valid.

    Raises InvalidConfig when they are not, or when the file cannot be written.
    """
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_text(text, "utf-8")
        load(half)
        half.replace(path)
    except OSError as error:
        raise InvalidConfig(f"{path} cannot be written: {error}") from error
    finally:
        half.unlink(missing_ok=True)
