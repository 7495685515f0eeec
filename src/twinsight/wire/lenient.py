"""JSON as clients really send it: strict first, then with the slips of the guide's own samples."""

from __future__ import annotations

import re
import secrets
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

_DATA = re.compile(rb'(?<!\\)"data"\s{0,16}:\s{0,16}"\Z')
_DATA_BYTES = 48
_LONG_BYTES = 65_536
_BYTES_A_QUOTE = 4096


def parse(body: bytes | bytearray) -> Any:
    """Parses a request body. An empty one is `{}`, as proto JSON has it.

    Trailing commas and single-quoted strings are forgiven (CONTRACT §2.1). Raises InvalidJson
    with the strict parser's reason, also for a body with over `MAX_VALUES` values.
    """
    if not body.strip():
        return {}
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
    rest, long = _apart(body)
    # What stands in strings is counted too: pictures have none of these, and words few.
    if sum(map(rest.count, (b"{", b"[", b","))) > MAX_VALUES:
        raise InvalidJson(f"It has over {MAX_VALUES} values.")
    try:
        try:
            return _together(msgspec.json.decode(rest), long)
        except msgspec.DecodeError:
            # Once more where something was apart: the error tells its place in the body.
            return msgspec.json.decode(body)
    except RecursionError:
        raise InvalidJson("It is nested too deeply.") from None
    except UnicodeDecodeError:
        raise InvalidJson("It is not valid UTF-8.") from None


def _apart(body: bytes | bytearray) -> tuple[bytes | bytearray, dict[str, memoryview]]:
    """The body with a mark in place of each long `data`, and those by their marks.

    A parser looks at every letter of a string; to look for the quote that ends a megabyte of
    base64 is ten times as fast. Bodies of many short strings are left to the parser.
    """
    whole = memoryview(body)
    pieces: list[memoryview | bytes] = []
    long: dict[str, memoryview] = {}
    taken, quote = 0, body.find(b'"')
    for _ in range(256 + len(body) // _BYTES_A_QUOTE):
        start, end = quote + 1, body.find(b'"', quote + 1)
        if end < 0:
            break
        if (
            end - start >= _LONG_BYTES
            and _DATA.search(body, max(0, start - _DATA_BYTES), start)
            and body.find(b"\\", start, end) < 0
        ):
            mark = secrets.token_hex()
            long[mark] = whole[start:end]
            pieces += (whole[taken:start], mark.encode())
            taken = end
        quote = end
    return b"".join((*pieces, whole[taken:])) if long else body, long


def _together(value: Any, long: dict[str, memoryview]) -> Any:
    """The parsed value with what was apart in its places."""
    unseen = [value] if long else []
    while unseen:
        item = unseen.pop()
        if isinstance(item, list):
            unseen += item
        elif isinstance(item, dict):
            unseen += item.values()
            mark = item.get("data")
            if isinstance(mark, str) and mark in long:
                item["data"] = str(long[mark], "utf-8")
    return value


def _repair(match: re.Match[bytes]) -> bytes:
    token = match.group()
    if token == b",":
        return b""
    if token.startswith(b"'"):
        inner = token[1:-1].replace(b"\\'", b"'")
        return b'"' + re.sub(rb'(?<!\\)"', rb'\\"', inner) + b'"'
    return token
