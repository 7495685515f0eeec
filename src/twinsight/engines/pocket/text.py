"""The pocket reader: where there is text in a picture, and what it says.

Three networks of the PP-OCRv6 family (train/text.py): a tiny one glances at a small copy of the
picture, and only where that shows a trace of text a better one looks at a larger copy and marks the
lines, so that most photos cost little. The third reads each line. What lies between them is in
`text_regions` and `text_lines`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from twinsight.engines.pocket import text_lines as lines
from twinsight.engines.pocket.text_regions import text_quads
from twinsight.engines.roles import Card, TextLine
from twinsight.engines.weights import session

if TYPE_CHECKING:
    from twinsight.image.picture import Picture

Pixels = NDArray[np.uint8]
Quad = NDArray[np.float32]
Quads = NDArray[np.float32]

# Blue, green, red, in the order in which PaddleOCR applies ImageNet's red, green, blue numbers.
_MEAN = np.array([0.485, 0.456, 0.406], np.float32) * 255
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32) * 255

GLANCE_PIXELS = 250_000
LOOK_PIXELS = 1_000_000
CLOSE_LOOK_PIXELS = 2_500_000
SMALL_PRINT = 14
"""Lines lower than this many pixels, in the middle, make a close look worth its time."""
MAX_SIDE = 2560
MAX_ENLARGEMENT = 2.0
TRACE = 0.4
"""Score of a region that makes a glance into a look (which asks for `LINE`)."""
LINE = 0.5
MIN_SCORE = 0.5
"""A line whose characters are less probable than this, on average, is not reported."""
DOUBTFUL = 0.8
"""A picture whose lines are less probable than this is also read upside down."""


class PocketReader:
    """A `Reader`; thread-safe. `threads` is for each network (None: all cores)."""

    card = Card(
        name="pocket-text",
        roles=("reader",),
        description="PP-OCRv6 text detector and recogniser (small), made small with int8 weights",
        licence="Apache-2.0",
    )

    def __init__(self, threads: int | None = None) -> None:
        self._glancer = session("text_glance", threads)
        self._detector = session("text_detect", threads)
        self._recogniser = lines.Recogniser(session("text_recognise", threads))

    def read(self, picture: Picture) -> list[TextLine]:
        """Lines of text in reading order: rows top to bottom, each from left to right.

        `quad` follows the text, not the page: for a line that runs down it starts at the top right.
        """
        rgb = picture.rgb
        quads = self.find(rgb)
        quads = [quads[i] for i in lines.reading_order(quads)]
        found = self._upright(rgb, quads, self._best(rgb, [_ways(quad) for quad in quads]))
        return [line for line in found if line.text and line.score >= MIN_SCORE]

    def find(self, rgb: Pixels) -> list[Quad]:
        """(h, w, 3) -> quads around lines of text, (4, 2) x, y pixels, in no order."""
        if not len(self._regions(rgb, GLANCE_PIXELS)):
            return []
        quads = self._regions(rgb, LOOK_PIXELS)
        if not len(quads):
            return []
        heights = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
        scale, closer = (_scale(rgb, pixels) for pixels in (LOOK_PIXELS, CLOSE_LOOK_PIXELS))
        # Enlarging shows nothing new: a closer look only where the picture has the pixels for it.
        if np.median(heights) * scale < SMALL_PRINT and 1.2 * scale < closer <= 1:
            quads = self._regions(rgb, CLOSE_LOOK_PIXELS)
        return list(quads)

    def _regions(self, rgb: Pixels, pixels: int) -> Quads:
        """Quads (n, 4, 2) in picture pixels as seen at a size of about `pixels`."""
        network, threshold = (
            (self._glancer, TRACE) if pixels == GLANCE_PIXELS else (self._detector, LINE)
        )
        h, w = rgb.shape[:2]
        scale = _scale(rgb, pixels)
        width, height = (max(32, round(side * scale / 32) * 32) for side in (w, h))
        # Averaged down in bands first, so that a huge picture is never copied whole.
        coarse = lines.reduced(rgb, int(0.6 / scale))
        small = Image.fromarray(coarse).resize((width, height), Image.Resampling.BILINEAR)
        probability: NDArray[np.float32] = network.run(None, {"x": detector_feed(small)})[0]
        quads, _ = text_quads(probability[0, 0], box_threshold=threshold)
        return quads * np.array([w / width, h / height], np.float32)

    def _best(self, rgb: Pixels, ways: list[list[Quad]]) -> list[TextLine]:
        """For each line the way of holding it in which it reads best."""
        held = [(i, quad) for i, quads in enumerate(ways) for quad in quads]
        crops = [lines.upright_crop(rgb, quad) for _, quad in held]
        best: dict[int, TextLine] = {}
        for (i, quad), (text, score) in zip(held, self._recogniser.recognise(crops), strict=True):
            if i not in best or (text and score > best[i].score):
                best[i] = TextLine(text, score, quad)
        return [best[i] for i in range(len(ways))]

    def _upright(self, rgb: Pixels, quads: list[Quad], found: list[TextLine]) -> list[TextLine]:
        """The lines as they are, or all turned round where the picture is upside down.

        A single line is too little to go by: signs in a strange type read no worse on their head.
        """
        wide = [i for i, quad in enumerate(quads) if not lines.is_tall(quad)]
        certainty = _certainty([found[i] for i in wide])
        if not wide or certainty >= DOUBTFUL:
            return found
        turned = self._best(rgb, [[lines.turned(quads[i], 2)] for i in wide])
        if _certainty(turned) < certainty + 0.1:
            return found
        for i, line in zip(wide, turned, strict=True):
            found[i] = line
        return found[::-1]


def detector_feed(image: Image.Image) -> NDArray[np.float32]:
    """An RGB image as the detectors take it: (1, 3, h, w), blue-green-red, normalised."""
    bgr = np.asarray(image, np.float32)[:, :, ::-1]
    return np.ascontiguousarray(((bgr - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None])


def _scale(rgb: Pixels, pixels: int) -> float:
    """Factor that brings a picture to about `pixels`, its long side to no more than `MAX_SIDE`."""
    h, w = map(int, rgb.shape[:2])
    return min(math.sqrt(pixels / (w * h)), MAX_SIDE / max(w, h), MAX_ENLARGEMENT)


def _ways(quad: Quad) -> list[Quad]:
    """How a line may be held: as it is, or, where it is tall, as running down or up the page."""
    if not lines.is_tall(quad):
        return [quad]
    down, up = lines.turned(quad, 1), lines.turned(quad, 3)
    wide, high = np.linalg.norm(quad[[1, 3]] - quad[0], axis=1)
    return [quad, down, up] if high < 2.5 * wide else [down, up]  # one letter is tall, too


def _certainty(found: list[TextLine]) -> float:
    """Mean probability of all characters of several lines."""
    characters = sum(len(line.text) for line in found)
    return sum(len(line.text) * line.score for line in found) / max(characters, 1)
