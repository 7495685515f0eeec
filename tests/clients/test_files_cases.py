"""Conformance cases 2 and 6 to 14: the Files API through every SDK, curl, and by hand."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.clients.process import (
    NAMES,
    PYTHON,
    Client,
    each,
    image,
    image_tokens,
    named,
    text,
    user,
)
from tests.clients.proxy import Exchange, proxied

MODEL = "gemini-2.0-flash"
CHUNK = 8 << 20
ODD_SIZE = 20_971_525
EVEN_SIZE = 2 * CHUNK


def sha256_told(file: dict[str, Any]) -> bytes:
    """The digest in a File: base64 of its 32 bytes, or of its hex text."""
    told = base64.b64decode(file["sha256Hash"].replace("-", "+").replace("_", "/"))
    return told if len(told) == 32 else bytes.fromhex(told.decode())


def assert_stored(file: dict[str, Any], path: Path) -> None:
    """The File says what the SDKs read, and its hash is that of the bytes."""
    assert re.fullmatch(r"files/[a-z0-9]{1,40}", file["name"])
    assert file["state"] == "ACTIVE"
    assert int(file["sizeBytes"]) == path.stat().st_size
    assert sha256_told(file) == hashlib.sha256(path.read_bytes()).digest()
    assert file["uri"].endswith(file["name"])


def chunks(seen: list[Exchange]) -> list[tuple[str, int, int]]:
    """(command, offset, bytes) of each upload request after the start."""
    commands = [e for e in seen if e.header("x-goog-upload-command") not in ("", "start")]
    return [
        (e.header("x-goog-upload-command"), int(e.header("x-goog-upload-offset")), len(e.body))
        for e in commands
    ]


def test_case_02_single_quoted_json(server: Any, photos: Any, tmp_path: Path) -> None:
    """The guide's upload recipe: metadata in single quotes, form content type, `?key=`."""
    photo = photos.bytes_of(1_200_000, "over-1-mb.png")  # curl then asks 100-continue first
    script = f"""
    curl -sS "{server.url}/upload/v1beta/files?key={server.key}" -D heads \
      -H "X-Goog-Upload-Protocol: resumable" -H "X-Goog-Upload-Command: start" \
      -H "X-Goog-Upload-Header-Content-Length: {photo.stat().st_size}" \
      -H "X-Goog-Upload-Header-Content-Type: image/png" -H "Content-Type: application/json" \
      -d "{{'file': {{'display_name': 'IMAGE'}}}}" > start
    url=$(grep -i "x-goog-upload-url: " heads | cut -d" " -f2 | tr -d "\\r")
    curl -sS "$url" -H "Content-Length: {photo.stat().st_size}" -H "Expect: 100-continue" \
      -H "X-Goog-Upload-Offset: 0" -H "X-Goog-Upload-Command: upload, finalize" \
      --data-binary "@{photo}" > info
    uri=$(jq ".file.uri" info)
    echo "$uri"
    curl -sS "{server.url}/v1beta/models/{MODEL}:generateContent?key={server.key}" \
      -H 'Content-Type: application/json' -X POST -d '{{"contents": [{{"parts": [
      {{"file_data": {{"mime_type": "image/png", "file_uri": '"$uri"'}}}},
      {{"text": "Caption this image."}}]}}]}}' | jq ".candidates[].content.parts[].text"
    """
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    uri, answer = done.stdout.strip().splitlines()
    assert json.loads(uri).startswith(f"{server.url}/v1beta/files/"), done.stderr
    assert json.loads(answer).strip()
    file = json.loads((tmp_path / "info").read_text())["file"]
    assert file["displayName"] == "IMAGE"
    assert type(file["sizeBytes"]) is str
    assert_stored(file, photo)


