"""Small words of requests, English and French, as tables: colours, sides, orders, numbers, fillers.

Every word is written as `vocabulary.fold` leaves it: lower case, no hyphens, "l'eau" as "le eau".
"""

from __future__ import annotations

import re
import unicodedata

_BARE_FROM = 3
"""Letters from which a word is known without its accents too: "a" is not "à"."""


def unaccented(text: str) -> str:
    """As it is typed without accents: `boîte` → `boite`, `œuf` → `oeuf`."""
    letters = unicodedata.normalize("NFD", text.replace("œ", "oe"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def loosely(pattern: str) -> str:
    """The pattern with accents that need not be there, except within character classes."""
    outside = re.split(r"(\[[^\]]*\])", pattern)
    return "".join(
        part
        if part.startswith("[")
        else "".join(c if unaccented(c) == c else f"(?:{c}|{unaccented(c)})" for c in part)
        for part in outside
    )


def _with_bare(words: list[str]) -> list[str]:
    return words + [unaccented(word) for word in words if len(word) >= _BARE_FROM]


def _table(rows: str) -> dict[str, str]:
    """`red: rouge rouges` → each word after the colon means the one before it."""
    found: dict[str, str] = {}
    for row in rows.strip().splitlines():
        meaning, words = row.split(":")
        found |= dict.fromkeys(_with_bare(words.split()), meaning.strip())
    return found


def word_set(text: str) -> frozenset[str]:
    """The words, apart by blanks or lines, with their accents and without."""
    return frozenset(_with_bare(text.split()))


COLOURS = _table("""
    red: red rouge rouges
    orange: orange
    yellow: yellow jaune jaunes
    green: green vert verte verts vertes
    turquoise: turquoise
    blue: blue bleu bleue bleus bleues
    purple: purple violet violette violets violettes
    pink: pink rose roses
    brown: brown marron marrons brun brune bruns brunes
    black: black noir noire noirs noires
    white: white blanc blanche blancs blanches
    grey: grey gray gris grise grises
""")

SIDES = _table("""
    left: left gauche
    right: right droite
    top: top upper haut
    bottom: bottom lower bas
    centre: centre center middle milieu
""")

ORDERS = _table("""
    largest: largest biggest nearest closest
    smallest: smallest tiniest farthest furthest
    left: leftmost
    right: rightmost
    top: topmost uppermost highest
    bottom: bottommost lowest
""")

# French makes its superlatives with "plus": "la plus grande tasse".
PLUS = _table("""
    largest: grand grande grands grandes gros grosse grosses proche proches
    smallest: petit petite petits petites éloigné éloignée éloignés éloignées
    top: haut haute
    bottom: bas basse
""")

NEAREST = word_set("nearest closest proche proches")
VIEWERS = word_set("""
    camera appareil viewer lens photographer me us you front foreground caméra objectif
    spectateur moi nous
""")
"""What is nearest to these is the largest in the picture."""

NUMBERS = {
    word: value
    for value, words in enumerate(
        (
            "one single",
            "two deux both",
            "three trois",
            "four quatre",
            "five cinq",
            "six",
            "seven sept",
            "eight huit",
            "nine neuf",
            "ten dix",
        ),
        1,
    )
    for word in words.split()
}

MOST_DIGITS = 9
"""Digits up to which a word is read as a number; people count no further, and int() has its end."""


def number_of(word: str) -> int | None:
    """The whole number that a word is, in digits or letters; None for any other word."""
    if word.isdecimal() and len(word) <= MOST_DIGITS:
        return int(word)
    return NUMBERS.get(word)


ORDINALS = {
    word: value
    for value, words in enumerate(
        (
            "first 1st premier première",
            "second 2nd deuxième seconde",
            "third 3rd troisième",
            "fourth 4th quatrième",
            "fifth 5th cinquième",
            "sixth 6th sixième",
        ),
        1,
    )
    for word in _with_bare(words.split())
}

# Words for whatever there is to see.
ANYTHING = word_set("""
    item items object objects thing things everything element elements objet objets chose
    choses élément éléments article articles stuff subject subjects sujet sujets instance
    instances anything entity entities entité entités
    something whatever
""")

# Said of the one thing that a picture is about.
MAIN = word_set("""
    main primary principal principale prominent salient dominant dominante
""")
# "Pizza slices" are pizza.
PORTIONS = word_set("""
    slice slices piece pieces portion portions half halves
""")

TEXT = word_set("""
    text texts word words letter letters writing texte textes mot mots sign signs panneau
    panneaux inscription inscriptions lettering caption captions lettre lettres phrase
    phrases
""")
# Words that go with those without changing what they mean: "text lines", "all words visible".
TEXT_FORMS = word_set("""
    line lines block blocks region regions area areas ligne lignes
""")

DEFINITE = word_set("""
    the le la this that ce cet cette its his her their son sa
""")
EACH = word_set("""
    each every all any some chaque tous toutes tout les des ces these those
""")

# Said of things without telling them apart.
FILLER = word_set("""
    max maximum instead plutôt
    a an the all every each any some no this that these those its his her their my your me
    us i it they visible prominent main salient important different distinct various
    individual single following kind kinds type types sort sorts you we please both more
    most much many only just also too again here there's whole entire complete own small
    little big large tiny huge actual real several un une des du de le la les ce cet cette
    ces tous toutes tout chaque quelques plusieurs visibles principaux principales principal
    principale dominant dominante dominants
    dominantes primary overall présents présentes présent présente importants importantes important
    différents différentes petit petite petits petites grand grande grands grandes gros
    grosse moi nous je tu te plaît plait il elle son sa ses leur leurs mon ma mes type sorte
    genre autre autres another other others seulement aussi image images picture pictures photo
    photos photograph
""")

# What may stand between the request's verb and its thing, so that it is passed over there.
LEADING = word_set("""
    of for to at on out around in is are was were be there from with about as have has get give
    me the 2d 3d bounding box boxes mask masks segmentation segment point points coordinates
    position positions location locations outline outlines contour contours polygon polygons
    silhouette silhouettes cutout cutouts label labels detection and 2 which show showing find
    locate detect identify list parts part pair pairs group groups set sets bunch lot lots piece
    pieces slice slices number amount image photo instance instances occurrence
    occurrences return give show output renvoie
    renvoyez retourne retournez depicting containing contain produce draw get provide run
    perform create generate place put need can you count compte them include including inclure
    click select tap dot dots annotate outline please what which color colors colour colours sur
    pour de à au aux dans en avec est sont y a t il ils elle elles que boîte boîtes cadre cadres
    englobante englobantes englobant englobants masque masques coordonnées position donne donnez
    donner fournis produis combien couleur couleurs quelle quelles quel quels emplacement
    emplacements paire paires groupe nombre tranche tranches morceau morceaux liste
""")

# Where a thing's own words end and what is told about it begins: "cup | being held by the man".
AFTER = word_set("""
    that which who whose where with without in on at by of from to for near next behind
    under above below beside between inside over into onto around against along across
    through being is are was were does do did can could has have had there so if when while
    using made called such as qui que où dont dans sur avec sans en à au aux de du par pour
    près derrière devant sous entre contre chez est sont était y a ont vois voit voyez peut
    peux on comme
""")

# Words after a noun that tell nothing of it: "there", "visible in the picture".
UNTOLD = word_set("""
    there visible shown depicted pictured see seen present here included y t il tu vous te
    partant partir trouve trouvent
""")

# Nouns of the answer's form and not of the picture.
FORM_NOUNS = word_set("""
    chacun chacune i'd like values value whose group grouped keyed lists crop csv yolo
    coco xml voc lines rows columns
    report reports
    json label labels name names score scores confidence confidences coordinates box boxes bbox
    mask masks list array key keys class classes category categories description descriptions
    answer output result results format fencing code markdown colour colours color colors
    ingredient ingredients number numbers étiquette étiquettes nom noms clé clés liste réponse
    coordonnées couleur couleurs confiance 2d string strings int integer integers float floats
    boolean type types optional required dict dicts dictionary digit digits fence fences prose
    explanation explanations comment comments scaled pixel pixels normalized normalised absolute
    relative rectangle rectangles bounding only raw plain valid model assistant system task app
    application expert detector detection detections dataset data set step then next one ones
    puis ensuite chiffre chiffres explication explications tableau uniquement modèle détecteur
    détection
""")

FORM = FORM_NOUNS | FILLER | LEADING
"""Words of which a phrase about the answer's form is made, and nothing else."""

# Words of place that say nothing by themselves: "side", "corner".
PLACE = word_set("""
    side hand corner half far edge côté coin moitié partie part plus most
""")

LIGHT = (
    FILLER
    | PLACE
    | COLOURS.keys()
    | SIDES.keys()
    | ORDERS.keys()
    | PLUS.keys()
    | NUMBERS.keys()
    | ORDINALS.keys()
)
"""Words beside a noun that do not change which thing it names."""
