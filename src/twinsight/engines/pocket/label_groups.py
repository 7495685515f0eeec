"""Broader true words for the 1,000 classes, and the name that a photo may safely be given.

The model often knows "a dog" well before it knows which of 118 dogs. A group's probability is the
sum over its classes, so a sentence can fall back from "a golden retriever" to "a dog" to
"an animal", and to nothing at all: it never claims what was not seen.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from twinsight.engines import weights
from twinsight.engines.roles import Label


@cache
def names() -> tuple[str, ...]:
    """The 1,000 class names, all different, in the order of the model's output."""
    text = (weights.FOLDER / weights.manifest("labels").extra["labels"]).read_text("utf-8")
    return tuple(text.splitlines())


# Class numbers in the model's order, as "first-last" and single numbers. The numbers are those of
# ImageNet-1k in WordNet id order; the grouping is ours, by what people would call the thing.
GROUPS = {
    "fish": "0-6 389 391-397",
    "shark": "2-4",
    "ray": "5-6",
    "bird": "7-24 80-100 127-146",
    "chicken": "7-8",
    "owl": "24",
    "parrot": "87-90",
    "duck": "97-98",
    "wading bird": "127-134",
    "salamander": "25-29",
    "frog": "30-32",
    "turtle": "33-37",
    "lizard": "38-48",
    "crocodile or alligator": "49-50",
    "snake": "52-68",
    "spider": "72-77",
    "crab": "118-121 125",
    "lobster": "122-123",
    "whale": "147-148",
    "dog": "151-268",
    "wolf": "269-271",
    "wild dog": "269-275",
    "fox": "277-280",
    "cat": "281-285",
    "bear": "294-297",
    "beetle": "300-307",
    "butterfly": "321-326",
    "insect": "300-326",
    "rabbit": "330-332",
    "rodent": "333-338",
    "pig": "341-343",
    "cattle": "345-347",
    "sheep": "348-349",
    "antelope": "351-353",
    "ape": "365-369",
    "monkey": "370-382",
    "primate": "365-384",
    "elephant": "101 385-386",
    "guitar": "402 546",
    "piano": "579 881",
    "car": "436 468 511 609 627 656 661 751 817",
    "truck": "555 569 675 717 864 867",
    "bus": "654 779 874",
    "train": "466 547 565 705 820",
    "boat": "472 484 554 576 625 780 814 871 914",
    "ship": "403 510 628 724",
    "bicycle": "444 671",
    "motorcycle": "665 670",
    "airplane": "404 895",
    "chair": "423 559 765",
    "hat": "439 452 515 808",
    "shoe": "502 514 630 770 774",
    "swimsuit": "445 639 842",
    "computer": "527 590 620 681",
    "telephone": "487 528 707",
    "clock": "409 530 892",
    "bottle": "440 720 737 898 907",
    "cup": "504 968",
    "gun": "413 763-764",
    "bridge": "821 839 888",
    "fence": "489 716 912",
    "camera": "732 759",
    "bag": "414 636 728 748",
    "sunglasses": "836-837",
    "helmet": "518 560 715",
    "bread": "930-932",
    "dessert": "927-929",
    "fruit": "948-957",
    "vegetable": "936-946",
    "mushroom": "947 992-997",
    "flower": "985-986",
    "mountain": "970 980",
    "shore": "975-978",
}

KINDS = {
    "animal": "0-50 52-68 70-107 110-397",
    "vehicle": "403-405 407-408 436 444 450 466 468 472 484 510-511 537 547 554-555 561 565 569 "
    "573 575-576 586 595 603 609 612 625 627-628 654 656 661 665 670-671 675 690 705 717 724 734 "
    "751 757 779-780 802-803 812 814 817 820 829 833 847 856 864 866-867 870-871 874 880 895 914",
    "food": "924-957 959-965 987",
    "musical instrument": "401-402 420 432 486 513 541 546 558 566 579 593-594 641-642 683-684 687 "
    "699 776 822 875 881 889",
    "piece of furniture": "423 431 453 493 495 516 520 526 532 548 553 559 564 703 736 765 831 "
    "857 894",
    "piece of clothing": "399-400 411 445 457 459 474 501 568 578 601 608 610 614 617 638-639 652 "
    "655 689 697 735 775 806 824 834 841-842 869 887 906",
    "building": "425 437 442 449 483 497 500 580 634 663 668 698 727 743 832 853 915",
    "electronic device": "482 485 487 508 527 530-531 590 592 605 620 632 662 664 673 681 688 707 "
    "713 742 745 754 761 782 848 851",
    "household appliance": "521 534 550 589 606 651 760 766 827 859 882 891 897",
    "tool": "462 473 477 491 499 587 596 726 740 784 792",
    "landscape": "970 972 974-980",
}

