"""Choosing among the caller's own labels by what was seen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from twinsight.tasks.answers import activity, weather
from twinsight.tasks.answers.scenery import PLACES, meant
from twinsight.tasks.request.vocabulary import Sense, broader, meaning
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.english import plural

SUPPORTED = 0.02
"""How sure the eyes must be of a label to choose it because of what they see."""

NEUTRAL = (
    "unknown",
    "other",
    "none",
    "none of the above",
    "n/a",
    "unsure",
    "autre",
    "inconnu",
    "aucun",
    "neutral",
    "neutre",
    "unclear",
    "uncertain",
    "not sure",
    "undetermined",
    "cannot tell",
)
"""Labels that callers offer for what is none of the others."""

_WITHOUT = re.compile(r"(?:no|not|non|without|sans|aucune?|pas de) ")
_SPLIT = re.compile(r"[^\w]+")
_STOP_WORDS = frozenset(
    ["a", "an", "the", "of", "photo", "picture", "image", "un", "une", "le", "la", "les"]
)


FITTING = 0.35
"""How sure a label must be to be one of several that fit, in words or in the list of a schema."""
MOST_MIXED = 50
"""Labels up to which objects count beside what the labeler says of the whole picture."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The label chosen; `score` 0 means that nothing seen supports any of them."""

    label: str
    score: float


AROUND = 0.5
"""A place counts half as much as a thing: a dog on a beach is a picture of a dog."""
PRINTED, SURE_PAGE = 0.5, 0.9
"""How far a word that stands on a page speaks for the label ("invoice"), and its being a page."""
LIKELY_PLACE = 0.25
"""Places less probable than this count for nothing."""


def evidence(scene: Scene) -> dict[str, float]:
    """Words that are true of the picture so far as the eyes tell, with how sure each is.

    Objects and labels count by their own names and by the broader words that follow from them.
    """
    found: dict[str, float] = {}

    def add(word: str, score: float) -> None:
        key = key_of(word)
        found[key] = max(found.get(key, 0.0), score)

    for label, score in zip(scene.objects().label, scene.objects().score, strict=True):
        for word in (label, *broader(label)):
            add(word, float(score))
    seen = scene.recognition
    totals: dict[str, float] = {}
    for candidate in seen.labels:
        for word in {candidate.name, *candidate.kinds, *broader(candidate.name)}:
            totals[word] = totals.get(word, 0.0) + candidate.score
    for word, score in totals.items():
        add(word, score)
    for word, score in scene.surroundings.items():
        if word in PLACES and score >= LIKELY_PLACE:
            add(word, AROUND * score)
    if scene.is_page:
        words = {word for line in scene.lines for word in _SPLIT.split(line.text) if len(word) > 2}
        for word in words:
            add(word, PRINTED)
        for word in ("document", "page", "text", "paper"):
            add(word, SURE_PAGE)
    for word, score in {**weather.told(scene), **activity.words_of_sports(scene)}.items():
        add(word, score)
    return found


def choose(labels: Sequence[str], scene: Scene) -> Choice:
    """The caller's label that the picture supports best.

    Without any support: a neutral label when the caller offers one ("other", "unknown"), else the
    first, with score 0, since an enum must be answered.
    """
    best = ranked(labels, scene)[0]
    neutral = [label for label in labels if label.strip().lower() in NEUTRAL]
    if best.score >= (FITTING if neutral else SUPPORTED):
        return best
    return Choice((neutral or list(labels))[0], 0.0)


def ranked(labels: Sequence[str], scene: Scene) -> list[Choice]:
    """All labels, the best supported first.

    Of a long list that the labeler knows as its own, its word alone counts: objects beside the
    main one would only get between.
    """
    rated = scene.rate(labels)
    is_its_own = len(labels) > MOST_MIXED and rated.count(None) * 10 < len(labels)
    known = {} if is_its_own else evidence(scene)
    choices = [
        Choice(label, min(1.0, max(_support(label, known) if known else 0.0, rate or 0.0)))
        for label, rate in zip(labels, rated, strict=True)
    ]
    return sorted(choices, key=lambda choice: -choice.score)


