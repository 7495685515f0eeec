"""Accuracy of the image labels on ImageNet photos, ours against the raw model.

    python -m evals.labels --shared ../shared [--float float.onnx]

Prints top-1 and top-5 on `imagenet_dev` (526 photos, one a class; a file's name starts with its
class number) for the float model if given (`python -m train.labels --keep-float`), for the int8
model in a bare onnxruntime loop, and for `PocketLabels`; then what `best_name` says of the same
photos and how often it is right. One thread; median and
fastest time a photo, the photo being decoded already (the fastest is the one to compare when other
work shares the machine).
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image, ImageOps

from twinsight.engines import weights
from twinsight.engines.pocket.label_groups import GROUPS, KINDS, best_name, members
from twinsight.engines.pocket.labels import PocketLabels, pixels
from twinsight.engines.roles import Label
from twinsight.image.picture import Picture

Look = Callable[[Picture], NDArray[np.float32]]
"""From a picture to 1,000 scores."""


def load(path: Path) -> Picture:
    with Image.open(path) as image:
        return Picture(np.asarray(ImageOps.exif_transpose(image).convert("RGB")))


def bare_loop(model: bytes) -> Look:
    """The model by itself in onnxruntime, one thread, with the model's own preprocessing."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def look(picture: Picture) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = session.run(None, {"pixels": pixels(picture)[None]})[0][0]
        return logits

    return look


def measure(
    look: Look, photos: list[Path]
) -> tuple[NDArray[np.float32], NDArray[np.intp], list[float]]:
    """Scores (n, 1000), classes (n,) and seconds for each photo."""
    scores, classes, seconds = [], [], []
    for path in photos:
        picture = load(path)
        start = time.perf_counter()
        scores.append(look(picture))
        seconds.append(time.perf_counter() - start)
        classes.append(int(path.name.split("_")[0]))
    return np.stack(scores), np.array(classes), seconds


def report(row: str, look: Look, photos: list[Path]) -> NDArray[np.float32]:
    scores, classes, seconds = measure(look, photos)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :5]
    first = int((best[:, 0] == classes).sum())
    five = int((best == classes[:, None]).any(axis=1).sum())
    n = len(photos)
    print(
        f"{row:24} top-1 {first / n:6.2%} ({first}/{n})  top-5 {five / n:6.2%} ({five}/{n})  "
        f"median {1000 * float(np.median(seconds)):.1f} ms, fastest {1000 * min(seconds):.1f} ms",
        flush=True,
    )
    return scores


def report_names(
    centre: NDArray[np.float32], steady: NDArray[np.float32], photos: list[Path]
) -> None:
    """How often `best_name` speaks, at which level, and how often it is right."""
    truths = [int(path.name.split("_")[0]) for path in photos]
    print("best_name (how often it says a word of each level, and how often the word is true):")
    for row, probabilities in (("centre crop", centre), ("mean of four views", steady)):
        print(f"  on the {row}:")
        said = Counter[str]()
        right = Counter[str]()
        for scores, truth in zip(probabilities, truths, strict=True):
            label = best_name(scores)
            level = level_of(label)
            said[level] += 1
            said["any word"] += label is not None
            if label is not None and truth in members(label.name):
                right.update([level, "any word"])
        for level in ("name", "group", "kind", "any word"):
            share = right[level] / max(said[level], 1)
            of_all = said[level] / len(photos)
            print(
                f"    {level:9} {of_all:6.1%} of photos, true {share:6.1%} "
                f"({right[level]}/{said[level]})"
            )


def level_of(label: Label | None) -> str:
    if label is None:
        return "nothing"
    if label.name in GROUPS:
        return "group"
    return "kind" if label.name in KINDS else "name"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    shared = os.environ.get("TWINSIGHT_SHARED", "../shared")
    parser.add_argument("--shared", type=Path, default=Path(shared))
    parser.add_argument("--float", type=Path, help="the float32 model, for comparison")
    options = parser.parse_args()
    photos = sorted((options.shared / "data" / "imagenet_dev").glob("*.jpg"))
    if not photos:
        raise SystemExit(f"SKIPPED: no photos in {options.shared / 'data' / 'imagenet_dev'}.")
    print(
        f"imagenet_dev, {len(photos)} photos; centre crop 260/292, bicubic, 260x260; 1 thread; "
        f"onnxruntime {onnxruntime.__version__}, {platform.machine()}"
    )
    if options.float:
        report("float32, bare loop", bare_loop(options.float.read_bytes()), photos)
    report("int8, bare loop", bare_loop(weights.verified_bytes("labels")), photos)
    ours = report("PocketLabels", PocketLabels(threads=1).probabilities, photos)
    steady = report("  mean of four views", PocketLabels(threads=1).steady_probabilities, photos)
    report_names(ours, steady, photos)


if __name__ == "__main__":
    main()
