"""Annotations read back by other people's readers: things are where the eyes saw them.

`hotcoco` reads COCO as pycocotools does, `supervision` reads COCO and YOLO. For Label Studio places
are turned back into pixels by its documented rules; `make test-frameworks` asks its own SDK.
"""

from __future__ import annotations

import json
import math
import warnings
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.albums.making import drawn, make, photos_in
from tests.eyes import told_eyes
from twinsight.albums.record import Thing
from twinsight.engines.eyes import Eyes
from twinsight.engines.roles import TextLine
from twinsight.geometry import polygons

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # supervision would rather have OpenCV
    import hotcoco
    import supervision as sv

Mask = NDArray[np.bool_]


class Ringed:
    """Eyes that see a cup and a dog, each as a ring with a hole and a piece apart."""

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._eyes.detector, name)

    def segment(self, picture: Any, xyxy: NDArray[np.float32]) -> list[NDArray[np.uint8]]:
        mask = np.zeros((40, 40), np.uint8)
        mask[:, :25] = 255
        mask[10:30, 8:18] = 0
        mask[5:15, 30:] = 255
        return [mask for _ in xyxy]


def ringed() -> Eyes:
    told = told_eyes(objects=[("cup", (0.1, 0.2, 0.5, 0.7)), ("dog", (0.6, 0.5, 0.95, 0.9))])
    return Eyes("told", told.labeler, told.reader, told.detector, Ringed(told))


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Two pictures of different shapes, segmented, in all formats."""
    drawn(tmp_path / "in/tall.png", (200, 320))
    drawn(tmp_path / "in/wide.jpg", (400, 240))
    make(
        tmp_path / "in",
        tmp_path / "out",
        ringed(),
        "segment",
        formats=("coco", "yolo", "label-studio"),
    )
    return tmp_path / "out"


def masks_of(album: Path, name: str) -> list[Mask]:
    masks = []
    for path in sorted((album / "masks" / name).iterdir()):
        with Image.open(path) as image:
            masks.append(np.asarray(image) > 127)
    return masks


def iou(a: Mask, b: Mask) -> float:
    return float((a & b).sum() / (a | b).sum())


def quietly(read: Any, *args: Any, **options: Any) -> Any:
    """Calls a reader that warns of the OpenCV that it would rather have."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read(*args, **options)


class TestCoco:
    def test_hotcoco_reads_boxes_masks_areas_and_categories(self, album: Path) -> None:
        coco = hotcoco.COCO(str(album / "coco.json"))
        for image in coco.load_imgs(coco.get_img_ids()):
            w, h = image["width"], image["height"]
            masks = masks_of(album, Path(image["file_name"]).stem)
            found = coco.load_anns(coco.get_ann_ids(img_ids=[image["id"]]))
            names = [coco.load_cats([one["category_id"]])[0]["name"] for one in found]
            assert names == ["cup", "dog"]
            assert found[0]["bbox"] == pytest.approx([0.1 * w, 0.2 * h, 0.4 * w, 0.5 * h], abs=0.02)
            for one, mask in zip(found, masks, strict=True):
                assert iou(np.asarray(coco.ann_to_mask(one)) > 0, mask) > 0.97
                assert one["area"] == mask.sum()
                assert (one["iscrowd"], 0 < one["score"] < 1) == (0, True)

    def test_it_scores_itself_without_a_fault(self, album: Path, tmp_path: Path) -> None:
        written = json.loads((album / "coco.json").read_text())
        (tmp_path / "results.json").write_text(json.dumps(written["annotations"]))
        truth = hotcoco.COCO(str(album / "coco.json"))
        for kind in ("bbox", "segm"):
            scored = hotcoco.COCOeval(truth, truth.load_res(str(tmp_path / "results.json")), kind)
            scored.evaluate()
            scored.accumulate()
            scored.summarize()
            assert scored.stats[0] == pytest.approx(1)

    def test_supervision_reads_it(self, album: Path) -> None:
        data = quietly(
            sv.DetectionDataset.from_coco,
            images_directory_path=str(album.parent / "in"),
            annotations_path=str(album / "coco.json"),
            force_masks=True,
        )
        check_supervision(data, album, least=0.93)

    def test_ids_are_whole_and_unique(self, album: Path) -> None:
        written = json.loads((album / "coco.json").read_text())
        for part in ("images", "annotations", "categories"):
            numbers = [one["id"] for one in written[part]]
            assert numbers == list(range(1, len(numbers) + 1))


