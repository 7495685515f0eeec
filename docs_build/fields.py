"""Every field of a request, with its mark, from the tables that the server reads requests by."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from docs_build.table import code, table
from twinsight.wire import schema
from twinsight.wire.proto import Field, Message, camel

_MARKS = {
    "honoured": "● honoured",
    "engine": "◐ engine",
    "accepted": "○ accepted",
    "refused": "✕ refused",
}

# Read later than the request around them, so that the tables hold them as plain values.
_READ_LATER = {"contents": schema.CONTENT, "system_instruction": schema.CONTENT}


def messages() -> list[Message]:
    """Every message of a request, each before those inside it."""
    found: dict[str, Message] = {}

    def walk(message: Message) -> None:
        if message.name in found:
            return
        found[message.name] = message
        for inner in _inside(message):
            walk(inner)

    for top in (schema.GENERATE_REQUEST, schema.COUNT_REQUEST):
        walk(top)
    return list(found.values())


def _inside(message: Message) -> Iterator[Message]:
    for name, field in message.fields.items():
        if field.message is not None:
            yield field.message()
        elif name in _READ_LATER and message.name.endswith("Request"):
            yield _READ_LATER[name]


def described() -> dict[str, dict[str, str]]:
    """What each field does, by message and name. Raises ValueError when one is left out."""
    told: dict[str, dict[str, str]] = tomllib.loads(
        Path(__file__).with_suffix(".toml").read_text("utf-8")
    )
    wanted = {(m.name, f) for m in messages() for f in m.fields}
    given = {(m, f) for m, texts in told.items() for f in texts}
    if wanted != given:
        lacking, too_many = sorted(wanted - given), sorted(given - wanted)
        raise ValueError(f"docs_build/fields.toml lacks {lacking}; there is no {too_many}")
    return told


def as_sections() -> str:
    """A section with a table for each message."""
    told = described()
    return "\n".join(_section(m, told[m.name]) for m in messages())


def _section(message: Message, told: dict[str, str]) -> str:
    rows = [
        [
            code(camel(name)),
            type_name(name, field),
            _MARKS[field.treatment],
            _what(told[name], field),
        ]
        for name, field in message.fields.items()
    ]
    head = ["field", "type", "mark", "what it does"]
    return f"## {message.name}\n\n{table(head, rows)}"


def _what(text: str, field: Field) -> str:
    note = field.note[:1].upper() + field.note[1:]
    if not note or note.rstrip(".").lower() in text.lower():
        return text
    return f"{text} ({note.rstrip('.')}.)"


def type_name(name: str, field: Field) -> str:
    """The field's type, with a link to the message that it holds."""
    inner = field.message() if field.message else _READ_LATER.get(name)
    kind = f"[{inner.name}](#{inner.name.lower()})" if inner else field.kind
    kind = {"value": "any JSON", "bytes": "base64"}.get(kind, kind)
    if field.map:
        return f"map of {kind}"
    if field.repeated or name == "contents":
        return f"list of {kind}"
    return kind
