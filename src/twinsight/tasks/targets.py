"""Which things a spatial prompt names, how many, and with which keys: English and French."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from twinsight.tasks import vocabulary
from twinsight.tasks.vocabulary import Language, Meaning

COLOURS = {
    "red": "red", "rouge": "red", "orange": "orange", "yellow": "yellow", "jaune": "yellow",
    "green": "green", "vert": "green", "verte": "green", "blue": "blue", "bleu": "blue",
    "bleue": "blue", "purple": "purple", "violet": "purple", "violette": "purple", "pink": "pink",
    "rose": "pink", "brown": "brown", "marron": "brown", "brun": "brown", "brune": "brown",
    "black": "black", "noir": "black", "noire": "black", "white": "white", "blanc": "white",
    "blanche": "white", "grey": "grey", "gray": "grey", "gris": "grey", "grise": "grey",
}  # fmt: skip

SIDES = {
    "left": "left", "leftmost": "leftmost", "right": "right", "rightmost": "rightmost",
    "top": "top", "upper": "top", "topmost": "topmost", "bottom": "bottom", "lower": "bottom",
    "bottommost": "bottommost", "center": "centre", "centre": "centre", "middle": "centre",
    "gauche": "left", "droite": "right", "haut": "top", "bas": "bottom", "milieu": "centre",
}  # fmt: skip

SIZES = {
    "largest": "largest", "biggest": "largest", "main": "largest", "smallest": "smallest",
    "grand": "", "plus grand": "largest", "plus grande": "largest", "plus petit": "smallest",
    "plus petite": "smallest", "plus gros": "largest", "plus grosse": "largest",
}  # fmt: skip

_ANYTHING = {
    "item", "items", "object", "objects", "thing", "things", "everything", "element", "elements",
    "objet", "objets", "chose", "choses", "tout", "élément", "éléments", "article", "articles",
    "stuff", "subject", "subjects", "sujet", "sujets", "instance", "instances", "all",
}  # fmt: skip
_TEXT = {
    "text", "texts", "word", "words", "letter", "letters", "writing", "texte", "textes", "mot",
    "mots", "sign", "signs", "label text", "panneau", "panneaux", "inscription", "inscriptions",
}  # fmt: skip
_FILLER = set(
    "a an the all every each any some of this that these those its his her their my your visible "
    "prominent main salient different distinct various individual single following kind kinds type "
    "types you can see find present there is are there's please both and les la le l un une des du "
    "de d tous toutes tout chaque ce cette ces visibles principaux principales principal présents "
    "présentes s'il te plaît on in at to with me most more only just also "
    "one ones two three four five six seven eight nine ten".split()
)

_TRIGGER = re.compile(
    r"\b(?:detect(?:ion)?|détect\w*|segment(?:ation)?(?: masks?)?|segment\w*|masks?|masques?|point(?:s|ez|er|e)?"
    r"(?: to| at| out)?|bounding box(?:es)?|box(?:es)?|locate|locali[sz]e|localise[rz]?|find|trouve[rz]?|"
    r"boîtes?(?: englobantes?)?|cadres?(?: englobants?)?|outline|count|how many|number of|combien|compte[rz]?|"
    r"is there|are there|where (?:is|are)|where's|où (?:est|sont|se trouv\w+)|y a-t-il|"
    r"do you see|can you see|vois[- ]tu|contains?|show|silhouettes? of|détoure[rz]?|trajectory)\b",
    re.IGNORECASE,
)
# Where the words about the things end and those about the place or the form of the answer begin.
_END = re.compile(
    r"(?:[.;:?!\n]|,? ?\b(?:in|on|from|within|of|dans|sur|de) (?:the |this |these |that |each |both |la |l'|le |cette |les |ces )"
    r"?(?:given |provided |attached |following )?(?:image|picture|photo|photograph|scene|frame)s?\b|"
    r"\b(?:output|return|respond|answer|format|as (?:a )?json|in json|with (?:the )?keys?|where each|using|"
    r"normali[sz]ed|the box_2d|at most|no more than|limit|up to|max(?:imum)?|en json|au format|renvoie|"
    r"réponds|au plus|and (?:output|return|give|label|provide)|are there|do you|can you|is there|y a-t-il|"
    r"vois[- ]tu|can be seen|are visible|est-ce)\b)",
    re.IGNORECASE,
)
_MOST = re.compile(
    r"\b(?:at most|max(?:imum)?(?: of)?|no more than|up to|limit(?:ed)? to|top|au plus|au maximum|"
    r"jusqu'à|first)\s+(\d{1,4})\b|\b(\d{1,4}) (?:items?|objects?|boxes|results?) (?:at most|max|or fewer)",
    re.IGNORECASE,
)
_FRENCH = re.compile(
    r"\b(?:le|la|les|des|une|est|sont|dans|avec|pour|sur|quoi|quelle?s?|combien|où|que|qu'|détect\w+|"
    r"cette|ces|donne\w*|image contient|y a-t-il|décri\w+|légende\w*|masques?)\b",
    re.IGNORECASE,
)
_ENGLISH = re.compile(
    r"\b(?:the|is|are|what|how|this|in|of|detect|give|which|where|describe|caption|and|with)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Target:
    """One thing asked for. `names` None means anything at all; empty means nothing that is known.

    `word` is what the caller called it, where it is another word for the very thing.
    """

    phrase: str
    names: frozenset[str] | None
    word: str = ""
    text: bool = False
    colour: str = ""
    side: str = ""
    size: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that is asked for: things, the most answers, and the language of the labels."""

    targets: tuple[Target, ...] = field(default_factory=tuple)
    most: int | None = None
    language: Language = "en"


