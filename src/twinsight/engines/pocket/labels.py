"""Names for a whole picture: EfficientNet-Lite2 on the 1,000 classes of ImageNet.

One look, 9 ms on one core: the picture's centre crop goes in, a probability for each class comes
out. The names are in `weights/labels.txt`, one a line, in the order of the model's output.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from twinsight.engines import weights
from twinsight.engines.pocket.label_groups import best_name, broader_words, names
from twinsight.engines.pocket.label_words import given_scores
from twinsight.engines.roles import Card, Label, Recognition
from twinsight.image.picture import Picture

SIDE = 260
"""Pixels of the model's square input."""

CROP = SIDE / (SIDE + 32)
"""Part of the short side that the model was trained to see."""

LEAST = 1e-4
"""Probability under which `recognise` leaves a label out."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""


def pixels(picture: Picture) -> NDArray[np.float32]:
    """The model's input: (3, 260, 260) RGB, about -1 to 1, of the picture's centre square.

    Crop, filter and scale are those that the model was trained with (the EfficientNet-Lite
    authors' evaluation: central crop of 260/292 of the short side, bicubic, (value - 127) / 128).
    """
    return _resized(Image.fromarray(picture.rgb), _centre(picture.wh))


def whole(picture: Picture) -> NDArray[np.float32]:
    """The whole picture squashed into the square, (3, 260, 260), so that no edge is lost."""
    return _resized(Image.fromarray(picture.rgb), (0, 0, *picture.wh), gap=1.1)


def views(picture: Picture) -> NDArray[np.float32]:
    """Several looks, (n, 3, 260, 260): the centre, the whole squashed, and the square at each end.

    n is 4, or 2 for a square picture.
    """
    w, h = picture.wh
    side = min(w, h)
    boxes = [_centre(picture.wh), (0, 0, w, h), (0, 0, side, side), (w - side, h - side, w, h)]
    image = Image.fromarray(picture.rgb)
    return np.stack([_resized(image, box) for box in dict.fromkeys(boxes)])


def _centre(wh: tuple[int, int]) -> Box:
    w, h = wh
    side = min(w, h) * CROP
    return ((w - side) / 2, (h - side) / 2, (w + side) / 2, (h + side) / 2)


def _resized(image: Image.Image, box: Box, gap: float = 3) -> NDArray[np.float32]:
    # Pictures over 2 `gap` times the input's side are first shrunk by whole steps: twice as fast,
    # and nearly the same pixels. Smaller ones are not touched by it.
    square = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box, reducing_gap=gap)
    scaled = (np.asarray(square, np.float32) - 127) / 128
    return np.ascontiguousarray(scaled.transpose(2, 0, 1))


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: NDArray[np.float32] = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities


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
        only: NDArray[np.float32] = self._look(pixels(picture)[None])[0]
        return only

    def steady_probabilities(self, picture: Picture) -> NDArray[np.float32]:
        """The mean over four views, float32 (1000,): four times the work, fewer false alarms.

        What one crop suggests and the others do not is seldom there: of the names with a
        probability over one half, 82 % were true in 340 everyday photos (COCO train2017) for the
        centre crop and 89 % for this mean. `label_groups.best_name` is set for it.
        """
        mean: NDArray[np.float32] = self._look(views(picture)).mean(axis=0)
        return mean

    def _look(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        session = weights.session("labels", self._threads)
        logits: NDArray[np.float32] = session.run(["logits"], {"pixels": batch})[0]
        return softmax(logits)

    def labels(self, picture: Picture, top: int = 5) -> list[Label]:
        """The `top` most probable classes, best first; equal ones in class order."""
        return _best(self.probabilities(picture), max(top, 0))

    def recognise(self, picture: Picture) -> Recognition:
        """Labels from the centre crop, down to a probability of 0.0001; the name from all views."""
        looks = self._look(views(picture))
        labels = tuple(_best(looks[0], int((looks[0] >= LEAST).sum())))
        return Recognition(best_name(looks.mean(axis=0)), labels)

    def rate(self, picture: Picture, names: Sequence[str]) -> list[float | None]:
        """The centre crop's probability for each name, in anybody's words; None when unknown."""
        scores = given_scores(names, self.probabilities(picture))
        return [None if np.isnan(score) else float(score) for score in scores]


def _best(probabilities: NDArray[np.float32], count: int) -> list[Label]:
    order = np.argsort(-probabilities, kind="stable")[:count]
    return [Label(names()[i], float(probabilities[i]), broader_words(names()[i])) for i in order]
