"""The upload protocol over real HTTP; numbers in names are CONTRACT §18's cases."""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import io
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from google import genai
from google.genai import errors

from tests.files.server import serving
from twinsight.files.limits import FileLimits

MIB = 1024 * 1024
DATA = hashlib.shake_128(b"twinsight").digest(20_971_525)
START = {"x-goog-upload-protocol": "resumable", "x-goog-upload-command": "start"}

# One connection pool for all: making one costs more than most of these tests.
HTTP = httpx.Client(timeout=30, verify=False, trust_env=False)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("data")) as url:
        yield url
    HTTP.close()


@pytest.fixture
def sdk(base: str) -> Iterator[genai.Client]:
    client = genai.Client(api_key="k", http_options={"base_url": base})
    yield client
    client.close()


@pytest.fixture
def client(base: str) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=base, headers={"x-goog-api-key": "k"}, timeout=30, verify=False
    ) as client:
        yield client


def spelled(reply: httpx.Response) -> dict[str, str]:
    """Headers under their spelling on the wire."""
    return {name.decode(): value.decode() for name, value in reply.headers.raw}


def start(client: httpx.Client, path: str = "/upload/v1beta/files", **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    reply = client.post(path, headers=START | named)
    assert reply.status_code == 200, reply.text
    return reply.headers["x-goog-upload-url"]


def send(
    url: str, command: str, data: bytes = b"", offset: int | str = 0, method: str = "POST"
) -> httpx.Response:
    headers = {"x-goog-upload-command": command, "x-goog-upload-offset": str(offset)}
    return HTTP.request(method, url, headers=headers, content=data)


def is_error(reply: httpx.Response, code: int, status: str) -> bool:
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["status"]) == (code, code, status)
    assert spelled(reply)["X-Goog-Upload-Status"] == "final"
    assert reply.headers["content-type"] == "application/json; charset=UTF-8"
    return True


# starting


@pytest.mark.parametrize(
    "path",
    [
        "/upload/v1/files",
        "/upload/v1beta/files",
        "/upload/v1alpha/files",
        "/upload/v1beta1/files",
        "/v1beta/upload/v1beta/files",
        "/v1/upload/v1beta/files",
    ],
)
def test_start_under_every_path(client: httpx.Client, path: str) -> None:
    reply = client.post(path, headers=START, content=b"{}")
    headers = spelled(reply)
    version = path.split("/")[-2]
    assert reply.status_code == 200
    assert reply.json() == {}
    assert headers["X-Goog-Upload-Status"] == "active"
    assert headers["X-Goog-Upload-Chunk-Granularity"] == "262144"
    assert headers["X-Goog-Upload-URL"] == headers["X-Goog-Upload-Control-URL"]
    assert headers["X-Goog-Upload-URL"].startswith(
        f"{client.base_url}/upload/{version}/files?upload_id=".replace("//upload", "/upload")
    )
    file = send(headers["X-Goog-Upload-URL"], "upload, finalize", b"GIF89a...").json()["file"]
    assert file["uri"] == f"{str(client.base_url).rstrip('/')}/{version}/{file['name']}"
    assert file["mimeType"] == "image/gif"


