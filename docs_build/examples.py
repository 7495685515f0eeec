"""The frameworks page: each program under examples/ that exists, with its own words first."""

from __future__ import annotations

import ast
from pathlib import Path

from docs_build.gather import ROOT

EXAMPLES = ROOT / "examples"

_LANGUAGES = {".py": "python", ".js": "js", ".mjs": "js", ".ts": "ts", ".sh": "sh", ".go": "go"}


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
    text = path.read_text("utf-8")
    name = path.relative_to(ROOT)
    return (
        f"## {_title(path)}\n\n{about(text, path.suffix)}\n\n"
        f'````{_LANGUAGES[path.suffix]} title="{name}"\n{text.rstrip()}\n````\n'
    )


def _title(path: Path) -> str:
    inner = path.relative_to(EXAMPLES)
    name = inner.parts[0] if len(inner.parts) > 1 else inner.stem
    return name.replace("_", " ").replace("-", " ").capitalize()


def about(text: str, suffix: str) -> str:
    """The first paragraph of the program's own description."""
    if suffix == ".py":
        return (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0]
    lines = []
    for line in text.splitlines():
        if line.startswith("#!"):
            continue
        if not line.startswith(("//", "#", "/*", " *")):
            break
        lines.append(line.strip(" /*#"))
    return " ".join(lines).strip()
