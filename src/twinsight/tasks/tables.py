"""Spatial lists as lines of text, where a prompt asks for no JSON: CSV, Markdown, YOLO, VOC.

Boxes, points and names are told; masks are pictures and stand in JSON alone.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from xml.sax.saxutils import escape

from twinsight.tasks.limit import Listing
from twinsight.tasks.request.corners import corner_of, is_yolo
from twinsight.tasks.request.keys import Entry, Form, part_of
from twinsight.tasks.request.vocabulary import fold, meaning

Kind = Literal["csv", "table", "yolo", "voc", "numbers"]

_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("csv", re.compile(r"\bcsv\b|\b(?:comma|semicolon|tab)[- ]separated\b", re.I)),
    ("voc", re.compile(r"\b(?:pascal )?voc\b|\bxml\b", re.I)),
    (
        "table",
        re.compile(
            r"\b(?:markdown|md)[- ](?:table|tableau)\b|\btable(?:au)? markdown\b|"
            r"\b(?:as|in|into|en|sous forme de|dans) (?:an? |un )?(?:table|tableau)\b"
            r"(?! (?:json|d))",
            re.I,
        ),
    ),
)
_JSON = re.compile(r"\bjson\b", re.I)
_NUMBERS = re.compile(
    r"\b(?:only|just|simply|juste|uniquement|seulement)(?: return| give)?(?: the| les)? "
    r"(?:four|4|quatre) (?:numbers|integers|values|nombres|valeurs|entiers)\b",
    re.I,
)
_COLUMNS = re.compile(
    r"\b(?:columns?|headers?|colonnes?|en-têtes?|fields?|champs?|csv)(?: (?:named|called|are|is|"
    r"row|line|with|format|avec))*\s*[:=(]?\s*(?P<names>[\"'`]?\w[\w ]{0,30}[\"'`]?"
    r"(?:\s*[,|;]\s*(?:and |et )?[\"'`]?\w[\w ]{0,30}[\"'`]?)+)",
    re.I,
)
_NUMBERED = re.compile(r"\b(?P<id>\d{1,3})\s*(?:=|:|->|→|is|for)\s*(?P<name>[^\W\d_][\w ]*)", re.I)
_NAMED = re.compile(r"(?P<name>[^\W\d_][\w ]*?)\s*(?:=|:|->|→)\s*(?P<id>\d{1,3})\b", re.I)


@dataclass(frozen=True, slots=True)
class Table:
    """`kind` is how lines are written; `form` has a part for each column."""

    kind: Kind
    form: Form
    ids: dict[str, int]

    def with_image(self) -> Table:
        """The same with a column for the picture."""
        return replace(self, form=replace(self.form, entry=(*self.form.entry, ("", "image"))))

    def listing(self) -> Listing:
        """What stands before the lines and after them."""
        if self.kind == "csv":
            return Listing("```csv\n", "\n```", _csv(self.form.keys) + "\n", "\n", "", "")
        if self.kind == "table":
            rows = (_cells(self.form.keys), _cells("---" for _ in self.form.keys))
            return Listing("", "", "\n".join(rows) + "\n", "\n", "", "\n".join(rows))
        if self.kind == "voc":
            return Listing("```xml\n<annotation>\n", "\n</annotation>\n```", "", "\n", "", "")
        if self.kind == "numbers":
            return Listing("", "", "", "\n", "", "")
        return Listing("```\n", "\n```", "", "\n", "", "")

    def line(self, entry: dict[str, Any], order: Sequence[str]) -> str:
        """One thing; `order` are the names of what is asked for, by which YOLO's numbers go."""
        if self.kind == "voc":
            return _voc(entry)
        if self.kind == "numbers":
            return ",".join(f"{value:g}" for value in entry.values())
        if self.kind == "csv":
            return _csv(map(_cell, entry.values()))
        if self.kind == "table":
            return _cells(map(_cell, entry.values()))
        numbers = [
            value for part, key in self.form.entry if part[:1] == "." for value in (entry[key],)
        ]
        label, kind = entry["label"], entry["kind"]
        number = self.ids.get(fold(label), self.ids.get(kind))
        if number is None:
            number = order.index(kind) if kind in order else 0
        return " ".join([str(number), *(f"{value:g}" for value in numbers)])


def table_of(question: str, form: Form) -> Table | None:
    """The lines that a prompt asks for in place of JSON; None where it asks for none."""
    if _JSON.search(question):
        return None
    if is_yolo(question):
        entry = (*((f".{name}", name) for name in form.corners.box), ("label", "label"))
        return Table("yolo", replace(form, entry=(*entry, ("kind", "kind"))), _ids(question))
    if _NUMBERS.search(question):
        entry = tuple((f".{name}", name) for name in form.corners.box)
        return Table("numbers", replace(form, entry=entry), {})
    kind = next((kind for kind, pattern in _KINDS if pattern.search(question)), None)
    if kind is None:
        return None
    if kind == "voc":
        ends = (("label", "name"), *((f".{n}", n) for n in ("xmin", "ymin", "xmax", "ymax")))
        scale = form.corners.scale if re.search(r"\b0\s*-\s*1", question) else "pixel"
        return Table(
            kind, replace(form, entry=ends, corners=replace(form.corners, scale=scale)), {}
        )
    return Table(kind, replace(form, entry=_columns(question) or _plain(form)), {})


def _columns(question: str) -> Entry:
    """The columns that the prompt names; () where they hold no place and no name."""
    for found in _COLUMNS.finditer(question):
        names = [name.strip(" \"'`") for name in re.split(r"[,|;]", found["names"])]
        names = [re.sub(r"^(?:and|et) ", "", name) for name in names]
        entry = tuple((_column(name, names), name) for name in names if name)
        if sum(bool(part) for part, _ in entry) > 1:
            return entry
    return ()


def _column(name: str, beside: Sequence[str]) -> str:
    number = corner_of(name, beside)
    return f".{number}" if number is not None else part_of(name)


def _plain(form: Form) -> Entry:
    """A column for the name and one for each number of the box, or of the point."""
    parts = [part for part, _ in form.entry]
    numbers = ("x", "y") if "point" in parts and "box" not in parts else form.corners.box
    extra = tuple((part, key) for part, key in form.entry if part in ("score", "colour"))
    return (("label", "label"), *((f".{name}", name) for name in numbers), *extra)


def _ids(question: str) -> dict[str, int]:
    """The numbers of classes that the prompt gives: "0=car, 1=truck", "person: 0"."""
    ids: dict[str, int] = {}
    for pattern in (_NUMBERED, _NAMED):
        for found in pattern.finditer(question):
            known = meaning(found["name"].strip())
            for name in known.names if known is not None else ():
                ids.setdefault(name, int(found["id"]))
        if ids:
            break
    return ids


def _cell(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _csv(cells: Any) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(cells)
    return written.getvalue()


def _cells(cells: Any) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _voc(entry: dict[str, Any]) -> str:
    ends = ("xmin", "ymin", "xmax", "ymax")
    sides = "".join(f"<{side}>{entry[side]}</{side}>" for side in ends)
    return f"  <object><name>{escape(entry['name'])}</name><bndbox>{sides}</bndbox></object>"
