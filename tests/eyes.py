"""Eyes for tests that are not about seeing: they see what they are told to, slowly or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from twinsight.engines.eyes import Eyes
from twinsight.engines.roles import Card, Label, Purpose, Recognition, TextLine
from twinsight.geometry.detections import Detections
from twinsight.image.picture import Picture


def told_eyes(
    objects: Sequence[tuple[str, tuple[float, float, float, float]]] = (),
    name: str | None = None,
    kinds: tuple[str, ...] = (),
    lines: Sequence[str] = (),
    before: Callable[[], None] = lambda: None,
) -> Eyes:
    """Eyes that see `objects` (label, xyxy as shares of the picture), a name and lines of text.

    `before` runs before each look: it may sleep or raise.
    """
    told = _Told(tuple(objects), name, kinds, tuple(lines), before)
    return Eyes("told", told, told, told, told)


def slow_eyes(seconds: float) -> Eyes:
    return told_eyes(name="cat", before=lambda: time.sleep(seconds))


class _Told:
    def __init__(
        self,
        objects: tuple[tuple[str, tuple[float, float, float, float]], ...],
        name: str | None,
        kinds: tuple[str, ...],
        lines: tuple[str, ...],
        before: Callable[[], None],
    ) -> None:
        self.card = Card("told", ("all",), "sees what it is told to", "Apache-2.0")
        self._objects, self._name, self._kinds = objects, name, kinds
        self._lines, self._before = lines, before

    def labels(self, picture: Picture, top: int = 5) -> list[Label]:
        return [] if self._name is None else [Label(self._name, 0.9, self._kinds)]

    def recognise(self, picture: Picture) -> Recognition:
        self._before()
        labels = tuple(self.labels(picture))
        return Recognition(labels[0] if labels else None, labels)

    def rate(self, picture: Picture, names: Sequence[str]) -> list[float | None]:
        known = {label.name: label.score for label in self.labels(picture)}
        return [known.get(name) for name in names]

    def read(self, picture: Picture) -> list[TextLine]:
        w, h = picture.wh
        quad = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
        return [TextLine(text, 0.95, quad) for text in self._lines]

    def detect(self, picture: Picture, careful: bool = False) -> Detections:
        w, h = picture.wh
        boxes = [[x0 * w, y0 * h, x1 * w, y1 * h] for _, (x0, y0, x1, y1) in self._objects]
        n = len(boxes)
        return Detections(
            np.array(boxes, np.float32).reshape(n, 4),
            np.linspace(0.9, 0.6, n, dtype=np.float32),
            tuple(label for label, _ in self._objects),
        )

    def detect_each(self, picture: Picture, careful: bool = False) -> dict[Purpose, Detections]:
        seen = self.detect(picture, careful)
        return {"list": seen, "presence": seen, "group": seen}

    def segment(self, picture: Picture, xyxy: NDArray[np.float32]) -> list[NDArray[np.uint8]]:
        return [np.full((32, 32), 255, np.uint8) for _ in xyxy]
