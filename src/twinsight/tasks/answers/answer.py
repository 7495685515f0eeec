"""Answers in words to single questions about one picture.

Each answer says what was seen and no more. A question about what the eyes do not know gets a
sentence that says so. `word` is the same answer in one word, for callers who want it so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from twinsight.tasks.answers import activity, describe, page, ranking, surroundings
from twinsight.tasks.answers.classify import key_of
from twinsight.tasks.answers.relation import gap
from twinsight.tasks.answers.scenery import meant
from twinsight.tasks.colour import colours_at
from twinsight.tasks.find import Item, at_least_one, lines_of, of_target, stack, taken_to_be_there
from twinsight.tasks.request.lexicon import ANYTHING, DEFINITE, FORM, LEADING, LIGHT, number_of
from twinsight.tasks.request.phrases import Target
from twinsight.tasks.request.phrases import target as phrase
from twinsight.tasks.request.statement import mentions
from twinsight.tasks.request.vocabulary import Sense, fold, material, meaning
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.english import sentence
from twinsight.tasks.wording.said import Asked, Said, kind_of, named, none_of, things_said
from twinsight.tasks.wording.voice import Voice, counts_said

SURE_NAME = 0.5
"""Probability at which a whole-picture name answers "is there …?" with yes."""

_EITHER = re.compile(r"(?<!yes )(?<!true )(?<!oui )(?<!vrai )\b(?:or|ou)\b", re.IGNORECASE)
_COMMAS = re.compile(r"\bcommas?\b|\bvirgules?\b", re.IGNORECASE)
_WHO = re.compile(
    r"^(?:who|qui) (?:is|are|est|sont|could|might)\b(?! \w+ing\b)|^whose\b|^à qui\b|"
    r"\b(?:person|people|man|woman|celebrity) (?:called|named)\b"
)


def read(scene: Scene, asked: Asked) -> Said:
    """All text in the picture, a line each."""
    lines = lines_of(scene)
    if lines:
        between = ", " if _COMMAS.search(asked.question) else "\n"
        return Said(between.join(lines), " ".join(lines))
    doubt = describe.doubts(scene, asked.style.language)
    return Said(f"{asked.voice.say('no text')} {doubt}".strip(), asked.voice.say("none"))


def count(scene: Scene, asked: Asked) -> Said:
    """How many of each thing asked for; in words that hold whatever else the question says."""
    parts = [_counted(scene, asked, target) for target in asked.wanted.targets]
    return Said(" ".join(p.text for p in parts), ", ".join(p.word for p in parts))


def counts(scene: Scene, asked: Asked) -> dict[str, int | None]:
    """How many of each thing, by the caller's word for it; None for what the eyes do not know."""
    numbers: dict[str, int | None] = {}
    for target in asked.wanted.targets:
        word = _counted(scene, asked, target).word
        numbers[target.word or "count"] = number_of(word)
    return numbers


def _counted(scene: Scene, asked: Asked, target: Target) -> Said:
    voice = asked.voice
    if target.unknown:
        return _unknown_to_detector(scene, asked, target)
    items = [i for i in of_target(scene, target) if i.kind not in asked.wanted.without]
    number = len(items)
    if target.text:
        lines = voice.say("line" if number == 1 else "lines")
        if not items:
            return Said(voice.say("no text"), "0")
        return Said(voice.say("see lines", count=voice.number(number), lines=lines), str(number))
    if not items:
        return _faintly_counted(scene, asked, target)
    things = things_said(items, target, voice)
    if target.sense is Sense.NARROWER:
        which = voice.say("cannot tell which", word=target.word)
        return Said(f"{voice.say('see', things=things)} {which}", str(number))
    if target.names is None or (target.sense is Sense.WIDER and target.word):
        group = _group(number, target, voice)
        return Said(voice.say("see group", group=group, things=things), str(number))
    return Said(voice.say("see in all" if target.rest else "see", things=things), str(number))


