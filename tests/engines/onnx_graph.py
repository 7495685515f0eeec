"""ONNX graphs of a few nodes, with the names and ranks of real models, whose answers are known.

Written field by field in protobuf's wire format, so that no further package is needed. Numbers of
the fields are those of onnx.proto (IR version 8, operator set 17).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_KINDS = {"float32": 1, "int64": 7, "bool": 9, "float16": 10}
Side = int | str


class Graph:
    """Nodes in the order in which they are added; everything is called by its name."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []

    def input(self, name: str, shape: Sequence[Side], kind: str = "float32") -> str:
        """An input; sides may be words, which stand for any number."""
        self._inputs.append(_value(name, shape, kind))
        return name

    def const(self, array: Any, kind: str = "float32") -> str:
        name = f"const_{len(self._constants)}"
        self._constants.append(_tensor(name, np.asarray(array, kind)))
        return name

    def outside(self, file: str, shape: Sequence[int]) -> str:
        """A float constant whose numbers are another file, which lies beside the model's."""
        name = f"const_{len(self._constants)}"
        dims = b"".join(_number(1, side) for side in shape)
        place = _field(13, _field(1, b"location") + _field(2, file.encode()))
        head = dims + _number(2, _KINDS["float32"]) + _field(8, name.encode())
        self._constants.append(head + place + _number(14, 1))
        return name

    def node(self, op: str, inputs: Sequence[str], **attributes: Any) -> str:
        """One operation with one output, whose name is given back."""
        name = f"{op}_{len(self._nodes)}"
        self._add(op, inputs, name, attributes)
        return name

    def output(self, value: str, name: str, shape: Sequence[Side], kind: str = "float32") -> None:
        self._add("Identity", [value], name, {})
        self._outputs.append(_value(name, shape, kind))

    def _add(self, op: str, inputs: Sequence[str], out: str, attributes: dict[str, Any]) -> None:
        node = b"".join(_field(1, each.encode()) for each in inputs)
        node += _field(2, out.encode()) + _field(4, op.encode())
        node += b"".join(_field(5, _attribute(k, v)) for k, v in attributes.items())
        self._nodes.append(_field(1, node))

    def content(self) -> bytes:
        graph = b"".join(self._nodes) + _field(2, b"tiny")
        graph += b"".join(_field(5, each) for each in self._constants)
        graph += b"".join(_field(11, each) for each in self._inputs)
        graph += b"".join(_field(12, each) for each in self._outputs)
        return _number(1, 8) + _field(7, graph) + _field(8, _field(1, b"") + _number(2, 17))


def _attribute(name: str, value: Any) -> bytes:
    head = _field(1, name.encode())
    if isinstance(value, float):
        return head + _varint(2 << 3 | 5) + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, int):
        return head + _number(3, value) + _number(20, 2)
    return head + b"".join(_number(8, each) for each in value) + _number(20, 7)


def _tensor(name: str, array: NDArray[Any]) -> bytes:
    dims = b"".join(_number(1, side) for side in array.shape)
    raw = array.astype(array.dtype.newbyteorder("<")).tobytes()
    kind = _number(2, _KINDS[array.dtype.name])
    return dims + kind + _field(8, name.encode()) + _field(9, raw)


def _value(name: str, shape: Sequence[Side], kind: str) -> bytes:
    sides = (
        _number(1, side) if isinstance(side, int) else _field(2, side.encode()) for side in shape
    )
    dims = b"".join(_field(1, side) for side in sides)
    tensor = _field(1, _number(1, _KINDS[kind]) + _field(2, dims))
    return _field(1, name.encode()) + _field(2, tensor)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value % (1 << 64))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
