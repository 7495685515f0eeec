"""A picture in a sentence: what was seen, in plain words, and nothing that was not.

English sentences are the writer's where it is sure enough, else made by rule: objects come from the
detector, the finer noun from the labeler where both agree, text from the reader. When little is
sure, little is said.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from twinsight.engines.roles import Label, Recognition
from twinsight.tasks.answers.checking import checked
from twinsight.tasks.answers.neighbours import stands_on
from twinsight.tasks.request.language import Language
from twinsight.tasks.request.vocabulary import kinds as wider_words
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.english import article, sentence
from twinsight.tasks.wording.voice import VOICES, Voice, has_french

MOST_KINDS = 5
"""Kinds of objects that a sentence names; the rest is left to detection."""

AS_LARGE = 0.8
"""Share of the tallest line's height from which a line of a page is its heading."""

LONGEST_QUOTE = 90
"""Characters of text that a sentence quotes."""

SURE_TEXT = 0.85
"""Of a line that nobody asked for. On 113 photos of `coco_train` most below it were misread."""
SURFACES = frozenset(("dining table", "bed", "couch", "chair", "bench"))
"""What things lie on. Of 109 things that captions of `coco_text` have "on" one of these 82 % have
boxes that tell so, and none of 19 that they have beside, near, before or with it."""

LEAST_LIKELIHOOD = 0.2
"""Mean likelihood of its words from which the writer's sentence is said."""

SURE_BESIDE_OBJECTS = 0.6
"""A label that no object supports must be this sure to be mentioned beside objects."""

ANIMALS = wider_words()["animal"]


def caption(scene: Scene, language: Language = "en", whole: bool = True) -> str:
    """One or two sentences about the picture; its text and its faults only for the `whole`."""
    voice = VOICES[language]
    if scene.measures.flat and not scene.objects() and not quoted(scene):
        return voice.say("plain", colour=voice.shade(scene.measures.colours[0][0]))
    if scene.is_page:
        return voice.say("page", quote=voice.say("quote", text=heading(scene)))
    told = written(scene) if language == "en" else ""
    said = told or voice.say("photo of", things=main_thing(scene, language))
    # To read takes longer than all else: a caption does it only where nothing else was seen.
    if not whole and (told or scene.objects()):
        return said
    parts = [said]
    quote = quoted(scene, language)
    if quote:
        parts.append(voice.say("text reads", quote=quote))
    doubt = doubts(scene, language)
    return " ".join([*parts, doubt]).strip()


def heading(scene: Scene) -> str:
    """The first words of a page, of its largest letters where there are some."""
    sides = {
        line.text.strip(): float(np.hypot(*(line.quad[3] - line.quad[0])))
        for line in scene.lines
        if line.score >= SURE_TEXT and sum(c.isalpha() for c in line.text) >= 3
    }
    most = max(sides.values(), default=0.0)
    return next((text for text, side in sides.items() if side >= AS_LARGE * most), "")


def written(scene: Scene) -> str:
    """The writer's sentence with the labeler's finer noun; empty where little is sure."""
    wording = None if scene.is_page else scene.wording
    if wording is None or wording.likelihood < LEAST_LIKELIHOOD or not any(wording.kinds):
        return ""
    counts = Counter(scene.objects().label)
    said, kinds = checked(wording.words, wording.kinds, scene.objects())
    words = [
        finer(kind, max(counts[kind], 1), scene.recognition) if word == kind != "person" else word
        for word, kind in zip(said, kinds, strict=True)
    ]
    for place, after in enumerate(words[1:]):
        if words[place] in ("a", "an"):
            words[place] = "an" if article(after).startswith("an ") else "a"
    return sentence(" ".join(words).replace(" ,", ","))


def short_caption(scene: Scene, language: Language = "en") -> str:
    """The picture as a phrase: `two people and a dog`."""
    voice = VOICES[language]
    phrases = object_phrases(scene, language)
    if phrases:
        return voice.listed(phrases)
    name = sayable(scene.recognition.name, language)
    if name and not scene.is_page:
        return voice.counted(1, name)
    quote = quoted(scene, language)
    if quote:
        return f"{voice.say('some text')}: {quote}"
    return main_thing(scene, language)


def main_thing(scene: Scene, language: Language = "en") -> str:
    """What the picture shows, as the object of "a photo of"."""
    voice = VOICES[language]
    if scene.is_page:
        return voice.say("a page")
    phrases = object_phrases(scene, language)
    name = sayable(scene.recognition.name, language)
    if phrases:
        things = _laid(scene, language) or voice.listed(phrases)
        thing = _beside(scene, language)
        return voice.say("beside", things=things, thing=thing) if thing else things
    if name:
        return voice.counted(1, name)
    if quoted(scene, language):
        return voice.say("some text")
    return voice.say("unnamed", colours=_colours(scene, voice))


def at_a_loss(scene: Scene, language: Language = "en", key: str = "") -> str:
    """What is said where a question cannot be answered: that, and what is seen."""
    voice = VOICES[language]
    is_seen = scene.objects() or (scene.recognition.name and not scene.is_page)
    quote = "" if is_seen else quoted(scene, language)
    if quote:
        return voice.say("only reads", quote=quote)
    return voice.say(key or "cannot answer", things=main_thing(scene, language))


