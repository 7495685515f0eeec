"""One picture of an album, looked at: what is in it, and the pixels to draw that on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinsight.albums.record import Ring, Thing
from twinsight.albums.request import Request
from twinsight.config import Config
from twinsight.engines.eyes import Eyes
from twinsight.errors import InvalidValue
from twinsight.geometry import masks, overlay, polygons
from twinsight.geometry.boxes import clip, from_yxyx_1000, to_yxyx_1000
from twinsight.geometry.detections import Detections
from twinsight.image.container import Header
from twinsight.image.decode import DefaultLimits
from twinsight.image.header import read_header
from twinsight.image.picture import Picture
from twinsight.prompt import ImageRef
from twinsight.tasks import find, spatial
from twinsight.tasks.request.intent import Task
from twinsight.tasks.request.keys import form_of
from twinsight.tasks.scene import Scene, SceneCache, Shelf

MOST_RINGS = 50
"""Rings of one mask: its largest pieces and holes."""
LEAST_PIECE = 0.001
"""A piece or hole under this share of the largest piece is left out of the polygons."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What was found in one picture.

    `entries` are the answer in Gemini's form. `soft` are masks (mh, mw), 0 to 255, each of which
    covers its row of `boxes` (n, 4), xyxy in pixels of the upright picture.
    """

    header: Header
    picture: Picture
    things: list[Thing]
    entries: list[dict[str, Any]]
    boxes: NDArray[np.float32]
    soft: tuple[NDArray[np.uint8], ...] = ()  # of a segmentation only

    def drawn(self, task: Task) -> NDArray[np.uint8]:
        """The picture (h, w, 3) with all that was found drawn on it; it may have been reduced."""
        sx, sy = np.divide(self.picture.wh, self.header.wh)
        if task is Task.READ:
            quads = [np.array(thing.quad, np.float32) * (sx, sy) for thing in self.things]
            return overlay.draw_text(self.picture.rgb, quads, [t.label for t in self.things])
        if task is Task.POINT:
            spots = [(x * sx, y * sy) for x, y in (t.point for t in self.things if t.point)]
            return overlay.draw_points(self.picture.rgb, spots, [t.label for t in self.things])
        seen = Detections(
            (self.boxes * (sx, sy, sx, sy)).astype(np.float32),
            np.array([thing.score for thing in self.things], np.float32),
            tuple(thing.label for thing in self.things),
            self.soft or None,
        )
        return overlay.draw(self.picture.rgb, seen)

    def tints(self, task: Task) -> list[overlay.Colour]:
        """The colour of each thing in the drawing."""
        if task is Task.READ:
            return overlay.colours([str(row) for row in range(len(self.things))])
        return overlay.colours([thing.label for thing in self.things])

    def masks(self) -> Iterator[NDArray[np.bool_]]:
        """The mask (h, w) of each thing in the whole upright picture, made one at a time."""
        for mask, xyxy in zip(self.soft, self.boxes, strict=False):
            yield masks.paste(mask, xyxy, self.header.wh)


def look(
    path: Path, request: Request, eyes: Eyes, config: Config, check: Callable[[], None]
) -> Sight:
    """Looks at a picture file.

    `check` is called between steps and raises when the answer is not wanted any more. Raises
    ImageError when it is no picture that can be read, OSError when it cannot be opened.
    """
    data = _bytes_of(path, config.max_image_bytes)
    header = read_header(data)
    # Any key will do, since nothing is remembered between pictures; without one they are hashed.
    ref = ImageRef(path.name, data, mime=header.mime, wh=header.wh, key=b"album")
    shelf = Shelf(DefaultLimits(config.max_pixels))
    scene = Scene(ref, eyes, SceneCache(0), shelf, check, request.look)
    if request.task is Task.READ:
        return _read(scene, header)
    found = spatial.Found(scene, find.find(scene, request.wanted), request.wanted.language)
    entries = spatial.entries(found, form_of("", request.task))
    things = [
        Thing(item.kind, item.label, round(item.score, 4), _pixels(xyxy))
        for item, xyxy in zip(found.items, clip(find.stack(found.items), header.wh), strict=True)
    ]
    boxes = from_yxyx_1000(found.yxyx_1000, header.wh)
    soft: tuple[NDArray[np.uint8], ...] = ()
    if request.task is Task.SEGMENT:
        soft = tuple(found.masks)
        for thing, mask, xyxy in zip(things, soft, boxes, strict=True):
            thing.rings, thing.area = _outlined(mask, xyxy)
    if request.task is Task.POINT:
        for row, thing in enumerate(things):
            y, x = found.point(row)
            thing.point = (x / 1000 * header.wh[0], y / 1000 * header.wh[1])
    return Sight(header, scene.picture, things, entries, boxes, soft)


def _bytes_of(path: Path, most: int) -> bytes:
    size = path.stat().st_size
    if size > most:
        raise InvalidValue("", f"the file has {size} bytes; a picture may have {most}.")
    return path.read_bytes()


def _read(scene: Scene, header: Header) -> Sight:
    """The lines of text, each exactly as it was read."""
    lines = [x for x in scene.lines if x.score >= find.SURE_LINE and x.text.strip()]
    quads = [np.clip(line.quad, 0, header.wh) for line in lines]
    boxes = np.array([_around(quad) for quad in quads], np.float32).reshape(-1, 4)
    entries = [
        {"box_2d": [int(v) for v in yxyx], "label": line.text}
        for line, yxyx in zip(lines, to_yxyx_1000(boxes, scene.wh), strict=True)
    ]
    things = [
        Thing("text", line.text, round(line.score, 4), _pixels(xyxy), quad=_corners(quad))
        for line, xyxy, quad in zip(lines, boxes, quads, strict=True)
    ]
    return Sight(header, scene.picture, things, entries, boxes)


def _around(quad: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([quad.min(axis=0), quad.max(axis=0)])


def _pixels(xyxy: NDArray[np.float32]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (round(float(v), 2) for v in xyxy)
    return x0, y0, x1, y1


def _corners(points: NDArray[np.float32]) -> Ring:
    return [(round(float(x), 2), round(float(y), 2)) for x, y in points]


def _outlined(mask: NDArray[np.uint8], xyxy: NDArray[np.float32]) -> tuple[list[Ring], float]:
    """The mask's borders and its area, in pixels of the picture that the box lies in."""
    x0, y0, x1, y1 = (math.floor(v) for v in xyxy)
    on = masks.resize(mask, (x1 - x0, y1 - y0)) > 127
    tolerance = max(1.0, max(on.shape) / 500)
    rings = polygons.from_mask(on, tolerance)
    sizes = [abs(polygons.signed_area(ring)) for ring in rings]
    kept = [
        ring + np.array([x0, y0], np.float32)
        for ring, size in zip(rings[:MOST_RINGS], sizes, strict=False)
        if size >= LEAST_PIECE * sizes[0]
    ]
    return [_corners(ring) for ring in kept], float(on.sum())