def language_of(question: str) -> Language:
    """French when its small words outnumber the English ones."""
    french, english = len(_FRENCH.findall(question)), len(_ENGLISH.findall(question))
    return "fr" if french > english else "en"


def wanted(question: str) -> Wanted:
    """What a detection, segmentation, pointing or counting prompt is after."""
    most = _MOST.search(question)
    limit = int(next(g for g in most.groups() if g)) if most else None
    phrases = _phrases(question)
    targets = tuple(t for t in map(_target, phrases) if t is not None)
    if not targets:
        targets = (Target("", None),)
    return Wanted(_with_shared_noun(targets), limit, language_of(question))


def _phrases(question: str) -> list[str]:
    """The noun phrases of the first clause that names something."""
    for match in _TRIGGER.finditer(question):
        rest = question[match.end() :]
        rest = re.sub(r"^\s*(?:masks?|box(?:es)?|points?|2d)\b", "", rest, flags=re.IGNORECASE)
        rest = re.sub(r"^[\s:,\"'*_-]*(?:for|of|around|to|on|pour|de|des|du|d')?\b", "", rest)
        end = _END.search(rest)
        clause = rest[: end.start()] if end else rest
        parts = [
            p.strip(" \"'`*()[]") for p in re.split(r",|/|\band\b|\bor\b|\bet\b|\bou\b|&", clause)
        ]
        parts = [p for p in parts if p and _content(p)]
        if parts:
            return parts
    return []


def _content(phrase: str) -> list[str]:
    words = re.findall(r"[\w'’-]+", phrase.lower().replace("d'", "").replace("l'", ""))
    return [word for word in words if word not in _FILLER]


def _target(phrase: str) -> Target | None:
    words = _content(phrase)
    if not words:
        return None
    colour, side, size, rest = "", "", "", []
    joined = " ".join(words)
    for wording, kind in SIZES.items():
        if kind and re.search(rf"\b{wording}\b", joined):
            size = kind
            joined = re.sub(rf"\b{wording}\b", " ", joined)
    for word in joined.split():
        if word in COLOURS and not (word in ("orange", "rose") and len(words) == 1):
            colour = COLOURS[word]
        elif word in SIDES:
            side = SIDES[word]
        elif word not in ("side", "hand", "côté", "corner", "half"):
            rest.append(word)
    noun = " ".join(rest)
    names, word, is_text = _resolve(noun)
    return Target(phrase.strip(), names, word, is_text, colour, side, size)


def _resolve(noun: str) -> tuple[frozenset[str] | None, str, bool]:
    """The names that a noun phrase covers; its own word for them; whether it is about text."""
    if not noun or all(word in _ANYTHING for word in noun.split()):
        return None, "", False
    if noun in _TEXT:
        return frozenset(), "", True
    words = noun.split()
    head = [word for word in words if word not in _ANYTHING]
    known: Meaning | None = None
    for start in range(len(head)):
        phrase = " ".join(head[start:])
        known = vocabulary.meaning(phrase)
        if known is not None:
            adjectives = head[:start]
            return _of_material(known, adjectives), (phrase if known.exact else ""), False
    for end in range(len(head), 0, -1):
        made_of = vocabulary.material(" ".join(head[:end]))
        if made_of is not None:
            return made_of, "", False
        known = vocabulary.meaning(" ".join(head[:end]))
        if known is not None:
            # French adjectives follow their noun: "chaises en bois".
            return (
                _of_material(known, [" ".join(head[end:])]),
                " ".join(head[:end]) if known.exact else "",
                False,
            )
    return frozenset(), "", False


def _of_material(known: Meaning, adjectives: list[str]) -> frozenset[str]:
    names = known.names
    for adjective in adjectives:
        made_of = vocabulary.material(adjective)
        if made_of is not None and names & made_of:
            names = names & made_of
    return names


def _with_shared_noun(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """In "red and blue cars" the first part has only an adjective: the noun is the last part's."""
    last = targets[-1]
    completed = []
    for target in targets:
        bare = target.names is None and (target.colour or target.side or target.size)
        if bare and target is not last and last.names is not None:
            target = Target(
                target.phrase,
                last.names,
                last.word,
                last.text,
                target.colour,
                target.side,
                target.size,
            )
        completed.append(target)
    return tuple(completed)
