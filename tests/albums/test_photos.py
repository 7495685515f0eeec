"""Which files are taken for pictures, and what their results are called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.albums.making import drawn
from twinsight.albums.names import named
from twinsight.albums.photos import Photo, gather
from twinsight.errors import UsageError


def found(*paths: Path, recursive: bool = False) -> list[str]:
    return [photo.below.as_posix() for photo in gather(paths, recursive)]


def test_pictures_are_known_by_name_or_content(tmp_path: Path) -> None:
    drawn(tmp_path / "a.png")
    drawn(tmp_path / "no ending", format="PNG")
    drawn(tmp_path / "old.gif")
    (tmp_path / "empty.HEIC").touch()
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden.png").write_bytes((tmp_path / "a.png").read_bytes())
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "broken.png").symlink_to(tmp_path / "nowhere")
    assert found(tmp_path) == ["a.png", "empty.HEIC", "no ending", "old.gif"]


def test_folders_below_are_looked_into_when_asked(tmp_path: Path) -> None:
    for name in ("b/2.png", "a/1.png", "0.png", ".git/x.png"):
        drawn(tmp_path / name)
    (tmp_path / "a/loop").symlink_to(tmp_path)
    assert found(tmp_path) == ["0.png"]
    assert found(tmp_path, recursive=True) == ["0.png", "a/1.png", "b/2.png"]


def test_a_picture_named_twice_is_one(tmp_path: Path) -> None:
    photo = drawn(tmp_path / "a.png")
    (tmp_path / "link.png").symlink_to(photo)
    assert found(photo, tmp_path, tmp_path / "../" / tmp_path.name) == ["a.png"]


def test_pictures_of_several_folders_are_told_apart(tmp_path: Path) -> None:
    for name in ("one/a.png", "two/a.png"):
        drawn(tmp_path / name)
    assert found(tmp_path / "one", tmp_path / "two") == ["one/a.png", "two/a.png"]


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        pytest.param([], "Name a picture", id="nothing"),
        pytest.param(["missing.jpg"], "no file or folder", id="missing"),
        pytest.param(["empty"], "add --recursive", id="no pictures"),
    ],
)
def test_mistakes_are_told(paths: list[str], says: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=says):
        gather([tmp_path / path for path in paths], False)


_paths = st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=40), min_size=1, max_size=3)  # fmt: skip


@given(st.lists(_paths, max_size=6, unique_by=tuple))
def test_names_are_apart_and_stay_within_the_folder(paths: list[list[str]]) -> None:
    parts = [path for path in paths if not {".", ".."} & set(path)]
    photos = [Photo(Path("/photos", *path), Path(*path)) for path in parts]
    names = named(photos, {})
    assert len({name.casefold() for name in names.values()}) == len(photos)
    for name in names.values():
        for part in name.split("/"):
            assert part
            assert part[0] not in ".-~"
            assert len(part.encode()) < 170
            assert part.isascii() or part.encode("utf-8")


def test_a_name_once_given_stays(tmp_path: Path) -> None:
    photos = [Photo(drawn(tmp_path / name), Path(name)) for name in ("a.jpg", "a.png", "b.png")]
    before = named(photos[1:], {})
    assert before[str(tmp_path / "a.png")] == "a"
    assert named(photos, before) == before | {str(tmp_path / "a.jpg"): "a-2"}


def test_names_of_files_that_are_gone_are_free_again(tmp_path: Path) -> None:
    photo = Photo(drawn(tmp_path / "new/a.png"), Path("a.png"))
    assert named([photo], {str(tmp_path / "old/a.png"): "a"}) == {str(photo.path): "a"}
