"""Decoders of detectors' outputs: any numbers make boxes that may be given, or none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twinsight.engines.onnx.detector import MOST_OBJECTS, chosen
from twinsight.engines.onnx.heads import HEADS, decoded, grounding_dino
from twinsight.engines.onnx.placing import Placing

WH = (32, 32)
KINDS = 3
CELLS = 4 * 4 + 2 * 2 + 1
PLACING = Placing((640, 320), (0.05, 0.1), (0, 0))
FLOATS = st.one_of(st.floats(0, 1, width=32), st.floats(width=32, allow_nan=False))
Shapes = dict[str, tuple[int, ...]]

SHAPES: dict[str, Shapes] = {
    "yolox": {"output": (1, CELLS, 5 + KINDS)},
    "yolo": {"output0": (1, 4 + KINDS, 4)},
    "yolo-end": {"output0": (1, 4, 6)},
    "detr": {"logits": (1, 4, KINDS), "pred_boxes": (1, 4, 4)},
    "detr-softmax": {"logits": (1, 4, KINDS + 1), "pred_boxes": (1, 4, 4)},
    "dfine": {"labels": (1, 4), "boxes": (1, 4, 4), "scores": (1, 4)},
}


def test_every_head_is_tried() -> None:
    assert set(SHAPES) == set(HEADS)


KINDS_AS_NUMBERS = ("dfine", "yolo-end")


def answer(head: str, outputs: dict[str, Any]) -> str | tuple[Any, Any]:
    """What the head makes of it, or why it cannot."""
    try:
        return decoded(head, outputs, WH, KINDS)
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize("head", SHAPES)
@given(data=st.data())
def test_any_numbers(head: str, data: st.DataObject) -> None:
    outputs = {
        name: data.draw(arrays(np.float32, shape, elements=FLOATS, fill=FLOATS))
        for name, shape in SHAPES[head].items()
    }
    told = answer(head, outputs)
    if isinstance(told, str):
        assert "its scores go from" in told or (head in KINDS_AS_NUMBERS and "kinds up to" in told)
    else:
        check(*told)


@given(
    boxes=arrays(np.float32, (1, 5, 4), elements=FLOATS),
    logits=arrays(np.float32, (1, 5, 8), elements=FLOATS),
    tokens=st.lists(st.lists(st.integers(0, 7), max_size=3), min_size=1, max_size=4),
)
def test_any_numbers_of_grounding_dino(boxes: Any, logits: Any, tokens: list[list[int]]) -> None:
    xyxy, scores = grounding_dino({"pred_boxes": boxes, "logits": logits}, WH, tokens)
    assert scores.shape == (5, len(tokens))
    check(xyxy, scores)


def check(xyxy: Any, scores: Any) -> None:
    """What is given is within the picture, sure enough, the best first."""
    names = [f"kind {i}" for i in range(scores.shape[1])]
    found = chosen(PLACING.to_photo(xyxy), scores, names, 0.3, 0.7)
    assert len(found) <= MOST_OBJECTS
    assert (found.score >= 0.3).all()
    assert (found.score <= 1).all()
    assert (np.diff(found.score) <= 0).all()
    assert (found.xyxy >= 0).all()
    assert (found.xyxy <= (640, 320, 640, 320)).all()
    assert (found.xyxy[:, 2:] > found.xyxy[:, :2]).all()


@pytest.mark.parametrize("head", SHAPES)
@given(side=st.integers(0, 2), more=st.sampled_from([-1, 1]), data=st.data())
def test_another_shape_is_said(head: str, side: int, more: int, data: st.DataObject) -> None:
    shapes = {name: list(shape) for name, shape in SHAPES[head].items()}
    name = data.draw(st.sampled_from(sorted(shapes)))
    axis = min(side, len(shapes[name]) - 1)
    shapes[name][axis] += more
    outputs = {n: np.zeros(s, np.float32) for n, s in shapes.items()}
    free = head in ("yolo-end", "yolo") and axis == (2 if head == "yolo" else 1)
    if free:
        decoded(head, outputs, WH, KINDS)
        return
    with pytest.raises(ValueError, match="is \\("):
        decoded(head, outputs, WH, KINDS)
