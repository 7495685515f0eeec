"""Where things are: in which part of the picture, and on which side of each other."""

from __future__ import annotations

from twinsight.tasks import relation
from twinsight.tasks.english import sentence
from twinsight.tasks.find import Item, find, of_target
from twinsight.tasks.said import Asked, Said, named, none_of
from twinsight.tasks.scene import Scene
from twinsight.tasks.sentences import PLACES
from twinsight.tasks.voice import counts_said

MOST_PLACES = 4
"""Things whose places one sentence tells."""


def where(scene: Scene, asked: Asked) -> Said:
    """In which part of the picture the things are."""
    voice = asked.voice
    target = asked.wanted.targets[0]
    if target.unknown:
        return Said(voice.say("cannot recognise", thing=named(target)), asked.unknown())
    items = [i for i in find(scene, asked.wanted) if i.kind != "text" or target.text]
    if not items:
        return Said(voice.say("see none", none=none_of(target, voice)), voice.say("none"))
    places = [place(item, scene.wh) for item in items[:MOST_PLACES]]
    said = [PLACES[asked.style.language][p] for p in places]
    word = voice.listed(said)
    if len(items) == 1:
        noun = items[0].kind
        thing = voice.definite(noun) if noun != "text" else f"“{items[0].label}”"
        return Said(sentence(voice.say("is at", thing=thing, place=said[0])), word)
    things = counts_said((item.kind for item in items), voice)
    ones = [voice.say("one at", place=p) for p in said]
    return Said(voice.say("see at", things=things, places=voice.listed(ones)), word)


def place(item: Item, wh: tuple[int, int]) -> str:
    """The ninth of the picture in which the item's middle lies: "top left", "left", "centre"."""
    x = (item.xyxy[0] + item.xyxy[2]) / 2 / wh[0]
    y = (item.xyxy[1] + item.xyxy[3]) / 2 / wh[1]
    row = "top" if y < 1 / 3 else "bottom" if y > 2 / 3 else ""
    column = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
    return f"{row} {column}".strip() or "centre"


def relate(scene: Scene, asked: Asked) -> Said:
    """Whether the first thing lies to the second as the question says."""
    voice = asked.voice
    found = relation.relation_of(asked.question)
    if found is None:
        return Said(voice.say("unknown"), asked.unknown())
    seen = [of_target(scene, target) for target in (found.first, found.second)]
    for target, items in zip((found.first, found.second), seen, strict=True):
        if not items:
            return Said(voice.say("no, see", none=none_of(target, voice)), asked.no())
    first, second = (max(items, key=lambda item: item.score) for items in seen)
    if first.kind == second.kind and len(seen[0]) > 1:
        second = seen[0][1]
    if not found.side or first is second:
        things = counts_said((first.kind, second.kind), voice)
        return Said(voice.say("cannot relate", things=things), asked.unknown())
    opposite = {"left": "right", "right": "left", "above": "below", "below": "above"}
    is_so = relation.holds(found.side, first.xyxy, second.xyxy)
    side = found.side if is_so else opposite[found.side]
    text = voice.say(
        "yes, lies" if is_so else "no, lies",
        first=voice.definite(first.kind),
        place=voice.related(side + " of" if side in ("left", "right") else side, second.kind),
    )
    return Said(text, asked.yes() if is_so else asked.no())
