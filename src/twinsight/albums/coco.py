"""COCO: one JSON file for all pictures.

The format is that of the data set's own page, cocodataset.org/#format-data. Boxes are x, y, width,
height in pixels of the upright picture; masks are polygons, as the format wants for single objects,
holes reached through bridges without width. `score` is that of COCO's results; lines of text have
their words in `utf8_string`, as in COCO-Text; a point is the one key point of its category.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from twinsight.albums.collection import Collection
from twinsight.albums.outline import pieces
from twinsight.albums.record import Ring, Thing
from twinsight.tasks.request.intent import Task

NAME = "coco.json"


def assemble(collection: Collection) -> None:
    """Writes `coco.json`, picture by picture, so that it may be larger than memory."""
    parts = {
        b'{"info": {"description": "Twinsight"}, "licenses": [],\n"images": [': _images,
        b'],\n"categories": [': _categories,
        b'],\n"annotations": [': _annotations,
    }
    with collection.out.writing(NAME) as file:
        for opening, values in parts.items():
            file.write(opening)
            file.writelines(_listed(values(collection)))
        file.write(b"]}\n")


def _listed(values: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    for index, value in enumerate(values):
        yield (b",\n" if index else b"\n") + msgspec.json.encode(value)


def _images(collection: Collection) -> Iterator[dict[str, Any]]:
    for entry in collection:
        w, h = entry.record.wh
        yield {"id": entry.number, "file_name": entry.file, "width": w, "height": h}


def _categories(collection: Collection) -> Iterator[dict[str, Any]]:
    points = {"keypoints": ["point"], "skeleton": []} if collection.task is Task.POINT else {}
    for kind, index in collection.classes.items():
        yield {"id": index + 1, "name": kind, "supercategory": ""} | points


def _annotations(collection: Collection) -> Iterator[dict[str, Any]]:
    last = 0
    for entry in collection:
        for thing in entry.record.things:
            last += 1
            category = collection.classes[thing.kind] + 1
            keys = {"id": last, "image_id": entry.number, "category_id": category}
            yield keys | _annotation(thing)


def _annotation(thing: Thing) -> dict[str, Any]:
    x0, y0, x1, y1 = thing.xyxy
    w, h = round(x1 - x0, 2), round(y1 - y0, 2)
    rings = [thing.quad] if thing.quad else pieces(thing.rings)
    made: dict[str, Any] = {
        "bbox": [x0, y0, w, h],
        "area": thing.area or round(w * h, 2),
        "iscrowd": 0,
        "segmentation": [_flat(ring) for ring in rings],
        "score": thing.score,
    }
    if thing.point is not None:
        x, y = thing.point
        made |= {"keypoints": [round(x, 2), round(y, 2), 2], "num_keypoints": 1}
    return made | {"utf8_string" if thing.quad else "label": thing.label}


def _flat(ring: Ring) -> list[float]:
    return [round(v, 2) for corner in ring for v in corner]
