"""Drive google-genai for Python: one JSON command a line in, one JSON reply a line out.

The commands are those of `tests/clients/README.md`. It runs inside a client environment that
holds one version of the SDK, from 1.16.1 to 3.x, so it uses only what all of them have.
`"async": true` in a command takes the asynchronous client (aiohttp, unless `HIDE_AIOHTTP` is set).
"""

import asyncio
import contextlib
import json
import os
import sys
import time
from pathlib import Path

if os.environ.get("HIDE_AIOHTTP"):
    sys.modules["aiohttp"] = None  # the SDK then falls back to httpx for its asynchronous calls

from google import genai
from google.genai import types
from PIL import Image
from pydantic import BaseModel

REPLIES = sys.stdout
sys.stdout = sys.stderr  # whatever a library prints must not end up between the replies
CLIENTS = {}


def client_for(command):
    """The client that the command asks for; without base_url, one built from the environment."""
    wanted = {k: command[k] for k in ("base_url", "key", "api_version", "vertex") if k in command}
    mark = json.dumps(wanted, sort_keys=True)
    if mark not in CLIENTS:
        options = {k: wanted[k] for k in ("base_url", "api_version") if k in wanted}
        given = {"http_options": options} if options else {}
        if "key" in wanted:
            given["api_key"] = wanted["key"]
        if wanted.get("vertex"):
            given["vertexai"] = True
        CLIENTS[mark] = genai.Client(**given)
    return CLIENTS[mark]


def part(client, spec):
    """One part: text, image (path), pil (path), uri, file (name), or raw (a Part as on the wire)."""
    if "text" in spec:
        return types.Part(text=spec["text"])
    if "image" in spec:
        photo = Path(spec["image"]).read_bytes()
        made = types.Part.from_bytes(data=photo, mime_type=spec["mime"])
        if "level" in spec:
            made.media_resolution = types.PartMediaResolution(level=spec["level"])
        return made
    if "pil" in spec:
        picture = Image.open(spec["pil"])
        if "mode" in spec:
            picture = picture.convert(spec["mode"])
        if "thumbnail" in spec:
            picture.thumbnail(spec["thumbnail"])
        return picture
    if "uri" in spec:
        return types.Part.from_uri(file_uri=spec["uri"], mime_type=spec["mime"])
    if "file" in spec:
        return client.files.get(name=spec["file"])
    return types.Part.model_validate(spec["raw"])


def contents(client, command):
    """The turns of a command; a single turn goes as a plain list, as the guide writes it."""
    turns = command["contents"]
    if len(turns) == 1:
        return [part(client, spec) for spec in turns[0]["parts"]]
    return [
        types.Content(role=turn["role"], parts=[part(client, spec) for spec in turn["parts"]])
        for turn in turns
    ]


def config(command):
    """GenerateContentConfig from camelCase JSON; named tools become Python callables."""
    given = command.get("config")
    if given is None:
        return None
    made = types.GenerateContentConfig.model_validate(given)
    if "python_schema" in command:
        made.response_schema = SCHEMAS[command["python_schema"]]
    if "python_tool" in command:
        made.tools = [TOOLS[command["python_tool"]]]
    return made


class Box(BaseModel):
    """The element type that the detection test asks for."""

    box_2d: list[int]
    label: str


def photo_weather(place: str) -> str:
    """Says what the weather was where the photo was taken.

    Args:
      place: the town.
    """
    return f"It was sunny in {place}."


SCHEMAS = {"list[Box]": list[Box]}
TOOLS = {"photo_weather": photo_weather}


def dump(value):
    """An SDK object as the JSON that it came from."""
    if isinstance(value, list):
        return [dump(item) for item in value]
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    return value


def reply(response):
    """A generateContent reply: its text, its `.parsed`, and the whole as JSON."""
    parsed = dump(response.parsed)
    response.parsed = None
    return {"text": response.text, "parsed": parsed, "response": dump(response)}


class Direct:
    """The commands through the ordinary client."""

    def generate(self, client, command):
        return reply(
            client.models.generate_content(
                model=command["model"], contents=contents(client, command), config=config(command)
            )
        )

    def stream(self, client, command, seen):
        for chunk in client.models.generate_content_stream(
            model=command["model"], contents=contents(client, command), config=config(command)
        ):
            seen.append(chunk)

    def chat_stream(self, client, command):
        chat = client.chats.create(model=command["model"])
        replies = []
        for turn in command["turns"]:
            message = [part(client, spec) for spec in turn]
            replies.append("".join(c.text or "" for c in chat.send_message_stream(message)))
        return {"replies": replies, "history": history(chat)}

    def count(self, client, command):
        return dump(
            client.models.count_tokens(model=command["model"], contents=contents(client, command))
        )

    def models_list(self, client, command):
        return [dump(m) for m in client.models.list(config=command.get("config"))]

    def models_get(self, client, command):
        return dump(client.models.get(model=command["model"]))

    def upload(self, client, command):
        with opened(command) as file:
            return dump(client.files.upload(file=file, config=command.get("config")))

    def files_get(self, client, command):
        return dump(client.files.get(name=command["name"]))

    def files_list(self, client, command):
        return [dump(f) for f in client.files.list(config=command.get("config"))]

    def files_delete(self, client, command):
        return dump(client.files.delete(name=command["name"]))


