"""What the eyes know, in answer to the places of a caller's JSON schema.

A property's name says what it wants: a caption, a label, the text, a count, a box, whether
something is there; where the name says nothing, its description is read as a question. What
cannot be known from the picture is unknown, and never made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from twinsight.filling.document import Ask, Facts, Given
from twinsight.prompt import Prompt
from twinsight.tasks import find
from twinsight.tasks.answers import classify, describe, inventory, page, particulars, talk
from twinsight.tasks.asking import ANSWERED, SEVERAL, answered, choice
from twinsight.tasks.request import targets
from twinsight.tasks.request.corners import Corners, corners_asked
from twinsight.tasks.request.intent import Task
from twinsight.tasks.request.language import is_neutral, spoken
from twinsight.tasks.request.lexicon import number_of
from twinsight.tasks.request.style import Style, style_of
from twinsight.tasks.request.vocabulary import kinds
from twinsight.tasks.scene import Scene
from twinsight.tasks.sightings import Seen, counted, is_place
from twinsight.tasks.spatial import Found
from twinsight.tasks.wanting import (
    BOX,
    BOXES,
    CAPTION,
    COLOUR,
    COMPARED,
    COUNT,
    FOUND,
    IMAGES,
    INDEX,
    LABEL,
    LABELS,
    LINES,
    MAIN,
    OBJECTS,
    POINT,
    PRESENCE,
    PRICE,
    REASON,
    REPLY,
    SCORE,
    SCORES,
    SHAPE,
    SHARE,
    SIZE,
    TEXT,
    TITLE,
    TONGUE,
    descriptions,
    words_of,
)
from twinsight.tasks.wording.said import Asked
from twinsight.tasks.wording.voice import VOICES

_SPATIAL = (Task.DETECT, Task.SEGMENT, Task.POINT)

ABSENT: Facts = Given({})
"""A thing that was asked for by name and was not found."""


@dataclass(frozen=True)
class SceneFacts:
    """Facts of one or several pictures, for one prompt."""

    prompt: Prompt
    task: Task
    scenes: Sequence[Scene]
    index: int | None = None
    """Which of the request's pictures these facts are of, where they are of one of several."""

    @cached_property
    def style(self) -> Style:
        """What the prompt asks for; where it is no sentence, its keys tell the language."""
        style, schema = style_of(self.prompt), self.prompt.shape.schema
        if schema and not self.prompt.instruction and is_neutral(self.prompt.question):
            return replace(style, language=spoken(" ".join(_said_in(schema))))
        return style

    @cached_property
    def seen(self) -> list[Seen]:
        """The things that the prompt asks for, best first, of every picture."""
        wanted = targets.wanted(self.prompt.question, self.prompt.instruction)
        return [
            Seen(found, row, index)
            for index, scene in enumerate(self.scenes)
            for found in (self._found(scene, find.find(scene, wanted)),)
            for row in range(len(found.items))
        ]

    def _found(self, scene: Scene, items: Sequence[find.Item]) -> Found:
        return Found(scene, items, self.style.language, self.corners)

    @cached_property
    def corners(self) -> Corners:
        """The numbers that the prompt or the schema's descriptions ask for."""
        told = "\n".join(descriptions(self.prompt.shape.schema))
        return corners_asked(f"{self.prompt.instruction}\n{self.prompt.question}\n{told}")

    def value(self, ask: Ask) -> object | None:
        """A caption, a name, a number, a yes or no, a list of words, a box of the best thing."""
        if not self.scenes:
            return None
        words = set(_named(ask))
        choices = [c for c in ask.schema.get("enum", []) if isinstance(c, str)]
        if choices:
            return self._choice(choices, ask, words)
        inner = ask.schema.get("items", {})
        if ask.type == "array" and "items" in inner and not words & SHAPE:
            return None  # a list of boxes
        offered = [c for c in inner.get("enum", []) if isinstance(c, str)]
        if ask.type == "array" and len(offered) > classify.MOST_MIXED:
            return self._best_of(offered, ask)
        if ask.type == "array" and self._is_parallel and words & (LABELS | LABEL | SCORES):
            return [s.item.label if words & (LABELS | LABEL) else s.score for s in self.seen]
        is_numbers = ask.type == "array" and inner.get("type") in ("integer", "number")
        thing = _thing(ask) if is_place(ask, words) or is_numbers else None
        if thing is not None and thing.names:
            found = self._of_kind(thing, frozenset())
            if found and is_numbers and not is_place(ask, words):
                return found[0].box
            return found[0].value(ask) if found else None
        if self.task in _SPATIAL and (is_place(ask, words) or words & (LABEL | COLOUR)):
            root = (self.prompt.shape.schema or {}).get("properties", {})
            return replace(self.seen[0], beside=frozenset(root)).value(ask) if self.seen else None
        if self.index is not None and words & INDEX and ask.type == "integer":
            return self.index
        given = {
            "boolean": self._yes_or_no,
            "integer": self._number,
            "number": self._number,
            "array": self._list,
            "string": self._string,
        }.get(ask.type)
        return given(ask, words) if given is not None else None

    def _choice(self, choices: list[str], ask: Ask, words: set[str]) -> str | None:
        """The word of an enum that answers its property's question, or else the prompt's."""
        if words & TONGUE and not words & TEXT:
            names = {"en": ("en", "english", "anglais"), "fr": ("fr", "french", "français")}
            return next((c for c in choices if c.lower() in names[self.style.language]), None)
        questions = [str(ask.schema.get("description", "")), _question(ask)]
        if not words or words & (REPLY | LABEL):
            questions.append(self.prompt.question)
        return choice(choices, questions, self.scenes)

    def _best_of(self, words: list[str], ask: Ask) -> list[str]:
        """The words of a long enum that fit, the best first; as many as must be, at least."""
        ranked = classify.ranked(words, self.scenes[0])
        least = int(ask.schema.get("minItems", 0))
        fit = [choice.label for choice in ranked if choice.score >= classify.SUPPORTED]
        return fit if len(fit) >= least else [choice.label for choice in ranked[:least]]

    def items(self, ask: Ask) -> Sequence[Facts] | None:
        """For a list of objects: the things seen, lines of text, or the pictures."""
        if not self.scenes:
            return None
        words = set(_named(ask)) if ask.path else set(OBJECTS)
        picture = self._picture_named(_named(ask))
        if picture is not None:
            return picture.items(replace(ask, path=("objects",)))
        inner = ask.schema.get("items", {})
        names = {w for name in inner.get("properties", {}) for w in words_of(name)}
        is_whole = names & CAPTION and not names & (LABEL | BOX | POINT | SHAPE)
        if (words & IMAGES or is_whole) and self.task not in _SPATIAL:
            return [self._one(index) for index in range(len(self.scenes))]
        if names & PRICE and not names & (BOX | POINT | SHAPE):
            return [
                Given(_priced(inner, row), ask.path) for row in particulars.priced(self.scenes[0])
            ]
        is_of_each = self.index is None and len(self.scenes) > 1 and _holds_lists(inner)
        if self.task in _SPATIAL and is_of_each:
            return [self._one(index) for index in range(len(self.scenes))]
        if is_place(ask, words) and not self.seen and self.task in _SPATIAL:
            return None
        if inner.get("type") in ("integer", "number"):
            return None  # the numbers of one place
        thing = _thing(ask)
        is_listed = self.task in _SPATIAL or bool(names & (BOX | POINT | SHAPE))
        if thing is not None and is_listed and (thing.names or self._is_open):
            return self._of_kind(thing, frozenset(inner.get("properties", {})))
        if (words & LINES or names & TEXT) and not names & LABEL:
            return self._seen_of(targets.Target("", frozenset(), text=True))
        if names & COUNT and not names & (BOX | POINT | SHAPE):
            is_kind = thing is not None and thing.names
            return counted(self._seen_of(thing) if thing and is_kind else self.seen)
        if words & COLOUR and names & SHARE:
            return [
                Given({name: value for name in names for value in (_shade(name, *pair),)})
                for pair in self.scenes[0].measures.colours
            ]
        beside = frozenset(inner.get("properties", {}))
        return [replace(one, beside=beside) for one in self.seen if one.is_among(_labels(inner))]

    def inside(self, ask: Ask) -> Facts:
        """Facts of a nested object: one of several pictures, a thing by its name, or the same."""
        words = _named(ask)
        picture = self._picture_named(words)
        if picture is not None:
            return picture
        thing = targets.target(" ".join(words), "en") if words else None
        if thing is not None and thing.names:
            if _is_of_several(ask.schema):
                return replace(self, prompt=self.prompt.asking(f"detect {' '.join(words)}"),
                               task=Task.DETECT)  # fmt: skip
            found = self._seen_of(thing)
            return found[0] if found else ABSENT
        return self

    def _picture_named(self, words: Sequence[str]) -> SceneFacts | None:
        """Facts of the one of several pictures that a property's name names: `image_2`."""
        numbers = [n for word in words if word.isdecimal() and (n := number_of(word)) is not None]
        if len(self.scenes) > 1 and numbers and 0 < numbers[0] <= len(self.scenes):
            return self._one(numbers[0] - 1)
        return None

    def _one(self, index: int) -> SceneFacts:
        """Facts of one picture by itself: what compares several describes one."""
        task = Task.DESCRIBE if self.task in SEVERAL else self.task
        return SceneFacts(self.prompt, task, [self.scenes[index]], index)

    @property
    def _is_parallel(self) -> bool:
        """Whether the schema has a list of bare boxes, which lists of names and scores go with."""
        root = (self.prompt.shape.schema or {}).get("properties", {})
        return any(
            set(words_of(name)) & (BOX | BOXES) and "items" in part.get("items", {})
            for name, part in root.items()
            if isinstance(part, dict)
        )

    @property
    def _is_open(self) -> bool:
        """Whether the prompt names no kind of thing, so that the names of lists must."""
        wanted = targets.wanted(self.prompt.question, self.prompt.instruction).targets
        return not any(t.names or t.text for t in wanted)

    def _of_kind(self, thing: targets.Target, beside: frozenset[str]) -> list[Seen]:
        """For a list with a thing's name: those of the things asked for, else all that are seen."""
        kinds = thing.names or frozenset()
        wanted = targets.wanted(self.prompt.question, self.prompt.instruction).targets
        is_asked = any(t.names is None or t.names & kinds for t in wanted)
        seen = self.seen if is_asked else self._seen_of(thing)
        return [replace(one, beside=beside) for one in seen if one.item.kind in kinds]

    def _seen_of(self, target: targets.Target) -> list[Seen]:
        return [
            Seen(found, row, index)
            for index, scene in enumerate(self.scenes)
            for found in (self._found(scene, find.of_target(scene, target, self.style.language)),)
            for row in range(len(found.items))
        ]

    def _string(self, ask: Ask, words: set[str]) -> str | None:
        scene, language = self.scenes[0], self.style.language
        voice = VOICES[language]
        if words & COLOUR:
            asked = self._answered(_question(ask)) if len(words - COLOUR - MAIN) else None
            colours = scene.measures.colours
            return asked or (voice.colour(colours[0][0]) if colours else None)
        if words & TEXT:
            return "\n".join(find.lines_of(scene)) or None
        if words & REASON:
            if self.task not in ANSWERED:
                return describe.caption(scene, language)
            return talk.said(self.prompt.question, self.task, self.scenes, Style(language))
        field = page.field_asked(scene, " ".join(_named(ask))) if scene.is_page else None
        read = field.value if field else particulars.named(scene, words)
        if read is not None:
            return particulars.iso_date(read) if ask.schema.get("format") == "date" else read
        if words & TONGUE:
            return language
        if scene.is_page and words & (TITLE | LABEL):
            return describe.heading(scene)
        if words & TITLE:
            return describe.title(scene, language).rstrip(".")
        if words & COMPARED and len(self.scenes) > 1:
            return talk.said(_question(ask), Task.COMPARE, self.scenes, Style(language))
        told = self._answered(ask.schema.get("description", ""))
        if told:
            return told
        if words & CAPTION or (not ask.path and not words):
            return self._said(ask, words)
        if words & LABEL:
            return self._name(words)
        if scene.is_page:
            return None
        named = " ".join(_named(ask))
        return self._answered(_question(ask)) or self._answered(f"what {named} is this?")

    def _name(self, words: set[str]) -> str | None:
        """What the picture shows most of; the name of a person is not known."""
        scene, voice = self.scenes[0], VOICES[self.style.language]
        if scene.objects().label:
            is_somebody = words == {"name"} and describe.main_kind(scene) == "person"
            return None if is_somebody else voice.noun(describe.main_noun(scene))
        name = scene.recognition.name
        return voice.noun(name.name) if name is not None else None

    def _said(self, ask: Ask, words: set[str]) -> str | None:
        """The prompt's own answer, in a sentence."""
        if words & REPLY or self.task in SEVERAL or (self.task in ANSWERED and not ask.path):
            style = Style(self.style.language)
            return talk.said(self.prompt.question, self.task, self.scenes, style)
        return describe.caption(self.scenes[0], self.style.language)

    def _yes_or_no(self, ask: Ask, words: set[str]) -> bool | None:
        thing = " ".join(w for w in _named(ask) if w not in PRESENCE)
        asked = [f"is there {thing}?", f"is it {thing}?"] if thing else []
        for question in (*asked, ask.schema.get("description", "")):
            word = self._answered(question, english=True)
            if word in ("yes", "no"):
                return word == "yes"
        if self.task in _SPATIAL and not thing:
            return bool(self.seen)
        if self.task in (Task.PRESENCE, Task.RELATION, Task.MORE, Task.QUALITY) and not thing:
            word = self._answered(self.prompt.question, english=True)
            return word == "yes" if word in ("yes", "no") else None
        return None

    def _number(self, ask: Ask, words: set[str]) -> float | None:
        scene = self.scenes[0]
        if words & SCORE:
            name = scene.recognition.name
            return round(name.score, 3) if name is not None else None
        if words & SIZE:
            return scene.wh["height" in words]
        field = page.field_asked(scene, " ".join(_named(ask))) if scene.is_page else None
        read = field.value if field else particulars.named(scene, words)
        if read is not None:
            return particulars.number_in(read)
        unnamed = COUNT | {"n", "of", "the", "de", "des"}
        things = " ".join(word for word in _named(ask) if word not in unnamed)
        asked = [f"how many {things}?"] if things else []
        asked += [ask.schema.get("description", "")]
        if not things and self.task is not Task.COUNT and self._is_about_known:
            return len(self.seen)
        if not things or words & REPLY:
            # A number by any other name ("price") is not how many things there are.
            asked += [self.prompt.question] if self.task is Task.COUNT else ["how many objects?"]
        for question in asked:
            word = self._answered(question, english=True)
            if word and word.isdecimal() and (number := number_of(word)) is not None:
                return number
        return None

    @property
    def _is_about_known(self) -> bool:
        """Whether the prompt names kinds of things ("extract the people")."""
        return all(t.names for t in targets.wanted(self.prompt.question).targets)

    def _list(self, ask: Ask, words: set[str]) -> list[str] | None:
        """A list of plain words."""
        scene = self.scenes[0]
        items = ask.schema.get("items", {})
        if isinstance(items, dict) and items.get("type", "string") != "string":
            return None
        if words & COLOUR:
            return [VOICES[self.style.language].colour(name) for name, _ in scene.measures.colours]
        if words & LINES:
            return find.lines_of(scene)
        choices = [c for c in items.get("enum", []) if isinstance(c, str)] if items else []
        names = self._names(named=bool(words & LABELS))
        if choices:
            return classify.fitting(choices, scene)
        thing = targets.target(" ".join(_named(ask)), "en") if ask.path else None
        if thing is not None and thing.names:
            return list(dict.fromkeys(s.item.label for s in self._seen_of(thing)))
        if ask.path and not words & (LABELS | OBJECTS | LABEL):
            return None
        least = int(ask.schema.get("minItems", 0))
        if len(names) >= least:
            return names
        asked = Asked.of(self.prompt.question, self.style)
        return list(dict.fromkeys([*names, *inventory.keywords(scene, asked, least + len(names))]))

    def _names(self, named: bool) -> list[str]:
        """The kinds of things asked for, and the whole picture's name where all are."""
        names = list(dict.fromkeys(seen.item.label for seen in self.seen))
        whole = self.scenes[0].recognition.name
        wanted = targets.wanted(self.prompt.question).targets
        if whole is not None and (named or not names) and all(t.names is None for t in wanted):
            names.append(VOICES[self.style.language].noun(whole.name))
        return list(dict.fromkeys(names))

    def _answered(self, question: str, english: bool = False) -> str | None:
        """One word to a question that can be answered, else None."""
        return answered(question, self.scenes, "en" if english else self.style.language)


