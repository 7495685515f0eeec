"""Prompts are understood as their wording says; the table is `prompts.toml`."""

from __future__ import annotations

from typing import Any

import pytest

from evals.prompts import cases, misunderstood


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["ask"].strip()[:60] or "nothing")
def test_prompt_is_understood(case: dict[str, Any]) -> None:
    assert misunderstood(case) == []


def test_the_table_is_large_and_in_two_languages() -> None:
    languages = [case.get("language", "en") for case in cases()]
    assert len(languages) >= 150
    assert languages.count("fr") >= 50
