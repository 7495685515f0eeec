"""What somebody does, and which sport it is: by the equipment, else by the caption's guess."""

from __future__ import annotations

import re

from twinsight.tasks.answers import describe
from twinsight.tasks.find import of_target
from twinsight.tasks.request.language import spoken
from twinsight.tasks.request.phrases import Target, target
from twinsight.tasks.request.vocabulary import fold
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.english import sentence
from twinsight.tasks.wording.said import Asked, Said, none_of

# A sport by its name: other words for it, and what it is done with.
_SPORTS = {
    "skiing": ("ski skis skie skient skier skieur skiers", ("skis",)),
    "snowboarding": ("snowboard snowboarder", ("snowboard",)),
    "tennis": ("", ("tennis racket",)),
    "baseball": ("base-ball", ("baseball bat", "baseball glove")),
    "surfing": ("surf surfe surfer", ("surfboard",)),
    "skateboarding": ("skate skateboard", ("skateboard",)),
    "frisbee": ("", ("frisbee",)),
    "kite flying": ("", ("kite",)),
}
_FRENCH = {
    "skiing": "du ski",
    "snowboarding": "du snowboard",
    "tennis": "du tennis",
    "baseball": "du baseball",
    "surfing": "du surf",
    "skateboarding": "du skateboard",
    "frisbee": "du frisbee",
    "kite flying": "du cerf-volant",
}
_SPORT = re.compile(
    r"\b(?:(?:what|which) (?:(?:kind|type|sort) of )?(?:sports?|games?)|quels? (?:type de )?"
    r"(?:sports?|jeux?))\b"
)
_DOING = re.compile(
    r"^(?:what(?:'s| is| are) (?P<who>.+) doing|what (?:is|are) (?:they|he|she|it) up to|"
    r"what activity .*|que (?:fait|font)(?: t)? (?P<qui>.+)|que est ce que (?P<que>.+) (?:fait|"
    r"font)|que est ce que (?:fait|font) (?P<quoi>.+))$"
)


def activity_of(question: str) -> str | None:
    """ "sport" or "doing"; None for any other question."""
    words = re.split(r"[.?!]", fold(question))[0].strip()
    if _SPORT.search(words):
        return "sport"
    return "doing" if _DOING.match(words) else None


def sports(scene: Scene) -> dict[str, float]:
    """The sports whose equipment is seen with somebody, each with how sure that is."""
    objects = scene.objects()
    if "person" not in objects.label:
        return {}
    scores: dict[str, float] = {}
    for label, score in zip(objects.label, objects.score, strict=True):
        scores[label] = max(scores.get(label, 0.0), float(score))
    found = {
        sport: max(scores.get(thing, 0.0) for thing in things)
        for sport, (_, things) in _SPORTS.items()
    }
    return {sport: score for sport, score in found.items() if score}


def words_of_sports(scene: Scene) -> dict[str, float]:
    """All words that mean a sport that is seen."""
    return {
        word: score
        for sport, score in sports(scene).items()
        for word in (sport, *_SPORTS[sport][0].split())
    }


def sport_named(scene: Scene, words: str) -> str:
    """The sport that the words name, where it is seen; else empty."""
    said = {word for word in fold(words).split() if word in words_of_sports(scene)}
    return next((s for s in sports(scene) if said & {s, *_SPORTS[s][0].split()}), "")


def _somebody(asked: Asked) -> Target | None:
    """Whom "what is the man doing?" asks about, where eyes know such."""
    found = _DOING.match(re.split(r"[.?!]", fold(asked.question))[0].strip())
    said = next((part for part in found.groups() if part), "") if found else ""
    who = target(said, spoken(asked.question))
    return who if who is not None and who.names else None


def answered(scene: Scene, asked: Asked) -> Said:
    """The sport, or what the caption guesses is done; else that nobody can tell."""
    voice, language = asked.voice, asked.style.language
    seen = sports(scene)
    if seen:
        sport = max(seen, key=lambda name: seen[name])
        said = sport if language == "en" else _FRENCH[sport]
        return Said(voice.say("looks like", thing=said), said)
    who = _somebody(asked)
    if who is not None and not of_target(scene, who, purpose="presence"):
        return Said(voice.say("see none", none=none_of(who, voice)), asked.unknown())
    guess = describe.written(scene) if language == "en" else ""
    if not guess or activity_of(asked.question) == "sport":
        return Said(describe.at_a_loss(scene, language), asked.unknown())
    return Said(sentence(voice.say("at a guess", guess=guess[0].lower() + guess[1:])), guess)
