"""Builds the documentation site: `python -m docs_build`, or `make docs`.

The pages of docs/ are gathered in build/docs/pages, each `<!-- made: NAME -->` in them replaced by
what is made from the code; then MkDocs turns them into build/docs/site. Any warning, such as a
broken link, ends the build with status 1.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from docs_build import commands, coverage, endpoints, errors, examples, fields, models, settings
from docs_build.gather import ROOT, gather

# What stands in the pages where they say `<!-- made: NAME -->`.
MADE: dict[str, Callable[[], str]] = {
    "endpoints": endpoints.as_table,
    "fields": fields.as_sections,
    "models": models.as_table,
    "settings": settings.as_table,
    "commands": commands.as_sections,
    "errors": errors.wire_table,
    "setup_errors": errors.setup_table,
    "cases": coverage.case_table,
    "field_proofs": coverage.field_table,
    "examples": examples.as_sections,
}


def main() -> None:
    """Gathers the pages, then builds the site into the folder that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build/docs", help="folder to write to")
    out = parser.parse_args().out.resolve()
    gather(out / "pages", MADE)
    sys.exit(build(out))


def build(out: Path) -> int:
    """Runs MkDocs on the gathered pages; its exit status."""
    # Material prints a notice of its own about the successor of MkDocs; the lock file pins both.
    environ = os.environ | {
        "DOCS_PAGES": str(out / "pages"),
        "DOCS_SITE": str(out / "site"),
        "NO_MKDOCS_2_WARNING": "1",
    }
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    return subprocess.run([*command, "-f", str(ROOT / "mkdocs.yml")], env=environ).returncode


if __name__ == "__main__":
    main()
