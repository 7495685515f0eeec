"""Where things are: in which part of the picture, and on which side of each other."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from twinsight.geometry import masks
from twinsight.tasks.answers import describe, ranking, relation, surroundings
from twinsight.tasks.answers.neighbours import (
    neighbourhood,
    relative,
    side_asked,
    side_looked_at,
    sides,
    size_asked,
)
from twinsight.tasks.find import Item, find, of_target, taken_to_be_there
from twinsight.tasks.request.phrases import Target
from twinsight.tasks.request.vocabulary import kinds
from twinsight.tasks.scene import Scene
from twinsight.tasks.spatial import Found
from twinsight.tasks.wording.english import sentence
from twinsight.tasks.wording.said import Asked, Said, named, none_of
from twinsight.tasks.wording.sentences import PLACES
from twinsight.tasks.wording.voice import Voice, counts_said

MOST_PLACES = 4
"""Places that one sentence tells."""

SURE_CONTENT = 0.6
CONTACT_SIDE = 256
"""Longer side of the picture, in pixels, at which masks are looked at for whether they meet."""

_ANY = re.compile(r"(?:there )?(?:any|some|an?|une?|des)\b")


def where(scene: Scene, asked: Asked) -> Said:
    """In which part of the picture the things are."""
    voice = asked.voice
    pair = relative(asked.question)
    if pair is not None:
        return _relative(scene, asked, pair)
    on_side = side_asked(asked.question)
    if on_side is not None:
        return _on_side(scene, asked, *on_side)
    target = asked.wanted.targets[0]
    if target.unknown:
        around = surroundings.no_more(scene, asked, target)
        return around or Said(voice.say("cannot recognise", thing=named(target)), asked.unknown())
    items = [i for i in find(scene, asked.wanted) if i.kind != "text" or target.text]
    # Who asks where a thing is takes it to be there: the likeliest one will do.
    items = items or ([] if target.text else taken_to_be_there(scene, target))
    if not items:
        return Said(voice.say("see none", none=none_of(target, voice)), voice.say("none"))
    placed = Counter(PLACES[asked.style.language][place(item, scene.wh)] for item in items)
    said = [where for where, _ in placed.most_common(MOST_PLACES)]
    word = voice.listed(said)
    if len(items) == 1:
        noun = items[0].kind
        thing = voice.definite(noun) if noun != "text" else f"“{items[0].label}”"
        return Said(sentence(voice.say("is at", thing=thing, place=said[0])), word)
    things = counts_said((item.kind for item in items), voice)
    key = "some at" if len(placed) < len(items) else "one at"
    ones = [
        voice.say(key, count=voice.number(placed[where]), digits=placed[where], place=where)
        for where in said
    ]
    ones += [voice.say("elsewhere")] if len(placed) > MOST_PLACES else []
    return Said(voice.say("see at", things=things, places=voice.listed(ones)), word)


def _on_side(scene: Scene, asked: Asked, thing: Target, side: str) -> Said:
    """Whether the thing is on that side of the picture, and where it is."""
    voice = asked.voice
    items = of_target(scene, thing)
    if not items:
        return Said(voice.say("see none", none=none_of(thing, voice)), asked.no())
    there = [item for item in items if side in place(item, scene.wh).split()]
    one = max(there or items, key=lambda item: item.score)
    word = asked.yes() if there else asked.no()
    where = PLACES[asked.style.language][place(one, scene.wh)]
    said = voice.say("is at", thing=voice.definite(one.kind), place=where)
    return Said(sentence(f"{word}, {said}"), word)


def _relative(scene: Scene, asked: Asked, pair: tuple[Target, Target]) -> Said:
    """On which sides of the second thing the first one is."""
    voice = asked.voice
    found = []
    for thing in pair:
        if thing.unknown:
            return Said(voice.say("cannot recognise", thing=named(thing)), asked.unknown())
        items = of_target(scene, thing)
        if not items:
            return Said(voice.say("see none", none=none_of(thing, voice)), asked.unknown())
        found.append(max(items, key=lambda item: item.score))
    first, second = found
    lies = sides(first.xyxy, second.xyxy)
    said = [
        voice.related(side + " of" if side in ("left", "right") else side, second.kind)
        for side in lies
    ] or [voice.related("at", second.kind)]
    text = voice.say("is at", thing=voice.definite(first.kind), place=voice.listed(said))
    return Said(sentence(text), voice.listed(said))


def place(item: Item, wh: tuple[int, int]) -> str:
    """The ninth of the picture in which the item's middle lies: "top left", "left", "centre"."""
    x = (item.xyxy[0] + item.xyxy[2]) / 2 / wh[0]
    y = (item.xyxy[1] + item.xyxy[3]) / 2 / wh[1]
    row = "top" if y < 1 / 3 else "bottom" if y > 2 / 3 else ""
    column = "left" if x < 1 / 3 else "right" if x > 2 / 3 else ""
    return f"{row} {column}".strip() or "centre"


