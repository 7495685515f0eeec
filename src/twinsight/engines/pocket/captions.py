"""The pocket engine's pen: a small transformer of our own that puts a scene into one sentence.

Two networks. `captions_see`: the rows of a scene (`captions_scene.Features`) become keys and
values. `captions_say`: the newest word of each open sentence and the memory of the words before it
become scores for the next word. Sentences are searched with a few beams, or drawn.

What was not seen is not named: a word of the vocabulary that names a kind of object is closed
unless that kind is among the objects, or a label that is one of that kind is likely. Words for
other things ("window") are closed, and those for places ("kitchen") as well unless something seen
speaks for them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from twinsight.engines import weights
from twinsight.engines.pocket.captions_beams import (
    Grammar,
    Memory,
    Sentence,
    Step,
    draw,
    log_softmax,
    search,
)
from twinsight.engines.pocket.captions_scene import concept_numbers, concepts, features
from twinsight.engines.roles import Card, Sketch, Wording
from twinsight.prompt import Sampling

PAD, START, END, OTHER = range(4)

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|,")

_PLURALS = {"people", "men", "women", "children", "mice", "geese", "knives", "calves"}
ARTICLES = ("a", "an", "the", "another")
PLAIN_NOUNS = {
    *("group", "couple", "pair", "bunch", "row", "line", "set", "few", "flock"),
    *("side", "top", "front", "game", "match", "trick", "baseball"),
}
"""Nouns that name nothing which would have to be seen."""

SEVERAL = {
    **dict.fromkeys(("two", "both", "couple", "pair"), 2),
    **dict.fromkeys(("three", "several", "many", "group", "groups", "bunch", "few", "flock"), 3),
    **{"four": 4, "five": 5, "six": 6},
}
"""How many of one kind must be seen for a word to be said. Two are no group: CIDEr of the captions
of `coco_train` rises from 72.8 to 75.0 with that."""

SEVERAL_IN_ONE = {"apple", "banana", "carrot", "orange", "skis", "scissors"}
"""Kinds of which people say several although one box holds them: 29 to 41 % of the captions of
layouts with one box of apples, bananas or carrots, at most 12 % of all others' (`coco_text`)."""

LIKELY = 0.5
"""Probability of a label from which its kind may be named although the detector did not find it."""

ABOUT = 0.9
"""How sure of a concept (`concept_numbers`) the labels must be for its words: 40 % in all."""


SURE_AROUND = 0.85
"""How probable a thing around the objects must be for its words."""
DOUBTED_AROUND = 0.25
"""Less probable than this, it closes its words, whatever else speaks for them."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words by number; `kinds` has the kind of object that each one names, or "".

    `needs` are the kinds of which one must be there for a word to be said ("flying": bird, kite).

    `open` is True for words that want another after them ("a", "of"), `unseen` for words that our
    eyes can never vouch for ("woman"); `meaning` is the same number for words of the same kind;
    `least` is how many must be seen for a word to be said ("dogs": 2, "three": 3).
    """

    words: tuple[str, ...]
    kinds: tuple[str, ...]
    needs: tuple[frozenset[str], ...]
    open: NDArray[np.bool_]
    meaning: NDArray[np.int64]
    unseen: NDArray[np.bool_]
    least: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a word that names no kind stands on: any of these. Empty for words of no thing.

    Where somebody looked at the surroundings, kinds and concepts must not speak against them.
    """

    kinds: frozenset[str]
    concepts: frozenset[str]
    around: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.kinds or self.concepts or self.around)

    def holds(self, seen: set[str], about: set[str], around: Mapping[str, float]) -> bool:
        likely = [around[word] for word in self.around if word in around]
        if likely and max(likely) >= SURE_AROUND:
            return True
        is_doubtful = bool(likely) and max(likely) < DOUBTED_AROUND
        return bool(self.kinds & seen or self.concepts & about) and not is_doubtful


@cache
def grounds() -> dict[str, Ground]:
    """Words that may be said although they name no kind, from `captions.grounds.txt`."""
    table: dict[str, Ground] = {}
    for line in weights.table("captions_say", "captions.grounds.txt").splitlines():
        if line.startswith("#"):
            continue
        words, *cells = line.split("|")
        ground = Ground(*map(_listed, cells))
        table |= dict.fromkeys(words.split(), ground)
    return table


def _listed(cell: str) -> frozenset[str]:
    return frozenset(filter(None, (name.strip() for name in cell.split(","))))


@dataclass(frozen=True, slots=True)
class Standing:
    """What must be seen for a word: its kind, one of its needs, its ground (None: never)."""

    kind: str
    needs: frozenset[str]
    ground: Ground | None

    def hold(self, seen: set[str], about: set[str], around: Mapping[str, float]) -> bool:
        """Whether it was seen: kinds, concepts, what is around."""
        is_needed = not self.needs or bool(self.needs & seen)
        if self.kind:
            return self.kind in seen and is_needed
        if not self.ground:
            return self.ground is not None and is_needed
        return self.ground.holds(seen, about, around)


@cache
def vocabulary() -> Vocabulary:
    """The writer's words. Raises InvalidWeights when they are not those of the manifest."""
    table = weights.table("captions_say", "captions.words.txt")
    rows = [line.split("|") for line in table.splitlines()]
    words, kinds, needed, marks = (tuple(column) for column in zip(*rows, strict=True))
    needs = tuple(frozenset(filter(None, each.split(","))) for each in needed)
    open_, unseen = (np.array([mark == each for mark in marks]) for each in ("open", "never"))
    meaning, least = _meaning(kinds, open_), _least(words, kinds)
    return Vocabulary(words, kinds, needs, open_, meaning, unseen, least)


