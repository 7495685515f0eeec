"""The playground in use: what a person does there, in a real browser against the real server."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, Route

from tests.conftest import SAMPLES, StartServer
from tests.eyes import told_eyes
from tests.playground.conftest import Open, Visit
from tests.playground.photos import turned
from twinsight.http.auth import Keys
from twinsight.prompt import Delta
from twinsight.tasks import limit

ROOT = Path(__file__).parents[2]
MOST_BYTES = 300_000
HOSTILE = "<img src=x onerror=\"document.title='owned'\">"


def pixel(page: Page, x: float, y: float) -> tuple[int, int, int]:
    """The colour on the screen at shares of the picture's width and height."""
    box = page.locator("#picture").bounding_box()
    assert box
    left, top = int(box["x"] + x * box["width"]), int(box["y"] + y * box["height"])
    shot = page.screenshot(clip={"x": left, "y": top, "width": 1, "height": 1})
    red, green, blue = Image.open(BytesIO(shot)).convert("RGB").getpixel((0, 0))  # type: ignore[misc]
    return red, green, blue


def test_masks_and_boxes_can_be_turned_off_and_made_clearer(visit: Open) -> None:
    opened = visit()
    page = opened.page
    opened.sample("coffee.jpg")
    page.fill("#subject", "the cup")
    bare = pixel(page, 0.5, 0.3)
    opened.ask()
    page.wait_for_selector(".mask[width]")
    masked = pixel(page, 0.5, 0.3)
    assert masked != bare

    page.uncheck("#show-masks")
    assert pixel(page, 0.5, 0.3) == bare
    page.check("#show-masks")
    assert pixel(page, 0.5, 0.3) == masked
    page.fill("#opacity", "0")
    assert pixel(page, 0.5, 0.3) == bare
    page.fill("#opacity", "100")
    # Full cover is the colour of the row itself.
    assert pixel(page, 0.5, 0.3) == (0x29, 0x79, 0xFF)

    page.uncheck("#show-labels")
    assert not page.locator(".tag").is_visible()
    page.uncheck("#findings input")
    assert not page.locator(".mark").is_visible()
    page.check("#findings input")
    page.hover("#findings li")
    assert page.locator(".mark.hot .tag").is_visible()


def test_a_mask_covers_what_the_api_says_and_nothing_beside_it(visit: Open) -> None:
    opened = visit()
    page = opened.page
    opened.sample("coffee.jpg")
    page.fill("#subject", "the cup")
    opened.ask()
    page.wait_for_selector(".mask[width]")
    page.fill("#opacity", "100")
    page.uncheck("#show-boxes")
    page.uncheck("#show-labels")
    with page.expect_request("**/*:streamGenerateContent*") as sent:
        opened.ask()
    with opened.server.client() as client:
        path = "/v1beta/models/gemini-2.5-flash:generateContent"
        reply = client.post(path, content=sent.value.post_data or "")
    (entry,) = json.loads(reply.json()["candidates"][0]["content"]["parts"][0]["text"])
    y0, x0, y1, x1 = (value / 1000 for value in entry["box_2d"])
    mask = mask_of(entry["mask"])
    page.mouse.move(0, 0)
    drawn = Image.open(BytesIO(page.screenshot())).convert("RGB")
    frame = page.locator("#picture").bounding_box()
    assert frame
    wrong = 0
    spots = [(u / 20, v / 20) for u in range(1, 20) for v in range(1, 20)]
    for u, v in spots:
        level = mask.getpixel((int(u * mask.width), int(v * mask.height)))
        assert isinstance(level, int | float)
        x = frame["x"] + (x0 + u * (x1 - x0)) * frame["width"]
        y = frame["y"] + (y0 + v * (y1 - y0)) * frame["height"]
        covered = drawn.getpixel((int(x), int(y))) == (0x29, 0x79, 0xFF)
        # Spots at the very edge may fall on either side of it.
        wrong += covered != (level > 127) and not 64 < level < 192
    assert wrong <= len(spots) * 0.03


