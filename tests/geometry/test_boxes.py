"""Boxes: what a client draws is what was seen, whatever the size of the picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinsight.geometry import boxes

SIDES = st.one_of(
    st.integers(1, 40), st.integers(41, 5000), st.sampled_from([999, 1000, 1001, 50_000])
)


@st.composite
def box_in_picture(draw: st.DrawFn) -> tuple[list[float], tuple[int, int]]:
    """A box, also degenerate, inverted or outside, and a picture."""
    w, h = draw(SIDES), draw(SIDES)
    share = st.floats(-0.3, 1.3)
    special = st.sampled_from([0.0, 1.0, 0.5])
    corner = st.one_of(share, special)
    x0, y0 = draw(corner) * w, draw(corner) * h
    if draw(st.booleans()):
        tiny = st.sampled_from([0.0, 1e-6, 0.3, 1.0])
        return [x0, y0, x0 + draw(tiny), y0 + draw(tiny)], (w, h)
    return [x0, y0, draw(corner) * w, draw(corner) * h], (w, h)


@given(box_in_picture())
def test_every_box_survives_the_guides_flooring(case: tuple[list[float], tuple[int, int]]) -> None:
    xyxy, (w, h) = case
    y0, x0, y1, x1 = (int(v) for v in boxes.to_yxyx_1000(np.array([xyxy]), (w, h))[0])
    assert 0 <= y0 < y1 <= 1000
    assert 0 <= x0 < x1 <= 1000
    # The guide's own lines, detect.py
    assert int(y1 / 1000 * h) - int(y0 / 1000 * h) >= 1
    assert int(x1 / 1000 * w) - int(x0 / 1000 * w) >= 1


@given(box_in_picture())
def test_boxes_of_a_pixel_or_more_move_by_half_a_step_at_most(
    case: tuple[list[float], tuple[int, int]],
) -> None:
    xyxy, (w, h) = case
    clipped = boxes.clip(np.array([xyxy]), (w, h))[0]
    back = boxes.from_yxyx_1000(boxes.to_yxyx_1000(np.array([xyxy]), (w, h)), (w, h))[0]
    for low, high, side in ((0, 2, w), (1, 3, h)):
        ends = sorted((float(clipped[low]), float(clipped[high])))
        # A box thinner than a pixel, or than a step, is widened to one.
        widened = (1 + side / 1000) * 1.001
        slack = side / 2000 * 1.001 + 1e-4 * side / 1000
        if ends[1] - ends[0] < 2 * widened:
            slack += widened
        assert abs(float(back[low]) - ends[0]) <= slack
        assert abs(float(back[high]) - ends[1]) <= slack


@st.composite
def integer_boxes(draw: st.DrawFn) -> list[tuple[int, ...]]:
    ends = st.tuples(st.integers(0, 999), st.integers(1, 1000)).map(
        lambda e: (min(e[0], e[1] - 1), max(e[0] + 1, e[1]))
    )
    pairs = st.tuples(ends, ends).map(lambda p: (p[0][0], p[1][0], p[0][1], p[1][1]))
    return draw(st.lists(pairs, min_size=1, max_size=20))


@given(integer_boxes(), st.integers(1000, 60_000), st.integers(1000, 60_000))
def test_integers_come_back_exactly(rows: list[tuple[int, ...]], w: int, h: int) -> None:
    yxyx = np.array(rows)
    xyxy = yxyx[:, [1, 0, 3, 2]] / 1000 * (w, h, w, h)
    assert (boxes.to_yxyx_1000(xyxy, (w, h)) == yxyx).all()


@pytest.mark.parametrize(
    ("xyxy", "wh", "expected"),
    [
        ([0, 0, 640, 480], (640, 480), [0, 0, 1000, 1000]),
        ([64, 48, 320, 240], (640, 480), [100, 100, 500, 500]),
        ([320, 240, 64, 48], (640, 480), [100, 100, 500, 500]),
        ([-9, -9, 700, 500], (640, 480), [0, 0, 1000, 1000]),
        ([0, 0, 1, 1], (1, 1), [0, 0, 1000, 1000]),
        ([0.2, 0.2, 0.4, 0.4], (1, 5), [40, 200, 200, 1000]),
        ([640, 480, 640, 480], (640, 480), [998, 999, 1000, 1000]),
    ],
    ids=["whole", "inner", "inverted", "outside", "one pixel", "1xN", "past the far corner"],
)
def test_known_boxes(xyxy: list[float], wh: tuple[int, int], expected: list[int]) -> None:
    assert boxes.to_yxyx_1000(np.array([xyxy]), wh)[0].tolist() == expected


def test_no_boxes() -> None:
    assert boxes.to_yxyx_1000(np.zeros((0, 4)), (10, 10)).shape == (0, 4)
    assert boxes.iou(np.zeros((0, 4)), np.zeros((3, 4))).shape == (0, 3)
    assert len(boxes.nms(np.zeros((0, 4)), np.zeros(0), np.zeros(0, int))) == 0
    nothing = np.zeros(0)
    assert len(boxes.fuse(np.zeros((0, 4)), nothing, np.zeros(0, int), nothing, nothing)[0]) == 0


@pytest.mark.parametrize(
    ("xyxy", "wh"),
    [([0, 0, float("nan"), 1], (5, 5)), ([0, 0, 1, 1], (0, 5))],
    ids=["nan", "no pixels"],
)
def test_nonsense_is_refused(xyxy: list[float], wh: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"NaN|pixel"):
        boxes.to_yxyx_1000(np.array([xyxy]), wh)


def test_iou_of_known_boxes() -> None:
    a = np.array([[0, 0, 2, 2], [5, 5, 5, 5]], np.float32)
    b = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [9, 9, 10, 10]], np.float32)
    assert boxes.iou(a, b)[0].tolist() == pytest.approx([1, 1 / 3, 0])
    assert boxes.iou(a, b)[1].tolist() == [0, 0, 0]


@st.composite
def scene(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = draw(st.integers(0, 25))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 60, (n, 2))
    xyxy = np.hstack([corner, corner + rng.uniform(1, 50, (n, 2))])
    return xyxy, rng.uniform(0.01, 1, n), rng.integers(0, 3, n)


@given(scene(), st.floats(0.1, 0.9))
def test_nms_keeps_the_best_and_no_two_that_overlap(
    case: tuple[np.ndarray, np.ndarray, np.ndarray], threshold: float
) -> None:
    xyxy, score, kind = case
    kept = boxes.nms(xyxy, score, kind, threshold)
    assert (np.diff(score[kept]) <= 0).all()
    overlap = boxes.iou(xyxy, xyxy)
    same = kind[:, None] == kind[None]
    lost = np.setdiff1d(np.arange(len(xyxy)), kept)
    apart = ~np.eye(len(kept), dtype=bool)
    assert not (overlap[np.ix_(kept, kept)] > threshold)[apart & same[np.ix_(kept, kept)]].any()
    for row in lost:
        better = kept[same[row, kept] & (score[kept] >= score[row])]
        assert (overlap[row, better] > threshold).any()


@given(scene(), st.integers(1, 4))
def test_fused_boxes_lie_within_their_kind(
    case: tuple[np.ndarray, np.ndarray, np.ndarray], views: int
) -> None:
    xyxy, score, kind = case
    fused, mean, kinds, place = boxes.fuse(
        xyxy, score, kind, np.ones(len(kind)), np.full(len(kind), views)
    )
    assert (kinds[place] == kind).all()
    assert set(place.tolist()) == set(range(len(fused)))
    assert len(fused) <= len(xyxy)
    assert set(kinds.tolist()) == set(kind.tolist())
    assert (np.diff(mean) <= 1e-6).all()
    assert mean.max(initial=0) <= score.max(initial=0) + 1e-6
    for box, of in zip(fused, kinds, strict=True):
        mine = xyxy[kind == of]
        assert (box >= mine.min(axis=0) - 1e-3).all()
        assert (box <= mine.max(axis=0) + 1e-3).all()


def test_fusion_of_two_views() -> None:
    xyxy = np.array([[0, 0, 10, 10], [0, 0, 10, 12], [50, 50, 60, 60]], np.float32)
    score, kind, two = np.array([0.8, 0.4, 0.6]), np.array([3, 3, 5]), np.full(3, 2.0)
    fused, mean, kinds, place = boxes.fuse(xyxy, score, kind, np.ones(3), two)
    assert kinds.tolist() == [3, 5]
    assert place.tolist() == [0, 0, 1]
    assert mean.tolist() == pytest.approx([0.6, 0.3])
    assert fused[0].tolist() == pytest.approx([0, 0, 10, (10 * 0.8 + 12 * 0.4) / 1.2])


def test_fusion_forgives_a_look_that_could_not_have_found_it() -> None:
    xyxy = np.array([[0, 0, 10, 10], [0, 0, 10, 12]], np.float32)
    weight, looks = np.array([1.0, 0.5]), np.full(2, 1.5)
    fused, mean, _, _ = boxes.fuse(xyxy, np.array([0.8, 0.4]), np.zeros(2, int), weight, looks)
    assert mean.tolist() == pytest.approx([(0.8 + 0.2) / 1.5])
    assert fused[0].tolist() == pytest.approx([0, 0, 10, (10 * 0.8 + 12 * 0.2) / 1.0])


@given(scene(), st.integers(0, 2**32 - 1))
def test_voted_sides_lie_between_the_votes(
    case: tuple[np.ndarray, np.ndarray, np.ndarray], seed: int
) -> None:
    xyxy, score, kind = case
    random = np.random.default_rng(seed)
    leader = boxes.leaders(xyxy, score, kind, 0.5)
    weight = random.uniform(0.01, 1, xyxy.shape)
    voted = boxes.voted(xyxy, xyxy, leader, weight)
    for row, box in enumerate(voted):
        votes = xyxy[leader == row]
        if not len(votes):
            assert (box == xyxy[row].astype(np.float32)).all()
            continue
        assert (box >= votes.min(axis=0) - 1e-3).all()
        assert (box <= votes.max(axis=0) + 1e-3).all()
    order = random.permutation(len(xyxy))
    shuffled = boxes.voted(xyxy, xyxy[order], leader[order], weight[order])
    assert shuffled == pytest.approx(voted, abs=1e-3)


def test_a_sure_side_outvotes_an_unsure_one() -> None:
    box = np.array([[0, 0, 10, 10]], np.float32)
    votes = np.array([[0, 0, 10, 10], [0, 0, 12, 10], [0, 0, 10, 100]], np.float32)
    weight = np.array([[1, 1, 1, 1], [1, 1, 3, 1], [1, 1, 1, 1]])
    near = np.exp(-((1 - 10 / 12) ** 2) / boxes.NEAR)
    right = (10 + 3 * near * 12) / (1 + 3 * near)
    voted = boxes.voted(box, votes, np.zeros(3, int), weight)
    assert voted[0].tolist() == pytest.approx([0, 0, right, 10], abs=0.01)  # the far one is nothing


def test_who_stands_for_whom() -> None:
    xyxy = np.array([[0, 0, 10, 10], [0, 0, 10, 11], [0, 0, 10, 11], [50, 0, 60, 9]], np.float32)
    leader = boxes.leaders(xyxy, np.array([0.5, 0.9, 0.7, 0.1]), np.array([1, 1, 2, 1]), 0.6)
    assert leader.tolist() == [1, 1, 2, 3]
