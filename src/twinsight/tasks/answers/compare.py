"""Several pictures in words: what each shows, what differs, what all share, which shows what."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from twinsight.tasks.answers import describe, ranking
from twinsight.tasks.answers.surroundings import is_there, place_of
from twinsight.tasks.find import lines_of, of_target
from twinsight.tasks.request.language import spoken
from twinsight.tasks.request.phrases import Target, target
from twinsight.tasks.request.style import Style
from twinsight.tasks.request.vocabulary import broader, fold
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.english import sentence
from twinsight.tasks.wording.said import Asked, Said, kind_of, none_of
from twinsight.tasks.wording.sentences import SETTINGS
from twinsight.tasks.wording.voice import VOICES, Voice, counts_said

BRIGHTER = 0.15
"""Difference of mean light, of 1, that is worth a word."""

_SAME = re.compile(r"\b(?:same|identical|identiques?|mêmes?)\b", re.IGNORECASE)
_COMMON = re.compile(
    r"\b(?:common|communs?|share|both (?:\w+ )?(?:have|show|contain))\b", re.IGNORECASE
)
_DIFFER = re.compile(r"\b(?:differ\w*|diffèr\w*|différ\w*)", re.IGNORECASE)
_MORE = re.compile(r"\b(?:more|most|plus|fewer|fewest|less|least|moins)\b", re.IGNORECASE)
_FEWER = re.compile(r"\b(?:fewer|fewest|less|least|moins)\b", re.IGNORECASE)


def describe_all(scenes: Sequence[Scene], style: Style) -> str:
    """A sentence for each picture, in order."""
    voice = VOICES[style.language]
    return "\n".join(
        voice.say("image", index=n, text=_each(scene, style)) for n, scene in enumerate(scenes, 1)
    )


def _each(scene: Scene, style: Style) -> str:
    if style.brevity:
        return describe.title(scene, style.language)
    return describe.caption(scene, style.language, whole=False)


def compare(scenes: Sequence[Scene], asked: Asked) -> Said:
    """What differs, what is shared, or whether they are the same, as the question asks."""
    if _SAME.search(asked.question) and _PLACE.search(fold(asked.question)):
        return _same_place(scenes, asked)
    if _SAME.search(asked.question):
        kind = _same_kind_asked(asked.question)
        return _same_kind(scenes, asked, kind) if kind is not None else _same(scenes, asked)
    if _COMMON.search(asked.question) and not _DIFFER.search(asked.question):
        shared = _shared(scenes, asked.voice) or _shared_widely(scenes, asked.voice)
        return Said(_all_show(scenes, shared, asked.voice), asked.voice.listed(shared))
    return Said(differences(scenes, asked.style), asked.voice.say("different"))


def differences(scenes: Sequence[Scene], style: Style) -> str:
    """What sets the pictures apart, and what all of them show."""
    voice = VOICES[style.language]
    if _are_identical(scenes):
        return voice.say("identical")
    told = _differing(scenes, style)
    if not told:
        return voice.say("alike", things=describe.main_thing(scenes[0], style.language))
    things = [describe.main_thing(scene, style.language) for scene in scenes]
    if len(set(things)) == 1:
        return " ".join([_all_show(scenes, things[:1], voice), *told])
    shows = [
        sentence(voice.say("image shows", index=n, things=one)) for n, one in enumerate(things, 1)
    ]
    shared = _shared(scenes, voice)
    if not shared and len(scenes) == 2 and max(map(_kinds, scenes)) <= describe.MOST_KINDS:
        # What each shows was said, and none of it is in the other.
        told = told[len({kind for scene in scenes for kind in scene.objects().label}) :]
    shared = shared or _shared_widely(scenes, voice)
    return " ".join([*shows, *told, *([_all_show(scenes, shared, voice)] if shared else [])])


def _kinds(scene: Scene) -> int:
    return len(set(scene.objects().label))


def _differing(scenes: Sequence[Scene], style: Style) -> list[str]:
    """A sentence for each thing, text, colour or light that is not the same in all."""
    voice = VOICES[style.language]
    counts = [Counter(scene.objects().label) for scene in scenes]
    told = []
    for kind in dict.fromkeys(kind for one in counts for kind in one):
        having = [n for n, one in enumerate(counts, 1) if one[kind]]
        if len(having) == 1:
            things = voice.counted(counts[having[0] - 1][kind], kind)
            told.append(voice.say("only image", index=having[0], things=things))
        elif len(scenes) == 2 and counts[0][kind] != counts[1][kind]:
            told.append(
                voice.say(
                    "counts differ",
                    first=1,
                    things=voice.counted(counts[0][kind], kind),
                    second=2,
                    others=voice.counted(counts[1][kind], kind),
                )
            )
    quotes = [describe.quoted(scene, style.language) for scene in scenes]
    if len(set(quotes)) > 1:
        told += [
            voice.say("texts differ", index=n, quote=quote)
            for n, quote in enumerate(quotes, 1)
            if quote
        ]
    return told + (_look(scenes, voice) if len(scenes) == 2 else [])


def _look(scenes: Sequence[Scene], voice: Voice) -> list[str]:
    """How the main colour and the light of two pictures differ."""
    told = []
    mains = [scene.measures.colours[0][0] if scene.measures.colours else "" for scene in scenes]
    if all(mains) and mains[0] != mains[1]:
        one, other = (voice.colour(name) for name in mains)
        told.append(voice.say("colours differ", first=1, colour=one, second=2, other=other))
    light = scenes[0].measures.brightness - scenes[1].measures.brightness
    if abs(light) >= BRIGHTER:
        word = voice.say("brighter" if light > 0 else "darker")
        told.append(voice.say("lights differ", first=1, brighter=word, second=2))
    return told


def _same(scenes: Sequence[Scene], asked: Asked) -> Said:
    voice = asked.voice
    if _are_identical(scenes):
        return Said(voice.say("identical"), asked.yes())
    told = differences(scenes, asked.style)
    if not _differing(scenes, asked.style):
        return Said(told, asked.unknown())
    return Said(f"{voice.say('not same')} {told}", asked.no())


_SAME_KIND = re.compile(r"\b(?:same|même) (?:(?:kind|type|sort|genre) (?:of|de) )?(?P<thing>\w+)")
_PICTURE = re.compile(
    r"^(?:images?|pictures?|photos?|scenes?|one|thing|chose|person|place|location|time)$"
)


_PLACE = re.compile(
    r"\b(?:same|même) (?:(?:kind|type|sort|genre) (?:of|de) )?(?:room|place|location|setting|scene|"
    r"environment|pièce|endroit|lieu)\b"
)


def _same_place(scenes: Sequence[Scene], asked: Asked) -> Said:
    """Whether all pictures seem to be of the same kind of place."""
    voice, where = asked.voice, SETTINGS[asked.style.language]
    places = [place_of(scene) for scene in scenes]
    if None in places:
        return Said(voice.say("cannot place"), asked.unknown())
    found = [where[place] for place in places if place is not None]
    word = asked.yes() if len(set(found)) == 1 else asked.no()
    if word == asked.yes():
        return Said(sentence(voice.say("same place", answer=word, where=found[0])), word)
    told = [voice.say("taken in", index=n, where=place) for n, place in enumerate(found, 1)]
    return Said(sentence(f"{word}, {voice.listed(told)}"), word)


def _same_kind_asked(question: str) -> Target | None:
    """The things in "do both show the same animal?"; None where the pictures are meant."""
    found = _SAME_KIND.search(fold(question))
    thing = target(found["thing"], spoken(question)) if found else None
    if found is None or _PICTURE.match(found["thing"]) or thing is None or not thing.names:
        return None
    return thing


def _same_kind(scenes: Sequence[Scene], asked: Asked, thing: Target) -> Said:
    """Whether all pictures show the same of a kind of things: each a cat."""
    voice = asked.voice
    found = [{item.kind for item in of_target(scene, thing)} for scene in scenes]
    shared = set.intersection(*found)
    told = " ".join(
        sentence(voice.say("image shows", index=n, things=_listed(kinds, thing, voice)))
        for n, kinds in enumerate(found, 1)
    )
    if shared:
        both = _all_show(scenes, [voice.counted(1, kind) for kind in sorted(shared)], voice)
        return Said(sentence(f"{asked.yes()}, {both[0].lower()}{both[1:]}"), asked.yes())
    return Said(f"{sentence(asked.no())} {told}", asked.no())


def _listed(kinds: set[str], thing: Target, voice: Voice) -> str:
    return voice.listed([voice.counted(1, kind) for kind in sorted(kinds)]) or none_of(thing, voice)


def ordered(scenes: Sequence[Scene], asked: Asked) -> Said:
    """The pictures by how many of a thing each shows."""
    voice, thing = asked.voice, ranking.order_of(asked.question)
    assert thing is not None, "the task is this one only where the question orders pictures"
    if thing.unknown:
        return Said(voice.say("cannot recognise", thing=thing.phrase), asked.unknown())
    counts = [len(of_target(scene, thing)) for scene in scenes]
    sign = 1 if ranking.is_ascending(asked.question) else -1
    order = sorted(range(len(scenes)), key=lambda i: sign * counts[i])
    told = [voice.say("image count", index=i + 1, count=counts[i]) for i in order]
    return Said(sentence(", ".join(told)), ", ".join(str(i + 1) for i in order))


def _are_identical(scenes: Sequence[Scene]) -> bool:
    first, *others = (scene.ref.key or scene.ref.encoded() for scene in scenes)
    return all(key == first for key in others)


def _shared(scenes: Sequence[Scene], voice: Voice) -> list[str]:
    """What every picture shows: with a number where it is the same in all."""
    counts = [Counter(scene.objects().label) for scene in scenes]
    common = [kind for kind in counts[0] if all(one[kind] for one in counts)]
    return [
        voice.counted(counts[0][kind], kind)
        if len({one[kind] for one in counts}) == 1
        else voice.say("several", things=voice.plural(kind))
        for kind in common
    ]


def _shared_widely(scenes: Sequence[Scene], voice: Voice) -> list[str]:
    """The narrowest wider word for what each picture shows: an animal, of a dog and a cat."""
    groups = [
        [word for kind in describe.by_prominence(scene) for word in broader(kind)]
        for scene in scenes
    ]
    common = [word for word in groups[0] if all(word in one for one in groups)]
    return [voice.counted(1, word) for word in common[:1]]


def _all_show(scenes: Sequence[Scene], shared: list[str], voice: Voice) -> str:
    if not shared:
        return voice.say("nothing shared")
    return voice.say("both show" if len(scenes) == 2 else "all show", things=voice.listed(shared))


def which(scenes: Sequence[Scene], asked: Asked) -> Said:
    """Which picture shows the thing asked about, or has more of it."""
    voice = asked.voice
    target = _looked_for(asked)
    if target.text:
        quotes = [len(lines_of(scene)) for scene in scenes]
        rows = [n for n, lines in enumerate(quotes, 1) if lines]
        return _shown_in(rows, voice.say("some text"), voice.say("some text"), asked)
    found = [of_target(scene, target) for scene in scenes]
    if _MORE.search(asked.question):
        return _most([len(items) for items in found], asked)
    rows = [n for n, items in enumerate(found, 1) if items]
    rows = rows or [n for n, scene in enumerate(scenes, 1) if _is_named(scene, target.phrase)]
    rows = rows or [n for n, scene in enumerate(scenes, 1) if is_there(scene, target)]
    seen = counts_said((i.kind for i in found[rows[0] - 1]), voice) if rows else ""
    return _shown_in(rows, seen or target.phrase, _one(target, voice), asked)


_WHICH_OF = re.compile(
    r"^(?:which|what) (?:one )?of (?:these|the|those|them)(?: \w+)* (?:is|are|shows?|has|have|"
    r"contains?) (?P<thing>.+)$"
)


_TAKEN_IN = re.compile(
    r"\b(?:taken|shot|made|prise?s?|faite?s?) (?:in|on|at|dans|sur|à|en) (?:the |an? |la |le |"
    r"une? )?(?P<thing>[\w ]+)$"
)


def _looked_for(asked: Asked) -> Target:
    """The thing in "which of these rooms is the kitchen?", else the first that is named."""
    found = _WHICH_OF.match(fold(asked.question).strip(" ?.!"))
    thing = target(found["thing"], spoken(asked.question)) if found else None
    first = thing or asked.wanted.targets[0]
    place = _TAKEN_IN.search(fold(asked.question).strip(" ?.!")) if first.names is None else None
    return (target(place["thing"], spoken(asked.question)) if place else None) or first


def _one(target: Target, voice: Voice) -> str:
    """`a cat`: what was looked for."""
    if target.names and len(target.names) == 1:
        return voice.counted(1, *target.names)
    return voice.counted(1, kind_of(target)) if target.names else target.phrase


def _is_named(scene: Scene, phrase: str) -> bool:
    """Whether the whole picture is recognised as what a phrase names ("a fountain")."""
    name = scene.recognition.name
    return name is not None and any(word in phrase for word in (name.name, *name.kinds))


def _shown_in(rows: list[int], things: str, one: str, asked: Asked) -> Said:
    voice = asked.voice
    if not rows:
        return Said(voice.say("none shows", thing=one), voice.say("none"))
    indices = voice.listed([str(row) for row in rows])
    key = "which shows" if len(rows) == 1 else "which show"
    return Said(voice.say(key, indices=indices, things=things), indices)


def _most(counts: list[int], asked: Asked) -> Said:
    voice = asked.voice
    told = voice.listed(
        [voice.say("count in image", count=c, index=n) for n, c in enumerate(counts, 1)]
    )
    best = min(counts) if _FEWER.search(asked.question) else max(counts)
    if counts.count(best) > 1:
        return Said(voice.say("equal counts", counts=told), voice.say("same"))
    index = counts.index(best) + 1
    key = "has fewer" if _FEWER.search(asked.question) else "has most"
    return Said(voice.say(key, index=index, counts=told), str(index))
