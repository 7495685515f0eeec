"""What the README, the tutorial and the how-to pages say to type is typed, and does what they say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.clients import setup
from tests.docs.conftest import Desk
from tests.docs.pages import ROOT, blocks, fragment, likeness, printed, script, shown

ALONE = ("README.md", "docs/tutorial.md")
SERVED = (
    "docs/how-to/prompts.md",
    "docs/how-to/python.md",
    "docs/how-to/curl.md",
    "docs/migrate.md",
    "docs/deploy.md",
)
COMPILED = ("docs/how-to/javascript.md", "docs/how-to/go.md", "docs/how-to/java.md")
NOTHING_RUN = ("docs/index.md", "docs/privacy.md", "docs/security.md")
LEAST_LIKENESS = 0.6

GO_PROGRAM = """\
package main

import (
	"context"
	"fmt"

	"google.golang.org/genai"
)

func main() {{
	ctx := context.Background()
{0}
	fmt.Println(reply.Text())
}}
"""

JAVA_PROGRAM = """\
import com.google.genai.Client;
import com.google.genai.types.*;
import java.nio.file.*;

public class Readme {{
  public static void main(String[] words) throws Exception {{
{0}
    client.close();
  }}
}}
"""


def follow(page: str, desk: Desk) -> None:
    """Does what a page says, from top to bottom, and compares what is printed."""
    for block in blocks(page):
        if block.title:
            desk.put(block.title, block.text)
    output = printed(desk.sh(script(page)))
    for number, said in shown(page).items():
        assert likeness(said, output[number]) >= LEAST_LIKENESS, (said, output[number])


def says_something(output: str) -> bool:
    """Whether a program printed a sentence; which one is for the tests of answers."""
    return len(output.split()) >= 4 and output.strip().endswith(".")


LOGGED = {"event", "level", "timestamp", "request_id", "method", "path", "status", "ms"}
LOGGED |= {"model", "images", "prompt_tokens"}


def says_what_privacy_promises(log: str) -> None:
    """A line for each request, and in it nothing of what was asked, with which key, from where."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    asked = [line for line in lines if line["event"] == "request"]
    assert any(line["path"].endswith(":generateContent") for line in asked)
    assert set().union(*asked) <= LOGGED
    assert not any(word in line for line in log.splitlines() if line.startswith("{")
                   for word in ("Caption", "key=", "127.0.0.1"))  # fmt: skip


def need(client: str) -> Path:
    """The folder of an installed SDK; the test is skipped, aloud, without it."""
    if not setup.ready(client):
        pytest.skip(f"{client} is not installed: run `python tests/clients/setup.py`")
    return setup.HOME / client


def test_readme(desk: Desk, installed: Path) -> None:
    follow("README.md", desk.set("PIP_DRY_RUN", "0"))
    assert (installed / "twinsight").exists()
    says_what_privacy_promises((desk.folder / "serve.log").read_text())


def test_tutorial(desk: Desk) -> None:
    follow("docs/tutorial.md", desk)


@pytest.mark.parametrize("page", SERVED)
def test_page(page: str, served_desk: Desk) -> None:
    follow(page, served_desk)


def test_javascript(served_desk: Desk) -> None:
    (served_desk.folder / "node_modules").symlink_to(need("js-3") / "node_modules")
    follow("docs/how-to/javascript.md", served_desk)
    served_desk.put("readme.mjs", fragment("README.md", "js"))
    assert says_something(served_desk.sh("node readme.mjs"))


def test_go(served_desk: Desk) -> None:
    need("go")
    for name in ("go.mod", "go.sum"):
        shutil.copy(ROOT / "tests/clients/go" / name, served_desk.folder)
    follow("docs/how-to/go.md", served_desk)
    (served_desk.folder / "readme").mkdir()
    served_desk.put("readme/main.go", GO_PROGRAM.format(fragment("README.md", "go")))
    assert says_something(served_desk.sh("go run ./readme"))


def test_java(served_desk: Desk) -> None:
    (served_desk.folder / "lib").symlink_to(need("java") / "lib")
    follow("docs/how-to/java.md", served_desk)
    served_desk.put("Readme.java", JAVA_PROGRAM.format(fragment("README.md", "java")))
    assert says_something(served_desk.sh("java -cp 'lib/*' Readme.java"))


def test_every_page_is_followed() -> None:
    """A block that is not run says why, and no page with commands is forgotten here."""
    how_to = {str(p.relative_to(ROOT)) for p in (ROOT / "docs/how-to").glob("*.md")}
    pages = {*ALONE, *SERVED, *COMPILED, *NOTHING_RUN}
    assert how_to - {"docs/how-to/frameworks.md"} <= pages
    for page in pages:
        shell = [block for block in blocks(page) if block.language == "sh" and not block.title]
        assert all(len(b.not_run.split()) > 3 for b in shell if b.not_run)
        assert any(not b.not_run for b in shell) == (page not in NOTHING_RUN)
