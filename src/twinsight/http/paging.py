"""Page sizes as lists take them (CONTRACT §6, §7.4)."""

from __future__ import annotations

from twinsight.errors import InvalidValue

MOST_DIGITS = 10
"""Digits of a number in a query: what follows is no int32, and thousands of them no int at all."""


def page_size(text: str, default: int, most: int) -> int:
    """The size asked for, at most `most`; `default` for none or zero. Raises InvalidValue."""
    if not text:
        return default
    if not text.isdecimal() or not text.isascii() or len(text) > MOST_DIGITS:
        raise InvalidValue("page_size", f'(TYPE_INT32), "{text[:20]}"')
    return min(int(text) or default, most)