class Async:
    """The same commands through `client.aio`."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()

    def __getattribute__(self, name):
        if name in ("loop",) or name.startswith("_"):
            return object.__getattribute__(self, name)
        coroutine = object.__getattribute__(self, name)
        return lambda *given: self.loop.run_until_complete(coroutine(*given))

    async def generate(self, client, command):
        return reply(
            await client.aio.models.generate_content(
                model=command["model"], contents=contents(client, command), config=config(command)
            )
        )

    async def stream(self, client, command, seen):
        async for chunk in await client.aio.models.generate_content_stream(
            model=command["model"], contents=contents(client, command), config=config(command)
        ):
            seen.append(chunk)

    async def chat_stream(self, client, command):
        chat = client.aio.chats.create(model=command["model"])
        replies = []
        for turn in command["turns"]:
            message = [part(client, spec) for spec in turn]
            text = ""
            async for chunk in await chat.send_message_stream(message):
                text += chunk.text or ""
            replies.append(text)
        return {"replies": replies, "history": history(chat)}

    async def count(self, client, command):
        return dump(
            await client.aio.models.count_tokens(
                model=command["model"], contents=contents(client, command)
            )
        )

    async def models_list(self, client, command):
        pager = await client.aio.models.list(config=command.get("config"))
        return [dump(m) async for m in pager]

    async def models_get(self, client, command):
        return dump(await client.aio.models.get(model=command["model"]))

    async def upload(self, client, command):
        with opened(command) as file:
            return dump(await client.aio.files.upload(file=file, config=command.get("config")))

    async def files_get(self, client, command):
        return dump(await client.aio.files.get(name=command["name"]))

    async def files_list(self, client, command):
        pager = await client.aio.files.list(config=command.get("config"))
        return [dump(f) async for f in pager]

    async def files_delete(self, client, command):
        return dump(await client.aio.files.delete(name=command["name"]))


@contextlib.contextmanager
def opened(command):
    """What `files.upload` gets: the path, or an open stream when the command says so."""
    if not command.get("as_stream"):
        yield command["path"]
        return
    with Path(command["path"]).open("rb") as file:
        yield file


def history(chat):
    """The curated history: what the chat would send with its next message."""
    return [
        {"role": c.role, "text": "".join(p.text or "" for p in c.parts or [])}
        for c in chat.get_history(curated=True)
    ]


def failure(error):
    """An exception as JSON: class, HTTP code, Google status, message."""
    return {
        "class": type(error).__name__,
        "code": getattr(error, "code", None),
        "status": getattr(error, "status", None),
        "message": str(getattr(error, "message", None) or error),
        "details": getattr(error, "details", None),
    }


DIRECT = Direct()
ASYNC = Async()


def answer(command):
    """Run one command."""
    side = ASYNC if command.get("async") else DIRECT
    client = client_for(command)
    if command["op"] != "stream":
        return getattr(side, command["op"])(client, command)
    seen = Timed()
    try:
        side.stream(client, command, seen)
    except Exception as error:
        return {"error": failure(error), "texts": [c.text or "" for c in seen]}
    return {
        "texts": [c.text or "" for c in seen],
        "chunks": [dump(c) for c in seen],
        "first_s": seen.first_s,
    }


class Timed(list):
    """A list that remembers how long its first element took."""

    def __init__(self):
        super().__init__()
        self.began = time.monotonic()
        self.first_s = None

    def append(self, item):
        if self.first_s is None:
            self.first_s = round(time.monotonic() - self.began, 3)
        super().append(item)


def main():
    """Answer commands until the input ends."""
    print(json.dumps({"sdk": genai.__version__}), file=REPLIES, flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        began = time.monotonic()
        try:
            done = {"result": answer(command)}
        except Exception as error:
            done = {"error": failure(error)}
        if isinstance(done.get("result"), dict) and "error" in done["result"]:
            done["error"] = done["result"].pop("error")
        done["elapsed_s"] = round(time.monotonic() - began, 3)
        print(json.dumps(done, default=str), file=REPLIES, flush=True)


if __name__ == "__main__":
    main()
