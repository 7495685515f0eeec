"""Slips of the fingers in the words that matter: "detct the chiars" asks for the chairs.

Two letters swapped, one left out or one typed twice, within a word of six letters or more, and only
where the outcome is no word of its own: "balloon" is no slip of the French "ballon".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from twinsight.tasks.request import vocabulary
from twinsight.tasks.request.lexicon import word_set

SHORTEST = 6
_ASKING = word_set("""
    detect détecte locate localise segment segmente bounding object objects objets count image
    picture everything point
""")
_REAL = word_set("""
    ailment ailments airlines animas apparel aiment avions avons babes baies bains balloon
    balloons balls bards basis bassins bates battes battre beats bests bikes biers boars boche
    boches bonding bones bords bores bosse bosses botte bottes bottled brows bushes cacher
    caches caine campagne campagnes canine canne cannes caters cavaler chais chars chase chases
    chines chins claver coches cocks compagne companies compter computes coteau coteaux covert
    cravats crotte crottes cuisiner culler cutlers deice denses dinning dises divas diver divers
    drier dries drives dyers employe falcon falcons farer ferris files fills fling flings flues
    framer framers freezes frits genes garons homes hoses hoover human jouer lades laides
    laddies lires livers lives lories meters metes meule monteur monteurs moors mopes motos
    moues mousse mousses muette muettes muses navies objets orage orages ouvrir paies pairs
    panes pants papes pares parings paring pasties pasty payer payers pendue pires pitches piton
    pitons plane planet planets planes plans plate plates plats poles pones potable potables
    pouls pules pures rages rangs repas repasse revel rides roues rogues sacks sating server
    servers sieur skier skies sorting sorts spots surer tacher tales tames taster tasters telles
    tells toiles trais traves trucs tucks tumbles valse valses voiler volans water waters
""")


def mended(word: str) -> str:
    """The known word of which this is a slip, else the word itself."""
    return _slips().get(word, word)


@cache
def _slips() -> dict[str, str]:
    known, meant = (
        {word for phrase in phrases for word in re.findall(r"[^\W\d_]+", phrase)} | _ASKING
        for phrases in (vocabulary.words(), vocabulary.usual())
    )
    table: dict[str, str] = {}
    for word in sorted(known):
        for slip in _typed_wrongly(word) if len(word) >= SHORTEST and word in meant else ():
            if slip not in known | _REAL:
                table.setdefault(slip, word)
    return table


def _typed_wrongly(word: str) -> Iterator[str]:
    for i in range(1, len(word) - 1):
        yield word[:i] + word[i + 1] + word[i] + word[i + 2 :]
        yield word[:i] + word[i + 1 :]
        yield word[:i] + word[i] + word[i:]
