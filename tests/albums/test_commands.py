"""The album commands as a person types them: output, exit codes, kill and Ctrl+C in the middle."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.albums.making import drawn, files_below, photos_in, size_of
from tests.conftest import SAMPLES
from tests.test_cli import twinsight
from twinsight.albums.request import Request
from twinsight.engines.eyes import Eyes
from twinsight.errors import InvalidValue
from twinsight.tasks.request.intent import Task

FAST = 'look = "fast"\n'


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A working folder whose settings make looks quick."""
    (tmp_path / "twinsight.toml").write_text(FAST)
    return tmp_path


def test_without_a_folder_for_results_they_are_printed() -> None:
    done = twinsight("detect", str(SAMPLES / "cat.jpg"))
    assert (done.returncode, done.stderr) == (0, "")
    first, heading, cat = done.stdout.splitlines()
    assert first == f"{SAMPLES / 'cat.jpg'}  451x300"
    assert heading.split() == ["score", "x0", "y0", "x1", "y1"]
    assert cat.split()[0] == "cat"
    x0, y0, x1, y1 = (int(v) for v in cat.split()[2:])
    assert 0 <= x0 < 50 < 400 < x1 <= 451
    assert 0 <= y0 < 50 < 250 < y1 <= 300


def test_read_prints_the_text() -> None:
    done = twinsight("read", str(SAMPLES / "sign.png"))
    assert [line.rsplit(None, 5)[0].strip() for line in done.stdout.splitlines()[2:]] == [
        "NORTH GATE",
        "Open 9 to 17",
    ]


def test_a_folder_in_all_formats(here: Path) -> None:
    photos_in(here / "in")
    formats = "json,coco,yolo,label-studio"
    done = twinsight("segment", "in", "--format", formats, "-o", "out", cwd=here)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "3 looked at. Results are in out.\n"
    assert {"coco.json", "label-studio.json", "yolo/data.yaml", "json/cat.json"} <= files_below(
        here / "out"
    )
    again = twinsight("segment", "in", "--format", formats, "-o", "out", cwd=here)
    assert again.stderr == "0 looked at, 3 done before. Results are in out.\n"


