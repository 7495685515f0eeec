"""The written pages as programs: their shell blocks in order, with the files they show beside them.

In a page, a block with a title is a file, one in a shell language is run, and a `text` block
without a title is what the commands above it print. `<!-- not run: reason -->` before a block
leaves it out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_BLOCK = re.compile(
    r"(?P<skip><!-- not run: (?P<reason>[^>]+) -->\n)?"
    r"^(?P<indent> *)```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n"
    r"(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    text: str
    title: str = ""
    not_run: str = ""


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order; `page` is its path in the repository."""
    found = _BLOCK.finditer((ROOT / page).read_text("utf-8"))
    return [
        Block(
            m["language"],
            re.sub(f"^{m['indent']}", "", m["text"], flags=re.MULTILINE),
            m["title"] or "",
            (m["reason"] or "").strip(),
        )
        for m in found
    ]


def fragment(page: str, language: str) -> str:
    """The one block without a title that a page has in a language."""
    (found,) = (b.text for b in blocks(page) if b.language == language and not b.title)
    return found


def script(page: str) -> str:
    """One shell script of all that the page runs; `@@ n` goes before the output of block n.

    Python blocks without a title are run as they stand.
    """
    lines = ["set -euo pipefail"]
    for number, block in enumerate(blocks(page)):
        if block.language in ("sh", "python") and not block.title and not block.not_run:
            text = block.text
            if block.language == "python":
                text = f"python - <<'END OF BLOCK'\n{text}END OF BLOCK\n"
            lines += [f"echo '@@ {number}'", _SERVE.sub(_IN_BACKGROUND, text)]
    return "\n".join(lines) + "\n"


# A server that a page starts runs beside the rest, as in a second terminal, and ends with it.
_SERVE = re.compile(r"^twinsight serve.*$", re.MULTILINE)
_IN_BACKGROUND = """\
twinsight serve 2> serve.log &
trap "kill $!; wait $! || true" EXIT
until grep -q 'answers at' serve.log; do kill -0 $! || { cat serve.log >&2; exit 1; }; sleep 0.05; done
"""


def printed(output: str) -> dict[int, str]:
    """What each block printed, from the output of a page's script."""
    pieces = re.split(r"^@@ (\d+)\n", output, flags=re.MULTILINE)
    return {int(n): text for n, text in zip(pieces[1::2], pieces[2::2], strict=True)}


def shown(page: str) -> dict[int, str]:
    """What the page says that its blocks print, by the number of the block that runs."""
    said: dict[int, str] = {}
    last = -1
    for number, block in enumerate(blocks(page)):
        if block.language == "sh" and not block.not_run:
            last = number
        elif block.language == "text" and not block.title:
            said[last] = block.text
    return said


def likeness(said: str, seen: str) -> float:
    """The share of the words of `said` that `seen` has; digits count as alike, … as nothing."""
    words, there = _words(said), _words(seen)
    return sum(word in there for word in words) / len(words)


def _words(text: str) -> list[str]:
    return re.sub(r"\d+", "0", text.lower()).replace("…", "").split()
