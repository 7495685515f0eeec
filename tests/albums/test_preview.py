"""Pictures in the terminal: escape sequences decoded back to the pixels that went in."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.conftest import SAMPLES
from twinsight.albums import preview, table, terminal
from twinsight.albums.record import Thing

Rgb = NDArray[np.uint8]


def photo() -> Rgb:
    with Image.open(SAMPLES / "coffee.jpg") as image:
        return np.asarray(image.convert("RGB"))


def from_blocks(text: str) -> Rgb:
    """What a terminal paints: two pixels a cell."""
    cell = re.compile(r"\x1b\[38;2;(\d+);(\d+);(\d+)(?:;48;2;(\d+);(\d+);(\d+))?m▀")
    rows: list[list[list[int]]] = []
    for line in text.splitlines():
        assert line.endswith("\x1b[0m")
        assert cell.sub("", line) == "\x1b[0m"
        cells = cell.findall(line)
        rows.append([[int(v) for v in one[:3]] for one in cells])
        if cells[0][3]:
            rows.append([[int(v) for v in one[3:]] for one in cells])
    return np.array(rows, np.uint8)


def from_kitty(text: str) -> Rgb:
    pieces = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", text)
    assert pieces[0][0].startswith("a=T,f=100")
    assert [keys[-1] for keys, _ in pieces] == ["1"] * (len(pieces) - 1) + ["0"]
    assert all(len(data) <= 4096 and len(data) % 4 == 0 for _, data in pieces)
    return from_png(base64.b64decode("".join(data for _, data in pieces), validate=True))


def from_iterm(text: str) -> Rgb:
    match = re.fullmatch(r"\x1b\]1337;File=inline=1;size=(\d+);width=\d+px:([^\x07]*)\x07\n", text)
    assert match is not None
    png = base64.b64decode(match[2], validate=True)
    assert len(png) == int(match[1])
    return from_png(png)


def from_png(data: bytes) -> Rgb:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def from_sixel(text: str) -> Rgb:
    """A small sixel reader: colours, repeats, returns and new bands."""
    match = re.fullmatch(r'\x1bPq"1;1;(\d+);(\d+)(.*)\x1b\\\n', text, re.DOTALL)
    assert match is not None
    w, h = int(match[1]), int(match[2])
    rgb = np.zeros((h + 5, w, 3), np.uint8)
    colours: dict[int, list[int]] = {}
    x = y = colour = 0
    token = re.compile(r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([?-~])|(\$)|(-)")
    assert token.sub("", match[3]) == ""
    for one in token.finditer(match[3]):
        if one[1]:
            colours[int(one[1])] = [round(int(v) * 2.55) for v in one.group(2, 3, 4)]
        elif one[5]:
            colour = int(one[5])
        elif one[9]:
            x = 0
        elif one[10]:
            x, y = 0, y + 6
        else:
            count, bits = int(one[6] or 1), ord(one[7] or one[8]) - 63
            for row in range(6):
                if bits >> row & 1:
                    rgb[y + row, x : x + count] = colours[colour]
            x += count
    return rgb[:h]


@pytest.mark.parametrize(
    ("way", "read", "most"),
    [("kitty", from_kitty, 0), ("iterm", from_iterm, 0), ("sixel", from_sixel, 5), ("blocks", from_blocks, 0)],
)  # fmt: skip
@pytest.mark.parametrize("wh", [(600, 400), (31, 7), (1, 1), (5, 400)], ids=str)
def test_pixels_come_back(
    way: preview.Way, read: Callable[[str], Rgb], most: float, wh: tuple[int, int]
) -> None:
    rgb = np.asarray(Image.fromarray(photo()).resize(wh))
    seen = read(preview.shown(rgb, way, columns=2000, pixels_w=2000))
    assert seen.shape == rgb.shape
    assert np.abs(seen.astype(int) - rgb).mean() <= most


@pytest.mark.parametrize("columns", [1, 2, 40, 200])
def test_blocks_fit_the_window(columns: int) -> None:
    lines = preview.shown(photo(), "blocks", columns, 0).splitlines()
    assert 0 < max(line.count("▀") for line in lines) <= columns
    assert len(lines) <= max(1, columns // 3)


@pytest.mark.parametrize(("way", "read"), [("kitty", from_kitty), ("sixel", from_sixel)])
def test_large_pictures_are_reduced(way: preview.Way, read: Callable[[str], Rgb]) -> None:
    assert read(preview.shown(photo(), way, 80, 320)).shape == (213, 320, 3)


def test_frames_are_drawn_over_blocks() -> None:
    grey = np.full((40, 60, 3), 128, np.uint8)
    frames = [((0.0, 0.0, 0.5, 1.0), (255, 0, 0)), ((0.25, 0.0, 1.0, 1.0), (0, 0, 255))]
    seen = from_blocks(preview.shown(grey, "blocks", 200, 0, frames))
    assert (seen[:, 0] == (255, 0, 0)).all()
    assert (seen[0, :30] == (255, 0, 0)).all()
    assert (seen[:, 59] == (0, 0, 255)).all()
    assert (seen[5, 5] == 128).all()


def test_none_shows_nothing() -> None:
    assert preview.shown(photo(), "none", 80, 640) == ""


@pytest.mark.parametrize(
    ("environ", "way"),
    [
        pytest.param({"TERM": "xterm-kitty"}, "kitty", id="kitty"),
        pytest.param({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty", id="kitty by its window"),
        pytest.param({"TERM": "xterm-ghostty"}, "kitty", id="ghostty"),
        pytest.param({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "kitty", id="wezterm"),
        pytest.param({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iterm", id="iterm"),
        pytest.param({"TERM": "xterm-256color"}, None, id="unknown"),
        pytest.param({"TERM": "tmux-256color", "TERM_PROGRAM": "iTerm.app"}, None, id="tmux"),
        pytest.param({"TERM": "xterm-kitty", "TMUX": "/tmp/x"}, None, id="tmux in kitty"),
    ],
)  # fmt: skip
def test_what_the_environment_tells(environ: dict[str, str], way: str | None) -> None:
    assert terminal.told_by(environ) == way


@pytest.mark.parametrize(
    ("answer", "has"),
    [
        pytest.param(b"\x1b[?62;4;22c", True, id="VT240 with sixels"),
        pytest.param(b"\x1b[?4;6c", False, id="VT132"),
        pytest.param(b"\x1b[?64;1;2;44c", False, id="another extension with a 4"),
        pytest.param(b"\x1b[?1;2c", False, id="VT100"),
        pytest.param(b"", False, id="no answer"),
        pytest.param(b"ls\n\x1b[?65;4c", True, id="after what was typed ahead"),
    ],
)
def test_sixels_by_device_attributes(answer: bytes, has: bool) -> None:
    assert terminal.has_sixels(answer) is has


def test_text_of_a_photo_is_no_command_for_the_terminal() -> None:
    things = [Thing("text", "a\x1b]0;owned\x07\x9bb\u202ec", 0.5, (0, 0, 1, 1))]
    assert "".join(table.lines(things)).isprintable()
