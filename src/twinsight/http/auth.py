"""API keys: made once, stored hashed, compared in constant time, sent in one of three places."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request

from twinsight.errors import ForeignPage, InvalidConfig, InvalidKey, MissingKey, Unauthenticated

KEY_PREFIX = "tws-"


@dataclass(frozen=True, slots=True)
class Key:
    """A stored key: who it is for, and the hash of its secret."""

    id: str
    name: str
    sha256: str
    created: float


class Keys:
    """The keys of one data directory; a change by the command line is seen at the next request."""

    def __init__(self, data_dir: Path, any_page: bool = False) -> None:
        """`any_page`: pages of all sites may ask, even where no key protects the server."""
        self._path = data_dir / "keys.json"
        self._any_page = any_page
        self._stamp = -1
        self._keys: list[Key] = []

    def all(self) -> list[Key]:
        try:
            stamp = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            stamp = 0
        except OSError as error:
            raise InvalidConfig(f"{self._path} cannot be read: {error.strerror}.") from error
        if stamp != self._stamp:
            self._keys = self._read() if stamp else []
            self._stamp = stamp
        return self._keys

    def _read(self) -> list[Key]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=list[Key])
        except msgspec.DecodeError as error:
            raise InvalidConfig(f"{self._path} cannot be read: {error}") from error

    def add(self, name: str) -> tuple[Key, str]:
        """Makes a key. The secret is returned this once and kept nowhere."""
        secret = KEY_PREFIX + secrets.token_urlsafe(32)
        key = Key(secrets.token_hex(4), name, _hash(secret), time.time())
        with self._change():
            self._write([*self.all(), key])
        return key, secret

    def revoke(self, id_or_name: str) -> list[Key]:
        """Removes the keys of that id or name, and returns them."""
        with self._change():
            gone = [k for k in self.all() if id_or_name in (k.id, k.name)]
            self._write([k for k in self.all() if k not in gone])
        return gone

    @contextmanager
    def _change(self) -> Iterator[None]:
        import fcntl

        folder = self._path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / "keys.lock").open("w")
        except OSError as error:
            raise InvalidConfig(f"{folder} cannot hold keys: {error.strerror}.") from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._stamp = -1
            yield

    def _write(self, keys: list[Key]) -> None:
        content = msgspec.json.format(msgspec.json.encode([asdict(k) for k in keys]), indent=2)
        fresh = self._path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        self._stamp = -1

    def owner(self, request: Request) -> str:
        """Who asks, as an id that files can belong to.

        Raises MissingKey (403), InvalidKey (400) or, for a bad bearer token, Unauthenticated (401).
        With no key configured any key is taken, and each is an owner of its own; a page that the
        user merely looks at must not guess one, so that those of other sites get ForeignPage (403).
        """
        sent, bearer = _sent(request)
        if not sent:
            raise MissingKey
        known = self.all()
        digest = _hash(sent)
        if not known:
            origin = request.headers.get("origin", "")
            if origin and not (self._any_page or _is_local(origin)):
                raise ForeignPage(origin)
            return "open-" + digest[:16]
        # Every key is compared, so that the time tells nothing about which came close.
        matches = [k for k in known if hmac.compare_digest(k.sha256, digest)]
        if not matches:
            raise Unauthenticated if bearer else InvalidKey
        return matches[0].id


def _sent(request: Request) -> tuple[str, bool]:
    """The key as sent, and whether it came as a bearer token; an empty one counts as none."""
    key = request.headers.get("x-goog-api-key", "") or request.query_params.get("key", "")
    if key.strip():
        return key.strip(), False
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return (token.strip(), True) if scheme.lower() == "bearer" else ("", False)


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine and no other."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_local(origin: str) -> bool:
    try:
        return is_loopback(urlsplit(origin).hostname or "")
    except ValueError:
        return False


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
