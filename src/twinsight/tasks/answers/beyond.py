"""Requests that are beyond small eyes: to judge what is fit to be shown, to write verse.

The answer says so in a short sentence, and what is seen instead.
"""

from __future__ import annotations

import re

from twinsight.tasks.answers import describe
from twinsight.tasks.request.clauses import any_of
from twinsight.tasks.request.vocabulary import fold
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.said import Asked, Said

_UNFIT = any_of(
    "n?sfw", r"safe for (?:work|kids|children|minors|all|school|everyone)", "kid safe",
    "family friendly", "child friendly", r"(?:in)?appropriate (?:for|content|image|photo|picture)",
    r"(?:is|are) (?:it|this|they|that|the \w+) (?:in)?appropriate", r"(?:un)?suitable for",
    "offensive", "violence", "violent", "nudity", "nude", "naked", "weapons?", "gore", "gory",
    "pornograph\\w+", "sexual", "explicit", "hateful", "harmful", "disturbing", "moderation",
    r"inappropriée?s?", "choquante?s?", "violente?s?", "nudité", "armes?", "convient aux enfants",
    r"(?:adaptée?|convenable|appropriée?)s? (?:aux|pour|à) \w+",
)  # fmt: skip
_VERSE = re.compile(
    r"\b(?:write|compose|make|create|give|tell|do|écri\w+|compose\w*|fai[st]\w*|invente\w*|raconte\w*)"
    r"\b.{0,30}\b(?P<verse>poems?|haikus?|limericks?|songs?|lyrics|rhymes?|verses?|jokes?|"
    r"stor(?:y|ies)|tales?|riddles?|recipes?|poèmes?|haïkus?|chansons?|rimes?|blagues?|histoires?|"
    r"contes?|devinettes?|recettes?)\b(?! (?:about|on|of|sur) (?!(?:this|"
    r"the|it|cette|la|le) ?(?:image|picture|photo|scene)?\W*$|this\b|cette\b))"
)


def fitness_asked(question: str) -> re.Match[str] | None:
    """Where a question asks whether a picture is fit to be shown; None for any other."""
    return _UNFIT.search(fold(question))


def fitness(scene: Scene, asked: Asked) -> Said:
    """What is seen, and that what makes a picture unfit is not known to the eyes."""
    things = describe.main_thing(scene, asked.style.language)
    return Said(asked.voice.say("cannot vouch", things=things), asked.unknown())


def verse_asked(question: str) -> str | None:
    """The kind of writing that a request wants: "poem"; None for any other."""
    found = _VERSE.search(fold(question))
    return found["verse"] if found else None


def prose(scene: Scene, asked: Asked) -> Said:
    """In place of verse the caption."""
    language = asked.style.language
    caption = describe.caption(scene, language, whole=False)
    return Said(
        asked.voice.say("only plain", text=caption), describe.short_caption(scene, language)
    )
