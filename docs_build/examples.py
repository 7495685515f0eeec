"""The frameworks page: each program under examples/ that exists, its own words before it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from textwrap import dedent

from docs_build.gather import ROOT

EXAMPLES = ROOT / "examples"

_LANGUAGES = {".py": "python", ".js": "js", ".mjs": "js", ".ts": "ts", ".sh": "sh", ".go": "go"}
_COMMENT = re.compile(
    r"(?:#![^\n]*\n)?(?:/\*(?P<block>.*?)\*/|(?P<lines>(?:^(?://|#)[^\n]*\n)+))", re.DOTALL | re.M
)


def programs() -> list[Path]:
    """The example programs, in the order of their names."""
    return sorted(
        p
        for p in EXAMPLES.rglob("*")
        if p.suffix in _LANGUAGES and "node_modules" not in p.parts and p.name != "__init__.py"
    )


def as_sections() -> str:
    """A section for each program."""
    return "\n".join(_section(p) for p in programs())


def _section(path: Path) -> str:
    about, program = described(path.read_text("utf-8"), path.suffix)
    title, _, rest = about.partition(": ")
    if not rest:
        raise ValueError(f"{path.relative_to(ROOT)} does not begin with 'Name: what it shows'")
    return (
        f"## {title}\n\n{rest[:1].upper()}{rest[1:]}\n\n"
        f'````{_LANGUAGES[path.suffix]} title="{path.relative_to(ROOT)}"\n{program}\n````\n'
    )


def described(text: str, suffix: str) -> tuple[str, str]:
    """A program's description at its head, without marks of comments, and the rest of it."""
    if suffix == ".py":
        tree = ast.parse(text)
        end = tree.body[0].end_lineno or 0
        return ast.get_docstring(tree) or "", "\n".join(text.splitlines()[end:]).strip()
    found = _COMMENT.match(text)
    if found is None:
        return "", text.strip()
    if found["block"] is not None:
        head, _, rest = found["block"].strip().partition("\n")
        told = f"{head}\n{dedent(rest)}"
    else:
        told = "\n".join(line.lstrip("/#").strip() for line in found["lines"].splitlines())
    return told.strip(), text[found.end() :].strip()
