"""What a server in front of a model's server adds: Twinsight and LiteLLM's proxy, in one run.

    python -m bench.engine [--litellm PATH/litellm] [--seconds 5]

Both stand before the same upstream (`bench.upstream`) and get the same Gemini request: one photo of
1 MB, inline. `direct` is the same photo in an OpenAI request, straight to the upstream. Rows: how
many clients ask at a time, requests a second, median and 99th percentile of the time for one, and
the memory of the process tree. The clients share the cores with what they measure.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bench.server import BenchServer, photo_of

CLIENTS = (1, 16, 64)
QUESTION = "What is in this picture?"


@dataclass(frozen=True)
class Front:
    """Somebody to ask: where, what, and how its answer is checked."""

    name: str
    port: int
    path: str
    body: bytes
    says: Callable[[Any], str]
    process: psutil.Process | None = None


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
    times: list[float] = []
    failures = [0]
    lock = threading.Lock()
    end = time.perf_counter() + seconds

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=60)
        headers = {"Content-Type": "application/json", "x-goog-api-key": "sk-bench"}
        mine, bad = [], 0
        while time.perf_counter() < end:
            start = time.perf_counter()
            try:
                connection.request("POST", front.path, front.body, headers)
                reply = connection.getresponse()
                content = reply.read()
                is_right = reply.status == 200 and "coffee" in front.says(json.loads(content))
            except (OSError, http.client.HTTPException, LookupError, ValueError):
                connection.close()
                is_right = False
            bad += not is_right
            mine.append(1000 * (time.perf_counter() - start))
        connection.close()
        with lock:
            times.extend(mine)
            failures[0] += bad

    began = time.perf_counter()
    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(times) / (time.perf_counter() - began), times, failures[0]


def memory_mb(process: psutil.Process) -> float:
    tree = [process, *process.children(recursive=True)]
    return float(sum(one.memory_info().rss for one in tree)) / 1e6


def gemini_words(reply: Any) -> str:
    text: str = reply["candidates"][0]["content"]["parts"][0]["text"]
    return text


def openai_words(reply: Any) -> str:
    text: str = reply["choices"][0]["message"]["content"]
    return text


def report(front: Front, upstream: int, seconds: float) -> None:
    """One row for each number of clients."""
    measured(front, 1, 1.0)
    for clients in CLIENTS:
        before = json.loads(get(upstream, "/seen")[1])
        rate, times, failures = measured(front, clients, seconds)
        after = json.loads(get(upstream, "/seen")[1])
        came = after["requests"] - before["requests"]
        pictures = after["pictures"] - before["pictures"]
        p50, p99 = np.percentile(times, [50, 99])
        held = f"{memory_mb(front.process):.0f}" if front.process else "-"
        print(
            f"| {front.name} | {clients} | {rate:.0f} | {p50:.1f} | {p99:.1f} | {held} | "
            f"{pictures} of {came} | {failures} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--litellm", type=Path, help="LiteLLM's program, of litellm[proxy]")
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    photo = base64.b64encode(photo_of(1_000_000)).decode()
    parts = [{"text": QUESTION}, {"inlineData": {"mimeType": "image/jpeg", "data": photo}}]
    gemini = json.dumps({"contents": [{"role": "user", "parts": parts}]}).encode()
    content = [
        {"type": "text", "text": QUESTION},
        {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{photo}"}},
    ]
    chat = {"model": "told-vl", "messages": [{"role": "user", "content": content}]}
    upstream = free_port()
    print(f"One photo of {len(photo) * 3 // 4} bytes, {options.seconds:g} s a row")
    print("| | clients | requests/s | p50 ms | p99 ms | MB | pictures upstream | failed |")
    print("| --- |" + " --- |" * 7)
    command = [sys.executable, "-m", "bench.upstream", str(upstream)]
    with running(command, upstream, "/v1/models"):
        body = json.dumps(chat).encode()
        report(
            Front("direct", upstream, "/v1/chat/completions", body, openai_words),
            upstream,
            options.seconds,
        )
        with BenchServer(engine_url=f"http://127.0.0.1:{upstream}", engine_max_side="4096") as ours:
            process = psutil.Process(ours.process.pid)
            path = "/v1beta/models/gemini-2.5-flash:generateContent"
            front = Front("Twinsight", ours.port, path, gemini, gemini_words, process)
            report(front, upstream, options.seconds)
        if options.litellm is not None:
            lite(options.litellm, upstream, gemini, options.seconds)


def lite(program: Path, upstream: int, body: bytes, seconds: float) -> None:
    """LiteLLM's proxy with its Google route, in its plain configuration."""
    port = free_port()
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
            path = "/v1beta/models/gemini-2.5-flash:generateContent"
            report(Front("LiteLLM", port, path, body, gemini_words, process), upstream, seconds)


if __name__ == "__main__":
    main()
