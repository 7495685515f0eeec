"""Several pictures in words: what each shows, what differs, what they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from twinsight.tasks import describe
from twinsight.tasks.english import article, listed, sentence
from twinsight.tasks.scene import Scene

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


def describe_all(scenes: Sequence[Scene]) -> str:
    """A sentence for each picture, in order."""
    return " ".join(
        f"Image {index}: {sentence(describe.short_caption(scene))}"
        for index, scene in enumerate(scenes, 1)
    )


def differences(scenes: Sequence[Scene]) -> str:
    """What sets the pictures apart, and what all of them show."""
    told = [
        f"the {_ordinal(index)} image shows {describe.main_thing(scene)}"
        for index, scene in enumerate(scenes)
    ]
    shared = _shared(scenes)
    parts = [sentence(listed(told, "while"))]
    if shared:
        parts.append(sentence(f"{'both' if len(scenes) == 2 else 'all'} show {listed(shared)}"))
    return " ".join(parts)


def _shared(scenes: Sequence[Scene]) -> list[str]:
    kinds = [Counter(scene.objects().label) for scene in scenes]
    common = set(kinds[0]).intersection(*kinds[1:])
    return [article(kind) for kind in sorted(common)]


def _ordinal(index: int) -> str:
    return _ORDINALS[index] if index < len(_ORDINALS) else f"{index + 1}th"
