"""Pictures in the terminal: as escape sequences of three protocols, or as coloured half blocks.

Sources: sw.kovidgoyal.net/kitty/graphics-protocol, iterm2.com/documentation-images, and the DEC
VT330/VT340 manual (sixels).
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rgb = NDArray[np.uint8]
Frame = tuple[Sequence[float], tuple[int, int, int]]
"""A box as shares of the picture's sides, x, y, x, y, and its colour."""
Way = Literal["kitty", "iterm", "sixel", "blocks", "none"]

_CHUNK = 4096
"""Characters of one piece of a kitty picture, as its protocol wants."""
_SIXEL_COLOURS = 255
_BAND = 6
"""Rows of pixels in one row of sixels."""


def shown(rgb: Rgb, way: Way, columns: int, pixels_w: int, frames: Sequence[Frame] = ()) -> str:
    """The picture (h, w, 3) as text to print; it ends on a line of its own.

    Blocks are at most `columns` wide, the others at most `pixels_w` pixels; nothing is enlarged.
    Blocks are so coarse that the `frames` are drawn once more over them.
    """
    if way == "none":
        return ""
    if way == "blocks":
        return blocks(_framed(_fitted(rgb, columns, 2 * max(1, columns // 3)), frames))
    fitted = _fitted(rgb, pixels_w, pixels_w)
    return {"kitty": kitty, "iterm": iterm, "sixel": sixel}[way](fitted)


def _framed(rgb: Rgb, frames: Sequence[Frame]) -> Rgb:
    """A copy with each frame as a line one pixel wide, the first on top."""
    h, w = rgb.shape[:2]
    framed = rgb.copy()
    for shares, tint in reversed(frames):
        x0, y0, x1, y1 = (
            int(v * (side - 1) + 0.5) for v, side in zip(shares, (w, h) * 2, strict=True)
        )
        framed[[y0, y1], x0 : x1 + 1] = tint
        framed[y0 : y1 + 1, [x0, x1]] = tint
    return framed


def _fitted(rgb: Rgb, most_w: int, most_h: int) -> Rgb:
    """Reduced to fit, both sides at least one pixel."""
    h, w = rgb.shape[:2]
    scale = min(1.0, most_w / w, most_h / h)
    if scale == 1:
        return rgb
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS, reducing_gap=3))


def blocks(rgb: Rgb) -> str:
    """Two pixels a character: the upper one is its ink, the lower one its ground; 24-bit colour."""
    h, w = rgb.shape[:2]
    rows = []
    for y in range(0, h, 2):
        cells = []
        for x in range(w):
            r, g, b = rgb[y, x]
            ground = (
                f";48;2;{rgb[y + 1, x, 0]};{rgb[y + 1, x, 1]};{rgb[y + 1, x, 2]}"
                if y + 1 < h
                else ""
            )
            cells.append(f"\x1b[38;2;{r};{g};{b}{ground}m\N{UPPER HALF BLOCK}")
        rows.append("".join(cells) + "\x1b[0m\n")
    return "".join(rows)


def kitty(rgb: Rgb) -> str:
    """A PNG in base64, in pieces: `m=1` says that more follow."""
    data = base64.b64encode(_png(rgb)).decode("ascii")
    pieces = [data[i : i + _CHUNK] for i in range(0, len(data), _CHUNK)]
    made = []
    for index, piece in enumerate(pieces):
        first = "a=T,f=100,q=2," if index == 0 else ""
        made.append(f"\x1b_G{first}m={int(index + 1 < len(pieces))};{piece}\x1b\\")
    return "".join(made) + "\n"


def iterm(rgb: Rgb) -> str:
    """A PNG in base64, in one piece."""
    png = _png(rgb)
    data = base64.b64encode(png).decode("ascii")
    return f"\x1b]1337;File=inline=1;size={len(png)};width={rgb.shape[1]}px:{data}\x07\n"


def sixel(rgb: Rgb) -> str:
    """Bands of six rows; in each, a line of six-pixel columns for every colour that it has."""
    image = Image.fromarray(rgb).quantize(_SIXEL_COLOURS, Image.Quantize.MEDIANCUT)
    index = np.asarray(image)
    h, w = index.shape
    colours = np.array(image.getpalette(), np.int64).reshape(-1, 3)
    percent = (colours * 100 + 127) // 255
    used = np.unique(index)
    head = "".join("#{};2;{};{};{}".format(c, *percent[c]) for c in used.tolist())
    bands = "-".join(_band(index[y : y + _BAND]) for y in range(0, h, _BAND))
    return f'\x1bPq"1;1;{w};{h}{head}{bands}\x1b\\\n'


def _band(index: NDArray[np.uint8]) -> str:
    """One row of sixels: `$` goes back to its start for the next colour."""
    weights = 1 << np.arange(len(index))
    lines = []
    for colour in np.unique(index).tolist():
        bits = ((index == colour) * weights[:, None]).sum(axis=0)
        lines.append(f"#{colour}{_run_lengths(bits)}")
    return "$".join(lines)


def _run_lengths(bits: NDArray[np.int64]) -> str:
    """Columns as characters from `?` on; `!n` repeats the next one n times."""
    starts = np.concatenate([[0], np.flatnonzero(np.diff(bits)) + 1])
    counts = np.diff(np.concatenate([starts, [len(bits)]]))
    runs = []
    for value, count in zip(bits[starts].tolist(), counts.tolist(), strict=True):
        char = chr(63 + value)
        runs.append(f"!{count}{char}" if count > 3 else char * count)
    return "".join(runs)


def _png(rgb: Rgb) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG", compress_level=4)
    return file.getvalue()
