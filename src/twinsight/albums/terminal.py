"""What the terminal can show: asked of its environment and, for sixels, of itself."""

from __future__ import annotations

import os
import re
import select
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from twinsight.albums.preview import Way

ANSWER_SECONDS = 0.3
"""How long a terminal may take to say what it is; over a slow line it is not waited for longer."""

_KITTY_PROGRAMS = {"ghostty", "wezterm"}
_ATTRIBUTES = re.compile(rb"\x1b\[\?([0-9;]*)c")
_CELL_PIXELS = 8


@dataclass(frozen=True, slots=True)
class Terminal:
    """How to show pictures on standard output: which way, how many columns and pixels wide."""

    way: Way
    columns: int
    pixels_w: int


def terminal(wanted: str, environ: Mapping[str, str] = os.environ) -> Terminal:
    """The terminal as it is, showing pictures the way that is wanted; "auto" finds one out."""
    columns = max(2, shutil.get_terminal_size().columns)
    pixels_w = _pixels_w() or columns * _CELL_PIXELS
    way: Way = _found_out(environ) if wanted == "auto" else wanted  # type: ignore[assignment]
    return Terminal(way, columns, pixels_w)


def _found_out(environ: Mapping[str, str]) -> Way:
    if not sys.stdout.isatty() or environ.get("TERM", "dumb") == "dumb":
        return "none"
    way = told_by(environ)
    if way is None:
        way = "sixel" if has_sixels(_attributes()) else "blocks"
    return way


def told_by(environ: Mapping[str, str]) -> Way | None:
    """What the environment says for certain. Within tmux or screen it is about the outer one."""
    if environ.get("TERM", "").startswith(("tmux", "screen")) or environ.get("TMUX"):
        return None
    program = environ.get("TERM_PROGRAM", "").lower()
    if "kitty" in environ.get("TERM", "") or environ.get("KITTY_WINDOW_ID"):
        return "kitty"
    if program in _KITTY_PROGRAMS or "ghostty" in environ.get("TERM", ""):
        return "kitty"
    return "iterm" if program == "iterm.app" else None


def has_sixels(attributes: bytes) -> bool:
    """Whether a terminal's primary device attributes (``ESC [ ? 62 ; 4 … c``) hold a 4."""
    match = _ATTRIBUTES.search(attributes)
    return match is not None and b"4" in match[1].split(b";")[1:]


def _attributes() -> bytes:
    """What the terminal answers when asked for its attributes; nothing if it does not in time."""
    try:
        import termios
        import tty

        file = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except (ImportError, OSError):
        return b""
    try:
        before = termios.tcgetattr(file)
        try:
            tty.setcbreak(file, termios.TCSANOW)
            os.write(file, b"\x1b[c")
            return _read_until(file, b"c", time.monotonic() + ANSWER_SECONDS)
        finally:
            termios.tcsetattr(file, termios.TCSANOW, before)
    except (OSError, termios.error):
        return b""
    finally:
        os.close(file)


def _read_until(file: int, end: bytes, deadline: float) -> bytes:
    answer = b""
    while not answer.endswith(end):
        ready, _, _ = select.select([file], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            break
        answer += os.read(file, 1)
    return answer


def _pixels_w() -> int:
    """The terminal's width in pixels, where it says so."""
    try:
        import fcntl
        import struct
        import termios

        size = fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, b"\0" * 8)
        return int(struct.unpack("HHHH", size)[2])
    except (ImportError, OSError, ValueError):
        return 0
