"""Base64 as clients write it."""

from __future__ import annotations

from contextlib import suppress

import pybase64


def decode(text: str) -> bytes:
    """Decodes either alphabet, padded or not, with line breaks. Raises ValueError."""
    # A text of the other alphabet ends the first try within its first letters.
    for altchars in (None, b"-_"):
        with suppress(ValueError):
            return pybase64.b64decode(text, altchars=altchars, validate=True)
    tidy = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    return pybase64.b64decode(tidy + "=" * (-len(tidy) % 4), validate=True)
