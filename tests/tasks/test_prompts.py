"""Prompts are understood as their wording says; the table is `prompts.toml`."""

from __future__ import annotations

from typing import Any

import pytest

from evals.prompts import SPATIAL, cases, misunderstood, prompt_of
from twinsight.tasks.request import targets
from twinsight.tasks.request.intent import may_be_spatial, task_of


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["ask"].strip()[:60] or "nothing")
def test_prompt_is_understood(case: dict[str, Any]) -> None:
    assert misunderstood(case) == []


def test_the_table_is_large_and_in_two_languages() -> None:
    languages = [case.get("language", "en") for case in cases()]
    assert len(languages) >= 150
    assert languages.count("fr") >= 50


def test_the_quick_look_for_places_passes_over_none() -> None:
    spatial = 0
    for case in cases():
        prompt = prompt_of(case["ask"], case.get("images", 1), case.get("system", ""))
        if task_of(prompt) in SPATIAL:
            spatial += 1
            assert may_be_spatial(prompt), case["ask"]
    assert spatial > 50
    assert not may_be_spatial(prompt_of("What is in this picture?", 1))


def test_a_clause_that_only_asks_is_read_a_bounded_number_of_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str] = []
    real = targets._until_end

    def counted(rest: str) -> str:
        read.append(rest)
        return real(rest)

    monkeypatch.setattr(targets, "_until_end", counted)
    targets.wanted("is it the " * 1000)
    assert 0 < len(read) <= 2 * (targets.MOST_ASKING + 1)