def test_every_token_is_new_and_long(client: httpx.Client) -> None:
    tokens = {start(client).partition("upload_id=")[2] for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(base64.urlsafe_b64decode(token + "=")) == 32 for token in tokens)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        pytest.param(b"", None, id="empty"),
        pytest.param(b"{}", None, id="object"),
        pytest.param(b'{"file": null}', None, id="null"),
        pytest.param(b"{'file': {'display_name': 'IMAGE'}}", "IMAGE", id="single-quotes"),
        pytest.param(b'{"file": {"displayName": "IMAGE",},}', "IMAGE", id="trailing-commas"),
        pytest.param('{"file":{"displayName":"naïve 图 🙂"}}'.encode(), "naïve 图 🙂", id="utf-8"),
        pytest.param(b'{"file":{"sizeBytes":"3","mime_type":"A/B; c=d"}}', None, id="size-text"),
        pytest.param(b'{"file":{"size_bytes":3.0,"source":"UPLOADED","x":1}}', None, id="unknown"),
    ],
)
def test_start_bodies(client: httpx.Client, body: bytes, name: str | None) -> None:
    reply = client.post("/upload/v1beta/files", headers=START, content=body)
    assert reply.status_code == 200, reply.text
    file = send(reply.headers["x-goog-upload-url"], "upload, finalize", b"abc").json()["file"]
    assert file.get("displayName") == name
    assert file["mimeType"] == ("a/b" if b"mime_type" in body else "text/plain")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param({"x-goog-upload-command": ""}, b"", id="no-command"),
        pytest.param({"x-goog-upload-command": "begin"}, b"", id="other-command"),
        pytest.param({"x-goog-upload-header-content-length": "-1"}, b"", id="negative"),
        pytest.param({"x-goog-upload-header-content-length": "1e3"}, b"", id="not-a-number"),
        pytest.param({"x-goog-upload-header-content-length": str(2**63)}, b"", id="2^63"),
        pytest.param({"x-goog-upload-header-content-length": "9" * 5000}, b"", id="5000-digits"),
        pytest.param({"x-goog-upload-header-content-length": str(2**31 + 1)}, b"", id="over-2-GB"),
        pytest.param({}, b"{", id="no-json"),
        pytest.param({}, b"[]", id="list"),
        pytest.param({}, b'{"file": 3}', id="file-number"),
        pytest.param({}, b'{"file": {"name": "files/../x"}}', id="path-name"),
        pytest.param({}, b'{"file": {"name": "files/A"}}', id="capital-name"),
        pytest.param({}, b'{"file": {"sizeBytes": "many"}}', id="size-word"),
        pytest.param({}, b" " * 70_000, id="long-body"),
    ],
)
def test_a_bad_start_is_a_400(client: httpx.Client, headers: dict[str, str], body: bytes) -> None:
    reply = client.post("/upload/v1beta/files", headers=START | headers, content=body)
    assert is_error(reply, 400, "INVALID_ARGUMENT")


def test_a_start_needs_a_key(base: str) -> None:
    assert is_error(HTTP.post(base + "/upload/v1/files", headers=START), 403, "PERMISSION_DENIED")
    assert HTTP.post(base + "/upload/v1/files?key=k", headers=START).status_code == 200


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({"host": "box.lan:8080"}, "http://box.lan:8080/upload", id="host"),
        pytest.param({"host": "[::1]:8080"}, "http://[::1]:8080/upload", id="ipv6"),
        pytest.param(
            {"x-forwarded-proto": "https", "x-forwarded-host": "ai.example.org"},
            "https://ai.example.org/upload",
            id="forwarded",
        ),
        pytest.param(
            {"x-forwarded-host": "a.example, b.internal", "x-forwarded-prefix": "/gw/"},
            "http://a.example/gw/upload",
            id="two-proxies",
        ),
        pytest.param(
            {"host": "h", "x-forwarded-host": 'x"><script>', "x-forwarded-prefix": "//evil"},
            "http://h/upload",
            id="hostile",
        ),
        pytest.param({"host": "h", "x-forwarded-proto": "javascript"}, "http://h/up", id="scheme"),
    ],
)
def test_the_url_is_the_callers(
    client: httpx.Client, headers: dict[str, str], expected: str
) -> None:
    reply = client.post("/upload/v1beta/files", headers=START | headers)
    assert reply.headers["x-goog-upload-url"].startswith(expected)


def test_12_behind_a_prefix_that_the_proxy_leaves_on(tmp_path: Path) -> None:
    with (
        serving(tmp_path, prefix="/gw") as base,
        httpx.Client(base_url=base, verify=False) as client,
    ):
        client.headers["x-goog-api-key"] = "k"
        url = start(client, "/gw/upload/v1beta/files")
        assert url.startswith(f"{base}/gw/upload/v1beta/files?")
        assert send(url, "upload", b"one").status_code == 200
        # JavaScript and Go put their own host in and lose the prefix.
        file = send(url.replace("/gw/", "/"), "upload, finalize", b"two", 3).json()["file"]
        assert file["sizeBytes"] == "6"
        assert client.get(f"/gw/v1/{file['name']}").json()["uri"].startswith(f"{base}/gw/v1/files/")
        sdk = genai.Client(api_key="k", http_options={"base_url": base + "/gw"})
        assert sdk.files.upload(file=io.BytesIO(b"x"), config={"mime_type": "image/png"}).name
        sdk.close()


# chunks


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "x", None],
)
def test_chunks_of_any_content_type(
    client: httpx.Client, method: str, content_type: str | None
) -> None:
    url = start(client)
    headers = {"x-goog-upload-command": "upload", "x-goog-upload-offset": "0"}
    if content_type:
        headers["content-type"] = content_type
    reply = HTTP.request(method, url, headers=headers, content=b"\x00 not json")
    assert reply.status_code == 200
    assert reply.json() == {}
    assert spelled(reply)["X-Goog-Upload-Status"] == "active"
    assert spelled(reply)["X-Goog-Upload-Size-Received"] == "10"


