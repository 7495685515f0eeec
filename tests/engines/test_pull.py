"""`twinsight models pull, use, list, rm` against a hub on loopback, by the real huggingface-hub."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import os
import pty
import random
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.conftest import SAMPLES, SHARED, StartServer
from tests.engines import hub_standin, onnx_models, tiny_onnx
from tests.engines.hub_standin import COMMIT, Hub, Repository
from tests.engines.llama.tiny_eyes import write_eyes
from tests.engines.llama_server import WEIGHTS, child_settings, need_llama
from tests.engines.test_onnx import detr_outputs, written
from twinsight import cli, config_file, doctor
from twinsight.config import Config, load
from twinsight.engines import hub, library, machine
from twinsight.engines.eyes import open_eyes
from twinsight.errors import HubError, InvalidConfig

pytest.importorskip("huggingface_hub", reason="`make test` installs huggingface-hub")
from huggingface_hub import close_session, constants

YOLOX = SHARED / "models" / "yolox_nano.onnx"
LFM = "LiquidAI/LFM2.5-VL-450M-GGUF"
SEER = "o/Seer-GGUF"
MODEL, EYES = "Seer-Q4_K_M.gguf", "mmproj-Seer-F16.gguf"
MEGABYTE = 1024 * 1024
OURS = ("TWINSIGHT_", "HF_")


def gguf(size: int) -> bytes:
    return b"GGUF" + random.Random(size).randbytes(size - 4)


@dataclass
class Place:
    """A user's folder, with a hub that he can reach."""

    folder: Path
    hub: Hub
    capsys: pytest.CaptureFixture[str]

    @property
    def models(self) -> Path:
        return self.folder / "data/models"

    def environment(self, **changes: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
        return kept | {
            "HF_ENDPOINT": self.hub.url,
            "HF_HOME": str(self.folder / "hf"),
            "TWINSIGHT_DATA_DIR": str(self.folder / "data"),
        } | changes  # fmt: skip

    def start(self, *words: str, **changes: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "twinsight", "models", *words],
            cwd=self.folder,
            env=self.environment(**changes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run_apart(self, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """The command in a process of its own, as a person runs it."""
        process = self.start(*words, **changes)
        told, errors = process.communicate(timeout=60)
        assert "Traceback" not in errors, errors
        return subprocess.CompletedProcess(words, process.returncode, told, errors)

    def run(self, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """The same in this process, which is quicker."""
        with pytest.MonkeyPatch.context() as patch:
            for name in os.environ:
                if name.startswith(OURS):
                    patch.delenv(name)
            for name, value in self.environment(**changes).items():
                patch.setenv(name, value)
            # The package reads these variables once, when it is imported.
            patch.setattr(constants, "ENDPOINT", self.hub.url)
            template = self.hub.url + "/{repo_id}/resolve/{revision}/{filename}"
            patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
            patch.setattr(constants, "HF_HUB_CACHE", str(self.folder / "hf/hub"))
            patch.setattr(constants, "HF_TOKEN_PATH", str(self.folder / "hf/token"))
            patch.setattr(cli, "app", partial(cli.app, ["models", *words]))
            patch.chdir(self.folder)
            with pytest.raises(SystemExit) as ended:
                cli.main()
        close_session()
        told, errors = self.capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return subprocess.CompletedProcess(words, ended.value.code, told, errors)

    def at_terminal(self, answer: str, *words: str) -> tuple[int, str]:
        """The command with a terminal for its input and its errors, and somebody who types."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "twinsight", "models", *words],
            cwd=self.folder,
            env=self.environment(TERM="xterm"),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
        )
        os.close(theirs)
        os.write(ours, answer.encode())
        seen = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        process.communicate(timeout=60)
        os.close(ours)
        return process.returncode, seen.decode("utf-8", "replace")

    def left(self) -> list[str]:
        """All that lies in the folder of models."""
        return sorted(
            path.relative_to(self.models).as_posix()
            for path in self.models.rglob("*")
            if path.is_file()
        )


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Place]:
    with hub_standin.running() as hub:
        hub.repositories[SEER] = Repository(
            {
                MODEL: gguf(3 * MEGABYTE),
                "Seer-Q8_0.gguf": gguf(900),
                EYES: gguf(800),
                "README.md": b"#",
            }
        )
        hub.repositories[LFM] = Repository(
            {
                "LFM2.5-VL-450M-Q4_0.gguf": gguf(700),
                "mmproj-LFM2.5-VL-450m-Q8_0.gguf": gguf(600),
                "LICENSE": b"You may not, unless.",
            },
            licence="lfm1.0",
        )
        yield Place(tmp_path, hub, capsys)


def test_a_repository_is_pulled_whole(place: Place) -> None:
    done = place.run_apart("pull", SEER, HF_TOKEN="hf_right")
    assert done.returncode == 0, done.stderr
    kept = place.models / "seer"
    lines = tomllib.loads(done.stdout)
    assert lines == {"engine_gguf": str(kept / MODEL), "engine_mmproj": str(kept / EYES)}
    assert (kept / MODEL).read_bytes() == place.hub.repositories[SEER].files[MODEL]
    assert place.left() == [f"seer/{MODEL}", "seer/gguf.json", f"seer/{EYES}"]
    card = json.loads((kept / "gguf.json").read_text())
    assert card["revision"] == COMMIT
    assert card["files"][0]["sha256"] == place.hub.promised(SEER, MODEL)
    # Whom nobody had pinned is trusted this once, and the user is told.
    assert "Nobody has pinned" in done.stderr
    assert place.hub.promised(SEER, MODEL) in done.stderr
    # The key goes to the hub, and not to the stores that it sends us to.
    assert {asked.authorization for asked in place.hub.downloads()} == {""}
    others = [asked for asked in place.hub.asked if asked not in place.hub.downloads()]
    assert {asked.authorization for asked in others} == {"Bearer hf_right"}
    # Nothing but the model was asked for.
    assert all("/o/Seer-GGUF/" in asked.path for asked in others)


def test_what_is_here_is_not_fetched_again(place: Place) -> None:
    place.run("pull", LFM, "--name", "lfm", "--accept-licence")
    before = len(place.hub.asked)
    assert "here already" in place.run("pull", f"{LFM}@{COMMIT}", "--name", "lfm").stderr
    assert not [asked for asked in place.hub.asked[before:] if asked.path.startswith("/store/")]
    # By its name it needs no hub at all; and one that was altered is fetched anew.
    place.run("pull", "lfm2.5-vl-450m", "--accept-licence")
    place.hub.answers = 503
    assert "here already" in place.run("pull", "lfm2.5-vl-450m").stderr
    place.hub.answers = None
    file = place.models / "lfm2.5-vl-450m" / "LFM2.5-VL-450M-Q4_0.gguf"
    file.write_bytes(b"GGUF, but another")
    assert place.run("pull", "lfm2.5-vl-450m", "--accept-licence").returncode == 0
    assert file.read_bytes() == gguf(700)


def test_a_connection_that_is_cut_goes_on_where_it_was(place: Place) -> None:
    place.hub.cut_after = [MEGABYTE + 1000, MEGABYTE + 1000]
    done = place.run("pull", SEER)
    assert done.returncode == 0, done.stderr
    asked = [asked for asked in place.hub.downloads() if asked.sent > 1000]
    assert asked[0].range == ""
    begins = [int(each.range.removeprefix("bytes=").removesuffix("-")) for each in asked[1:]]
    assert len(begins) == 2
    # Of what was sent, less than a chunk each time was lost with the connection.
    assert MEGABYTE <= begins[0] < begins[1]
    assert sum(each.sent for each in asked) < 3 * MEGABYTE + 3000
    kept = (place.models / "seer" / MODEL).read_bytes()
    assert kept == place.hub.repositories[SEER].files[MODEL]


def test_a_pull_that_was_killed_goes_on_where_it_was(place: Place) -> None:
    place.hub.stall_after = 2 * MEGABYTE
    process = place.start("pull", SEER)
    part = place.models / ".pulling" / place.hub.promised(SEER, MODEL)
    end = time.monotonic() + 30
    while not part.is_file() or part.stat().st_size < 2 * MEGABYTE:
        assert time.monotonic() < end
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    # Somebody else who wants the same meanwhile is told so.
    second = place.run("pull", SEER)
    assert second.returncode == 1
    assert "another process" in second.stderr
    taken_away = place.run("rm", "seer")
    assert taken_away.returncode == 2
    assert "another process" in taken_away.stderr
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert library.installed(place.models) == []
    listed = place.run("list").stdout
    assert "2.1 MB here" in next(row for row in listed.splitlines() if row.startswith("seer "))
    place.hub.stall_after = None
    before = len(place.hub.downloads())
    done = place.run_apart("pull", SEER)
    assert done.returncode == 0, done.stderr
    again = place.hub.downloads()[before]
    assert again.range == f"bytes={2 * MEGABYTE}-"
    assert again.sent == MEGABYTE
    assert place.left() == [f"seer/{MODEL}", "seer/gguf.json", f"seer/{EYES}"]


@pytest.mark.parametrize("way", ["rm", "pull"])
def test_what_a_cut_pull_has_left_is_known_by_its_name(way: str, place: Place) -> None:
    place.hub.cut_after = [2 * MEGABYTE] + [0] * hub.TRIES
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", lambda _: None)
        assert "2097152 of 3145728 bytes are here" in place.run("pull", SEER).stderr
    # As a kill in the middle of a write leaves it.
    (place.models / ".pulling/half.json").write_text('{"role": "spe')
    before = len(place.hub.downloads())
    assert place.run(way, "seer").returncode == 0
    (place.models / ".pulling/half.json").unlink()
    if way == "rm":
        assert place.left() == []
        assert place.run("rm", "seer").returncode == 1
    else:
        assert place.hub.downloads()[before].range == f"bytes={2 * MEGABYTE}-"
        assert place.left() == [f"seer/{MODEL}", "seer/gguf.json", f"seer/{EYES}"]


def test_an_install_that_was_killed_leaves_nothing_in_use(place: Place) -> None:
    # As a kill between the last copy and the rename leaves things.
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    half = place.models / f".seer.{gone.pid}"
    half.mkdir(parents=True)
    (half / "gguf.json").write_text("{")
    (half / "card.json").write_text("{")
    assert "seer" not in place.run("list").stdout
    assert place.run("pull", SEER).returncode == 0
    assert not half.exists()


def test_another_file_than_was_promised_is_refused(place: Place) -> None:
    place.hub.lies = True
    done = place.run("pull", SEER)
    assert done.returncode == 1
    assert "not the file that was promised, and was removed" in done.stderr
    assert place.hub.promised(SEER, MODEL) in done.stderr
    assert place.left() == []
    place.hub.lies = False
    assert place.run("pull", SEER).returncode == 0


def test_another_file_than_was_pinned_is_not_even_fetched(place: Place) -> None:
    card = next(card for card in library.known() if card.name == "qwen3-vl-4b")
    files = {file.name: gguf(500) for file in card.files}
    place.hub.repositories[card.repo] = Repository(files)
    done = place.run("pull", f"qwen3-vl-4b@{COMMIT}", "--sha256", "0" * 64, "--sha256", "1" * 64)
    assert done.returncode == 1
    assert "another Qwen3VL-4B-Instruct-Q4_K_M.gguf" in done.stderr
    assert place.hub.downloads() == []
    right = [place.hub.promised(card.repo, file.name) for file in card.files]
    hashes = [word for each in right for word in ("--sha256", each.upper())]
    done = place.run("pull", f"qwen3-vl-4b@{COMMIT}", *hashes)
    assert done.returncode == 0, done.stderr
    assert "Nobody has pinned" not in done.stderr


def test_without_a_network_the_cache_serves(place: Place) -> None:
    fetch = (
        "from huggingface_hub import hf_hub_download as get\n"
        f"for name in {[MODEL, EYES, 'README.md']!r}: get({SEER!r}, name)"
    )
    place.hub.repositories[SEER].files["README.md"] = b"---\nlicense: mit\n---\n# Seer\n"
    environment = place.environment(HF_HUB_DISABLE_PROGRESS_BARS="1")
    subprocess.run([sys.executable, "-c", fetch], env=environment, check=True, capture_output=True)
    before = len(place.hub.asked)
    done = place.run_apart("pull", SEER, HF_HUB_OFFLINE="1")
    assert done.returncode == 0, done.stderr
    assert len(place.hub.asked) == before
    assert "licence mit" in done.stderr
    kept = (place.models / "seer" / MODEL).read_bytes()
    assert kept == place.hub.repositories[SEER].files[MODEL]
    # A hub that is down is the same as none; what is not in the cache cannot be had.
    assert place.run("rm", "seer").returncode == 0
    assert place.run_apart("pull", SEER, HF_ENDPOINT="http://127.0.0.1:9").returncode == 0
    done = place.run_apart("pull", LFM, HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    assert "HF_HUB_OFFLINE is set" in done.stderr
    assert "not in the cache" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        pytest.param(["nobody/nothing"], 1, "no repository nobody/nothing", id="no repository"),
        pytest.param([f"{SEER}@v9"], 1, "no revision 'v9'", id="no revision"),
        pytest.param([SEER, "--file", "a.gguf"], 1, f"no file 'a.gguf'.*{MODEL}", id="no file"),
        pytest.param(["o/Gated-GGUF"], 1, "gated: accept its terms at http", id="gated"),
        pytest.param(["o/All-GGUF"], 2, "has 2 files for Q4_K_M. Say which by --file", id="unclear"),
        pytest.param([f"{SEER}:Q9"], 2, "has 0 files for Q9", id="no such precision"),
        pytest.param(["o/Onnx"], 2, "has no GGUF file; an ONNX model needs a --card. It has: m.onnx", id="no GGUF"),
        pytest.param(["o/Onnx", "--file", "m.onnx"], 2, "needs a --card", id="ONNX, no card"),
        pytest.param(["nothing"], 2, "No model is called 'nothing'", id="no name"),
        pytest.param(["yolox_nano"], 2, "is not on the hub: get it from “YOLOX", id="not on the hub"),
        pytest.param([SEER, "--sha256", "12"], 2, "64 hex digits", id="no sha256"),
        pytest.param([SEER, "--name", "../x"], 2, "cannot be a model's name", id="no name for a folder"),
        pytest.param(["a/b/c"], 1, "is no repository's name", id="no repository's name"),
        pytest.param(["o/Fake-GGUF"], 2, "is no GGUF file", id="another kind of file"),
    ],
)  # fmt: skip
def test_what_cannot_be_pulled(words: list[str], code: int, says: str, place: Place) -> None:
    place.hub.repositories |= {
        "o/Gated-GGUF": Repository({"g.gguf": gguf(9)}, gated=True),
        "o/All-GGUF": Repository({"a-Q4_K_M.gguf": gguf(9), "b-Q4_K_M.gguf": gguf(9)}),
        "o/Onnx": Repository({"m.onnx": b"x"}),
        "o/Fake-GGUF": Repository({"f.gguf": b"<html>"}),
    }
    done = place.run("pull", *words)
    assert done.returncode == code
    pytest.fail(done.stderr) if says.partition(".*")[0] not in done.stderr else None
    assert says.rpartition(".*")[2] in done.stderr
    assert done.stdout == ""
    assert library.installed(place.models) == []


def test_a_gated_repository_opens_to_the_right_key(place: Place) -> None:
    place.hub.repositories[SEER].gated = True
    assert place.run("pull", SEER, HF_TOKEN="hf_wrong").returncode == 1
    assert place.run("pull", SEER, HF_TOKEN="hf_right").returncode == 0


def test_a_hub_that_is_not_well(place: Place) -> None:
    place.hub.answers = 500
    done = place.run("pull", SEER)
    assert done.returncode == 1
    assert "The hub answers 500" in done.stderr
    place.hub.answers = 418
    assert "The hub refuses" in place.run("pull", SEER).stderr


def test_a_licence_is_shown_and_asked_for(place: Place) -> None:
    done = place.run("pull", "lfm2.5-vl-450m")
    assert done.returncode == 2
    assert "You may not, unless." in done.stderr
    assert "Not accepted: lfm2.5-vl-450m is under LFM1.0" in done.stderr
    assert place.hub.downloads() == []
    code, seen = place.at_terminal("n\n", "pull", "lfm2.5-vl-450m")
    assert code == 2
    assert "Do you accept it?" in seen
    assert place.hub.downloads() == []
    code, seen = place.at_terminal("y\n", "pull", "lfm2.5-vl-450m")
    assert code == 0, seen
    # The bar of a terminal.
    assert "LFM2.5-VL-450M-Q4_0.gguf" in seen
    assert "━" in seen
    assert "lfm2.5-vl-450m/gguf.json" in place.left()


@pytest.mark.parametrize(
    ("licence", "says"),
    [
        pytest.param(None, "Nobody says under which licence", id="none"),
        pytest.param("cc-by-nc-4.0", "The licence cc-by-nc-4.0 does not let", id="not for all"),
    ],
)
def test_a_licence_that_is_not_known_to_be_free(
    licence: str | None, says: str, place: Place
) -> None:
    place.hub.repositories[SEER].licence = licence
    done = place.run("pull", SEER)
    assert done.returncode == 2
    assert says in done.stderr
    assert place.run("pull", SEER, "--accept-licence").returncode == 0


def test_a_hub_cannot_steer_the_terminal(place: Place) -> None:
    """Escapes in what a hub says could rename the window, or worse."""
    repository = place.hub.repositories[SEER]
    repository.licence = "mine\x1b[31m"
    repository.files |= {
        "LICENSE": b"\x1b]0;pwned\x07Not free.\r\n" + b"x" * 10**6,
        "a\x1b.gguf": gguf(9),
    }
    done = place.run("pull", SEER)
    assert "Nobody says under which licence" in done.stderr
    assert "Not free." in done.stderr
    assert "\x1b" not in done.stderr
    assert len(done.stderr) < 250_000
    assert "\x1b" not in place.run("pull", SEER, "--file", "none.gguf").stderr


def test_another_licence_than_the_card_says_is_asked_for(place: Place) -> None:
    place.hub.repositories[LFM].licence = "cc-by-nc-4.0"
    done = place.run("pull", "lfm2.5-vl-450m")
    assert "The hub names the licence cc-by-nc-4.0, the card LFM1.0." in done.stderr


def test_a_disk_without_room_is_told_before(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    card = next(card for card in library.known() if card.name == "qwen3-vl-8b")
    promises = tuple(hub.Promise(file.name, file.bytes or 0, file.sha256) for file in card.files)
    offer = hub.Offer(card.repo, COMMIT, "apache-2.0", ())
    plan = library.Plan(card, offer, promises, (), "")
    monkeypatch.setattr(library, "free_disk_bytes", lambda folder: 10**9)
    with pytest.raises(HubError, match=r"qwen3-vl-8b needs 5.8 GB more .* 1.0 GB are free"):
        library.carry_out(plan, place.models, True, lambda *_: None)
    assert place.left() == []


def test_a_folder_that_cannot_be_written_is_told(place: Place) -> None:
    (place.folder / "data").write_text("no folder")
    done = place.run("pull", SEER)
    assert done.returncode == 1
    assert "Not pulled: seer cannot be kept in" in done.stderr


def test_a_pulled_detector_answers(place: Place, start_server: StartServer) -> None:
    _, card = written(place.folder / "cards")
    content = tiny_onnx.model("input", (1, 3, 32, 64), detr_outputs())
    place.hub.repositories["o/tiny"] = Repository({"onnx/model.onnx": content})
    done = place.run("pull", "o/tiny", "--file", "onnx/model.onnx", "--card", str(card))
    assert done.returncode == 0, done.stderr
    assert done.stdout == 'roles.detector = "tiny"\n'
    file = place.folder / "twinsight.toml"
    file.write_text(
        "# ours\nport = 9 # nine\n\n[models.mine]\ngeneration = 2.5\ndisplay_name = 'M'\n"
    )
    assert place.run("use", "tiny").returncode == 0
    assert file.read_text() == (
        '# ours\nport = 9 # nine\nroles.detector = "tiny"\n'
        "\n[models.mine]\ngeneration = 2.5\ndisplay_name = 'M'\n"
    )
    listed = place.run("list").stdout
    assert [line.split()[:1] for line in listed.splitlines() if "in use" in line] == [["tiny"]]
    settings = load(file, environ={"TWINSIGHT_DATA_DIR": str(place.folder / "data")}).config
    server = start_server(eyes=open_eyes(settings.profile, settings))
    data = base64.b64encode((SAMPLES / "coffee.jpg").read_bytes()).decode()
    asked = [{"parts": [{"inlineData": {"data": data}}, {"text": "Detect the cats."}]}]
    with server.client() as http:
        reply = http.post(
            "/v1beta/models/gemini-2.5-flash:generateContent", json={"contents": asked}
        )
    assert '"label": "cat"' in reply.json()["candidates"][0]["content"]["parts"][0]["text"]
    assert "take roles.detector out of twinsight.toml" in place.run("rm", "tiny").stderr


def test_a_real_detector_is_pulled_by_its_known_card(place: Place) -> None:
    if not YOLOX.is_file():
        pytest.skip(f"no model at {YOLOX} (set TWINSIGHT_SHARED)")
    place.hub.repositories["o/yolox"] = Repository({"nano.onnx": YOLOX.read_bytes()})
    done = place.run("pull", "o/yolox", "--card", "yolox_nano", "--file", "nano.onnx")
    assert done.returncode == 0, done.stderr
    assert "Nobody has pinned" not in done.stderr
    assert place.run("use", "yolox_nano").returncode == 0
    place.hub.repositories["o/yolox"].files["nano.onnx"] = YOLOX.read_bytes() + b"\0"
    place.run("rm", "yolox_nano")
    done = place.run("pull", "o/yolox", "--card", "yolox_nano", "--file", "nano.onnx")
    assert "another nano.onnx than the card" in done.stderr


def test_a_model_of_words_is_put_to_use(place: Place) -> None:
    place.run("pull", SEER)
    file = place.folder / "twinsight.toml"
    file.write_text('engine_url = "http://x" # old\nengine_model = "m"\nport = 9\n')
    # A server program of the user's own stands for llama.cpp; it is not run here.
    use = place.run("use", "seer", TWINSIGHT_ENGINE_PROGRAM="true")
    assert use.returncode == 0, use.stderr
    kept = place.models / "seer"
    assert tomllib.loads(file.read_text()) == {
        "port": 9,
        "engine_gguf": str(kept / MODEL),
        "engine_mmproj": str(kept / EYES),
    }
    loaded = load(file, environ={})
    assert loaded.config.profile == "desk"
    # An explicit profile without a model of words has to give way.
    file.write_text('profile = "pocket"\n')
    place.run("use", "seer", TWINSIGHT_ENGINE_PROGRAM="true")
    assert load(file, environ={}).config.profile == "desk"
    (kept / MODEL).write_bytes(b"GGUF")
    broken = place.run("use", "seer", TWINSIGHT_ENGINE_PROGRAM="true")
    assert broken.returncode == 2
    assert "not the file of its card" in broken.stderr


def test_a_pulled_model_of_words_answers(
    place: Place, start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_llama()
    eyes_file = place.folder / "eyes.gguf"
    write_eyes(eyes_file)
    files = {"smol-Q8_0.gguf": WEIGHTS, "mmproj-smol-F16.gguf": eyes_file}
    contents = {name: file.read_bytes() for name, file in files.items()}
    place.hub.repositories["o/smol-GGUF"] = Repository(contents)
    assert place.run("pull", "o/smol-GGUF").returncode == 0
    program = child_settings("program", place.folder, monkeypatch).engine_program
    file = place.folder / "twinsight.toml"
    file.write_text(f'engine_program = "{program}"\nengine_context = 1024\n')
    assert place.run("use", "smol").returncode == 0
    eyes = open_eyes("desk", load(file, environ={}).config)
    assert eyes.speaker is not None
    assert eyes.speaker.sees
    data = base64.b64encode((SAMPLES / "coffee.jpg").read_bytes()).decode()
    server = start_server(eyes=eyes)
    with server.client() as http:
        reply = http.post(
            "/v1beta/models/gemini-2.5-flash:generateContent",
            json={
                "contents": [{"parts": [{"inlineData": {"data": data}}, {"text": "What is it?"}]}],
                "generationConfig": {"temperature": 0, "maxOutputTokens": 8},
            },
        )
    eyes.speaker.close()
    assert reply.json()["candidates"][0]["content"]["parts"][0]["text"]


def test_a_model_of_several_files_is_pulled_and_used(place: Place) -> None:
    folder = place.folder / "cards"
    card = onnx_models.segmenter(folder)
    names = {f"onnx/{file.name}": file.read_bytes() for file in folder.glob("*.onnx")}
    place.hub.repositories["o/sam"] = Repository(names)
    done = place.run("pull", "o/sam", "--card", str(card))
    assert done.returncode == 0, done.stderr
    assert done.stdout == 'roles.segmenter = "tiny"\n'
    assert place.run("use", "tiny").returncode == 0
    place.run("rm", "tiny")
    place.hub.lies = True
    assert place.run("pull", "o/sam", "--card", str(card)).returncode == 1
    assert place.left() == []


def test_the_doctor_looks_at_pulled_models(place: Place) -> None:
    place.run("pull", SEER)
    loaded = load(environ={"TWINSIGHT_DATA_DIR": str(place.folder / "data")})
    out = Console(width=300)
    assert doctor.examine(loaded, out)
    assert (
        "ok    seer: speaker, 3.1 MB, as on its card, apache-2.0" in place.capsys.readouterr().out
    )
    (place.models / "seer" / EYES).write_bytes(b"GGUF")
    assert not doctor.examine(loaded, out)
    assert "FAULT seer: " in place.capsys.readouterr().out


def test_what_is_not_here_cannot_be_used(place: Place) -> None:
    done = place.run("use", "qwen3-vl-4b")
    assert done.returncode == 2
    assert "`twinsight models pull qwen3-vl-4b` first" in done.stderr
    assert not (place.folder / "twinsight.toml").exists()


def test_the_environment_wins_and_says_so(place: Place) -> None:
    _, card = written(place.folder / "cards")
    place.run("add", str(card.with_suffix(".onnx")), "--card", str(card))
    done = place.run("use", "tiny", TWINSIGHT_ROLES="detector=other")
    assert "the environment says otherwise" in done.stderr


def test_the_list_tells_what_fits(place: Place) -> None:
    place.run("pull", "lfm2.5-vl-450m", "--accept-licence")
    rows = {line.split()[0]: line for line in place.run("list").stdout.splitlines()}
    assert "1.3 kB" in rows["lfm2.5-vl-450m"]
    assert "here" in rows["lfm2.5-vl-450m"]
    assert "LFM1.0 (*)" in rows["lfm2.5-vl-450m"]
    assert "to add" in rows["yolox_nano"]
    assert "to pull" in rows["qwen3-vl-8b"]
    assert "5.8 GB" in rows["qwen3-vl-8b"]


def test_what_does_not_fit(monkeypatch: pytest.MonkeyPatch, capsys: Any, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "memory_bytes", lambda: 4 * 10**9)
    monkeypatch.setattr(machine, "free_disk_bytes", lambda folder: 10**9)
    cli.app(["models", "list", "--data-dir", str(tmp_path)], result_action="return_value")
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "no: 6.8 GB of memory, not 4.0 GB" in rows["qwen3-vl-8b"]
    assert "no: 1.6 GB of disk, not 1.0 GB" in rows["qwen3-vl-2b"]
    assert "  yes  " in rows["smolvlm2-500m"]


def test_every_card_of_the_package_can_be_pulled_or_says_why_not() -> None:
    cards = library.known()
    assert len({card.name for card in cards}) == len(cards)
    for card in cards:
        pins = [file.sha256 for file in card.files]
        # Either all is pinned, with a commit, or it is taken from the hub at the first pull.
        assert None not in pins or set(pins) == {None}
        if card.repo and None not in pins:
            assert len(card.revision) == 40


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'roles.detector = "x"\nengine_gguf = "/a b"\n'),
        ("[roles]\ndetector = 'a' # mine\n", 'engine_gguf = "/a b"\n\n[roles]\ndetector = "x" # mine\n'),
        ("roles = {detector = 'a'}\nengine_url = 'u'\n", 'roles = {detector = "x"}\nengine_gguf = "/a b"\n'),
        ("roles.labeler = 'b'\n[models.z]\n", 'roles.labeler = \'b\'\nroles.detector = "x"\nengine_gguf = "/a b"\n\n[models.z]\n'),
    ],
    ids=["empty", "a table", "an inline table", "dotted, with a table after"],
)  # fmt: skip
def test_only_its_lines_of_the_settings_change(before: str, after: str, tmp_path: Path) -> None:
    file = tmp_path / "twinsight.toml"
    file.write_text(before)
    values = {"roles.detector": "x", "engine_gguf": "/a b"}
    assert config_file.edited(file, values, ["engine_url"]) == after


def test_settings_that_cannot_be_edited_are_told(tmp_path: Path) -> None:
    file = tmp_path / "twinsight.toml"
    file.write_text('roles = "none"\n')
    with pytest.raises(InvalidConfig, match=r'Write into it: roles\.detector = "x"'):
        config_file.edited(file, {"roles.detector": "x"})
    with pytest.raises(InvalidConfig, match="there is no setting"):
        config_file.write(file, 'surprise = "x"\n')
    assert file.read_text() == 'roles = "none"\n'
    assert list(tmp_path.iterdir()) == [file]


def test_without_the_package_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(InvalidConfig, match=r"pip install 'twinsight\[hub\]'"):
        hub.look("a/b", "main")


def test_a_file_that_only_git_has_named_is_checked_by_that(place: Place) -> None:
    content = gguf(400)
    place.hub.repositories["o/Small-GGUF"] = Repository({"small.GGUF.gguf": content})
    offer = hub.Offer("o/Small-GGUF", COMMIT, "mit", ("s",), {"s": place.folder / "s"})
    (place.folder / "s").write_bytes(content)
    blob = hashlib.sha1(b"blob 400\0" + content).hexdigest()
    wanted = hub.Promise("s", 400, None, blob)
    part = hub.fetch(offer, wanted, place.folder / "parts", lambda *_: None)
    assert part.read_bytes() == content
    with pytest.raises(HubError, match="not the file that was promised"):
        hub.fetch(
            offer, dataclasses.replace(wanted, git_blob="0" * 40), place.folder, lambda *_: None
        )
    with pytest.raises(HubError, match="does not tell the hash"):
        hub.fetch(offer, dataclasses.replace(wanted, git_blob=None), place.folder, lambda *_: None)


def test_settings_name_the_same_file_as_the_loader(tmp_path: Path) -> None:
    assert config_file.path_of(None, {}) == Path("twinsight.toml")
    assert config_file.path_of(None, {"TWINSIGHT_CONFIG": "/a.toml"}) == Path("/a.toml")
    assert config_file.path_of(Path("/b.toml"), {"TWINSIGHT_CONFIG": "/a"}) == Path("/b.toml")
    assert Config().roles == {}
