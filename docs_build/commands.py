"""The command line's reference, from the commands themselves."""

from __future__ import annotations

from cyclopts.docs.markdown import generate_markdown_docs

from twinsight.cli import app


def as_sections() -> str:
    """A section for each command, as its own help tells it."""
    return str(generate_markdown_docs(app, heading_level=2, generate_toc=False))
