"""Twinsight in half a minute: a server on a free port, Google's own SDK, a photo, an answer.

Run it by `make try`, with your own photo by `make try IMAGE=photo.jpg`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from google import genai
from google.genai import errors, types
from PIL import Image

from twinsight.geometry import overlay
from twinsight.geometry.boxes import from_yxyx_1000
from twinsight.geometry.detections import Detections
from twinsight.image.decode import decode

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "src/twinsight/samples/coffee.jpg"
DRAWN = ROOT / "out/try.png"


def main() -> None:
    photo = Path(os.environ.get("IMAGE") or SAMPLE)
    if not photo.is_file():
        sys.exit(f"There is no file {photo}.")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "server.log"
        server, url = start_server(Path(folder), log)
        try:
            ask(photo, url)
        except errors.ClientError as refused:
            sys.exit(f"The server refuses it: {refused.message}")
        except Exception:
            print(log.read_text()[-2000:], file=sys.stderr)
            raise
        finally:
            server.terminate()
            server.wait(10)


def start_server(folder: Path, log: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A server of our own on a free port, and its URL once it is ready."""
    command = [sys.executable, "-m", "twinsight", "serve", "--port", "0", "--data-dir", str(folder)]
    with log.open("wb") as file:
        server = subprocess.Popen(command, stderr=file)
    for _ in range(600):
        ready = re.search(r"answers at\s+(http://\S+)", log.read_text())
        if ready:
            return server, ready.group(1)
        if server.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit(f"The server did not start:\n{log.read_text()}")


def ask(photo: Path, url: str) -> None:
    print(f"Server at {url}. Asking about {photo} through google-genai {genai.__version__}:\n")
    client = genai.Client(api_key="any", http_options=types.HttpOptions(base_url=url))
    image = types.Part.from_bytes(data=photo.read_bytes(), mime_type="image/jpeg")

    say(client, image, "Caption this image.")
    say(client, image, "How many cups are there?" if photo == SAMPLE else "What do you see?")
    started = time.perf_counter()
    found = client.models.generate_content(
        model="gemini-2.5-flash",
        contents=[image, "Detect all of the prominent items in the image."],
        config=types.GenerateContentConfig(response_mime_type="application/json"),
    )
    boxes = json.loads(found.text or "[]")
    print(f"> Detect all of the prominent items in the image.   {elapsed(started)}")
    for box in boxes:
        print(f"  {box['label']:<20} box_2d {box['box_2d']}")
    draw(photo, boxes)
    print(f"\nDrawn in {DRAWN.relative_to(ROOT)}. Your own photo: make try IMAGE=photo.jpg")


def say(client: genai.Client, image: types.Part, question: str) -> None:
    started = time.perf_counter()
    reply = client.models.generate_content(model="gemini-2.5-flash", contents=[image, question])
    print(f"> {question}   {elapsed(started)}\n  {reply.text}\n")


def elapsed(started: float) -> str:
    return f"({(time.perf_counter() - started) * 1000:.0f} ms)"


def draw(photo: Path, boxes: list[dict[str, object]]) -> None:
    picture = Image.fromarray(decode(photo.read_bytes()).rgb)
    yxyx_1000 = np.array([box["box_2d"] for box in boxes], np.int64).reshape(-1, 4)
    seen = Detections(
        from_yxyx_1000(yxyx_1000, picture.size),
        np.ones(len(boxes), np.float32),
        tuple(str(box["label"]) for box in boxes),
    )
    DRAWN.parent.mkdir(exist_ok=True)
    Image.fromarray(overlay.draw(np.asarray(picture), seen, scores=False)).save(DRAWN)


if __name__ == "__main__":
    main()
