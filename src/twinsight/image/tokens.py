"""What a picture costs in tokens, from its size alone.

Rules: CONTRACT §14. Google's own numbers differ between its pages and its live replies, so the rule
for 1.5 and 2.x names is a policy; the default is the formula that Google publishes.
"""

from __future__ import annotations

from enum import StrEnum

from twinsight.prompt import Resolution

TILE_TOKENS = 258
"""Tokens of one tile, and of a picture that fits in one."""

ONE_TILE_SIDE = 384
"""Pixels: a picture with no side over this is one tile."""

MAX_TILES = 512
"""Most tiles that one picture can cost (132,096 tokens, an eighth of a 1,048,576 window).

The published formula has no bound: a strip of 16383x1 would be 16,383 tiles, four windows. The cap
is ours. It leaves 10000x100 (304 tiles) and 400x1 (400 tiles) as the formula says.
"""

_GENERATION_3 = {
    Resolution.UNSPECIFIED: 1120,
    Resolution.LOW: 280,
    Resolution.MEDIUM: 560,
    Resolution.HIGH: 1120,
    Resolution.ULTRA_HIGH: 2240,
}
_GENERATION_2_5 = {Resolution.LOW: 64, Resolution.MEDIUM: 256}


class TokenPolicy(StrEnum):
    """How 1.5 and 2.x names count a picture."""

    TILES = "tiles"
    """The published formula."""
    TILES_OVERVIEW = "tiles+overview"
    """One more tile for the whole picture where there are several, as gemini-2.0-flash bills."""
    FLAT_258 = "flat258"
    """258 whatever the size, as gemini-2.5-pro bills."""


def tile_count(wh: tuple[int, int]) -> int:
    """Tiles of a picture of ``wh`` pixels by the published formula, at most `MAX_TILES`."""
    w, h = wh
    if w <= ONE_TILE_SIDE and h <= ONE_TILE_SIDE:
        return 1
    # floor(min / 1.5) in whole numbers; the floor, not a float, decides 533x400 (CONTRACT §14.2).
    unit = max(1, min(w, h) * 2 // 3)
    return min(MAX_TILES, -(-w // unit) * -(-h // unit))


def effective_resolution(part: Resolution, overall: Resolution) -> Resolution:
    """The level that counts for one picture: its own beats the request's (CONTRACT §14.3)."""
    return overall if part is Resolution.UNSPECIFIED else part


def image_tokens(
    wh: tuple[int, int],
    policy: TokenPolicy = TokenPolicy.TILES,
    generation: float = 2.0,
    resolution: Resolution = Resolution.UNSPECIFIED,
) -> int:
    """Tokens of one upright picture of ``wh`` pixels.

    ``generation`` is the number in the model's name (1.5, 2.0, 2.5, 3.5, 4…). From 3 on the level
    alone decides. 2.5 names have fixed counts for LOW and MEDIUM; HIGH looks as closely as no level
    at all, and so does ULTRA_HIGH, which they do not have. Older names ignore the level.
    """
    if generation >= 3:
        return _GENERATION_3[resolution]
    if generation >= 2.5 and resolution in _GENERATION_2_5:
        return _GENERATION_2_5[resolution]
    if policy is TokenPolicy.FLAT_258:
        return TILE_TOKENS
    tiles = tile_count(wh)
    if policy is TokenPolicy.TILES_OVERVIEW and tiles > 1:
        tiles += 1
    return TILE_TOKENS * tiles