def _least(words: tuple[str, ...], kinds: tuple[str, ...]) -> NDArray[np.int64]:
    """How many of its kind a word speaks of, at least: plural words of two."""

    def number(word: str, kind: str) -> int:
        is_plural = word in _PLURALS or (word.endswith("s") and not word.endswith(("ss", "us")))
        return 2 if kind and is_plural else SEVERAL.get(word, 1)

    return np.array([number(word, kind) for word, kind in zip(words, kinds, strict=True)])


def _meaning(kinds: tuple[str, ...], open_: NDArray[np.bool_]) -> NDArray[np.int64]:
    """See `Grammar`: one number for all words of a kind, but for people ("people", "a player")."""
    first: dict[str, int] = {}
    numbers = [
        first.setdefault(kind, number) if kind and kind != "person" else number
        for number, kind in enumerate(kinds)
    ]
    return np.where(open_, -1, np.array(numbers))


class PocketWriter:
    """Plays `Writer`. Nothing changes after construction, so threads may share one."""

    def __init__(self, threads: int | None = 1) -> None:
        """Raises InvalidWeights when the installed weights are missing or altered."""
        manifest = weights.manifest("captions_say")
        extra = manifest.extra
        self._see = weights.session("captions_see", threads)
        self._say = weights.session("captions_say", threads)
        self._vocabulary = vocabulary()
        self._index = {word: number for number, word in enumerate(self._vocabulary.words)}
        known = self._vocabulary
        standing = [
            Standing(*row)
            for row in zip(known.kinds, known.needs, map(grounds().get, known.words), strict=True)
        ]
        # Most words stand on the same as many others.
        self._stands = list(dict.fromkeys(standing))
        places = {each: place for place, each in enumerate(self._stands)}
        self._stands_of = np.array([places[each] for each in standing])
        self._articles, self._nouns = _nouns(known)
        self._loose = self._vocabulary.open | np.isin(self._vocabulary.words, ("side", "top"))
        self._kinds: tuple[str, ...] = tuple(extra["kinds"])
        layers, two, heads, width = extra["memory"]
        self._nothing_said = np.zeros((layers, two, 1, heads, 0, width), np.float32)
        self._longest: int = extra["longest"]
        self._beams: int = extra["beams"]
        self._length_power: float = extra["length_power"]
        self.card = Card(
            name="pocket-captions",
            roles=("writer",),
            description="A caption writer of our own: what was seen, said in one sentence",
            licence=manifest.licence,
            knows=self._kinds,
        )

    def write(self, sketch: Sketch, sampling: Sampling | None = None) -> Wording:
        """The likeliest sentence; with a temperature above 0, one drawn by chance."""
        rows = self._read(sketch)
        grammar = self._grammar(sketch)
        if sampling is not None and sampling.temperature:
            said = draw(self._step(rows), self._nothing_said, grammar, chooser(sampling))
        else:
            said = self.sentences(sketch)[0]
        return Wording(
            tuple(self._vocabulary.words[n].replace("_", " ") for n in said.words),
            tuple(self._vocabulary.kinds[n] for n in said.words),
            float(np.exp(said.score / (len(said.words) + 1))),
        )

    def sentences(self, sketch: Sketch) -> list[Sentence]:
        """The beams' sentences, best first."""
        step, grammar = self._step(self._read(sketch)), self._grammar(sketch)
        return search(step, self._nothing_said, grammar, self._beams, self._length_power)

    def rate(self, sketch: Sketch, sentence: str) -> float:
        """The mean log probability of the words of somebody else's sentence, its end included."""
        step, memory, newest = self._step(self._read(sketch)), self._nothing_said, START
        total, numbers = 0.0, [*self._numbers(sentence)[: self._longest], END]
        for at, number in enumerate(numbers):
            logits, memory = step(np.array([newest], np.int64), memory, at)
            total += float(log_softmax(logits)[0, number])
            newest = number
        return total / len(numbers)

    def _numbers(self, sentence: str) -> list[int]:
        """The sentence's words as numbers of the vocabulary; `OTHER` for those that it lacks."""
        words = _WORD.findall(sentence.lower().replace("-", " "))
        numbers: list[int] = []
        at = 0
        while at < len(words):
            joined = ["_".join(words[at : at + size]) for size in (3, 2, 1)]
            size = next((3 - i for i, word in enumerate(joined) if word in self._index), 1)
            numbers.append(self._index.get("_".join(words[at : at + size]), OTHER))
            at += size
        return numbers

    def _read(self, sketch: Sketch) -> NDArray[np.float32]:
        seen = features(sketch, self._kinds)
        fed = {"kinds": seen.kinds[None], "numbers": seen.numbers[None], "whole": seen.whole[None]}
        rows: NDArray[np.float32] = self._see.run(["rows"], fed)[0]
        return rows

    def _step(self, rows: NDArray[np.float32]) -> Step:
        def step(
            newest: NDArray[np.int64], memory: Memory, at: int
        ) -> tuple[NDArray[np.float32], Memory]:
            fed = {"words": newest, "memory": memory, "rows": rows, "at": np.array([at])}
            logits, grown = self._say.run(["logits", "grown"], fed)
            return logits, grown

        return step

    def _grammar(self, sketch: Sketch) -> Grammar:
        """The words that may be said of this scene."""
        seen = set(sketch.objects.label)
        for label in sketch.labels:
            if label.score >= LIKELY:
                seen |= {label.name, *label.kinds}
        told = zip(concepts(), concept_numbers(sketch.labels), strict=True)
        about = {name for name, sure in told if sure >= ABOUT}
        known = self._vocabulary
        may_be_said = [stands.hold(seen, about, sketch.around) for stands in self._stands]
        closed = known.unseen | ~np.array(may_be_said)[self._stands_of]
        closed |= self._too_many(sketch.objects.label)
        closed[[PAD, START, OTHER]], closed[END] = True, False
        words = (closed, self._loose, self._articles, self._nouns, known.meaning)
        return Grammar(START, END, *words, self._longest)

    def _too_many(self, labels: tuple[str, ...]) -> NDArray[np.bool_]:
        """The words that speak of more things than there are of any kind that they may mean."""
        counts = Counter(labels)
        counts |= {kind: max(SEVERAL.values()) for kind in SEVERAL_IN_ONE & counts.keys()}
        most = max(counts.values(), default=0)
        known = self._vocabulary
        seen = [counts[kind] if kind else most for kind in known.kinds]
        return (known.least > 1) & (known.least > np.array(seen))


def _nouns(known: Vocabulary) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The articles, and the words that may follow them."""
    stands = {word for word, ground in grounds().items() if ground} | PLAIN_NOUNS
    named = [
        bool(kind) or word in stands for word, kind in zip(known.words, known.kinds, strict=True)
    ]
    return np.isin(known.words, ARTICLES), np.array(named)


def chooser(sampling: Sampling) -> Callable[[NDArray[np.float32]], int]:
    """Picks a word from log probabilities as the sampling asks: its seed, or chance."""
    dice = np.random.default_rng(None if sampling.seed is None else abs(sampling.seed))

    def choose(chances: NDArray[np.float32]) -> int:
        """One of the `top_k` likeliest words, and of the likeliest that together reach `top_p`."""
        order = np.argsort(-chances, kind="stable")[: sampling.top_k or len(chances)]
        shares = np.exp(log_softmax(chances[order] / np.float32(sampling.temperature or 1)))
        before = np.cumsum(shares) - shares
        shares = np.where(before < (1.0 if sampling.top_p is None else sampling.top_p), shares, 0)
        shares[0] = max(shares[0], 1e-9)
        return int(dice.choice(order, p=np.float64(shares) / np.float64(shares).sum()))

    return choose
