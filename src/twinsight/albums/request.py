"""What is wanted of every picture of an album, understood once."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property

import msgspec

from twinsight import __version__
from twinsight.engines.eyes import Eyes
from twinsight.errors import InvalidValue
from twinsight.tasks.request import vocabulary
from twinsight.tasks.request.intent import Task
from twinsight.tasks.request.language import spoken
from twinsight.tasks.request.targets import Target, Wanted, wanted
from twinsight.tasks.scene import Look
from twinsight.tasks.wording.said import named
from twinsight.tasks.wording.voice import VOICES


@dataclass(frozen=True)
class Request:
    """The task, the things to look for in the caller's words ("" for all), and how closely."""

    task: Task
    find: str = ""
    look: Look = "careful"

    @cached_property
    def wanted(self) -> Wanted:
        """The things, as the API understands the same words."""
        verb = {"en": "Detect", "fr": "Détecte"}[spoken(self.find)]
        return wanted(f"{verb} {self.find or 'all items'}")

    def kinds(self, eyes: Eyes) -> list[str]:
        """The eyes' names for what is looked for, in their order; all, when nothing is named."""
        if self.task is Task.READ:
            return ["text"]
        named_kinds = [target.names for target in self.wanted.targets if not target.text]
        wanted_kinds = frozenset().union(*(names or () for names in named_kinds))
        if any(names is None for names in named_kinds):
            wanted_kinds = frozenset(eyes.detector.card.knows)
        wanted_kinds -= self.wanted.without
        kinds = [kind for kind in eyes.detector.card.knows if kind in wanted_kinds]
        return kinds + ["text"] * any(target.text for target in self.wanted.targets)

    def stamp(self, eyes: Eyes) -> str:
        """A hash of all that findings depend on besides the picture."""
        seen = [(card.name, card.description) for card in eyes.cards]
        parts = (__version__, self.task, self.find, self.look, eyes.profile, seen)
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]

    def doubts(self, eyes: Eyes) -> list[str]:
        """A sentence for each part of the words that cannot be followed.

        Raises InvalidValue, which says what is known, when none of the things can be recognised.
        """
        if self.task is Task.READ:
            return []
        voice = VOICES[self.wanted.language]
        strange = [target for target in self.wanted.targets if _is_strange(target, eyes)]
        told = [voice.say("cannot recognise", thing=named(target)) for target in strange]
        if len(strange) == len(self.wanted.targets):
            known = ", ".join(eyes.detector.card.knows)
            raise InvalidValue(
                "find", " ".join(told) + f" What can be found: {known}; wider words such as "
                "animals, vehicles, furniture or food; and text.",
            )  # fmt: skip
        told += [
            f"“{target.rest}” cannot be checked: it is left out of account."
            for target in self.wanted.targets
            if target.rest and target not in strange
        ]
        return told


def _is_strange(target: Target, eyes: Eyes) -> bool:
    """Whether neither detector nor labeler has a name for it, and nobody finds any words."""
    if not target.unknown or eyes.grounder is not None:
        return False
    asked = vocabulary.fold(target.phrase)
    known = (re.escape(vocabulary.fold(name)) for name in eyes.labeler.card.knows)
    return not any(re.search(rf"\b{name}", asked) for name in known)