def test_08_three_chunks(client: httpx.Client) -> None:
    url = start(client, x_goog_upload_header_content_length=str(len(DATA)))
    for offset in (0, 8 * MIB):
        reply = send(url, "upload", DATA[offset : offset + 8 * MIB], offset)
        assert spelled(reply)["X-Goog-Upload-Size-Received"] == str(offset + 8 * MIB)
    reply = send(url, "upload, finalize", DATA[16 * MIB :], 16 * MIB)
    assert spelled(reply)["X-Goog-Upload-Status"] == "final"
    file = reply.json()["file"]
    assert file["sizeBytes"] == "20971525"
    assert base64.b64decode(file["sha256Hash"]) == hashlib.sha256(DATA).digest()
    assert file["state"] == "ACTIVE"


@pytest.mark.parametrize("last", ["upload, finalize", "UPLOAD ,finalize", "finalize"])
def test_09_go_finishes_with_an_empty_chunk(client: httpx.Client, last: str) -> None:
    url = start(client)
    send(url, "upload", DATA[: 8 * MIB], 0)
    send(url, "upload", DATA[8 * MIB : 16 * MIB], 8 * MIB)
    reply = send(url, last, b"", 16 * MIB)
    assert reply.json()["file"]["sizeBytes"] == "16777216"
    assert send(url, last, b"", 16 * MIB).json() == reply.json()


def test_10_wrong_offset_says_where_to_go_on(client: httpx.Client) -> None:
    url = start(client)
    send(url, "upload", DATA[:1000], 0)
    for offset in (1001, 2**63 - 1):
        reply = send(url, "upload", DATA[:1000], offset)
        assert is_error(reply, 400, "INVALID_ARGUMENT")
        assert "1000 bytes were received" in reply.json()["error"]["message"]
        assert spelled(reply)["X-Goog-Upload-Size-Received"] == "1000"
    assert send(url, "upload, finalize", DATA[1000:2000], 1000).status_code == 200


@pytest.mark.parametrize(
    "offset", ["-1", str(2**63), "1e2", "0x10", "٣".encode().decode("latin-1")]
)
def test_10_junk_offset(client: httpx.Client, offset: str) -> None:
    url = start(client)
    headers = [
        (b"x-goog-upload-command", b"upload"),
        (b"x-goog-upload-offset", offset.encode("latin-1")),
    ]
    assert is_error(HTTP.post(url, headers=headers, content=b"x"), 400, "INVALID_ARGUMENT")
    assert send(url, "query").headers["x-goog-upload-size-received"] == "0"


@pytest.mark.parametrize("command", ["upload", "upload, finalize", "finalize", "query", "cancel"])
def test_10_unknown_token(base: str, command: str) -> None:
    for token in ("x", "..%2f..%2fetc%2fpasswd", "%00", "é" * 50, "a" * 3000):
        reply = send(f"{base}/upload/v1beta/files?upload_id={token}", command, b"data")
        assert is_error(reply, 404, "NOT_FOUND")


@pytest.mark.parametrize("chunked", [False, True])
def test_10_more_than_declared(client: httpx.Client, chunked: bool) -> None:
    url = start(client, x_goog_upload_header_content_length="1000")
    headers = {"x-goog-upload-command": "upload, finalize", "x-goog-upload-offset": "0"}
    content: Any = iter([DATA[:600], DATA[600:1001]]) if chunked else DATA[:1001]
    reply = HTTP.post(url, headers=headers, content=content)
    assert is_error(reply, 400, "INVALID_ARGUMENT")
    assert "declared size of 1000 bytes" in reply.json()["error"]["message"]


def test_fewer_than_declared(client: httpx.Client) -> None:
    url = start(client, x_goog_upload_header_content_length="1000")
    assert is_error(send(url, "upload, finalize", DATA[:999]), 400, "INVALID_ARGUMENT")
    assert send(url, "upload, finalize", DATA[999:1000], 999).json()["file"]["sizeBytes"] == "1000"


def test_an_empty_file(client: httpx.Client) -> None:
    reply = send(start(client), "upload, finalize")
    assert is_error(reply, 400, "INVALID_ARGUMENT")
    assert "empty" in reply.json()["error"]["message"]


