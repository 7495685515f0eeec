"""Do the database and the folder agree? What a crash may leave, and what only a broken disk can.

Runs before the store takes its first request, and in ``twinsight doctor``. See `local.py` for why a
crash leaves nothing worse than a half-moved blob and orphans.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from twinsight.files.store import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from twinsight.files.database import Database
    from twinsight.files.folder import Folder
    from twinsight.files.store import StoredFile
    from twinsight.files.tables import UploadRow

    Plan = Iterator[tuple[Fault, Callable[[], None]]]


def examine(folder: Folder, database: Database, deep: bool = False) -> list[Fault]:
    """All disagreements; changes nothing. ``deep`` reads every file and compares its sha256."""
    return [fault for fault, _ in _plan(folder, database, deep)]


def mend(folder: Folder, database: Database, deep: bool = False) -> list[Fault]:
    """Find all disagreements and end them. Only for the process that owns the folder."""
    plan = list(_plan(folder, database, deep))
    for _, remedy in plan:
        remedy()
    return [fault for fault, _ in plan]


def _plan(folder: Folder, database: Database, deep: bool) -> Plan:
    parts, blobs = folder.names()
    uploads, files = database.claims()
    for name, upload in uploads.items():
        yield from _upload_faults(folder, database, upload, parts.get(name), blobs.get(name))
    for name, file in files.items():
        yield from _file_faults(
            folder, database, name, file, parts.get(name), blobs.get(name), deep
        )
    for place, names in ((folder.parts, parts), (folder.blobs, blobs)):
        for name in names.keys() - uploads.keys() - files.keys():
            text = f"{names[name]} bytes that no file and no upload claims"
            yield (
                Fault("orphan", name, text, "remove the bytes"),
                partial((place / name).unlink, missing_ok=True),
            )


def _upload_faults(
    folder: Folder, database: Database, upload: UploadRow, part: int | None, blob: int | None
) -> Plan:
    if part is None and blob is not None and blob >= upload.received:
        yield (
            Fault(
                "half-moved", upload.blob, "an upload stopped while it was finished", "move back"
            ),
            partial(folder.unfinish, upload.blob),
        )
    elif (part or 0) < upload.received:
        text = f"{upload.received} bytes were received, {part or 0} are on disk"
        yield (
            Fault("lost-upload", upload.blob, text, "forget the upload"),
            partial(_drop, folder, database, upload.blob),
        )


def _file_faults(
    folder: Folder,
    database: Database,
    name: str,
    file: StoredFile,
    part: int | None,
    blob: int | None,
    deep: bool,
) -> Plan:
    if blob is None and part == file.size:
        yield (
            Fault("half-moved", f"files/{file.id}", "its bytes are among the parts", "move on"),
            partial(folder.advance, name),
        )
    elif blob != file.size:
        text = "its bytes are gone" if blob is None else f"{blob} of {file.size} bytes are on disk"
        yield (
            Fault("lost-file", f"files/{file.id}", text, "remove it from the list"),
            partial(_drop, folder, database, name),
        )
    elif deep and folder.sha256(name) != file.sha256:
        yield (
            Fault("damaged-file", f"files/{file.id}", "its sha256 is wrong", "remove it"),
            partial(_drop, folder, database, name),
        )


def _drop(folder: Folder, database: Database, name: str) -> None:
    database.drop(name)
    folder.remove(name)
