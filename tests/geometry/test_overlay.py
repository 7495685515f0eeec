"""Overlays: drawn on a copy, where they belong, on pictures of any size."""

from __future__ import annotations

import numpy as np
import pytest

from twinsight.geometry import overlay
from twinsight.geometry.detections import Detections


def grey(w: int, h: int) -> np.ndarray:
    return np.full((h, w, 3), 128, np.uint8)


def one(w: int, h: int, label: str = "cat", mask: bool = False) -> Detections:
    return Detections(
        np.array([[0.25 * w, 0.25 * h, 0.75 * w, 0.75 * h]], np.float32),
        np.array([0.9], np.float32),
        (label,),
        (np.full((8, 8), 255, np.uint8),) if mask else None,
    )


@pytest.mark.parametrize(
    "wh", [(1, 1), (1, 500), (500, 1), (40, 30), (640, 480), (3000, 2000)], ids=str
)
@pytest.mark.parametrize("mask", [False, True], ids=["box", "mask"])
def test_draws_on_a_copy(wh: tuple[int, int], mask: bool) -> None:
    photo = grey(*wh)
    drawn = overlay.draw(photo, one(*wh, mask=mask))
    assert drawn.shape == photo.shape
    assert drawn.dtype == np.uint8
    assert (photo == 128).all()
    assert (drawn != photo).any()


def test_the_box_is_drawn_in_its_colour_and_the_far_corner_is_left_alone() -> None:
    drawn = overlay.draw(grey(640, 480), one(640, 480))
    assert tuple(drawn[240, 160]) == overlay.colours(["cat"])[0]
    assert (drawn[400:, 520:] == 128).all()
    assert (drawn[200:280, 250:400] == 128).all()


def test_the_mask_is_translucent() -> None:
    drawn = overlay.draw(grey(640, 480), one(640, 480, mask=True))
    tint = np.array(overlay.colours(["cat"])[0])
    assert np.abs(drawn[300, 320] - (128 * 0.55 + tint * 0.45)).max() <= 1


def test_the_same_name_has_one_colour_and_others_differ() -> None:
    names = [f"thing {i}" for i in range(12)]
    tints = overlay.colours([*names, "thing 3"])
    assert tints[12] == tints[3]
    assert len(set(tints)) == 12


@pytest.mark.parametrize("label", ["", "naïve café", "犬", "a\nb", "x" * 300], ids=ascii)
def test_any_label_is_drawn(label: str) -> None:
    assert (overlay.draw(grey(200, 100), one(200, 100, label)) != 128).any()


def test_plates_of_the_same_box_do_not_cover_each_other() -> None:
    twice = one(640, 480).take([0, 0, 0])
    once = overlay.draw(grey(640, 480), one(640, 480))
    thrice = overlay.draw(grey(640, 480), twice)
    tint = np.array(overlay.colours(["cat"])[0])
    coloured = [int((drawn == tint).all(axis=2).sum()) for drawn in (once, thrice)]
    assert coloured[1] > coloured[0] + 500


def test_nothing_seen_changes_nothing() -> None:
    assert (overlay.draw(grey(64, 48), Detections.empty()) == 128).all()


def test_lines_of_text_are_outlined() -> None:
    quad = np.array([[100, 100], [300, 120], [296, 160], [96, 140]], np.float32)
    drawn = overlay.draw_text(grey(640, 480), [quad], ["Rue de la Paix"])
    assert (drawn[105:135, 195:205] != 128).any()
    assert (drawn[300:] == 128).all()
