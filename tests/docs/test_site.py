"""The built site: strict, whole, and loading nothing from elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from docs_build import endpoints, errors, examples, settings
from docs_build.coverage import tick
from docs_build.fields import messages
from tests.docs.pages import ROOT, blocks
from twinsight.cli import app
from twinsight.config import ENV_PREFIX, MIB, MODEL_NAMES, Config, load
from twinsight.wire.proto import camel

CHROMIUM = shutil.which("chromium")
LOADING = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src")}


class Reading(HTMLParser):
    """A built page: its words, and the addresses that it loads or links to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.words: list[str] = []
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if (tag, name) in LOADING:
                self.loaded.append(value or "")
            elif (tag, name) == ("a", "href"):
                self.links.append(value or "")
            elif name == "id":
                self.ids.add(value or "")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


@pytest.fixture(scope="session")
def pages(built: Path) -> dict[str, Reading]:
    """Every built page by its path in the site."""
    site = built / "site"
    return {str(p.relative_to(site)): Reading(p) for p in sorted(site.rglob("*.html"))}


def test_a_broken_link_ends_the_build(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built / "pages", tmp_path / "pages")
    with (tmp_path / "pages/index.md").open("a") as page:
        page.write("\n[nowhere](nowhere.md)\n")
    script = "import sys; from pathlib import Path; from docs_build.__main__ import build; "
    command = [sys.executable, "-c", script + "sys.exit(build(Path(sys.argv[1])))", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "nowhere.md" in done.stderr


def test_every_endpoint_is_told(pages: dict[str, Reading]) -> None:
    text = pages["reference/endpoints.html"].text
    found = endpoints.endpoints()
    assert {"generateContent", "streamGenerateContent", "countTokens"} <= {
        e.path.rpartition(":")[2] for e in found
    }
    assert [e.path for e in found if e.path not in text] == []


def test_every_field_is_told(pages: dict[str, Reading]) -> None:
    page = pages["reference/fields.html"]
    for message in messages():
        assert message.name.lower() in page.ids
        told = [camel(name) for name in message.fields if camel(name) not in page.text]
        assert told == []


def test_every_setting_is_told(pages: dict[str, Reading]) -> None:
    text = pages["reference/settings.html"].text
    names = list(Config.__dataclass_fields__)
    assert [n for n in names if n not in text] == []
    assert [n for n in names if n != "models" and ENV_PREFIX + n.upper() not in text] == []
    assert "--port" in text
    assert settings.default(Config.__dataclass_fields__["port"]) == "8080"


def test_the_settings_file_shown_is_one(tmp_path: Path) -> None:
    (shown,) = (b.text for b in blocks("docs/reference/settings.md") if b.language == "toml")
    (tmp_path / "twinsight.toml").write_text(shown)
    loaded = load(tmp_path / "twinsight.toml", environ={}).config
    assert (loaded.max_body_bytes, loaded.fetch_hosts) == (20 * MIB, ("pics.example.org",))
    assert loaded.model_names["my-name"].generation == 2.5


def test_every_error_is_told(pages: dict[str, Reading]) -> None:
    text = pages["reference/errors.html"].text
    kinds = errors.classes()
    assert len(kinds) > 25
    assert [k.__name__ for k in kinds if k.__name__ not in text] == []
    assert "API key not valid. Please pass a valid API key." in text


def test_every_command_and_model_is_told(pages: dict[str, Reading]) -> None:
    commands, models = pages["reference/commands.html"].text, pages["reference/models.html"].text
    names = [name for name in app if not name.startswith("-")]
    assert {"serve", "ask", "keys"} <= set(names)
    assert [name for name in names if f"twinsight {name}" not in commands] == []
    assert [name for name in MODEL_NAMES if name not in models] == []


def test_every_program_shown_is_run() -> None:
    """The frameworks page says that tests run all its programs: each is named by one, or by make."""
    runners = [ROOT / "Makefile", *(ROOT / "tests").rglob("*.py")]
    told = "".join(path.read_text("utf-8") for path in runners)
    assert [p.name for p in examples.programs() if p.stem not in told] == []


def test_every_case_and_field_is_on_the_coverage_page(pages: dict[str, Reading]) -> None:
    text = pages["reference/coverage.html"].text
    assert [n for n in range(1, 26) if not re.search(rf"[☐☑] {n}\b", text)] == []
    fields = [f"{m.name}.{camel(f)}" for m in messages() for f in m.fields]
    # A field without a test of its own would be a hole in tests/docs/test_fields.py.
    assert [f for f in fields if f"{tick(True)} {f} " not in text] == []


def test_links_lead_somewhere(pages: dict[str, Reading]) -> None:
    """In the site, anchors included; MkDocs does not look into what is made of HTML."""
    lost = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or path == "404.html":
                continue
            target = str((Path("/") / path).parent / parts.path) if parts.path else "/" + path
            target = str(Path(target).resolve()).lstrip("/")
            if target in pages and (not parts.fragment or parts.fragment in pages[target].ids):
                continue
            if not target or (parts.fragment == "__" and target in pages):
                continue
            lost.append((path, link))
    assert lost == []


def markdown_links() -> Iterator[tuple[Path, str]]:
    sources = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for source in sources:
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[\w-]+)?\)", source.read_text("utf-8")):
            if "://" not in link:
                yield source, link


def test_links_lead_somewhere_in_the_repository_too() -> None:
    lost = [(str(s), link) for s, link in markdown_links() if not (s.parent / link).exists()]
    assert lost == []


def test_nothing_is_loaded_from_elsewhere(built: Path, pages: dict[str, Reading]) -> None:
    assert [(p, a) for p, page in pages.items() for a in page.loaded if urlsplit(a).netloc] == []
    for sheet in (built / "site").rglob("*.css"):
        addresses = re.findall(r"url\(([^)]*)\)|@import ([^;]*)", sheet.read_text("utf-8"))
        assert [a for a in addresses if re.match(r"['\"]?(https?:)?//", a[0] or a[1])] == []


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not on the PATH")
def test_search_works_from_a_disk_and_asks_nobody(built: Path) -> None:
    requests: list[str] = []
    complaints: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto((built / "site/reference/settings.html").as_uri())
        page.keyboard.press("/")
        page.keyboard.type("box_2d")
        page.locator(".md-search-result__link").first.wait_for()
        found = page.locator(".md-search-result__link").first.get_attribute("href")
        browser.close()
    assert found
    assert "box_2d" in Path(urlsplit(found).path).read_text("utf-8")
    assert [url for url in requests if not url.startswith("file:")] == []
    assert complaints == []
