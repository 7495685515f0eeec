"""What a server in front of a model's server adds: Twinsight and LiteLLM's proxy, in one run.

    python -m bench.engine [--litellm PATH/litellm] [--seconds 5] [--rounds 5]

Both stand before the same upstream (`bench.upstream`) and get the same Gemini request: one photo of
1 MB, inline. `direct` is the same photo in an OpenAI request, straight to the upstream. In each
round all take their turns, so that what else the machine does falls upon all alike; told are the
medians of the rounds: how many clients ask at a time, requests a second, median and 99th percentile
of the time for one, the processor's time for one, and the memory of the process tree. The clients
share the cores with what they measure, so all are coroutines of one thread that takes as little as
it can: as threads they wait for each other's interpreter lock, and the slowest hundredth is theirs.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httptools
import numpy as np
import psutil

from bench.server import BenchServer, photo_of

CLIENTS = (1, 16, 64)
QUESTION = "What is in this picture?"
GEMINI = "/v1beta/models/gemini-2.5-flash:generateContent"


@dataclass(frozen=True)
class Front:
    """Somebody to ask: where, what, and how its answer is checked."""

    name: str
    port: int
    path: str
    body: bytes
    says: Callable[[Any], str]
    process: psutil.Process


@dataclass(frozen=True)
class Round:
    """One turn of one front: requests a second; milliseconds of time and of processor for one."""

    rate: float
    p50: float
    p99: float
    cpu: float
    failures: int
    requests: int
    pictures: int


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def running(command: list[str], port: int, path: str, **environ: str) -> Iterator[psutil.Process]:
    """A process, once it answers."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env=os.environ | environ
        )
        try:
            for _ in range(600):
                if _answers(port, path):
                    break
                if process.poll() is not None:
                    log.seek(0)
                    raise SystemExit(f"{command[0]} ended: {log.read()[-3000:].decode()}")
                time.sleep(0.2)
            else:
                raise SystemExit(f"{command[0]} does not answer")
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(30)


def _answers(port: int, path: str) -> bool:
    try:
        return get(port, path)[0] < 500
    except OSError:
        return False


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Authorization": "Bearer sk-bench"})
    reply = connection.getresponse()
    content = reply.read()
    connection.close()
    return reply.status, content


def measured(front: Front, clients: int, seconds: float) -> tuple[float, list[float], int]:
    """Requests a second, the milliseconds of each, and how many failed."""
    return asyncio.run(_measured(front, clients, seconds))


async def _measured(front: Front, clients: int, seconds: float) -> tuple[float, list[float], int]:
    began = time.perf_counter()
    ended = await asyncio.gather(
        *(_client(front, began + seconds) for _ in range(clients)),
    )
    took = time.perf_counter() - began
    times = [each for mine, _ in ended for each in mine]
    return len(times) / took, times, sum(failures for _, failures in ended)


async def _client(front: Front, end: float) -> tuple[list[float], int]:
    """One client that asks again as soon as it has its answer: its times, and how many failed."""
    message = _head(front) + front.body
    times, failures = [], 0
    wire: socket.socket | None = None
    while time.perf_counter() < end:
        start = time.perf_counter()
        try:
            wire = wire or await _connected(front.port)
            is_right = "coffee" in front.says(json.loads(await _asked(wire, message)))
        except (OSError, httptools.HttpParserError, LookupError, ValueError):
            is_right = False
        if not is_right and wire is not None:
            wire.close()
            wire = None
        failures += not is_right
        times.append(1000 * (time.perf_counter() - start))
    if wire is not None:
        wire.close()
    return times, failures


