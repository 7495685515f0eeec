"""The nginx configuration of the deployment page, in front of a real server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import SAMPLES, RunningServer
from tests.docs.conftest import free_port
from tests.docs.pages import blocks

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not on the PATH")

AROUND = """\
daemon off;
error_log stderr;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {server}
}}
"""


@pytest.fixture
def proxied(server: RunningServer, tmp_path: Path) -> Iterator[str]:
    """The address under which nginx, configured as the page says but for TLS, offers a server."""
    (shown,) = (b.text for b in blocks("docs/deploy.md") if b.language == "nginx")
    port = free_port()
    told = shown.replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    told = re.sub(r"^ *ssl_.*\n", "", told, flags=re.MULTILINE)
    told = told.replace("http://127.0.0.1:8080", server.url)
    config = tmp_path / "nginx.conf"
    config.write_text(AROUND.format(folder=tmp_path, server=told))
    command = [str(NGINX), "-p", str(tmp_path), "-c", str(config), "-e", "stderr"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    url = f"http://127.0.0.1:{port}/gemini"
    try:
        wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.communicate(timeout=10)


def wait_for(url: str, process: subprocess.Popen[str]) -> None:
    """Waits until the proxy listens; fails when it ended."""
    while True:
        assert process.poll() is None, process.communicate()[1]
        try:
            httpx.get(f"{url}/health").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.02)
        else:
            return


def test_upload_question_and_stream_through_nginx(proxied: str) -> None:
    photo = (SAMPLES / "coffee.jpg").read_bytes()
    with httpx.Client(headers={"x-goog-api-key": "any"}, timeout=30) as client:
        start = client.post(
            f"{proxied}/upload/v1beta/files",
            json={},
            headers={
                "X-Goog-Upload-Protocol": "resumable",
                "X-Goog-Upload-Command": "start",
                "X-Goog-Upload-Header-Content-Length": str(len(photo)),
            },
        )
        upload_url = start.headers["x-goog-upload-url"]
        assert upload_url.startswith(f"{proxied}/upload/")
        headers = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"}
        file = client.post(upload_url, content=photo, headers=headers).json()["file"]
        assert file["uri"].startswith(f"{proxied}/v1beta/files/")
        parts = [{"fileData": {"fileUri": file["uri"]}}, {"text": "Is there a cup?"}]
        ask = f"{proxied}/v1beta/models/gemini-2.5-flash"
        asked = {"contents": [{"parts": parts}]}
        whole = client.post(f"{ask}:generateContent", json=asked).json()
        stream = client.post(f"{ask}:streamGenerateContent?alt=sse", json=asked)
        client.delete(f"{proxied}/v1beta/{file['name']}").raise_for_status()
    chunks = [json.loads(line[6:]) for line in stream.text.splitlines() if line]
    told = "".join(c["candidates"][0]["content"]["parts"][0]["text"] for c in chunks)
    assert told == whole["candidates"][0]["content"]["parts"][0]["text"]
    assert "cup" in told
