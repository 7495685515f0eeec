"""Which of several pictures is the odd one out: the one whose things the others do not share."""

from __future__ import annotations

from collections.abc import Sequence

from twinsight.tasks import describe
from twinsight.tasks.said import Asked, Said
from twinsight.tasks.scene import Scene
from twinsight.tasks.vocabulary import broader


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
    """The picture that lacks a topic of all others, and the first such topic of theirs.

    None where no picture or several do.
    """
    for index, own in enumerate(topics):
        others = [each for n, each in enumerate(topics) if n != index]
        shared = [word for word in others[0] if all(word in each for each in others[1:])]
        if len(others) > 1 and shared and shared[0] not in own:
            return index, shared[0]
    return None
