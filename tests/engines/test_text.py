import hashlib
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from twinsight.engines import weights
from twinsight.engines.pocket.text import PocketReader
from twinsight.engines.pocket.text_lines import (
    HEIGHT,
    MAX_WIDTH,
    is_tall,
    reading_order,
    reduced,
    turned,
    upright_crop,
)
from twinsight.engines.pocket.text_regions import (
    MAX_REGIONS,
    convex_hull,
    label_runs,
    min_area_rectangle,
    text_quads,
)
from twinsight.engines.roles import Reader, TextLine
from twinsight.image.picture import Picture

Line = tuple[str, tuple[int, int], int]


@pytest.fixture(scope="module")
def reader() -> PocketReader:
    return PocketReader(threads=1)


def written(
    lines: list[Line],
    wh: tuple[int, int] = (800, 600),
    paper: str = "white",
    ink: str = "black",
    busy: bool = False,
) -> Image.Image:
    """Lines of (text, x and y of its top left, size) in Pillow's own font."""
    image = Image.new("RGB", wh, paper)
    if busy:
        rng = np.random.default_rng(3)
        spots = Image.fromarray(rng.integers(60, 200, (24, 32, 3), np.uint8))
        image = spots.resize(wh, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for text, at, size in lines:
        draw.text(at, text, fill=ink, font=ImageFont.load_default(size=size))
    return image


def picture(image: Image.Image) -> Picture:
    return Picture(np.ascontiguousarray(np.asarray(image.convert("RGB"))))


def texts(lines: list[TextLine]) -> list[str]:
    return [line.text for line in lines]


def box(x1: float, y1: float, x2: float, y2: float) -> np.ndarray:
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float32)


def holds(quad: np.ndarray, points: np.ndarray, slack: float) -> bool:
    """Whether all points lie in the clockwise quad, or within `slack` pixels of it."""
    side = np.roll(quad, -1, axis=0) - quad
    side = side / np.linalg.norm(side, axis=1, keepdims=True)
    to = points[:, None] - quad
    return bool((side[:, 0] * to[..., 1] - side[:, 1] * to[..., 0] >= -slack).all())


# -- what it reads -------------------------------------------------------------------------------

SIGN = [("Harbour Bridge", (150, 120), 56), ("Platform 4", (220, 300), 48)]


@pytest.mark.parametrize(
    ("paper", "ink", "busy"),
    [
        pytest.param("white", "black", False, id="dark on light"),
        pytest.param("#102040", "white", False, id="light on dark"),
        pytest.param("#c02020", "#ffe040", False, id="yellow on red"),
        pytest.param("white", "white", True, id="on a busy ground"),
    ],
)
def test_reads_words_on(reader: PocketReader, paper: str, ink: str, busy: bool) -> None:
    lines = reader.read(picture(written(SIGN, paper=paper, ink=ink, busy=busy)))
    assert texts(lines) == ["Harbour Bridge", "Platform 4"]
    assert all(0.5 <= line.score <= 1 for line in lines)


@pytest.mark.parametrize("degrees", [-10, -4, 4, 10])
def test_reads_a_turned_picture(reader: PocketReader, degrees: int) -> None:
    image = written(SIGN).rotate(degrees, Image.Resampling.BICUBIC, fillcolor="white")
    lines = reader.read(picture(image))
    assert texts(lines) == ["Harbour Bridge", "Platform 4"]
    along = lines[0].quad[1] - lines[0].quad[0]
    assert np.degrees(np.arctan2(-along[1], along[0])) == pytest.approx(degrees, abs=1.5)


def test_reads_rows_from_top_to_bottom_and_each_from_left_to_right(reader: PocketReader) -> None:
    lines = [
        ("Gate", (60, 60), 40),
        ("Delayed", (520, 66), 40),
        ("London", (60, 200), 40),
        ("17:45", (520, 196), 40),
        ("Have a good journey", (60, 400), 40),
    ]
    assert texts(reader.read(picture(written(lines)))) == [text for text, *_ in lines]


