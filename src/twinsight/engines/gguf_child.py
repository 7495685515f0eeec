"""The child process that serves one GGUF file: `python gguf_child.py SETTINGS`, JSON.

It is llama.cpp's own server, from the package xllamacpp or from a `llama-server` program that the
user names. It ends when its input does, so that it never outlives its parent. Nothing of Twinsight
is imported here: a child is small, and starts at once.
"""

import ctypes
import json
import signal
import subprocess
import sys
import threading

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serves until the input ends."""
    settings = json.loads(sys.argv[1])
    if settings["program"]:
        _program(settings)
    else:
        _package(settings)


def _program(settings: dict[str, str]) -> None:
    command = [settings["program"], "--model", settings["model"], "--host", "127.0.0.1"]
    command += ["--port", str(settings["port"]), "--ctx-size", str(settings["context"])]
    command += ["--parallel", str(settings["parallel"])]
    command += ["--mmproj", settings["mmproj"]] if settings["mmproj"] else []
    process = subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.DEVNULL, preexec_fn=_end_with_parent
    )
    threading.Thread(target=_end_with_input, args=(process,), daemon=True).start()
    sys.exit(process.wait())


def _end_with_parent() -> None:
    """Linux ends the program when this process is killed and can do no more for it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _end_with_input(process: "subprocess.Popen[bytes]") -> None:
    sys.stdin.read()
    process.terminate()


def _package(settings: dict[str, str]) -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = settings["model"]
    params.mmproj.path = settings["mmproj"]
    params.port = int(settings["port"])
    params.n_ctx = int(settings["context"])
    params.n_parallel = int(settings["parallel"])
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
