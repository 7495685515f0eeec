"""All pages in one folder, with their links put right and the made parts in their places."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"

# Pages that live at the top of the repository, where people look for them first.
TOP_PAGES = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}

_MADE = re.compile(r"^<!-- made: (\w+) -->$", re.MULTILINE)
_LINK = re.compile(r"\]\(([\w./-]+\.md)((?:#[\w-]+)?)\)")


def gather(folder: Path, made: Mapping[str, Callable[[], str]]) -> None:
    """Writes every page into `folder`, which is emptied before.

    Raises KeyError for a part that nothing makes.
    """
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(DOCS, folder)
    for source, target in TOP_PAGES.items():
        text = (ROOT / source).read_text("utf-8")
        (folder / target).write_text(_LINK.sub(_from_top, text), "utf-8")
    for page in folder.rglob("*.md"):
        text = page.read_text("utf-8")
        text = _MADE.sub(lambda place: made[place[1]](), text)
        for source, target in TOP_PAGES.items():
            text = text.replace(f"](../{source})", f"]({target})")
        page.write_text(text, "utf-8")


def _from_top(link: re.Match[str]) -> str:
    """A link of a page at the top of the repository, as seen from docs/."""
    return f"]({TOP_PAGES.get(link[1], link[1].removeprefix('docs/'))}{link[2]})"
