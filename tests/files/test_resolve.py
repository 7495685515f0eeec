from __future__ import annotations

import asyncio
import base64
import io
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from tests.files.stores import Clock, body, run_with_store
from twinsight.errors import FileForbidden, InvalidImage, InvalidValue, UnsupportedImage
from twinsight.files.fetch import Fetcher
from twinsight.files.local import LocalStore
from twinsight.files.resolve import read_headers, resolve, stored_id
from twinsight.files.store import FileWish, ImageFacts
from twinsight.prompt import ImageRef

WHERE = "contents[0].parts[0].file_data.file_uri"


@dataclass(frozen=True)
class Limits:
    max_image_bytes: int = 50_000
    fetch_hosts: tuple[str, ...] = ()


def png(wh: tuple[int, int] = (40, 30)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", wh, (200, 30, 90)).save(file, "PNG")
    return file.getvalue()


async def put(store: LocalStore, data: bytes, mime: str = "image/jpeg") -> str:
    upload = await store.start("me", FileWish(id="my-pic-1", mime=mime))
    await store.append(upload.token, 0, body(data))
    return (await store.finalize(upload.token)).id


@pytest.mark.parametrize(
    ("uri", "file_id"),
    [
        ("files/abc", "abc"),
        ("http://127.0.0.1:8080/v1beta/files/my-pic-1", "my-pic-1"),
        ("https://generativelanguage.googleapis.com/v1beta/files/abc", "abc"),
        ("HTTPS://anything/else/v9/files/abc?key=x", "abc"),
        ("https://h/gw/v1/files/abc#x", "abc"),
        ("https://h/v1%2Ffiles%2Fabc", "abc"),
        ("https:/h/v1/files//abc/", "abc"),
        ("odd+scheme://h/files/abc", "abc"),
        ("https://h/files/photo.jpg", None),
        ("https://h/files/", None),
        ("https://h/profiles/abc", None),
        ("https://h/a.png", None),
        ("gs://bucket/files/abc", None),
        ("data:image/png;base64,QUJD/files/abc", None),
        ("", None),
    ],
)
def test_the_file_that_a_uri_names(uri: str, file_id: str | None) -> None:
    assert stored_id(uri) == file_id


@pytest.mark.parametrize("uri", ["files/", "files/ABC", "files/../x", "files/a/b", "files/é"])
def test_a_bare_name_that_cannot_be_is_a_missing_file(uri: str) -> None:
    with pytest.raises(FileForbidden):
        stored_id(uri)


@pytest.mark.parametrize("uri", ["files/my-pic-1", "https://elsewhere/v1/files/my-pic-1"])
def test_a_stored_picture(tmp_path: Path, uri: str) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        await put(store, png())
        ref = ImageRef(WHERE, uri=uri)
        await resolve([ref], "me", store, Limits())
        # By its bytes: the label said JPEG.
        assert (ref.mime, ref.wh) == ("image/png", (40, 30))
        assert await asyncio.to_thread(ref.encoded) == png()

    run_with_store(tmp_path, scenario)


def test_a_header_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        file_id = await put(store, png())
        await resolve([ImageRef(WHERE, uri="files/my-pic-1")], "me", store, Limits())
        assert (await store.get("me", file_id)).image == ImageFacts("image/png", (40, 30))
        monkeypatch.delattr("twinsight.files.resolve.read_header")
        again = ImageRef(WHERE, uri="files/my-pic-1")
        await resolve([again], "me", store, Limits())
        assert again.wh == (40, 30)

    run_with_store(tmp_path, scenario)


def test_another_keys_picture_is_missing(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        await put(store, png())
        for owner, uri in (("you", "files/my-pic-1"), ("me", "files/other")):
            with pytest.raises(FileForbidden):
                await resolve([ImageRef(WHERE, uri=uri)], owner, store, Limits())

    run_with_store(tmp_path, scenario)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        pytest.param(b"GIF89a" + bytes(50), UnsupportedImage, id="gif"),
        pytest.param(png()[:12], InvalidImage, id="cut"),
        pytest.param(png() + bytes(60_000), InvalidValue, id="large"),
    ],
)
def test_a_stored_file_that_is_no_usable_picture(
    tmp_path: Path, data: bytes, error: type[Exception]
) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        await put(store, data)
        with pytest.raises(error, match=re.escape(WHERE)):
            await resolve([ImageRef(WHERE, uri="files/my-pic-1")], "me", store, Limits())

    run_with_store(tmp_path, scenario)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(base64.b64encode(png()).decode(), id="standard"),
        pytest.param(base64.urlsafe_b64encode(png()).decode().rstrip("="), id="url-safe"),
        pytest.param(quote(base64.b64encode(png()).decode()), id="percent"),
        pytest.param(base64.encodebytes(png()).decode(), id="wrapped"),
    ],
)
def test_data_uris(tmp_path: Path, text: str) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        ref = ImageRef(WHERE, uri=f"data:image/png;base64,{text}")
        inline = ImageRef("contents[0].parts[1].inline_data", data=png((7, 9)))
        await resolve([ref, inline], "me", store, Limits())
        read_headers([ref, inline])
        assert (ref.mime, ref.wh, ref.encoded()) == ("image/png", (40, 30), png())
        assert inline.wh == (7, 9)

    run_with_store(tmp_path, scenario)


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("data:image/png,plain", "must be 'data:"),
        ("data:image/png;base64", "must be 'data:"),
        ("data:image/png;base64,é?", "cannot be decoded"),
        ("gs://bucket/pic.png", "no access to gs://"),
        ("https://www.youtube.com/watch?v=x", "videos are not supported"),
        ("https://youtu.be/x", "videos are not supported"),
        ("https://example.org/pic.png", "fetches nothing by URL"),
        ("file:///etc/passwd", "does not name a file"),
        ("pic.png", "does not name a file"),
        ("http://[::1/x", "is not a URI"),
    ],
)
def test_what_names_no_picture_is_said_with_its_place(tmp_path: Path, uri: str, why: str) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        with pytest.raises(InvalidValue, match=why) as raised:
            await resolve([ImageRef(WHERE, uri=uri)], "me", store, Limits())
        assert WHERE in raised.value.message

    run_with_store(tmp_path, scenario)


@contextmanager
def picture_host(data: bytes) -> Iterator[int]:
    """A host that answers every connection with the same picture."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            with line:
                line.recv(65536)
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + data)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def test_a_fetched_picture(tmp_path: Path) -> None:
    async def scenario(store: LocalStore, clock: Clock) -> None:
        with picture_host(png()) as port:
            fetcher = Fetcher(
                (f"pics.example:{port}",),
                2 * len(png()),
                resolver=lambda host, port: ["127.0.0.1"],
                allow_private=True,
            )
            refs = [ImageRef(WHERE, uri=f"http://pics.example:{port}/{n}.png") for n in range(3)]
            await resolve(refs[:2], "me", store, Limits(), fetcher)
            read_headers(refs[:2])
            assert [ref.wh for ref in refs] == [(40, 30), (40, 30), (0, 0)]
            with pytest.raises(InvalidValue, match="bytes allowed"):
                await resolve(
                    [ImageRef(WHERE, uri=ref.uri) for ref in refs], "me", store, Limits(), fetcher
                )
            strict = Fetcher(fetcher.hosts, resolver=fetcher.resolver)
            with pytest.raises(InvalidValue, match="not public"):
                await resolve(refs[2:], "me", store, Limits(), strict)

    run_with_store(tmp_path, scenario)