@each(*NAMES)
def test_case_06_uploaded_inline_and_by_url(
    client: Client, photos: Any, fetching_server: Any, photos_place: str
) -> None:
    """Three pictures from three places: each is counted, the order is kept."""
    at = {"at": fetching_server.url, "key": fetching_server.key, "model": MODEL}
    uploaded = client.ask("upload", path=str(photos.size(960, 540)), **at).ok()
    elsewhere = {"uri": f"http://{photos_place}/{photos.size(64, 64).name}", "mime": "image/png"}
    parts = [{"file": uploaded["name"]}, image(photos.size(800, 600)), elsewhere]
    question = text("Describe these images.")
    reply = client.ask("generate", contents=user(*parts, question), **at).ok()
    assert image_tokens(reply["response"]["usageMetadata"]) == 1548 + 1032 + 258
    parts[0] = {"uri": uploaded["uri"], "mime": "image/png"}
    again = client.ask("generate", contents=user(*parts, question), **at).ok()
    assert again["text"] == reply["text"]


@each(*NAMES)
def test_case_06_order_shows_in_the_answer(client: Client, photos: Any, server: Any) -> None:
    """The same pictures the other way round, stored or inline, are told the other way round."""
    sign = client.ask("upload", path=str(photos.sign)).ok()
    scene, stored = image(photos.scene), {"file": sign["name"]}
    question = text("Describe these images.")
    forth = client.ask("generate", model=MODEL, contents=user(scene, stored, question)).ok()
    inline = user(scene, image(photos.sign), question)
    assert client.ask("generate", model=MODEL, contents=inline).ok()["text"] == forth["text"]
    back = client.ask("generate", model=MODEL, contents=user(stored, scene, question)).ok()
    told = [re.split(r"Image \d+: ", reply["text"])[1:] for reply in (forth, back)]
    assert [s.strip() for s in told[0]] == [s.strip() for s in reversed(told[1])]


@each("curl", "python-3", "js-3")
def test_case_06_url_elsewhere_is_refused_by_name(client: Client) -> None:
    """Pictures by URL are off unless allowed: a 400 that says which one."""
    contents = user({"uri": "https://example.com/cat.png", "mime": "image/png"}, text("What?"))
    error = client.ask("generate", model=MODEL, contents=contents).failed()
    assert error["code"] == 400, error
    assert "contents[0].parts[0].file_data.file_uri" in error["message"]
    assert "fetch_hosts" in error["message"]


@each(*NAMES)
def test_case_07_small_upload(client: Client, photos: Any) -> None:
    file = client.ask("upload", path=str(photos.scene), config={"displayName": "a scene"}).ok()
    assert_stored(file, photos.scene)
    assert file["displayName"] == "a scene"
    assert file["mimeType"] == "image/jpeg"
    got = client.ask("files_get", name=file["name"]).ok()
    assert {k: got[k] for k in ("name", "uri", "sha256Hash")} == {
        k: file[k] for k in ("name", "uri", "sha256Hash")
    }
    contents = user({"file": file["name"]}, text("Caption this image."))
    assert client.ask("generate", model=MODEL, contents=contents).ok()["text"].strip()


@each(*NAMES)
def test_case_07_chosen_name_and_conflict(client: Client, photos: Any, server: Any) -> None:
    """A name of one's own, and what happens to the second who wants it."""
    name = f"mine-{client.name.replace('.', '-')}"
    config = {"name": name, "mimeType": "image/jpeg"}
    file = client.ask("upload", path=str(photos.scene), config=config).ok()
    assert file["name"] == f"files/{name}"
    error = client.ask("upload", path=str(photos.scene), config=config).failed()
    if client.language == "go":  # it wraps every upload error in plain text
        assert "409" in error["message"]
    else:
        assert error["code"] == 409, error


@each(*NAMES)
def test_case_08_three_chunks(client: Client, photos: Any, server: Any) -> None:
    """20 971 525 bytes: two full chunks and a rest."""
    path = photos.bytes_of(ODD_SIZE, "odd.png")
    with proxied(server.url) as between:
        file = client.ask("upload", at=between.url, path=str(path)).ok()
    assert_stored(file, path)
    if client.language == "curl":
        assert chunks(between.seen) == [("upload, finalize", 0, ODD_SIZE)]
    else:
        assert chunks(between.seen) == [
            ("upload", 0, CHUNK),
            ("upload", CHUNK, CHUNK),
            ("upload, finalize", 2 * CHUNK, ODD_SIZE - 2 * CHUNK),
        ]
    client.ask("files_delete", name=file["name"]).ok()


