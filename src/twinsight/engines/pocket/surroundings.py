"""What lies around the objects of a picture: sky, grass, walls, doors; whether it is a kitchen.

One more look of the labeler's network, at the whole picture squashed into its square. Of two of
its inner maps only the means are kept: 120 numbers that tell textures, 352 that tell parts of
scenes. From them and from the kinds of objects that the detector found, one sum a word. No place
is known, so there are no boxes: a word is there or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from twinsight.engines import weights
from twinsight.engines.pocket.labels import whole
from twinsight.engines.roles import Card
from twinsight.geometry.detections import Detections
from twinsight.image.picture import Picture

MAPS = ("middle", "late")
"""The outputs of the labeler's network that are read."""
SURE_OBJECT = 2 / 3
"""From this score on, an object counts as wholly there."""


def means(picture: Picture, threads: int | None = 1) -> NDArray[np.float32]:
    """What the network makes of the whole picture, (472,)."""
    session = weights.session("labels", threads)
    found = session.run(list(MAPS), {"pixels": whole(picture)[None]})
    both: NDArray[np.float32] = np.concatenate(found, axis=1)[0]
    return both


def kinds_seen(objects: Detections) -> NDArray[np.float32]:
    """How sure each of the detector's 80 kinds is, (80,), 0 to 1."""
    kinds = kind_index()
    seen = np.zeros(len(kinds), np.float32)
    for label, score in zip(objects.label, objects.score, strict=True):
        if label in kinds:
            seen[kinds[label]] = max(seen[kinds[label]], min(float(score) / SURE_OBJECT, 1.0))
    return seen


@cache
def kind_index() -> dict[str, int]:
    """Each kind's place among the detector's."""
    return {kind: place for place, kind in enumerate(weights.manifest("boxes").extra["labels"])}


class PocketSurveyor:
    """Plays `Surveyor`. The weights are shared and load on first use; any thread may ask."""

    def __init__(self, threads: int | None = 1) -> None:
        self._threads = threads
        self.card = Card(
            name="pocket-surroundings",
            roles=("surveyor",),
            description="Surroundings: what is around the objects, from EfficientNet-Lite2's maps",
            licence="Apache-2.0",
            knows=tuple(weights.manifest("surroundings").extra["words"]),
        )

    def survey(self, picture: Picture, objects: Detections) -> Mapping[str, float]:
        """For each word how probable it is that it is there, if half of what is asked about is."""
        session = weights.session("surroundings", 1)
        inputs = {
            "means": means(picture, self._threads)[None],
            "seen": kinds_seen(objects)[None],
        }
        (there,) = session.run(["there"], inputs)[0]
        return dict(zip(self.card.knows, map(float, there), strict=True))
