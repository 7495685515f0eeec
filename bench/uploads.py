"""Uploads of one large file by three clients, beside plain ways of putting it on the same disk.

    python -m bench.uploads --bytes 2000000000 --js path/to/node_modules

Everything runs on this machine in one run, in turns, `--repeat` times; the table shows the medians.
Twinsight: bytes hashed, each chunk made durable and recorded before its reply. Plain: see
`plain_put`; the same ASGI server, and one fsync at the end. "Plain chunks" is the same client
sending the same chunks to a server that does nothing but write them: what the client itself costs.
nginx: its WebDAV PUT, when it is installed, which does not fsync. Each Twinsight upload's sha256 is
compared with the file's; the peak memory of the servers and the processor time that they took are
what the kernel says.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

MIB = 1024 * 1024
KEY = "bench"
JS_UPLOAD = """
import { createRequire } from 'module';
import { pathToFileURL } from 'url';
const [path, base, modules] = process.argv.slice(1);
const require = createRequire(modules + '/');
const { GoogleGenAI } = await import(pathToFileURL(require.resolve('@google/genai')).href);
const ai = new GoogleGenAI({ apiKey: 'bench', httpOptions: { baseUrl: base } });
const file = await ai.files.upload({ file: path, config: { mimeType: 'image/png' } });
console.log(JSON.stringify({ sha256: file.sha256Hash, name: file.name }));
"""


@contextmanager
def process(command: list[str], port: int) -> Iterator[int]:
    """A server; gives its process id once its port answers."""
    environment = os.environ | {"PYTHONPATH": "src:."}
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if running.poll() is not None:
                    raise RuntimeError(f"did not start: {command}") from None
                time.sleep(0.05)
        yield running.pid
    finally:
        running.terminate()
        running.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def peak_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmHWM")


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Way:
    """One way to upload. ``upload`` returns the sha256 that the server told, if any.

    ``alike`` is the way of the same client to a server that only writes.
    """

    name: str
    pid: int
    upload: Callable[[], bytes | None]
    hashed: bool = False
    alike: Way | None = None
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def make_file(path: Path, size: int) -> bytes:
    """A file of random bytes; its sha256."""
    block = random.Random(7).randbytes(16 * MIB)
    hasher = hashlib.sha256()
    with path.open("wb") as file:
        while (left := size - file.tell()) > 0:
            file.write(block[:left])
            hasher.update(block[:left])
    return hasher.digest()


def by_curl(path: Path, base: str) -> bytes:
    start = ["curl", "-sS", "-D", "-", "-o", "/dev/null", f"{base}/upload/v1beta/files?key={KEY}"]
    start += ["-H", "X-Goog-Upload-Protocol: resumable", "-H", "X-Goog-Upload-Command: start"]
    start += ["-H", f"X-Goog-Upload-Header-Content-Length: {path.stat().st_size}", "-d", "{}"]
    headers = subprocess.run(start, capture_output=True, text=True, check=True).stdout
    url = next(line.split()[1] for line in headers.splitlines() if "upload-url:" in line.lower())
    send = ["curl", "-sS", url, "-X", "POST", "-H", "X-Goog-Upload-Command: upload, finalize"]
    send += ["-H", "X-Goog-Upload-Offset: 0", "-T", str(path)]
    reply = subprocess.run(send, capture_output=True, text=True, check=True).stdout
    return finish(base, json.loads(reply)["file"]["name"], json.loads(reply)["file"]["sha256Hash"])


def by_python(path: Path, base: str) -> bytes:
    code = (
        "import sys; from google import genai\n"
        "c = genai.Client(api_key='bench', http_options={'base_url': sys.argv[2]})\n"
        "f = c.files.upload(file=sys.argv[1], config={'mime_type': 'image/png'})\n"
        "print(f.name, f.sha256_hash)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), base], capture_output=True, text=True, check=True
    )
    name, sha256 = done.stdout.split()
    return finish(base, name, sha256)


def by_javascript(path: Path, base: str, modules: Path) -> bytes:
    command = ["node", "--input-type=module", "-e", JS_UPLOAD, str(path), base, str(modules)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    reply = json.loads(done.stdout)
    return finish(base, reply["name"], reply["sha256"])


def finish(base: str, name: str, sha256: str) -> bytes:
    """Delete the file again; its hash."""
    delete = ["curl", "-sS", "-X", "DELETE", f"{base}/v1beta/{name}?key={KEY}"]
    subprocess.run(delete, check=True, capture_output=True)
    return base64.b64decode(sha256)


def by_put(path: Path, url: str) -> None:
    command = ["curl", "-sS", "--fail", "-o", "/dev/null", "-T", str(path), url]
    subprocess.run(command, check=True)


@contextmanager
def nginx(folder: Path) -> Iterator[tuple[str, int] | None]:
    """URL and process id of an nginx that takes PUT into ``folder``; None when not installed."""
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if binary is None:
        print("nginx is not installed: left out")
        yield None
        return
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        "events {}\n"
        "http { access_log off; client_max_body_size 0; server {\n"
        f"listen 127.0.0.1:{port}; root {folder}; client_body_temp_path {folder}/temp;\n"
        "dav_methods PUT DELETE; } }\n"
    )
    with process([binary, "-p", str(folder), "-c", str(config)], port) as pid:
        yield f"http://127.0.0.1:{port}/put.bin", pid


def main() -> None:
    parser = argparse.ArgumentParser(description="Uploads of one large file.")
    parser.add_argument("--bytes", type=int, default=2_000_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="on the disk to measure")
    parser.add_argument(
        "--js",
        type=lambda folder: Path(folder).resolve(),
        help="folder whose node_modules hold @google/genai",
    )
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=given.folder)))
        path = folder / "upload.png"
        expected = make_file(path, given.bytes)
        ours, plain = free_port(), free_port()
        (folder / "plain").mkdir()
        (folder / "nginx").mkdir()
        server = [sys.executable, "-m", "tests.files.server", str(folder / "store"), str(ours)]
        pid = stack.enter_context(process(server, ours))
        putter = [sys.executable, "-m", "bench.plain_put", str(folder / "plain"), str(plain)]
        plain_pid = stack.enter_context(process(putter, plain))
        other = stack.enter_context(nginx(folder / "nginx"))
        base, plain_base = f"http://127.0.0.1:{ours}", f"http://127.0.0.1:{plain}"
        put = f"{plain_base}/put?steps="
        ways = [
            Way("plain PUT, one fsync", plain_pid, lambda: by_put(path, put + "fsync")),
            Way("plain PUT, no fsync", plain_pid, lambda: by_put(path, put)),
            Way("plain PUT, fsync, sha256", plain_pid, lambda: by_put(path, put + "fsync,hash")),
        ]
        clients = {"curl (one chunk)": by_curl, "Python SDK": by_python}
        if given.js:
            clients["JS SDK"] = partial(by_javascript, modules=given.js)
        for client, upload in clients.items():
            alike = Way(f"plain chunks, {client}", plain_pid, partial(upload, path, plain_base))
            ours_way = Way(f"Twinsight, {client}", pid, partial(upload, path, base), True, alike)
            ways += [alike, ours_way]
        if other:
            ways.append(Way("nginx PUT", other[1], lambda: by_put(path, other[0])))
        before = os.getloadavg()[0]
        measure(ways, expected, given.repeat)
        print_table(ways, given.bytes)
        print(
            f"peak memory: Twinsight {peak_mib(pid):.0f} MiB, plain {peak_mib(plain_pid):.0f} MiB; "
            f"load before {before:.1f}, after {os.getloadavg()[0]:.1f}"
        )


def measure(ways: list[Way], expected: bytes, repeat: int) -> None:
    """Each way in turn; the first one changes, so that none always comes first."""
    for turn in range(repeat):
        for way in ways[turn % len(ways) :] + ways[: turn % len(ways)]:
            os.sync()
            cpu, began = cpu_seconds(way.pid), time.perf_counter()
            sha256 = way.upload()
            way.seconds.append(time.perf_counter() - began)
            way.cpu.append(cpu_seconds(way.pid) - cpu)
            if way.hashed and sha256 != expected:
                raise AssertionError(f"{way.name}: the sha256 differs")


def print_table(ways: list[Way], size: int) -> None:
    """Seconds and processor seconds are medians, and so are both shares, each within its turn."""
    print("| way | s | MB/s | of plain PUT | of plain chunks | server CPU s |")
    print("| --- | --- | --- | --- | --- | --- |")
    for way in ways:
        value, cpu = statistics.median(way.seconds), statistics.median(way.cpu)
        alike = f"{share(way, way.alike):.0%}" if way.alike else ""
        line = f"| {way.name} | {value:.1f} | {size / value / 1e6:.0f} | {share(way, ways[0]):.0%} "
        print(f"{line}| {alike} | {cpu:.1f} |")


def share(way: Way, other: Way) -> float:
    """How fast a way is, as a share of another: 1 is equal, 0.5 half as fast."""
    pairs = zip(other.seconds, way.seconds, strict=True)
    return statistics.median(theirs / ours for theirs, ours in pairs)


if __name__ == "__main__":
    main()
