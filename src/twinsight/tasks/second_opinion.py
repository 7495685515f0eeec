"""Where the labeler knows better which animal the detector has found.

On the 340 photos of `coco_train` this turns three animals into what they are, and none into what it
is not; 65 of the photos show animals.
"""

from __future__ import annotations

from collections.abc import Sequence

from twinsight.engines.roles import Label
from twinsight.geometry.detections import Detections
from twinsight.tasks.request.vocabulary import Sense, kinds, meaning

UNSURE = 0.6
"""A box with a lower score may have the wrong name."""
LEAST_SURE = 0.3
"""How probable the labeler must find another animal."""
MOST_DOUBTED = 0.25
"""And of that at most so much the one that the detector names."""


FAINT = 0.002
"""Labels below this do not matter."""


def doubtful(found: Detections) -> set[str]:
    """The animals that were found of which no box is sure."""
    sure = {name for name, score in zip(found.label, found.score, strict=True) if score >= UNSURE}
    return {name for name in found.label if name in kinds()["animal"]} - sure


def truer_names(found: Detections, labels: Sequence[Label]) -> dict[str, str]:
    """The name of an animal that was found → the one that it is; mostly nothing."""
    likely = dict.fromkeys(kinds()["animal"], 0.0)
    for label in labels:
        for animal in _animals(label) if label.score >= FAINT else ():
            likely[animal] += label.score
    best = max(sorted(likely), key=lambda animal: likely[animal])
    if likely[best] < LEAST_SURE or best in found.label:
        return {}
    return {name: best for name in doubtful(found) if likely[name] <= MOST_DOUBTED * likely[best]}


def _animals(label: Label) -> set[str]:
    """The animals that the detector knows of which a label is one."""
    known = [meaning(word) for word in (label.name, *label.kinds)]
    return {
        name
        for each in known
        if each is not None and each.sense is not Sense.WIDER
        for name in each.names & kinds()["animal"]
    }