# Java's own bug: it loses the end of a file that is a whole number of chunks (CONTRACT §7.2).
@each(*[name for name in NAMES if name != "java"])
def test_case_09_whole_number_of_chunks(client: Client, photos: Any, server: Any) -> None:
    """16 777 216 bytes: ended with the last full chunk, or (Go) by an empty one after it."""
    path = photos.bytes_of(EVEN_SIZE, "even.png")
    before = {file["name"] for file in client.ask("files_list", config={"pageSize": 100}).ok()}
    with proxied(server.url) as between:
        file = client.ask("upload", at=between.url, path=str(path)).ok()
    assert_stored(file, path)
    sent = chunks(between.seen)
    assert sent[-1] in [
        ("upload, finalize", CHUNK, CHUNK),
        ("upload, finalize", EVEN_SIZE, 0),
        ("upload, finalize", 0, EVEN_SIZE),
    ]
    after = {file["name"] for file in client.ask("files_list", config={"pageSize": 100}).ok()}
    assert after - before == {file["name"]}
    client.ask("files_delete", name=file["name"]).ok()


@each("java")
def test_case_09_java_fails_on_its_own_side(client: Client, photos: Any) -> None:
    """Java 1.70 throws before or after its last chunk; the server must stay well."""
    path = photos.bytes_of(EVEN_SIZE, "even.png")
    reply = client.ask("upload", path=str(path))
    if reply.error is None:
        assert_stored(reply.result, path)
    assert client.ask("upload", path=str(photos.scene)).ok()["state"] == "ACTIVE"


