"""get, list, delete and the rest of the Files API over real HTTP and through the real client."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from google import genai
from google.genai import errors

from tests.files.server import serving
from twinsight.files.limits import FileLimits

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("data")) as url:
        yield url


@pytest.fixture
def client(base: str, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A client with a key of the test's own, so that tests do not see each other's files."""
    key = quote(request.node.name)
    with httpx.Client(base_url=base, headers={"x-goog-api-key": key}, verify=False) as client:
        yield client


@pytest.fixture
def sdk(base: str, request: pytest.FixtureRequest) -> Iterator[genai.Client]:
    client = genai.Client(api_key=quote(request.node.name), http_options={"base_url": base})
    yield client
    client.close()


def upload(client: httpx.Client, data: bytes = b"data", body: str = "{}") -> dict[str, str]:
    reply = client.post(
        "/upload/v1beta/files?uploadType=multipart",
        headers={"content-type": "multipart/related; boundary=b"},
        content=f"--b\r\n\r\n{body}\r\n--b\r\nContent-Type: image/png\r\n\r\n".encode()
        + data
        + b"\r\n--b--",
    )
    file: dict[str, str] = reply.json()["file"]
    return file


def forbidden(reply: httpx.Response, file_id: str) -> bool:
    error = reply.json()["error"]
    assert reply.status_code == error["code"] == 403
    assert error["status"] == "PERMISSION_DENIED"
    assert error["message"] == (
        f"You do not have permission to access the File {file_id} or it may not exist."
    )
    return True


def test_the_resource(client: httpx.Client, base: str) -> None:
    file = upload(client, b"12345", '{"file":{"name":"files/my-pic-1","displayName":"é\\u2028"}}')
    assert file == client.get("/v1beta/files/my-pic-1").json()
    assert file["name"] == "files/my-pic-1"
    assert file["displayName"] == "é\u2028"
    assert file["sizeBytes"] == "5"
    assert file["uri"] == f"{base}/v1beta/files/my-pic-1"
    assert (file["state"], file["source"], file["mimeType"]) == ("ACTIVE", "UPLOADED", "image/png")
    for field in ("createTime", "updateTime", "expirationTime"):
        assert TIMESTAMP.fullmatch(file[field])
    assert file["createTime"] == file["updateTime"] < file["expirationTime"]
    plain = upload(client)
    assert "displayName" not in plain
    assert re.fullmatch(r"files/[a-z0-9]{12}", plain["name"])


@pytest.mark.parametrize(
    "spelling",
    [
        "{id}",
        "files/{id}",
        "http://127.0.0.1:18080/v1beta/files/{id}",
        "https://generativelanguage.googleapis.com/v1beta/files/{id}",
        "http:/127.0.0.1:18080/v1beta/files/{id}",
        "http%3A%2F%2F127.0.0.1%3A18080%2Fv1beta%2Ffiles%2F{id}",
        "http%253A%252F%252Fh%252Fv1beta%252Ffiles%252F{id}",
        "{id}/",
        "{id}?key=x&alt=json",
    ],
)
@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_13_every_spelling_of_a_name(client: httpx.Client, spelling: str, version: str) -> None:
    file_id = upload(client)["name"].removeprefix("files/")
    path = f"/{version}/files/{spelling.replace('{id}', file_id)}"
    assert client.get(path).json()["name"] == f"files/{file_id}"
    assert client.delete(path).json() == {}
    assert forbidden(client.get(path), file_id)


@pytest.mark.parametrize(
    "name", ["%2e%2e", "%2e%2e/%2e%2e/keys.json", "%2e%2e%2fx", "a%00b", "é", "x" * 300]
)
def test_hostile_names_are_missing_files(client: httpx.Client, name: str) -> None:
    for method in ("GET", "DELETE"):
        reply = client.request(method, f"/v1beta/files/{quote(name, safe='%')}")
        assert reply.status_code == 403
        assert reply.json()["error"]["status"] == "PERMISSION_DENIED"


