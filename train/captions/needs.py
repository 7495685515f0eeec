"""Words that hang on certain things: nobody says "court" of a photo without a tennis racket.

Learned from the captions and the true objects of the layouts that teach. A word that nearly always
comes with one of a few rather rare kinds is closed to scenes in which none of them was found, so
that a writer who likes tennis does not put every person on a court.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from train.captions.scenes import Layout
from train.captions.words import kind_of

MOST_KINDS = 4
LEAST_LAYOUTS = 15
LEAST_COVERED = 0.88
"""Share of a word's uses in which one of its kinds is there."""
MOST_COMMON = 0.10
"""Share of all layouts in which one of them is there."""
LEAST_GAIN = 0.03


def needs(layouts: Sequence[Layout]) -> dict[str, frozenset[str]]:
    """Word → the kinds of which one must be there. People do not count, they are everywhere."""
    kinds = [frozenset(one.objects.label) - {"person"} for one in layouts]
    common = Counter(kind for here in kinds for kind in here)
    uses: dict[str, Counter[int]] = defaultdict(Counter)
    for index, one in enumerate(layouts):
        uses_here = Counter(word for caption in one.captions for word in set(caption))
        for word, count in uses_here.items():
            uses[word][index] += count
    found = {}
    for word, where in uses.items():
        if len(where) >= LEAST_LAYOUTS and kind_of(word) in ("", "person"):
            few = _few_kinds(where, kinds, common)
            if few:
                found[word] = few
    return found


def _few_kinds(
    where: Counter[int], kinds: Sequence[frozenset[str]], common: Counter[str]
) -> frozenset[str]:
    """The few kinds that go with a word used in these layouts; none if they are many or common."""
    total, left = where.total(), dict(where)
    few: set[str] = set()
    while len(few) < MOST_KINDS and 1 - sum(left.values()) / total < LEAST_COVERED:
        gain: Counter[str] = Counter()
        for index, count in left.items():
            gain.update(dict.fromkeys(kinds[index], count))
        best = max(gain, key=lambda k: (gain[k] - total * common[k] / len(kinds), k), default="")
        if not best or gain[best] < LEAST_GAIN * total:
            return frozenset()
        few.add(best)
        left = {index: count for index, count in left.items() if best not in kinds[index]}
    covered = 1 - sum(left.values()) / total
    rate = sum(bool(here & few) for here in kinds) / len(kinds)
    return frozenset(few) if covered >= LEAST_COVERED and rate <= MOST_COMMON else frozenset()
