"""curl as a client: the same commands as the SDK drivers, sent by the real program.

Bodies are written the way REST samples write them: snake_case parts, the key in the query, and a
form content type on the bytes of an upload.
"""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

_TOP_LEVEL = {
    "systemInstruction": "system_instruction",
    "tools": "tools",
    "toolConfig": "tool_config",
    "safetySettings": "safety_settings",
    "cachedContent": "cached_content",
}


class Refused(Exception):
    """A reply other than 200, or a line in a stream that tells of an error."""

    def __init__(self, error: dict[str, Any], code: int) -> None:
        super().__init__(error.get("message", ""))
        self.shown = {
            "class": "curl",
            "code": code,
            "status": error.get("status"),
            "message": error.get("message"),
            "details": error.get("details"),
        }


def fetch(url: str, *words: str, body: bytes | None = None, seconds: float = 60) -> Fetched:
    """Run curl once, the body through a file as the guide's samples do."""
    with tempfile.TemporaryDirectory() as folder:
        heads, got = Path(folder, "heads"), Path(folder, "body")
        line = ["curl", "-sS", "--max-time", str(seconds), "-D", str(heads), "-o", str(got)]
        if body is not None:
            Path(folder, "sent").write_bytes(body)
            line += ["--data-binary", f"@{folder}/sent"]
        done = subprocess.run(
            [*line, "-w", "%{http_code}", *words, url], capture_output=True, text=True
        )
        assert done.returncode == 0, f"curl {url}: {done.stderr}"
        content = got.read_bytes() if got.exists() else b""
        return Fetched(int(done.stdout), heads.read_text("latin-1"), content)


class Fetched:
    """Status, headers (of the last reply) and body of one transfer."""

    def __init__(self, status: int, heads: str, body: bytes) -> None:
        self.status = status
        self.body = body
        last = heads.replace("\r", "").strip().split("\n\n")[-1].split("\n")[1:]
        pairs = (line.partition(": ") for line in last)
        self.headers = {name.lower(): value for name, _, value in pairs}

    def json(self) -> Any:
        """The body, checked to be what every success must be: JSON with status 200."""
        value = json.loads(self.body)
        if self.status != 200:
            error = value[0] if isinstance(value, list) else value
            raise Refused(error["error"], self.status)
        return value


class Api:
    """The REST calls of one server and key."""

    def __init__(self, base: str, key: str, version: str, seconds: float) -> None:
        self.base = base.rstrip("/")
        self.key = key
        self.version = version
        self.seconds = seconds

    def url(self, path: str, **query: Any) -> str:
        if self.key:
            query["key"] = self.key
        given = {name: value for name, value in query.items() if value}
        return f"{self.base}/{self.version}/{path}" + (f"?{urlencode(given)}" if given else "")

    def post(self, path: str, value: Any, **query: Any) -> Fetched:
        kind = "Content-Type: application/json"
        body = json.dumps(value).encode()
        return fetch(self.url(path, **query), "-H", kind, body=body, seconds=self.seconds)

    def get(self, path: str, **query: Any) -> Any:
        return fetch(self.url(path, **query), seconds=self.seconds).json()

    def part(self, spec: dict[str, Any]) -> dict[str, Any]:
        if "image" in spec:
            data = base64.encodebytes(Path(spec["image"]).read_bytes()).decode()
            made: dict[str, Any] = {"inline_data": {"mime_type": spec["mime"], "data": data}}
            return made | (
                {"media_resolution": {"level": spec["level"]}} if "level" in spec else {}
            )
        if "uri" in spec:
            return {"file_data": {"file_uri": spec["uri"], "mime_type": spec["mime"]}}
        if "file" in spec:
            file = self.get(spec["file"])
            return {"file_data": {"file_uri": file["uri"], "mime_type": file["mimeType"]}}
        raw: dict[str, Any] = spec.get("raw", spec)
        return raw

    def body(self, command: dict[str, Any]) -> dict[str, Any]:
        turns = [
            {"role": turn["role"], "parts": [self.part(spec) for spec in turn["parts"]]}
            for turn in command["contents"]
        ]
        config = dict(command.get("config") or {})
        lifted = {snake: config.pop(name) for name, snake in _TOP_LEVEL.items() if name in config}
        return {"contents": turns, **lifted} | ({"generationConfig": config} if config else {})

    def pages(self, path: str, key: str, size: int | None) -> list[Any]:
        items: list[Any] = []
        token = ""
        for _ in range(100):
            page = self.get(path, pageSize=size, pageToken=token)
            items += page.get(key, [])
            token = page.get("nextPageToken", "")
            if not token:
                return items
        raise AssertionError(f"{path}: the page tokens never end")

    def upload(self, path: Path, config: dict[str, Any]) -> Any:
        data = path.read_bytes()
        given = {"display_name": config.get("displayName"), "name": config.get("name")}
        kinds = {".png": "image/png", ".jpg": "image/jpeg", ".txt": "text/plain"}
        kind = config.get("mimeType") or kinds.get(path.suffix, "application/octet-stream")
        start = fetch(
            f"{self.base}/upload/{self.version}/files?key={self.key}",
            "-H", "X-Goog-Upload-Protocol: resumable",
            "-H", "X-Goog-Upload-Command: start",
            "-H", f"X-Goog-Upload-Header-Content-Length: {len(data)}",
            "-H", f"X-Goog-Upload-Header-Content-Type: {kind}",
            "-H", "Content-Type: application/json",
            body=json.dumps({"file": {k: v for k, v in given.items() if v}}).encode(),
        )  # fmt: skip
        if start.status != 200:
            start.json()
        sent = fetch(
            start.headers["x-goog-upload-url"],
            "-H", "X-Goog-Upload-Offset: 0",
            "-H", "X-Goog-Upload-Command: upload, finalize",
            body=data, seconds=self.seconds,
        )  # fmt: skip
        return sent.json()["file"]


