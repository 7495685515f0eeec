"""Particulars that a picture's text may hold: a total, a date, a name, a phone number, hours.

What is found is quoted as it reads; nothing is worked out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from twinsight.tasks.answers import describe
from twinsight.tasks.find import SURE_LINE
from twinsight.tasks.request.vocabulary import fold
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.said import Asked, Said

MONEY = (
    r"(?:[$€£¥] ?)?\d{1,3}(?:[ ,.]\d{3})*[.,]\d{2}(?!\d)(?: ?(?:[$€£¥]|eur|usd|chf))?"
    r"|[$€£¥] ?\d+|\d+ ?[$€£¥]"
)
_MONTH = (
    r"(?:jan|feb|fév|mar|apr|avr|may|mai|jun|juin|jul|juil|aug|août|sep|oct|nov|dec|déc)[a-zéû]*\.?"
)
DATE = (
    r"(?:\b\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\b|\b\d{1,2}(?:st|nd|rd|th|er)? "
    + _MONTH
    + r",? \d{4}|\b"
    + _MONTH
    + r" \d{1,2}(?:st|nd|rd|th)?,? \d{4})"
)
TIME = r"\b\d{1,2} ?[:h] ?\d{2}\b(?: ?[ap]\.?m\.?)?|\b\d{1,2} ?[ap]\.?m\b\.?"
HOURS = r"(?:\b\d{1,2}(?:[:h.]\d{0,2})? ?(?:[ap]\.?m\.?)? ?(?:to|-|–|à) ?\d{1,2}(?:[:h.]\d{0,2})?)"
PHONE = r"\+?\(?\d[\d ()./-]{6,}\d"


@dataclass(frozen=True, slots=True)
class Particular:
    """What is asked for: `words` of a question, `near` words on the line, the `value` itself."""

    name: str
    words: str
    value: str
    near: str = ""


_PARTICULARS = (
    Particular(
        "total",
        r"(?:the |grand |sub ?)?total(?! (?:number|count))(?: amount| price| cost)?|"
        r"amount (?:due|paid)|montant|somme|"
        r"how much (?:did|was|is|does) (?:it|this|the (?:bill|receipt|order|meal)).*",
        MONEY,
        r"total|amount due|montant|somme|à payer|balance due",
    ),
    Particular("price", r"prices?|costs?|prix|coût\w*|how much (?:is|are) (?:it|this|the)", MONEY),
    Particular(
        "phone", r"(?:tele)?phone number|number to call|numéro de tél\w*", PHONE
    ),
    Particular("email", r"e ?mail(?: address)?|courriel", r"\S+@\S+\.\w+"),
    Particular(
        "url", r"web ?site|url|web address|site (?:web|internet)", r"(?:https?://|www\.)\S+|\b[\w-]+\.(?:com|org|net|fr|de|co\.uk)\b"
    ),
    Particular(
        "hours",
        r"opening (?:hours?|times?)|(?:when|what time)(?: does| do| is| are)? .*\b(?:open|"
        r"close)\w*|business hours|horaires?|(?:à quelle heure|quand) .*\b(?:ouvr|ferm)\w*",
        HOURS + "|" + TIME,
    ),
    Particular(
        "date",
        r"(?:what|which) (?:is the )?dates?|date of|dated?|when (?:was|is) (?:this|the|it) "
        r".*\b(?:issued|printed|"
        r"signed|sent|written|made|taken|shot|due)|quelle (?:est la )?date|date (?:de|du)|expir\w+",
        DATE,
    ),
    Particular("time", r"what time (?:is|was|does)|quelle heure", TIME),
)  # fmt: skip
_NAME = re.compile(
    r"\b(?:(?:what|which) (?:brand|airline|carrier)|(?:brand|airline)(?: name)?|"
    r"(?:name|title) of (?:the|this) (?:\w+ )?(?:shop|store|restaurant|company|"
    r"brand|product|book|film|movie|magazine|station|street|hotel|"
    r"place|café|cafe|business|boat|ship|team)|what(?:'s| is| are) (?:the|this) "
    r"(?:shop|store|restaurant|company|product|book|street|station|place|hotel) called|"
    r"which (?:shop|store|company|restaurant)|marque|compagnie aérienne|"
    r"nom (?:de la |du |de le |de cette |de ce )(?:magasin|boutique|restaurant|société|"
    r"produit|livre|rue|gare|hôtel|enseigne|bateau)|"
    r"comment se appelle (?:le|la|ce|cette) (?:magasin|boutique|restaurant|produit|"
    r"livre|rue|hôtel))\b"
)
_STARTS = re.compile(
    r"^(?:and |et )?(?:what|when|which|how much|at what|until|tell|give|find|read|extract|get|"
    r"quel\w*|à quelle|quand|combien|donne\w*|trouve\w*|lis|comment|total|prix|date)\b"
)
_NO_LETTER = re.compile(r"[\W\d_]+")

AS_LARGE = 0.8
"""Share of the tallest letters' height from which letters count as large too."""


