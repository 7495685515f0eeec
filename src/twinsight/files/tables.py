"""The tables of the local store's database, and their rows as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from twinsight.files.store import ImageFacts, StoredFile

if TYPE_CHECKING:
    from twinsight.files.store import UploadState

VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SCHEMA = """
CREATE TABLE uploads (
  digest BLOB PRIMARY KEY, owner TEXT NOT NULL, blob TEXT NOT NULL UNIQUE,
  file_id TEXT, display_name TEXT, mime TEXT, declared INTEGER,
  received INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'active',
  touched INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX uploads_owner ON uploads (owner, state, received);
CREATE INDEX uploads_state ON uploads (state, touched);
CREATE TABLE files (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, owner TEXT NOT NULL,
  blob TEXT NOT NULL UNIQUE, display_name TEXT, mime TEXT NOT NULL, size INTEGER NOT NULL,
  sha256 BLOB NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,
  image_mime TEXT, image_w INTEGER, image_h INTEGER
);
CREATE UNIQUE INDEX files_name ON files (owner, id);
CREATE INDEX files_page ON files (owner, seq);
CREATE INDEX files_usage ON files (owner, expires, size);
CREATE INDEX files_expiry ON files (expires);
"""


@dataclass(frozen=True, slots=True)
class UploadRow:
    """One upload as recorded."""

    digest: bytes
    owner: str
    blob: str
    file_id: str | None
    display_name: str | None
    mime: str | None
    declared: int | None
    received: int
    state: UploadState
    touched: int


def stored_file(row: tuple[Any, ...]) -> StoredFile:
    """One row of ``files``, all columns."""
    _, file_id, owner, _, name, mime, size, sha256, created, expires, image_mime, w, h = row
    made = _EPOCH + timedelta(microseconds=created)
    return StoredFile(
        id=file_id,
        owner=owner,
        display_name=name,
        mime=mime,
        size=size,
        sha256=sha256,
        created=made,
        updated=made,
        expires=_EPOCH + timedelta(microseconds=expires),
        image=None if image_mime is None else ImageFacts(image_mime, (w, h)),
    )


def microseconds(seconds: float) -> int:
    """Seconds as the tables keep them."""
    return round(seconds * 1_000_000)
