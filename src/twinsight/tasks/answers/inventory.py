"""All that was seen, as a list: in lines, in a table, as keywords or hashtags."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence

from twinsight.tasks.answers import describe
from twinsight.tasks.answers.places import place
from twinsight.tasks.find import Item, find
from twinsight.tasks.request.lexicon import number_of
from twinsight.tasks.request.vocabulary import broader, fold
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.said import Asked, Said, named, none_of
from twinsight.tasks.wording.sentences import PLACES
from twinsight.tasks.wording.voice import has_french

SURE_AROUND = 0.95
"""How probable surroundings must be that are told without being asked for."""

_TAG = re.compile(r"\bhash ?tags?\b")
_KEYWORD = re.compile(r"\b(?:key ?words?|tags?|mots? clés?)\b|\bcommas?\b|\bvirgules?\b")
_TABLE = re.compile(r"\b(?:(?:in|as|into) an? (?:\w+ )?table|markdown table|tableau)\b")
_ARRAY = re.compile(r"\b(?:python list|list of strings|array(?: of strings)?|liste python)\b")
_PLACED = re.compile(r"\b(?:positions?|locations?|places?|where|où|emplacements?)\b")
_MOST = re.compile(r"\b(\w+) (?:key ?words?|hash ?tags?|tags|mots clés)\b")


def inventory(scene: Scene, asked: Asked) -> Said:
    """Every kind of thing that is asked for, the most sure first, in the form asked for."""
    question, voice = fold(asked.question), asked.voice
    target = asked.wanted.targets[0]
    if _TAG.search(question) or _KEYWORD.search(question):
        most = _most(question)
        words = keywords(scene, asked, most)
        is_tag = _TAG.search(question)
        text = " ".join(hashtags(scene, asked, most)) if is_tag else ", ".join(words)
        return Said(text, words[0])
    if target.unknown:
        return Said(voice.say("cannot recognise", thing=named(target)), asked.unknown())
    items = find(scene, asked.wanted)
    name = describe.sayable(scene.recognition.name, asked.style.language)
    if not items and name and target.names is None:
        return Said(f"- {voice.counted(1, name)}", name)
    if not items:
        return Said(voice.say("see none", none=none_of(target, voice)), voice.say("none"))
    kinds = list(Counter(item.kind for item in items))
    if _TABLE.search(question):
        return Said(_table(items, scene, asked), kinds[0])
    if _ARRAY.search(question):
        return Said(json.dumps([asked.voice.noun(k) for k in kinds], ensure_ascii=False), kinds[0])
    lines = [_line(items, kind, scene, asked) for kind in kinds]
    return Said("\n".join(f"- {line}" for line in lines), ", ".join(kinds))


def names(scene: Scene, asked: Asked) -> list[str]:
    """What `inventory` lists, each name once."""
    question = fold(asked.question)
    if _TAG.search(question) or _KEYWORD.search(question):
        return keywords(scene, asked, _most(question))
    return list(dict.fromkeys(item.label for item in find(scene, asked.wanted)))


def _most(question: str) -> int | None:
    found = _MOST.search(question)
    return number_of(found[1]) if found else None


def hashtags(scene: Scene, asked: Asked, most: int | None = None) -> list[str]:
    """The keywords as they are written in posts: `#diningtable`; that there is text is no topic."""
    text = asked.voice.say("some text")
    words = [word for word in keywords(scene, asked, most and most + 1) if word != text]
    return ["#" + re.sub(r"\W+", "", word) for word in words[:most]]


def keywords(scene: Scene, asked: Asked, most: int | None = None) -> list[str]:
    """What the picture is, then the kinds of its objects, wider words for them, and text.

    Where more are wanted than those: what is surely around, and colours.
    """
    language, voice = asked.style.language, asked.voice
    name = scene.recognition.name
    kinds = describe.by_prominence(scene)
    whole = describe.sayable(name, language)
    said = [voice.noun(whole)] if language == "en" or has_french(whole) else []
    said += [voice.noun(kind) for kind in kinds]
    broad = name.kinds if name is not None else ()
    said += [voice.noun(kind) for kind in broad if language == "en" or has_french(kind)]
    if describe.quoted(scene, language):
        said.append(voice.say("some text"))
    if len(set(said)) < (most or 0):
        sure = [(score, word) for word, score in scene.surroundings.items() if score >= SURE_AROUND]
        wider = [broader(kind)[0] for kind in kinds if broader(kind)]
        said += [voice.noun(kind) for kind in wider if language == "en" or has_french(kind)]
        said += [voice.noun(word) for _, word in sorted(sure, reverse=True)]
    if not any(said) or len(set(said)) < (most or 0):
        colours = scene.measures.colours[:4] if any(said) else scene.measures.colours[:1]
        said += [voice.colour(colour) for colour, _ in colours]
    return list(dict.fromkeys(word for word in said if word))[:most]


def _line(items: Sequence[Item], kind: str, scene: Scene, asked: Asked) -> str:
    """`two laptops`, or where they are as well."""
    ones = [item for item in items if item.kind == kind]
    if kind == "text":
        return f"{asked.voice.say('some text')}: " + " / ".join(item.label for item in ones)
    noun = ones[0].label if len(ones) == 1 else kind
    said = asked.voice.counted(len(ones), noun if asked.style.language == "en" else kind)
    if not _PLACED.search(fold(asked.question)):
        return said
    return f"{said}: {asked.voice.listed([_at(item, scene, asked) for item in ones])}"


def _table(items: Sequence[Item], scene: Scene, asked: Asked) -> str:
    """A Markdown table with a row for each thing."""
    rows = [f"| {item.label.replace('|', ' ')} | {_at(item, scene, asked)} |" for item in items]
    return "\n".join([asked.voice.say("thing, place"), "| --- | --- |", *rows])


def _at(item: Item, scene: Scene, asked: Asked) -> str:
    return PLACES[asked.style.language][place(item, scene.wh)]
