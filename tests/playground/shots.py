"""Screenshots of the playground, to be looked at.

    python -m tests.playground.shots out/shots [PHOTO]

Desktop and phone width, light and dark: the first visit, boxes, masks, the options, the code, the
Files panel. Without a photo one of the package's own is taken.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.conftest import SAMPLES, Serving
from tests.playground.conftest import CHROMIUM, FLAGS, Visit, visiting
from twinsight.config import Config
from twinsight.engines.eyes import open_eyes

SIZES = {"desktop": (1440, 900), "phone": (390, 844)}


def main(folder: Path, photo: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    config = Config(data_dir=Path(tempfile.mkdtemp()))
    with Serving(config, open_eyes("pocket")) as server, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with visiting(browser, server) as visit:
            for name, wh in SIZES.items():
                for dark in (False, True):
                    colours = "dark" if dark else "light"
                    _walk(visit(wh=wh, dark=dark), folder / f"{name}-{colours}", photo)
        browser.close()


def _walk(opened: Visit, stem: Path, photo: Path) -> None:
    page = opened.page

    def shot(name: str, at: str = "body") -> None:
        page.locator(at).evaluate("node => node.scrollIntoView()")
        page.wait_for_timeout(400)
        page.screenshot(path=f"{stem}-{name}.png")

    page.wait_for_load_state("networkidle")
    shot("1-first")
    page.set_input_files("#picker", photo)
    page.wait_for_selector("#viewer:not([hidden])")
    page.check("input[value=detect]")
    opened.ask()
    shot("2-boxes")
    page.check("input[value=segment]")
    opened.ask()
    shot("3-masks")
    shot("4-answer", "#result")
    page.click("#options summary")
    shot("5-options", "#form")
    page.click("#options summary")
    page.check("input[value=describe]")
    opened.ask()
    page.click("#code-panel summary")
    shot("6-code", "#result")
    page.click("#open-files")
    page.set_input_files("#upload-picker", [photo, SAMPLES / "sign.png"])
    page.wait_for_selector("#stored li:nth-child(2)")
    shot("7-files")


if __name__ == "__main__":
    words = sys.argv[1:]
    main(Path(words[0]), Path(words[1]) if len(words) > 1 else SAMPLES / "coffee.jpg")
