"""Small English: articles, plurals, counts and lists for nouns that eyes know."""

from __future__ import annotations

from collections.abc import Sequence

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_PLURALS = {
    "person": "people",
    "man": "men",
    "woman": "women",
    "child": "children",
    "mouse": "mice",
    "knife": "knives",
    "wolf": "wolves",
    "bus": "buses",
    "goose": "geese",
    "wine glass": "wine glasses",
    "toothbrush": "toothbrushes",
}
_UNCHANGED = ("sheep", "skis", "scissors", "broccoli", "fish", "cattle", "deer")
_STUFF = (
    "furniture", "food", "tableware", "cutlery", "electronics", "luggage", "sports equipment",
)  # fmt: skip
# Said without "a": plural words, and stuff that is not counted.
_UNCOUNTED = (
    "skis", "scissors", "broccoli", "cattle", "text", "food", "furniture", "clothing",
    "grass", "dirt", "sand", "snow", "water", "stairs", "paper", "indoors", "outdoors",
)  # fmt: skip
# Of which there is but one.
_ONLY = ("sky", "sea")
_SILENT_OR_YOU = ("hour", "honest")
_YOU = ("uni", "use", "euro", "ukulele", "one")


def article(noun: str) -> str:
    """The noun with "a" or "an", or bare when it takes neither."""
    if noun in _UNCOUNTED or noun.endswith("jeans"):
        return noun
    if noun in _ONLY:
        return f"the {noun}"
    word = noun.lower()
    vowel = word[:1] in "aeiou" and not word.startswith(_YOU)
    return ("an " if vowel or word.startswith(_SILENT_OR_YOU) else "a ") + noun


def plural(noun: str) -> str:
    """The noun for several: `person` → `people`, `hot dog` → `hot dogs`."""
    if noun in _PLURALS:
        return _PLURALS[noun]
    head, space, last = noun.rpartition(" ")
    if last in _PLURALS:
        return head + space + _PLURALS[last]
    if last in _UNCHANGED:
        return noun
    if last.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if last.endswith("y") and last[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def number(count: int) -> str:
    """In words up to ten."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def counted(count: int, noun: str) -> str:
    """`a dog`, `two dogs`, `12 dogs`, `two pieces of furniture`."""
    if noun in _STUFF:
        return f"{'a piece' if count == 1 else number(count) + ' pieces'} of {noun}"
    return article(noun) if count == 1 else f"{number(count)} {plural(noun)}"


def listed(phrases: Sequence[str], conjunction: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{', '.join(phrases[:-1])} {conjunction} {phrases[-1]}"


def sentence(text: str) -> str:
    """With a capital at the start and a stop at the end."""
    text = text.strip()
    if not text:
        return ""
    ended = text if text[-1] in ".!?…”" else text + "."
    return ended[0].upper() + ended[1:]
