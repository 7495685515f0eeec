"""What lies around the objects: is there a tree, is this a kitchen, was it taken outdoors?

It is there or not; nobody knows where, how much of it, or of which colour.
"""

from __future__ import annotations

import re

from twinsight.tasks.answers.scenery import PLACES, Meant, meant, setting_of
from twinsight.tasks.request.language import Language
from twinsight.tasks.request.phrases import Target
from twinsight.tasks.request.vocabulary import fold
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.said import Asked, Said, named
from twinsight.tasks.wording.sentences import SETTINGS

THERE = 0.5
"""From this probability on a thing is said to be there."""
SURE = 0.75
"""From this on without "seems"."""


SURE_SETTING = 0.9
"""From this on the kind of place is told without being asked for."""

_HUNG = re.compile(
    r"^(?:an? |the |any |des |un |une )?(?:pictures?|photos?|images?|tableaux?) (?:on|sur) "
)
"""Pictures on a wall are no pictures that the question is about."""


def present(scene: Scene, asked: Asked, target: Target) -> Said | None:
    """Whether it is there; None where the surveyor does not know what it is."""
    found = _looked_for(scene, target)
    if found is None:
        return None
    thing, score = found
    voice, things = asked.voice, asked.voice.counted(1, thing.word)
    if score < THERE:
        return Said(voice.say("no, see", none=voice.none(thing.word)), asked.no())
    if not thing.exact or target.colour or target.sides:
        return Said(voice.say("only there", things=things), asked.unknown())
    key = "yes, see" if score >= SURE else "yes, seems"
    return Said(voice.say(key, things=things), asked.yes())


def no_more(scene: Scene, asked: Asked, target: Target) -> Said | None:
    """To a question of number, place or colour: whether it is there, for that is all that is known.

    None where the surveyor does not know what it is.
    """
    found = _looked_for(scene, target)
    if found is None:
        return None
    thing, score = found
    voice = asked.voice
    if score < THERE:
        return Said(voice.say("see none", none=voice.none(thing.word)), voice.say("none"))
    return Said(voice.say("only there", things=voice.counted(1, thing.word)), asked.unknown())


def is_there(scene: Scene, target: Target) -> bool:
    """Whether the very thing is around the objects, so far as anybody knows."""
    found = _looked_for(scene, target)
    return found is not None and found[0].exact and found[1] >= THERE and not target.colour


_IN = re.compile(r"^(?:in|on|at|dans|sur|à|en) (?:the |this |an? |le |la |cette |une? )?")


def is_around(scene: Scene, rest: str) -> bool:
    """Whether "in the kitchen", said of a thing, only tells where the picture was taken."""
    place = meant(_IN.sub("", fold(rest))) if _IN.match(fold(rest)) else None
    is_place = place is not None and place.exact and place.word in PLACES | {"sky"}
    return place is not None and is_place and scene.surroundings.get(place.word, 0.0) >= THERE


def _looked_for(scene: Scene, target: Target) -> tuple[Meant, float] | None:
    hung = _HUNG.match(fold(target.phrase))
    thing = Meant("framed picture", exact=True) if hung else meant(named(target))
    score = None if thing is None else scene.surroundings.get(thing.word)
    return None if thing is None or score is None else (thing, score)


def place_of(scene: Scene) -> str | None:
    """The likeliest kind of place, else whether it is in or out; None where nobody looks."""
    likely = {word: score for word, score in scene.surroundings.items() if word in PLACES}
    if not likely:
        return None
    best = max(likely.keys() - {"indoors", "outdoors"}, key=lambda word: likely[word])
    outside = "outdoors" if likely["outdoors"] >= likely["indoors"] else "indoors"
    return best if likely[best] >= THERE else outside


def taken(scene: Scene, asked: Asked) -> Said:
    """Where the picture was taken, or whether it was there."""
    voice, asked_for = asked.voice, setting_of(asked.question)
    where = SETTINGS[asked.style.language]
    likely, best = scene.surroundings, place_of(scene)
    if best is None:
        return Said(voice.say("cannot place"), asked.unknown())
    outside = "outdoors" if likely["outdoors"] >= likely["indoors"] else "indoors"
    place = asked_for.place if asked_for is not None else None
    if place in ("indoors", "outdoors"):
        word = asked.yes() if place == outside else asked.no()
        return Said(voice.say("taken, so", answer=word.capitalize(), where=where[outside]), word)
    if place is not None:
        is_so = likely.get(place, 0.0) >= THERE
        key, word = ("taken, so", asked.yes()) if is_so else ("not taken", asked.no())
        return Said(voice.say(key, answer=word.capitalize(), where=where[place]), word)
    said = voice.noun(best) if asked.style.language == "en" else where[best]
    return Said(voice.say("taken", where=where[best]), said)


def setting(scene: Scene, language: Language) -> str:
    """`in a kitchen`, where the kind of place is sure; else empty."""
    sure = {
        word: score
        for word, score in scene.surroundings.items()
        if word in PLACES and score >= SURE_SETTING and word not in ("indoors", "outdoors")
    }
    return SETTINGS[language][max(sure, key=lambda word: sure[word])] if sure else ""