def _faintly_counted(scene: Scene, asked: Asked, target: Target) -> Said:
    """Of a kind of which none is sure: one, where it is likely that there is one at all.

    Who asks how many there are mostly sees some, and "is there one?" gets a yes. Of the training
    photos' numbers 50 instead of 38 % are right so; of what is not there 93 instead of 99 %.
    """
    voice = asked.voice
    if target.names is not None and target.sense not in (Sense.WIDER, Sense.NARROWER):
        faint = of_target(scene, target, purpose="presence")[:1]
        if faint and faint[0].kind not in asked.wanted.without:
            return Said(voice.say("seems", things=things_said(faint, target, voice)), "1")
    return Said(voice.say("see none", none=none_of(target, voice)), "0")


def _group(number: int, target: Target, voice: Voice) -> str:
    """`three animals`, `three things that I can name`."""
    if target.names is None:
        key = "thing" if number == 1 else "things"
        return voice.say(key, count=voice.number(number))
    return voice.counted(number, kind_of(target))


def more(scene: Scene, asked: Asked) -> Said:
    """Whether there are more of the one thing than of the other, and how many of each."""
    voice, found = asked.voice, ranking.balance(asked.question)
    assert found is not None, "the task is this one only where the question compares numbers"
    for thing in (found.first, found.second):
        if thing.unknown:
            return Said(voice.say("cannot recognise", thing=named(thing)), asked.unknown())
    items = [of_target(scene, thing) for thing in (found.first, found.second)]
    is_so = found.holds(*map(len, items))
    said = [
        counts_said((item.kind for item in ones), voice) or none_of(thing, voice)
        for ones, thing in zip(items, (found.first, found.second), strict=True)
    ]
    word = asked.yes() if is_so else asked.no()
    return Said(sentence(f"{word}, {voice.say('seen', things=voice.listed(said))}"), word)


def presence(scene: Scene, asked: Asked) -> Said:
    """Whether the things are there: all of them, or any where the question says "or"."""
    targets = asked.wanted.targets
    parts = [_present(scene, asked, target) for target in targets]
    if len(parts) == 1:
        return parts[0]
    words = [part.word for part in parts]
    either = bool(_EITHER.search(asked.question))
    if asked.unknown() in words and not (either and asked.yes() in words):
        word = asked.unknown() if either or asked.no() not in words else asked.no()
        return Said(_each_told(asked, parts), word)
    word = asked.yes() if (any if either else all)(w == asked.yes() for w in words) else asked.no()
    things = [of_target(scene, replace(target, take=None)) for target in targets]
    # Text, likely names, surroundings and numbers are told in sentences of their own.
    is_apart = any(bool(ones) != (w == asked.yes()) for ones, w in zip(things, words, strict=True))
    if is_apart and either and word == asked.yes():
        return next(part for part in parts if part.word == word)
    if is_apart or any(target.unknown for target in targets):
        return Said(" ".join(part.text for part in parts), word)
    return Said(_together(asked, targets, things, word), word)


def _each_told(asked: Asked, parts: Sequence[Said]) -> str:
    """A sentence for each thing, but one for all that the eyes do not know."""
    voice = asked.voice
    known, unknown = [], []
    for target, part in zip(asked.wanted.targets, parts, strict=True):
        if part.text == voice.say("cannot recognise", thing=named(target)):
            unknown.append(voice.say("quote", text=named(target)))
        else:
            known.append(part.text)
    if len(unknown) < 2:
        return " ".join(part.text for part in parts)
    return " ".join([*known, voice.say("cannot recognise all", things=voice.listed(unknown))])


def _together(
    asked: Asked, targets: Sequence[Target], things: Sequence[Sequence[Item]], word: str
) -> str:
    """`Yes, I can see a horse and a cow, but no dog.`"""
    voice = asked.voice
    seen = [things_said(ones, t, voice) for t, ones in zip(targets, things, strict=True) if ones]
    none = [none_of(t, voice) for t, ones in zip(targets, things, strict=True) if not ones]
    if not seen:
        return voice.say("no, see", none=voice.listed(none))
    key = "yes, see" if word == asked.yes() else "no, only"
    if not none:
        return voice.say(key, things=voice.listed(seen))
    but = voice.say("but", things=voice.listed(seen), none=voice.listed(none))
    return voice.say(key, things=but)


