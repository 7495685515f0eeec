"""What two boxes say of how their things lie to each other, and how it is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tasks.drawn import Drawing, Thing, reply
from twinsight.tasks.answers import relation

TABLE = (20, 50, 180, 100)
BOXES: dict[str, tuple[relation.Side, tuple[int, ...], tuple[int, ...], bool | None]] = {
    "a cup on a table": ("on", (60, 30, 80, 60), TABLE, True),
    "a table on a cup": ("on", TABLE, (60, 30, 80, 60), False),
    "far from the table": ("on", (60, 0, 80, 10), TABLE, False),
    "hardly over it": ("on", (10, 40, 26, 70), TABLE, None),
    "a cat in a suitcase": ("in", (40, 60, 90, 90), TABLE, True),
    "a corner in it": ("in", (0, 40, 40, 70), TABLE, None),
    "side by side": ("by", (0, 40, 30, 80), (35, 40, 70, 80), True),
    "rooms apart": ("by", (0, 40, 30, 80), (160, 40, 190, 80), False),
    "one inside the other": ("by", (40, 60, 90, 90), TABLE, None),
    "its foot is lower": ("front", (0, 40, 30, 95), (20, 20, 60, 70), True),
    "its foot is higher": ("front", (20, 20, 60, 70), (0, 40, 30, 95), False),
    "feet on one line": ("behind", (20, 40, 60, 80), (140, 40, 180, 80), None),
    "higher behind": ("behind", (20, 20, 60, 70), (0, 40, 30, 95), True),
    "boxes meet": ("touch", (0, 40, 30, 80), (30, 40, 70, 80), True),
    "boxes do not": ("touch", (0, 40, 30, 80), (50, 40, 70, 80), False),
    "directions": ("", (0, 40, 30, 80), (50, 40, 70, 80), None),
}


@pytest.mark.parametrize(("side", "one", "other", "expected"), BOXES.values(), ids=BOXES.keys())
def test_holds(
    side: relation.Side, one: tuple[int, ...], other: tuple[int, ...], expected: bool | None
) -> None:
    assert relation.holds(side, np.array(one, np.float32), np.array(other, np.float32)) is expected


OPPOSITES: tuple[tuple[relation.Side, relation.Side], ...] = (
    ("left", "right"),
    ("above", "below"),
    ("front", "behind"),
)


@st.composite
def boxes(draw: st.DrawFn) -> relation.Box:
    x, y = draw(st.integers(0, 900)), draw(st.integers(0, 900))
    wh = draw(st.integers(1, 900)), draw(st.integers(1, 900))
    return np.array((x, y, x + wh[0], y + wh[1]), np.float32)


@given(boxes(), boxes())
def test_opposites_exclude_each_other(one: relation.Box, other: relation.Box) -> None:
    for side, opposite in OPPOSITES:
        assert not (relation.holds(side, one, other) and relation.holds(opposite, one, other))
    assert relation.holds("by", one, other) is relation.holds("by", other, one)
    assert not (relation.holds("on", one, other) and relation.gap(one, other) > relation.APART)


DESK = Drawing(
    (
        Thing("dining table", TABLE, "white"),
        Thing("cup", (60, 30, 80, 60), "red"),
        Thing("chair", (2, 0, 14, 30), "green", 0.7),
        Thing("cat", (186, 40, 199, 95), "black", 0.15),
    )
)
TOLD = {
    "on": ("Is the cup on the table?", "Yes, the cup seems to be on the dining table."),
    "not on": (
        "The dining table is on the cup.",
        "No, the dining table does not seem to be on the cup.",
    ),
    "apart": ("The chair is touching the cup.", "No, the chair and the cup are apart."),
    "meet": ("Is the cup touching the table?", "Yes, the cup and the dining table meet in the "
             "picture."),
    "faint": ("The cat is next to the table.", "Yes, the cat seems to be next to the dining "
              "table."),
    "standing": ("There is a cup standing on the table.", "Yes, the cup seems to be on the dining "
                 "table."),
    "unseen": ("The dog is on the table.", "No, I can make out no dog."),
    "untold": (
        "The cup is facing the chair.",
        "I can see a cup and a chair, but I cannot tell how they lie to each other.",
    ),
    "on, French": ("La tasse est-elle sur la table ?", "Oui, il semble que la tasse soit sur la "
                   "table."),
    "apart, French": ("La chaise est dans la tasse.", "Non, la chaise et la tasse ne se "
                      "rejoignent pas sur l'image."),
    "in one word": ("Is the cup on the table? Answer yes or no only.", "yes"),
}  # fmt: skip


@pytest.mark.parametrize(("question", "expected"), TOLD.values(), ids=TOLD.keys())
def test_told(question: str, expected: str) -> None:
    assert reply(question, DESK) == expected
