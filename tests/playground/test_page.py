"""The page as the server gives it: its files and no others, its headers, its previews."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.conftest import RunningServer, Serving, StartServer
from tests.eyes import told_eyes
from tests.playground.photos import turned
from twinsight.config import Config
from twinsight.http.auth import Keys

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src/twinsight/playground"
MOST_BYTES = 300_000
HEIC = ROOT / "tests/image/data"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all tests that only look."""
    with Serving(Config(data_dir=tmp_path_factory.mktemp("data")), told_eyes()) as running:
        yield running


def policy(reply: httpx.Response) -> dict[str, str]:
    """The directives of the content security policy."""
    rules = reply.headers["content-security-policy"].split("; ")
    return dict(rule.partition(" ")[::2] for rule in rules)


def test_the_page_may_load_its_own_files_only_and_be_framed_by_nobody(told: RunningServer) -> None:
    reply = httpx.get(told.url + "/")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    rules = policy(reply)
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in reply.headers["content-security-policy"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("name", [f.name for f in FOLDER.iterdir() if f.name != "index.html"])
def test_each_file_is_served_with_its_type_and_a_tag(told: RunningServer, name: str) -> None:
    kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    reply = httpx.get(f"{told.url}/playground/{name}")
    assert reply.content == (FOLDER / name).read_bytes()
    assert reply.headers["content-type"].startswith(kinds[Path(name).suffix])
    assert policy(reply)["default-src"] == "'none'"
    again = httpx.get(reply.url, headers={"if-none-match": reply.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == reply.headers["etag"]
    head = httpx.head(reply.url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(reply.content))


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/playground/../config.py", id="dots"),
        pytest.param("/playground/%2e%2e/config.py", id="encoded dots"),
        pytest.param("/playground/..%2f..%2fconfig.py", id="encoded slashes"),
        pytest.param("/playground//etc/passwd", id="absolute"),
        pytest.param("/playground/samples/../../config.py", id="dots behind a folder"),
        pytest.param("/playground/samples/SOURCES.md", id="not a picture"),
        pytest.param("/playground/", id="the folder"),
        pytest.param("/playground/index.html", id="the page by its file"),
        pytest.param("/playground/app.js%00", id="zero byte"),
        pytest.param("/index.html", id="at the root"),
    ],
)
def test_no_other_path_is_answered(told: RunningServer, path: str) -> None:
    # The URL is sent as it stands: the client must not put it right.
    with httpx.Client(base_url=told.url) as client:
        request = client.build_request("GET", "/")
        request.url = request.url.copy_with(raw_path=path.encode())
        reply = client.send(request)
    assert reply.status_code == 404
    assert reply.json()["error"]["status"] == "NOT_FOUND"


def test_the_page_can_be_left_out(start_server: StartServer) -> None:
    bare = start_server(eyes=told_eyes(), playground=False)
    assert httpx.get(bare.url + "/").status_code == 404
    assert httpx.get(bare.url + "/playground/app.js").status_code == 404
    assert httpx.get(bare.url + "/health").status_code == 200


def test_all_that_the_page_loads_is_named_in_it_and_light() -> None:
    """No file is loaded late by another one's import, and nothing is inline."""
    page = (FOLDER / "index.html").read_text()
    files = {file.name for file in FOLDER.iterdir()} - {"index.html"}
    named = set(re.findall(r'(?:href|src)="playground/([a-z]+\.[a-z]+)', page))
    assert named == files
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < MOST_BYTES


PAGE = {"x-twinsight-playground": "1"}


def picture(name: str = "sign.png") -> bytes:
    return (ROOT / "src/twinsight/samples" / name).read_bytes()


def inline(*datas: bytes) -> dict[str, Any]:
    """A request with these pictures in it, all called JPEG."""
    parts = [
        {"inlineData": {"mimeType": "image/jpeg", "data": base64.b64encode(data).decode()}}
        for data in datas
    ]
    return {"contents": [{"parts": parts}]}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_preview_is_an_upright_jpeg(told: RunningServer, kind: str) -> None:
    with told.client(headers=PAGE) as client:
        reply = client.post("/playground/preview", json=inline(turned(kind)))
    assert reply.headers["content-type"] == "image/jpeg"
    assert reply.headers["x-picture-size"] == "60x40"
    shown = Image.open(BytesIO(reply.content)).convert("RGB")
    assert shown.size == (60, 40)
    red, _, blue = shown.getpixel((30, 5))  # type: ignore[misc]
    assert red > 200 > 60 > blue


def test_a_preview_of_heic_is_what_its_size_says(told: RunningServer) -> None:
    with told.client(headers=PAGE) as client:
        reply = client.post("/playground/preview", json=inline((HEIC / "turn_6.heic").read_bytes()))
    shown = Image.open(BytesIO(reply.content))
    assert "{}x{}".format(*shown.size) == reply.headers["x-picture-size"]


def test_a_large_picture_is_made_small(told: RunningServer) -> None:
    out = BytesIO()
    Image.new("RGB", (5000, 1000), "green").save(out, "PNG")
    with told.client(headers=PAGE) as client:
        reply = client.post("/playground/preview", json=inline(out.getvalue()))
    assert reply.headers["x-picture-size"] == "5000x1000"
    assert Image.open(BytesIO(reply.content)).size == (2048, 410)


Body = Callable[[], dict[str, Any]]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(lambda: inline(picture(), picture()), "one picture, not of 2", id="two"),
        pytest.param(
            lambda: {"contents": [{"parts": [{"text": "hi"}]}]}, "one picture, not of 0", id="none"
        ),
        pytest.param(lambda: inline(picture()[:2000]), "not valid", id="cut short"),
        pytest.param(lambda: inline(b"GIF89a" + bytes(40)), "Unsupported", id="not read"),
        pytest.param(lambda: inline(picture()) | {"x": 1}, 'Unknown name "x"', id="odd field"),
    ],
)
def test_a_preview_that_cannot_be_is_refused_with_a_reason(
    told: RunningServer, body: Body, words: str
) -> None:
    with told.client(headers=PAGE) as client:
        reply = client.post("/playground/preview", json=body())
    assert reply.status_code == 400
    assert words in reply.json()["error"]["message"]


