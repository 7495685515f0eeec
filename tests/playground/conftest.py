"""A real Chromium on the playground of a real server; what no test may see is checked after each."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.conftest import RunningServer

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WAIT_MS = 20_000


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, headless, with a profile of its own; without one the test is skipped, and counted.

    It goes when the tests of this folder are done: while its driver lives, nothing else in this
    process may run an event loop of its own.
    """
    if CHROMIUM is None:
        pytest.skip("chromium is not on the PATH: run `python tests/clients/setup.py` as root")
    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


def _of_a_cut(complaint: str) -> bool:
    return complaint.startswith(("http:", "error: Failed to load resource"))


@dataclass
class Visit:
    """A page of the playground, and all that it asked for or complained about."""

    page: Page
    server: RunningServer
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    cut: bool = False
    """A request is broken off on purpose; the browser may tell of it at any later moment."""

    @property
    def unexpected(self) -> list[str]:
        return [c for c in self.complaints if not (self.cut and _of_a_cut(c))]

    def watch(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("requestfailed", lambda request: self.complaints.append(request.url))
        self.page.on("console", lambda message: self._heard(message.type, message.text))

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")

    @property
    def elsewhere(self) -> list[str]:
        """Requests to any other place than the server."""
        home = urlsplit(self.server.url).netloc
        places = [urlsplit(url) for url in self.requests]
        return [p.geturl() for p in places if p.scheme not in ("blob", "data") and p.netloc != home]

    def ask(self) -> None:
        """Presses Ask and waits for the end of the answer."""
        with self.page.expect_request(re.compile(":(streamG|g)enerateContent")):
            self.page.click("#run")
        self.answered()

    def answered(self) -> None:
        self.page.wait_for_selector("#result[aria-busy=false]")
        assert self.page.text_content("#problem") == ""

    def sample(self, name: str) -> None:
        """Picks one of the page's own photos."""
        self.page.click(f"[data-sample='{name}']")
        self.page.wait_for_selector("#viewer:not([hidden])")


Open = Callable[..., Visit]


@contextmanager
def visiting(browser: Browser, server: RunningServer) -> Iterator[Open]:
    """Opens playgrounds: `visit(other_server, wh=(390, 844), dark=True)`.

    At the end no page may have asked anything of another host, and none may have complained,
    unless the test took what it expected out of `complaints`, or cut a request on purpose.
    """
    visits: list[Visit] = []
    contexts: list[BrowserContext] = []

    def go(
        at: RunningServer = server,
        wh: tuple[int, int] = (1440, 900),
        dark: bool = False,
        path: str = "/",
        models: bool = True,
    ) -> Visit:
        context = browser.new_context(
            viewport={"width": wh[0], "height": wh[1]}, color_scheme="dark" if dark else "light"
        )
        context.set_default_timeout(WAIT_MS)
        contexts.append(context)
        opened = Visit(context.new_page(), at)
        opened.watch()
        visits.append(opened)
        opened.page.goto(at.url + path)
        if models:
            opened.page.wait_for_selector("#model option:nth-child(2)", state="attached")
        return opened

    yield go
    for context in contexts:
        context.close()
    for each in visits:
        assert each.unexpected == []
        assert each.elsewhere == []


@pytest.fixture
def visit(browser: Browser, server: RunningServer) -> Iterator[Open]:
    """See `visiting`."""
    with visiting(browser, server) as go:
        yield go
