"""Albums: what is written, what a second run leaves alone, and what cannot hurt it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.albums.making import PHOTOS, drawn, files_below, make, photos_in, size_of
from tests.conftest import SAMPLES, RunningServer
from tests.eyes import told_eyes
from twinsight.albums.folder import OutFolder
from twinsight.engines.eyes import Eyes
from twinsight.errors import FailedPrecondition, ResourceExhausted, UsageError
from twinsight.image.header import read_header

CUP = told_eyes(objects=[("cup", (0.25, 0.25, 0.75, 0.75))], lines=["one line"])


def answered(server: RunningServer, photo: Path, question: str) -> object:
    """What the API answers, as JSON."""
    import base64

    data = base64.b64encode(photo.read_bytes()).decode()
    parts = [{"inline_data": {"mime_type": "image/jpeg", "data": data}}, {"text": question}]
    body = {
        "contents": [{"parts": parts}],
        "generationConfig": {"responseMimeType": "application/json"},
    }
    with server.client() as client:
        reply = client.post("/v1beta/models/gemini-2.5-flash:generateContent", json=body).json()
    return json.loads(reply["candidates"][0]["content"]["parts"][0]["text"])


@pytest.mark.parametrize(
    ("task", "question"),
    [("detect", "Detect all items."), ("segment", "Segment all items."), ("point", "Point to all items.")],
)  # fmt: skip
def test_json_is_what_the_api_answers(
    task: str, question: str, server: RunningServer, pocket_eyes: Eyes, tmp_path: Path
) -> None:
    from twinsight.albums.album import Album
    from twinsight.albums.photos import gather
    from twinsight.albums.request import Request
    from twinsight.config import Config
    from twinsight.tasks.request.intent import Task

    photo = SAMPLES / "coffee.jpg"
    with OutFolder(tmp_path / "out") as out:
        album = Album(out, Request(Task(task)), pocket_eyes, Config())
        assert [r.error for r in album.results(gather([photo], False))] == [""]
    written = json.loads((tmp_path / "out/json/coffee.json").read_text())
    assert len(written) == 2
    assert written == answered(server, photo, question)


def test_detect_writes_an_overlay_and_json_for_each_photo(
    pocket_eyes: Eyes, tmp_path: Path
) -> None:
    folder = photos_in(tmp_path / "in", (*PHOTOS, "sign.png"))
    results = make(folder, tmp_path / "out", pocket_eyes)
    assert [r.name for r in results] == ["astronaut", "cat", "coffee", "sign"]
    assert all(r.is_new and not r.error for r in results)
    assert files_below(tmp_path / "out") == {
        *(f"overlays/{Path(name).stem}.jpg" for name in PHOTOS), "overlays/sign.png",
        *(f"json/{stem}.json" for stem in ("astronaut", "cat", "coffee", "sign")),
    }  # fmt: skip
    cat = json.loads((tmp_path / "out/json/cat.json").read_text())
    assert [entry["label"] for entry in cat][:1] != []
    plain = np.asarray(Image.open(SAMPLES / "sign.png").convert("RGB"))
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out/overlays/sign.png")), plain)
    assert json.loads((tmp_path / "out/json/sign.json").read_text()) == []


def test_segment_writes_masks_of_the_photos_size(pocket_eyes: Eyes, tmp_path: Path) -> None:
    make(SAMPLES / "coffee.jpg", tmp_path, pocket_eyes, "segment", "cups")
    masks = sorted((tmp_path / "masks/coffee").iterdir())
    assert [path.name for path in masks] == ["00-cup.png"]
    mask = np.asarray(Image.open(masks[0]))
    assert mask.shape == (400, 600)
    assert set(np.unique(mask)) == {0, 255}
    assert mask[100, 290] == 255  # the middle of the cup
    assert mask[390, 10] == 0


def test_read_writes_the_text_in_lines(pocket_eyes: Eyes, tmp_path: Path) -> None:
    make(SAMPLES / "sign.png", tmp_path, pocket_eyes, "read")
    assert (tmp_path / "text/sign.txt").read_text() == "NORTH GATE\nOpen 9 to 17\n"
    entries = json.loads((tmp_path / "json/sign.json").read_text())
    assert [entry["label"] for entry in entries] == ["NORTH GATE", "Open 9 to 17"]


@pytest.mark.parametrize("task", ["detect", "segment", "point", "read"])
def test_results_of_a_turned_photo_are_upright(task: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = drawn(tmp_path / "turned.jpg", (64, 48), exif=exif)
    make(photo, tmp_path / "out", CUP, task)
    assert size_of(tmp_path / "out/overlays/turned.jpg") == (48, 64)
    for mask in (tmp_path / "out").rglob("masks/**/*.png"):
        assert size_of(mask) == (48, 64)


@pytest.mark.parametrize("name", ["turn_6", "grey", "alpha"])
def test_heic_is_a_picture_too(name: str, tmp_path: Path) -> None:
    photo = Path(__file__).parents[1] / f"image/data/{name}.heic"
    [result] = make(photo, tmp_path, CUP, formats=("yolo",))
    assert result.error == ""
    wh = read_header(photo.read_bytes()).wh
    assert size_of(tmp_path / f"overlays/{name}.jpg") == wh
    assert size_of(tmp_path / f"yolo/images/{name}.jpg") == wh
    assert (tmp_path / f"yolo/labels/{name}.txt").read_text().split() == [
        "0", "0.500000", "0.500000", "0.500000", "0.500000"
    ]  # fmt: skip


class TestResume:
    def test_a_second_run_does_nothing(self, tmp_path: Path) -> None:
        folder, out = photos_in(tmp_path / "in"), tmp_path / "out"
        make(folder, out, CUP)
        before = {path: path.stat().st_mtime_ns for path in out.rglob("*.jp*g")}
        results = make(
            folder, out, told_eyes(objects=[("cup", (0.25, 0.25, 0.75, 0.75))], before=pytest.fail)
        )
        assert [r.is_new for r in results] == [False] * 3
        assert {path: path.stat().st_mtime_ns for path in out.rglob("*.jp*g")} == before

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda photo, out: drawn(photo), id="the photo changed"),
            pytest.param(lambda photo, out: os.utime(photo, (1, 1)), id="the photo is another of the same size"),
            pytest.param(lambda photo, out: (out / "overlays/a.png").unlink(), id="a result is missing"),
            pytest.param(lambda photo, out: (out / "json/a.json").write_text("["), id="a result is cut short"),
            pytest.param(lambda photo, out: (out / ".twinsight/records/a.json").write_text("{"), id="its record is damaged"),
        ],
    )  # fmt: skip
    def test_what_changed_is_done_again(
        self, change: Callable[[Path, Path], object], tmp_path: Path
    ) -> None:
        out = tmp_path / "out"
        for name in ("a.png", "b.png"):
            drawn(tmp_path / "in" / name, (50, 40))
        make(tmp_path / "in", out, CUP)
        change(tmp_path / "in/a.png", out)
        results = make(tmp_path / "in", out, CUP)
        assert [(r.name, r.is_new) for r in results] == [("a", True), ("b", False)]
        assert json.loads((out / "json/a.json").read_text())[0]["label"] == "cup"

    @pytest.mark.parametrize(
        "options", [{"force": True}, {"find": "cups"}, {"task": "segment"}, {"formats": ("yolo",)}], ids=str
    )  # fmt: skip
    def test_what_is_asked_otherwise_is_done_again(
        self, options: dict[str, object], tmp_path: Path
    ) -> None:
        photo = drawn(tmp_path / "a.png")
        make(photo, tmp_path / "out", CUP)
        [result] = make(photo, tmp_path / "out", CUP, **options)  # type: ignore[arg-type]
        assert result.is_new

    def test_data_sets_are_made_from_what_is_known(self, tmp_path: Path) -> None:
        photo = drawn(tmp_path / "a.png")
        make(photo, tmp_path / "out", CUP)
        [result] = make(photo, tmp_path / "out", CUP, formats=("json", "coco", "label-studio"))
        assert not result.is_new
        assert len(json.loads((tmp_path / "out/coco.json").read_text())["annotations"]) == 1

    def test_masks_of_things_that_are_gone_go_too(self, tmp_path: Path) -> None:
        photo = drawn(tmp_path / "a.png")
        make(photo, tmp_path / "out", CUP, "segment")
        make(photo, tmp_path / "out", told_eyes(), "segment", force=True)
        assert files_below(tmp_path / "out") == {"overlays/a.png", "json/a.json"}

    def test_results_of_photos_that_are_gone_go_too(self, tmp_path: Path) -> None:
        for name in ("a.png", "b.png"):
            drawn(tmp_path / "in" / name)
        make(tmp_path / "in", tmp_path / "out", CUP, formats=("json", "yolo"))
        (tmp_path / "in/a.png").unlink()
        make(tmp_path / "in", tmp_path / "out", CUP, formats=("json", "yolo"))
        assert not [name for name in files_below(tmp_path / "out") if "/a." in name]


def test_one_bad_picture_does_not_stop_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    drawn(folder / "a.png")
    drawn(folder / "z.png")
    (folder / "b.jpg").write_bytes(b"")
    (folder / "c.jpg").write_bytes((SAMPLES / "cat.jpg").read_bytes()[:5000])
    (folder / "d.jpg").write_text("hello")
    results = make(folder, tmp_path / "out", CUP, formats=("json", "coco"))
    told = {r.name: r.error for r in results}
    assert (told["a"], told["z"]) == ("", "")
    assert "empty" in told["b"]
    assert "ends before" in told["c"]
    assert "text/plain" in told["d"]
    images = json.loads((tmp_path / "out/coco.json").read_text())["images"]
    assert [image["file_name"] for image in images] == ["a.png", "z.png"]


def test_a_fault_of_the_eyes_with_one_picture_does_not_stop_the_rest(tmp_path: Path) -> None:
    def only_once() -> None:
        if not calls:
            calls.append(1)
            raise ZeroDivisionError("odd")

    calls: list[int] = []
    for name in ("a.png", "b.png"):
        drawn(tmp_path / "in" / name)
    eyes = told_eyes(objects=[("cup", (0, 0, 1, 1))], before=only_once)
    results = make(tmp_path / "in", tmp_path / "out", eyes)
    assert sorted(bool(r.error) for r in results) == [False, True]
    assert "ZeroDivisionError('odd')" in "".join(r.error for r in results)


HOSTILE = [
    "plain.png", "with space.png", "-rf.png", "--help.png", "..png", "...png", "..hidden.png", "néè 犬.png",
    "a\nb.png", "a\tb.png", "\x1b[31mred.png", "quote'\".png", "semi;colon&.png", "$(touch pwned).png", "%2e%2e.png",
    "back\\slash.png", "c:drive.png", "CON.png", "trailing .png", "trailing..png", "*.png", "x" * 250 + ".png", "犬" * 83 + ".png",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_any_file_name_survives(name: str, tmp_path: Path) -> None:
    photo = tmp_path / "in" / name
    drawn(tmp_path / "in/x.png")
    (tmp_path / "in/x.png").rename(photo)
    [result] = make(
        photo, tmp_path / "out", CUP, "segment", formats=("json", "coco", "yolo", "label-studio")
    )
    assert result.error == ""
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out"}
    assert [path.name for path in (tmp_path / "in").iterdir()] == [name]
    written = files_below(tmp_path / "out")
    assert len([path for path in written if path.startswith("overlays/")]) == 1
    assert all(not Path(path).name.startswith(("-", ".")) for path in written)
    coco = json.loads((tmp_path / "out/coco.json").read_text())
    assert coco["images"][0]["file_name"] == name


def test_a_name_that_is_not_unicode_survives(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    drawn(folder / "x.png")
    (folder / "x.png").rename(folder / os.fsdecode(b"caf\xe9.png"))
    formats = ("json", "coco", "yolo", "label-studio")
    for is_new in (True, False):
        [result] = make(folder, tmp_path / "out", CUP, formats=formats)
        assert (result.error, result.is_new) == ("", is_new)
    assert "caf\N{REPLACEMENT CHARACTER}.png" in (tmp_path / "out/coco.json").read_text()


def test_pictures_of_one_stem_keep_results_of_their_own(tmp_path: Path) -> None:
    first = drawn(tmp_path / "in/a.png", (60, 40))
    make(tmp_path / "in", tmp_path / "out", CUP)
    drawn(tmp_path / "in/A.JPG", (70, 40), format="JPEG")
    drawn(tmp_path / "in/a.jpg", (80, 40))
    drawn(tmp_path / "in/b/a.png", (90, 40))
    results = make(tmp_path / "in", tmp_path / "out", CUP, recursive=True)
    names = {r.photo.below.as_posix(): r.name for r in results}
    assert names[first.name] == "a"
    assert names["b/a.png"] == "b/a"
    assert len({name.casefold() for name in names.values()}) == 4
    for result in results:
        [overlay] = (tmp_path / "out/overlays").glob(f"{result.name}.*")
        assert size_of(overlay) == size_of(result.photo.path)


def test_the_inputs_are_never_written_to(tmp_path: Path) -> None:
    folder = photos_in(tmp_path / "in")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    formats = ("json", "coco", "yolo", "label-studio")
    make(folder, tmp_path / "out", CUP, "segment", formats=formats)
    make(folder, tmp_path / "out", CUP, "detect", formats=formats, force=True)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("named", "out"),
    [
        pytest.param("in", "in", id="the folder itself"),
        pytest.param("in/a.png", "in", id="a picture in the output folder"),
        pytest.param("in/a.png", ".", id="a picture below it"),
        pytest.param("in", "in/../in", id="by another way"),
        pytest.param("in", "link", id="by a link"),
    ],
)
def test_results_are_not_mixed_with_pictures(named: str, out: str, tmp_path: Path) -> None:
    drawn(tmp_path / "in/a.png")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    with pytest.raises(UsageError, match="lies in the output folder"):
        make(tmp_path / named, tmp_path / out, CUP)
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["a.png"]


def test_results_within_the_folder_are_not_taken_for_pictures(tmp_path: Path) -> None:
    drawn(tmp_path / "a.png")
    for _ in range(2):
        results = make(tmp_path, tmp_path / "out", CUP, recursive=True)
        assert [r.name for r in results] == ["a"]


def test_nothing_is_written_through_a_link_that_leads_out(tmp_path: Path) -> None:
    photo = drawn(tmp_path / "in/a.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out/overlays").symlink_to(tmp_path / "elsewhere")
    [result] = make(photo, tmp_path / "out", CUP)
    assert "leads out of the output folder" in result.error
    assert not list((tmp_path / "elsewhere").iterdir())


def test_altered_notes_lead_nowhere_else(tmp_path: Path) -> None:
    photo, precious = drawn(tmp_path / "in/a.png"), tmp_path / "precious"
    precious.write_text("keep")
    make(photo, tmp_path / "out", CUP)
    record = tmp_path / "out/.twinsight/records/a.json"
    record.write_text(record.read_text().replace("json/a.json", "../precious"))
    [result] = make(photo, tmp_path / "out", CUP)
    assert (result.error, result.is_new) == ("", True)
    names = {str(photo): "../../../elsewhere/a", "other": 3}
    (tmp_path / "out/.twinsight/names.json").write_text(json.dumps(names))
    [result] = make(photo, tmp_path / "out", CUP)
    assert "leads out of the output folder" in result.error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out", "precious"]
    assert precious.read_text() == "keep"


def test_a_link_in_the_place_of_a_result_is_replaced_not_followed(tmp_path: Path) -> None:
    photo = drawn(tmp_path / "in/a.png")
    (tmp_path / "out/json").mkdir(parents=True)
    (tmp_path / "precious").write_text("keep")
    (tmp_path / "out/json/a.json").symlink_to(tmp_path / "precious")
    make(photo, tmp_path / "out", CUP)
    assert (tmp_path / "precious").read_text() == "keep"
    assert not (tmp_path / "out/json/a.json").is_symlink()


def test_two_commands_do_not_write_to_one_folder(tmp_path: Path) -> None:
    photo = drawn(tmp_path / "in/a.png")
    with OutFolder(tmp_path / "out"), pytest.raises(FailedPrecondition, match="Another command"):
        make(photo, tmp_path / "out", CUP)
    assert not make(photo, tmp_path / "out", CUP)[0].error


def test_what_cannot_be_written_ends_the_run(tmp_path: Path) -> None:
    photo = drawn(tmp_path / "in/a.png")
    make(photo, tmp_path / "out", CUP)
    shutil.rmtree(tmp_path / "out/json")
    (tmp_path / "out/json").write_text("a file where a folder must be")
    with pytest.raises(ResourceExhausted, match="cannot be written"):
        make(photo, tmp_path / "out", CUP)