def relate(scene: Scene, asked: Asked) -> Said:
    """Whether the first thing lies to the second as the question says."""
    found = relation.relation_of(asked.question)
    assert found is not None, "the task is this one only where the question relates two things"
    return related(scene, asked, found)


def related(scene: Scene, asked: Asked, found: relation.Relation) -> Said:
    """Whether two things lie to each other so."""
    voice = asked.voice
    seen = [taken_to_be_there(scene, target) for target in (found.first, found.second)]
    for target, items in zip((found.first, found.second), seen, strict=True):
        if not items:
            return Said(voice.say("no, see", none=none_of(target, voice)), asked.no())
    first, second = (max(items, key=lambda item: item.score) for items in seen)
    if _ANY.match(found.first.phrase):
        pairs = [(one, two) for one in seen[0] for two in seen[1] if one is not two]
        lying = (pair for pair in pairs if relation.holds(found.side, pair[0].xyxy, pair[1].xyxy))
        first, second = next(lying, (first, second))
    if first.kind == second.kind and len(seen[0]) > 1:
        second = seen[0][1]
    is_so = None if first is second else relation.holds(found.side, first.xyxy, second.xyxy)
    if is_so is None:
        things = counts_said((first.kind, second.kind), voice)
        return Said(voice.say("cannot relate", things=things), asked.unknown())
    if found.side == "touch":
        is_so = _meet(scene, first, second)
    word = asked.yes() if is_so else asked.no()
    return Said(_told(found.side, is_so, first, second, voice), word)


def _told(side: relation.Side, is_so: bool, first: Item, second: Item, voice: Voice) -> str:
    """A fact as one; what boxes only suggest as what it seems."""
    one, other = voice.definite(first.kind), voice.definite(second.kind)
    if side == "touch":
        return voice.say("yes, meet" if is_so else "no, apart", first=one, second=other)
    if side in relation.OPPOSITE:
        said = side if is_so else relation.OPPOSITE[side]
        place = voice.related(said + " of" if said in ("left", "right") else said, second.kind)
        return voice.say("yes, lies" if is_so else "no, lies", first=one, place=place)
    if not is_so and relation.gap(first.xyxy, second.xyxy) > relation.APART:
        return voice.say("no, apart", first=one, second=other)
    place = voice.related(side, second.kind)
    return voice.say(
        "yes, seems to lie" if is_so else "no, seems not to lie", first=one, place=place
    )


def _meet(scene: Scene, first: Item, second: Item) -> bool:
    """Whether the masks of two things meet in the picture, at the size that eyes look at."""
    both = Found(scene, (first, second))
    scale = CONTACT_SIDE / max(scene.wh)
    wh = (max(1, round(scene.wh[0] * scale)), max(1, round(scene.wh[1] * scale)))
    one, other = (
        masks.paste(mask, item.xyxy * scale, wh) > 0
        for mask, item in zip(both.masks, both.items, strict=True)
    )
    grown = np.pad(one, 1)
    near = grown[1:-1, :-2] | grown[1:-1, 2:] | grown[:-2, 1:-1] | grown[2:, 1:-1] | one
    return bool((near & other).any())


