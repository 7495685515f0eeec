"""Day or night, weather and season: no more than light, snow and clouds tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from twinsight.tasks.answers import describe
from twinsight.tasks.request.vocabulary import fold
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.said import Asked, Said

Aspect = Literal["daytime", "weather", "season"]

SURE = 0.9
"""How probable surroundings must be to tell weather by."""
DAYLIGHT = 0.35
"""Mean light, of 1, of a picture that was taken outdoors by day; below `NIGHT` it was dark."""
NIGHT = 0.2

_ASKED: tuple[tuple[Aspect, re.Pattern[str]], ...] = (
    (
        "daytime",
        re.compile(
            r"\b(?:day ?time|night ?time|time of (?:the )?day|(?:day|night) or (?:day|night)|"
            r"is (?:it|this) (?:a )?(?:day|night|dark out\w*)|(?:taken|shot) (?:at|by|"
            r"during) (?:the )?(?:day|night)|(?:fait il|il fait) (?:jour|nuit)|"
            r"(?:le )?jour ou (?:la )?nuit|de jour ou de nuit|moment de la journée)\b"
        ),
    ),
    (
        "season",
        re.compile(
            r"\b(?:(?:what|which) season|quelle saison|est ce le (?:hiver|été)|"
            r"is (?:it|this) (?:in )?(?:winter|summer|spring|autumn|fall))\b"
        ),
    ),
    (
        "weather",
        re.compile(
            r"\b(?:weather|météo|quel temps(?: fait il)?|temps qu'il fait|is (?:it|the (?:day|"
            r"sky)) (?:sunny|rain\w*|snow\w*|cloudy|foggy|windy|clear|overcast|blue)|(?<!que "
            r")(?:pleut|"
            r"neige|fait)(?: t)? il (?!jour|nuit)\w*|fait il (?:beau|soleil|froid|gris))\b"
        ),
    ),
)
_SNOW = re.compile(r"\b(?:snow\w*|neige\w*)\b")
_CLOUDS = re.compile(r"\b(?:cloudy|clouds?|overcast|nuageux|nuages?)\b")
_NAMES = {
    "daytime": {"day": "day daytime jour", "night": "night nighttime nuit"},
    "season": {"winter": "winter hiver"},
}


def weather_of(question: str) -> Aspect | None:
    """What a question asks of the time or the weather; None for any other."""
    words = fold(question)
    return next((aspect for aspect, pattern in _ASKED if pattern.search(words)), None)


def told(scene: Scene) -> dict[str, float]:
    """Words for time, weather and season that the picture speaks for, with how sure each is."""
    around = scene.surroundings
    found: dict[str, float] = {}
    snow = around.get("snow", 0.0)
    if snow >= SURE:
        found |= {"winter": snow, "hiver": snow, "snow": snow, "snowy": snow, "neige": snow}
    if around.get("outdoors", 0.0) >= SURE > around.get("indoors", 1.0):
        light = scene.measures.brightness
        if light >= DAYLIGHT:
            found |= dict.fromkeys(_NAMES["daytime"]["day"].split(), SURE)
        elif light < NIGHT:
            found |= dict.fromkeys(_NAMES["daytime"]["night"].split(), SURE)
    return found


def answered(scene: Scene, asked: Asked) -> Said:
    """The time of day, the weather or the season, where something seen tells it."""
    aspect = weather_of(asked.question)
    said = next(_answers(scene, asked, aspect), None)
    if said is not None:
        return said
    return Said(describe.at_a_loss(scene, asked.style.language), asked.unknown())


def _answers(scene: Scene, asked: Asked, aspect: Aspect | None) -> Iterator[Said]:
    voice, known, words = asked.voice, told(scene), fold(asked.question)
    if aspect == "daytime":
        for name in ("day", "night"):
            if name in known:
                yield Said(voice.say("by " + name), voice.say(name))
    if aspect == "season" and "winter" in known:
        yield Said(voice.say("winter"), voice.say("winter word"))
    if aspect != "weather":
        return
    snow, cloud = known.get("snow", 0.0), scene.surroundings.get("cloud", 0.0)
    if snow:
        word = asked.yes() if _SNOW.search(words) else voice.say("snow")
        yield Said(voice.say("snow lies"), word)
    if cloud >= SURE:
        word = asked.yes() if _CLOUDS.search(words) else voice.say("clouds")
        yield Said(voice.say("clouds seen"), word)
