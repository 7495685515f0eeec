"""A TensorFlow.js graph model -> ONNX, for convolutional networks. No TensorFlow is needed.

The tensors of the ONNX graph are always (n, c, h, w). A TensorFlow graph that was itself converted
from such a network is full of transpositions to (n, h, w, c) and back; here a transposition only
changes how the reader is told to see a tensor, so none of them is left. Height and width become
free where the graph only rescales by whole factors.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
OPSET = 17


@dataclass(frozen=True)
class Value:
    """A tensor of the ONNX graph, and how TensorFlow sees it."""

    name: str
    last: bool  # True: TensorFlow sees (n, h, w, c)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)  # top, left, bottom, right; not yet applied
    filling: float = 0.0
    side: int = 0  # height for the size that the graph was made for


@dataclass
class Graph:
    """What has been written so far."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def put(self, op: str, inputs: list[str], **attributes: Any) -> str:
        name = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def hold(self, array: np.ndarray) -> str:
        name = f"w_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name


def read(model_json: Path) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """The nodes in order of use, and every constant by the name of its node."""
    model = json.loads(model_json.read_text())
    constants: dict[str, np.ndarray] = {}
    for group in model["weightsManifest"]:
        content = b"".join((model_json.parent / path).read_bytes() for path in group["paths"])
        at = 0
        for entry in group["weights"]:
            stored = np.dtype(entry.get("quantization", entry)["dtype"])
            count = int(np.prod(entry["shape"], dtype=np.int64))
            array = np.frombuffer(content, stored, count, at).reshape(entry["shape"])
            if "scale" in entry.get("quantization", {}):
                raise NotImplementedError("weights stored as scaled integers")
            constants[entry["name"]] = array.astype(entry["dtype"])
            at += count * stored.itemsize
        if at != len(content):
            raise ValueError(f"the manifest describes {at} bytes of {len(content)}")
    return _in_order(model["modelTopology"]["node"]), constants


def _in_order(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_name = {node["name"]: node for node in nodes}
    done: dict[str, dict[str, Any]] = {}
    stack = [node["name"] for node in reversed(nodes)]
    while stack:
        name = stack.pop()
        if name in done:
            continue
        waiting = [n for n in map(_source, by_name[name].get("input", [])) if n not in done]
        if waiting:
            stack += [name, *waiting]
        else:
            done[name] = by_name[name]
    return list(done.values())


def _source(name: str) -> str:
    return name.lstrip("^").split(":")[0]


def convert(model_json: Path, outputs: dict[str, str]) -> onnx.ModelProto:
    """The part of a graph that leads to `outputs`, a table of node name -> name to give it."""
    nodes, constants = read(model_json)
    wanted = _needed(nodes, set(outputs))
    graph, values = Graph(), {}
    source = None
    for node in nodes:
        if node["name"] not in wanted or node["op"] == "Const":
            continue
        if node["op"] == "Placeholder":
            dims = [int(d["size"]) for d in node["attr"]["shape"]["shape"]["dim"]]
            source = helper.make_tensor_value_info(
                "image", TensorProto.FLOAT, ["n", dims[1], "h", "w"]
            )
            values[node["name"]] = Value("image", last=False, side=dims[2])
            continue
        rule = RULES.get(node["op"])
        if rule is None:
            raise NotImplementedError(f"operation {node['op']} of {node['name']}")
        inputs = [constants.get(_source(i), values.get(_source(i))) for i in node["input"]]
        values[node["name"]] = rule(graph, node["attr"], inputs)
    for node_name, name in outputs.items():
        value = values[node_name]
        graph.nodes.append(helper.make_node("Identity", [value.name], [name], name=name))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "tfjs",
            [source],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", None, None, None])
                for name in outputs.values()
            ],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
        producer_name="twinsight/train/tfjs.py",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _needed(nodes: list[dict[str, Any]], outputs: set[str]) -> set[str]:
    needed = set(outputs)
    for node in reversed(nodes):
        if node["name"] in needed:
            needed |= {_source(name) for name in node.get("input", [])}
    missing = outputs - {node["name"] for node in nodes}
    if missing:
        raise ValueError(f"the graph has no node {sorted(missing)}")
    return needed


def _text(attributes: dict[str, Any], key: str) -> str:
    return base64.b64decode(attributes[key]["s"]).decode()


def _spatial(attributes: dict[str, Any], key: str) -> list[int]:
    return [int(v) for v in attributes[key]["list"]["i"]][1:3]


def _transpose(graph: Graph, attributes: dict[str, Any], inputs: list[Any]) -> Value:
    value, order = inputs[0], tuple(int(v) for v in inputs[1])
    if order != (TO_FIRST if value.last else TO_LAST):
        raise NotImplementedError(f"a transposition by {order}")
    return Value(value.name, not value.last, value.pads, value.filling, value.side)