def test_quads_lie_around_the_ink(reader: PocketReader) -> None:
    image = written([("Harbour Bridge", (150, 120), 56)])
    y, x = np.nonzero(np.asarray(image.convert("L")) < 128)
    (line,) = reader.read(picture(image))
    corners = box(x.min(), y.min(), x.max() + 1, y.max() + 1)
    assert holds(line.quad, corners, slack=4)
    assert holds(corners, line.quad, slack=20)
    assert line.quad.dtype == np.float32
    assert line.quad.shape == (4, 2)


@pytest.mark.parametrize(
    ("turn", "first"),
    [
        pytest.param(Image.Transpose.ROTATE_270, "top right", id="running down"),
        pytest.param(Image.Transpose.ROTATE_90, "bottom left", id="running up"),
        pytest.param(Image.Transpose.ROTATE_180, "bottom right", id="upside down"),
    ],
)
def test_reads_text_that_is_not_upright(
    reader: PocketReader, turn: Image.Transpose, first: str
) -> None:
    lines = [("Warehouse entrance", (100, 150), 50), ("Deliveries only", (100, 350), 50)]
    found = reader.read(picture(written(lines).transpose(turn)))
    assert sorted(texts(found)) == ["Deliveries only", "Warehouse entrance"]
    for line in found:
        quad = line.quad
        low, high = quad.min(axis=0), quad.max(axis=0)
        corner = {
            "top right": (high[0], low[1]),
            "bottom left": (low[0], high[1]),
            "bottom right": (high[0], high[1]),
        }[first]
        assert np.abs(quad[0] - corner).max() < 6


def test_an_upside_down_page_is_read_in_its_own_order(reader: PocketReader) -> None:
    lines = [("Warehouse entrance", (100, 150), 50), ("Deliveries only", (100, 350), 50)]
    image = written(lines).transpose(Image.Transpose.ROTATE_180)
    assert texts(reader.read(picture(image))) == ["Warehouse entrance", "Deliveries only"]


def test_reads_one_tall_digit_upright(reader: PocketReader) -> None:
    assert texts(reader.read(picture(written([("7", (350, 200), 120)])))) == ["7"]


def test_reads_small_print_on_a_large_page(reader: PocketReader) -> None:
    words = "The quick brown fox jumps over the lazy dog"
    lines = [(words, (200, 200 + 90 * row), 44) for row in range(12)]
    assert texts(reader.read(picture(written(lines, wh=(2480, 3508))))) == [words] * 12


def test_quads_are_in_pixels_of_the_given_picture(reader: PocketReader) -> None:
    large = written([("OPEN", (1500, 1200), 300)], wh=(4000, 3000))
    (line,) = reader.read(picture(large))
    assert line.text == "OPEN"
    y, x = np.nonzero(np.asarray(large.convert("L")) < 128)
    assert np.abs(line.quad.min(axis=0) - (x.min(), y.min())).max() < 90
    assert np.abs(line.quad.max(axis=0) - (x.max(), y.max())).max() < 90


# -- pictures without text, and hostile ones -----------------------------------------------------


@pytest.mark.parametrize(
    "wh",
    [(1, 1), (2, 3), (1, 4000), (4000, 1), (31, 33), (20_000, 3), (640, 480)],
    ids=lambda wh: f"{wh[0]}x{wh[1]}",
)
@pytest.mark.parametrize("fill", ["blank", "noise"])
def test_says_nothing_where_there_is_no_text(
    reader: PocketReader, wh: tuple[int, int], fill: str
) -> None:
    shape = (wh[1], wh[0], 3)
    rgb = np.full(shape, 200, np.uint8)
    if fill == "noise":
        rgb = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert reader.read(Picture(rgb)) == []


def test_reads_fifty_megapixels_without_a_full_copy(reader: PocketReader) -> None:
    rgb = np.full((5800, 8700, 3), 255, np.uint8)
    word = np.asarray(written([("Observatory", (40, 40), 300)], wh=(2000, 460)))
    rgb[2500:2960, 3000:5000] = word
    assert texts(reader.read(Picture(rgb))) == ["Observatory"]


