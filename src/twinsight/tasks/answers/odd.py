"""Which of several pictures is the odd one out: the one whose things the others do not share."""

from __future__ import annotations

import re
from collections.abc import Sequence

from twinsight.tasks.answers import describe
from twinsight.tasks.request.vocabulary import broader, fold
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.said import Asked, Said

_TOGETHER = re.compile(r"\b(?:(?:belong|go) together|vont ensemble)\b")


def odd_one(scenes: Sequence[Scene], asked: Asked) -> Said:
    """The one picture without what all others have in common; else what each of them shows."""
    voice, language = asked.voice, asked.style.language
    things = [describe.main_thing(scene, language) for scene in scenes]
    odd = _odd([_topics(scene) for scene in scenes])
    if odd is None:
        shows = " ".join(
            voice.say("image", index=n, text=f"{one}.") for n, one in enumerate(things, 1)
        )
        return Said(voice.say("none odd", shows=shows), asked.voice.say("none"))
    index, shared = odd
    if _TOGETHER.search(fold(asked.question)):
        others = voice.listed([str(n + 1) for n in range(len(scenes)) if n != index])
        return Said(voice.say("together", indices=others, shared=voice.counted(1, shared)), others)
    return Said(
        voice.say("odd", index=index + 1, things=things[index], shared=voice.counted(1, shared)),
        str(index + 1),
    )


def _topics(scene: Scene) -> list[str]:
    """What the picture is of: its main kinds of things, then wider words for them."""
    kinds = describe.by_prominence(scene)
    name = scene.recognition.name
    named = [name.name, *name.kinds] if name is not None else []
    return list(
        dict.fromkeys([*kinds, *named, *(word for kind in kinds for word in broader(kind))])
    )


def _odd(topics: Sequence[Sequence[str]]) -> tuple[int, str] | None:
    """The picture that lacks a topic of all others, and the topic: the most prominent such one.

    None where no picture or several do.
    """
    lacking = []
    for index, own in enumerate(topics):
        first, *others = [each for n, each in enumerate(topics) if n != index]
        shared = (place for place, word in enumerate(first) if all(word in o for o in others))
        place = next((place for place in shared if first[place] not in own), None)
        if others and place is not None:
            lacking.append((place, index, first[place]))
    best = sorted(lacking)[:2]
    if not best or (len(best) == 2 and best[0][0] == best[1][0]):
        return None
    return best[0][1], best[0][2]
