"""Reads an album's Label Studio files with Label Studio's own SDK: label_studio_boxes.py FOLDER.

Prints what it finds wrong with each prediction, and, where its converter can make COCO of them,
the boxes, as one line of JSON.
"""

import json
import sys
import tempfile
from pathlib import Path

from label_studio_sdk.converter import Converter  # type: ignore[import-not-found]
from label_studio_sdk.label_interface import LabelInterface  # type: ignore[import-not-found]

folder = Path(sys.argv[1])
interface = (folder / "label-studio.xml").read_text()
tasks = json.loads((folder / "label-studio.json").read_text())

reader = LabelInterface(interface)
wrong = []
for task in tasks:
    for prediction in task["predictions"]:
        wrong += reader.validate_prediction(prediction, return_errors=True)

boxes = []
if "RectangleLabels" in interface or "PolygonLabels" in interface:
    # The converter reads what people drew, not predictions.
    for number, task in enumerate(tasks):
        task["id"] = number
        task["annotations"] = [{"id": number, "result": task.pop("predictions")[0]["result"]}]
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "tasks.json").write_text(json.dumps(tasks))
        converter = Converter(interface, project_dir=scratch, download_resources=False)
        converter.convert_to_coco(
            input_data=f"{scratch}/tasks.json",
            output_dir=f"{scratch}/coco",
            output_image_dir=f"{scratch}/coco/images",
            is_dir=False,
        )
        made = json.loads((Path(scratch) / "coco/result.json").read_text())
    boxes = [annotation["bbox"] for annotation in made["annotations"]]
print(json.dumps({"wrong": wrong, "boxes": boxes}))
