"""From the pictures that a prompt names to their bytes, headers and sizes (CONTRACT §7.7)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Protocol

from twinsight.errors import FailedPrecondition, InvalidImage, InvalidValue, UnsupportedImage
from twinsight.files.store import ImageFacts, Store, StoredFile
from twinsight.image.header import read_header
from twinsight.prompt import ImageRef

_FILE = re.compile(r"(?:^|/)files/([^/?#]+)$")


class ResolveLimits(Protocol):
    """The settings that resolving needs."""

    @property
    def max_image_bytes(self) -> int: ...


async def resolve(
    refs: Sequence[ImageRef], owner: str, store: Store, limits: ResolveLimits
) -> None:
    """Gives each picture its type and upright size, and a way to its bytes.

    Inline pictures are read from their header here; stored ones remember theirs. Raises the error
    of the first picture that cannot be used, with its place in the request.
    """
    inline = [ref for ref in refs if ref.data is not None]
    if inline:
        await asyncio.to_thread(_read_headers, inline)
    for ref in refs:
        if ref.data is None:
            await _named(ref, owner, store, limits)


def _read_headers(refs: Sequence[ImageRef]) -> None:
    for ref in refs:
        assert ref.data is not None
        try:
            header = read_header(ref.data)
        except (InvalidImage, UnsupportedImage) as error:
            error.add_note(ref.where)
            raise
        ref.mime, ref.wh = header.mime, header.wh


async def _named(ref: ImageRef, owner: str, store: Store, limits: ResolveLimits) -> None:
    match = _FILE.search(ref.uri)
    if match is None:
        raise InvalidValue(ref.where, f'"{ref.uri[:80]}" does not name a file of this server')
    file = await store.get(owner, match.group(1))
    if file.state != "ACTIVE":
        raise FailedPrecondition(
            f"The File {file.id} is not in an ACTIVE state and usage is not allowed."
        )
    if file.size > limits.max_image_bytes:
        raise InvalidValue(
            ref.where,
            f"the file has {file.size} bytes, a picture may have {limits.max_image_bytes}",
        )
    facts = file.image or await _facts(file, store)
    ref.mime, ref.wh = facts.mime, facts.wh
    ref.opener = _opener(file, store)


async def _facts(file: StoredFile, store: Store) -> ImageFacts:
    data = await store.read(file.owner, file.id)
    header = await asyncio.to_thread(read_header, data)
    facts = ImageFacts(header.mime, header.wh)
    await store.remember(file.owner, file.id, facts)
    return facts


def _opener(file: StoredFile, store: Store) -> Callable[[], bytes]:
    """For a worker thread: the file's bytes, read when they are wanted and not before."""
    loop = asyncio.get_running_loop()

    def read() -> bytes:
        return asyncio.run_coroutine_threadsafe(store.read(file.owner, file.id), loop).result()

    return read
