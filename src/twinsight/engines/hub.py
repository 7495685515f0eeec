"""A model's files from a hub that speaks Hugging Face's protocol: looked up, fetched, checked.

The package huggingface-hub knows where the hub is (HF_ENDPOINT), who asks (HF_TOKEN), what is in
its cache and whether the network may be used (HF_HUB_OFFLINE). Its own download begins anew when
the process was killed; ours goes on from the bytes that are there.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedRandom
from pathlib import Path
from typing import Any

from twinsight import __version__
from twinsight.errors import HubError, InvalidConfig

Progress = Callable[[str, int, int], None]
"""Told of a file's name, how many bytes of it are here, and how many it has."""

CHUNK_BYTES = 1024 * 1024
TRIES = 5
"""So often in a row may the connection bring nothing."""
LICENCE_BYTES = 200_000
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The disk is full, the user's share of it is, or a file may not be so large."""
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_GIT_BLOB = re.compile(r"[0-9a-f]{40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Offer:
    """A repository at one commit. `licence` is "" where the hub names none.

    `cached` says of each file that lies in the hub's cache where; it is empty when the hub itself
    was asked.
    """

    repo: str
    commit: str
    licence: str
    names: tuple[str, ...]
    cached: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Promise:
    """What a file has to be: its size, and its hash by sha256 or, for small ones, by git."""

    name: str
    bytes: int
    sha256: str | None
    git_blob: str | None = None

    @property
    def key(self) -> str:
        """Under this name its bytes are kept until they are whole."""
        return self.sha256 or f"git-{self.git_blob}"


def look(repo: str, revision: str) -> Offer:
    """A repository of the hub, or of the hub's cache when there is no network.

    Raises InvalidConfig when the package huggingface-hub is missing, HubError when there is no such
    repository or revision, when it is not for us, or when nobody answers and nothing is cached.
    """
    hub = _package()
    if hub.is_offline_mode():
        return _cached(repo, revision, "HF_HUB_OFFLINE is set")
    try:
        with _told(repo, revision):
            info = _api().model_info(repo, revision=revision)
    except _Unreachable as error:
        return _cached(repo, revision, error.message)
    names = tuple(sibling.rfilename for sibling in info.siblings or ())
    # What a terminal would take for a command is no file's name.
    names = tuple(name for name in names if name.isprintable())
    return Offer(repo, str(info.sha), _licence(info.card_data), names)


def promise(offer: Offer, name: str) -> Promise:
    """What the hub says of one file. Raises HubError, as `look`."""
    if name not in offer.names:
        raise HubError(
            f"{offer.repo} has no file {name!r} at {offer.commit[:12]}. It has: "
            f"{', '.join(sorted(offer.names)) or 'none'}."
        )
    if name in offer.cached:
        path = offer.cached[name]
        etag, size = path.name, path.stat().st_size
    else:
        hub = _package()
        with _told(offer.repo, offer.commit):
            told = hub.get_hf_file_metadata(
                hub.hf_hub_url(offer.repo, name, revision=offer.commit), token=hub.get_token()
            )
        etag, size = told.etag or "", told.size
    if size is None:
        raise HubError(f"The hub does not say how large {name} is.")
    return Promise(
        name,
        size,
        etag if _SHA256.fullmatch(etag) else None,
        etag if _GIT_BLOB.fullmatch(etag) else None,
    )


def fetch(offer: Offer, wanted: Promise, folder: Path, progress: Progress) -> Path:
    """The file, whole and checked, in `folder` under the name of its hash.

    What an earlier call has left there is gone on with. Raises HubError: for another hash (then the
    file is removed), when the connection stays away, when the disk is full, or when another process
    is fetching the same file.
    """
    if wanted.sha256 is None and wanted.git_blob is None:
        raise HubError(
            f"The hub does not tell the hash of {wanted.name}, so nobody can say whether the right "
            "file comes. Give it by --sha256."
        )
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / wanted.key
    with part.open("a+b") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HubError(f"{wanted.name} is being fetched by another process.") from error
        try:
            if wanted.name in offer.cached:
                stream.truncate(0)
                with offer.cached[wanted.name].open("rb") as source:
                    shutil.copyfileobj(source, stream, CHUNK_BYTES)
            else:
                _download(offer, wanted, stream, progress)
            stream.flush()
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            raise HubError(
                f"There is no room in {folder}: {error.strerror}. What came of {wanted.name} is "
                "kept: make room and pull again."
            ) from error
        progress(wanted.name, wanted.bytes, wanted.bytes)
        stream.seek(0)
        found = _hash(stream, wanted)
        if found != (wanted.sha256 or wanted.git_blob):
            part.unlink()
            raise HubError(
                f"{wanted.name} is not the file that was promised, and was removed: its hash is "
                f"{found}, expected was {wanted.sha256 or wanted.git_blob}."
            )
    return part


def text(offer: Offer, name: str) -> str:
    """A small file's text, such as a licence, as far as a terminal can show it.

    Raises HubError when it cannot be had.
    """
    if name in offer.cached:
        with offer.cached[name].open("rb") as source:
            content = source.read(LICENCE_BYTES)
    else:
        content = b""
        with _asked(offer, name, {}) as reply:
            for chunk in reply.iter_bytes(CHUNK_BYTES):
                content += chunk
                if len(content) >= LICENCE_BYTES:
                    break
    told = content[:LICENCE_BYTES].decode("utf-8", "replace")
    return "".join(letter for letter in told if letter.isprintable() or letter in "\n\t")


@contextmanager
def _asked(offer: Offer, name: str, headers: Mapping[str, str]) -> Iterator[Any]:
    """The hub's answer to a request for a file, not read yet. Raises HubError."""
    hub = _package()
    # By the hub's own address each time: the places that it sends us to are for minutes only.
    url = hub.hf_hub_url(offer.repo, name, revision=offer.commit)
    ours = hub.utils.build_hf_headers(library_name="twinsight", library_version=__version__)
    with (
        _told(offer.repo, offer.commit),
        hub.utils.get_session().stream(
            "GET",
            url,
            headers={**ours, "Accept-Encoding": "identity", **headers},
            timeout=hub.constants.HF_HUB_DOWNLOAD_TIMEOUT,
        ) as reply,
    ):
        hub.utils.hf_raise_for_status(reply)
        yield reply


def _download(offer: Offer, wanted: Promise, stream: BufferedRandom, progress: Progress) -> None:
    """Brings the rest of the file, over as many connections as it takes."""
    in_vain, why = 0, "the connection ends too early"
    while (begun := stream.seek(0, 2)) < wanted.bytes:
        try:
            _continue(offer, wanted, stream, progress)
        except _Unreachable as error:
            why = error.message
        in_vain = 0 if stream.tell() > begun else in_vain + 1
        if in_vain == TRIES:
            raise HubError(
                f"{wanted.name} cannot be fetched: {why} {stream.tell()} of {wanted.bytes} bytes "
                "are here and kept; pull again to go on."
            )
        time.sleep(min(2**in_vain - 1, 8))
    stream.truncate(wanted.bytes)


def _continue(offer: Offer, wanted: Promise, stream: BufferedRandom, progress: Progress) -> None:
    """One connection: from where the file ends to where the hub stops."""
    here = stream.tell()
    headers = {"Range": f"bytes={here}-"} if here else {}
    with _asked(offer, wanted.name, headers) as reply:
        if here and not reply.headers.get("Content-Range", "").startswith(f"bytes {here}-"):
            stream.truncate(0)
            here = 0
        progress(wanted.name, here, wanted.bytes)
        for chunk in reply.iter_bytes(CHUNK_BYTES):
            stream.write(chunk)
            here += len(chunk)
            progress(wanted.name, min(here, wanted.bytes), wanted.bytes)
            if here > wanted.bytes:
                return


def _hash(stream: BufferedRandom, wanted: Promise) -> str:
    """The file's hash, of the kind that was promised."""
    if wanted.sha256 is not None:
        return hashlib.file_digest(stream, "sha256").hexdigest()
    # As git names a blob; no protection against forgers, but the hub has no other word for it.
    digest = hashlib.sha1(b"blob %d\0" % wanted.bytes, usedforsecurity=False)
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def _cached(repo: str, revision: str, why: str) -> Offer:
    """The repository as far as it lies in the hub's cache. Raises HubError when it does not."""
    hub = _package()
    try:
        repositories = hub.scan_cache_dir().repos
    except hub.CacheNotFound:
        repositories = frozenset()
    for each in repositories:
        for snapshot in each.revisions if (each.repo_id, each.repo_type) == (repo, "model") else ():
            if revision == snapshot.commit_hash or revision in snapshot.refs:
                cached = {
                    file.file_path.relative_to(snapshot.snapshot_path).as_posix(): file.blob_path
                    for file in snapshot.files
                }
                readme = cached.get("README.md")
                card = hub.ModelCard.load(readme).data if readme else None
                return Offer(repo, snapshot.commit_hash, _licence(card), tuple(cached), cached)
    raise HubError(
        f"{why.rstrip('.')}, and {repo} at {revision} is not in the cache "
        f"{hub.constants.HF_HUB_CACHE}. Another hub is named by HF_ENDPOINT; a cache that was "
        "filled on another machine may be carried here."
    )


def _licence(card: Any) -> str:
    """As the repository's card names it: a known licence, or the name of one of its own."""
    named = getattr(card, "license", None)
    if named == "other":
        named = getattr(card, "license_name", None) or named
    return named if isinstance(named, str) and named.isprintable() else ""


class _Unreachable(HubError):
    """The hub does not answer, or not now: to ask again may help."""


@contextmanager
def _told(repo: str, revision: str) -> Iterator[None]:
    """Errors of the hub's package in words for the user."""
    import httpx2
    from huggingface_hub import constants, errors

    page = f"{constants.ENDPOINT}/{repo}"
    try:
        yield
    except errors.GatedRepoError as error:
        raise HubError(
            f"{repo} is gated: accept its terms at {page} with your account there, and set "
            "HF_TOKEN to a token of that account."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise HubError(
            f"The hub has no repository {repo}, or not for us. For a private one set HF_TOKEN."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise HubError(f"{repo} has no revision {revision!r}. See {page}/commits.") from error
    except errors.HFValidationError as error:
        raise HubError(f"{repo!r} is no repository's name: OWNER/NAME is.") from error
    except errors.HfHubHTTPError as error:
        code = error.response.status_code
        if code >= 500 or code in (408, 416, 429):
            raise _Unreachable(f"The hub answers {code}.") from error
        raise HubError(f"The hub refuses {repo} ({code}): {error.server_message}.") from error
    except (httpx2.HTTPError, errors.OfflineModeIsEnabled) as error:
        reason = str(error) or type(error).__name__
        raise _Unreachable(f"The hub {constants.ENDPOINT} cannot be reached: {reason}.") from error


def _api() -> Any:
    return _package().HfApi(library_name="twinsight", library_version=__version__)


def _package() -> Any:
    try:
        import huggingface_hub
        import huggingface_hub.constants
        import huggingface_hub.utils
    except ImportError as error:
        raise InvalidConfig(
            "Models are pulled by the package huggingface-hub: `pip install 'twinsight[hub]'`. "
            "Without it fetch the files yourself and use `twinsight models add`."
        ) from error
    # What runs here is nobody's business: the hub is asked for models, and told nothing else.
    huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY = True
    return huggingface_hub
