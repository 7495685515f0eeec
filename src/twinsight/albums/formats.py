"""The annotation formats by the names that the command line has for them."""

from __future__ import annotations

from collections.abc import Callable

from twinsight.albums import coco, label_studio, yolo
from twinsight.albums.collection import Collection

JSON, YOLO = "json", "yolo"
OF_ONE_PICTURE = frozenset({JSON, YOLO})
"""Formats that have a file for each picture, which is written when it is looked at."""

FORMATS: dict[str, Callable[[Collection], None]] = {
    JSON: lambda collection: None,
    "coco": coco.assemble,
    YOLO: yolo.assemble,
    "label-studio": label_studio.assemble,
}
"""What writes the files of each format that hold all pictures."""
