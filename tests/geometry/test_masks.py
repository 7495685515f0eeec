"""Masks: the PNG that clients read, COCO's run lengths."""

from __future__ import annotations

import base64
import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp
from PIL import Image

from twinsight.geometry import masks

BOOLEANS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40))


def disc(h: int, w: int) -> np.ndarray:
    y, x = np.mgrid[:h, :w]
    return np.asarray(((y + 0.5) / h - 0.5) ** 2 + ((x + 0.5) / w - 0.5) ** 2 < 0.2)


@given(BOOLEANS)
def test_a_small_binary_mask_comes_back_from_its_png(mask: np.ndarray) -> None:
    uri = masks.to_png_uri(mask.astype(np.uint8) * 255)
    assert ((masks.from_png_uri(uri) > 128) == mask).all()


@pytest.mark.parametrize(
    "box_wh",
    [(1, 1), (1, 3000), (3000, 1), (0.2, 0.2), (640, 480), (37, 256), (20_000, 15_000)],
    ids=str,
)
def test_png_is_greyscale_one_line_and_bounded(box_wh: tuple[float, float]) -> None:
    uri = masks.to_png_uri(disc(64, 64).astype(np.uint8) * 255, box_wh)
    content = base64.b64decode(uri.removeprefix("data:image/png;base64,"), validate=True)
    assert uri.startswith("data:image/png;base64,")
    assert "\n" not in uri
    width, height, depth, colour_type = struct.unpack(">IIBB", content[16:26])
    assert (depth, colour_type) == (8, 0)  # 8 bits, greyscale
    assert min(width, height) >= 1
    assert max(width, height) <= 256


def test_both_thresholds_of_clients_see_the_same_object() -> None:
    y, x = np.mgrid[:64, :64]
    soft = np.clip(628 - np.hypot(y - 31.5, x - 31.5) * 25, 0, 255).astype(np.uint8)
    sent = masks.from_png_uri(masks.to_png_uri(soft, (400, 400)))
    at_zero = np.asarray(Image.fromarray(sent).resize((400, 400), Image.Resampling.BILINEAR)) > 0
    at_half = np.asarray(Image.fromarray(sent).resize((400, 400), Image.Resampling.BILINEAR)) > 128
    assert at_half.sum() / at_zero.sum() > 0.93
    assert at_half.sum() == pytest.approx(np.pi * (20 / 64 * 400) ** 2, rel=0.04)


@pytest.mark.parametrize(
    "uri",
    ["", "iVBORw0KGgo=", "data:image/jpeg;base64,AAAA", masks.PREFIX + "AAAA", masks.PREFIX + "!"],
    ids=["empty", "no prefix", "jpeg", "not a png", "not base64"],
)
def test_what_is_no_mask_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match=r"mask|base64"):
        masks.from_png_uri(uri)


def test_colour_png_is_read_as_grey() -> None:
    file = io.BytesIO()
    Image.new("RGB", (3, 2), (255, 255, 255)).save(file, "PNG")
    uri = masks.PREFIX + base64.b64encode(file.getvalue()).decode()
    assert masks.from_png_uri(uri).tolist() == [[255] * 3] * 2


@pytest.mark.parametrize(
    ("xyxy", "expected"),
    [
        ((0, 0, 6, 4), 24),
        ((2, 1, 4, 3), 4),
        ((-3, -3, 2, 2), 4),
        ((5, 3, 50, 50), 1),
        ((2.7, 1, 2.9, 3), 0),
        ((40, 40, 50, 50), 0),
        ((4, 3, 2, 1), 0),
    ],
    ids=["whole", "inner", "over the corner", "far corner", "no pixel", "outside", "inverted"],
)
def test_paste_fills_the_pixels_of_the_box(xyxy: tuple[float, ...], expected: int) -> None:
    whole = masks.paste(np.full((5, 5), 255, np.uint8), xyxy, (6, 4))
    assert whole.shape == (4, 6)
    assert whole.sum() == expected


@given(BOOLEANS)
def test_run_lengths_round_trip(mask: np.ndarray) -> None:
    rle = masks.to_rle(mask)
    assert (masks.from_rle(rle) == mask).all()
    assert (masks.from_rle({**rle, "counts": rle["counts"].encode()}) == mask).all()


def test_run_lengths_are_those_of_coco() -> None:
    """By hand: column order, background first, each run less that two before it."""
    mask = np.zeros((4, 3), bool)
    mask[1:3, 1] = True
    assert masks.from_rle({"size": [4, 3], "counts": [5, 2, 5]}).tolist() == mask.tolist()
    assert masks.to_rle(mask) == {"size": [4, 3], "counts": "525"}


@pytest.mark.parametrize(
    "counts", [[5, 2], [5, -1, 8], "5", [13]], ids=["short", "negative", "text", "long"]
)
def test_run_lengths_that_do_not_fill_the_picture(counts: list[int] | str) -> None:
    with pytest.raises(ValueError, match="run lengths"):
        masks.from_rle({"size": [4, 3], "counts": counts})
