"""The Gemini names that are answered."""

from __future__ import annotations

from docs_build.table import code, table
from twinsight.config import MODEL_NAMES


def as_table() -> str:
    """The built-in names, oldest first."""
    rows = [[code(n), f"{m.generation:g}", m.display_name] for n, m in MODEL_NAMES.items()]
    return table(["name", "generation", "display name"], rows)
