"""Pictures from the web, for servers whose owner lists the hosts; none by default.

A server that fetches what strangers name can be turned against its own network. So each hop, the
first and every redirect, must pass all of this before a byte is sent:

  - the scheme is http or https, and never falls from https to http;
  - host and port are on the owner's list;
  - the name is resolved once, *every* address it has is public, and the connection goes to one of
    just those addresses: a second answer of the name server cannot redirect it.

Time, size and the number of redirects are bounded. What comes back is judged by its bytes,
elsewhere.
Plain blocking functions: `Fetcher.fetch` runs in threads of its own.
"""

from __future__ import annotations

import asyncio
import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from twinsight import __version__
from twinsight.errors import InvalidArgument

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]

_PORTS = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BLOCK_BYTES = 64 * 1024
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Azure's host agent answers its guests on a public address.
_HOST_AGENTS = frozenset({ipaddress.IPv4Address("168.63.129.16")})
_THREADS = ThreadPoolExecutor(4, "twinsight-fetch")


class FetchRefused(InvalidArgument):
    """A URL that this server will not or cannot fetch; the text says why, and names no address."""


def system_addresses(host: str, port: int) -> list[str]:
    """What the system's resolver says, in its order. `OSError` when the name has no address."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(entry[4][0]) for entry in found]


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches from ``hosts``: names, ``*.suffix``, each with ``:port`` where it is not the usual.

    ``resolver`` and ``allow_private`` are for tests, which have no public server at hand.
    """

    hosts: tuple[str, ...] = ()
    max_bytes: int = 100 * 1024**2
    seconds: float = 30.0
    max_redirects: int = 3
    resolver: Resolver = system_addresses
    allow_private: bool = False

    async def fetch(self, url: str) -> bytes:
        """The bytes behind ``url``, at most ``max_bytes``. `FetchRefused`."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.seconds + 1):
                return await loop.run_in_executor(_THREADS, self.fetch_blocking, url)
        except TimeoutError:
            raise _too_slow(self.seconds) from None

    def fetch_blocking(self, url: str) -> bytes:
        """The same, in this thread."""
        deadline = time.monotonic() + self.seconds
        secure = False
        for _ in range(self.max_redirects + 1):
            target = self._checked(url, secure)
            secure = target.scheme == "https"
            try:
                found = self._get(target, deadline)
            except TimeoutError:
                raise _too_slow(self.seconds) from None
            except (OSError, http.client.HTTPException) as fault:
                raise FetchRefused(
                    f"{_shown(url)} could not be fetched: {type(fault).__name__}."
                ) from fault
            if isinstance(found, bytes):
                return found
            url = urljoin(url, found.location)
        raise FetchRefused(f"{_shown(url)} is behind more than {self.max_redirects} redirects.")

    def _checked(self, url: str, secure: bool) -> SplitResult:
        """The URL in parts, once scheme, host and port are allowed."""
        try:
            target = urlsplit(url)
            host, port = (target.hostname or "").rstrip("."), target.port
        except ValueError:
            raise FetchRefused(f"{_shown(url)} is not a URL.") from None
        if target.scheme not in _PORTS or not host or target.username or target.password:
            raise FetchRefused(f"{_shown(url)} is not a plain http or https URL.")
        if secure and target.scheme != "https":
            raise FetchRefused("A redirect leads from https to http.")
        if not self._is_listed(host, port, target.scheme):
            raise FetchRefused(
                f"The host {host[:100]} is not among those that this server may fetch from."
            )
        return target

    def _is_listed(self, host: str, port: int | None, scheme: str) -> bool:
        usual = port is None or port == _PORTS[scheme]
        for entry in self.hosts:
            name, _, listed_port = entry.lower().partition(":")
            if listed_port != ("" if usual else str(port)):
                continue
            if host == name or (name.startswith("*.") and host.endswith(name[1:])):
                return True
        return False

    def _get(self, target: SplitResult, deadline: float) -> bytes | _Redirect:
        host = (target.hostname or "").rstrip(".")
        port = target.port or _PORTS[target.scheme]
        connection = http.client.HTTPConnection(host, port)
        line = self._connect(host, port, target.scheme == "https", deadline)
        connection.sock = line
        try:
            path = quote(target.path or "/", safe="/%:@!$&'()*+,;=~-._")
            query = "?" + quote(target.query, safe="/%:@!$&'()*+,;=~-._?") if target.query else ""
            headers = {"Accept": "image/*", "User-Agent": f"twinsight/{__version__}"}
            connection.request("GET", path + query, headers=headers)
            with connection.getresponse() as reply:
                if reply.status in _REDIRECTS:
                    return _Redirect(reply.headers.get("Location", ""))
                return self._content(reply, line, deadline)
        finally:
            connection.close()

    def _connect(self, host: str, port: int, secure: bool, deadline: float) -> socket.socket:
        """A connection to one of the addresses that were checked, and to no other."""
        addresses = self.resolver(host, port)
        if not addresses:
            raise OSError("no address")
        if not self.allow_private and not all(is_public(address) for address in addresses):
            raise FetchRefused(f"The host {host[:100]} has an address that is not public.")
        line = socket.create_connection((addresses[0], port), timeout=_left(deadline))
        if not secure:
            return line
        try:
            return ssl.create_default_context().wrap_socket(line, server_hostname=host)
        except BaseException:
            line.close()
            raise

    def _content(
        self, reply: http.client.HTTPResponse, line: socket.socket, deadline: float
    ) -> bytes:
        if reply.status != 200:
            raise FetchRefused(f"The picture's host answered {reply.status}.")
        if reply.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise FetchRefused("The picture's host sent it in an encoding that was not asked for.")
        if (reply.length or 0) > self.max_bytes:
            raise self._too_large()
        content = bytearray()
        while True:
            line.settimeout(_left(deadline))
            block = reply.read1(_BLOCK_BYTES)
            if not block:
                break
            content += block
            if len(content) > self.max_bytes:
                raise self._too_large()
        if reply.length:
            raise http.client.IncompleteRead(b"")
        return bytes(content)

    def _too_large(self) -> FetchRefused:
        return FetchRefused(f"The picture has more than the {self.max_bytes} bytes allowed.")


@dataclass(frozen=True, slots=True)
class _Redirect:
    location: str


def is_public(text: str) -> bool:
    """Whether an address belongs to the public internet, also through the IPv6 forms of IPv4."""
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = _inner_ipv4(address)
    if inner is not None:
        return is_public(str(inner))
    return address.is_global and not address.is_multicast and address not in _HOST_AGENTS


def _inner_ipv4(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for: mapped, 6to4, Teredo or NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _left(deadline: float) -> float:
    """Seconds until the deadline; `TimeoutError` after it."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _too_slow(seconds: float) -> FetchRefused:
    return FetchRefused(f"The picture's host took more than {seconds:g} s.")


def _shown(url: str) -> str:
    """A URL for a message: short, and without its query, which may hold a secret."""
    return repr(url.partition("?")[0][:100])