def _pad(graph: Graph, attributes: dict[str, Any], inputs: list[Any]) -> Value:
    value, ends = inputs[0], np.asarray(inputs[1])
    spatial = ends[1:3] if value.last else ends[2:4]
    if ends.sum() != spatial.sum() or any(value.pads):
        raise NotImplementedError("padding of channels, or twice")
    pads = (spatial[0, 0], spatial[1, 0], spatial[0, 1], spatial[1, 1])
    filling = float(inputs[2]) if len(inputs) > 2 else 0.0
    return Value(value.name, value.last, tuple(int(p) for p in pads), filling, value.side)


def _window(value: Value, attributes: dict[str, Any], size: tuple[int, ...]) -> dict[str, Any]:
    """Attributes common to convolution and pooling, and the height that comes out."""
    if _text(attributes, "padding") != "VALID":
        raise NotImplementedError("implicit padding")
    strides = _spatial(attributes, "strides")
    return {"kernel_shape": list(size), "strides": strides, "pads": list(value.pads)}


def _shrunk(value: Value, window: dict[str, Any]) -> int:
    padded = value.side + value.pads[0] + value.pads[2]
    return int((padded - window["kernel_shape"][0]) // window["strides"][0] + 1)


def _convolution(graph: Graph, attributes: dict[str, Any], inputs: list[Any]) -> Value:
    value, kernel = inputs
    if not value.last or (any(value.pads) and value.filling != 0):
        raise NotImplementedError("this convolution")
    window = _window(value, attributes, kernel.shape[:2])
    weights = graph.hold(kernel.transpose(3, 2, 0, 1).astype(np.float32))
    dilations = _spatial(attributes, "dilations")
    name = graph.put("Conv", [value.name, weights], dilations=dilations, **window)
    return Value(name, last=True, side=_shrunk(value, window))


def _max_pool(graph: Graph, attributes: dict[str, Any], inputs: list[Any]) -> Value:
    (value,) = inputs
    if any(value.pads) and value.filling > -1e30:
        raise NotImplementedError("pooling over a finite border")
    window = _window(value, attributes, tuple(_spatial(attributes, "ksize")))
    return Value(
        graph.put("MaxPool", [value.name], **window), value.last, side=_shrunk(value, window)
    )


def _add(graph: Graph, attributes: dict[str, Any], inputs: list[Any]) -> Value:
    a, b = inputs
    if isinstance(b, np.ndarray):  # the bias of a convolution
        conv = next(node for node in graph.nodes if node.output[0] == a.name)
        if conv.op_type != "Conv" or len(conv.input) > 2:
            raise NotImplementedError("a constant added to something other than a convolution")
        outputs = _weight(graph, conv.input[1]).dims[0]
        conv.input.append(graph.hold(np.broadcast_to(b.reshape(-1), (outputs,))))
        return a
    if a.last != b.last:
        raise ValueError("a sum of tensors of different layout")
    return Value(graph.put("Add", [a.name, b.name]), a.last, side=a.side)


def _weight(graph: Graph, name: str) -> onnx.TensorProto:
    return next(weight for weight in graph.weights if weight.name == name)


def _leaky(graph: Graph, attributes: dict[str, Any], inputs: list[Any]) -> Value:
    alpha = float(attributes["alpha"]["f"])
    return Value(graph.put("LeakyRelu", [inputs[0].name], alpha=alpha), inputs[0].last,
                 side=inputs[0].side)  # fmt: skip


def _concat(graph: Graph, attributes: dict[str, Any], inputs: list[Any]) -> Value:
    *parts, axis = inputs
    if int(axis) % 4 != (3 if parts[0].last else 1):
        raise NotImplementedError("joining along height or width")
    name = graph.put("Concat", [part.name for part in parts], axis=1)
    return Value(name, parts[0].last, side=parts[0].side)


def _resize(graph: Graph, attributes: dict[str, Any], inputs: list[Any]) -> Value:
    """To a fixed size in the source; by the same factor here, whatever the size."""
    value, size = inputs
    if not attributes["half_pixel_centers"]["b"] or not value.last:
        raise NotImplementedError("resizing by corners")
    factor = int(size[0]) / value.side
    scales = graph.hold(np.array([1, 1, factor, factor], np.float32))
    name = graph.put(
        "Resize", [value.name, "", scales], mode="linear",
        coordinate_transformation_mode="half_pixel",
    )  # fmt: skip
    return Value(name, last=True, side=int(size[0]))


RULES = {
    "Transpose": _transpose,
    "Pad": _pad,
    "PadV2": _pad,
    "Conv2D": _convolution,
    "MaxPool": _max_pool,
    "Add": _add,
    "AddV2": _add,
    "LeakyRelu": _leaky,
    "ConcatV2": _concat,
    "ResizeBilinear": _resize,
}
