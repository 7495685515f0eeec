"""The mask model on drawn shapes, its cut-outs, and who keeps a contested pixel."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from twinsight.engines import weights
from twinsight.engines.pocket import masks
from twinsight.engines.pocket.masks import PocketSegmenter
from twinsight.engines.roles import Segmenter
from twinsight.geometry.detections import Detections
from twinsight.geometry.overlaps import resolve_overlaps
from twinsight.image.picture import Picture

Soft = NDArray[np.uint8]


@pytest.fixture(scope="module")
def segmenter() -> PocketSegmenter:
    return PocketSegmenter(threads=1)


def photo(
    wh: tuple[int, int] = (320, 240), disc: tuple[int, int, int] = (160, 120, 70)
) -> tuple[Picture, NDArray[np.bool_]]:
    """A bright disc (x, y, radius) on a dark, slightly noisy ground, and where it is."""
    y, x = np.mgrid[: wh[1], : wh[0]]
    inside = np.hypot(x + 0.5 - disc[0], y + 0.5 - disc[1]) < disc[2]
    rgb = np.random.default_rng(1).integers(20, 60, (wh[1], wh[0], 3), dtype=np.uint8)
    rgb[inside] += np.array([170, 120, 30], np.uint8)
    return Picture(rgb), inside


def box(*xyxy: float) -> NDArray[np.float32]:
    return np.array([xyxy], np.float32)


def iou(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float((a & b).sum() / (a | b).sum())


@pytest.mark.parametrize("count", [1, 2, 5, 19], ids=lambda n: f"{n} boxes")
def test_two_lanes_make_the_same_masks_in_the_same_order(
    segmenter: PocketSegmenter, count: int
) -> None:
    picture, _ = photo()
    low = np.random.default_rng(2).uniform(-20, 200, (count, 2))
    xyxy = np.hstack([low, low + np.arange(20, 20 + count)[:, None]]).astype(np.float32)
    alone, both = segmenter.segment(picture, xyxy), PocketSegmenter(2).segment(picture, xyxy)
    assert len(alone) == len(both) == count
    assert all(np.array_equal(a, b) for a, b in zip(alone, both, strict=True))


def test_weights_are_those_of_their_manifest_and_small() -> None:
    card = weights.manifest("masks")
    assert len(weights.verified_bytes("masks")) == card.bytes <= 8_000_000
    assert (weights.FOLDER / card.licence_file).is_file()


def test_plays_the_role(segmenter: PocketSegmenter) -> None:
    assert isinstance(segmenter, Segmenter)
    assert segmenter.card.roles == ("segmenter",)


@pytest.mark.parametrize(
    "disc",
    [
        pytest.param((160, 120, 70), id="in the middle"),
        pytest.param((50, 50, 50), id="touching a corner"),
        pytest.param((160, 120, 12), id="small"),
    ],
)
def test_disc_in_its_box(segmenter: PocketSegmenter, disc: tuple[int, int, int]) -> None:
    picture, inside = photo(disc=disc)
    x, y, r = disc
    (mask,) = segmenter.segment(picture, box(x - r, y - r, x + r, y + r))
    assert mask.shape == (2 * r, 2 * r)
    assert iou(mask > 127, inside[y - r : y + r, x - r : x + r]) > 0.85  # its box alone: 0.785


def test_box_that_is_a_little_off(segmenter: PocketSegmenter) -> None:
    picture, inside = photo()
    (mask,) = segmenter.segment(picture, box(82, 58, 240, 196))
    assert iou(mask > 127, inside[58:196, 82:240]) > 0.8


@pytest.mark.parametrize(
    ("xyxy", "shape"),
    [
        pytest.param((10, 10, 11, 11), (1, 1), id="one pixel"),
        pytest.param((10.2, 10.2, 10.3, 10.3), (1, 1), id="less than a pixel"),
        pytest.param((50, 50, 50, 50), (1, 1), id="no area"),
        pytest.param((0, 0, 320, 240), (192, 256), id="the whole picture, at most 256"),
        pytest.param((0, 100, 320, 101), (1, 256), id="a line across"),
        pytest.param((300, 200, 340, 260), (60, 40), id="over the edge"),
        pytest.param((-500, -500, -400, -460), (40, 100), id="beyond the picture"),
        pytest.param((60, 40, 20, 10), (30, 40), id="corners swapped"),
    ],
)
def test_shape_of_odd_boxes(
    segmenter: PocketSegmenter, xyxy: tuple[float, ...], shape: tuple[int, int]
) -> None:
    picture, _ = photo()
    (mask,) = segmenter.segment(picture, box(*xyxy))
    assert mask.shape == shape
    assert mask.dtype == np.uint8


@pytest.mark.parametrize("wh", [(1, 1), (1, 400), (3000, 2)], ids=str)
def test_odd_pictures(segmenter: PocketSegmenter, wh: tuple[int, int]) -> None:
    picture = Picture(np.full((wh[1], wh[0], 3), 200, np.uint8))
    (mask,) = segmenter.segment(picture, box(0, 0, *wh))
    assert 1 <= mask.shape[0] <= wh[1]
    assert 1 <= mask.shape[1] <= wh[0]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(np.array([1, 2, 3, 4], np.float32), id="not a table"),
        pytest.param(np.zeros((2, 5), np.float32), id="five numbers"),
        pytest.param(box(0, 0, float("nan"), 4), id="NaN"),
        pytest.param(box(0, 0, float("inf"), 4), id="infinite"),
    ],
)
def test_what_is_no_box_is_refused(segmenter: PocketSegmenter, wrong: NDArray[np.float32]) -> None:
    picture, _ = photo()
    with pytest.raises(ValueError, match="boxes"):
        segmenter.segment(picture, wrong)


def test_no_boxes(segmenter: PocketSegmenter) -> None:
    assert segmenter.segment(photo()[0], np.zeros((0, 4), np.float32)) == []


def many_boxes(count: int) -> NDArray[np.float32]:
    random = np.random.default_rng(2)
    low = random.uniform(0, 200, (count, 2))
    return np.hstack([low, low + random.uniform(2, 100, (count, 2))]).astype(np.float32)


def test_many_boxes_are_as_one_by_one_and_from_any_thread(segmenter: PocketSegmenter) -> None:
    picture, _ = photo()
    boxes = many_boxes(107)
    together = segmenter.segment(picture, boxes)
    with ThreadPoolExecutor(4) as pool:
        alone = list(
            pool.map(lambda i: segmenter.segment(picture, boxes[i : i + 1])[0], range(107))
        )
    for a, b in zip(together, alone, strict=True):
        assert np.array_equal(a, b)


def test_flips_make_a_mirrored_picture_give_the_mirrored_mask() -> None:
    twice = PocketSegmenter(threads=1, flips=True)
    picture, _ = photo(disc=(100, 120, 60))
    mirrored = Picture(np.ascontiguousarray(picture.rgb[:, ::-1]))
    (mask,) = twice.segment(picture, box(40, 60, 160, 180))
    (other,) = twice.segment(mirrored, box(160, 60, 280, 180))
    assert np.abs(mask.astype(int) - other[:, ::-1]).max() <= 2


@given(
    x=st.floats(-50, 300),
    y=st.floats(-50, 300),
    w=st.floats(1, 500),
    h=st.floats(1, 500),
    context=st.floats(0, 1),
)
def test_windows_hold_their_box_and_squeeze_it_half_way(
    x: float, y: float, w: float, h: float, context: float
) -> None:
    (window,) = masks.windows(np.array([[x, y, x + w, y + h]]), context)
    assert (window[:2] <= (x + 1e-6, y + 1e-6)).all()
    assert (window[2:] >= (x + w - 1e-6, y + h - 1e-6)).all()
    sides = window[2:] - window[:2]
    assert sides[0] / sides[1] == pytest.approx(np.sqrt(w / h))
    assert sides.max() == pytest.approx(max(w, h) * (1 + 2 * context))


def test_cut_out_is_grey_beyond_the_picture_and_true_within() -> None:
    rgb = np.full((20, 30, 3), 240, np.uint8)
    cut = masks.cut_out(rgb, np.array([-30.0, -20.0, 30.0, 20.0]), 60)
    assert (cut[:28, :28] == masks.OUTSIDE).all()
    assert (cut[32:58, 32:58] == 240).all()


def test_box_plane_covers_the_box() -> None:
    plane = masks.box_plane(np.array([10.0, 20, 30, 30]), np.array([0.0, 0, 40, 40]), 80)
    assert (plane[40:60, 20:60] == 255).all()
    assert plane.sum() == 255 * 20 * 40


def two(
    boxes: list[list[float]], values: list[Soft], labels: tuple[str, str], score: float = 0.5
) -> tuple[Soft, ...]:
    found = Detections(
        np.array(boxes, np.float32), np.array([0.5, score], np.float32), labels, tuple(values)
    )
    settled = resolve_overlaps(found)
    assert settled.mask is not None
    return settled.mask


def full(side: int, value: int = 255) -> Soft:
    return np.full((side, side), value, np.uint8)


def test_cup_upon_the_table_and_the_table_under_it_both_stay_whole() -> None:
    table, cup = two([[0, 0, 100, 100], [40, 40, 60, 60]], [full(50), full(20)], ("table", "cup"))
    assert (cup == 255).all()
    assert (table == 255).all()


def test_what_would_lose_more_of_itself_is_in_front() -> None:
    bus, man = two([[0, 0, 100, 100], [80, 40, 130, 60]], [full(100), full(50)], ("bus", "man"))
    assert (man == 255).all()
    assert (bus[40:60, 80:] == 0).all()
    assert (bus > 127).sum() == 100 * 100 - 20 * 20


def test_better_score_is_in_front_when_both_lose_as_much() -> None:
    first, second = two(
        [[0, 0, 40, 40], [24, 0, 64, 40]], [full(40), full(40)], ("cat", "dog"), score=0.9
    )
    assert (second == 255).all()
    assert (first[:, :24] == 255).all()
    assert (first[:, 24:] == 0).all()


@pytest.mark.parametrize("labels", [("bus", "man"), ("bus", "bus")], ids=["two names", "one name"])
@pytest.mark.parametrize(
    ("score", "stays"),
    [
        pytest.param(0.1, True, id="doubtful"),
        pytest.param(0.24, True, id="less than half as sure"),
        pytest.param(0.6, False, id="surer"),
    ],
)
def test_nobody_yields_to_what_is_not_half_as_sure(
    labels: tuple[str, str], score: float, stays: bool
) -> None:
    boxes: list[list[float]] = [[0, 0, 100, 100], [80, 40, 130, 60]]
    bus, _ = two(boxes, [full(100), full(50)], labels, score=score)
    assert bool((bus == 255).all()) == stays


def test_one_name_the_surer_mask_keeps_the_pixel() -> None:
    first, second = full(40, 200), full(40, 200)
    first[:, 24:32], first[:, 32:] = 240, 140
    second[:, :8], second[:, 8:16] = 150, 230
    first, second = two([[0, 0, 40, 40], [24, 0, 64, 40]], [first, second], ("cow", "cow"))
    assert (first > 127)[:, :32].all()
    assert not (first > 127)[:, 32:].any()
    assert (second > 127)[:, 8:].all()
    assert not (second > 127)[:, :8].any()


def test_one_thing_seen_twice_is_left_alone() -> None:
    first, second = two(
        [[0, 0, 40, 40], [1, 0, 41, 40]], [full(40, 200), full(40, 220)], ("cow", "cow")
    )
    assert (first == 200).all()
    assert (second == 220).all()


def test_apart_or_without_masks_nothing_changes() -> None:
    boxes = np.array([[0, 0, 10, 10], [20, 20, 30, 30]], np.float32)
    score = np.array([0.9, 0.8], np.float32)
    bare = Detections(boxes, score, ("a", "b"))
    assert resolve_overlaps(bare) is bare
    settled = resolve_overlaps(Detections(boxes, score, ("a", "b"), (full(10), full(10))))
    assert settled.mask is not None
    assert all((mask == 255).all() for mask in settled.mask)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 6))
def test_no_pixel_is_ever_gained(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    low = random.integers(0, 20, (count, 2))
    boxes = np.hstack([low, low + random.integers(4, 20, (count, 2))]).astype(np.float32)
    sides = (boxes[:, 2:] - boxes[:, :2]).astype(int)
    before = tuple(random.integers(0, 256, (h, w), dtype=np.uint8) for w, h in sides)
    labels = tuple(str(i) for i in random.integers(0, 3, count))
    found = Detections(boxes, random.random(count).astype(np.float32), labels, before)
    after = resolve_overlaps(found).mask
    assert after is not None
    for was, now in zip(before, after, strict=True):
        assert now.shape == was.shape
        assert (now <= was).all()