def _head(front: Front) -> bytes:
    lines = (
        f"POST {front.path} HTTP/1.1",
        f"Host: 127.0.0.1:{front.port}",
        "Content-Type: application/json",
        "x-goog-api-key: sk-bench",
        f"Content-Length: {len(front.body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


async def _connected(port: int) -> socket.socket:
    wire = socket.socket()
    wire.setblocking(False)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    await asyncio.get_running_loop().sock_connect(wire, ("127.0.0.1", port))
    return wire


async def _asked(wire: socket.socket, message: bytes) -> bytes:
    """The body of the reply. Raises OSError when it is not a 200, or none comes in a minute."""
    loop = asyncio.get_running_loop()
    reply = _Reply()
    parser = httptools.HttpResponseParser(reply)
    async with asyncio.timeout(60):
        await loop.sock_sendall(wire, message)
        while not reply.is_whole:
            piece = await loop.sock_recv(wire, 65_536)
            if not piece:
                raise ConnectionError("the connection ended within a reply")
            parser.feed_data(piece)
    if parser.get_status_code() != 200:
        raise OSError(f"status {parser.get_status_code()}")
    return bytes(reply.body)


class _Reply:
    """What httptools calls as it reads."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.is_whole = False

    def on_body(self, piece: bytes) -> None:
        self.body += piece

    def on_message_complete(self) -> None:
        self.is_whole = True


def memory_mb(process: psutil.Process) -> float:
    tree = [process, *process.children(recursive=True)]
    return float(sum(one.memory_info().rss for one in tree)) / 1e6


def gemini_words(reply: Any) -> str:
    text: str = reply["candidates"][0]["content"]["parts"][0]["text"]
    return text


def openai_words(reply: Any) -> str:
    text: str = reply["choices"][0]["message"]["content"]
    return text


def cpu_ms(process: psutil.Process) -> float:
    times = process.cpu_times()
    return 1000 * float(times.user + times.system)


def turn(front: Front, upstream: int, clients: int, seconds: float) -> Round:
    before, spent = json.loads(get(upstream, "/seen")[1]), cpu_ms(front.process)
    rate, times, failures = measured(front, clients, seconds)
    after, cpu = json.loads(get(upstream, "/seen")[1]), cpu_ms(front.process) - spent
    p50, p99 = (float(value) for value in np.percentile(times, [50, 99]))
    came, pictures = (after[name] - before[name] for name in ("requests", "pictures"))
    return Round(rate, p50, p99, cpu / len(times), failures, came, pictures)


def report(fronts: list[Front], upstream: int, rounds: int, seconds: float) -> None:
    """The rows of each number of clients, and how Twinsight and LiteLLM compare."""
    for front in fronts:
        measured(front, 2, 2.0)
    for clients in CLIENTS:
        told: dict[str, list[Round]] = {front.name: [] for front in fronts}
        for _ in range(rounds):
            for front in fronts:
                told[front.name].append(turn(front, upstream, clients, seconds))
        for front in fronts:
            print(_row(front, clients, told[front.name]), flush=True)
        if "LiteLLM" in told:
            print(_ratios(clients, *told.values()), flush=True)


def _row(front: Front, clients: int, told: list[Round]) -> str:
    rate, p50, p99, cpu = (
        median(getattr(one, name) for one in told) for name in ("rate", "p50", "p99", "cpu")
    )
    came, pictures, failures = (
        sum(getattr(one, name) for one in told) for name in ("requests", "pictures", "failures")
    )
    return (
        f"| {front.name} | {clients} | {rate:.0f} | {p50:.1f} | {p99:.1f} | {cpu:.1f} | "
        f"{memory_mb(front.process):.0f} | {pictures} of {came} | {failures} |"
    )


def _ratios(clients: int, direct: list[Round], ours: list[Round], theirs: list[Round]) -> str:
    """Medians of the rounds' ratios; `added` is what comes on top of the direct way."""
    turns = list(zip(direct, ours, theirs, strict=True))
    rate = median(our.rate / their.rate for _, our, their in turns)
    added = {
        name: median(
            (getattr(their, name) - getattr(bare, name))
            / max(0.01, getattr(our, name) - getattr(bare, name))
            for bare, our, their in turns
        )
        for name in ("p50", "p99")
    }
    return (
        f"{clients} clients: LiteLLM adds {added['p50']:.1f} times as much to the median and "
        f"{added['p99']:.1f} times to the 99th percentile; Twinsight answers {rate:.1f} times as "
        "many requests a second"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--litellm", type=Path, help="LiteLLM's program, of litellm[proxy]")
    parser.add_argument("--seconds", type=float, default=5.0, help="of one turn")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    photo = base64.b64encode(photo_of(1_000_000)).decode()
    upstream = free_port()
    print(
        f"One photo of {len(photo) * 3 // 4} bytes, {options.rounds} rounds of "
        f"{options.seconds:g} s a turn"
    )
    print("| | clients | requests/s | p50 ms | p99 ms | CPU ms | MB | pictures upstream | failed |")
    print("| --- |" + " --- |" * 8)
    command = [sys.executable, "-m", "bench.upstream", str(upstream)]
    with ExitStack() as servers:
        bare = servers.enter_context(running(command, upstream, "/v1/models"))
        path, chat = "/v1/chat/completions", openai_request(photo)
        fronts = [Front("direct", upstream, path, chat, openai_words, bare)]
        url = f"http://127.0.0.1:{upstream}"
        ours = servers.enter_context(BenchServer(engine_url=url, engine_max_side="4096"))
        process = psutil.Process(ours.process.pid)
        asked = gemini_request(photo)
        fronts.append(Front("Twinsight", ours.port, GEMINI, asked, gemini_words, process))
        if options.litellm is not None:
            port = free_port()
            process = servers.enter_context(lite(options.litellm, upstream, port))
            fronts.append(Front("LiteLLM", port, GEMINI, asked, gemini_words, process))
        report(fronts, upstream, options.rounds, options.seconds)


def gemini_request(photo: str) -> bytes:
    parts = [{"text": QUESTION}, {"inlineData": {"mimeType": "image/jpeg", "data": photo}}]
    return json.dumps({"contents": [{"role": "user", "parts": parts}]}).encode()


def openai_request(photo: str) -> bytes:
    content = [
        {"type": "text", "text": QUESTION},
        {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{photo}"}},
    ]
    messages = [{"role": "user", "content": content}]
    return json.dumps({"model": "told-vl", "messages": messages}).encode()


@contextmanager
def lite(program: Path, upstream: int, port: int) -> Iterator[psutil.Process]:
    """LiteLLM's proxy with its Google route, in its plain configuration."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        params = {
            "model": "openai/told-vl",
            "api_base": f"http://127.0.0.1:{upstream}/v1",
            "api_key": "none",
        }
        models = [{"model_name": "gemini-2.5-flash", "litellm_params": params}]
        config.write_text(json.dumps({"model_list": models}))
        command = [str(program), "--config", str(config), "--port", str(port)]
        command += ["--host", "127.0.0.1"]
        with running(command, port, "/health/liveliness", LITELLM_MASTER_KEY="sk-bench") as process:
            yield process


if __name__ == "__main__":
    main()