class ByHand:
    """The resumable protocol, header by header."""

    def __init__(self, server: Any) -> None:
        self.server = server

    def send(
        self, method: str, url: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers (names in lower case) and JSON of the reply."""
        parts = urlsplit(url)
        link = http.client.HTTPConnection(parts.netloc, timeout=30)
        try:
            link.request(method, f"{parts.path}?{parts.query}", body, headers)
            reply = link.getresponse()
            content = reply.read()
        finally:
            link.close()
        names = {name.lower(): value for name, value in reply.getheaders()}
        return reply.status, names, json.loads(content or b"{}")

    def start(self, length: int | None, mime: str | None, body: bytes = b"{}", **more: str) -> str:
        """Start an upload; its URL."""
        headers = {"X-Goog-Upload-Protocol": "resumable", "X-Goog-Upload-Command": "start"}
        headers |= {} if length is None else {"X-Goog-Upload-Header-Content-Length": str(length)}
        headers |= {} if mime is None else {"X-Goog-Upload-Header-Content-Type": mime}
        url = f"{self.server.url}/upload/v1beta/files?key={self.server.key}"
        status, names, _ = self.send("POST", url, headers | more, body)
        assert status == 200
        assert names["x-goog-upload-status"] == "active"
        return names["x-goog-upload-url"]

    def put(
        self, url: str, command: str, offset: int, data: bytes
    ) -> tuple[int, dict[str, str], Any]:
        """One command of an upload."""
        headers = {"X-Goog-Upload-Command": command, "X-Goog-Upload-Offset": str(offset)}
        return self.send("POST", url, headers, data)


@pytest.fixture
def hand(server: Any) -> ByHand:
    return ByHand(server)


def assert_error(status: int, names: dict[str, str], body: Any) -> None:
    """A JSON error of class 4xx with the header that stops SDKs from sending again."""
    assert 400 <= status < 500
    assert body["error"]["code"] == status
    assert body["error"]["message"]
    assert names["x-goog-upload-status"]


def test_case_10_wrong_offset(hand: ByHand) -> None:
    url = hand.start(100, "image/png")
    status, names, body = hand.put(url, "upload, finalize", 50, b"x" * 50)
    assert_error(status, names, body)
    assert names["x-goog-upload-size-received"] == "0"


def test_case_10_unknown_token(hand: ByHand) -> None:
    url = hand.start(100, "image/png")
    status, names, body = hand.put(url + "x", "upload, finalize", 0, b"x" * 100)
    assert_error(status, names, body)
    assert status == 404


def test_case_10_more_than_declared(hand: ByHand) -> None:
    url = hand.start(10, "image/png")
    assert_error(*hand.put(url, "upload, finalize", 0, b"x" * 11))


def test_case_10_unknown_command(hand: ByHand) -> None:
    url = hand.start(10, "image/png")
    assert_error(*hand.put(url, "explode", 0, b"x" * 10))


# 1.16 knows the error only by the missing key in the body; Go and Java wrap it in text.
@each(*[name for name in NAMES if name != "curl"])
def test_case_10_sdk_raises_at_once(client: Client, photos: Any, server: Any) -> None:
    """A chunk that arrives with a wrong offset: no SDK sends it again for seven seconds."""

    def shift(exchange: Exchange) -> None:
        if "upload" in exchange.header("x-goog-upload-command"):
            for name in exchange.headers:
                if name.lower() == "x-goog-upload-offset":
                    exchange.headers[name] = "7"

    with proxied(server.url, meddle=shift) as between:
        began = time.monotonic()
        error = client.ask("upload", at=between.url, path=str(photos.scene)).failed()
        took = time.monotonic() - began
    assert len(chunks(between.seen)) == 1
    assert took < 4, f"it took {took:.1f} s"
    if client.language in ("js", "java") or client.name in named("python-3", "python-2"):
        assert error["code"] == 400, error


def test_case_11_no_length(hand: ByHand, photos: Any) -> None:
    """Go's reader: the size is known when the upload ends."""
    data = photos.scene.read_bytes()
    url = hand.start(None, "image/jpeg")
    assert hand.put(url, "upload", 0, data)[1]["x-goog-upload-status"] == "active"
    status, names, body = hand.put(url, "upload, finalize", len(data), b"")
    assert (status, names["x-goog-upload-status"]) == (200, "final")
    assert_stored(body["file"], photos.scene)


@pytest.mark.parametrize(
    "body",
    [b"{}", b"", b'{"file": {"mimeType": "image/jpeg"}}', b"{'file': {'mime_type': 'image/jpeg'}}"],
    ids=["empty_object", "no_body", "camel", "snake_single_quotes"],
)
def test_case_11_no_content_type(hand: ByHand, photos: Any, body: bytes) -> None:
    """The type is taken from the body, or from the bytes themselves."""
    data = photos.scene.read_bytes()
    url = hand.start(len(data), None, body)
    file = hand.put(url, "upload, finalize", 0, data)[2]["file"]
    assert file["mimeType"] == "image/jpeg"


@each("go")
def test_case_11_go_reader(client: Client, photos: Any) -> None:
    config = {"mimeType": "image/jpeg"}
    reply = client.ask("upload", path=str(photos.scene), config=config, as_stream=True)
    assert_stored(reply.ok(), photos.scene)


@each(*PYTHON, "java")
def test_case_11_open_file(client: Client, photos: Any) -> None:
    config = {"mimeType": "image/jpeg"}
    reply = client.ask("upload", path=str(photos.scene), config=config, as_stream=True)
    assert_stored(reply.ok(), photos.scene)


def test_resumed_upload(hand: ByHand, photos: Any) -> None:
    """Part of a file, a question how far it got, the rest; then a chunk sent twice."""
    data = photos.scene.read_bytes()
    url = hand.start(len(data), "image/jpeg")
    hand.put(url, "upload", 0, data[:1000])
    status, names, _ = hand.put(url, "query", 0, b"")
    assert (status, names["x-goog-upload-status"]) == (200, "active")
    assert names["x-goog-upload-size-received"] == "1000"
    status, _, body = hand.put(url, "upload, finalize", 1000, data[1000:])
    assert status == 200
    assert_stored(body["file"], photos.scene)


def test_cancelled_upload(hand: ByHand) -> None:
    url = hand.start(10, "image/png")
    status, names, _ = hand.put(url, "cancel", 0, b"")
    assert (status, names["x-goog-upload-status"]) == (200, "cancelled")
    assert_error(*hand.put(url, "upload, finalize", 0, b"x" * 10))


@each(*NAMES)
@pytest.mark.parametrize("forwarded", [True, False], ids=["x_forwarded", "own_prefix"])
def test_case_12_behind_a_prefix(
    client: Client, photos: Any, server: Any, launch: Any, forwarded: bool
) -> None:
    """`http://host/gw`, cut off by a proxy that says so, or left on for a server that knows."""
    if forwarded:
        with proxied(server.url, prefix="/gw", forwarded=True) as between:
            file = client.ask("upload", at=between.url, path=str(photos.scene)).ok()
            assert file["uri"].startswith(f"{between.url}/v1")
            contents = user({"file": file["name"]}, text("Caption this image."))
            client.ask("generate", at=between.url, model=MODEL, contents=contents).ok()
        return
    own = launch(root_path="/gw")
    at = {"at": f"{own.url}/gw", "key": own.key}
    file = client.ask("upload", path=str(photos.scene), **at).ok()
    assert_stored(file, photos.scene)
    assert file["uri"].startswith(f"{own.url}/gw/v1")
    assert client.ask("files_get", name=file["name"], **at).ok()["name"] == file["name"]


@each(*NAMES)
def test_case_13_get_and_delete(client: Client, photos: Any) -> None:
    """By name, by the http:// URI, and once it is gone."""
    file = client.ask("upload", path=str(photos.scene)).ok()
    assert client.ask("files_get", name=file["name"]).ok()["uri"] == file["uri"]
    if client.language != "curl":
        assert client.ask("files_get", name=file["uri"]).ok()["name"] == file["name"]
    client.ask("files_delete", name=file["name"]).ok()
    for op in ("files_get", "files_delete"):
        error = client.ask(op, name=file["name"]).failed()
        assert error["code"] == 403, error
        assert "You do not have permission to access the File" in error["message"]
    contents = user({"uri": file["uri"], "mime": "image/jpeg"}, text("What?"))
    error = client.ask("generate", model=MODEL, contents=contents).failed()
    assert error["code"] == 403, error


@each(*NAMES)
def test_case_13_file_of_another_key(client: Client, photos: Any, server: Any) -> None:
    """Another key's file is answered like a missing one."""
    file = client.ask("upload", path=str(photos.scene)).ok()
    error = client.ask("files_get", name=file["name"], key="another").failed()
    assert error["code"] == 403, error


@each(*NAMES)
def test_case_14_list_in_pages(client: Client, photos: Any) -> None:
    """Five files by twos, newest first; nothing; and delete gives `{}`."""
    key = f"pages-of-{client.name}"
    asked = {"key": key, "config": {"pageSize": 2}}
    assert client.ask("files_list", **asked).ok() == []
    names = [client.ask("upload", path=str(photos.noise), key=key).ok()["name"] for _ in range(5)]
    listed = client.ask("files_list", **asked).ok()
    assert [file["name"] for file in listed] == names[::-1]
    for name in names:
        deleted = client.ask("files_delete", name=name, key=key).ok()
        assert not (deleted or {}).get("name")
    assert client.ask("files_list", **asked).ok() == []


def test_case_14_delete_body_is_an_empty_object(hand: ByHand, photos: Any, server: Any) -> None:
    data = photos.noise.read_bytes()
    file = hand.put(hand.start(len(data), "image/png"), "upload, finalize", 0, data)[2]["file"]
    url = f"{server.url}/v1beta/{file['name']}?key={server.key}"
    link = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    link.request("DELETE", f"/v1beta/{file['name']}?key={server.key}")
    reply = link.getresponse()
    assert (reply.status, reply.read()) == (200, b"{}")
    link.close()


def test_upload_headers_are_spelled_as_google_does(server: Any) -> None:
    """Python's asynchronous client and old Java look them up letter for letter."""
    parts = urlsplit(server.url)
    link = http.client.HTTPConnection(parts.netloc, timeout=30)
    headers = {"X-Goog-Upload-Protocol": "resumable", "X-Goog-Upload-Command": "start"}
    link.request("POST", f"/upload/v1beta/files?key={server.key}", b"{}", headers)
    names = {name for name, _ in link.getresponse().getheaders()}
    link.close()
    assert {"X-Goog-Upload-URL", "X-Goog-Upload-Status"} <= names