def first(scene: Scene, asked: Asked) -> Said:
    """The thing that is the largest, the leftmost…, and where it is."""
    voice, thing = asked.voice, ranking.ranked(asked.question)
    assert thing is not None, "the task is this one only where the question ranks things"
    items = of_target(scene, thing)
    if not items:
        return Said(voice.say("see none", none=none_of(thing, voice)), voice.say("none"))
    one = items[0]
    where = PLACES[asked.style.language][place(one, scene.wh)]
    text = voice.say("first of them", thing=voice.counted(1, one.kind), place=where)
    return Said(text, voice.noun(one.kind))


def neighbours(scene: Scene, asked: Asked) -> Said:
    """The things in the place that the question asks about."""
    voice, where = asked.voice, neighbourhood(asked.question)
    assert where is not None, "the task is this one only where the question names such a place"
    things = of_target(scene, where.thing)
    if not things:
        return Said(voice.say("see none", none=none_of(where.thing, voice)), asked.unknown())
    thing = max(things, key=lambda item: item.score)
    # What has legs of its own stands before or behind a table, never on it.
    never = kinds()["furniture"] if where.side == "on" else frozenset()
    seen = [item for item in of_target(scene, Target("", None)) if item.kind not in never]
    others = [item for item in seen if _is_another(item, thing)]
    there = [item for item in others if where.holds(item.xyxy, thing.xyxy)]
    inside = content(scene, thing.kind) if where.side == "in" and not there else ""
    if inside:
        said = voice.counted(1, describe.sayable(scene.recognition.name, asked.style.language))
        return Said(voice.say("looks like", thing=said), inside)
    if not there:
        return Said(voice.say("none there"), voice.say("none"))
    said = counts_said((item.kind for item in there), voice)
    return Said(voice.say("see there", things=said), said)


def content(scene: Scene, container: str) -> str:
    """What the whole picture is named as, where that is none of its objects: coffee in a cup."""
    name = scene.recognition.name
    if container not in kinds()["container"] or name is None or name.score < SURE_CONTENT:
        return ""
    is_object = {name.name, *name.kinds} & set(scene.objects().label)
    return "" if is_object else name.name


def at_side(scene: Scene, asked: Asked) -> Said:
    """What is on a side of the picture: the things whose middle lies there."""
    voice, side = asked.voice, side_looked_at(asked.question)
    assert side is not None, "the task is this one only where the question names a side"
    there = [
        item for item in of_target(scene, Target("", None)) if side in place(item, scene.wh).split()
    ]
    where = PLACES[asked.style.language][side]
    if not there:
        return Said(voice.say("none at side", place=where), voice.say("none"))
    said = counts_said((item.kind for item in there), voice)
    return Said(voice.say("see at side", things=said, place=where), said)


def size(scene: Scene, asked: Asked) -> Said:
    """How much of the picture a thing takes up, which is all that can be told of its size."""
    voice, thing = asked.voice, size_asked(asked.question)
    assert thing is not None, "the task is this one only where the question asks for a size"
    items = taken_to_be_there(scene, thing)
    if not items:
        return Said(voice.say("see none", none=none_of(thing, voice)), voice.say("none"))
    box = max(items, key=lambda item: item.score).xyxy
    share = float((box[2:] - box[:2]).prod()) / (scene.wh[0] * scene.wh[1])
    number = voice.say(
        "percent", number=max(1, round(share * 20) * 5 if share > 0.1 else round(share * 100))
    )
    who = voice.definite(items[0].kind)
    return Said(sentence(voice.say("takes up", thing=who, share=number)), number)


def _is_another(item: Item, thing: Item) -> bool:
    return item.kind != thing.kind or not np.array_equal(item.xyxy, thing.xyxy)