def _support(label: str, known: dict[str, float]) -> float:
    """How sure the eyes are of a label: its whole phrase first, then its last word (the noun)."""
    key = key_of(label)
    if key in known:
        return known[key]
    without = _WITHOUT.match(key)
    if without is not None:
        other = _support(key[without.end() :], known)
        return 1.0 - other if meaning(key[without.end() :]) else 0.0
    covered = meaning(label)
    if covered is not None and covered.sense is Sense.NARROWER:
        # That somebody is there says nothing of whether it is "a woman".
        return 0.0
    if covered is not None:
        return max((known.get(key_of(name), 0.0) for name in covered.names), default=0.0)
    around = meant(label)
    if around is not None and around.exact:
        return known.get(key_of(around.word), 0.0)
    words = key.split()
    for size in range(len(words) - 1, 0, -1):
        tail = " ".join(words[-size:])
        if tail in known:
            return 0.5 * known[tail]
    return 0.0


@lru_cache(maxsize=4096)
def key_of(label: str) -> str:
    """The label's words in lower case and singular, without articles."""
    words = [w for w in _SPLIT.split(label.lower().replace("_", " ")) if w and w not in _STOP_WORDS]
    return " ".join(_singular(w) for w in words)


def _singular(word: str) -> str:
    for ending, stem in (("ies", "y"), ("ves", "f"), ("es", ""), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            candidate = word[: -len(ending)] + stem
            if plural(candidate) == word:
                return candidate
    return {"people": "person", "men": "man", "women": "woman", "mice": "mouse"}.get(word, word)


def fitting(labels: Sequence[str], scene: Scene) -> list[str]:
    """All of the caller's labels that the picture supports well, in the caller's order."""
    return [
        choice.label
        for label in labels
        for choice in ranked([label], scene)
        if choice.score >= FITTING
    ]


def offered(question: str) -> list[str]:
    """The labels that a question lists: quoted, after a colon, or as "cat, dog or bird"."""
    text = re.sub(r"\n\s*(?:[-*•]|\d+[.)])\s+", ", ", question)
    listed = _BRACKETED.search(text)
    if listed is not None:
        return [label.strip(" \"'") for label in listed[1].split(",")]
    quoted = [found[1].strip() for found in _QUOTED.finditer(text)]
    if len(quoted) >= 2:
        return quoted
    tail = re.split(r":\s*,?\s*", text, maxsplit=1)[-1]
    tail = re.split(r"(?<=[.!?])\s", tail.strip())[0].strip(" .!?\"'")
    tail = _AFTER_LABELS.sub("", _BEFORE_LABELS.sub("", tail, count=1))
    parts = re.split(r"\s*[,;/|\n]\s*|\s+(?:or|and|ou|et)\s+", tail)
    cleaned = [_ARTICLE.sub("", part.strip(" \"'`-*[]()?.«»")) for part in parts]
    labels = [label for label in cleaned if label and len(label) <= 60]
    return labels if len(labels) >= 2 else []


def offers(question: str) -> bool:
    """Whether a question without a word about classes lists labels: "which: cat, dog?"."""
    found = _LIST.search(question)
    return found is not None and len(offered(question)) >= 2


_BRACKETED = re.compile(r"\[((?:[^\[\],:{}]{1,40},)+[^\[\],:{}]{1,40})\]")
_QUOTED = re.compile(r"(?<!\w)['\"“«‘]\s*([^'\"“”«»‘’]{1,40}?)\s*['\"”»’](?!\w)")
_LIST = re.compile(
    r"\b(?<!by )(?:one of|any of|which|what|pick|choose|select|answer|category|categories|labels?|"
    r"tags?|parmi|quel\w*|choisi\w*|réponds)\b[^:?]*(?::|\??\s*\[|\()\s*[\w' -]+(?:[,/|] ?[\w' "
    r"-]+)+",
    re.IGNORECASE,
)
_BEFORE_LABELS = re.compile(
    r"^.*?\b(?:as|into|between|among|from|is (?:this|it|that)|one of|comme|entre|parmi|"
    r"est-ce(?: que (?:le|la|les) \w+ (?:est|sont))?|"
    r"en tant que)\b|^(?:is|are|was|were|est|sont) (?:the|this|that|these|those|le|la|"
    r"les) \w+(?:[- ](?:il|elle|ils|elles))?\b",
    re.IGNORECASE,
)
_AFTER_LABELS = re.compile(
    r",? (?:and|et) (?:explain|say why|tell|give|justify|explique|dis|donne|justifie)\w*\b.*$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(
    r"^(?:(?:either|or|and|soit|ou|et)\s+)?(?:(?:an?|the|une?|le|la|les|du|de la|des)\s+|l')?",
    re.IGNORECASE,
)
