"""Finding a sentence word by word: beams for the likeliest one, or a draw.

Knows neither network nor language: a `Step` gives scores for the next word, a `Grammar` says which
words may never come, which may not come last, and how long a sentence may be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Memory = NDArray[np.float32]
"""Keys and values of the words so far: (layers, 2, sentences, heads, words, width)."""

Step = Callable[[NDArray[np.int64], Memory, int], tuple[NDArray[np.float32], Memory]]
"""Newest words (b,), memory of those before, their number → logits (b, words), new memory."""

NEVER = np.float32(-1e9)


@dataclass(frozen=True, slots=True)
class Grammar:
    """`closed`, `dangling`, `article`, `noun` are (words,) booleans.

    Words that are never said; never said last; only followed by a noun; what may follow those.
    `meaning` (words,) is the same number for words of which a sentence says only one, -1 for words
    that it may say often.
    """

    start: int
    end: int
    closed: NDArray[np.bool_]
    dangling: NDArray[np.bool_]
    article: NDArray[np.bool_]
    noun: NDArray[np.bool_]
    meaning: NDArray[np.int64]
    longest: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words without start and end; `score` sums their log probabilities, the end's included."""

    words: tuple[int, ...]
    score: float


def search(
    step: Step, memory: Memory, grammar: Grammar, beams: int, power: float
) -> list[Sentence]:
    """The likeliest sentences, best first, by score / (words + 1) ** power."""
    open_: list[Sentence] = [Sentence((), 0.0)]
    done: list[Sentence] = []
    newest = np.array([grammar.start], np.int64)
    for at in range(grammar.longest):
        logits, memory = step(newest, memory, at)
        chances = log_softmax(logits)
        chances[:, grammar.closed] = NEVER
        for row, sentence in enumerate(open_):
            _forbid(chances[row], sentence.words, grammar)
        totals = chances + np.array([[s.score] for s in open_], np.float32)
        best = np.argsort(-totals, axis=None, kind="stable")[: 2 * beams]
        rows: list[int] = []
        grown: list[Sentence] = []
        for row, word in zip(*np.unravel_index(best, totals.shape), strict=True):
            score = float(totals[row, word])
            if score <= NEVER / 2 or len(grown) == beams:
                continue
            if word == grammar.end:
                done.append(Sentence(open_[row].words, score))
            else:
                rows.append(int(row))
                grown.append(Sentence((*open_[row].words, int(word)), score))
        done = sorted(done, key=lambda s: -_merit(s, power))[:beams]
        if not grown or (
            len(done) == beams and _best_hope(grown, power, grammar) < _merit(done[-1], power)
        ):
            break
        open_, memory = grown, memory[:, :, rows]
        newest = np.array([s.words[-1] for s in open_], np.int64)
    # A sentence that found no end is one that nobody should say.
    return done or [Sentence(open_[0].words, float(NEVER))]


def draw(
    step: Step, memory: Memory, grammar: Grammar, choose: Callable[[NDArray[np.float32]], int]
) -> Sentence:
    """A sentence whose words `choose` picks from their log probabilities."""
    sentence = Sentence((), 0.0)
    word = grammar.start
    for at in range(grammar.longest):
        logits, memory = step(np.array([word], np.int64), memory, at)
        chances = log_softmax(logits)[0]
        chances[grammar.closed] = NEVER
        _forbid(chances, sentence.words, grammar)
        word = choose(chances)
        score = sentence.score + float(chances[word])
        if word == grammar.end:
            return Sentence(sentence.words, score)
        sentence = Sentence((*sentence.words, word), score)
    return sentence


def _merit(sentence: Sentence, power: float) -> float:
    return float(sentence.score / (len(sentence.words) + 1) ** power)


def _best_hope(grown: list[Sentence], power: float, grammar: Grammar) -> float:
    """What the best open sentence could reach if all its further words were certain."""
    return float(max(s.score for s in grown) / (grammar.longest + 1) ** power)


def _forbid(chances: NDArray[np.float32], said: tuple[int, ...], grammar: Grammar) -> None:
    """No end after a word that wants another, a noun after an article, nothing twice."""
    if not said or grammar.dangling[said[-1]]:
        chances[grammar.end] = NEVER
    for word in said:
        if grammar.meaning[word] >= 0:
            chances[grammar.meaning == grammar.meaning[word]] = NEVER
    chances[list(said[-1:])] = NEVER
    if said and grammar.article[said[-1]]:
        chances[~grammar.noun] = NEVER


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log probabilities over the last axis."""
    above = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(above - np.log(np.exp(above).sum(axis=-1, keepdims=True)), np.float32)