def test_threads_share_a_reader(reader: PocketReader) -> None:
    names = ["Alpha", "Bravo", "Charlie", "Delta"]
    pictures = [picture(written([(name, (200, 200), 70)])) for name in names]
    found: dict[str, list[str]] = {}

    def read(i: int) -> None:
        found[names[i]] = texts(reader.read(pictures[i]))

    threads = [threading.Thread(target=read, args=(i,)) for i in range(len(names))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {name: [name] for name in names}


def test_is_a_reader(reader: PocketReader) -> None:
    assert isinstance(reader, Reader)
    assert reader.card.roles == ("reader",)


@pytest.mark.parametrize("name", ["text_glance", "text_detect", "text_recognise"])
def test_weights_are_those_of_their_manifest(name: str) -> None:
    card = weights.manifest(name)
    content = (weights.FOLDER / card.file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == card.sha256
    assert len(content) == card.bytes
    assert "Apache License" in (weights.FOLDER / card.licence_file).read_text("utf-8")


# -- regions -------------------------------------------------------------------------------------


def flood_count(mask: np.ndarray) -> int:
    """Regions that touch by side or corner, counted the slow and plain way."""
    left, count = {(int(y), int(x)) for y, x in zip(*np.nonzero(mask), strict=True)}, 0
    while left:
        count += 1
        edge = [left.pop()]
        while edge:
            y, x = edge.pop()
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            edge += near
    return count


@given(st.integers(1, 14), st.integers(1, 14), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_runs_are_joined_as_a_flood_would(h: int, w: int, seed: int, share: float) -> None:
    mask = np.random.default_rng(seed).random((h, w)) < share
    label, row, start, end = label_runs(mask)
    painted = np.zeros_like(mask)
    for y, x1, x2 in zip(row, start, end, strict=True):
        painted[y, x1:x2] = True
    assert np.array_equal(painted, mask)
    assert len(np.unique(label)) == flood_count(mask)


points = st.lists(
    st.tuples(st.integers(-200, 200), st.integers(-200, 200)), min_size=1, max_size=60
)


@given(points)
def test_least_rectangle_holds_all_points_and_is_no_larger_than_the_box(
    raw: list[tuple[int, int]],
) -> None:
    cloud = np.array(raw, np.float64)
    corners, wh = min_area_rectangle(convex_hull(cloud))
    assert wh.prod() <= np.ptp(cloud, axis=0).prod() + 1e-6
    along, down = corners[1] - corners[0], corners[3] - corners[0]
    assert (np.hypot(*along), np.hypot(*down)) == pytest.approx(tuple(wh), abs=1e-6)
    for axis, low, high in ((along, corners[0], corners[1]), (down, corners[0], corners[3])):
        reach = cloud @ axis
        assert reach.min() >= low @ axis - 1e-3
        assert reach.max() <= high @ axis + 1e-3


@given(points)
def test_hull_keeps_extremes(raw: list[tuple[int, int]]) -> None:
    cloud = np.array(raw, np.float64)
    hull = convex_hull(cloud)
    assert {tuple(p) for p in hull} <= {tuple(p) for p in cloud}
    for angle in np.linspace(0, 2 * np.pi, 16):
        direction = np.array([np.cos(angle), np.sin(angle)])
        assert (hull @ direction).max() == pytest.approx((cloud @ direction).max())


@pytest.mark.parametrize("degrees", [0, 20, 44, 70, 90, 135])
def test_least_rectangle_finds_the_angle(degrees: int) -> None:
    turn = np.radians(degrees)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corners, wh = min_area_rectangle(convex_hull(box(0, 0, 100, 30) @ axes))
    assert sorted(wh) == pytest.approx([30, 100], abs=1e-3)
    along = corners[1] - corners[0]
    assert along[0] >= abs(along[1]) - 1e-3  # runs right, within 45 degrees


def test_quads_grow_by_area_over_perimeter() -> None:
    probability = np.zeros((100, 200), np.float32)
    probability[40:59, 20:119] = 0.9  # 100 x 20 after closing hairline gaps
    quads, scores = text_quads(probability, unclip_ratio=1.5)
    grow = 100 * 20 * 1.5 / 240
    expected = box(20 - grow, 40 - grow, 120 + grow, 60 + grow)
    assert quads == pytest.approx(expected[None], abs=1e-3)
    assert scores == pytest.approx([0.9 * 99 * 19 / (100 * 20)], abs=1e-3)


@pytest.mark.parametrize(
    "kind", ["noise", "rings", "comb"], ids=["noise", "rings in rings", "comb"]
)
def test_regions_of_hostile_maps_are_bounded(kind: str) -> None:
    h, w = 960, 1280
    y, x = np.mgrid[:h, :w]
    probability = {
        "noise": np.random.default_rng(0).random((h, w)),
        "rings": (np.maximum(abs(y - 480), abs(x - 640)) % 4 < 2) * 1.0,
        "comb": (x % 4 < 2) * 1.0,
    }[kind].astype(np.float32)
    begun = time.process_time()
    quads, scores = text_quads(probability, box_threshold=0)
    assert time.process_time() - begun < 10
    assert len(quads) == len(scores) <= MAX_REGIONS


# -- lines ---------------------------------------------------------------------------------------


def test_crop_turns_a_slanted_line_level() -> None:
    rng = np.random.default_rng(5)
    line = np.asarray(Image.fromarray(rng.integers(0, 256, (6, 40, 3), np.uint8)).resize((320, 48)))
    page = Image.new("RGB", (600, 600))
    page.paste(Image.fromarray(line), (140, 276))
    quad = box(140, 276, 460, 324)
    turn = np.radians(25)
    page = page.rotate(25, Image.Resampling.BICUBIC)  # counter-clockwise as seen, about (300, 300)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    slanted = ((quad - 300) @ spin + 300).astype(np.float32)
    crop = upright_crop(np.asarray(page), slanted)
    assert crop.shape == (HEIGHT, 320, 3)
    inner = np.abs(crop.astype(int) - line)[4:-4, 4:-4]
    assert inner.mean() < 6


@pytest.mark.parametrize(
    "quad",
    [
        pytest.param(box(-50, -50, 30, 20), id="over the corner"),
        pytest.param(box(90, 90, 300, 300), id="over the far corner"),
        pytest.param(box(10, 10, 10.2, 10.1), id="smaller than a pixel"),
        pytest.param(box(0, 0, 100, 0.01), id="a hair"),
        pytest.param(box(-500, -500, -400, -450), id="outside"),
    ],
)
def test_crop_of_odd_quads_is_a_line(quad: np.ndarray) -> None:
    rgb = np.full((100, 100, 3), 77, np.uint8)
    crop = upright_crop(rgb, quad)
    assert crop.shape[0] == HEIGHT
    assert 8 <= crop.shape[1] <= MAX_WIDTH
    assert np.abs(crop.astype(int) - 77).max() <= 1


@pytest.mark.parametrize("wh", [(100, 60), (101, 61), (7, 2000)], ids=str)
def test_reduced_averages_blocks(wh: tuple[int, int]) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (wh[1], wh[0], 3), np.uint8)
    whole = np.asarray(Image.fromarray(rgb).reduce(3))
    assert np.array_equal(reduced(rgb, 3), whole)
    assert np.array_equal(reduced(rgb, 1), rgb)


def test_reading_order_holds_sloping_rows_together() -> None:
    slope = [box(100 * i, 10 + 8 * i, 100 * i + 80, 40 + 8 * i) for i in range(5)]
    below = [box(100 * i, 60 + 8 * i, 100 * i + 80, 90 + 8 * i) for i in range(5)]
    quads = [*slope, *below]
    mixed = np.random.default_rng(1).permutation(len(quads)).tolist()
    order = [mixed[i] for i in reading_order([quads[i] for i in mixed])]
    assert order == list(range(10))


def test_turned_quads_start_at_the_next_corner() -> None:
    quad = box(0, 0, 10, 40)
    assert is_tall(quad)
    assert not is_tall(turned(quad, 1))
    assert turned(quad, 1)[0].tolist() == [10, 0]
    assert turned(quad, 2)[0].tolist() == [10, 40]
