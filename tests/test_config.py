"""Settings: precedence, types, and refusals that name their source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from twinsight import config
from twinsight.errors import InvalidConfig


def test_flags_beat_environment_beats_file_beats_defaults(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    file.write_text(
        'port = 1\nmax_queue = 2\nworkers = 3\n[models.my-gemini]\ngeneration = 2.5\ndisplay_name = "Mine"\n'
    )
    environ = {"TWINSIGHT_MAX_QUEUE": "20", "TWINSIGHT_WORKERS": "30", "TWINSIGHT_SHARED": "x"}
    loaded = config.load(file, {"workers": 300, "host": None}, environ)
    assert (loaded.config.port, loaded.config.max_queue, loaded.config.workers) == (1, 20, 300)
    assert loaded.config.host == "127.0.0.1"
    assert loaded.origin["port"] == str(file)
    assert [loaded.origin[n] for n in ("max_queue", "workers", "host")] == [
        "environment",
        "flag",
        "default",
    ]
    assert loaded.config.model_names["my-gemini"].generation == 2.5


@pytest.mark.parametrize(
    ("text", "size"),
    [("20 MB", 20_971_520), ("2GB", 2**31), ("1 kib", 1024), ("12345", 12_345)],
)
def test_sizes_in_words(text: str, size: int) -> None:
    loaded = config.load(environ={"TWINSIGHT_MAX_BODY_BYTES": text})
    assert loaded.config.max_body_bytes == size


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        pytest.param({"TWINSIGHT_PORT": "abc"}, "port", id="word for a number"),
        pytest.param({"TWINSIGHT_MAX_QUEUE": "0"}, "max_queue must be above zero", id="zero"),
        pytest.param({"TWINSIGHT_WORKERS": "-1"}, "workers", id="negative"),
        pytest.param(
            {"TWINSIGHT_TOKEN_POLICY": "free"},
            "it is one of tiles, tiles\\+overview, flat258",
            id="unknown choice",
        ),
        pytest.param({"TWINSIGHT_ROLES": "yolox"}, "detector=NAME", id="role without a name"),
        pytest.param({"TWINSIGHT_NOTHING": "1"}, "TWINSIGHT_NOTHING", id="unknown name"),
        pytest.param(
            {"TWINSIGHT_ENGIN_URL": "x"}, "Did you mean TWINSIGHT_ENGINE_URL", id="a slip"
        ),
        pytest.param(
            {"TWINSIGHT_CONFIG": "/nowhere.toml"}, "/nowhere.toml cannot be read", id="no file"
        ),
    ],
)
def test_refusals(environ: dict[str, str], says: str) -> None:
    with pytest.raises(InvalidConfig, match=says):
        config.load(environ=environ)


def test_a_torn_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text("port = ")
    with pytest.raises(InvalidConfig, match=r"t\.toml cannot be read"):
        config.load(tmp_path / "t.toml", environ={})


@pytest.mark.parametrize(
    "name", [f for f in config.Config.__dataclass_fields__ if f not in ("models", "roles")]
)
def test_each_setting_can_come_from_the_environment(name: str) -> None:
    value: Any = getattr(config.Config(), name)
    text = ",".join(value) if isinstance(value, tuple) else str(value)
    loaded = config.load(
        environ={f"TWINSIGHT_{name.upper()}": text.lower() if isinstance(value, bool) else text}
    )
    assert getattr(loaded.config, name) == value
    assert loaded.origin[name] == "environment"
