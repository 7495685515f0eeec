"""Words in the names of a schema's properties, by what they want."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from twinsight.filling.facts import MAX_DEPTH
from twinsight.tasks.request.lexicon import word_set

_WORD = re.compile(r"[A-ZÀ-Þ]?[a-zß-ÿ]+|[A-ZÀ-Þ]+(?![a-zß-ÿ])|\d+|[^\W\d_A-Za-zÀ-ÿ]+")


def words_of(name: str) -> list[str]:
    """`isOutdoorScene`, `is_outdoor_scene` → is, outdoor, scene."""
    return [word.lower() for word in _WORD.findall(name)]


CAPTION = word_set(
    "caption description summary answer alt describe response reply result légende overview "
    "details scene légende legende résumé resume réponse reponse"
)
LABEL = word_set(
    "label name cls category class classification object type subject tag item kind species nom "
    "objet catégorie categorie classe sujet espèce espece"
)
LABELS = word_set(
    "labels tags keywords categories classes names hashtags étiquettes noms catégories"
)
TEXT = word_set("text ocr transcription transcript words sign texte content contents")
LINES = word_set("lines texts words text")
COUNT = word_set("count number num total quantity qty how many nombre quantité quantite combien")
SCORE = word_set("score confidence probability certainty conf")
SCORES = word_set("scores confidences probabilities")
COLOUR = word_set("color colour colors colours couleur couleurs")
PRESENCE = word_set(
    "is has have contains contain are shows present visible there any found detected exists exist "
    "est a contient présent présente"
)
OBJECTS = word_set(
    "objects items detections boxes things entities elements instances masks points objets éléments"
)
FOUND = OBJECTS | word_set("""
    results result predictions prediction annotations annotation findings found data output outputs
    regions targets hits matches list all everything response answer answers bboxes shapes segments
    segmentations locations labels tags rows records content contents detection object item detected
    visible located boîtes cadres liste values value résultats
""")
"""Names of lists that may hold anything."""
BOX = word_set(
    "box bbox bounding coordinates coords rectangle region rect boîte boîtes cadre cadres"
)
BOXES = word_set("boxes bboxes rectangles regions boîtes cadres")
SHAPE = word_set("mask segmentation polygon contour outline")
POINT = word_set("point points center centre position location keypoint")
COMPARED = word_set("difference differences comparison changes similarity similarities common")
MAIN = word_set("main dominant primary principal principale dominante")
TITLE = word_set("title heading headline titre")
REPLY = word_set("answer response reply result explanation réponse reponse")
REASON = word_set(
    "reason reasoning explanation why justification because raison explication pourquoi"
)
PLACE = word_set("position location place where side area region emplacement lieu")
TONGUE = word_set("language lang langue locale")
PRICE = word_set("price cost amount prix montant")
SHARE = word_set("share percent percentage fraction proportion ratio")
SIZE = word_set("width height")
IMAGES = word_set("images image pictures picture photos photo results per")
INDEX = word_set("index id idx image picture")


def descriptions(schema: Any, depth: int = 0) -> Iterator[str]:
    """What a schema says in words, at any place of it."""
    if depth > MAX_DEPTH:
        return
    parts = schema.values() if isinstance(schema, dict) else schema
    if isinstance(schema, dict) and isinstance(schema.get("description"), str):
        yield schema["description"]
    for part in parts if isinstance(schema, dict | list) else ():
        yield from descriptions(part, depth + 1)
