"""YOLO: a text file for each picture, a line for each thing, beside a folder of the pictures.

As docs.ultralytics.com/datasets describes it: `class x y w h` for boxes, `class x1 y1 x2 y2 …` for
masks, `class x y w h px py visible` for points, all as shares of the picture's width and height,
x and y of a box at its middle. A mask in pieces or with holes is one polygon, its parts joined by
bridges without width; a thing whose mask is empty has no line.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from twinsight.albums.collection import Collection
from twinsight.albums.outline import whole
from twinsight.albums.record import Thing
from twinsight.image.container import Header
from twinsight.image.decode import PixelLimits, decode
from twinsight.tasks.request.intent import Task

FOLDER = "yolo"
_QUALITY = 95


def label_file(name: str) -> str:
    """Where a picture's lines are."""
    return f"{FOLDER}/labels/{name}.txt"


def image_file(
    path: Path, name: str, header: Header, limits: PixelLimits
) -> tuple[str, Path | bytes]:
    """The picture beside its labels: a link to the file where any tool sees it as we do.

    What EXIF turns, and what is neither JPEG nor PNG, is written anew, upright, as a JPEG.
    """
    endings = {"image/jpeg": ".jpg", "image/png": ".png"}
    if header.orientation == 1 and header.mime in endings:
        return f"{FOLDER}/images/{name}{endings[header.mime]}", path.resolve()
    file = io.BytesIO()
    Image.fromarray(decode(path.read_bytes(), limits).rgb).save(file, "JPEG", quality=_QUALITY)
    return f"{FOLDER}/images/{name}.jpg", file.getvalue()


def assemble(collection: Collection) -> None:
    """Writes the labels, `data.yaml` and `classes.txt`."""
    out = collection.out
    for entry in collection:
        things = entry.record.things
        lines = _lines(things, collection.classes, entry.record.wh, collection.task)
        out.write(label_file(entry.name), "".join(lines).encode("ascii"))
    out.write(f"{FOLDER}/classes.txt", "".join(f"{kind}\n" for kind in collection.classes).encode())
    out.write(f"{FOLDER}/data.yaml", _yaml(collection).encode())


def _lines(
    things: Sequence[Thing], classes: dict[str, int], wh: tuple[int, int], task: Task
) -> Iterator[str]:
    for thing in things:
        if task is Task.SEGMENT:
            shares = [share for corner in whole(thing.rings) for share in _shares(corner, wh)]
        else:
            shares = _box(thing, wh) + _spot(thing, wh)
        if shares:
            yield " ".join([str(classes[thing.kind]), *(f"{v:.6f}" for v in shares)]) + "\n"


def _box(thing: Thing, wh: tuple[int, int]) -> list[float]:
    x0, y0, x1, y1 = thing.xyxy
    w, h = wh
    return [(x0 + x1) / 2 / w, (y0 + y1) / 2 / h, (x1 - x0) / w, (y1 - y0) / h]


def _spot(thing: Thing, wh: tuple[int, int]) -> list[float]:
    return [] if thing.point is None else [*_shares(thing.point, wh), 2]


def _shares(corner: tuple[float, float], wh: tuple[int, int]) -> tuple[float, float]:
    return corner[0] / wh[0], corner[1] / wh[1]


def _yaml(collection: Collection) -> str:
    """Without `path`, the folder of the file itself is meant; JSON's strings are YAML's too."""
    names = "".join(f"  {i}: {json.dumps(kind)}\n" for kind, i in collection.classes.items())
    points = "kpt_shape: [1, 3]\n" if collection.task is Task.POINT else ""
    return f"train: images\nval: images\n{points}names:\n{names}"
