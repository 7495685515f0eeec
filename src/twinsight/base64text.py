"""Base64 as clients write it."""

from __future__ import annotations

import pybase64


def decode(text: str) -> bytes:
    """Decodes either alphabet, padded or not, with line breaks. Raises ValueError."""
    altchars = b"-_" if "-" in text or "_" in text else None
    try:
        return pybase64.b64decode(text, altchars=altchars, validate=True)
    except ValueError:
        tidy = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
        return pybase64.b64decode(tidy + "=" * (-len(tidy) % 4), validate=True)
