"""Light, sharpness and colours, on pictures whose truth is drawn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageFilter

from twinsight.image.measure import colour_name, measure
from twinsight.image.picture import Picture


def picture(rgb: np.ndarray) -> Picture:
    return Picture(np.ascontiguousarray(rgb, np.uint8))


def noise(side: int = 200) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((10, 10, 12), "black"),
        ((250, 250, 248), "white"),
        ((128, 128, 130), "grey"),
        ((220, 20, 20), "red"),
        ((250, 140, 10), "orange"),
        ((245, 230, 40), "yellow"),
        ((30, 160, 40), "green"),
        ((40, 200, 190), "turquoise"),
        ((30, 60, 200), "blue"),
        ((130, 50, 190), "purple"),
        ((240, 90, 180), "pink"),
        ((120, 75, 40), "brown"),
    ],
)
def test_a_plain_colour_has_its_name(rgb: tuple[int, int, int], name: str) -> None:
    assert colour_name(np.full((4, 5, 3), rgb, np.uint8)) == name


def test_shares_are_of_the_whole_picture() -> None:
    rgb = np.full((100, 100, 3), (30, 60, 200), np.uint8)
    rgb[:25] = (220, 20, 20)
    assert measure(picture(rgb)).colours == (("blue", 0.75), ("red", 0.25))


@pytest.mark.parametrize(
    ("rgb", "dark", "bright"),
    [
        pytest.param(noise() // 16, True, False, id="dark"),
        pytest.param(255 - noise() // 16, False, True, id="bright"),
        pytest.param(noise(), False, False, id="ordinary"),
    ],
)
def test_light(rgb: np.ndarray, dark: bool, bright: bool) -> None:
    measures = measure(picture(rgb))
    assert (measures.too_dark, measures.too_bright) == (dark, bright)


def test_blur_is_noticed() -> None:
    soft = Image.fromarray(noise()).filter(ImageFilter.GaussianBlur(6))
    assert measure(picture(np.asarray(soft))).blurred
    assert not measure(picture(noise())).blurred


@settings(max_examples=60, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
def test_any_picture_can_be_measured(rgb: np.ndarray) -> None:
    measures = measure(picture(rgb))
    assert 0 <= measures.brightness <= 1
    assert sum(share for _, share in measures.colours) <= 1 + 1e-9
    assert [share for _, share in measures.colours] == sorted(
        (share for _, share in measures.colours), reverse=True
    )
