"""The asker's own words for classes: "cat", "Golden_Retriever", "trucks", "cock", "sorrel".

When a prompt names the labels to choose from, each is worth the sum over the classes it covers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from twinsight.engines import weights
from twinsight.engines.pocket.label_groups import GROUPS, KINDS, members, names

# Everyday words for groups and kinds that the tables call otherwise.
EVERYDAY = {
    "aeroplane": "airplane",
    "plane": "airplane",
    "aircraft": "airplane",
    "automobile": "car",
    "bike": "bicycle",
    "cow": "cattle",
    "kitten": "cat",
    "puppy": "dog",
    "motorbike": "motorcycle",
    "phone": "telephone",
    "hen or rooster": "chicken",
    "clothing": "piece of clothing",
    "clothes": "piece of clothing",
    "furniture": "piece of furniture",
    "electronics": "electronic device",
    "appliance": "household appliance",
    "instrument": "musical instrument",
    "scenery": "landscape",
    "nature": "landscape",
}


def given_scores(given: Sequence[str], probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """A probability for each given word, (n,); nan for a word that names nothing we know.

    A class goes to the most specific of the given words that cover it, so "cup" beside
    "coffee mug" loses nothing and steals nothing; words that tie share it.
    """
    covers = [classes_of(word) for word in given]
    smallest = np.full(len(probabilities), np.inf)
    for classes in covers:
        smallest[list(classes)] = np.minimum(smallest[list(classes)], len(classes))
    owned = [
        [number for number in classes if smallest[number] == len(classes)] for classes in covers
    ]
    owners = np.bincount([number for one in owned for number in one], minlength=len(probabilities))
    return np.array(
        [
            (probabilities[one] / owners[one]).sum() if classes else np.nan
            for one, classes in zip(owned, covers, strict=True)
        ],
        np.float32,
    )


def classes_of(word: str) -> tuple[int, ...]:
    """The class numbers, rising, that a word of any case, singular or plural, covers; else ().

    Looked up in this order: our names, the groups and kinds, WordNet's synonyms, and last the
    classes whose name ends in the word ("terrier"). A group wins over a class of the same name.
    """
    plain = _plain(word.split(",")[0])
    for form in dict.fromkeys((plain, *_singulars(plain))):
        form = EVERYDAY.get(form, form)
        if form in GROUPS or form in KINDS:
            return members(form)
        for table in _tables():
            if form in table:
                return table[form]
    return ()


def _plain(word: str) -> str:
    words = re.sub(r"[\W_]+", " ", word.replace("'", "").lower()).strip()
    return re.sub(r"^(a|an|the|photo of|picture of) ", "", words)


def _singulars(word: str) -> list[str]:
    endings = (("ies", "y"), ("ves", "f"), ("es", ""), ("s", ""), ("men", "man"))
    return [word.removesuffix(old) + new for old, new in endings if word.endswith(old)]


@cache
def _tables() -> tuple[dict[str, tuple[int, ...]], ...]:
    """Names, synonyms and last words, each to the classes it covers."""
    extra = weights.manifest("labels").extra
    lines = (weights.FOLDER / extra["synonyms"]).read_text("utf-8").splitlines()
    ours: dict[str, list[int]] = defaultdict(list)
    first: dict[str, list[int]] = defaultdict(list)
    others: dict[str, list[int]] = defaultdict(list)
    last: dict[str, list[int]] = defaultdict(list)
    for number, (name, line) in enumerate(zip(names(), lines, strict=True)):
        ours[_plain(name)].append(number)
        synonyms = [_plain(one) for one in line.split(",")]
        first[synonyms[0]].append(number)
        for one in synonyms[1:]:
            others[one].append(number)
        last[_plain(name).split()[-1]].append(number)
    return tuple(
        {word: tuple(numbers) for word, numbers in table.items()}
        for table in (ours, first, others, last)
    )
