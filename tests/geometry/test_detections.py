"""Detections: rows stay together, wrong rows are refused."""

from __future__ import annotations

import numpy as np
import pytest

from twinsight.geometry.detections import Detections, join


def three(masks: bool = False) -> Detections:
    xyxy = np.array([[0, 0, 4, 4], [1, 1, 3, 3], [2, 0, 9, 5]], np.float32)
    mask = tuple(np.full((2, 2), 40 * i, np.uint8) for i in range(3)) if masks else None
    return Detections(xyxy, np.array([0.2, 0.9, 0.5], np.float32), ("cat", "dog", "cup"), mask)


def test_best_first_moves_boxes_scores_names_and_masks_together() -> None:
    sorted_ = three(masks=True).best_first()
    assert sorted_.label == ("dog", "cup", "cat")
    assert sorted_.score.tolist() == pytest.approx([0.9, 0.5, 0.2])
    assert sorted_.xyxy[0].tolist() == [1, 1, 3, 3]
    assert sorted_.mask is not None
    assert [int(mask[0, 0]) for mask in sorted_.mask] == [40, 80, 0]


@pytest.mark.parametrize(
    "rows",
    [[2, 0], np.array([2, 0]), (2, 0)],
    ids=["list", "array", "tuple"],
)
def test_take_keeps_the_order_asked(rows: list[int]) -> None:
    assert three().take(rows).label == ("cup", "cat")


def test_take_by_booleans() -> None:
    assert three().take(three().score > 0.4).label == ("dog", "cup")


def test_take_nothing_is_empty() -> None:
    assert len(three(masks=True).take([])) == 0


def test_join_keeps_masks_only_where_all_have_them() -> None:
    both = join([three(masks=True), Detections.empty(), three(masks=True)])
    assert len(both) == 6
    assert both.mask is not None
    assert len(both.mask) == 6
    assert join([three(masks=True), three()]).mask is None
    assert len(join([])) == 0


@pytest.mark.parametrize(
    ("xyxy", "score", "mask"),
    [
        (np.zeros((2, 4), np.float32), np.zeros(1, np.float32), None),
        (np.zeros((1, 4), np.float32), np.zeros(2, np.float32), None),
        (np.zeros((1, 4), np.float32), np.zeros(1, np.float32), ()),
        (np.full((1, 4), np.nan, np.float32), np.zeros(1, np.float32), None),
        (np.zeros((1, 4), np.float32), np.full(1, np.inf, np.float32), None),
    ],
    ids=["boxes", "scores", "masks", "nan box", "infinite score"],
)
def test_rows_that_do_not_fit_are_refused(
    xyxy: np.ndarray, score: np.ndarray, mask: tuple[np.ndarray, ...] | None
) -> None:
    with pytest.raises(ValueError, match=r"need|finite"):
        Detections(xyxy, score, ("cat",), mask)
