"""Pictures of text that we render ourselves, with the words and where they are.

Networks and settings are chosen on them, never on the photos that accuracy is reported on.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

WORD = tuple[str, np.ndarray]
MARKS = [
    "24/7",
    "$9.99",
    "(OPEN)",
    "50%",
    "No. 12",
    "A-7",
    "10:30",
    "www.shop.com",
    "+44 20 7946",
    "Q&A",
]


def scenes(count: int, photos: Path, seed: int = 0) -> Iterator[tuple[Image.Image, list[WORD]]]:
    """Photos (1280 pixels) with two to seven lines of words on them, and the words' quads."""
    rng = np.random.default_rng(seed)
    paths = sorted(photos.glob("*.jpg"))
    vocabulary = _vocabulary(photos.parent / "captions.json")
    for _ in range(count):
        image = _background(rng, paths)
        words: list[WORD] = []
        for _ in range(rng.integers(2, 8)):
            image = _write(rng, image, words, vocabulary)
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.3)))
        yield _compressed(rng, image), words


def save(folder: Path, count: int, photos: Path, seed: int) -> None:
    """Writes scenes as the ICDAR 2015 set is written: `x1,y1,…,x4,y4,word` lines beside each."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, (image, words) in enumerate(scenes(count, photos, seed)):
        image.save(folder / f"scene_{i:03}.png")
        lines = [
            ",".join(map(str, np.rint(quad).astype(int).ravel())) + f",{w}" for w, quad in words
        ]
        (folder / f"scene_{i:03}.txt").write_text("\n".join(lines), "utf-8")


def _vocabulary(path: Path) -> list[str]:
    found: dict[str, list[str]] = json.loads(path.read_text("utf-8"))
    words = {w.strip(".,'\"") for captions in found.values() for c in captions for w in c.split()}
    return sorted(w for w in words if len(w) > 1 and w.isascii())


def _font(rng: np.random.Generator, size: int) -> ImageFont.FreeTypeFont:
    families = sorted(entry_points(group="fonts_ttf"), key=lambda entry: entry.name)
    family = families[rng.integers(len(families))].load()
    faces = sorted(map(str, family.values()))
    return ImageFont.truetype(faces[rng.integers(len(faces))], size)


def _background(rng: np.random.Generator, paths: list[Path]) -> Image.Image:
    if rng.random() < 0.25:
        return Image.new("RGB", (1280, 960), tuple(rng.integers(0, 256, 3).tolist()))
    photo = Image.open(paths[rng.integers(len(paths))]).convert("RGB")
    scale = 1280 / max(photo.size)
    return photo.resize(
        (round(photo.width * scale), round(photo.height * scale)), Image.Resampling.BICUBIC
    )


def _write(
    rng: np.random.Generator, image: Image.Image, words: list[WORD], vocabulary: list[str]
) -> Image.Image:
    """One line of one to four words, turned and sheared, where it covers no other line."""
    font = _font(rng, int(np.exp(rng.uniform(np.log(16), np.log(80)))))
    chosen = [
        MARKS[rng.integers(len(MARKS))]
        if rng.random() < 0.1
        else vocabulary[rng.integers(len(vocabulary))]
        for _ in range(rng.integers(1, 5))
    ]
    style = rng.integers(3)
    chosen = [w.upper() if style == 0 else w.capitalize() if style == 1 else w for w in chosen]
    chosen = [part for w in chosen for part in w.split()]
    ascent, descent = font.getmetrics()
    starts = [font.getlength(" ".join([*chosen[:i], ""])) for i in range(len(chosen))]
    angle, shear, squeeze = (
        math.radians(rng.normal(0, 7)),
        rng.normal(0, 0.1),
        rng.uniform(0.7, 1.0),
    )
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    turn = turn @ np.array([[squeeze, shear], [0, 1]])
    width, height = font.getlength(" ".join(chosen)), ascent + descent
    outline = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ turn.T
    room = np.array(image.size) - np.ptp(outline, axis=0)
    if (room < 4).any():
        return image
    corner = rng.uniform(2, room - 2) - outline.min(axis=0)
    quads = []
    for word, start in zip(chosen, starts, strict=True):
        end = start + font.getlength(word)
        box = np.array([[start, 0.1 * height], [end, 0.1 * height], [end, height], [start, height]])
        quads.append((word, box @ turn.T + corner))
    low, high = (outline + corner).min(axis=0), (outline + corner).max(axis=0)
    if any((q.min(axis=0) < high + 8).all() and (q.max(axis=0) > low - 8).all() for _, q in words):
        return image
    mask = Image.new("L", image.size)
    flat = Image.new("L", (math.ceil(width) + 8, height + 8))
    ImageDraw.Draw(flat).text((0, 0), " ".join(chosen), font=font, fill=255)
    back = np.linalg.inv(turn)
    offset = -back @ corner
    mask = flat.transform(
        image.size,
        Image.Transform.AFFINE,
        (*back[0], offset[0], *back[1], offset[1]),
        Image.Resampling.BICUBIC,
    )
    under = (
        np.asarray(image.crop((*low.astype(int), *high.astype(int)))).reshape(-1, 3).mean(axis=0)
    )
    bright = under.mean() > 128
    ink = rng.integers(0, 90, 3) if bright else rng.integers(165, 256, 3)
    words += quads
    return Image.composite(Image.new("RGB", image.size, tuple(ink.tolist())), image, mask)


def _compressed(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=int(rng.integers(40, 95)))
    return Image.open(file).convert("RGB")
