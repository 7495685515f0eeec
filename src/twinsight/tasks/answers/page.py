"""The fields of a form, "DATE: 12/10/98", and the one that a question asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from twinsight.tasks.answers import particulars
from twinsight.tasks.request.lexicon import word_set
from twinsight.tasks.request.vocabulary import fold
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.said import Asked, Said

_KEY = re.compile(r"(?P<key>[^\W\d_][^:]{0,60}?) ?(?::|(?<=[Nn][Oo])\.) ?(?P<value>.*)")
_SECOND = re.compile(r"(?<![A-Z&/#]) (?=(?:[A-Z][A-Z/.#&'-]+ ?){1,4}:|[A-Z][a-z]+: )")
"""Where in a line a further key in capitals begins."""
_ALIKE = (
    "to addressed recipient addressee receiver à destinataire adressé",
    "from sender author writer wrote written sent signed de expéditeur auteur écrit envoyé",
    "subject re about topic title objet sujet",
    "date dated",
    "phone telephone tel téléphone",
    "fax facsimile télécopie",
    "number no numbers nr numéro num",
    "pages page",
    "company firm manufacturer société entreprise",
    "name nom",
    "amount total sum montant",
)
_SAME = {word: group.split()[0] for group in _ALIKE for word in group.split()}
_IDLE = word_set("""
    a an the is are was were what which who whom whose when where how many much there in on of this
    that it its for and please give tell me find extract read get does do did has have say says said
    document form letter report sheet paper invoice receipt memo message picture image photo text
    field value written listed shown mentioned name be can you see
    le la les un une des du quel quelle quels quelles qui que est sont ce cette document formulaire
    lettre combien quand de à y il quoi donne moi lis trouve au aux sur dans par pour
""") - {"from", "to"}


LEAST_VALUE = 1
"""Letters and digits of a value: what has none is the line to write on."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form, as it reads: `DATE`, `12/10/98`."""

    key: str
    value: str

    @property
    def words(self) -> frozenset[str]:
        """The words of its key, those that mean the same made one."""
        return frozenset(_meant(self.key))


def fields(scene: Scene) -> list[Field]:
    """The fields of the text that have a value, from top to bottom."""
    found: list[Field] = []
    for row in particulars.lines_side_by_side(scene):
        open_key = ""
        for part in (part for line in row for part in _SECOND.split(line)):
            match = _KEY.fullmatch(part)
            key, value = (match["key"], match["value"]) if match else (open_key, part)
            if key and sum(letter.isalnum() for letter in value) >= LEAST_VALUE:
                found.append(Field(key.strip(), value.strip()))
            open_key = key if match and not value else ""
    return found


def field_asked(scene: Scene, question: str) -> Field | None:
    """The field that a question asks for: the one whose key has all words that matter."""
    asked = set(_meant(question, _IDLE))
    matches = [field for field in fields(scene) if asked and asked <= field.words]
    matches = matches or [f for f in fields(scene) if asked and f.words and f.words <= asked]
    return min(matches, key=lambda field: len(field.words ^ asked), default=None)


def told(scene: Scene, asked: Asked) -> Said | None:
    """The field that is asked for, quoted; None where there is none."""
    field = field_asked(scene, asked.question)
    if field is None:
        return None
    quote = asked.voice.say("quote", text=f"{field.key}: {field.value}")
    return Said(asked.voice.say("it reads", quote=quote), field.value)


def _meant(text: str, without: frozenset[str] | set[str] = frozenset()) -> list[str]:
    words = re.findall(r"[^\W_]+", fold(text))
    return [_SAME.get(word, word) for word in words if word not in without]
