"""ONNX files of a few hundred bytes that answer any picture with given arrays.

Written field by field in protobuf's wire format, so that no further package is needed. Numbers of
the fields are those of onnx.proto (IR version 8, operator set 13).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_FLOAT = 1


def model(
    name: str, shape: tuple[int, ...], outputs: dict[str, NDArray[np.floating[Any]]]
) -> bytes:
    """A model with one float input of that name and shape; each output is an array as it is."""
    graph = b"".join(
        _field(1, _field(1, f"{out}_".encode()) + _field(2, out.encode()) + _field(4, b"Identity"))
        for out in outputs
    )
    graph += _field(2, b"told")
    graph += b"".join(_field(5, _tensor(f"{out}_", array)) for out, array in outputs.items())
    graph += _field(11, _value(name, shape))
    graph += b"".join(_field(12, _value(out, array.shape)) for out, array in outputs.items())
    return _number(1, 8) + _field(7, graph) + _field(8, _field(1, b"") + _number(2, 13))


def _tensor(name: str, array: NDArray[np.floating[Any]]) -> bytes:
    dims = b"".join(_number(1, side) for side in array.shape)
    raw = array.astype("<f4").tobytes()
    return dims + _number(2, _FLOAT) + _field(8, name.encode()) + _field(9, raw)


def _value(name: str, shape: tuple[int, ...]) -> bytes:
    dims = b"".join(_field(1, _number(1, side)) for side in shape)
    kind = _field(1, _number(1, _FLOAT) + _field(2, dims))
    return _field(1, name.encode()) + _field(2, kind)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