def _laid(scene: Scene, language: Language) -> str:
    """`a cup on a dining table`, where all that was seen stands on one surface; else empty."""
    found, kinds = scene.objects(), by_prominence(scene)
    counts = Counter(found.label)
    surface = next((kind for kind in kinds if kind in SURFACES and counts[kind] == 1), "")
    laid = [kind for kind in kinds if kind != surface]
    if not surface or not laid or len(laid) > MOST_KINDS or "person" in laid:
        return ""
    ground = found.xyxy[found.label.index(surface)]
    boxes = zip(found.label, found.xyxy, strict=True)
    if not all(stands_on(box, ground) for kind, box in boxes if kind != surface):
        return ""
    voice, seen = VOICES[language], scene.recognition
    things = [
        voice.counted(counts[kind], finer(kind, counts[kind], seen, language)) for kind in laid
    ]
    return voice.say("laid", things=voice.listed(things), thing=voice.counted(1, surface))


def object_phrases(scene: Scene, language: Language = "en") -> list[str]:
    """`two people`, `a dog`: the kinds of objects, the largest first."""
    voice = VOICES[language]
    counts = Counter(scene.objects().label)
    seen = scene.recognition
    return [
        voice.counted(counts[kind], finer(kind, counts[kind], seen, language))
        for kind in by_prominence(scene)[:MOST_KINDS]
    ]


def main_noun(scene: Scene) -> str:
    """The most prominent object's noun, in its finer form where one is sure."""
    kind = main_kind(scene)
    return finer(kind, scene.objects().label.count(kind), scene.recognition)


def main_kind(scene: Scene) -> str:
    """The most prominent kind of object; a table only where nothing is on or at it."""
    kinds = by_prominence(scene)
    return next((kind for kind in kinds if kind != "dining table"), kinds[0])


def by_prominence(scene: Scene) -> list[str]:
    """The kinds of objects: large and sure ones first."""
    found = scene.objects()
    prominence: dict[str, float] = {}
    sides = np.sqrt(np.maximum((found.xyxy[:, 2:] - found.xyxy[:, :2]).prod(1), 0))
    for label, side, score in zip(found.label, sides, found.score, strict=True):
        prominence[label] = prominence.get(label, 0.0) + float(side * score)
    return sorted(prominence, key=lambda label: -prominence[label])


def finer(kind: str, count: int, seen: Recognition, language: Language = "en") -> str:
    """The labeler's word for a single object where it is a kind of that object."""
    name = seen.name
    if count != 1 or name is None or kind not in name.kinds:
        return kind
    return name.name if language == "en" or has_french(name.name) else kind


def sayable(name: Label | None, language: Language) -> str:
    """The name in a form that the language has a word for: its own, else a broader one."""
    if name is None:
        return ""
    if language == "en":
        return name.name
    return next((n for n in (name.name, *name.kinds) if has_french(n)), name.name)


def _beside(scene: Scene, language: Language) -> str:
    """The labeler's word when it is sure of something that is none of the objects."""
    seen = scene.recognition
    if seen.name is None or seen.name.score < SURE_BESIDE_OBJECTS:
        return ""
    kinds = set(scene.objects().label)
    # "An animal" says little, but "a dog" where the boxes show no animal is worth saying.
    is_animal = seen.name.name in ANIMALS and not kinds & ANIMALS
    is_broad = (not seen.labels or seen.name.name != seen.labels[0].name) and not is_animal
    if is_broad or seen.name.name in kinds or kinds.intersection(seen.name.kinds):
        return ""
    if language == "fr" and not has_french(sayable(seen.name, language)):
        return ""
    return VOICES[language].counted(1, sayable(seen.name, language))


def quoted(scene: Scene, language: Language = "en") -> str:
    """The picture's text in quotation marks, cut to a sentence's length; empty without text."""
    text = " / ".join(sure_lines(scene))
    if not text:
        return ""
    if len(text) > LONGEST_QUOTE:
        text = text[:LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"
    return VOICES[language].say("quote", text=text)


def sure_lines(scene: Scene) -> list[str]:
    """The lines of text that may be quoted where nobody asked for them."""
    sure = [line.text.strip() for line in scene.lines if line.score >= SURE_TEXT]
    return [text for text in sure if sum(c.isalnum() for c in text) >= 2]


def doubts(scene: Scene, language: Language = "en") -> str:
    """A warning in plain words when the photo itself is the problem."""
    measures = scene.measures
    for doubt, is_so in (
        ("dark", measures.too_dark),
        ("bright", measures.too_bright),
        ("blurred", measures.blurred),
    ):
        if is_so:
            return VOICES[language].say(doubt)
    return ""


def coloured(label: str, kind: str, colour: str, language: Language) -> str:
    """An object's label with its colour: `white dog`, `chien blanc`, `person in white`."""
    voice = VOICES[language]
    if kind == "person":
        return f"{label} {'en' if language == 'fr' else 'in'} {voice.colour(colour)}"
    shade = voice.colour(colour, kind)
    return f"{label} {shade}" if language == "fr" else f"{shade} {label}"


def title(scene: Scene, language: Language = "en") -> str:
    """The short caption as a sentence of its own."""
    return sentence(short_caption(scene, language))


def _colours(scene: Scene, voice: Voice) -> str:
    names = [name for name, share in scene.measures.colours[:3] if share >= 0.1]
    return voice.listed([voice.colour(name) for name in names]) or voice.say("mixed colours")
