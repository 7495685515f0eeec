"""Fetching by URL, against a server of the test's own under invented names."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from twinsight.files.fetch import Fetcher, FetchRefused, is_public

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(5000)


class Handler(BaseHTTPRequestHandler):
    """Answers by path; ``seen`` holds the Host headers that arrived."""

    protocol_version = "HTTP/1.1"
    seen: list[str] = []

    def do_GET(self) -> None:
        self.seen.append(str(self.headers["Host"]))
        path = self.path.partition("?")[0]
        if path.startswith("/to/"):
            self.redirect(path.removeprefix("/to/").replace("!", "/"))
        elif path.startswith("/hop/") and path != "/hop/0":
            self.redirect(f"{int(path.removeprefix('/hop/')) - 1}")
        elif path == "/drip":
            self.answer({"Content-Length": "1000"}, b"")
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.05)
        elif path == "/short":
            self.answer({"Content-Length": "6000"}, PICTURE)
            self.close_connection = True
        elif path == "/gzip":
            self.answer({"Content-Encoding": "gzip", "Content-Length": "5"}, b"12345")
        elif path == "/endless":
            self.answer({"Connection": "close"}, b"")
            for _ in range(100):
                self.wfile.write(bytes(1000))
            self.close_connection = True
        elif path == "/missing":
            self.send_error(404)
        else:
            self.answer({"Content-Length": str(len(PICTURE))}, PICTURE)

    def redirect(self, location: str) -> None:
        self.send_response(302)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self, headers: dict[str, str], body: bytes) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def local(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def fetcher(port: int, seconds: float = 5.0) -> Fetcher:
    hosts = (f"pics.example:{port}", f"*.cdn.example:{port}")
    return Fetcher(hosts, 10_000, seconds, resolver=local, allow_private=True)


def fetch(fetcher: Fetcher, url: str) -> bytes:
    return asyncio.run(fetcher.fetch(url))


@pytest.mark.parametrize("host", ["pics.example", "PICS.example", "a.cdn.example", "pics.example."])
def test_listed_hosts_are_fetched(port: int, host: str) -> None:
    Handler.seen.clear()
    assert fetch(fetcher(port), f"http://{host}:{port}/é pic.png?a=b c") == PICTURE
    assert Handler.seen[0].lower().rstrip(".") == f"{host.lower().rstrip('.')}:{port}"


@pytest.mark.parametrize(
    "url",
    [
        "http://other.example:PORT/",
        "http://pics.example/",
        "http://pics.example:1/",
        "http://cdn.example:PORT/",
        "http://evilpics.example:PORT/",
        "http://pics.example.evil:PORT/",
        "http://127.0.0.1:PORT/",
        "http://user@pics.example:PORT/",
        "http://pics.example:PORT@other/",
        "http://other\\@pics.example:PORT/",
        "file:///etc/passwd",
        "ftp://pics.example:PORT/",
        "http:///x",
        "http://[::1/",
        "http://pics.example:99999/",
    ],
)
def test_anything_else_is_refused_before_a_byte_is_sent(port: int, url: str) -> None:
    Handler.seen.clear()
    with pytest.raises(FetchRefused):
        fetch(fetcher(port), url.replace("PORT", str(port)))
    assert Handler.seen == []


def test_nothing_is_fetched_by_default() -> None:
    with pytest.raises(FetchRefused, match="not among those"):
        fetch(Fetcher(), "https://example.org/a.png")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "::",
        "::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:0:0:0:0:f5ff:fffe",
        "junk",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)
    listed = Fetcher(("pics.example",), resolver=lambda host, port: ["93.184.215.14", address])
    with pytest.raises(FetchRefused, match="not public"):
        fetch(listed, "http://pics.example/")


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


def test_a_name_is_resolved_once_for_each_hop(port: int) -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    hop = Fetcher((f"a.example:{port}",), resolver=resolver, allow_private=True)
    assert fetch(hop, f"http://a.example:{port}/to/!x") == PICTURE
    assert asked == ["a.example", "a.example"]


def test_a_redirect_to_a_private_address_is_refused(port: int) -> None:
    checked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        checked.append(host)
        return ["127.0.0.1"]

    first = Fetcher((f"a.example:{port}",), resolver=resolver, allow_private=True)
    with pytest.raises(FetchRefused, match="not among those"):
        fetch(first, f"http://a.example:{port}/to/http:!!169.254.169.254!latest")
    assert checked == ["a.example"]


def test_redirects_are_followed_and_bounded(port: int) -> None:
    assert fetch(fetcher(port), f"http://pics.example:{port}/hop/3") == PICTURE
    with pytest.raises(FetchRefused, match="more than 3 redirects"):
        fetch(fetcher(port), f"http://pics.example:{port}/hop/4")


@pytest.mark.parametrize("location", ["", "http:!!other.example!", "file:!!!etc!passwd", "!!x"])
def test_redirects_elsewhere_are_refused(port: int, location: str) -> None:
    with pytest.raises(FetchRefused):
        fetch(fetcher(port), f"http://pics.example:{port}/to/{location}")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        pytest.param("/missing", "answered 404", id="status"),
        pytest.param("/endless", "more than the 10000 bytes", id="endless"),
        pytest.param("/gzip", "encoding", id="gzip"),
        pytest.param("/short", "IncompleteRead", id="cut"),
        pytest.param("/drip", r"took more than 0\.5 s", id="drip"),
    ],
)
def test_answers_that_are_no_picture(port: int, path: str, why: str) -> None:
    began = time.monotonic()
    with pytest.raises(FetchRefused, match=why):
        fetch(fetcher(port, seconds=0.5), f"http://pics.example:{port}{path}")
    assert time.monotonic() - began < 3


def test_an_announced_size_is_enough_to_refuse(port: int) -> None:
    small = Fetcher((f"pics.example:{port}",), 4_000, resolver=local, allow_private=True)
    with pytest.raises(FetchRefused, match="more than the 4000 bytes"):
        fetch(small, f"http://pics.example:{port}/pic.png")


def test_a_name_server_that_does_not_answer() -> None:
    def slow(host: str, port: int) -> list[str]:
        time.sleep(1.5)
        return ["127.0.0.1"]

    with pytest.raises(FetchRefused, match="took more than"):
        fetch(Fetcher(("a.example",), seconds=0.1, resolver=slow), "http://a.example/")


def test_https_needs_a_certificate(port: int) -> None:
    tls = Fetcher((f"pics.example:{port}",), resolver=local, allow_private=True)
    with pytest.raises(FetchRefused, match="could not be fetched: SSL"):
        fetch(tls, f"https://pics.example:{port}/")


def test_https_is_not_left(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FetchRefused, match="from https to http"):
        Fetcher(("a.example",))._checked("http://a.example/", secure=True)
