"""The commands that turn pictures into drawings and annotations: detect, segment, point, read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

_FIND = 'what to look for, in words: "cups", "the two largest dogs", "red cars on the left"'
_OUT = "folder for the results; without it they are only shown"
_FORMAT = "annotations to write, commas between: json, coco, yolo, label-studio"
_PREVIEW = "how to show pictures in the terminal; auto asks it what it can"

Images = Annotated[Path, Parameter(help="picture files, and folders of them")]
Find = Annotated[str, Parameter(help=_FIND)]
Preview = Literal["auto", "kitty", "iterm", "sixel", "blocks", "none"]


@Parameter(name="*")
@dataclass(frozen=True)
class Options:
    """What all four commands take."""

    out: Annotated[Path | None, Parameter(name=["--out", "-o"], help=_OUT)] = None
    format: Annotated[str, Parameter(help=_FORMAT)] = "json"
    recursive: Annotated[
        bool, Parameter(name=["--recursive", "-r"], help="folders below folders too", negative=())
    ] = False
    force: Annotated[bool, Parameter(help="look again at pictures that are done", negative=())] = (
        False
    )
    preview: Annotated[Preview, Parameter(help=_PREVIEW)] = "auto"
    profile: Annotated[str | None, Parameter(help="which engines look: pocket")] = None
    config: Annotated[
        Path | None, Parameter(help="settings file; ./twinsight.toml is read by itself")
    ] = None


_DEFAULT = Options()


def detect(*images: Images, find: Find = "", options: Options = _DEFAULT) -> int:
    """Find things and draw boxes around them.

    Example: twinsight detect photos/ --find "cups and plates" --format coco,yolo -o found
    """
    return _run("detect", images, find, options)


def segment(*images: Images, find: Find = "", options: Options = _DEFAULT) -> int:
    """Find things and cut out their masks.

    Example: twinsight segment holiday.jpg --find "the dog" -o cut
    """
    return _run("segment", images, find, options)


def point(*images: Images, find: Find = "", options: Options = _DEFAULT) -> int:
    """Find things and point at each of them.

    Example: twinsight point shelf.jpg --find bottles
    """
    return _run("point", images, find, options)


def read(*images: Images, options: Options = _DEFAULT) -> int:
    """Read the text, a line each, with its place.

    Example: twinsight read scans/ --recursive --format label-studio -o pages
    """
    return _run("read", images, "", options)


def _run(task: str, images: tuple[Path, ...], find: str, options: Options) -> int:
    # Imported when needed, so that `twinsight --help` is quick.
    from twinsight.albums.session import Session

    return Session.of(task, find, options).run(images)
