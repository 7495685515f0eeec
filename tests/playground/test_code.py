"""The programs of "get code" are run as they are; each must ask what the page itself asks."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.clients import setup
from tests.clients.process import SPECS, Spec, environment, why_missing
from tests.conftest import SAMPLES, RunningServer
from tests.playground.conftest import Visit, visiting
from twinsight.prompt import Prompt
from twinsight.wire import read

HOME = setup.HOME
GO = Path(setup.HERE) / "go"
LANGUAGES = ("python", "js", "go", "java", "curl")
_CLIENT = {"python": "python-3", "js": "js-3", "go": "go", "java": "java", "curl": "curl"}

# What no language may take for its own: quotes, escapes, expansions, hidden letters, other scripts.
NASTY = (
    "l'été \"$(touch owned)\" `touch owned` $HOME \\u0041 \\n ${x} %d {0} \u202e\ufeff <b> 🐈 '''"
)
FILE_NAME = 'it\'s "my" $(touch owned) `x` \\ é.jpg'
SYSTEM = f"Be brief.\nSecond line: {NASTY}"
PROMPT = f"How many cats are there? {NASTY}\nEND"
SCHEMA = '{"type": "object", "properties": {"$n": {"type": "integer", "description": "it\'s"}}}'


@dataclass(frozen=True)
class Question:
    """What was asked of the server, without what only the way there differs in."""

    text: str
    system: str
    pictures: tuple[object, ...]
    shape: object
    temperature: float | None

    @classmethod
    def of(cls, prompt: Prompt) -> Question:
        pictures = tuple((i.data, i.uri, i.resolution) for i in prompt.images)
        temperature = prompt.sampling.temperature
        return cls(prompt.question, prompt.system, pictures, prompt.shape, temperature)


@pytest.fixture(scope="module")
def questions() -> Iterator[list[Question]]:
    """Every question that reaches the server, as it was read there."""
    seen: list[Question] = []
    real = read.generate_request

    def noting(value: Any, caller: read.Caller) -> Prompt:
        prompt = real(value, caller)
        seen.append(Question.of(prompt))
        return prompt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read, "generate_request", noting)
        yield seen


@dataclass(frozen=True)
class Asked:
    """One state of the form: its program in each language, what the page asked, what it got."""

    programs: dict[str, str]
    question: Question
    answer: str


def programs(opened: Visit) -> dict[str, str]:
    """What "get code" shows, language by language."""
    page = opened.page
    if page.get_attribute("#code-panel", "open") is None:
        page.click("#code-panel summary")
    shown = {}
    for language in LANGUAGES:
        page.click(f"#tab-{language}")
        shown[language] = page.text_content("#code") or ""
    return shown


@pytest.fixture(scope="module")
def asked(
    browser: Browser,
    server: RunningServer,
    questions: list[Question],
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Asked]:
    """A plain streamed question, and one with all that the form can say."""
    folder = with_pictures(tmp_path_factory.mktemp("picked"))
    with visiting(browser, server) as visit:
        opened = visit()
        return [_plain(opened, folder, questions), _full(opened, folder, questions)]


def with_pictures(folder: Path) -> Path:
    """The pictures that the programs ask about, beside them."""
    folder.mkdir(exist_ok=True)
    shutil.copy(SAMPLES / "coffee.jpg", folder / "coffee.jpg")
    shutil.copy(SAMPLES / "cat.jpg", folder / FILE_NAME)
    return folder


def _plain(opened: Visit, folder: Path, questions: list[Question]) -> Asked:
    page = opened.page
    page.set_input_files("#picker", folder / "coffee.jpg")
    page.check("input[value=detect]")
    opened.ask()
    page.wait_for_selector("#findings li")
    return Asked(programs(opened), questions[-1], answer(opened))


def _full(opened: Visit, folder: Path, questions: list[Question]) -> Asked:
    page = opened.page
    page.set_input_files("#picker", folder / FILE_NAME)
    page.wait_for_selector("#thumbs li:nth-child(2)")
    page.click("#open-files")
    page.set_input_files("#upload-picker", SAMPLES / "sign.png")
    page.click("#stored button:has-text('Use')")
    page.wait_for_selector("#thumbs li:nth-child(3)")
    page.check("input[value=ask]")
    page.fill("#prompt", PROMPT)
    page.click("#options summary")
    page.fill("#system", SYSTEM)
    page.select_option("#format", "schema")
    page.fill("#schema", SCHEMA)
    page.fill("#temperature", "0.25")
    page.select_option("#resolution", "MEDIA_RESOLUTION_LOW")
    page.uncheck("#stream")
    opened.ask()
    return Asked(programs(opened), questions[-1], answer(opened))


def answer(opened: Visit) -> str:
    """The text of the answer, from the JSON that the page shows."""
    page = opened.page
    if page.get_attribute("#json-panel", "open") is None:
        page.click("#json-panel summary")
    page.click("#tab-Response")
    reply = json.loads(page.text_content("#json") or "")
    text: str = reply["candidates"][0]["content"]["parts"][0]["text"]
    return text


def python(folder: Path, code: str) -> list[str]:
    (folder / "ask.py").write_text(code)
    return [str(HOME / "python-3/bin/python"), "ask.py"]


def js(folder: Path, code: str) -> list[str]:
    (folder / "ask.mjs").write_text(code)
    (folder / "node_modules").symlink_to(HOME / "js-3/node_modules")
    return ["node", "ask.mjs"]


def go(folder: Path, code: str) -> list[str]:
    (folder / "main.go").write_text(code)
    for name in ("go.mod", "go.sum"):
        shutil.copy(GO / name, folder / name)
    return ["go", "run", "-mod=readonly", "."]


def java(folder: Path, code: str) -> list[str]:
    (folder / "Ask.java").write_text(code)
    quick = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")
    return ["java", *quick, "-cp", f"{HOME / 'java/lib'}/*", "Ask.java"]


def curl(folder: Path, code: str) -> list[str]:
    (folder / "ask.sh").write_text(code)
    return ["sh", "ask.sh"]


Prepare = Callable[[Path, str], list[str]]
_PREPARE: dict[str, Prepare] = {"python": python, "js": js, "go": go, "java": java, "curl": curl}


def client_of(language: str) -> Spec:
    """The installed client that a language's program runs with."""
    return next(spec for spec in SPECS if spec.name == _CLIENT[language])


def said(language: str, printed: str) -> str:
    """The answer's text in what a program printed; curl prints the replies themselves."""
    if language != "curl":
        return printed.removesuffix("\n")
    replies = [line.removeprefix("data: ") for line in printed.splitlines() if line.strip()]
    whole = [json.loads(line) for line in replies]
    return "".join(r["candidates"][0]["content"]["parts"][0]["text"] for r in whole)


def output(language: str, folder: Path, code: str) -> str:
    """What the program prints; it must end well."""
    command = _PREPARE[language](folder, code)
    env = environment(client_of(language), "http://127.0.0.1:1/only-the-code-knows-better", "wrong")
    done = subprocess.run(
        command,
        cwd=folder,
        env=env | {"LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{done.stderr[-3000:]}\n{code}"
    return done.stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_code_that_runs_as_it_is_asks_what_the_page_asked(
    language: str, asked: list[Asked], questions: list[Question], tmp_path: Path
) -> None:
    reason = why_missing(client_of(language))
    if reason is not None:
        pytest.skip(f"{language}: {reason}")
    for row, form in enumerate(asked):
        folder = with_pictures(tmp_path / str(row))
        printed = output(language, folder, form.programs[language])
        assert questions[-1] == form.question
        assert not (folder / "owned").exists()
        assert said(language, printed) == form.answer