def spoken(reply: dict[str, Any]) -> str:
    """All text of a reply's first candidate."""
    candidates = reply.get("candidates") or [{}]
    parts = candidates[0].get("content", {}).get("parts", [])
    return "".join(part.get("text", "") for part in parts)


def stream(api: Api, command: dict[str, Any]) -> dict[str, Any]:
    """Server-sent events, read line by line as they come."""
    reply = api.post(
        f"models/{command['model']}:streamGenerateContent", api.body(command), alt="sse"
    )
    if reply.status != 200:
        reply.json()
    chunks = []
    for line in reply.body.decode().splitlines():
        if line.startswith("data: "):
            chunks.append(json.loads(line.removeprefix("data: ")))
            if "error" in chunks[-1]:
                raise Refused(chunks[-1]["error"], chunks[-1]["error"]["code"])
    return {"texts": [spoken(chunk) for chunk in chunks], "chunks": chunks, "first_s": None}


def chat_stream(api: Api, command: dict[str, Any]) -> dict[str, Any]:
    """A chat as a shell user would keep it: the turns so far sent again each time."""
    turns: list[dict[str, Any]] = []
    replies = []
    for parts in command["turns"]:
        turns.append({"role": "user", "parts": parts})
        said = stream(api, {**command, "contents": turns})
        replies.append("".join(said["texts"]))
        turns.append({"role": "model", "parts": [{"text": replies[-1]}]})
    history = [
        {"role": turn["role"], "text": "".join(part.get("text", "") for part in turn["parts"])}
        for turn in turns
    ]
    return {"replies": replies, "history": history}


def run(api: Api, command: dict[str, Any]) -> Any:
    """One command."""
    op, config = command["op"], command.get("config") or {}
    if op == "generate":
        reply = api.post(f"models/{command['model']}:generateContent", api.body(command)).json()
        return {"text": spoken(reply), "response": reply}
    if op == "stream":
        return stream(api, command)
    if op == "chat_stream":
        return chat_stream(api, command)
    if op == "count":
        body = {"contents": api.body(command)["contents"]}
        return api.post(f"models/{command['model']}:countTokens", body).json()
    if op == "models_list":
        return api.pages("models", "models", config.get("pageSize"))
    if op == "models_get":
        return api.get(f"models/{command['model']}")
    if op == "upload":
        return api.upload(Path(command["path"]), config)
    if op == "files_get":
        return api.get(command["name"])
    if op == "files_list":
        return api.pages("files", "files", config.get("pageSize"))
    if op == "files_delete":
        return fetch(api.url(command["name"]), "-X", "DELETE", seconds=api.seconds).json()
    raise AssertionError(f"unknown op {op}")


def ask(command: dict[str, Any], url: str, key: str, seconds: float) -> dict[str, Any]:
    """Answer as the drivers do: `result` or `error`, and the time."""
    version = command.get("api_version", "v1beta")
    version = "v1beta1/publishers/google" if command.get("vertex") else version
    api = Api(command.get("base_url", url), command.get("key", key), version, seconds)
    began = time.monotonic()
    try:
        done: dict[str, Any] = {"result": run(api, command)}
    except Refused as refused:
        done = {"error": refused.shown}
    return done | {"elapsed_s": time.monotonic() - began}