def _named(ask: Ask) -> list[str]:
    return words_of(ask.path[-1] if ask.path else str(ask.schema.get("title", "")))


def _thing(ask: Ask) -> targets.Target | None:
    """The thing that a property's name names, known or not: `banana_boxes`, `guests`."""
    said = _named(ask)
    words = [word for word in said if word not in FOUND | BOX | SHAPE | POINT | SCORE]
    thing = targets.target(" ".join(words), "en") if ask.path and words else None
    is_where = thing and thing.names and {*said} & OBJECTS and thing.names <= kinds()["furniture"]
    return None if is_where else thing  # `desk_items` are no desks


def _labels(item: dict[str, Any]) -> list[str]:
    """The names that the items of a list may have, where the schema says which."""
    return [
        choice
        for name, value in item.get("properties", {}).items()
        if isinstance(value, dict) and set(words_of(name)) & LABEL
        for choice in value.get("enum", [])
        if isinstance(choice, str)
    ]


def _is_of_several(schema: dict[str, Any]) -> bool:
    """Whether an object tells of all things of a kind: it has their number, or lists of places."""
    parts = {n: p for n, p in schema.get("properties", {}).items() if isinstance(p, dict)}
    return any(
        set(words_of(name)) & COUNT or ("items" in part.get("items", {}) and not _is_ring(name))
        for name, part in parts.items()
    )


