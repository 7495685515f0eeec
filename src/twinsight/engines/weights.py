"""Model weights: each beside its manifest, and none loads whose hash does not match."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import onnxruntime

from twinsight.errors import InvalidWeights

FOLDER = Path(str(files("twinsight.engines.pocket"))) / "weights"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `<name>.json` says of `<name>.onnx`; `extra` holds the keys of its own."""

    name: str
    revision: str
    file: str
    sha256: str
    bytes: int
    licence: str
    licence_file: str
    source: str
    made_by: str
    note: str
    extra: dict[str, Any]


def is_gguf(file: Path) -> bool:
    """Whether it begins as llama.cpp's files do."""
    with file.open("rb") as stream:
        return stream.read(4) == b"GGUF"


def manifest(name: str, folder: Path = FOLDER) -> Manifest:
    """Reads `<name>.json`. Raises InvalidWeights when it is missing or incomplete."""
    path = folder / f"{name}.json"
    try:
        raw: dict[str, Any] = msgspec.json.decode(path.read_bytes())
        known = {key: raw.pop(key) for key in Manifest.__slots__ if key != "extra"}
    except (OSError, KeyError, msgspec.DecodeError) as error:
        raise InvalidWeights(f"The manifest {path} cannot be used: {error}") from error
    return Manifest(**known, extra=raw)


def names(folder: Path = FOLDER) -> list[str]:
    """The weights that this installation carries."""
    return sorted(path.stem for path in folder.glob("*.json"))


def verified_bytes(name: str, folder: Path = FOLDER) -> bytes:
    """The weights themselves. Raises InvalidWeights when they are not what the manifest names."""
    card = manifest(name, folder)
    return _verified(folder / card.file, card.sha256)


def table(name: str, file: str, folder: Path = FOLDER) -> str:
    """A table of words that lies beside the weights; `tables` of their manifest has its hash.

    Raises InvalidWeights when it is missing or altered.
    """
    card = manifest(name, folder)
    return _verified(folder / file, card.extra["tables"][file]).decode("utf-8")


def _verified(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidWeights(f"The weights {path} cannot be read: {error}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise InvalidWeights(
            f"The weights {path} are not those of their manifest (sha256 differs). "
            "Install the package again."
        )
    return content


_loading = threading.Lock()


def session(name: str, threads: int | None = None) -> onnxruntime.InferenceSession:
    """One shared session for each weight and number of threads (None: all cores)."""
    with _loading:
        return _session(name, threads or 0)


@cache
def has_vnni() -> bool:
    """Whether the processor is known to sum int8 products exactly in one instruction."""
    try:
        return "vnni" in Path("/proc/cpuinfo").read_text("ascii", "replace")
    except OSError:
        return False


@cache
def _session(name: str, threads: int) -> onnxruntime.InferenceSession:
    return open_session(verified_bytes(name), threads)


def open_session(
    model: bytes | Path, threads: int, optimised: bool = True
) -> onnxruntime.InferenceSession:
    """A session for a model's bytes or file (0 threads: all cores). Raises what onnxruntime does.

    What a file keeps in others beside it is found there.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # The arena keeps what the largest picture ever needed; handing memory back costs little.
    options.enable_cpu_mem_arena = False
    # Spinning threads would take the cores from the requests beside this one.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not has_vnni():
        # Sums of two int8 products could saturate; exact sums take more than twice the time.
        options.add_session_config_entry("session.x64quantprecision", "1")
    options.log_severity_level = 3
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    content = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
