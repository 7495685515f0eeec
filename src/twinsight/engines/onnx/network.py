"""One ONNX file, asked by the names of its inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from twinsight.engines import weights
from twinsight.errors import InvalidWeights, Unavailable

Array = NDArray[Any]
_KINDS = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
}


class Network:
    """Nothing changes after construction: threads may share one."""

    def __init__(
        self, file: Path, owner: str, needs: Sequence[str], takes: Sequence[str] = ()
    ) -> None:
        """`needs` are inputs that it must have, `takes` others that it may; `owner` is for errors.

        Raises InvalidWeights when it cannot be run, or has other inputs than those.
        """
        self._owner = owner
        self._session = _session(file, owner)
        self._inputs = {given.name: given for given in self._session.get_inputs()}
        self.outputs = [given.name for given in self._session.get_outputs()]
        if not set(needs) <= set(self._inputs) <= {*needs, *takes}:
            fed = ", ".join([*needs, *(f"{name} (if it likes)" for name in takes)])
            raise InvalidWeights(
                f"{owner}: {file.name} has the inputs {', '.join(self._inputs)}; by its card it "
                f"would be given {fed}."
            )

    def side(self, name: str, axis: int) -> int | None:
        """How long an input must be along an axis; None where it may vary, or is no input."""
        side = self._inputs[name].shape[axis] if name in self._inputs else None
        return side if isinstance(side, int) else None

    def run(self, fed: Mapping[str, Array]) -> dict[str, Array]:
        """Its outputs by name, floats as float32; of what is fed it takes the inputs that it has.

        Raises Unavailable when it fails, or answers what is no number.
        """
        given: dict[str, Array] = {
            name: np.asarray(fed[name], _KINDS.get(wanted.type, np.float32))
            for name, wanted in self._inputs.items()
        }
        try:
            outputs = self._session.run(None, given)
        except Exception as error:
            # onnxruntime has an exception of its own for every reason to fail.
            raise Unavailable(f"The model {self._owner} cannot be run: {error}") from error
        told = {}
        for name, output in zip(self.outputs, outputs, strict=True):
            array = np.asarray(output)
            if array.dtype.kind == "f":
                array = array.astype(np.float32, copy=False)
                if np.isnan(array).any():
                    raise Unavailable(f"The model {self._owner} answers what is no number (NaN).")
            told[name] = array
        return told


def _session(file: Path, owner: str) -> onnxruntime.InferenceSession:
    try:
        return weights.open_session(file, threads=0)
    except Exception as error:
        # Some graphs of half precision are broken only by their optimisation: Grounding DINO q4f16.
        try:
            return weights.open_session(file, threads=0, optimised=False)
        except Exception:
            raise InvalidWeights(
                f"{owner} is no model that onnxruntime can run: {error}"
            ) from error