def _is_ring(name: str) -> bool:
    return bool(set(words_of(name)) & SHAPE)


def _holds_lists(item: dict[str, Any]) -> bool:
    """Whether each item of a list holds a list of its own and no place: one picture's things."""
    properties = item.get("properties", {})
    lists = [p for p in properties.values() if isinstance(p, dict) and "items" in p]
    named = {word for name in properties for word in words_of(name)}
    return any("properties" in p["items"] for p in lists) and not named & (BOX | POINT | SHAPE)


def _question(ask: Ask) -> str:
    """The property's name as words: `color_of_car` → "color of car"."""
    words = " ".join(_named(ask))
    return re.sub(r"^(\w+) (colou?r)$", r"colour of the \1", words)


def _said_in(schema: object) -> Iterator[str]:
    """The words of a schema's names and descriptions."""
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name == "properties" and isinstance(value, dict):
                yield from (word for key in value for word in words_of(key))
            if name == "description" and isinstance(value, str):
                yield value
            yield from _said_in(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _said_in(value)


def _priced(item: dict[str, Any], row: particulars.Priced) -> dict[str, object]:
    """A row of a receipt under the names of the caller's properties."""
    told: dict[str, object] = {}
    for name in item.get("properties", {}):
        words = set(words_of(name))
        if words & PRICE:
            told[name] = row.price
        elif words & COUNT:
            told[name] = row.quantity
        elif words & (LABEL | CAPTION | TEXT):
            told[name] = row.name
    return told


def _shade(name: str, colour: str, share: float) -> object:
    return colour if name in COLOUR | LABEL else round(share, 3)
