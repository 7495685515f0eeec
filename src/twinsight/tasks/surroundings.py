"""What lies around the objects, in the asker's words: is there a tree, is this a kitchen?

`surroundings.txt` holds one thing a line, by the name that the surveyor gives it. It is there or
not; nobody knows where, how much of it, or of which colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from twinsight.tasks.english import plural
from twinsight.tasks.french import plural as french_plural
from twinsight.tasks.lexicon import FILLER
from twinsight.tasks.phrases import Target
from twinsight.tasks.said import Asked, Said, named
from twinsight.tasks.scene import Scene
from twinsight.tasks.vocabulary import fold

THERE = 0.5
"""From this probability on a thing is said to be there."""
SURE = 0.75
"""From this on without "seems"."""

PLACES = frozenset(
    ("beach", "field", "forest", "mountain", "playing field", "sea", "snow", "street", "park",
     "station", "shop", "office", "restaurant", "kitchen", "bathroom", "bedroom", "living room",
     "indoors", "outdoors")
)  # fmt: skip
"""Words that tell where the whole picture was taken."""


@dataclass(frozen=True, slots=True)
class Meant:
    """A word of the surveyor; `exact` where the asker's words say no more ("a christmas tree")."""

    word: str
    exact: bool


def meant(phrase: str) -> Meant | None:
    """The surroundings that a noun phrase of either language names; None for anything else."""
    if fold(phrase) in _words():
        return Meant(_words()[fold(phrase)], exact=True)
    words = [word for word in fold(phrase).split() if word not in FILLER]
    for start in range(len(words)):
        found = _words().get(" ".join(words[start:]))
        if found is not None:
            return Meant(found, start == 0)
    return None


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


def _looked_for(scene: Scene, target: Target) -> tuple[Meant, float] | None:
    thing = meant(named(target))
    score = None if thing is None else scene.surroundings.get(thing.word)
    return None if thing is None or score is None else (thing, score)


@cache
def _words() -> dict[str, str]:
    """Each word that the asker may use, folded, singular and plural, to the surveyor's."""
    table: dict[str, str] = {}
    text = (files("twinsight.tasks") / "surroundings.txt").read_text("utf-8")
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, english, french = (cell.strip() for cell in line.split("|"))
        for words, several in ((f"{name},{english}", plural), (french, french_plural)):
            for word in filter(None, map(str.strip, words.split(","))):
                table.setdefault(fold(word), name)
                table.setdefault(fold(several(word)), name)
    return table
