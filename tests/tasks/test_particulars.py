"""Particulars are read off the picture's text and quoted as they stand there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.tasks.drawn import DOG, Drawing, reply
from twinsight.prompt import AnswerShape
from twinsight.tasks.answers.particulars import iso_date, number_in, particular_of

RECEIPT = Drawing(
    lines=(
        ("CAFE LUNA", (10, 2, 90, 16)),
        ("2 Coffee", (10, 20, 60, 30)),
        ("6.40", (150, 20, 180, 30)),
        ("Cake", (10, 34, 60, 44)),
        ("4.20 €", (150, 34, 180, 44)),
        ("TOTAL", (10, 50, 60, 60)),
        ("10.60", (150, 50, 180, 60)),
        ("Tel. 01 23 45 67 89", (10, 64, 120, 74)),
        ("31/12/2024 14:25", (10, 80, 120, 90)),
    )
)
HOURS = Drawing(lines=(("NORTH GATE", (10, 10, 150, 40)), ("Open 9 to 17", (10, 60, 100, 75))))
READ = {
    "total": (RECEIPT, "What is the total on this receipt?", "It reads “TOTAL 10.60”."),
    "total fr": (RECEIPT, "Quel est le montant total ?", "On y lit « TOTAL 10.60 »."),
    "date": (RECEIPT, "What is the date?", "It reads “31/12/2024 14:25”."),
    "phone": (RECEIPT, "What is the phone number?", "It reads “Tel. 01 23 45 67 89”."),
    "name": (RECEIPT, "What is the name of the shop?", "The largest text reads “CAFE LUNA”."),
    "name fr": (HOURS, "Quel est le nom de la rue ?", "Le texte le plus grand est « NORTH GATE »."),
    "hours": (HOURS, "When does it open?", "It reads “Open 9 to 17”."),
    "not there": (
        HOURS,
        "What is the total?",
        "I cannot tell that from the picture; it reads “NORTH GATE / Open 9 to 17”.",
    ),
    "no text": (
        Drawing((DOG,)),
        "What is the price?",
        "I cannot tell that from the picture; I see a dog.",
    ),
    "one word": (RECEIPT, "What is the total? Answer with just a number.", "10.60"),
}


@pytest.mark.parametrize(("drawing", "question", "expected"), READ.values(), ids=READ.keys())
def test_particular_is_quoted(drawing: Drawing, question: str, expected: str) -> None:
    assert reply(question, drawing) == expected


@pytest.mark.parametrize(
    "question", ["What colour is the phone?", "Is there a date palm?", "How many price tags?"]
)
def test_other_questions_are_none(question: str) -> None:
    assert particular_of(question) is None


def test_receipt_by_schema() -> None:
    item = {"name": {"type": "string"}, "qty": {"type": "integer"}, "price": {"type": "number"}}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "merchant": {"type": "string"},
            "date": {"type": "string", "format": "date"},
            "total": {"type": "number"},
            "items": {"type": "array", "items": {"type": "object", "properties": item}},
        },
        "required": ["merchant", "date", "total", "items"],
    }
    said = reply("Extract the receipt", RECEIPT, shape=AnswerShape("application/json", schema))
    assert json.loads(said) == {
        "merchant": "CAFE LUNA",
        "date": "2024-12-31",
        "total": 10.6,
        "items": [
            {"name": "Coffee", "qty": 2, "price": 6.4},
            {"name": "Cake", "qty": 1, "price": 4.2},
        ],
    }


@pytest.mark.parametrize(
    ("text", "date"),
    [
        pytest.param("2024-03-12", "2024-03-12", id="year first"),
        pytest.param("12.03.2024", "2024-03-12", id="dots: day first"),
        pytest.param("31/12/2024", "2024-12-31", id="day above twelve"),
        pytest.param("12/31/2024", "2024-12-31", id="month first"),
        pytest.param("03/04/2024", None, id="either"),
        pytest.param("99.99.2024", None, id="none"),
    ],
)
def test_date_is_told_only_where_it_is_sure(text: str, date: str | None) -> None:
    assert iso_date(text) == date


@pytest.mark.parametrize(
    ("text", "number"),
    [("10.60", 10.6), ("4,20 €", 4.2), ("$1,234.50", 1234.5), ("£ 5", 5.0), ("-", None)],
)
def test_amount_of_money(text: str, number: float | None) -> None:
    assert number_in(text) == number
