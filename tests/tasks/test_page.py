"""Pages of print: forms are read by their fields, and no object is seen in print."""

from __future__ import annotations

import json

import pytest

from tests.tasks.drawn import Drawing, Thing, reply
from twinsight.prompt import AnswerShape

LINES = (
    ("PROGRESS REPORT", (20, 4, 180, 20)),
    ("TO: Ann Lee", (10, 24, 60, 30)),
    ("FAX NO: 55 12", (80, 24, 140, 30)),
    ("FROM:", (10, 34, 30, 40)),
    ("Bo Ray", (34, 34, 60, 40)),
    ("DATE: 2-Dec-97 PHONE NUMBER: 55 34", (80, 34, 180, 40)),
    ("NUMBER OF PAGES: 3", (10, 44, 80, 50)),
    ("All is well so far.", (10, 54, 120, 60)),
)
FORM = Drawing(
    (Thing("laptop", (0, 0, 3, 3), "white"),),
    lines=LINES,
    name=("web page", 0.6, ()),
    ground="white",
)
PHOTO = Drawing((Thing("laptop", (20, 20, 180, 90), "blue"),), LINES, ("web page", 0.6, ()))

ASKED = {
    "recipient": ("Who is this form addressed to?", "It reads “TO: Ann Lee”."),
    "sender on the next line": ("Who wrote it?", "It reads “FROM: Bo Ray”."),
    "date in words": ("What is the date on this document?", "It reads “DATE: 2-Dec-97”."),
    "second field of a line": ("What is the phone number?", "It reads “PHONE NUMBER: 55 34”."),
    "a like key": ("What's the fax number?", "It reads “FAX NO: 55 12”."),
    "how many": ("How many pages are there?", "It reads “NUMBER OF PAGES: 3”."),
    "two at once": (
        "Who is it from, and what's the date?",
        "It reads “FROM: Bo Ray”. It reads “DATE: 2-Dec-97”.",
    ),
    "in a word": ("What is the date? Answer in one word.", "2-Dec-97"),
    "french": ("Qui est l'expéditeur ?", "On y lit « FROM: Bo Ray »."),
    "no such field": (
        "What is the tax rate?",
        "I cannot tell that from the picture; it reads “PROGRESS REPORT / TO: Ann Lee / FAX NO: 55 "
        "12 / FROM: / Bo Ray / DATE: 2-Dec-97 PHONE …”.",
    ),
    "summary": (
        "Summarize this document in one sentence.",
        "A page of text; its largest line reads “PROGRESS REPORT”.",
    ),
    "no object": ("Is there a laptop?", "No, I can make out no laptop."),
    "from and to": (
        "Who is it from, and to whom?",
        "It reads “FROM: Bo Ray”. It reads “TO: Ann Lee”.",
    ),
    "of when fr": ("De quand date ce document ?", "On y lit « DATE: 2-Dec-97 »."),
    "a date is there": ("Is there a date on this page?", "Yes. It reads “DATE: 2-Dec-97”."),
    "what it is": (
        "What kind of document is this?",
        "A page of text; its largest line reads “PROGRESS REPORT”.",
    ),
    "a class": ("Classify: photo of a cat, report, landscape", "report"),
}


@pytest.mark.parametrize(("question", "expected"), ASKED.values(), ids=ASKED.keys())
def test_a_form_is_read_by_its_fields(question: str, expected: str) -> None:
    assert reply(question, FORM) == expected


def test_a_coloured_picture_with_text_is_no_page() -> None:
    assert reply("Is there a laptop?", PHOTO) == "Yes, I can see a laptop."


def test_a_schema_takes_the_fields() -> None:
    names = {"to": "string", "date": "string", "number_of_pages": "integer", "phone": "string"}
    schema = {"type": "object", "properties": {n: {"type": t} for n, t in names.items()}}
    said = reply("Extract.", FORM, shape=AnswerShape("application/json", schema))
    expected = {"to": "Ann Lee", "date": "2-Dec-97", "number_of_pages": 3, "phone": "55 34"}
    assert json.loads(said) == expected
