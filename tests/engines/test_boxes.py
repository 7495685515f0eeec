"""The pocket detector: where a view's boxes lie on the photo, and what is seen on real photos."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from twinsight.engines import weights
from twinsight.engines.pocket.boxes import (
    CAREFUL,
    CLASSES,
    FAST,
    LARGE,
    STRIDES,
    Found,
    PocketDetector,
    View,
    decode,
    distinct,
    joined,
    prepare,
    read,
)
from twinsight.engines.pocket.sampling import sampled
from twinsight.engines.roles import Detector
from twinsight.geometry.boxes import iou
from twinsight.image.picture import Picture

VIEWS = [View(), View(mirrored=True), View(608, square=False, reach=256), View(96, True, False)]
SIDES = st.one_of(st.integers(1, 40), st.integers(41, 2000))


@pytest.fixture(scope="module")
def detector() -> PocketDetector:
    return PocketDetector(threads=1)


def photo(shared_data: Path, number: int = 0) -> Picture:
    path = sorted((shared_data / "coco_train/images").iterdir())[number]
    return Picture(np.asarray(Image.open(path).convert("RGB")))


@given(SIDES, SIDES, st.sampled_from(VIEWS))
def test_the_whole_photo_is_within_the_view_and_comes_back(w: int, h: int, view: View) -> None:
    ((pixels, fit),) = prepare(np.full((h, w, 3), 200, np.uint8), (view,))
    assert pixels.dtype == np.uint8
    assert all(side % 32 == 0 and 32 <= side <= view.side for side in pixels.shape[1:3])
    inside = np.argwhere(pixels[0, :, :, 0] > 0)
    (top, left), (bottom, right) = inside.min(axis=0), inside.max(axis=0) + 1
    assert len(inside) == (bottom - top) * (right - left)
    back = fit.to_photo(np.array([[left, top, right, bottom]], np.float32))
    assert back[0].tolist() == pytest.approx([0, 0, w, h], abs=1e-3 * max(w, h))


@given(SIDES, SIDES, st.integers(1, 300), st.integers(1, 300), st.integers(0, 2**32 - 1))
def test_samples_lie_between_the_four_pixels_around_them(
    w: int, h: int, to_w: int, to_h: int, seed: int
) -> None:
    w, h = min(w, 400), min(h, 400)
    rgb = np.random.default_rng(seed).integers(0, 256, (h, w, 3), np.uint8)
    y, x = (
        np.clip((np.arange(n) + 0.5) * (side / n) - 0.5, 0, side - 1)
        for n, side in ((to_h, h), (to_w, w))
    )
    y0, x0 = y.astype(int), x.astype(int)
    y1, x1 = np.minimum(y0 + 1, h - 1), np.minimum(x0 + 1, w - 1)
    down, across = (y - y0)[:, None, None], (x - x0)[:, None]
    rows = rgb[y0] * (1 - down) + rgb[y1] * down
    exact = rows[:, x0] * (1 - across) + rows[:, x1] * across
    # Weights are rounded to 256ths, and so is each of the two steps to whole values.
    assert np.abs(sampled(rgb, (to_w, to_h)) - exact).max() < 2.1


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_a_mark_on_the_photo_is_found_at_its_place(view: View) -> None:
    rgb = np.zeros((480, 640, 3), np.uint8)
    rgb[100:200, 400:600] = 255
    ((pixels, fit),) = prepare(rgb, (view,))
    rows, columns = np.nonzero(pixels[0, :, :, 0] > 127)
    box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    found = fit.to_photo(np.array([box], np.float32))[0]
    assert found.tolist() == pytest.approx([400, 100, 600, 200], abs=640 / view.side + 0.5)


def test_a_box_is_read_from_the_maps() -> None:
    maps = [np.full((CLASSES + 44, 416 // s, 416 // s), -9.0, np.float32) for s in STRIDES]
    maps[1][17, 3, 5] = 2.0  # a horse in row 3, column 5 of stride 16
    for side, bin_ in enumerate((1, 2, 3, 4)):
        maps[1][CLASSES + 11 * side + bin_, 3, 5] = 30.0
    maps[1][CLASSES + 3, 3, 5] = 30.0  # the left side is at 1 or at 3
    found = decode(maps, 0.1)
    middle = np.array([5.5, 3.5, 5.5, 3.5])
    assert found.kind.tolist() == [17]
    assert found.score.tolist() == pytest.approx([1 / (1 + np.exp(-2))])
    assert found.xyxy[0].tolist() == pytest.approx(
        ((middle + np.array([-2, -2, 3, 4])) * 16).tolist()
    )
    assert found.unsure[0].tolist() == pytest.approx([16, 0, 0, 0], abs=0.01)


def test_the_surer_look_decides_where_a_side_lies() -> None:
    """One look, mirrored, is unsure of the photo's right side; the other one of no side."""
    rgb = np.zeros((416, 416, 3), np.uint8)
    fits = [fit for _, fit in prepare(rgb, (View(), View(mirrored=True)))]
    maps = [np.full((1, CLASSES + 44, 416 // s, 416 // s), -9.0, np.float32) for s in STRIDES]
    sure, unsure = ([each.copy() for each in maps] for _ in range(2))
    for look, column in ((sure, 10), (unsure, 15)):
        look[1][0, 0, 10, column] = 1.0
        for side in range(4):
            look[1][0, CLASSES + 11 * side + 4, 10, column] = 30.0
    unsure[1][0, CLASSES + 0, 10, 15] = 30.0  # its left side, the photo's right: at 0 or at 4
    alone, other = (read(look, fit, 0.1, 9) for look, fit in zip((sure, unsure), fits, strict=True))
    assert other.unsure[0].tolist() == pytest.approx([0, 0, 32, 0], abs=0.01)
    assert other.xyxy[0, 2] == pytest.approx(alone.xyxy[0, 2] - 32, abs=0.01)
    found = joined(list(zip((alone, other), fits, strict=True)))
    assert len(found.kind) == 1
    assert found.xyxy[0].tolist() == pytest.approx(alone.xyxy[0].tolist(), abs=0.1)


def test_candidates_are_bounded() -> None:
    maps = [np.ones((CLASSES + 44, 416 // s, 416 // s), np.float32) for s in STRIDES]
    assert len(decode(maps, 0.1).score) == 1000


def test_a_view_trusts_the_sizes_that_it_shows_well() -> None:
    length = np.array([1, 60, 100, 400, 2000], np.float32)  # of a photo shown at half its size
    view = View(500, reach=200, least=30)
    assert view.trust(length, (1000, 700)).tolist() == pytest.approx([0, 1, 1, 1, 0])
    assert View().trust(length, (1000, 700)).tolist() == [1] * 5
    between = view.trust(np.array([50, 500], np.float32), (1000, 700))
    assert ((between > 0) & (between < 1)).all()


def test_a_large_photo_is_looked_at_in_detail_when_care_is_asked() -> None:
    looks = []

    class Recorder(PocketDetector):
        def likely(self, rgb: NDArray[np.uint8], views: tuple[View, ...]) -> Found:
            looks.append(views)
            return super().likely(rgb, views)

    recorder = Recorder(threads=1)
    for w, h in ((640, 480), (1200, 900)):
        for careful in (False, True):
            recorder.detect(Picture(np.zeros((h, w, 3), np.uint8)), careful)
    assert looks == [FAST, CAREFUL, FAST, LARGE]


def test_it_is_a_detector_and_says_what_it_knows(detector: PocketDetector) -> None:
    assert isinstance(detector, Detector)
    assert len(set(detector.card.knows)) == 80
    assert {"person", "cat", "dining table"} <= set(detector.card.knows)


def test_licence_and_manifest_are_installed() -> None:
    manifest = weights.manifest("boxes")
    text = (weights.FOLDER / manifest.licence_file).read_text()
    assert "Apache License" in text
    assert "MIT License" in text
    assert "RangiLyu" in text
    assert len(weights.verified_bytes("boxes")) == manifest.bytes


@pytest.mark.parametrize("careful", [False, True], ids=["fast", "careful"])
@pytest.mark.parametrize(
    "wh", [(1, 1), (1, 900), (900, 1), (3, 2), (33, 4000), (3000, 2000)], ids=str
)
def test_any_size_of_picture(detector: PocketDetector, wh: tuple[int, int], careful: bool) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (wh[1], wh[0], 3), np.uint8)
    seen = detector.detect(Picture(noise), careful, floor=0.01)
    assert len(seen) <= 100
    assert (seen.xyxy >= 0).all()
    assert (seen.xyxy <= [*wh, *wh]).all()
    assert (seen.xyxy[:, 2:] > seen.xyxy[:, :2]).all()


@pytest.mark.parametrize("careful", [False, True], ids=["fast", "careful"])
def test_best_first_and_the_floor_gives_more(
    detector: PocketDetector, shared_data: Path, careful: bool
) -> None:
    few = detector.detect(photo(shared_data), careful)
    many = detector.detect(photo(shared_data), careful, floor=0.02)
    assert 0 < len(few) < len(many) <= 100
    assert (np.diff(many.score) <= 0).all()
    assert few.score.min() >= 0.1


@pytest.mark.parametrize(
    ("name", "kind", "careful"),
    [
        ("cat.jpg", "cat", False),
        ("cat.jpg", "cat", True),
        ("astronaut.jpg", "person", False),
        ("astronaut.jpg", "person", True),
        ("coffee.jpg", "cup", True),
    ],
    ids=["cat fast", "cat careful", "person fast", "person careful", "cup careful"],
)
def test_the_sample_photos(
    detector: PocketDetector, sample: Callable[[str], bytes], name: str, kind: str, careful: bool
) -> None:
    image = Image.open(io.BytesIO(sample(name))).convert("RGB")
    assert kind in detector.detect(Picture(np.asarray(image)), careful).label[:2]


def test_one_object_has_one_name(detector: PocketDetector, sample: Callable[[str], bytes]) -> None:
    """The fast look alone calls the cat a dog, a couch and a bed besides."""
    image = Image.open(io.BytesIO(sample("cat.jpg"))).convert("RGB")
    found = detector.look(np.asarray(image), FAST, 0.15)
    whole = iou(found.xyxy, found.xyxy[:1])[:, 0] > 0.9
    assert whole.sum() > 1
    assert (iou(distinct(found).xyxy, found.xyxy[:1])[:, 0] > 0.9).sum() == 1


def test_a_mirrored_photo_has_mirrored_boxes(detector: PocketDetector, shared_data: Path) -> None:
    upright = photo(shared_data, 7)
    w = upright.wh[0]
    seen = detector.detect(upright, careful=True)
    turned = detector.detect(Picture(np.ascontiguousarray(upright.rgb[:, ::-1])), careful=True)
    strong = seen.take(seen.score > 0.45)
    assert len(strong)
    mirrored = strong.xyxy[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [w, 0, w, 0]
    overlap = iou(mirrored, turned.xyxy)
    assert (overlap.max(axis=1) > 0.75).all()
    assert [turned.label[i] for i in overlap.argmax(axis=1)] == list(strong.label)


@pytest.mark.parametrize("careful", [False, True], ids=["fast", "careful"])
def test_looks_side_by_side_see_the_same(
    detector: PocketDetector, shared_data: Path, careful: bool
) -> None:
    """Two threads: the careful looks run in two lanes, the fast one on both."""
    for number in range(3):
        alone = detector.detect(photo(shared_data, number), careful, floor=0.1)
        both = PocketDetector(threads=2).detect(photo(shared_data, number), careful, floor=0.1)
        assert alone.label == both.label
        assert both.xyxy.tolist() == [pytest.approx(box, abs=0.01) for box in alone.xyxy.tolist()]


def test_threads_share_one_detector(detector: PocketDetector, shared_data: Path) -> None:
    pictures = [photo(shared_data, i) for i in range(4)] * 3
    alone = [detector.detect(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(detector.detect, pictures))
    for a, b in zip(alone, together, strict=True):
        assert a.label == b.label
        assert np.array_equal(a.xyxy, b.xyxy)


def test_most_true_objects_of_a_few_photos_are_found(
    detector: PocketDetector, shared_data: Path
) -> None:
    """A guard against a wrong colour order, scale or shift, each of which would halve it."""
    truth = json.loads((shared_data / "coco_train/instances.json").read_text())
    names = {kind["id"]: kind["name"] for kind in truth["categories"]}
    hits = total = 0
    for entry in truth["images"][:12]:
        path = shared_data / "coco_train/images" / entry["file_name"]
        seen = detector.detect(Picture(np.asarray(Image.open(path).convert("RGB"))), careful=True)
        for thing in truth["annotations"]:
            x, y, w, h = thing["bbox"]
            if thing["image_id"] != entry["id"] or thing["iscrowd"] or w * h < 64 * 64:
                continue
            total += 1
            same = np.array([name == names[thing["category_id"]] for name in seen.label], bool)
            overlap = iou(np.array([[x, y, x + w, y + h]]), seen.xyxy[same])
            hits += bool(overlap.max(initial=0) > 0.5)
    assert total > 20
    assert hits / total > 0.6
