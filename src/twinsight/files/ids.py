"""Names: ids of files, tokens of uploads, tokens of pages."""

from __future__ import annotations

import hashlib
import re
import secrets

from twinsight.errors import InvalidUpload, InvalidValue

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_CHOSEN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)
_PAGE = re.compile(r"[0-9]{1,18}", re.ASCII)


def new_id() -> str:
    """Twelve of ``[a-z0-9]``, as the real service makes them.

    No dash: the SDKs cut an id out of a URI with a pattern that stops at the first one
    (CONTRACT §7.3).
    """
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))


def chosen_id(name: str) -> str:
    """The id in a client's ``files/{id}`` or ``{id}``; `InvalidUpload` when it may not be one."""
    file_id = name.removeprefix("files/")
    if _CHOSEN.fullmatch(file_id) is None:
        raise InvalidUpload(
            f"Invalid file name {name[:80]!r}: it must be 'files/' and 1 to 40 lower-case letters, "
            "digits or dashes, without a dash at either end."
        )
    return file_id


def new_token() -> str:
    """An unguessable upload token: 256 random bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> bytes:
    """What is stored of a token, so that a copy of the database opens no upload."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def after_file(seq: int) -> str:
    """The token of the page after the file numbered ``seq``."""
    return str(seq)


def page_start(token: str) -> int:
    """The number in a page token; `InvalidValue` for anything else."""
    if _PAGE.fullmatch(token) is None:
        raise InvalidValue("page_token", "this page token was not made by this server.")
    return int(token)
