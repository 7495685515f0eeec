"""What a thing holds, eats, rides or is on: "what is the girl holding?", "what is the cat on?"

Boxes suggest it: a small thing within a person's box, a seat under a cat. So it is said as what
seems, or as what is with the person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from twinsight.tasks.answers import describe, relation
from twinsight.tasks.answers.neighbours import stands_on
from twinsight.tasks.find import Item, of_target, taken_to_be_there
from twinsight.tasks.request.language import spoken
from twinsight.tasks.request.phrases import Target, target
from twinsight.tasks.request.vocabulary import fold, kinds
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.english import sentence
from twinsight.tasks.wording.said import Asked, Said
from twinsight.tasks.wording.voice import counts_said

_FOOD = kinds()["food"]
_SMALL = frozenset(
    ("umbrella", "handbag", "suitcase", "frisbee", "kite", "baseball bat", "baseball glove",
     "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "remote",
     "cell phone", "book", "scissors", "teddy bear", "hair drier", "toothbrush", "surfboard",
     "skateboard", "snowboard", "laptop", "sports ball", "vase")
)  # fmt: skip
_THINGS = {
    "hold": _SMALL | _FOOD,
    "eat": _FOOD | {"bottle", "wine glass", "cup"},
    "ride": kinds()["vehicle"]
    | {"horse", "elephant", "skateboard", "surfboard", "snowboard", "skis"},
    "on": kinds()["furniture"]
    | kinds()["vehicle"]
    | {"toilet", "surfboard", "skateboard", "horse"},
}
_VERBS = {
    "hold": r"(?:holding|carrying|using|has in \w+ hands?|tient|tiennent|tenir)",
    "eat": r"(?:eating|drinking|mange|mangent|boit|boivent)",
    "ride": r"(?:riding|driving|chevauche|monte)",
    "on": r"(?:(?:sitting|lying|laying|standing|resting|sleeping|placed|perched)(?: down)? )?on"
    r"(?: top of)?",
}
_HAND = (
    r"(?: (?:in|with|à|dans|entre) (?:the|its|his|her|their|la|le|ses|sa|les) (?:hands?|paws?|"
    r"mouth|mains?|pattes?|gueule|bouche))?"
)
_ASKED = (
    *(
        (
            verb,
            re.compile(
                rf"^(?:what|que|que est ce que) (?:(?:is|are|does|do) )?(?P<who>.+?) (?:is |are )?"
                rf"{pattern}{_HAND}$"
            ),
        )
        for verb, pattern in _VERBS.items()
    ),
    (
        "on",
        re.compile(
            r"^sur quoi (?:est|sont|se trouve|est ce que)? ?(?P<who>.+?)(?: (?:est|sont)(?: ils?| "
            r"elles?)?)?(?: (?:assis|couché|posé|allongé|debout)\w*)?$"
        ),
    ),
    ("hold", re.compile(r"^que (?:tient|tiennent) (?P<who>.+?)" + _HAND + "$")),
    ("eat", re.compile(r"^que (?:mange|mangent|boit|boivent) (?P<who>.+?)$")),
)

MOSTLY = 0.6
"""Share of a small thing's box that lies in somebody's box where it seems to be held."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Who, and in which way: "hold", "eat", "ride", "on"."""

    verb: str
    who: Target


def holding_of(question: str) -> Holding | None:
    """None for any question but what a known thing holds, eats, rides or is on."""
    words = re.split(r"[.?!]", fold(question))[0].strip()
    for verb, pattern in _ASKED:
        found = pattern.match(words)
        who = target(found["who"], spoken(question)) if found else None
        if who is not None and who.names:
            return Holding(verb, who)
    return None


def held(scene: Scene, asked: Asked) -> Said:
    """What boxes suggest; else that nobody can tell."""
    asked_for = holding_of(asked.question)
    assert asked_for is not None, "the task is this one only where the question asks for that"
    who, near = taken_to_be_there(scene, asked_for.who), things_held(scene, asked_for)
    if not near:
        return Said(describe.at_a_loss(scene, asked.style.language), asked.unknown())
    return _told(asked_for.verb, who, near, asked)


def things_held(scene: Scene, asked_for: Holding) -> list[Item]:
    """What boxes suggest that they hold, eat, ride or are on."""
    who = taken_to_be_there(scene, asked_for.who)
    kinds_of_it = _THINGS[asked_for.verb]
    there = [item for item in of_target(scene, Target("", None)) if item.kind in kinds_of_it]
    return [item for item in there if any(_goes_with(asked_for.verb, item, one) for one in who)]


def _told(verb: str, who: list[Item], near: list[Item], asked: Asked) -> Said:
    voice = asked.voice
    things = counts_said((item.kind for item in near), voice)
    thing = voice.definite(who[0].kind, len(who))
    if verb != "on":
        return Said(voice.say("with it", things=things, thing=thing), things)
    key = "seems on" if len(who) == 1 else "seem on"
    return Said(sentence(voice.say(key, thing=thing, things=things)), things)


def _goes_with(verb: str, item: Item, one: Item) -> bool:
    if item.kind == one.kind:
        return False
    if verb == "on":
        lies = relation.holds("on", one.xyxy, item.xyxy)
        return lies is True or (lies is None and stands_on(one.xyxy, item.xyxy))
    shared = relation.covered(item.xyxy, one.xyxy)
    is_over = verb == "ride" or item.kind in ("umbrella", "kite")
    return shared > 0 if is_over else shared >= MOSTLY