# Fine names that a look cannot tell apart, or that say more than is seen: the word to say instead.
SAID_AS = {
    "elephant": "101 385-386",
    "cat": "281-282 285",
    "wolf": "269-271",
    "cattle": "345-346",
    "sheep": "348",
    "laptop": "620 681",
    "screen": "664 782",
    "cassette player": "482 848",
    "clock": "409 892",
    "telephone": "528 707",
    "rifle": "413 764",
    "missile": "657 744",
    "suit of armor": "461 524",
    "sunglasses": "836-837",
    "swimsuit": "639",
    "dress": "578 601 689",
    "uniform": "652",
    "tie": "906",
    "bottle": "737 898",
    "coffee": "967",
    "corn": "987 998",
    "mushroom": "947 992-997",
    "bed": "564",
    "bench": "703",
    "toilet": "861",
    "tower": "442",
    "car": "436",
    "bus": "874",
    "motorcycle": "665",
    "train": "466 705",
    "locomotive": "547",
    "ship": "628",
    "sailing ship": "724 780",
    "sailboat": "484 871 914",
    "shore": "975 978",
}

# Things that the model likes to infer from the scene around them: a microwave oven in any kitchen,
# a unicycle on any street. Found on COCO train2017 photos, and widened to things of the same sort;
# said only when very sure.
INFERRED = (
    "415 424 429-430 433 454 467 509 518 521-523 539 560 574 579 582 588 600 615 617 643 648 651 "
    "678 691 697 722 732 735 746-747 752 758 766 768 788 790 793-796 801 805 827 842 852 854 860 "
    "865 876 880 890 896-897 904-905"
)

# Set by eye on 340 COCO train2017 photos, never on photos that accuracy is reported on: of the
# 107 names said of them at these thresholds, one or two were not true. On the 253 of coco_dev,
# which had no part in it, 77 names were said and 4 were not true (judged by eye).
NAME_AT_LEAST = 0.45
INFERRED_AT_LEAST = 0.9
GROUP_AT_LEAST = 0.55
KIND_AT_LEAST = 0.6


def best_name(probabilities: NDArray[np.float32]) -> Label | None:
    """The most specific name that is sure enough, for class probabilities of shape (1000,).

    The name of a class (or the plainer word of `SAID_AS`) if it is sure; else the smallest sure
    group; else a kind such as "animal"; else None: then nothing should be said of what the photo
    shows. Best given `PocketLabels.steady_probabilities`, for which the thresholds were set.
    """
    words, word_of_class, inferred = _words()
    scores = np.bincount(word_of_class, probabilities, len(words))
    best = int(scores.argmax())
    if scores[best] >= (INFERRED_AT_LEAST if inferred[best] else NAME_AT_LEAST):
        return _label(words[best], float(scores[best]))
    for table, at_least in ((GROUPS, GROUP_AT_LEAST), (KINDS, KIND_AT_LEAST)):
        for name in sorted(table, key=lambda group: len(members(group))):
            score = float(probabilities[list(members(name))].sum())
            if score >= at_least:
                return _label(name, score)
    return None


def _label(name: str, score: float) -> Label:
    return Label(name, min(score, 1.0), broader_words(name))


@cache
def broader_words(name: str) -> tuple[str, ...]:
    """Other words that are true of whatever has this name, the narrowest first: "dog", "animal".

    `name` is a class's, or one that `best_name` says. Raises KeyError for any other word.
    """
    covered = set(members(name))
    words, word_of_class, _ = _words()
    said = {words[word_of_class[number]] for number in covered} if len(covered) == 1 else set()
    groups = [group for group in (*GROUPS, *KINDS) if covered <= set(members(group))]
    groups.sort(key=lambda group: len(members(group)))
    return tuple(word for word in dict.fromkeys((*said, *groups)) if word != name)


@cache
def members(name: str) -> tuple[int, ...]:
    """The class numbers, rising, that a class's name, a group, a kind or a plainer word covers.

    The widest meaning counts ("cat" is the group). Raises KeyError for any other word.
    """
    if name in GROUPS or name in KINDS:
        return _numbers(GROUPS.get(name) or KINDS[name])
    words, word_of_class, _ = _words()
    if name not in words:
        if name not in names():
            raise KeyError(name)
        return (names().index(name),)
    return tuple(np.flatnonzero(word_of_class == words.index(name)).tolist())


@cache
def _words() -> tuple[tuple[str, ...], NDArray[np.intp], NDArray[np.bool_]]:
    """All words for classes; for each class its word's number; for each word if it is inferred."""
    said = {number: word for word, text in SAID_AS.items() for number in _numbers(text)}
    of_class = [said.get(number, name) for number, name in enumerate(names())]
    words = tuple(dict.fromkeys(of_class))
    numbers = {word: number for number, word in enumerate(words)}
    inferred = np.zeros(len(words), bool)
    inferred[[numbers[of_class[number]] for number in _numbers(INFERRED)]] = True
    return words, np.array([numbers[word] for word in of_class]), inferred


def _numbers(text: str) -> tuple[int, ...]:
    """ "2-4 7" to (2, 3, 4, 7)."""
    numbers: set[int] = set()
    for part in text.split():
        first, _, last = part.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return tuple(sorted(numbers))
