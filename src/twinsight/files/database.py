"""The metadata in SQLite: which uploads and files there are, and what is acknowledged of them.

Every method is one transaction and blocks; the store runs them all in one thread, so that there is
one writer and one order. WAL with ``synchronous=FULL``: a commit is on disk when the call returns
(in WAL mode NORMAL would keep the database whole but might lose the last commits on a power cut).

Times are integer microseconds since 1970, UTC. Ids belong to their owner: two keys may use the
same.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from twinsight.errors import AlreadyExists, FileForbidden, NotFound, ResourceExhausted, Unavailable
from twinsight.files.store import Usage
from twinsight.files.tables import SCHEMA, VERSION, UploadRow, microseconds, stored_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from twinsight.files.limits import FileLimits
    from twinsight.files.store import FileWish, ImageFacts, StoredFile


class Database:
    """The tables, one transaction a method. A database that refuses is `Unavailable`."""

    def __init__(self, path: Path, limits: FileLimits) -> None:
        self._limits = limits
        self._sql = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._sql.execute("PRAGMA journal_mode=WAL")
        self._sql.execute("PRAGMA synchronous=FULL")
        self._sql.execute("PRAGMA busy_timeout=5000")
        if self._sql.execute("PRAGMA user_version").fetchone()[0] == 0:
            with self._transaction():
                for statement in SCHEMA.split(";\n"):
                    self._sql.execute(statement)
                self._sql.execute(f"PRAGMA user_version={VERSION}")

    def close(self) -> None:
        self._sql.close()

    # uploads

    def start(self, digest: bytes, owner: str, blob: str, wish: FileWish, now: int) -> None:
        """Record a new upload, unless a bound is reached or its id is taken."""
        with self._transaction():
            self._bound_uploads(owner)
            self._bound_bytes(owner, wish.size or 0, now)
            if wish.id is not None and self._is_taken(owner, wish.id, now):
                raise _taken(wish.id)
            self._sql.execute(
                "INSERT INTO uploads VALUES (?,?,?,?,?,?,?,0,'active',?)",
                (digest, owner, blob, wish.id, wish.display_name, wish.mime, wish.size, now),
            )

    def upload(self, digest: bytes) -> UploadRow:
        """One upload, finished ones included; `NotFound`."""
        with self._reading():
            row = self._sql.execute("SELECT * FROM uploads WHERE digest=?", (digest,)).fetchone()
        if row is None:
            raise NotFound("There is no such upload, or it was cancelled or has expired.")
        return UploadRow(*row)

    def receive(self, row: UploadRow, received: int, now: int) -> None:
        """Acknowledge bytes that are durable. `ResourceExhausted` when they break the quota."""
        with self._transaction():
            known = self._sql.execute(
                "SELECT received FROM uploads WHERE digest=? AND state='active'", (row.digest,)
            ).fetchone()
            if known is None:
                raise NotFound("This upload was cancelled or has expired.")
            self._bound_bytes(row.owner, received - known[0], now)
            self._sql.execute(
                "UPDATE uploads SET received=?, touched=? WHERE digest=?",
                (received, now, row.digest),
            )

    def cancel(self, digest: bytes) -> str:
        """Forget an active upload and return the name of its bytes."""
        with self._transaction():
            gone: list[tuple[str]] = self._sql.execute(
                "DELETE FROM uploads WHERE digest=? AND state='active' RETURNING blob", (digest,)
            ).fetchall()
        if not gone:
            raise NotFound("There is no such upload, or it is already final.")
        return gone[0][0]

    def finalize(
        self, row: UploadRow, file_id: str, mime: str, sha256: bytes, now: int
    ) -> tuple[StoredFile, list[str]]:
        """Make the upload a file. Also returns the bytes of an expired file of that id, if any."""
        expires = now + microseconds(self._limits.life_seconds)
        with self._transaction():
            stale = self._sql.execute(
                "DELETE FROM files WHERE owner=? AND id=? AND expires<=? RETURNING blob",
                (row.owner, file_id, now),
            ).fetchall()
            values = (file_id, row.owner, row.blob, row.display_name, mime, row.received, sha256)
            try:
                self._sql.execute(
                    "INSERT INTO files (id, owner, blob, display_name, mime, size, sha256, created,"
                    " expires) VALUES (?,?,?,?,?,?,?,?,?)",
                    (*values, now, expires),
                )
            except sqlite3.IntegrityError:
                raise _taken(file_id) from None
            self._sql.execute(
                "UPDATE uploads SET state='final', file_id=?, touched=? WHERE digest=?",
                (file_id, now, row.digest),
            )
        return self.file(row.owner, file_id, now)[0], [blob for (blob,) in stale]

    # files

    def file(self, owner: str, file_id: str, now: int) -> tuple[StoredFile, str]:
        """A file and the name of its bytes; `FileForbidden`."""
        with self._reading():
            row = self._sql.execute(
                "SELECT * FROM files WHERE owner=? AND id=? AND expires>?", (owner, file_id, now)
            ).fetchone()
        if row is None:
            raise FileForbidden(file_id)
        return stored_file(row), row[3]

    def page(
        self, owner: str, before: int, size: int, now: int
    ) -> tuple[list[StoredFile], int | None]:
        """Newest first, only those numbered under ``before``; and where the next page starts."""
        with self._reading():
            rows = self._sql.execute(
                "SELECT * FROM files WHERE owner=? AND seq<? AND expires>?"
                " ORDER BY seq DESC LIMIT ?",
                (owner, before, now, size + 1),
            ).fetchall()
        more = len(rows) > size
        return [stored_file(row) for row in rows[:size]], rows[size - 1][0] if more else None

    def delete(self, owner: str, file_id: str, now: int) -> str:
        """Remove a file and return the name of its bytes; `FileForbidden`."""
        with self._transaction():
            gone: list[tuple[str]] = self._sql.execute(
                "DELETE FROM files WHERE owner=? AND id=? AND expires>? RETURNING blob",
                (owner, file_id, now),
            ).fetchall()
        if not gone:
            raise FileForbidden(file_id)
        return gone[0][0]

    def remember(self, owner: str, file_id: str, image: ImageFacts) -> None:
        """Keep what a picture's header said."""
        with self._transaction():
            self._sql.execute(
                "UPDATE files SET image_mime=?, image_w=?, image_h=? WHERE owner=? AND id=?",
                (image.mime, *image.wh, owner, file_id),
            )

    def usage(self, owner: str, now: int) -> Usage:
        """What an owner holds."""
        with self._reading():
            return self._usage(owner, now)

    # upkeep

    def sweep(self, now: int, busy: set[bytes]) -> tuple[list[str], list[UploadRow]]:
        """Remove expired files and forgotten uploads.

        Returns the names of the files' bytes, and the uploads. ``busy`` uploads, with a request
        under way, are let be.
        """
        idle = now - microseconds(self._limits.upload_life_seconds)
        empty = now - microseconds(self._limits.empty_upload_life_seconds)
        with self._transaction():
            files = self._sql.execute(
                "DELETE FROM files WHERE expires<=? RETURNING blob", (now,)
            ).fetchall()
            stale = self._sql.execute(
                "SELECT * FROM uploads WHERE touched<=? AND"
                " (touched<=? OR received=0 OR state='final')",
                (empty, idle),
            ).fetchall()
            uploads = [UploadRow(*row) for row in stale if row[0] not in busy]
            self._sql.executemany(
                "DELETE FROM uploads WHERE digest=?", [(row.digest,) for row in uploads]
            )
        return [blob for (blob,) in files], uploads

    def names(self) -> set[str]:
        """The names of all bytes that are somebody's."""
        with self._reading():
            rows = self._sql.execute(
                "SELECT blob FROM uploads WHERE state='active' UNION ALL SELECT blob FROM files"
            ).fetchall()
        return {blob for (blob,) in rows}

    def claims(self) -> tuple[dict[str, UploadRow], dict[str, StoredFile]]:
        """All active uploads and all files, expired ones too, by the name of their bytes."""
        with self._reading():
            uploads = self._sql.execute("SELECT * FROM uploads WHERE state='active'").fetchall()
            files = self._sql.execute("SELECT * FROM files").fetchall()
        rows = [UploadRow(*row) for row in uploads]
        return {row.blob: row for row in rows}, {row[3]: stored_file(row) for row in files}

    def drop(self, blob: str) -> None:
        """Remove whatever claims these bytes: they are lost."""
        with self._transaction():
            self._sql.execute("DELETE FROM uploads WHERE blob=? AND state='active'", (blob,))
            self._sql.execute("DELETE FROM files WHERE blob=?", (blob,))

    # bounds

    def _bound_uploads(self, owner: str) -> None:
        count = "SELECT count(*) FROM uploads WHERE state='active'"
        everyone = self._sql.execute(count).fetchone()[0]
        mine = self._sql.execute(count + " AND owner=?", (owner,)).fetchone()[0]
        if mine >= self._limits.max_owner_open_uploads:
            raise ResourceExhausted(
                f"This key has {mine} unfinished uploads, the most it may have. Finish or cancel "
                "some; those without bytes are forgotten after "
                f"{self._limits.empty_upload_life_seconds / 3600:g} h."
            )
        if everyone >= self._limits.max_open_uploads:
            raise ResourceExhausted(
                f"The server has {everyone} unfinished uploads, the most it takes. Try again later."
            )

    def _bound_bytes(self, owner: str, more: int, now: int) -> None:
        used = self._usage(owner, now).bytes
        if more > 0 and used + more > self._limits.max_owner_bytes:
            raise ResourceExhausted(
                f"You exceeded your file storage quota: {used} bytes are stored, {more} more were "
                f"sent, and {self._limits.max_owner_bytes} are allowed. Delete files to make room."
            )

    def _usage(self, owner: str, now: int) -> Usage:
        files = self._sql.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM files WHERE owner=? AND expires>?",
            (owner, now),
        ).fetchone()
        uploads = self._sql.execute(
            "SELECT count(*), coalesce(sum(received), 0) FROM uploads"
            " WHERE owner=? AND state='active'",
            (owner,),
        ).fetchone()
        return Usage(*files, *uploads)

    def _is_taken(self, owner: str, file_id: str, now: int) -> bool:
        row = self._sql.execute(
            "SELECT 1 FROM files WHERE owner=? AND id=? AND expires>?", (owner, file_id, now)
        ).fetchone()
        return row is not None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing, durable at the end. A full disk is `Unavailable`."""
        with self._reading():
            self._sql.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._sql.execute("COMMIT")
            except BaseException:
                if self._sql.in_transaction:
                    self._sql.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as fault:
            raise Unavailable(
                f"The server's file database refused: {fault}. Try again later."
            ) from fault


def _taken(file_id: str) -> AlreadyExists:
    return AlreadyExists(f"The File {file_id} already exists. Delete it, or choose another name.")
