"""What the answer says is drawn where it says, and the user can turn it on and off."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.conftest import SAMPLES, RunningServer
from tests.playground.conftest import Open

PX = 1.5


def answer(server: RunningServer, body: str) -> list[dict[str, Any]]:
    """What the API says to the request that the page sent."""
    with server.client() as client:
        reply = client.post("/v1beta/models/gemini-2.5-flash:generateContent", content=body)
    text = reply.json()["candidates"][0]["content"]["parts"][0]["text"]
    found: list[dict[str, Any]] = json.loads(text)
    return found


def drop(page: Page, *paths: Path) -> None:
    """Drags files over the page and lets them go, as the browser itself reports it."""
    devtools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        event = {"type": kind, "x": 300, "y": 300, "data": data}
        devtools.send("Input.dispatchDragEvent", event)


@pytest.mark.parametrize("name", ["coffee.jpg", "astronaut.jpg"])
def test_boxes_of_a_dropped_photo_lie_where_the_api_says(visit: Open, name: str) -> None:
    opened = visit()
    page = opened.page
    drop(page, SAMPLES / name)
    page.wait_for_selector("#viewer:not([hidden])")
    page.check("input[value=detect]")
    with page.expect_request("**/*:streamGenerateContent*") as sent:
        opened.ask()

    body = sent.value.post_data
    assert body is not None
    inline = json.loads(body)["contents"][0]["parts"][0]["inlineData"]
    assert base64.b64decode(inline["data"]) == (SAMPLES / name).read_bytes()
    expected = answer(opened.server, body)
    assert expected
    frame = page.locator("#picture").bounding_box()
    drawn = page.locator("#overlay .box")
    assert frame
    assert drawn.count() == len(expected)
    for row, entry in enumerate(expected):
        box = page.locator(f"[data-row='{row}'] .box").bounding_box()
        assert box
        y0, x0, y1, x1 = (value / 1000 for value in entry["box_2d"])
        assert box["x"] == pytest.approx(frame["x"] + x0 * frame["width"], abs=PX)
        assert box["y"] == pytest.approx(frame["y"] + y0 * frame["height"], abs=PX)
        assert box["width"] == pytest.approx((x1 - x0) * frame["width"], abs=PX)
        assert box["height"] == pytest.approx((y1 - y0) * frame["height"], abs=PX)
        assert page.locator(f"[data-row='{row}'] .tag").inner_text() == entry["label"]
        assert (
            page.locator(f"#findings li:nth-child({row + 1}) .name").inner_text() == entry["label"]
        )


@pytest.mark.parametrize(
    "numbers",
    [
        "as [x1, y1, x2, y2] in pixels",
        "[x, y, width, height] in pixels",
        "[ymin, xmin, ymax, xmax] in pixels",
        "[x1, y1, x2, y2] normalized to 0-1",
    ],
)
def test_boxes_in_other_numbers_are_drawn_at_the_same_place(visit: Open, numbers: str) -> None:
    opened = visit()
    page = opened.page
    opened.sample("coffee.jpg")
    places = []
    for prompt in ("Detect the cup", f"Detect the cup, box_2d {numbers}"):
        page.fill("#prompt", prompt)
        opened.ask()
        places.append(page.locator("[data-row='0'] .box").bounding_box())
    expected, got = places
    assert expected
    assert got
    assert list(got.values()) == pytest.approx(list(expected.values()), abs=PX)


def test_points_lie_where_the_api_says(visit: Open) -> None:
    opened = visit()
    page = opened.page
    opened.sample("astronaut.jpg")
    page.check("input[value=point]")
    with page.expect_request("**/*:streamGenerateContent*") as sent:
        opened.ask()
    expected = answer(opened.server, sent.value.post_data or "")
    assert expected
    frame = page.locator("#picture").bounding_box()
    assert frame
    for row, entry in enumerate(expected):
        dot = page.locator(f"[data-row='{row}'] .dot").bounding_box()
        assert dot
        y, x = (value / 1000 for value in entry["point"])
        assert dot["x"] + dot["width"] / 2 == pytest.approx(frame["x"] + x * frame["width"], abs=PX)
        assert dot["y"] + dot["height"] / 2 == pytest.approx(
            frame["y"] + y * frame["height"], abs=PX
        )


def test_polygons_are_drawn_corner_by_corner(visit: Open) -> None:
    opened = visit()
    page = opened.page
    opened.sample("coffee.jpg")
    page.fill("#prompt", 'Outline the cup as a polygon: "box_2d", "mask" [[x, y], ...], "label".')
    with page.expect_request("**/*:streamGenerateContent*") as sent:
        opened.ask()
    (entry,) = answer(opened.server, sent.value.post_data or "")
    drawn = page.locator("#overlay polygon").evaluate(
        """node => [...node.points].map((point) => {
             const { x, y } = point.matrixTransform(node.getScreenCTM());
             return [x, y];
           })"""
    )
    frame = page.locator("#picture").bounding_box()
    assert frame
    assert len(drawn) == len(entry["mask"]) > 8
    for (left, top), (x, y) in zip(drawn, entry["mask"], strict=True):
        assert left == pytest.approx(frame["x"] + x / 1000 * frame["width"], abs=PX)
        assert top == pytest.approx(frame["y"] + y / 1000 * frame["height"], abs=PX)