def _present(scene: Scene, asked: Asked, target: Target) -> Said:
    voice = asked.voice
    if target.text:
        quote = describe.quoted(scene, asked.style.language)
        if not quote:
            # "Is there a sign?" is about text, but a sign may be too far to be read.
            around = surroundings.present(scene, asked, target)
            return around or Said(voice.say("no, no text"), asked.no())
        return Said(voice.say("yes, text", quote=quote), asked.yes())
    if target.unknown:
        return _recognised(scene, asked, target)
    all_of_it = replace(target, take=None)
    items = of_target(scene, all_of_it)
    if not items and _is_named(scene, target):
        name = describe.sayable(scene.recognition.name, asked.style.language)
        return Said(voice.say("yes, looks like", thing=voice.counted(1, name)), asked.yes())
    # One may be likely enough to be there, and still not sure enough for a list.
    faint = [] if items else at_least_one(scene, all_of_it)
    items = items or faint
    if not items:
        return Said(voice.say("no, see", none=none_of(target, voice)), asked.no())
    things = things_said(items, target, voice)
    least, most = asked.wanted.bounds or (target.take or 1, len(items))
    if not least <= len(items) <= most:
        return Said(voice.say("no, only", things=things), asked.no())
    if target.sense is Sense.NARROWER:
        which = voice.say("cannot tell which", word=target.word)
        return Said(f"{sentence(voice.say('see', things=things))} {which}", asked.unknown())
    if asked.style.language == "en" and _untold(target):
        return Said(voice.say("cannot judge rest", things=things), asked.unknown())
    sport = activity.sport_named(scene, target.rest) if target.rest else ""
    if sport:
        return Said(voice.say("yes, looks like", thing=sport), asked.yes())
    if target.rest and not surroundings.is_around(scene, target.rest):
        return _with_another(scene, asked, items, target) or Said(
            voice.say("cannot judge rest", things=things), asked.unknown()
        )
    return Said(voice.say("yes, seems" if faint else "yes, see", things=things), asked.yes())


def _with_another(scene: Scene, asked: Asked, items: Sequence[Item], target: Target) -> Said | None:
    """Whether "a person holding an umbrella" is there, as far as the two of them meet.

    None where the words name no other known thing, or where the two are apart.
    """
    other = next((phrase(said.word, asked.style.language) for said in mentions(target.rest)), None)
    if other is None or other.unknown:
        return None
    voice, others = asked.voice, at_least_one(scene, other)
    if not others:
        return Said(voice.say("no, see", none=none_of(other, voice)), asked.no())
    if not any(gap(one.xyxy, each.xyxy) == 0 for one in items for each in others):
        return None
    things = voice.listed([things_said(items, target, voice), things_said(others, other, voice)])
    return Said(voice.say("yes, it seems", things=things), asked.yes())


def _untold(target: Target) -> set[str]:
    """The words before the noun that say what no eye can check: "a broken chair"."""
    before = target.phrase.split(target.word)[0].split() if target.word else []
    words = {word for word in before if not (_is_noun(word) or material(word) or number_of(word))}
    return words - LIGHT - LEADING - ANYTHING - FORM - DEFINITE


def _is_noun(word: str) -> bool:
    """Whether it only makes a compound of a noun, as in "computer screen" and "street lamp"."""
    known = meaning(word)
    return meant(word) is not None or (known is not None and known.sense is not Sense.NARROWER)


def _is_named(scene: Scene, target: Target) -> bool:
    """Whether the whole picture's name is one of the things."""
    name = scene.recognition.name
    if name is None or target.names is None or target.colour:
        return False
    return bool(target.names & {name.name, *name.kinds})


def _recognised(scene: Scene, asked: Asked, target: Target) -> Said:
    """Whether a thing that only the labeler may know is what the picture shows."""
    voice, thing = asked.voice, named(target)
    field = page.told(scene, replace(asked, question=thing)) if scene.is_page else None
    if field is not None:
        return Said(f"{sentence(asked.yes())} {field.text}", asked.yes())
    name = scene.recognition.name
    if name is not None and key_of(thing) in map(key_of, (name.name, *name.kinds)):
        said = voice.counted(1, describe.sayable(name, asked.style.language))
        return Said(voice.say("yes, looks like", thing=said), asked.yes())
    around = surroundings.present(scene, asked, target)
    if around is not None and around.word != asked.no():
        return around
    (rating,) = scene.rate([thing])
    if rating is not None and rating >= SURE_NAME:
        return Said(voice.say("yes, looks like", thing=voice.counted(1, thing)), asked.yes())
    if around is not None:
        return around
    key = "cannot recognise" if rating is None else "may miss"
    return Said(voice.say(key, thing=thing), asked.unknown())


