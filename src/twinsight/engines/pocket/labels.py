"""Names for a whole picture: EfficientNet-Lite2 on the 1,000 classes of ImageNet.

One look, 9 ms on one core: the picture's centre crop goes in, a probability for each class comes
out. The names are in `weights/labels.txt`, one a line, in the order of the model's output.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from twinsight.engines import weights
from twinsight.engines.roles import Card, Label
from twinsight.image.picture import Picture

SIDE = 260
"""Pixels of the model's square input."""

CROP = SIDE / (SIDE + 32)
"""Part of the short side that the model was trained to see."""


def pixels(picture: Picture) -> NDArray[np.float32]:
    """The model's input: (3, 260, 260) RGB, about -1 to 1, of the picture's centre square.

    Crop, filter and scale are those that the model was trained with (the EfficientNet-Lite
    authors' evaluation: central crop of 260/292 of the short side, bicubic, (value - 127) / 128).
    """
    w, h = picture.wh
    side = min(w, h) * CROP
    left, top = (w - side) / 2, (h - side) / 2
    box = (left, top, left + side, top + side)
    square = Image.fromarray(picture.rgb).resize((SIDE, SIDE), Image.Resampling.BICUBIC, box)
    scaled = (np.asarray(square, np.float32) - 127) / 128
    return np.ascontiguousarray(scaled.transpose(2, 0, 1))


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


@cache
def names() -> tuple[str, ...]:
    """The 1,000 class names, all different, in the order of the model's output."""
    text = (weights.FOLDER / weights.manifest("labels").extra["labels"]).read_text("utf-8")
    return tuple(text.splitlines())


class PocketLabels:
    """Plays `Labeler`. The model is shared and loads on first use; any thread may ask."""

    def __init__(self, threads: int | None = 1) -> None:
        self._threads = threads
        self.card = Card(
            name="pocket-labels",
            roles=("labeler",),
            description="EfficientNet-Lite2 (int8) on the 1,000 ImageNet classes",
            licence="Apache-2.0",
            knows=names(),
        )

    def probabilities(self, picture: Picture) -> NDArray[np.float32]:
        """Softmax over the 1,000 classes, float32 (1000,), in the order of `names()`."""
        session = weights.session("labels", self._threads)
        (logits,) = session.run(["logits"], {"pixels": pixels(picture)[None]})
        return softmax(np.asarray(logits, np.float32)[0])

    def labels(self, picture: Picture, top: int = 5) -> list[Label]:
        """The `top` most probable classes, best first; equal ones in class order."""
        probabilities = self.probabilities(picture)
        best = np.argsort(-probabilities, kind="stable")[: max(top, 0)]
        return [Label(names()[i], float(probabilities[i])) for i in best]
