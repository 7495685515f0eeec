from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinsight.image.tokens import (
    MAX_TILES,
    TokenPolicy,
    effective_resolution,
    image_tokens,
    tile_count,
)
from twinsight.prompt import Resolution

TABLE = {
    (1, 1): 258,
    (384, 384): 258,
    (385, 384): 1032,
    (385, 385): 1032,
    (385, 200): 1548,
    (576, 384): 1548,
    (640, 480): 1032,
    (800, 600): 1032,
    (960, 540): 1548,
    (768, 768): 1032,
    (1024, 768): 1032,
    (1024, 1024): 1032,
    (1280, 720): 1548,
    (1920, 1080): 1548,
    (1080, 1920): 1548,
    (3000, 2000): 1548,
    (3840, 2160): 1548,
    (4032, 3024): 1032,
    (4000, 4000): 1032,
    (4000, 500): 6708,
    (10000, 100): 78_432,
    # The two in the text below the formula: the floor decides.
    (533, 400): 1548,
    (1000, 500): 2064,
    # Guards: a unit of no pixels, and a strip that would cost several windows.
    (400, 1): 400 * 258,
    (16383, 1): MAX_TILES * 258,
}
"""CONTRACT §14.2."""


@pytest.mark.parametrize(("wh", "tokens"), TABLE.items(), ids=lambda v: str(v))
def test_published_formula(wh: tuple[int, int], tokens: int) -> None:
    assert image_tokens(wh) == tokens


LEVELS = {
    "2.5 unspecified": (2.5, Resolution.UNSPECIFIED, 1548),
    "2.5 low": (2.5, Resolution.LOW, 64),
    "2.5 medium": (2.5, Resolution.MEDIUM, 256),
    "2.5 high": (2.5, Resolution.HIGH, 1548),
    "2.5 ultra high, as high": (2.5, Resolution.ULTRA_HIGH, 1548),
    "2.0 ignores low": (2.0, Resolution.LOW, 1548),
    "1.5 ignores medium": (1.5, Resolution.MEDIUM, 1548),
    "3 unspecified": (3.0, Resolution.UNSPECIFIED, 1120),
    "3 low": (3.0, Resolution.LOW, 280),
    "3.5 medium": (3.5, Resolution.MEDIUM, 560),
    "3.8 high": (3.8, Resolution.HIGH, 1120),
    "4 ultra high": (4.0, Resolution.ULTRA_HIGH, 2240),
}
"""CONTRACT §14.3, for a picture of 960x540."""


@pytest.mark.parametrize(("generation", "level", "tokens"), LEVELS.values(), ids=LEVELS.keys())
def test_media_resolution(generation: float, level: Resolution, tokens: int) -> None:
    assert image_tokens((960, 540), generation=generation, resolution=level) == tokens


POLICIES = {
    "overview adds a tile": (TokenPolicy.TILES_OVERVIEW, (700, 1003), 1806),
    "overview of one tile is that tile": (TokenPolicy.TILES_OVERVIEW, (384, 200), 258),
    "flat for large": (TokenPolicy.FLAT_258, (3840, 2160), 258),
    "flat for small": (TokenPolicy.FLAT_258, (1, 1), 258),
    "by its name": (TokenPolicy("tiles+overview"), (960, 540), 1806),
}


@pytest.mark.parametrize(("policy", "wh", "tokens"), POLICIES.values(), ids=POLICIES.keys())
def test_policy(policy: TokenPolicy, wh: tuple[int, int], tokens: int) -> None:
    assert image_tokens(wh, policy) == tokens


@pytest.mark.parametrize("policy", TokenPolicy)
def test_from_generation_3_the_policy_says_nothing(policy: TokenPolicy) -> None:
    assert image_tokens((4000, 500), policy, 3.5, Resolution.LOW) == 280


def test_the_part_beats_the_request() -> None:
    low, high, none = Resolution.LOW, Resolution.HIGH, Resolution.UNSPECIFIED
    assert effective_resolution(high, low) is high
    assert effective_resolution(none, low) is low
    assert effective_resolution(none, none) is none


@given(st.integers(1, 70_000), st.integers(1, 70_000))
def test_tiles_are_bounded_and_blind_to_turning(w: int, h: int) -> None:
    assert 1 <= tile_count((w, h)) <= MAX_TILES
    assert tile_count((w, h)) == tile_count((h, w))


@given(st.integers(385, 20_000), st.integers(385, 20_000))
def test_tiles_cover_the_picture(w: int, h: int) -> None:
    unit = min(w, h) * 2 // 3
    assert min(MAX_TILES, (w * h) / (unit * unit)) <= tile_count((w, h))