@cache
def _asked() -> tuple[tuple[Particular, re.Pattern[str]], ...]:
    return tuple((p, re.compile(rf"\b(?:{p.words})\b")) for p in _PARTICULARS)


def particular_of(question: str) -> Particular | None:
    """What a question wants to be read off the picture; None for any other question."""
    words = fold(question)
    if not _STARTS.match(words):
        return None
    if _NAME.search(words):
        return Particular("name", "", "")
    return next((p for p, pattern in _asked() if pattern.search(words)), None)


def found(scene: Scene, particular: Particular, question: str = "") -> tuple[str, str] | None:
    """The row of text that holds it and the value itself; None where none does.

    Of several prices the one on a row that shares a word with the question; none where none does.
    """
    if particular.name == "name":
        largest = largest_text(scene)
        return (largest, largest) if largest else None
    value = re.compile(particular.value, re.IGNORECASE)
    rows = rows_of(scene)
    if particular.near:
        near = re.compile(rf"\b(?:{particular.near})\b", re.IGNORECASE)
        rows = [row for row in rows if near.search(row)]
    matches = [(row, match[0].strip()) for row in rows for match in value.finditer(row)]
    if particular.name == "price" and len(matches) > 1:
        asked = set(re.findall(r"[^\W\d_]{3,}", fold(question)))
        matches = [m for m in matches if asked & set(re.findall(r"[^\W\d_]{3,}", fold(m[0])))]
    return matches[-1 if particular.name == "total" else 0] if matches else None


def read_off(scene: Scene, asked: Asked) -> Said:
    """The particular, quoted; else what the text reads, or that there is none."""
    voice, particular = asked.voice, particular_of(asked.question)
    assert particular is not None, "the task is this one only where the question asks for that"
    match = found(scene, particular, asked.question)
    if match is not None:
        row, value = match
        key = "largest reads" if particular.name == "name" else "it reads"
        return Said(voice.say(key, quote=voice.say("quote", text=row)), value)
    return Said(describe.at_a_loss(scene, asked.style.language), asked.unknown())


def largest_text(scene: Scene) -> str:
    """The first of the lines with the tallest letters; empty without text."""
    lines = [
        line
        for line in scene.lines
        if line.score >= describe.SURE_TEXT and len(_NO_LETTER.sub("", line.text)) >= 3
    ]
    most = max((_side(line.quad) for line in lines), default=0.0)
    return next((line.text.strip() for line in lines if _side(line.quad) >= AS_LARGE * most), "")


def _side(quad: NDArray[np.float32]) -> float:
    """Height of the letters: the quad's left side, whichever way it leans."""
    return float(np.hypot(*(quad[3] - quad[0])))


def rows_of(scene: Scene) -> list[str]:
    """The lines of text, those that stand side by side as one."""
    return [" ".join(row) for row in lines_side_by_side(scene)]


