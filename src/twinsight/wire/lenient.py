"""JSON as clients really send it: strict first, then with the slips of the guide's own samples."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from twinsight.errors import InvalidJson

MAX_VALUES = 1_000_000
"""Values of one body. In memory a small one is twenty times as long as in the body."""

# A double-quoted string, a single-quoted one, or a comma that closes nothing. The loops are
# unrolled so that a picture of many megabytes inside a string is one fast scan. They give nothing
# back, and a string without an end is taken to the end of the body: no letter is looked at twice.
_TOKEN = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
    rb"|'[^'\\]*+(?:\\.[^'\\]*+)*+(?:'|\\?\Z)"
    rb"|,(?=\s*+[}\]])",
    re.DOTALL,
)


def parse(body: bytes | bytearray) -> Any:
    """Parses a request body. An empty one is `{}`, as proto JSON has it.

    Trailing commas and single-quoted strings are forgiven (CONTRACT §2.1). Raises InvalidJson
    with the strict parser's reason, also for a body with over `MAX_VALUES` values.
    """
    if not body.strip():
        return {}
    # What stands in strings is counted too: pictures have none of these, and words few.
    if sum(map(body.count, (b"{", b"[", b","))) > MAX_VALUES:
        raise InvalidJson(f"It has over {MAX_VALUES} values.")
    try:
        return _strict(body)
    except msgspec.DecodeError as error:
        quotes = body.count(b"'") + body.count(b'"')
        repaired = _TOKEN.sub(_repair, body) if quotes <= 2 * MAX_VALUES else body
        if repaired != body:
            try:
                return _strict(repaired)
            except msgspec.DecodeError:
                pass
        raise InvalidJson(str(error)) from None


def _strict(body: bytes | bytearray) -> Any:
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise InvalidJson("It is nested too deeply.") from None
    except UnicodeDecodeError:
        raise InvalidJson("It is not valid UTF-8.") from None


def _repair(match: re.Match[bytes]) -> bytes:
    token = match.group()
    if token == b",":
        return b""
    if token.startswith(b"'"):
        inner = token[1:-1].replace(b"\\'", b"'")
        return b'"' + re.sub(rb'(?<!\\)"', rb'\\"', inner) + b'"'
    return token