@pytest.mark.parametrize("command", ["", "start", "upload, cancel", "rm -rf", "upload;finalize"])
def test_unknown_commands(client: httpx.Client, command: str) -> None:
    assert is_error(send(start(client), command, b"x"), 400, "INVALID_ARGUMENT")


def test_query_and_cancel(client: httpx.Client) -> None:
    url = start(client)
    send(url, "upload", b"12345")
    reply = send(url, "query")
    assert (reply.status_code, reply.json()) == (200, {})
    assert spelled(reply)["X-Goog-Upload-Status"] == "active"
    assert spelled(reply)["X-Goog-Upload-Size-Received"] == "5"
    reply = send(url, "cancel")
    assert reply.status_code == 200
    assert spelled(reply)["X-Goog-Upload-Status"] == "cancelled"
    assert is_error(send(url, "query"), 404, "NOT_FOUND")


def test_query_of_a_finished_upload(client: httpx.Client) -> None:
    url = start(client)
    send(url, "upload, finalize", b"12345")
    assert spelled(send(url, "query"))["X-Goog-Upload-Status"] == "final"


def test_a_cut_connection_resumes(client: httpx.Client) -> None:
    url = start(client, x_goog_upload_header_content_length=str(len(DATA)))
    target = urlsplit(url)
    with socket.create_connection((str(target.hostname), int(target.port or 80))) as line:
        line.sendall(
            f"POST {target.path}?{target.query} HTTP/1.1\r\nHost: x\r\n"
            f"X-Goog-Upload-Command: upload, finalize\r\nX-Goog-Upload-Offset: 0\r\n"
            f"Content-Length: {len(DATA)}\r\n\r\n".encode()
        )
        line.sendall(DATA[: 5 * MIB])
    for _ in range(100):
        received = int(send(url, "query").headers["x-goog-upload-size-received"])
        if received:
            break
        time.sleep(0.05)
    assert 0 < received <= 5 * MIB
    file = send(url, "upload, finalize", DATA[received:], received).json()["file"]
    assert base64.b64decode(file["sha256Hash"]) == hashlib.sha256(DATA).digest()


def test_two_clients_finish_at_once(client: httpx.Client) -> None:
    url = start(client)
    replies: list[httpx.Response] = []

    def finish() -> None:
        replies.append(send(url, "upload, finalize", DATA[: 4 * MIB]))

    threads = [threading.Thread(target=finish) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [reply.status_code for reply in replies] == [200] * 6
    assert len({reply.json()["file"]["name"] for reply in replies}) == 1


def test_quotas(tmp_path: Path) -> None:
    limits = FileLimits(max_file_bytes=1000, max_owner_bytes=1500, max_owner_open_uploads=2)
    with serving(tmp_path, limits) as base, httpx.Client(base_url=base, verify=False) as client:
        client.headers["x-goog-api-key"] = "k"
        reply = client.post(
            "/upload/v1beta/files", headers=START | {"x-goog-upload-header-content-length": "1001"}
        )
        assert is_error(reply, 400, "INVALID_ARGUMENT")
        file = send(start(client), "upload, finalize", b"x" * 1000).json()["file"]
        url = start(client)
        assert is_error(send(url, "upload", b"x" * 501), 429, "RESOURCE_EXHAUSTED")
        start(client)
        reply = client.post("/upload/v1beta/files", headers=START)
        assert is_error(reply, 429, "RESOURCE_EXHAUSTED")
        client.delete(f"/v1beta/{file['name']}")
        assert send(url, "upload, finalize", b"x" * 501).status_code == 200


# one request


def related(*parts: tuple[str, bytes], end: bytes = b"\r\n--sep--\r\n") -> bytes:
    return (
        b"\r\n".join(
            b"--sep\r\nContent-Type: " + mime.encode() + b"\r\n\r\n" + data for mime, data in parts
        )
        + end
    )


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        pytest.param("/upload/v1beta/files?uploadType=multipart", {}, id="query"),
        pytest.param("/upload/v1beta/files", {"x-goog-upload-protocol": "multipart"}, id="header"),
    ],
)
@pytest.mark.parametrize("data", [b"abc", b"\r\n--se\r\n--Sep--\r\n\r\n--se", DATA[:100_000]])
def test_multipart(client: httpx.Client, path: str, headers: dict[str, str], data: bytes) -> None:
    content_type = {"content-type": "multipart/related; boundary=sep"}
    body = related(("application/json", b'{"file":{"displayName":"x"}}'), ("image/png", data))
    reply = client.post(path, headers=headers | content_type, content=body)
    assert reply.status_code == 200, reply.text
    assert spelled(reply)["X-Goog-Upload-Status"] == "final"
    file = reply.json()["file"]
    assert (file["displayName"], file["mimeType"]) == ("x", "image/png")
    assert base64.b64decode(file["sha256Hash"]) == hashlib.sha256(data).digest()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param("application/json", b"{}", id="no-boundary"),
        pytest.param("multipart/related; boundary=sep", b"", id="empty"),
        pytest.param("multipart/related; boundary=sep", b"--sep\r\n\r\n{}", id="one-part"),
        pytest.param(
            "multipart/related; boundary=sep",
            related(("application/json", b"{}"), ("image/png", b"abc"), end=b""),
            id="no-end",
        ),
        pytest.param(
            "multipart/related; boundary=sep",
            related(("application/json", b"{}" + b" " * 100_000), ("image/png", b"abc")),
            id="long-json",
        ),
        pytest.param(
            "multipart/related; boundary=sep",
            related(("application/json", b"{}"), ("a/b\r\nContent-Transfer-Encoding: base64", b"")),
            id="base64",
        ),
    ],
)
def test_bad_multipart(client: httpx.Client, content_type: str, body: bytes) -> None:
    before = client.get("/v1beta/files").json()
    reply = client.post(
        "/upload/v1beta/files?uploadType=multipart",
        headers={"content-type": content_type},
        content=body,
    )
    assert is_error(reply, 400, "INVALID_ARGUMENT")
    assert client.get("/v1beta/files").json() == before