def test_another_key_sees_nothing(client: httpx.Client) -> None:
    file_id = upload(client)["name"].removeprefix("files/")
    other = {"x-goog-api-key": "other"}
    for method in ("GET", "DELETE"):
        reply = client.request(method, f"/v1beta/files/{file_id}", headers=other)
        assert forbidden(reply, file_id)
        assert forbidden(client.request(method, "/v1beta/files/zzzzzzzzzzzz"), "zzzzzzzzzzzz")
    assert client.get("/v1beta/files", headers=other).json() == {}
    assert client.get(f"/v1beta/files/{file_id}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1beta/files"),
        ("GET", "/v1beta/files/x"),
        ("DELETE", "/v1beta/files/x"),
        ("POST", "/v1beta/files"),
        ("POST", "/v1beta/files:register"),
    ],
)
def test_every_call_needs_a_key(base: str, method: str, path: str) -> None:
    with httpx.Client(base_url=base, verify=False) as client:
        reply = client.request(method, path)
    assert reply.status_code == 403
    assert "unregistered callers" in reply.json()["error"]["message"]


def test_14_pages(client: httpx.Client) -> None:
    assert client.get("/v1beta/files").json() == {}
    names = [upload(client)["name"] for _ in range(12)]
    names.reverse()
    page = client.get("/v1beta/files").json()
    assert [file["name"] for file in page["files"]] == names[:10]
    rest = client.get("/v1beta/files", params={"pageToken": page["nextPageToken"]}).json()
    assert [file["name"] for file in rest["files"]] == names[10:]
    assert "nextPageToken" not in rest
    whole = client.get("/v1/files", params={"pageSize": "5000", "alt": "json"}).json()
    assert [file["name"] for file in whole["files"]] == names


@pytest.mark.parametrize(
    "query", ["pageSize=-1", "pageSize=x", "pageSize=1.5", "pageToken=x", "pageToken=-3"]
)
def test_strange_pages(client: httpx.Client, query: str) -> None:
    reply = client.get(f"/v1beta/files?{query}")
    assert reply.status_code == 400
    assert reply.json()["error"]["status"] == "INVALID_ARGUMENT"


def test_what_is_not_served(client: httpx.Client) -> None:
    file = upload(client)
    download = client.get(f"/v1beta/{file['name']}:download?alt=media")
    assert (download.status_code, download.json()["error"]["code"]) == (400, 400)
    assert forbidden(client.get("/v1beta/files/zzz:download?alt=media"), "zzz")
    register = client.post("/v1beta/files:register", json={"uris": ["gs://a/b"]})
    assert (register.status_code, register.json()["error"]["status"]) == (501, "UNIMPLEMENTED")
    metadata = client.post("/v1beta/files", json={"file": {}})
    assert (metadata.status_code, metadata.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_expired_files_are_missing(tmp_path: Path) -> None:
    with (
        serving(tmp_path, FileLimits(life_seconds=0.5)) as base,
        httpx.Client(base_url=base, headers={"x-goog-api-key": "k"}, verify=False) as client,
    ):
        file_id = upload(client)["name"].removeprefix("files/")
        time.sleep(0.6)
        assert forbidden(client.get(f"/v1beta/files/{file_id}"), file_id)
        assert client.get("/v1beta/files").json() == {}


def test_13_python_gets_and_deletes(sdk: genai.Client) -> None:
    file = sdk.files.upload(file=io.BytesIO(b"x"), config={"mime_type": "image/png"})
    for name in (file.name, file.uri):
        assert sdk.files.get(name=str(name)).name == file.name
    sdk.files.delete(name=str(file.name))
    with pytest.raises(errors.ClientError) as raised:
        sdk.files.get(name=str(file.name))
    assert (raised.value.code, raised.value.status) == (403, "PERMISSION_DENIED")


def test_14_python_pager_ends(sdk: genai.Client) -> None:
    assert list(sdk.files.list()) == []
    names = [
        sdk.files.upload(file=io.BytesIO(b"x"), config={"mime_type": "image/png"}).name
        for _ in range(5)
    ]
    listed = [file.name for file in sdk.files.list(config={"page_size": 2})]
    assert listed == names[::-1]
