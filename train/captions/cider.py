"""CIDEr-D, a caption's likeness to what people wrote, to watch the training by.

Vedantam et al. 2015; the variant of the COCO caption server: n-grams of 1 to 4 words weighed by
rarity, counts clipped, a Gaussian penalty on the difference in length (sigma 6), times 10. The
caller may add the end of a caption as a word, so that those which stop short of one earn less.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence

SIGMA = 6.0
LONGEST = 4

Words = Sequence[Hashable]


def grams(words: Words) -> Counter[tuple[Hashable, ...]]:
    return Counter(
        tuple(words[i : i + n]) for n in range(1, LONGEST + 1) for i in range(len(words) - n + 1)
    )


class Cider:
    """Rarity is learned once, from all references; then single captions are scored."""

    def __init__(self, references: Sequence[Sequence[Words]]) -> None:
        self._in: Counter[tuple[Hashable, ...]] = Counter()
        for group in references:
            self._in.update(set().union(*(grams(r) for r in group)))
        self._log_count = math.log(len(references))
        self._references = [[self._vector(r) for r in group] for group in references]

    def _vector(
        self, words: Words
    ) -> tuple[list[dict[tuple[Hashable, ...], float]], list[float], int]:
        parts: list[dict[tuple[Hashable, ...], float]] = [{} for _ in range(LONGEST)]
        norms = [0.0] * LONGEST
        for gram, count in grams(words).items():
            n = len(gram) - 1
            weight = count * (self._log_count - math.log(max(1, self._in[gram])))
            parts[n][gram] = weight
            norms[n] += weight * weight
        return parts, [math.sqrt(norm) for norm in norms], len(words)

    def score(self, words: Words, index: int) -> float:
        """CIDEr-D of a caption against the references of that index (1.0 is "100")."""
        parts, norms, length = self._vector(words)
        total = 0.0
        for other, other_norms, other_length in self._references[index]:
            damp = math.exp(-((length - other_length) ** 2) / (2 * SIGMA**2))
            for n in range(LONGEST):
                if not norms[n] or not other_norms[n]:
                    continue
                there = other[n]
                dot = sum(
                    min(weight, there[gram]) * there[gram]
                    for gram, weight in parts[n].items()
                    if gram in there
                )
                total += damp * dot / (norms[n] * other_norms[n])
        return 10.0 * total / LONGEST / len(self._references[index])