def mask_of(uri: str) -> Image.Image:
    return Image.open(BytesIO(base64.b64decode(uri.partition(",")[2])))


class Gate:
    """Holds an answer back after its first pieces until it is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()

    def hold(self, pieces: Iterator[Delta], after: int) -> Iterator[Delta]:
        for count, piece in enumerate(pieces):
            if count == after:
                assert self.opened.wait(20)
            yield piece


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    held = Gate()
    real = limit.deltas
    monkeypatch.setattr(limit, "deltas", lambda *words: held.hold(real(*words), after=4))
    return held


LINES = tuple(f"line {n} of a long sign that says many things" for n in range(12))


def test_a_streamed_answer_is_shown_while_it_grows(
    visit: Open, start_server: StartServer, gate: Gate
) -> None:
    opened = visit(start_server(eyes=told_eyes(lines=LINES)))
    page = opened.page
    opened.sample("sign.png")
    page.click("#run")
    page.wait_for_selector("#answer:not(:empty)")
    partial = page.text_content("#answer") or ""
    whole = "\n".join(LINES)
    assert 0 < len(partial) < len(whole)
    assert whole.startswith(partial)
    assert page.get_attribute("#answer", "aria-live") == "polite"
    assert page.is_visible("#stop")
    gate.opened.set()
    opened.answered()
    assert page.text_content("#answer") == whole
    assert page.is_visible("#run")


def test_an_answer_can_be_stopped(visit: Open, start_server: StartServer, gate: Gate) -> None:
    opened = visit(start_server(eyes=told_eyes(lines=LINES)))
    page = opened.page
    opened.sample("sign.png")
    page.click("#run")
    page.wait_for_selector("#answer:not(:empty)")
    opened.cut = True
    page.click("#stop")
    page.wait_for_selector("#status:has-text('Stopped.')")
    assert page.is_visible("#run")
    gate.opened.set()


def half_answered(visit: Open, start_server: StartServer) -> Visit:
    """A page that shows the first of twenty boxes; the rest wait at the gate."""
    things = tuple((f"thing {n}", (n / 20, 0.1, n / 20 + 0.04, 0.5)) for n in range(20))
    opened = visit(start_server(eyes=told_eyes(objects=things)))
    opened.sample("astronaut.jpg")
    opened.page.click("#run")
    opened.page.wait_for_selector(".mark .box")
    return opened


def test_boxes_appear_before_the_answer_ends(
    visit: Open, start_server: StartServer, gate: Gate
) -> None:
    opened = half_answered(visit, start_server)
    page = opened.page
    assert 0 < page.locator(".mark").count() < 20
    gate.opened.set()
    opened.answered()
    assert page.locator(".mark").count() == 20
    assert page.locator("#findings li").count() == 20


def test_files_are_uploaded_listed_used_and_deleted(
    visit: Open, start_server: StartServer, tmp_path: Path
) -> None:
    opened = visit(start_server(eyes=told_eyes(name="cat")))
    page = opened.page
    large = tmp_path / "noise.png"
    Image.effect_noise((1400, 1400), 120).save(large)
    assert large.stat().st_size > 1 << 20
    page.click("#open-files")
    page.wait_for_selector("#no-files:not([hidden])")
    page.set_input_files("#upload-picker", [large, SAMPLES / "cat.jpg"])
    page.wait_for_selector("#stored li:nth-child(2)")
    pieces = [url for url in opened.requests if "upload_id=" in url]
    assert len(pieces) == -(-large.stat().st_size // (1 << 20)) + 1
    with opened.server.client(headers={"x-goog-api-key": "any"}) as client:
        listed = client.get("/v1beta/files").json()["files"]
    assert [file["displayName"] for file in listed] == ["cat.jpg", "noise.png"]
    assert listed[1]["sizeBytes"] == str(large.stat().st_size)
    assert "expires in 48 h" in page.inner_text("#stored li:first-child")

    page.reload()
    page.click("#open-files")
    page.click("#stored li:has-text('cat.jpg') >> text=Use")
    page.wait_for_selector("#viewer:not([hidden])")
    assert "cat.jpg 451 × 300" in page.inner_text("#caption")
    with page.expect_request("**/*:streamGenerateContent*") as sent:
        opened.ask()
    part = json.loads(sent.value.post_data or "")["contents"][0]["parts"][0]
    assert part["fileData"]["fileUri"] == listed[0]["uri"]
    assert "cat" in page.inner_text("#answer")

    page.click("#open-files")
    page.click("[aria-label='Delete cat.jpg']")
    page.click("[aria-label='Really delete cat.jpg']")
    page.wait_for_selector("#stored li:only-child")
    assert page.is_hidden("#viewer")
    with opened.server.client(headers={"x-goog-api-key": "any"}) as client:
        left = client.get("/v1beta/files").json()["files"]
    assert [file["displayName"] for file in left] == ["noise.png"]


def test_an_upload_goes_on_where_the_line_broke(
    visit: Open, start_server: StartServer, tmp_path: Path
) -> None:
    opened = visit(start_server(eyes=told_eyes()))
    page = opened.page
    large = tmp_path / "noise.png"
    Image.effect_noise((1800, 1800), 120).save(large)
    pieces: list[str] = []

    def cut_the_second(route: Route) -> None:
        headers = route.request.headers
        pieces.append(headers["x-goog-upload-command"] + headers.get("x-goog-upload-offset", ""))
        if len(pieces) == 2:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/upload/**upload_id=*", cut_the_second)
    page.click("#open-files")
    page.set_input_files("#upload-picker", large)
    page.wait_for_selector("#stored li")
    assert pieces[:4] == ["upload0", "upload1048576", "query", "upload1048576"]
    with opened.server.client(headers={"x-goog-api-key": "any"}) as client:
        (file,) = client.get("/v1beta/files").json()["files"]
    assert base64.b64decode(file["sha256Hash"]) == hashlib.sha256(large.read_bytes()).digest()
    opened.cut = True


def test_long_lists_of_files_come_in_pages(visit: Open, start_server: StartServer) -> None:
    server = start_server(eyes=told_eyes())
    with server.client(headers={"x-goog-api-key": "any"}) as client:
        for _ in range(13):
            client.post("/upload/v1beta/files?uploadType=media", content=b"\x89PNG\r\n\x1a\n")
    page = visit(server).page
    page.click("#open-files")
    page.wait_for_selector("#stored li:nth-child(10)")
    page.click("#more-files")
    page.wait_for_selector("#stored li:nth-child(13)")
    assert page.is_hidden("#more-files")


def test_hostile_labels_and_file_names_are_drawn_as_text(
    visit: Open, start_server: StartServer
) -> None:
    opened = visit(start_server(eyes=told_eyes(objects=[(HOSTILE, (0.2, 0.2, 0.6, 0.6))])))
    page = opened.page
    photo = FilePayload(
        name=f"{HOSTILE}.png", mimeType="image/png", buffer=(SAMPLES / "sign.png").read_bytes()
    )
    page.set_input_files("#picker", photo)
    page.check("input[value=detect]")
    opened.ask()
    assert page.inner_text(".tag") == HOSTILE
    assert page.inner_text("#findings .name") == HOSTILE
    assert page.inner_text("#caption .name") == f"{HOSTILE}.png"
    page.click("#open-files")
    page.set_input_files("#upload-picker", photo)
    assert page.inner_text("#stored .name") == f"{HOSTILE}.png"
    assert page.locator("#overlay img, #findings img, #caption img, #stored img").count() == 0
    assert page.title() == "Twinsight playground"


def test_all_can_be_done_with_the_keyboard(visit: Open) -> None:
    opened = visit()
    page = opened.page

    def press_until(selector: str, key: str = "Tab", most: int = 40) -> None:
        for _ in range(most):
            page.keyboard.press(key)
            if page.locator(f"{selector}:focus").count():
                assert rings(page, selector), f"no focus ring on {selector}"
                return
        raise AssertionError(f"{key} never reaches {selector}")

    page.keyboard.press("Tab")
    assert page.locator(".skip:focus").is_visible()
    press_until("[data-sample='coffee.jpg']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#viewer:not([hidden])")
    assert page.locator("#run:focus").count() == 1
    press_until("input[value=segment]", "Shift+Tab")
    page.keyboard.press("ArrowLeft")
    assert page.is_checked("input[value=detect]")
    press_until("#subject")
    page.keyboard.type("cup")
    with page.expect_request("**/*:streamGenerateContent*"):
        page.keyboard.press("Control+Enter")
    opened.answered()
    assert "cup" in page.inner_text("#status")
    press_until("#findings input")
    page.keyboard.press("Space")
    assert not page.locator(".mark").is_visible()
    press_until("#code-panel summary")
    page.keyboard.press("Enter")
    press_until("#tab-python")
    page.keyboard.press("ArrowRight")
    assert "GoogleGenAI" in (page.text_content("#code") or "")
    press_until("#open-files", "Shift+Tab", 60)
    page.keyboard.press("Enter")
    page.wait_for_selector("#files[open]")
    page.keyboard.press("Escape")
    assert page.locator("#open-files:focus").count() == 1


CONTROLS = {
    "button",
    "checkbox",
    "combobox",
    "dialog",
    "image",
    "link",
    "list",
    "progressbar",
    "radio",
    "slider",
    "spinbutton",
    "tab",
    "tabpanel",
    "textbox",
}


def test_every_control_has_a_name_for_who_cannot_see_it(
    visit: Open, start_server: StartServer
) -> None:
    things = [("cup", (0.1, 0.1, 0.4, 0.4)), ("spoon", (0.5, 0.5, 0.9, 0.9))]
    opened = visit(start_server(eyes=told_eyes(objects=things)))
    page = opened.page
    first = controls(page)
    assert {"button", "combobox", "list", "radio", "textbox"} <= set(first)
    opened.sample("coffee.jpg")
    opened.ask()
    page.wait_for_selector("#findings li:nth-child(2)")
    page.click("#options summary")
    page.select_option("#format", "schema")
    page.click("#json-panel summary")
    page.click("#code-panel summary")
    assert {"checkbox", "image", "slider", "spinbutton", "tab", "tabpanel"} <= set(controls(page))
    page.click("#open-files")
    page.set_input_files("#upload-picker", SAMPLES / "sign.png")
    page.wait_for_selector("#stored li")
    assert "dialog" in controls(page)


def controls(page: Page) -> dict[str, list[str]]:
    """The names of what can be used or looked at, by role, as the browser tells screen readers."""
    devtools = page.context.new_cdp_session(page)
    named: dict[str, list[str]] = {}
    for node in devtools.send("Accessibility.getFullAXTree")["nodes"]:
        role = node.get("role", {}).get("value")
        if role in CONTROLS and not node["ignored"]:
            named.setdefault(role, []).append(node.get("name", {}).get("value", ""))
    for role, names in named.items():
        assert all(names), f"a {role} without a name, beside {names}"
    return named


def rings(page: Page, selector: str) -> bool:
    """Whether the focus is to be seen on the element or, for hidden radios, on its label."""
    return bool(
        page.locator(selector).evaluate(
            """node => [node, node.parentElement].some(
                 (n) => getComputedStyle(n).outlineStyle !== "none")"""
        )
    )


def test_the_first_visit_is_light_and_quick(
    visit: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = visit()
    page = opened.page
    page.wait_for_load_state("networkidle")
    loaded = page.evaluate(
        """() => [...performance.getEntriesByType("navigation"),
                  ...performance.getEntriesByType("resource")].map(
             (entry) => [entry.name, entry.transferSize])"""
    )
    weight = sum(size for _, size in loaded)
    paint = page.evaluate(
        "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
    )
    with capsys.disabled():
        print(f"\nplayground: {weight} bytes in {len(loaded)} requests, first paint {paint:.0f} ms")
    assert len(loaded) > 15
    assert 50_000 < weight < MOST_BYTES


def test_heic_is_shown_and_asked_about_as_it_is(visit: Open) -> None:
    opened = visit()
    page = opened.page
    photo = ROOT / "tests/image/data/turn_6.heic"
    page.set_input_files("#picker", photo)
    page.wait_for_selector("#viewer:not([hidden])")
    width, height = page.locator("#picture").evaluate("i => [i.naturalWidth, i.naturalHeight]")
    assert f"{width} × {height}" in page.inner_text("#caption")
    with page.expect_request("**/*:streamGenerateContent*") as sent:
        opened.ask()
    part = json.loads(sent.value.post_data or "")["contents"][0]["parts"][0]["inlineData"]
    assert part["mimeType"] == "image/heic"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_lies_on_its_side_stands_up_as_the_server_sees_it(
    visit: Open, kind: str
) -> None:
    page = visit().page
    photo = FilePayload(name="turned", mimeType="", buffer=turned(kind))
    page.set_input_files("#picker", photo)
    page.wait_for_selector("#viewer:not([hidden])")
    assert "60 × 40" in page.inner_text("#caption")
    red, _, blue = pixel(page, 0.5, 0.25)
    assert red > 200 > 60 > blue


def test_what_is_no_picture_is_refused_in_words(visit: Open) -> None:
    page = visit().page
    page.set_input_files(
        "#picker", FilePayload(name="notes.txt", mimeType="text/plain", buffer=b"hello")
    )
    page.wait_for_selector("#picture-notice:not([hidden])")
    assert "notes.txt is not a PNG, JPEG" in page.inner_text("#picture-notice")
    assert page.is_visible("#empty")


def test_a_server_with_keys_asks_for_one_and_takes_it(
    visit: Open, start_server: StartServer
) -> None:
    server = start_server(eyes=told_eyes(name="cat"))
    _, secret = Keys(server.data_dir).add("me")
    opened = visit(server, models=False)
    page = opened.page
    page.wait_for_selector("#problem:not([hidden])")
    assert "twinsight keys add" in page.inner_text("#problem")
    page.click("#problem button")
    page.fill("#key-input", "wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("#key-problem:not(:empty)")
    page.fill("#key-input", secret)
    page.keyboard.press("Enter")
    page.wait_for_selector("#key", state="hidden")
    opened.sample("cat.jpg")
    opened.ask()
    assert "cat" in page.inner_text("#answer")
    page.click("#code-panel summary")
    assert "YOUR_API_KEY" in (page.text_content("#code") or "")
    assert secret not in page.content()
    stored = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert secret not in stored + page.url
    assert not page.context.cookies()
    refused = (
        "error: Failed to load resource: the server responded with a status of 400 (Bad Request)"
    )
    assert opened.complaints == [refused, refused]
    opened.complaints.clear()


def test_an_answer_that_breaks_off_says_so(
    visit: Open, start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Iterator[Delta]:
        yield Delta("The first words", tokens=3)
        raise RuntimeError("a fault on purpose")

    monkeypatch.setattr(limit, "deltas", broken)
    opened = visit(start_server(eyes=told_eyes(lines=LINES)))
    page = opened.page
    opened.sample("sign.png")
    page.click("#run")
    page.wait_for_selector("#problem:not([hidden])")
    assert "internal error" in page.inner_text("#problem")
    assert page.inner_text("#answer") == "The first words"
    assert page.is_visible("#run")
    opened.cut = True  # the page leaves a stream that told of an error


def test_a_server_that_is_gone_is_named_as_the_cause(visit: Open) -> None:
    opened = visit()
    page = opened.page
    opened.sample("cat.jpg")
    page.route("**/*:streamGenerateContent*", lambda route: route.abort("connectionrefused"))
    page.click("#run")
    page.wait_for_selector("#problem:not([hidden])")
    assert "The server does not answer." in page.inner_text("#problem")
    opened.cut = True


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_colours_follow_the_system_until_the_user_chooses(visit: Open, dark: bool) -> None:
    page = visit(dark=dark, wh=(390, 844)).page
    theme = page.locator("html").get_attribute
    assert theme("data-theme") == ("dark" if dark else "light")
    page.click("#theme")
    assert theme("data-theme") == ("light" if dark else "dark")
    page.reload()
    assert theme("data-theme") == ("light" if dark else "dark")
    # Nothing sticks out of a phone's width.
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390


def test_the_page_works_below_a_path_of_a_proxy(visit: Open, start_server: StartServer) -> None:
    opened = visit(start_server(eyes=told_eyes(name="cat"), root_path="/gw"), path="/gw/")
    page = opened.page
    opened.sample("cat.jpg")
    opened.ask()
    assert "cat" in page.inner_text("#answer")
    page.click("#open-files")
    page.set_input_files("#upload-picker", SAMPLES / "cat.jpg")
    page.click("#stored button:has-text('Use')")
    page.wait_for_selector("#thumbs li:nth-child(2)")
    page.click("#code-panel summary")
    assert f'"base_url": "{opened.server.url}/gw"' in (page.text_content("#code") or "")


def test_a_picture_can_be_taken_away_while_it_is_asked_about(
    visit: Open, start_server: StartServer, gate: Gate
) -> None:
    opened = half_answered(visit, start_server)
    page = opened.page
    page.click("#thumbs .remove")
    gate.opened.set()
    opened.answered()
    assert page.is_visible("#empty")
    assert page.is_hidden("#findings")


def test_copies_are_whole_where_the_page_shows_a_part(visit: Open) -> None:
    opened = visit()
    page = opened.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened.sample("coffee.jpg")
    opened.ask()
    page.click("#json-panel summary")
    page.click("#copy-json")
    page.wait_for_selector("#copy-json:has-text('Copied')")
    copied = page.evaluate("() => navigator.clipboard.readText()")
    entries = json.loads(copied)
    assert mask_of(entries[0]["mask"]).size > (1, 1)
    assert len(page.text_content("#json") or "") < len(copied) / 2
    page.click("#code-panel summary")
    page.click("#copy-code")
    page.wait_for_selector("#copy-code:has-text('Copied')")
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == page.text_content("#code")


def test_several_pictures_are_asked_about_together_and_each_keeps_its_boxes(visit: Open) -> None:
    opened = visit()
    page = opened.page
    page.set_input_files("#picker", [SAMPLES / "cat.jpg", SAMPLES / "coffee.jpg"])
    page.wait_for_selector("#thumbs li:nth-child(2)")
    assert pictures_sent(opened) == 2
    page.check("input[value=detect]")
    assert pictures_sent(opened) == 1
    boxes = page.locator(".mark").count()
    assert boxes > 0
    page.click("#thumbs li:first-child .thumb")
    assert page.locator(".mark").count() == 0
    page.click("#thumbs li:nth-child(2) .thumb")
    assert page.locator(".mark").count() == boxes
    page.click("[aria-label='Remove coffee.jpg']")
    assert "cat.jpg" in page.inner_text("#caption")


def pictures_sent(opened: Visit) -> int:
    """Asks, and counts the pictures of the request."""
    with opened.page.expect_request("**/*:streamGenerateContent*") as sent:
        opened.ask()
    parts = json.loads(sent.value.post_data or "")["contents"][0]["parts"]
    return sum("inlineData" in part for part in parts)
