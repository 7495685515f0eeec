"""A picture told as long and in the form that is asked for: in N sentences or words, as a title."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from twinsight.tasks.answers import describe, surroundings
from twinsight.tasks.answers.inventory import SURE_AROUND, hashtags
from twinsight.tasks.answers.places import place
from twinsight.tasks.answers.scenery import PLACES as SETTINGS
from twinsight.tasks.find import of_target
from twinsight.tasks.request.language import Language
from twinsight.tasks.request.phrases import Target
from twinsight.tasks.request.vocabulary import fold
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.emoji import emoji_of
from twinsight.tasks.wording.english import sentence
from twinsight.tasks.wording.said import Asked, Said
from twinsight.tasks.wording.sentences import PLACES
from twinsight.tasks.wording.voice import VOICES

MOST_AROUND = 3
MOST_PLACED = 3
POST_TAGS = 3
LONGEST_TITLE = 10
"""Words of a title."""

_CAPTION = re.compile(r"\bcaption(?:s|ed|ing)?\b|\blégend\w*")
"""A caption is one sentence; a description may go on."""
_TITLE = re.compile(r"\b(?:titles?|headlines?|titres?)\b")


_FILE_NAME = re.compile(r"\b(?:file ?name|slug|nom de fichier)\b")


def told(scene: Scene, asked: Asked) -> Said:
    """The picture in words, in the form that the question asks for."""
    style = asked.style
    word = describe.main_noun(scene) if scene.objects().label else ""
    word = asked.voice.noun(word) if word else describe.short_caption(scene, style.language)
    if style.several and style.several > 1:
        captions = captions_of(scene, style.language)
        if _TITLE.search(fold(asked.question)):
            captions = [said.rstrip(".") for said in captions if len(said.split()) <= LONGEST_TITLE]
        captions = captions[: style.several]
        return Said("\n".join(f"{n}. {said}" for n, said in enumerate(captions, 1)), word)
    text = _text(scene, asked)
    if style.listed:
        text = "\n".join(f"- {said}" for said in _split(scene, asked))
    if style.emoji:
        text = f"{text} {''.join(emoji_of(describe.by_prominence(scene)))}".strip()
    if style.posted:
        text = f"{text} {' '.join(hashtags(scene, asked, POST_TAGS))}"
    return Said(text, word)


def _text(scene: Scene, asked: Asked) -> str:
    style, question = asked.style, fold(asked.question)
    if style.words:
        return _within(scene, style.language, style.words)
    if _FILE_NAME.search(question):
        return re.sub(r"[^\w]+", "-", title(scene, style.language).lower()).strip("-")
    if _TITLE.search(question):
        return title(scene, style.language)
    if style.brevity:
        return describe.title(scene, style.language)
    if style.sentences:
        return " ".join(sentences(scene, style.language, style.sentences))
    is_caption = bool(_CAPTION.search(question)) or style.posted
    return describe.caption(scene, style.language, whole=not is_caption)


def _split(scene: Scene, asked: Asked) -> list[str]:
    most = asked.style.sentences or 4
    return list(sentences(scene, asked.style.language, most))


def _within(scene: Scene, language: Language, most: int) -> str:
    """The longest way to say the picture in so many words."""
    phrases = _phrases(scene, language) or describe.object_phrases(scene, language)
    ways = [
        describe.written(scene) if language == "en" else "",
        describe.title(scene, language),
        *(sentence(VOICES[language].listed(phrases[:n])) for n in range(len(phrases), 0, -1)),
    ]
    fitting = [way for way in ways if way and len(way.split()) <= most]
    return fitting[0] if fitting else " ".join(ways[-1].rstrip(".").split()[-most:])


def title(scene: Scene, language: Language) -> str:
    """A phrase of the one or two main kinds of things, and the place where it is sure."""
    things = VOICES[language].listed(_phrases(scene, language)[:2])
    if not things:
        return describe.title(scene, language).rstrip(".")
    where = surroundings.setting(scene, language)
    return sentence(f"{things} {where}".strip()).rstrip(".")


def _phrases(scene: Scene, language: Language) -> list[str]:
    """`two people`, `a cake`: the kinds of objects but the table that they are at or on."""
    voice, counts, seen = VOICES[language], Counter(scene.objects().label), scene.recognition
    return [
        voice.counted(counts[kind], describe.finer(kind, counts[kind], seen, language))
        for kind in describe.by_prominence(scene)
        if kind != "dining table"
    ]


def captions_of(scene: Scene, language: Language) -> list[str]:
    """Captions that differ: the writer's, by rule, as a phrase, as a title with its place."""
    voice = VOICES[language]
    ways = [
        describe.written(scene) if language == "en" else "",
        voice.say("photo of", things=describe.main_thing(scene, language)),
        sentence(title(scene, language)),
        describe.title(scene, language),
        *list(sentences(scene, language, 6))[1:],
    ]
    return list(dict.fromkeys(way for way in ways if way))


def sentences(scene: Scene, language: Language, most: int) -> list[str]:
    """Up to so many sentences, the most telling first, none of which repeats another."""
    said: list[str] = []
    for text in _sentences(scene, language):
        if len(said) >= most:
            break
        if text and text not in said:
            said.append(text)
    return said


def _sentences(scene: Scene, language: Language) -> Iterator[str]:
    voice = VOICES[language]
    written = describe.written(scene) if language == "en" else ""
    yield describe.caption(scene, language, whole=False)
    quote = describe.quoted(scene, language)
    if quote and scene.objects():
        yield voice.say("text reads", quote=quote)
    phrases = describe.object_phrases(scene, language)
    if written and len(phrases) > 1:
        yield sentence(voice.say("see", things=voice.listed(phrases)))
    yield _places(scene, language)
    where = surroundings.setting(scene, language)
    if where:
        yield voice.say("taken", where=where)
    around = _around(scene)
    if around:
        yield voice.say("around", things=voice.listed([voice.counted(1, word) for word in around]))
    colours = [voice.colour(name) for name, share in scene.measures.colours[:3] if share >= 0.1]
    if colours:
        key = "main colour" if len(colours) == 1 else "main colours"
        yield voice.say(key, colours=voice.listed(colours))
    yield describe.doubts(scene, language)


def _places(scene: Scene, language: Language) -> str:
    """`The dog is on the left and the bicycle at the top left.`, of what there is one of."""
    voice, counts = VOICES[language], Counter(scene.objects().label)
    items = {item.kind: item for item in of_target(scene, Target("", None))}
    singles = [
        kind
        for kind in describe.by_prominence(scene)
        if counts[kind] == 1 and kind in items and kind != "dining table"
    ]
    said = [
        voice.say(
            "is at" if n == 0 else "at too",
            thing=voice.definite(kind),
            place=PLACES[language][place(items[kind], scene.wh)],
        ).rstrip(".")
        for n, kind in enumerate(singles[:MOST_PLACED])
    ]
    return sentence(voice.listed(said)) if said else ""


def _around(scene: Scene) -> list[str]:
    sure = [(score, word) for word, score in scene.surroundings.items() if score >= SURE_AROUND]
    return [word for _, word in sorted(sure, reverse=True) if word not in SETTINGS][:MOST_AROUND]
