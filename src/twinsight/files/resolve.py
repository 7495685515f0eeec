"""From the pictures that a prompt names to their bytes, headers and sizes (CONTRACT §7.7)."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol
from urllib.parse import unquote, urlsplit

from twinsight import base64text
from twinsight.errors import (
    FailedPrecondition,
    FileForbidden,
    ImageError,
    InvalidValue,
)
from twinsight.files.fetch import Fetcher, FetchRefused
from twinsight.files.store import ImageFacts, Store, StoredFile
from twinsight.image.header import read_header
from twinsight.prompt import ImageRef

_FILE = re.compile(r"(?:^|/)files/+([a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?)/?$", re.ASCII)
_YOUTUBE = re.compile(r"(?:^|\.)(?:youtube\.com|youtube-nocookie\.com|youtu\.be)$", re.ASCII)


class ResolveLimits(Protocol):
    """The settings that resolving needs."""

    @property
    def max_image_bytes(self) -> int: ...
    @property
    def fetch_hosts(self) -> tuple[str, ...]: ...


async def resolve(
    refs: Sequence[ImageRef],
    owner: str,
    store: Store,
    limits: ResolveLimits,
    fetcher: Fetcher | None = None,
) -> None:
    """Gives each picture a way to its bytes; stored ones their type and upright size as well.

    Raises the error of the first picture that cannot be had, with its place in the request.
    ``fetcher`` replaces the one that the limits describe.
    """
    fetcher = fetcher or Fetcher(limits.fetch_hosts, limits.max_image_bytes)
    for ref in refs:
        if ref.data is not None:
            continue
        file_id = stored_id(ref.uri)
        if file_id is not None:
            await _stored(ref, file_id, owner, store, limits)
        elif ref.uri[:5].lower() == "data:":
            ref.data = _data_uri(ref)
        else:
            ref.data, fetcher = await _fetched(ref, fetcher)


def read_headers(refs: Sequence[ImageRef]) -> None:
    """Gives inline and fetched pictures their type and upright size. Work for a thread.

    Raises the error of the first picture whose header cannot be read, with its place.
    """
    for ref in refs:
        if ref.data is None:
            continue
        try:
            header = read_header(ref.data)
        except ImageError as error:
            raise error.at(ref.where) from None
        ref.mime, ref.wh = header.mime, header.wh


def stored_id(uri: str) -> str | None:
    """The id in a file's URI on any host, or in its bare name; None when it names no file here.

    Raises `FileForbidden` for a bare ``files/…`` whose id cannot be one.
    """
    if uri[:5].lower() == "data:":
        return None
    path = unquote(re.split("[?#]", uri, maxsplit=1)[0])
    match = _FILE.search(path)
    if match is not None and not path.startswith("gs://"):
        return match.group(1)
    if path.startswith("files/"):
        raise FileForbidden(path.removeprefix("files/")[:100])
    return None


def _data_uri(ref: ImageRef) -> bytes:
    """The bytes in ``data:image/png;base64,…``; both alphabets, padded or not."""
    head, comma, text = ref.uri.partition(",")
    if not comma or not head.lower().endswith(";base64"):
        raise InvalidValue(ref.where, "a data: URI must be 'data:<type>;base64,<bytes>'.")
    try:
        return base64text.decode(unquote(text))
    except ValueError:
        raise InvalidValue(ref.where, "its base64 cannot be decoded.") from None


async def _fetched(ref: ImageRef, fetcher: Fetcher) -> tuple[bytes, Fetcher]:
    """The picture, and what is left of the bytes and seconds that one request may fetch."""
    uri = ref.uri
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
    except ValueError:
        raise InvalidValue(ref.where, f'"{uri[:80]}" is not a URI') from None
    if parts.scheme == "gs":
        raise InvalidValue(ref.where, "this server has no access to gs:// files. Upload the file.")
    if _YOUTUBE.search(host):
        raise InvalidValue(ref.where, "videos are not supported. Send pictures of its frames.")
    if parts.scheme not in ("http", "https"):
        raise InvalidValue(ref.where, f'"{uri[:80]}" does not name a file of this server')
    if not fetcher.hosts:
        raise InvalidValue(
            ref.where,
            "this server fetches nothing by URL. Upload the picture or send it inline; whoever "
            "runs the server may allow hosts with the setting fetch_hosts.",
        )
    began = time.monotonic()
    try:
        data = await fetcher.fetch(uri)
    except FetchRefused as refusal:
        raise InvalidValue(ref.where, refusal.message) from refusal
    left = fetcher.seconds - (time.monotonic() - began)
    return data, replace(fetcher, max_bytes=fetcher.max_bytes - len(data), seconds=left)


async def _stored(
    ref: ImageRef, file_id: str, owner: str, store: Store, limits: ResolveLimits
) -> None:
    file = await store.get(owner, file_id)
    if file.state != "ACTIVE":
        raise FailedPrecondition(
            f"The File {file.id} is not in an ACTIVE state and usage is not allowed."
        )
    if file.size > limits.max_image_bytes:
        raise InvalidValue(
            ref.where,
            f"the file has {file.size} bytes; a picture may have {limits.max_image_bytes}",
        )
    facts = file.image or await _facts(ref, file, store)
    ref.mime, ref.wh = facts.mime, facts.wh
    ref.opener, ref.key = _opener(file, store), file.sha256


async def _facts(ref: ImageRef, file: StoredFile, store: Store) -> ImageFacts:
    """What the header says, read once and remembered for the next request."""
    data = await store.read(file.owner, file.id)
    try:
        header = await asyncio.to_thread(read_header, data)
    except ImageError as error:
        raise error.at(ref.where) from None
    facts = ImageFacts(header.mime, header.wh)
    await store.remember(file.owner, file.id, facts)
    return facts


def _opener(file: StoredFile, store: Store) -> Callable[[], bytes]:
    """For a worker thread: the file's bytes, read when they are wanted and not before."""
    loop = asyncio.get_running_loop()

    def read() -> bytes:
        return asyncio.run_coroutine_threadsafe(store.read(file.owner, file.id), loop).result()

    return read