def _unknown_to_detector(scene: Scene, asked: Asked, target: Target) -> Said:
    """To how many there are, or of which colour: that nobody here can tell."""
    around = surroundings.no_more(scene, asked, target)
    if around is not None:
        return around
    return Said(asked.voice.say("cannot recognise", thing=named(target)), asked.unknown())


def colour(scene: Scene, asked: Asked) -> Said:
    """The colour of the things asked about; of the whole picture where none is named."""
    voice = asked.voice
    target = asked.wanted.targets[0]
    if target.unknown or target.text:
        return _unknown_to_detector(scene, asked, target)
    if target.names is None:
        names = [voice.colour(n) for n, share in scene.measures.colours[:4] if share >= 0.08]
        key = "main colour" if len(names) == 1 else "main colours"
        return Said(voice.say(key, colours=voice.listed(names)), names[0] if names else "")
    bare = _without_colour(target)
    items = taken_to_be_there(scene, bare)
    if not items:
        return Said(voice.say("see none", none=none_of(target, voice)), voice.say("none"))
    shades = list(dict.fromkeys(colours_at(scene, stack(items))))
    noun, number = items[0].kind, len(items)
    thing = voice.definite(noun, number)
    said = voice.listed([voice.shade(shade) for shade in shades])
    if target.colour and not _EITHER.search(asked.question):
        is_so = target.colour in shades
        key = "yes, coloured" if is_so else "no, coloured"
        shade = voice.shade(target.colour) if is_so else said
        return Said(voice.say(key, thing=thing, colour=shade), asked.yes() if is_so else asked.no())
    key = "is coloured" if number == 1 else "are coloured"
    return Said(sentence(voice.say(key, thing=thing, colour=said)), said)


def _without_colour(target: Target) -> Target:
    return Target(
        target.phrase, target.names, target.word, target.sense,
        sides=target.sides, order=target.order, rank=target.rank, take=target.take,
    )  # fmt: skip


_SIZE = re.compile(
    r"\b(?:dimensions?|resolution|width|height|résolution|how (?:large|big)|taille)\b"
)
_WITHOUT_COLOUR = re.compile(
    r"\b(?:black and white|monochrome|gr[ea]y ?scale|noir et blanc|niveaux de gris)\b"
)


def _yes_if(is_so: bool, asked: Asked) -> str:
    return asked.yes() if is_so else asked.no()


def quality(scene: Scene, asked: Asked) -> Said:
    """Whether the photo is blurred, dark or overexposed, as the question asks."""
    voice, measures = asked.voice, scene.measures
    words = fold(asked.question)
    if _SIZE.search(words):
        w, h = scene.wh
        return Said(voice.say("size", width=w, height=h), f"{w} x {h}")
    if _WITHOUT_COLOUR.search(words):
        is_so = {name for name, _ in measures.colours} <= {"black", "white", "grey"}
        return Said(voice.say("is grey" if is_so else "has colours"), _yes_if(is_so, asked))
    if re.search(r"\b(?:sharp|in focus|nette?)\b", words) and "out of focus" not in words:
        key = "is blurred" if measures.blurred else "yes, sharp"
        return Said(voice.say(key), asked.no() if measures.blurred else asked.yes())
    if re.search(r"dark|sombre|underexposed", words):
        is_so, key = measures.too_dark, "is dark"
    elif re.search(r"bright|exposed|exposée?", words):
        is_so, key = measures.too_bright, "is bright"
    elif "well lit" in words or "well-lit" in words:
        is_so, key = measures.too_dark or measures.too_bright, "is dark"
    else:
        return Said(
            voice.say("is blurred" if measures.blurred else "sharp"),
            asked.yes() if measures.blurred else asked.no(),
        )
    return Said(voice.say(key if is_so else "well lit"), asked.yes() if is_so else asked.no())


def unknown(scene: Scene, asked: Asked) -> Said:
    """For a question that pocket cannot answer: what it does see, and no guess."""
    is_who = _WHO.search(fold(asked.question)) and "person" in scene.objects().label
    text = describe.at_a_loss(scene, asked.style.language, "cannot name" if is_who else "")
    return Said(text, asked.unknown())