def test_previews_are_for_who_has_a_key_and_files_for_whose_they_are(
    start_server: StartServer,
) -> None:
    keyed = start_server(eyes=told_eyes())
    _, mine = Keys(keyed.data_dir).add("me")
    _, other = Keys(keyed.data_dir).add("other")
    address = keyed.url + "/playground/preview"
    assert httpx.post(address, json=inline(picture()), headers=PAGE).status_code == 403
    guess = PAGE | {"x-goog-api-key": "guess"}
    refused = httpx.post(address, json=inline(picture()), headers=guess)
    assert refused.json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"

    headers = PAGE | {"x-goog-api-key": mine}
    upload = f"{keyed.url}/upload/v1beta/files?uploadType=media"
    file = httpx.post(upload, content=picture(), headers=headers).json()["file"]
    stored = {"contents": [{"parts": [{"fileData": {"fileUri": file["uri"]}}]}]}
    assert httpx.post(address, json=stored, headers=headers).headers["x-picture-size"] == "640x420"
    stranger = httpx.post(address, json=stored, headers=PAGE | {"x-goog-api-key": other})
    assert stranger.json()["error"]["status"] == "PERMISSION_DENIED"


def test_pages_of_other_hosts_get_no_preview(told: RunningServer, browser: Browser) -> None:
    """Neither with the page's header, which the browser holds back, nor without it."""
    page = browser.new_page()
    with_key = {"content-type": "application/json", "x-goog-api-key": told.key}
    asked = """async ([url, headers, body]) => {
        try {
            return (await fetch(url, {method: "POST", headers, body})).status;
        } catch (error) {
            return error.name;
        }
    }"""
    address = told.url + "/playground/preview"
    page.goto(told.url.replace("127.0.0.1", "localhost") + "/health")
    body = json.dumps(inline(picture()))
    assert page.evaluate(asked, [address, with_key | PAGE, body]) == "TypeError"
    assert page.evaluate(asked, [address, with_key, body]) == 403
    page.goto(told.url + "/health")
    assert page.evaluate(asked, [address, with_key | PAGE, body]) == 200
    page.close()