def lines_side_by_side(scene: Scene) -> list[list[str]]:
    """The rows of text from top to bottom, each with its lines from left to right."""
    lines = [line for line in scene.lines if line.score >= SURE_LINE and line.text.strip()]
    rows: list[list[tuple[float, float, float, str]]] = []
    for line in sorted(lines, key=lambda each: float(each.quad[:, 1].mean())):
        middle, left = float(line.quad[:, 1].mean()), float(line.quad[:, 0].min())
        high = float(line.quad[:, 1].max() - line.quad[:, 1].min())
        entry = (left, middle, high, line.text.strip())
        last = rows[-1] if rows else []
        if last and abs(last[-1][1] - middle) < 0.5 * min(high, last[-1][2]):
            last.append(entry)
        else:
            rows.append([entry])
    return [[entry[3] for entry in sorted(row)] for row in rows]


_KEYS = {
    "total": "total amount sum montant",
    "price": "price cost prix",
    "phone": "phone telephone téléphone",
    "email": "email mail courriel",
    "url": "url website site",
    "hours": "hours horaires",
    "date": "date",
    "time": "time heure",
    "name": "merchant vendor store shop company brand business supplier seller retailer "
    "manufacturer publisher "
    "commerce commerçant marque magasin enseigne fournisseur",
}


def named(scene: Scene, words: set[str]) -> str | None:
    """What the text holds of the particular that a key's words name; None where it holds none."""
    name = next((name for name, keys in _KEYS.items() if words & set(keys.split())), None)
    if name is None or words & {"items", "objects", "people", "count"}:
        return None
    particular = next((p for p in _PARTICULARS if p.name == name), Particular("name", "", ""))
    match = found(scene, particular)
    return match[1] if match else None


def number_in(text: str) -> float | None:
    """The number that an amount of money is: `1,234.50 €` → 1234.5."""
    digits = re.sub(r"[^\d.,]", "", text).strip(".,")
    if re.search(r"[.,]\d{2}$", digits):
        whole, cents = digits[:-3], digits[-2:]
        return float(f"{re.sub(r'[.,]', '', whole) or '0'}.{cents}")
    return float(digits) if digits.isdecimal() else None


def iso_date(text: str) -> str | None:
    """A date as YYYY-MM-DD; None where day and month cannot be told apart."""
    numbers = re.findall(r"\d+", text)
    if len(numbers) != 3 or not all(map(str.isdecimal, numbers)):
        return None
    first, middle, last = map(int, numbers)
    if len(numbers[0]) == 4:
        year, month, day = first, middle, last
    elif len(numbers[2]) == 4 and ("." in text or first > 12):
        year, month, day = last, middle, first
    elif len(numbers[2]) == 4 and (middle > 12 or first == middle):
        year, month, day = last, first, middle
    else:
        return None
    return f"{year:04}-{month:02}-{day:02}" if 1 <= month <= 12 and 1 <= day <= 31 else None


@dataclass(frozen=True, slots=True)
class Priced:
    """A row of a receipt or a menu."""

    name: str
    price: float | None
    quantity: int


_SUMMED = re.compile(
    r"\b(?:(?:sub|grand )?total|tax|vat|tva|amount|balance|change|cash|card|visa|montant|somme|à "
    r"payer)\b",
    re.IGNORECASE,
)
_QUANTITY = re.compile(r"^(\d{1,3}) ?[x×]? +(?=\D)")


def priced(scene: Scene) -> list[Priced]:
    """The rows of text that end with an amount of money and are no sums."""
    rows = []
    for row in rows_of(scene):
        match = re.search(rf"(?P<price>{MONEY})\s*$", row, re.IGNORECASE)
        text = row[: match.start()].strip(" .:-") if match else ""
        if match is None or not re.search(r"[^\W\d_]", text) or _SUMMED.search(text):
            continue
        several = _QUANTITY.match(text)
        name = text[several.end() :] if several else text
        rows.append(Priced(name, number_in(match["price"]), int(several[1]) if several else 1))
    return rows
