"""A server process of the benches' own, and photos of a wanted size."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

import numpy as np
from PIL import Image

SAMPLE = Path(__file__).parents[1] / "src/twinsight/samples/coffee.jpg"


class BenchServer:
    """`twinsight serve` on a free port, with a data folder that goes with it.

    `settings` are those of `TWINSIGHT_…`: `BenchServer(look="fast")`.
    """

    def __init__(self, *flags: str, **settings: str) -> None:
        self._flags = flags
        self._environ = {f"TWINSIGHT_{name.upper()}": value for name, value in settings.items()}
        self._folder = tempfile.TemporaryDirectory()
        self.data_dir = Path(self._folder.name)

    def __enter__(self) -> BenchServer:
        log = Path(self._folder.name) / "log"
        command = [sys.executable, "-m", "twinsight", "serve", "--port", "0"]
        command += ["--data-dir", self._folder.name, *self._flags]
        with log.open("wb") as file:
            environ = os.environ | self._environ
            self.process = subprocess.Popen(command, stderr=file, env=environ)
        for _ in range(1200):
            ready = re.search(r"answers at\s+http://[\d.]+:(\d+)", log.read_text())
            if ready:
                self.port = int(ready.group(1))
                return self
            time.sleep(0.05)
        raise SystemExit(f"the server did not start: {log.read_text()}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.terminate()
        self.process.wait(30)
        self._folder.cleanup()

    def peak_mb(self) -> float:
        """The most memory that the process has held (VmHWM)."""
        return self._status("VmHWM")

    def now_mb(self) -> float:
        """The memory that it holds now (VmRSS)."""
        return self._status("VmRSS")

    def _status(self, key: str) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"{key}:\s+(\d+) kB", status)
        assert found is not None
        return int(found.group(1)) / 1024


def photo_of(size: int, seed: int = 0) -> bytes:
    """A JPEG of about `size` bytes: the sample photo, enlarged, with grain."""
    rng = np.random.default_rng(seed)
    scale = (size / 62_000) ** 0.5
    sample = Image.open(SAMPLE)
    wh = (max(8, round(sample.width * scale)), max(8, round(sample.height * scale)))
    pixels = np.asarray(sample.resize(wh, Image.Resampling.BICUBIC), np.int16)
    grain = rng.normal(0, 5, pixels.shape[:2])[..., None]
    file = io.BytesIO()
    picture = Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))
    picture.save(file, "JPEG", quality=88)
    return file.getvalue()
