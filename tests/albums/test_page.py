"""The page about the commands: what it shows is run, and prints what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.albums.making import files_below, photos_in
from tests.conftest import SAMPLES

PAGE = Path(__file__).parents[2] / "docs/command-line.md"


def test_the_commands_of_the_page_work(tmp_path: Path) -> None:
    shutil.copy(SAMPLES / "coffee.jpg", tmp_path / "photo.jpg")
    photos_in(tmp_path / "photos/2024", ["cat.jpg"])
    photos_in(tmp_path / "scans", ["sign.png"])
    text = PAGE.read_text()
    commands = "".join(re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    script = "set -e\ntwinsight() { " + sys.executable + ' -m twinsight "$@"; }\n' + commands
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TWINSIGHT_")}
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    shown = re.search(r"^```text\n/home/me(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert shown is not None
    assert words(done.stdout.split("\n\n")[0])[: len(words(shown[1]))] == words(shown[1])
    written = files_below(tmp_path / "found")
    for name in re.findall(r"^\| `(\S+?)`", text.split("## A folder")[1], re.MULTILINE):
        start = name.split("NAME")[0]
        assert [
            file for file in written | files_below(tmp_path / "pages") if file.startswith(start)
        ]
    assert (tmp_path / "pages/text/sign.txt").read_text() == "NORTH GATE\nOpen 9 to 17\n"


def words(table: str) -> list[str]:
    """The words of a table, numbers left out: they hang a little on the processor."""
    found = [word for word in table.split() if not re.fullmatch(r"[\d.]+", word)]
    return [word.rsplit("/", 1)[-1] for word in found]
