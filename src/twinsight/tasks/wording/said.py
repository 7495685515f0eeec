"""What answers are made of: the question understood, and what is said, whole and in a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twinsight.tasks.find import Item
from twinsight.tasks.request.phrases import Target
from twinsight.tasks.request.style import Style
from twinsight.tasks.request.targets import Wanted, wanted
from twinsight.tasks.request.vocabulary import Sense, kinds
from twinsight.tasks.wording.voice import VOICES, Voice, counts_said


@dataclass(frozen=True, slots=True)
class Said:
    """An answer in full, and in one word."""

    text: str
    word: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, understood."""

    question: str
    wanted: Wanted
    style: Style

    @classmethod
    def of(cls, question: str, style: Style) -> Asked:
        """Reads what the question is after."""
        return cls(question, wanted(question), style)

    @property
    def voice(self) -> Voice:
        return VOICES[self.style.language]

    def yes(self) -> str:
        return self.voice.say("yes")

    def no(self) -> str:
        return self.voice.say("no")

    def unknown(self) -> str:
        return self.voice.say("unknown")


def things_said(items: Sequence[Item], target: Target, voice: Voice) -> str:
    """`two red cars`, `a dog and a cat`."""
    if target.colour and len({item.kind for item in items}) == 1:
        return voice.counted(len(items), items[0].kind, target.colour)
    return counts_said((item.kind for item in items), voice)


def named(target: Target) -> str:
    """The caller's words for what is not known."""
    return target.word or target.phrase


def none_of(target: Target, voice: Voice) -> str:
    """`no dog`, `no animal`, `no woman`: none of what was asked for."""
    if target.names is None:
        return voice.none("thing")
    if target.sense is Sense.WIDER:
        return voice.none(kind_of(target))
    if target.sense is Sense.NARROWER and voice is VOICES["en"]:
        return voice.none(target.word)
    if not target.names:
        return voice.none("thing")
    return voice.listed([voice.none(name, target.colour) for name in sorted(target.names)], "or")


def kind_of(target: Target) -> str:
    """The wider word that a target means; "thing" for a set that has none."""
    return next((name for name, names in kinds().items() if names == target.names), "thing")