class TestYolo:
    def test_supervision_reads_boxes(self, tmp_path: Path) -> None:
        drawn(tmp_path / "in/tall.png", (200, 320))
        make(tmp_path / "in", tmp_path / "out", ringed(), formats=("yolo",))
        [(_, _, found)] = list(yolo(tmp_path / "out"))
        assert found.xyxy == pytest.approx(
            np.array([[20, 64, 100, 224], [120, 160, 190, 288]]), abs=0.01
        )

    def test_supervision_reads_masks(self, album: Path) -> None:
        check_supervision(yolo(album, force_masks=True), album, least=0.93)

    def test_supervision_reads_points(self, tmp_path: Path) -> None:
        drawn(tmp_path / "in/tall.png", (200, 320))
        make(tmp_path / "in", tmp_path / "out", ringed(), "point", formats=("yolo",))
        lines = (tmp_path / "out/yolo/labels/tall.txt").read_text().splitlines()
        class_id, *numbers = lines[0].split()
        x, y, visible = (float(number) for number in numbers[4:])
        assert (class_id, visible) == ("0", 2)
        assert 20 < x * 200 < 100
        assert 64 < y * 320 < 224
        [(_, _, found)] = list(yolo(tmp_path / "out"))
        assert found.xyxy[0] == pytest.approx(np.array([20, 64, 100, 224]), abs=0.01)

    def test_images_stand_beside_labels_upright(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        drawn(tmp_path / "in/turned.jpg", (64, 48), exif=exif)
        drawn(tmp_path / "in/other.webp", (60, 50))
        drawn(tmp_path / "in/plain.jpg", (70, 40))
        make(tmp_path / "in", tmp_path / "out", ringed(), formats=("yolo",))
        images = tmp_path / "out/yolo/images"
        sizes = {}
        for path in images.iterdir():
            with Image.open(path) as image:
                sizes[path.name] = image.size
        assert sizes == {"turned.jpg": (48, 64), "other.jpg": (60, 50), "plain.jpg": (70, 40)}
        assert [p.name for p in images.iterdir() if p.is_symlink()] == ["plain.jpg"]

    def test_classes_are_the_same_in_both_files(self, album: Path) -> None:
        listed = (album / "yolo/classes.txt").read_text().splitlines()
        names = (album / "yolo/data.yaml").read_text().split("names:\n")[1].splitlines()
        assert names == [f"  {index}: {json.dumps(kind)}" for index, kind in enumerate(listed)]


def yolo(album: Path, **options: Any) -> Any:
    return quietly(
        sv.DetectionDataset.from_yolo,
        images_directory_path=str(album / "yolo/images"),
        annotations_directory_path=str(album / "yolo/labels"),
        data_yaml_path=str(album / "yolo/data.yaml"),
        **options,
    )


def check_supervision(data: Any, album: Path, least: float) -> None:
    """Names and masks as they were; it draws the polygons' edges too, which makes them larger."""
    assert len(data) == 2
    for path, _, found in data:
        assert [data.classes[index] for index in found.class_id] == ["cup", "dog"]
        for read, mask in zip(found.mask, masks_of(album, Path(path).stem), strict=True):
            assert iou(read, mask) > least


class TestLabelStudio:
    def test_masks_are_polygons_in_percent(self, album: Path) -> None:
        for task in json.loads((album / "label-studio.json").read_text()):
            name = Path(unquote(task["data"]["image"].removeprefix("/data/local-files/?d="))).stem
            w, h = {"tall": (200, 320), "wide": (400, 240)}[name]
            results = task["predictions"][0]["result"]
            assert [result["value"]["polygonlabels"] for result in results] == [["cup"]] * 2 + [
                ["dog"]
            ] * 2
            pixels = [
                np.array(r["value"]["points"], np.float32) * (w / 100, h / 100) for r in results
            ]
            for pair, mask in zip((pixels[:2], pixels[2:]), masks_of(album, name), strict=True):
                pieces = [polygons.to_mask([ring.astype(np.float32)], (w, h)) for ring in pair]
                assert iou(pieces[0] | pieces[1], mask) > 0.97
            assert len({result["id"] for result in results}) == 4

    @pytest.mark.parametrize(
        ("task", "kind"), [("detect", "rectanglelabels"), ("point", "keypointlabels")]
    )
    def test_boxes_and_points_are_in_percent(self, task: str, kind: str, tmp_path: Path) -> None:
        drawn(tmp_path / "in/tall.png", (200, 320))
        make(tmp_path / "in", tmp_path / "out", ringed(), task, formats=("label-studio",))
        [read] = json.loads((tmp_path / "out/label-studio.json").read_text())
        first = read["predictions"][0]["result"][0]
        assert (first["type"], first["value"][kind]) == (kind, ["cup"])
        assert (first["original_width"], first["original_height"]) == (200, 320)
        if task == "detect":
            place = [first["value"][key] for key in ("x", "y", "width", "height", "rotation")]
            assert place == pytest.approx([10, 20, 40, 50, 0], abs=0.01)
        else:
            assert 10 < first["value"]["x"] < 50
            assert 20 < first["value"]["y"] < 70

    @pytest.mark.parametrize("degrees", [0, 7, -20, 90])
    def test_lines_of_text_are_turned_rectangles(self, degrees: float, tmp_path: Path) -> None:
        quad = turned((100, 60), (80, 20), degrees)
        eyes = told_eyes()
        eyes.reader.read = lambda picture: [TextLine("A / B", 0.9, quad)]  # type: ignore[method-assign]
        drawn(tmp_path / "in/page.png", (300, 200))
        make(tmp_path / "in", tmp_path / "out", eyes, "read", formats=("label-studio", "coco"))
        [task] = json.loads((tmp_path / "out/label-studio.json").read_text())
        box, label, words = task["predictions"][0]["result"]
        assert (box["id"], box["id"]) == (label["id"], words["id"])
        assert (label["value"]["labels"], words["value"]["text"]) == (["text"], ["A / B"])
        assert corners(box["value"], (300, 200)) == pytest.approx(quad, abs=0.1)
        coco = json.loads((tmp_path / "out/coco.json").read_text())["annotations"]
        assert coco[0]["utf8_string"] == "A / B"
        assert coco[0]["segmentation"][0] == pytest.approx(quad.reshape(-1), abs=0.01)

    @pytest.mark.parametrize("task", ["detect", "segment", "point", "read"])
    def test_the_interface_has_every_name_that_results_refer_to(
        self, task: str, tmp_path: Path
    ) -> None:
        eyes = told_eyes(objects=[('a "b" <c>', (0.1, 0.1, 0.9, 0.9))], lines=["hello"])
        drawn(tmp_path / "in/tall.png", (200, 320))
        make(tmp_path / "in", tmp_path / "out", eyes, task, formats=("label-studio",))
        view = ElementTree.fromstring((tmp_path / "out/label-studio.xml").read_text())
        controls = {tag.get("name"): tag for tag in view.iter() if tag.get("toName") == "image"}
        [read] = json.loads((tmp_path / "out/label-studio.json").read_text())
        results = read["predictions"][0]["result"]
        assert results
        for result in results:
            control = controls[result["from_name"]]
            assert control.tag.lower() == result["type"]
            labels = {label.get("value") for label in control.iter("Label")}
            assert set(result["value"].get(result["type"], ())) <= labels


def turned(
    corner: tuple[float, float], wh: tuple[float, float], degrees: float
) -> NDArray[np.float32]:
    """A rectangle's corners, turned clockwise on the screen around its top left one."""
    angle = math.radians(degrees)
    across = np.array([math.cos(angle), math.sin(angle)]) * wh[0]
    down = np.array([-math.sin(angle), math.cos(angle)]) * wh[1]
    first = np.array(corner)
    return np.stack([first, first + across, first + across + down, first + down]).astype(np.float32)


def corners(value: dict[str, float], wh: Sequence[int]) -> NDArray[np.float32]:
    """Label Studio's rectangle in pixels."""
    w, h = wh
    first = (value["x"] / 100 * w, value["y"] / 100 * h)
    sides = (value["width"] / 100 * w, value["height"] / 100 * h)
    return turned(first, sides, value["rotation"])


def test_real_photos_read_back(pocket_eyes: Eyes, tmp_path: Path) -> None:
    photos_in(tmp_path / "in", ["coffee.jpg", "cat.jpg"])
    out = tmp_path / "out"
    make(tmp_path / "in", out, pocket_eyes, "segment", formats=("coco", "yolo"))
    coco = hotcoco.COCO(str(out / "coco.json"))
    assert len(coco.get_cat_ids()) == 80
    for image in coco.load_imgs(coco.get_img_ids()):
        found = coco.load_anns(coco.get_ann_ids(img_ids=[image["id"]]))
        masks = masks_of(out, Path(image["file_name"]).stem)
        for one, mask in zip(found, masks, strict=True):
            assert iou(np.asarray(coco.ann_to_mask(one)) > 0, mask) > 0.97
    for path, _, read in yolo(out, force_masks=True):
        for seen, mask in zip(read.mask, masks_of(out, Path(path).stem), strict=True):
            assert iou(seen, mask) > 0.97


def test_classes_are_what_is_looked_for(tmp_path: Path) -> None:
    drawn(tmp_path / "in/a.png")
    make(
        tmp_path / "in",
        tmp_path / "out",
        ringed_knowing("cup", "dog", "cat"),
        find="dogs and cups",
        formats=("yolo",),
    )
    assert (tmp_path / "out/yolo/classes.txt").read_text() == "cup\ndog\n"


def ringed_knowing(*kinds: str) -> Eyes:
    from dataclasses import replace

    eyes = told_eyes(objects=[("dog", (0.1, 0.2, 0.5, 0.7))])
    eyes.detector.card = replace(eyes.detector.card, knows=kinds)
    return eyes


def test_a_thing_without_a_mask_has_no_polygon() -> None:
    from twinsight.albums import coco, outline

    assert outline.whole([]) == []
    assert outline.pieces([]) == []
    assert coco._annotation(Thing("cup", "cup", 0.5, (0, 0, 2, 2)))["segmentation"] == []
