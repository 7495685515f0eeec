"""Plain facts of a picture, measured and not guessed: light, sharpness, colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from twinsight.image.picture import Picture

SAMPLE_SIDE = 512
"""Longest side, in pixels, of the reduced picture that is measured."""

# Cautious limits, not fitted to data: they should be passed by plainly bad photos only.
DARK = 0.13
BRIGHT = 0.92
BLURRED = 0.012

_HUES = (
    (0.03, "red"),
    (0.11, "orange"),
    (0.18, "yellow"),
    (0.45, "green"),
    (0.53, "turquoise"),
    (0.70, "blue"),
    (0.80, "purple"),
    (0.94, "pink"),
    (1.01, "red"),
)
_NAMES = sorted({"black", "brown", "grey", "white", *(name for _, name in _HUES)})
_CODES = {name: code for code, name in enumerate(_NAMES)}

_BITS = 6
"""Bits of each channel that decide a colour's name."""


@dataclass(frozen=True, slots=True)
class Measures:
    """`brightness` 0–1 (mean luma), `sharpness` (see `_sharpness`), `colours` most frequent first.

    `colours` are (plain name, share of the picture) with shares of at least 5 %.
    """

    wh: tuple[int, int]
    brightness: float
    sharpness: float
    colours: tuple[tuple[str, float], ...]

    @property
    def too_dark(self) -> bool:
        return self.brightness < DARK

    @property
    def too_bright(self) -> bool:
        return self.brightness > BRIGHT

    @property
    def blurred(self) -> bool:
        return self.sharpness < BLURRED

    @property
    def flat(self) -> bool:
        """Nothing but one colour."""
        return bool(self.colours) and self.colours[0][1] > 0.97


def measure(picture: Picture) -> Measures:
    """Measures a picture; a few milliseconds whatever its size."""
    image = Image.fromarray(picture.rgb)
    image.thumbnail((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.BOX, reducing_gap=1.0)
    luma = np.asarray(image.convert("L"), np.float32) / np.float32(255)
    shares = tuple(_shares(np.asarray(image)))
    return Measures(picture.full_wh, float(luma.mean()), _sharpness(luma), shares)


def colour_name(rgb: NDArray[np.uint8]) -> str:
    """The commonest plain colour of some pixels, any shape (…, 3)."""
    shares = _shares(rgb)
    return shares[0][0] if shares else "grey"


def colour_share(rgb: NDArray[np.uint8], name: str) -> float:
    """The share of some pixels, any shape (…, 3), that have a plain colour; 0 below 5 %."""
    return dict(_shares(rgb)).get(name, 0.0)


def _sharpness(luma: NDArray[np.float32]) -> float:
    """The strongest local contrast: the 99th percentile of the 4-neighbour Laplacian's size.

    A blurred photo has none anywhere; a sharp one has it somewhere, however soft its background.
    """
    if min(luma.shape) < 3:
        return 1.0
    centre = luma[1:-1, 1:-1]
    around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    return float(np.percentile(np.abs(around / 4 - centre), 99))


def _shares(rgb: NDArray[np.uint8]) -> list[tuple[str, float]]:
    """Plain colours of pixels (…, 3) and their shares, the commonest first, from 5 % up."""
    r, g, b = (rgb[..., channel].ravel() >> (8 - _BITS) for channel in range(3))
    cells = (r.astype(np.int32) << 2 * _BITS) | (g.astype(np.int32) << _BITS) | b
    counts = np.bincount(_codes()[cells], minlength=len(_NAMES))
    shares = counts / max(cells.size, 1)
    order = np.argsort(-shares, kind="stable")
    return [(_NAMES[i], float(shares[i])) for i in order if shares[i] >= 0.05]


@cache
def _codes() -> NDArray[np.uint8]:
    """The colour's code for each cell of the RGB cube, judged at its centre."""
    steps = ((np.arange(1 << _BITS) + 0.5) / (1 << _BITS)).astype(np.float32)
    r, g, b = np.meshgrid(steps, steps, steps, indexing="ij")
    return _code(np.stack([r.ravel(), g.ravel(), b.ravel()], 1))


def _code(rgb: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The code of the name for each colour; (n, 3) from 0 to 1."""
    high, low = rgb.max(1), rgb.min(1)
    spread = high - low
    saturation = np.where(high > 0, spread / np.maximum(high, 1e-6), 0)
    codes = np.full(len(rgb), _CODES["grey"], np.uint8)
    codes[high < 0.22] = _CODES["black"]
    codes[(high > 0.86) & (saturation < 0.12)] = _CODES["white"]
    coloured = np.flatnonzero((saturation >= 0.22) & (high >= 0.22))
    hue = _hue(rgb[coloured], high[coloured], spread[coloured])
    named = np.array([_CODES[name] for _, name in _HUES], np.uint8)
    codes[coloured] = named[np.searchsorted([upper for upper, _ in _HUES], hue, side="right")]
    # Dark or dull orange and red are what people call brown.
    dull = (high[coloured] < 0.72) & (saturation[coloured] < 0.85)
    codes[coloured[(hue > 0.01) & (hue < 0.12) & dull]] = _CODES["brown"]
    return codes


def _hue(
    rgb: NDArray[np.float32], high: NDArray[np.float32], spread: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Hue, 0 to 1, red at both ends."""
    r, g, b = rgb.T
    safe = np.maximum(spread, 1e-6)
    hue = np.where(
        high == r, (g - b) / safe, np.where(high == g, 2 + (b - r) / safe, 4 + (r - g) / safe)
    )
    return np.asarray((hue / 6) % 1.0, np.float32)
