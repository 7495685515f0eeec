"""Label Studio: tasks with predictions to import, and the labelling interface that they are for.

As labelstud.io/guide/predictions describes it: places in percent of the picture; boxes as
rectanglelabels, masks as polygonlabels, points as keypointlabels; a line of text is a rectangle, a
label and a textarea of one id. `label-studio.xml` goes into the project's settings.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import msgspec

from twinsight import __version__
from twinsight.albums.collection import Collection, Entry
from twinsight.albums.outline import pieces
from twinsight.albums.record import Ring, Thing
from twinsight.tasks.request.intent import Task

TASKS, INTERFACE = "label-studio.json", "label-studio.xml"
LOCAL_FILES = "/data/local-files/?d="
"""Where Label Studio serves a folder that was connected as local storage."""

_SPOT_PERCENT = 0.8
_TAGS = {
    Task.DETECT: "RectangleLabels",
    Task.SEGMENT: "PolygonLabels",
    Task.POINT: "KeyPointLabels",
}


def assemble(collection: Collection) -> None:
    """Writes the tasks, picture by picture, and the interface."""
    with collection.out.writing(TASKS) as file:
        file.write(b"[")
        for index, entry in enumerate(collection):
            file.write(b",\n" if index else b"\n")
            file.write(msgspec.json.encode(_task(entry, collection.task)))
        file.write(b"\n]\n")
    collection.out.write(INTERFACE, _interface(collection).encode())


def _task(entry: Entry, task: Task) -> dict[str, Any]:
    scores = [thing.score for thing in entry.record.things]
    prediction = {
        "model_version": f"twinsight-{__version__}",
        "score": sum(scores) / len(scores) if scores else 0.0,
        "result": list(_results(entry, task)),
    }
    return {"data": {"image": LOCAL_FILES + quote(entry.file)}, "predictions": [prediction]}


def _results(entry: Entry, task: Task) -> Iterator[dict[str, Any]]:
    w, h = entry.record.wh
    frame = {"to_name": "image", "original_width": w, "original_height": h, "image_rotation": 0}
    for row, thing in enumerate(entry.record.things):
        values = _text(thing, (w, h)) if task is Task.READ else _regions(thing, (w, h), task)
        for part, value in values:
            yield {"id": f"{entry.number}-{row}-{part}"} | value | frame


def _text(thing: Thing, wh: tuple[int, int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The three results of a line of text, which are one region."""
    place = _turned(thing.quad, wh)
    yield 0, {"type": "rectangle", "from_name": "box", "value": place}
    yield 0, {"type": "labels", "from_name": "label", "value": place | {"labels": [thing.kind]}}
    words = place | {"text": [thing.label]}
    said = {"type": "textarea", "from_name": "transcription", "value": words}
    yield 0, said | {"score": thing.score}


def _regions(thing: Thing, wh: tuple[int, int], task: Task) -> Iterator[tuple[int, dict[str, Any]]]:
    """One result for each piece of a mask; one for a box or a point."""
    kind = _TAGS[task].lower()
    for part, place in enumerate(_places(thing, wh, task)):
        value = place | {kind: [thing.kind]}
        yield part, {"type": kind, "from_name": "label", "value": value, "score": thing.score}


def _places(thing: Thing, wh: tuple[int, int], task: Task) -> Iterator[dict[str, Any]]:
    if task is Task.SEGMENT:
        for ring in pieces(thing.rings):
            yield {"points": [_percent(corner, wh) for corner in ring], "closed": True}
    elif thing.point is not None:
        x, y = _percent(thing.point, wh)
        yield {"x": x, "y": y, "width": _SPOT_PERCENT}
    else:
        x0, y0, x1, y1 = thing.xyxy
        yield _turned([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], wh)


def _percent(corner: tuple[float, float], wh: tuple[int, int]) -> list[float]:
    return [round(v / side * 100, 4) for v, side in zip(corner, wh, strict=True)]


def _turned(quad: Ring, wh: tuple[int, int]) -> dict[str, Any]:
    """A rectangle by its top left corner, its sides in percent, and its turn around that corner.

    Label Studio turns pixels, clockwise in degrees; sides are measured along the turned edges.
    """
    top_left, top_right, _, bottom_left = quad
    across = (top_right[0] - top_left[0], top_right[1] - top_left[1])
    x, y = _percent(top_left, wh)
    return {
        "x": x,
        "y": y,
        "width": round(math.hypot(*across) / wh[0] * 100, 4),
        "height": round(math.dist(top_left, bottom_left) / wh[1] * 100, 4),
        "rotation": round(math.degrees(math.atan2(across[1], across[0])), 3),
    }


def _interface(collection: Collection) -> str:
    labels = "".join(f"    <Label value={quoteattr(kind)}/>\n" for kind in collection.classes)
    image = '  <Image name="image" value="$image"/>\n'
    if collection.task is Task.READ:
        return (
            f'<View>\n{image}  <Labels name="label" toName="image">\n{labels}  </Labels>\n'
            '  <Rectangle name="box" toName="image"/>\n'
            '  <TextArea name="transcription" toName="image" editable="true" perRegion="true"\n'
            '    required="false" maxSubmissions="1" rows="1" displayMode="region-list"/>\n'
            "</View>\n"
        )
    tag = _TAGS[collection.task]
    return f'<View>\n{image}  <{tag} name="label" toName="image">\n{labels}  </{tag}>\n</View>\n'