def test_raw(client: httpx.Client) -> None:
    reply = client.post(
        "/upload/v1beta/files?uploadType=media", headers={"content-type": "Image/PNG"}, content=b"x"
    )
    assert reply.json()["file"]["mimeType"] == "image/png"


# real clients


def test_02_curl(base: str, tmp_path: Path) -> None:
    """The guide's recipe, as printed."""
    (tmp_path / "pic.jpg").write_bytes(DATA[: 3 * MIB])
    script = r"""
    curl -s "$BASE/upload/v1beta/files?key=k" -D headers.txt \
      -H "X-Goog-Upload-Protocol: resumable" -H "X-Goog-Upload-Command: start" \
      -H "X-Goog-Upload-Header-Content-Length: 3145728" \
      -H "X-Goog-Upload-Header-Content-Type: image/jpeg; charset=binary" \
      -H "Content-Type: application/json" -d "{'file': {'display_name': 'TEXT'}}" > /dev/null
    url=$(grep -i "x-goog-upload-url: " headers.txt | cut -d" " -f2 | tr -d "\r")
    curl -s "$url" -H "Content-Length: 3145728" -H "X-Goog-Upload-Offset: 0" \
      -H "Expect: 100-continue" -H "X-Goog-Upload-Command: upload, finalize" \
      --data-binary @pic.jpg
    """
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env={"BASE": base, "PATH": "/usr/bin:/bin"},
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    file = httpx.Response(200, text=done.stdout).json()["file"]
    assert file["mimeType"] == "image/jpeg"
    assert file["displayName"] == "TEXT"
    assert file["sizeBytes"] == "3145728"


def test_07_python(sdk: genai.Client) -> None:
    file = sdk.files.upload(file=io.BytesIO(DATA), config={"mime_type": "image/png"})
    assert file.state is not None
    assert file.state.name == "ACTIVE"
    assert base64.b64decode(str(file.sha256_hash)) == hashlib.sha256(DATA).digest()


@pytest.mark.filterwarnings("ignore:Inheritance class:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_07_python_asynchronous(base: str) -> None:
    """Over aiohttp, which finds the upload URL only under its exact spelling."""
    pytest.importorskip("aiohttp")

    async def run() -> str | None:
        sdk = genai.Client(api_key="k", http_options={"base_url": base})
        file = await sdk.aio.files.upload(file=io.BytesIO(DATA), config={"mime_type": "image/png"})
        await sdk.aio.aclose()
        sdk.close()
        return file.sha256_hash

    assert base64.b64decode(str(asyncio.run(run()))) == hashlib.sha256(DATA).digest()
    # The SDK leaves a connection of its own open: let it go here, where that is forgiven.
    gc.collect()


def test_10_python_raises_within_a_second(sdk: genai.Client) -> None:
    began = time.monotonic()
    with pytest.raises(errors.ClientError, match="empty"):
        sdk.files.upload(file=io.BytesIO(b""), config={"mime_type": "image/png"})
    assert time.monotonic() - began < 1
