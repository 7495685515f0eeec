"""Time of boxes and masks for a photo, by stage, against a bare onnxruntime loop in the same run.

    python -m bench.boxes [--rounds 15] [--threads 1 2]

Eight photos of 640 x 480, cut from the samples of the package, as JPEG. Ours is the engine as the
server uses it: `detect` on a decoded photo (preparing, network, reading of its maps, joining of the
looks, one name an object), and `segment` on what it found. The bare loop runs the same networks on
ready-made pixels, as many looks, and throws the result away: one photo or eight in a batch, in two
kinds of sessions:

- bare: onnxruntime's own settings. Its threads spin between layers and for a while after the last,
  which is fastest for who has the machine to himself.
- bare, waiting: our settings (`engines/weights.py`), whose threads wait, so that they leave the
  cores to the requests beside this one. What ours takes longer than this is our own code's.

Ours and the bare loops take turns photo by photo, so that noise falls on all; the figures are
medians over the rounds, in milliseconds a photo, and the ratios are medians of the ratios within a
round. One process for each number of threads.
"""

from __future__ import annotations

import argparse
import io
import platform
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product, zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image

from twinsight.engines import weights
from twinsight.engines.pocket import boxes, masks
from twinsight.image.decode import DefaultLimits, decode

SAMPLES = Path(__file__).parents[1] / "src/twinsight/samples"
WH = (640, 480)
BATCH = 8
MASKS = 8
"""Boxes a photo whose masks are timed: about what a photo shows."""
REST = 0.25
"""Seconds between two calls: the bare session's threads spin for a while after its last layer."""
LIMITS = DefaultLimits(100_000_000)

Times = dict[str, list[float]]
Call = Callable[[], Any]


def jpegs() -> list[bytes]:
    """Eight different photos of one size."""
    made = []
    for number in range(BATCH):
        name = ("cat.jpg", "coffee.jpg", "astronaut.jpg")[number % 3]
        with Image.open(SAMPLES / name) as sample:
            w, h = sample.size
            inset = 4 * number
            cut = sample.convert("RGB").crop((inset, inset, w - inset, h - inset)).resize(WH)
        file = io.BytesIO()
        cut.save(file, "JPEG", quality=88)
        made.append(file.getvalue())
    return made


def timed(times: Times, name: str, count: int, call: Call) -> Any:
    """Calls once; remembers the milliseconds for each of `count` photos."""
    started = time.perf_counter()
    result = call()
    times[name].append((time.perf_counter() - started) * 1000 / count)
    return result


def in_turn(times: Times, calls: Mapping[str, Sequence[Call]], count: int) -> None:
    """Calls the first of each list, then the second of each; remembers each list's total.

    A list that is done sooner than the others has had longer calls.
    """
    spent = dict.fromkeys(calls, 0.0)
    for row in zip_longest(*calls.values()):
        for name, call in zip(calls, row, strict=True):
            if call is not None:
                time.sleep(REST)
                started = time.perf_counter()
                call()
                spent[name] += time.perf_counter() - started
    for name, seconds in spent.items():
        times[name].append(seconds * 1000 / count)