def test_failures_are_listed_at_the_end(here: Path) -> None:
    drawn(here / "in/a.png")
    (here / "in/b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (here / "in/evil\x1b[2J.jpg").write_text("no picture")
    done = twinsight("detect", "in", "-o", "out", cwd=here)
    assert done.returncode == 1
    first, *failed = done.stderr.splitlines()
    assert first == "1 looked at, 2 failed. Results are in out."
    assert [line.split(":")[0].rsplit("/", 1)[1] for line in failed] == [
        "b.png",
        "evil\N{REPLACEMENT CHARACTER}[2J.jpg",
    ]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        pytest.param(["detect"], 2, "Name a picture", id="nothing"),
        pytest.param(["detect", "none.jpg"], 2, "There is no file or folder none.jpg", id="missing"),
        pytest.param(["detect", "in", "-o", "in"], 2, "lies in the output folder", id="onto itself"),
        pytest.param(["detect", "in", "--format", "voc", "-o", "out"], 2, "There is no format 'voc'. Formats: json, coco, yolo, label-studio", id="format"),
        pytest.param(["detect", "in", "--format", "coco"], 2, "To write coco, name a folder", id="a format without a folder"),
        pytest.param(["detect", "in", "--preview", "ascii"], 2, "Invalid value", id="preview"),
        pytest.param(["read", "in", "--find", "text"], 2, "Unknown option", id="read finds text only"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_a_line(words: list[str], code: int, says: str, here: Path) -> None:
    drawn(here / "in/a.png")
    done = twinsight(*words, cwd=here)
    assert says in done.stderr
    assert (done.returncode, done.stdout) == (code, "")
    assert "Traceback" not in done.stderr
    assert not (here / "out").exists()


@pytest.mark.parametrize(
    ("find", "doubts"),
    [
        pytest.param("", [], id="all"),
        pytest.param("cats and the two largest dogs on the left", [], id="known"),
        pytest.param("text", [], id="text"),
        pytest.param("tabby cats", [], id="known to the labeler"),
        pytest.param("unicorns and cats", ["I cannot tell: “unicorns” is not something that I can recognise."], id="one unknown"),
        pytest.param("les licornes et les chats", ["Je ne peux pas le dire : je ne sais pas reconnaître « licornes »."], id="in French"),
        pytest.param("cats that look happy", ["“that look happy” cannot be checked: it is left out of account."], id="more than eyes can tell"),
    ],
)  # fmt: skip
def test_doubts_are_told(find: str, doubts: list[str], pocket_eyes: Eyes) -> None:
    assert Request(Task.DETECT, find).doubts(pocket_eyes) == doubts


@pytest.mark.parametrize(
    ("find", "kinds"),
    [
        pytest.param("dogs and cats on the left", ["cat", "dog"], id="in the eyes' order"),
        pytest.param("pets", ["cat", "dog"], id="a wider word"),
        pytest.param("text and cups", ["cup", "text"], id="text last"),
        pytest.param("les tasses", ["cup"], id="in French"),
        pytest.param("flux capacitors", [], id="nothing known"),
    ],
)
def test_kinds_are_those_looked_for(find: str, kinds: list[str], pocket_eyes: Eyes) -> None:
    assert Request(Task.DETECT, find).kinds(pocket_eyes) == kinds


def test_kinds_are_all_but_those_left_out(pocket_eyes: Eyes) -> None:
    assert len(Request(Task.DETECT).kinds(pocket_eyes)) == 80
    kinds = Request(Task.DETECT, "everything except people").kinds(pocket_eyes)
    assert len(kinds) == 79
    assert "person" not in kinds
    assert Request(Task.READ).kinds(pocket_eyes) == ["text"]


def test_nothing_known_is_refused_with_what_is_known(pocket_eyes: Eyes) -> None:
    with pytest.raises(InvalidValue) as refusal:
        Request(Task.DETECT, "flux capacitors and gizmos").doubts(pocket_eyes)
    assert "“flux capacitors” is not something" in refusal.value.message
    assert "“gizmos” is not something" in refusal.value.message
    assert "What can be found: person, bicycle" in refusal.value.message


def test_what_cannot_be_recognised_is_said_and_the_rest_is_found(here: Path) -> None:
    done = twinsight("detect", str(SAMPLES / "cat.jpg"), "--find", "gizmos and cats", cwd=here)
    assert done.returncode == 0
    assert done.stderr == "I cannot tell: “gizmos” is not something that I can recognise.\n"
    assert done.stdout.splitlines()[2].split()[0] == "cat"


def test_names_that_look_like_options_work_after_two_dashes(here: Path) -> None:
    drawn(here / "-x.png")
    done = twinsight("detect", "-o", "out", "--", "-x.png", cwd=here)
    assert (done.returncode, done.stderr) == (0, "1 looked at. Results are in out.\n")
    assert files_below(here / "out") == {"overlays/_x.png", "json/_x.json"}


def many(folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        shutil.copy(SAMPLES / "coffee.jpg", folder / f"{number:02}.jpg")
    return folder


def started(here: Path, *words: str) -> subprocess.Popen[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TWINSIGHT_")}
    command = [sys.executable, "-m", "twinsight", *words]
    return subprocess.Popen(
        command,
        cwd=here,
        env=clean,
        stderr=subprocess.PIPE,
        text=True,
        # Jobs in the background of a shell inherit that Ctrl+C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for_results(run: subprocess.Popen[str], out: Path, least: int) -> None:
    while len(list(out.glob("json/*.json"))) < least:
        assert run.poll() is None, "it ended too early"
        time.sleep(0.01)


def check_whole(out: Path) -> None:
    """Every result can be read to its end."""
    for path in out.rglob("*"):
        if path.suffix == ".json":
            json.loads(path.read_bytes())
        elif path.suffix in (".jpg", ".png"):
            with Image.open(path) as image:
                image.load()


def contents(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in files_below(out)}


def test_a_killed_run_leaves_whole_files_and_goes_on(here: Path) -> None:
    many(here / "in", 8)
    words = ("segment", "in", "--format", "json,coco,yolo", "-o")
    with started(here, *words, "out") as run:
        wait_for_results(run, here / "out", 3)
        run.send_signal(signal.SIGKILL)
    check_whole(here / "out")
    assert not (here / "out/coco.json").exists()
    done = twinsight(*words, "out", cwd=here)
    looked, before = (int(part.split()[0]) for part in done.stderr.split(".")[0].split(","))
    assert looked + before == 8
    assert before >= 2
    check_whole(here / "out")
    twinsight(*words, "straight", cwd=here)
    assert contents(here / "out") == contents(here / "straight")


def test_ctrl_c_leaves_whole_files_and_says_how_to_go_on(here: Path) -> None:
    many(here / "in", 30)
    with started(here, "detect", "in", "-o", "out") as run:
        wait_for_results(run, here / "out", 2)
        run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=30)[1]
    assert run.returncode == 130
    assert said.startswith("Stopped: ")
    assert said.endswith("of 30 are done; the same command goes on from there.\n")
    check_whole(here / "out")


def at_a_terminal(here: Path, answer: bytes, *words: str, **env: str) -> str:
    """What a command prints at a terminal that answers so when it is asked for its attributes."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(here)
        os.execvpe(
            sys.executable, [sys.executable, "-m", "twinsight", *words], {**os.environ, **env}
        )
    printed = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        printed += data
        if b"\x1b[c" in data:
            os.write(terminal, answer)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    return printed.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("answer", "env", "begins"),
    [
        pytest.param(b"\x1b[?62;4;22c", {"TERM": "xterm"}, '\x1bPq"1;1;', id="sixels"),
        pytest.param(b"\x1b[?1;2c", {"TERM": "xterm"}, "\x1b[38;2;", id="blocks"),
        pytest.param(b"", {"TERM": "xterm-kitty"}, "\x1b_Ga=T", id="kitty"),
        pytest.param(b"", {"TERM": "dumb"}, "", id="none"),
    ],
)
def test_the_preview_suits_the_terminal(
    answer: bytes, env: dict[str, Any], begins: str, here: Path
) -> None:
    drawn(here / "a.png", (60, 40))
    env |= {"TERM_PROGRAM": "", "TMUX": "", "KITTY_WINDOW_ID": ""}
    printed = at_a_terminal(here, answer, "detect", "a.png", **env).replace("\x1b[c", "")
    name, nothing, drawing = printed.split("\n", 2)
    assert (name.split("/")[-1], nothing) == ("a.png  60x40", "  nothing found")
    assert drawing.startswith(begins)
    assert bool(drawing) is bool(begins)


def test_a_preview_beside_written_results(here: Path) -> None:
    drawn(here / "in/a.png", (60, 40))
    done = twinsight("detect", "in", "-o", "out", "--preview", "blocks", cwd=here)
    assert done.stdout.count("▀") == 60 * 20
    assert size_of(here / "out/overlays/a.png") == (60, 40)
