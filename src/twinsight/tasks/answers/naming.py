"""What a picture or a thing in it is: in the caller's labels, or in the eyes' own names."""

from __future__ import annotations

import re

from twinsight.tasks.answers import classify, describe, places
from twinsight.tasks.answers.scenery import meant
from twinsight.tasks.find import at_least_one, of_target
from twinsight.tasks.request.language import spoken
from twinsight.tasks.request.phrases import Target, target
from twinsight.tasks.request.vocabulary import Sense, broader, fold, kinds, meaning
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.english import sentence
from twinsight.tasks.wording.said import Asked, Said, kind_of, named, none_of
from twinsight.tasks.wording.voice import counts_said

_KIND = re.compile(
    r"\b(?:what|which|quel(?:le)?s?|identify|identifie|name)"
    r"(?:'s| (?:(?:kind|type|breed|sort|species|make|model|race|genre|espèce)s?|of|is|are|de|this|"
    r"that|these|it|the|le|la)\b)* ?(?P<kind>.*)"
)


LIKELY = 0.15
"""How sure a label must be to be said where none need be chosen."""

_MULTIPLE = re.compile(
    r"\b(?:(?:tags?|labels?|which|étiquettes?|lesquel\w+) (?:apply|fit)\b|any of|all (?:that|"
    r"which) (?:apply|fit)|several|multiple|one or more|more than one|"
    r"multi label|as many as|plusieurs|tous ceux|toutes celles|une ou plusieurs|un ou plusieurs)\b"
)
_RATED = re.compile(
    r"\b(?:confidence|score|probabilit|likelihood|percent|rate|confiance|probabilité)\w*|"
    r"\bhow (?:sure|certain|confident)\b"
)
_FINER = re.compile(r"\b(?:breed|species|make|model|race|espèce|marque|modèle)s?\b")


def classified(scene: Scene, asked: Asked) -> Said:
    """One of the labels in the question; without any, what the picture is."""
    labels = classify.offered(asked.question)
    if not labels:
        return _whole(scene, asked)
    if _MULTIPLE.search(fold(asked.question)):
        fit = classify.fitting(labels, scene)
        said = ", ".join(fit) or asked.voice.say("none")
        return Said(said, said)
    if _RATED.search(fold(asked.question)):
        return _rated(labels, scene, asked)
    choice = classify.choose(labels, scene)
    is_told = choice.score >= LIKELY and not _by_adjective(labels, scene)
    if is_told or choice.label.lower() in classify.NEUTRAL:
        return Said(choice.label, choice.label)
    things = describe.short_caption(scene, asked.style.language)
    offered, voice = asked.voice.listed(labels, "or"), asked.voice
    if not all(meaning(label) or meant(label) for label in labels):
        things = describe.main_thing(scene, asked.style.language)
        text = voice.say("cannot choose", labels=offered, things=things)
    elif len(labels) == 2:
        text = voice.say("neither fits", first=labels[0], second=labels[1], things=things)
    else:
        text = voice.say("none fits", labels=offered, things=things)
    return Said(text, asked.unknown())


_ONE = re.compile(r"\b(?:ones?|un|une)$")


def _by_adjective(labels: list[str], scene: Scene) -> bool:
    """Whether labels share their noun, and only words that nobody knows tell them apart.

    "A modern ship or an old one": that a ship is there speaks for neither.
    """
    nouns = {label.split()[-1].lower() for label in labels if not _ONE.search(label)}
    several = all(len(label.split()) > 1 for label in labels)
    known = classify.evidence(scene)
    return (
        several and len(nouns) == 1 and not any(classify.key_of(label) in known for label in labels)
    )


def _rated(labels: list[str], scene: Scene, asked: Asked) -> Said:
    """Each label with how sure the eyes are of it; "unknown" where they know no such thing."""
    choices = classify.ranked(labels, scene)
    scores = {choice.label: choice.score for choice in choices}
    known = {label for label in labels if scores[label] or _is_known(label)}
    lines = [
        f"{label}: {f'{scores[label]:.2f}' if label in known else asked.unknown()}"
        for label in labels
    ]
    return Said("\n".join(lines), choices[0].label)


def _is_known(label: str) -> bool:
    covered = meaning(label)
    return meant(label) is not None if covered is None else covered.sense is not Sense.NARROWER


def identify(scene: Scene, asked: Asked) -> Said:
    """What the picture shows of the kind that is asked for ("what animal is this?")."""
    found = _KIND.search(fold(asked.question))
    kind = target(found["kind"], spoken(asked.question)) if found else None
    if kind is None or kind.names is None or (scene.is_page and kind.unknown):
        return _whole(scene, asked)
    if kind.unknown:
        return _of_group(scene, asked, kind)
    items = of_target(scene, kind, "en")
    content = places.content(scene, items[0].kind) if kind_of(kind) == "drink" and items else ""
    if content:
        return _looks_like(describe.sayable(scene.recognition.name, asked.style.language), asked)
    name = scene.recognition.name
    if name is not None and {name.name, *name.kinds} & ({kind_of(kind)} | kind.names):
        others = {item.kind for item in items} - {name.name, *name.kinds}
        # "An animal" says less than "a bear".
        is_broad = any(name.name in broader(item.kind) for item in items)
        if not others and not is_broad:
            return _looks_like(describe.sayable(name, asked.style.language), asked)
    faint = [] if items else at_least_one(scene, kind)
    if faint:
        return _looks_like(faint[0].label, asked)
    if not items:
        none = none_of(kind, asked.voice)
        return Said(asked.voice.say("see none", none=none), asked.voice.say("none"))
    things = counts_said((item.kind for item in items), asked.voice)
    kinds = dict.fromkeys(item.kind for item in items)
    word = asked.voice.listed([asked.voice.noun(kind) for kind in kinds])
    return Said(asked.voice.say("see", things=things), word)


def _of_group(scene: Scene, asked: Asked, kind: Target) -> Said:
    """For kinds that only the labeler knows: "what flower is this?"."""
    word = classify.key_of(named(kind))
    name = scene.recognition.name
    if name is not None and word in map(classify.key_of, (name.name, *name.kinds)):
        return _looks_like(describe.sayable(name, asked.style.language), asked)
    things = describe.main_thing(scene, asked.style.language)
    text = asked.voice.say("cannot recognise, see", thing=named(kind), things=things)
    return Said(text, asked.unknown())


def _whole(scene: Scene, asked: Asked) -> Said:
    if scene.is_page:
        return Said(describe.caption(scene, asked.style.language), asked.voice.say("some text"))
    name = describe.sayable(scene.recognition.name, asked.style.language)
    main = describe.main_kind(scene) if scene.objects().label else ""
    if name and name not in broader(main):
        return _looks_like(name, asked)
    if _FINER.search(fold(asked.question)):
        return Said(describe.at_a_loss(scene, asked.style.language), asked.unknown())
    things = describe.short_caption(scene, asked.style.language)
    labels = scene.objects().label
    main = asked.voice.noun(describe.main_noun(scene)) if labels else asked.unknown()
    return Said(sentence(things), main)


def _looks_like(name: str, asked: Asked) -> Said:
    voice = asked.voice
    text = voice.say("looks like", thing=voice.counted(1, name))
    finer = _FINER.search(fold(asked.question))
    if finer is not None and (meaning(name) or name in kinds()):
        # The eyes' own word for the thing is as far as they can tell it.
        return Said(f"{text} {voice.say('not finer', what=finer[0])}", asked.unknown())
    return Said(text, voice.noun(name))
