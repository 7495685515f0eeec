"""What an upload request may say, given what is known of the upload."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from twinsight.errors import InvalidUpload, Unavailable
from twinsight.files.ids import chosen_id

if TYPE_CHECKING:
    from twinsight.files.limits import FileLimits
    from twinsight.files.store import FileWish
    from twinsight.files.tables import UploadRow


def checked(wish: FileWish, limits: FileLimits) -> FileWish:
    """The wish with its bare id; `InvalidUpload` for an id, a name or a size that cannot be."""
    if wish.display_name is not None and len(wish.display_name) > limits.max_display_name_chars:
        raise InvalidUpload(
            f"The display name has {len(wish.display_name)} characters; "
            f"{limits.max_display_name_chars} are allowed."
        )
    if wish.size is not None and wish.size < 0:
        raise InvalidUpload(f"A file cannot have {wish.size} bytes.")
    if wish.size is not None and wish.size > limits.max_file_bytes:
        raise InvalidUpload(
            f"The file has {wish.size} bytes; {limits.max_file_bytes} are allowed per file."
        )
    return wish if wish.id is None else replace(wish, id=chosen_id(wish.id))


def check_span(row: UploadRow, offset: int, length: int | None, limits: FileLimits) -> None:
    """`InvalidUpload` for a chunk that does not join what was received, or is too long."""
    if offset < 0:
        raise InvalidUpload(f"The upload offset {offset} is negative. {_continue_at(row)}")
    if offset > row.received:
        raise InvalidUpload(
            f"The chunk starts at offset {offset}, which leaves a gap. {_continue_at(row)}"
        )
    if length is not None and offset + length > most_bytes(row, limits):
        raise too_long(row, limits)


def check_complete(row: UploadRow) -> None:
    """`InvalidUpload` for finishing an upload that lacks bytes."""
    if row.declared is not None and row.received != row.declared:
        raise InvalidUpload(
            f"The upload cannot be finished: {row.declared} bytes were declared. "
            + _continue_at(row)
        )
    if row.received == 0:
        raise InvalidUpload("The upload cannot be finished: it is empty. Send the file's bytes.")


def check_space(free_bytes: int, limits: FileLimits) -> None:
    """`Unavailable` when the disk is so full that metadata might no longer fit."""
    if free_bytes < limits.min_free_bytes:
        raise Unavailable(
            "The server's disk is full. Bytes acknowledged so far are kept; try again later, or "
            "delete files that you no longer need."
        )


def most_bytes(row: UploadRow, limits: FileLimits) -> int:
    """How long this upload may get."""
    return limits.max_file_bytes if row.declared is None else row.declared


def too_long(row: UploadRow, limits: FileLimits) -> InvalidUpload:
    """The error for bytes past the end."""
    if row.declared is not None:
        return InvalidUpload(
            f"The chunk goes past the declared size of {row.declared} bytes. {_continue_at(row)}"
        )
    return InvalidUpload(
        f"The file is longer than the {limits.max_file_bytes} bytes that are allowed per file."
    )


def _continue_at(row: UploadRow) -> str:
    return f"{row.received} bytes were received; continue at that offset."