def spinning(name: str, threads: int) -> onnxruntime.InferenceSession:
    """The network in a session with onnxruntime's own settings, but with sums as exact as ours."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    if not weights.has_vnni():
        options.add_session_config_entry("session.x64quantprecision", "1")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        weights.verified_bytes(name), options, providers=["CPUExecutionProvider"]
    )


class Bench:
    """The engines, the bare sessions and the photos, for one number of threads."""

    def __init__(self, threads: int) -> None:
        self.detector = boxes.PocketDetector(threads)
        self.segmenter = masks.PocketSegmenter(threads)
        self.boxes, self.masks = (
            {"bare": spinning(name, threads), "bare, waiting": weights.session(name, threads)}
            for name in ("boxes", "masks")
        )
        self.encoded = jpegs()
        self.pictures = [decode(data, LIMITS) for data in self.encoded]
        random = np.random.default_rng(0)
        low = random.uniform(0, 300, (MASKS, 2))
        self.places = np.hstack([low, low + random.uniform(30, 170, (MASKS, 2))]).astype(np.float32)

    def round(self, times: Times) -> None:
        """Everything once; ours and the bare loop photo by photo, so that noise falls on both."""
        n = len(self.encoded)
        timed(times, "decode", n, lambda: [decode(data, LIMITS) for data in self.encoded])
        for setting, views in boxes.VIEWS.items():
            self._stages(times, setting, views)
            careful = setting == "careful"
            detect = [partial(self.detector.detect, picture, careful) for picture in self.pictures]
            fed = {
                f"{setting}: {name}, batch {batch}": self._fed(session, views, batch)
                for batch in (1, BATCH)
                for name, session in self.boxes.items()
            }
            in_turn(times, {f"{setting}: ours": detect, **fed}, n)
        picture = self.pictures[0]
        for count in (1, MASKS):
            some = [self.places[i : i + count] for i in range(0, MASKS, count)]
            x = np.zeros((count, masks.SIDE, masks.SIDE, 4), np.uint8)
            segment = [partial(self.segmenter.segment, picture, each) for each in some]
            runs = {
                f"masks: {name}, batch {count}": [partial(session.run, None, {"x": x})] * len(some)
                for name, session in self.masks.items()
            }
            in_turn(times, {f"masks: ours, {count} at a time": segment, **runs}, MASKS)

    def _stages(self, times: Times, setting: str, views: tuple[boxes.View, ...]) -> None:
        """The detector's own steps, one after the other."""
        n = len(self.pictures)
        ready = timed(
            times, f"{setting}: prepare", n,
            lambda: [boxes.prepare(p.rgb, views) for p in self.pictures],
        )  # fmt: skip
        session = self.detector.session
        maps = timed(
            times, f"{setting}: network", n,
            lambda: [[session.run(None, {"image": x}) for x, _ in each] for each in ready],
        )  # fmt: skip
        seen = [
            list(zip(each, (fit for _, fit in fits), strict=True))
            for each, fits in zip(maps, ready, strict=True)
        ]
        timed(
            times, f"{setting}: read and join", n,
            lambda: [self._read(each) for each in seen],
        )  # fmt: skip

    def _read(self, seen: list[tuple[list[NDArray[np.float32]], boxes.Fit]]) -> boxes.Found:
        likely = (boxes.FLOOR, boxes.LIKELY_CANDIDATES)
        looks = [(boxes.read(maps, fit, *likely), fit) for maps, fit in seen]
        return boxes.distinct(boxes.joined(looks))

    def _fed(
        self, session: onnxruntime.InferenceSession, views: tuple[boxes.View, ...], size: int
    ) -> list[Call]:
        """The bare loop over all photos, each view of `size` photos in a batch."""
        batches = [self._batches(view, size) for view in views]
        return [partial(_run, session, some) for some in zip(*batches, strict=True)]

    def _batches(self, view: boxes.View, size: int) -> list[NDArray[np.uint8]]:
        pixels = np.concatenate([boxes.prepare(p.rgb, (view,))[0][0] for p in self.pictures])
        return [pixels[i : i + size] for i in range(0, len(pixels), size)]


def _run(session: onnxruntime.InferenceSession, batches: Sequence[NDArray[np.uint8]]) -> None:
    for pixels in batches:
        session.run(None, {"image": pixels})


def memory_mb(key: str) -> float:
    """VmRSS or VmHWM of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024


def measure(threads: int, rounds: int) -> None:
    """Prints the table for one number of threads."""
    before = memory_mb("VmRSS")
    bench = Bench(threads)
    bench.round(defaultdict(list))  # warm
    times: Times = defaultdict(list)
    for _ in range(rounds):
        bench.round(times)
    middle = {name: statistics.median(values) for name, values in times.items()}
    print(f"\n{threads} thread{'s' * (threads > 1)}, {rounds} rounds, ms a photo (masks: a box)")
    for name, value in middle.items():
        print(f"{name:28} {value:8.2f}   least {min(times[name]):8.2f}")
    for what, ours, batches in (
        ("fast", "ours", (1, BATCH)),
        ("careful", "ours", (1, BATCH)),
        ("masks", "ours, 1 at a time", (1,)),
        ("masks", f"ours, {MASKS} at a time", (MASKS,)),
    ):
        for name, batch in product(bench.boxes, batches):
            mine, theirs = times[f"{what}: {ours}"], times[f"{what}: {name}, batch {batch}"]
            ratios = [a / b for a, b in zip(mine, theirs, strict=True)]
            print(f"{what}: {ours} / {name}, batch {batch}: {statistics.median(ratios):.3f}")
    print(f"RSS before loading {before:.0f} MB, after {memory_mb('VmRSS'):.0f} MB, "
          f"peak {memory_mb('VmHWM'):.0f} MB (bare sessions included)")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    if len(options.threads) == 1:
        measure(options.threads[0], options.rounds)
        return
    print(f"{platform.processor() or platform.machine()}, onnxruntime {onnxruntime.__version__}")
    for threads in options.threads:
        command = [sys.executable, "-m", "bench.boxes", "--rounds", str(options.rounds)]
        subprocess.run([*command, "--threads", str(threads)], check=True)


if __name__ == "__main__":
    main()
