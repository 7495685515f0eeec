"""Drawings of what was seen, for people: boxes, masks, names and lines of text on the photo."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from twinsight.geometry.masks import paste

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from twinsight.geometry.detections import Detections

    Rgb = NDArray[np.uint8]
    Colour = tuple[int, int, int]
    Rectangle = tuple[float, float, float, float]

_MASK_OPACITY = 0.45
_GOLDEN = 0.61803398875


def colours(names: Sequence[str]) -> list[Colour]:
    """One vivid colour for each different name, far from those of the names before it."""
    known: dict[str, Colour] = {}
    for name in names:
        if name not in known:
            hue = (0.58 + len(known) * _GOLDEN) % 1
            value = (1.0, 0.82)[len(known) // 8 % 2]
            r, g, b = colorsys.hsv_to_rgb(hue, 0.78, value)
            known[name] = (round(r * 255), round(g * 255), round(b * 255))
    return [known[name] for name in names]


def draw(rgb: Rgb, seen: Detections, scores: bool = True) -> Rgb:
    """A copy of the photo (h, w, 3) with every object's box, name and, if known, mask."""
    tints = colours(seen.label)
    painted = rgb.copy()
    if seen.mask is not None:
        for mask, xyxy, tint in zip(seen.mask, seen.xyxy, tints, strict=True):
            _tint(painted, mask, xyxy, tint)
    picture = Image.fromarray(painted)
    pen = ImageDraw.Draw(picture)
    line, font = _line_width(rgb), _font(rgb)
    order = range(len(seen) - 1, -1, -1)  # the best on top
    for i in order:
        _box(pen, picture.size, seen.xyxy[i], tints[i], line)
    taken: list[Rectangle] = []
    for i in reversed(order):
        text = f"{seen.label[i]} {seen.score[i]:.2f}" if scores else seen.label[i]
        _tag(pen, picture.size, seen.xyxy[i], text, tints[i], font, taken)
    return np.asarray(picture)


def draw_text(rgb: Rgb, quads: Sequence[NDArray[np.float32]], texts: Sequence[str]) -> Rgb:
    """A copy of the photo with each line of text outlined by its quad (4, 2) and spelled beside."""
    picture = Image.fromarray(rgb.copy())
    pen = ImageDraw.Draw(picture)
    line, font = _line_width(rgb), _font(rgb, 0.8)
    taken: list[Rectangle] = []
    tints = colours([str(i) for i in range(len(quads))])
    for quad, tint in zip(quads, tints, strict=True):
        corners = [(float(x), float(y)) for x, y in quad]
        pen.line([*corners, corners[0]], fill=(0, 0, 0), width=line + 2, joint="curve")
        pen.line([*corners, corners[0]], fill=tint, width=line, joint="curve")
    for quad, text, tint in zip(quads, texts, tints, strict=True):
        xyxy = np.concatenate([quad.min(axis=0), quad.max(axis=0)])
        _tag(pen, picture.size, xyxy, text, tint, font, taken)
    return np.asarray(picture)


def draw_points(rgb: Rgb, spots: Sequence[tuple[float, float]], names: Sequence[str]) -> Rgb:
    """A copy of the photo with a dot at each spot (x, y in pixels) and its name beside it."""
    picture = Image.fromarray(rgb.copy())
    pen = ImageDraw.Draw(picture)
    radius, font = 2.0 + 1.5 * _line_width(rgb), _font(rgb)
    tints = colours(names)
    for (x, y), tint in zip(spots, tints, strict=True):
        for size, colour in (
            (radius + 3, (0, 0, 0)),
            (radius + 2, (255, 255, 255)),
            (radius, tint),
        ):
            pen.ellipse((x - size, y - size, x + size, y + size), fill=colour)
    taken: list[Rectangle] = []
    for (x, y), name, tint in zip(spots, names, tints, strict=True):
        away = radius + 4
        around = np.array([x - away, y - away, x + away, y + away], np.float32)
        _tag(pen, picture.size, around, name, tint, font, taken)
    return np.asarray(picture)


def _line_width(rgb: Rgb) -> int:
    return max(1, round(int(max(rgb.shape[:2])) / 210))


def _font(rgb: Rgb, scale: float = 1.0) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(10.0, max(rgb.shape[:2]) / 42 * scale))


def _tint(painted: Rgb, mask: NDArray[np.uint8], xyxy: NDArray[np.float32], tint: Colour) -> None:
    inside = paste(mask, xyxy, (painted.shape[1], painted.shape[0]))
    mixed = painted[inside] * (1 - _MASK_OPACITY) + np.array(tint) * _MASK_OPACITY
    painted[inside] = mixed.astype(np.uint8)
    core = inside.copy()
    core[1:] &= inside[:-1]
    core[:-1] &= inside[1:]
    core[:, 1:] &= inside[:, :-1]
    core[:, :-1] &= inside[:, 1:]
    painted[inside & ~core] = tint


def _box(
    pen: ImageDraw.ImageDraw,
    wh: tuple[int, int],
    xyxy: NDArray[np.float32],
    tint: Colour,
    line: int,
) -> None:
    """A line in the colour between two dark ones, so that it shows on any background."""
    w, h = wh
    x0, x1 = sorted(float(min(max(v, 0), w - 1)) for v in xyxy[[0, 2]])
    y0, y1 = sorted(float(min(max(v, 0), h - 1)) for v in xyxy[[1, 3]])
    pen.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), outline=(0, 0, 0), width=line + 2)
    pen.rectangle((x0, y0, x1, y1), outline=tint, width=line)


def _tag(
    pen: ImageDraw.ImageDraw,
    wh: tuple[int, int],
    xyxy: NDArray[np.float32],
    text: str,
    tint: Colour,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    taken: list[Rectangle],
) -> None:
    """The name on a plate of the colour, above the box or at the first free place within it."""
    text = "".join(char if char.isprintable() else " " for char in text)
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    pad = max(2.0, (bottom - top) / 5)
    width, height = right - left + 2 * pad, bottom - top + 2 * pad
    x, y = _place(wh, xyxy, (width, height), taken)
    taken.append((x, y, x + width, y + height))
    pen.rectangle((x, y, x + width, y + height), fill=tint)
    luminance = 0.299 * tint[0] + 0.587 * tint[1] + 0.114 * tint[2]
    ink = (0, 0, 0) if luminance > 140 else (255, 255, 255)
    pen.text((x + pad - left, y + pad - top), text, fill=ink, font=font)


def _place(
    wh: tuple[int, int],
    xyxy: NDArray[np.float32],
    size: tuple[float, float],
    taken: list[Rectangle],
) -> tuple[float, float]:
    """The first corner, of those that suit the box, whose plate covers no plate before it."""
    w, h = wh
    width, height = size
    x0, y0, x1, y1 = (float(v) for v in xyxy)
    places = [(x0, y0 - height), (x0, y0), (x0, y1 - height), (x0, y1), (x1 - width, y0 - height)]
    places += [(x0, y0 + height * step) for step in range(1, 4)]
    inside = [(min(max(x, 0.0), max(w - width, 0.0)), min(max(y, 0.0), max(h - height, 0.0)))
              for x, y in places]  # fmt: skip
    for x, y in inside:
        if not any(
            x < right and x + width > left and y < bottom and y + height > top
            for left, top, right, bottom in taken
        ):
            return x, y
    return inside[0]
