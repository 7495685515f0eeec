"""Makes the pocket engine's eye for surroundings: sky, grass, walls, doors, kitchens.

    python -m train.surroundings --shared ../shared

1. Looks at the 340 photos of `coco_train` with the pocket engines. What each photo shows was seen
   by us (`labels.txt`); where we were unsure, a caption that speaks of the thing says yes.
2. Learns from the 4,479 layouts of `coco_text/scenes.jsonl` how likely captions speak of each word,
   given which kinds of objects are there.
3. Learns for each word a logistic regression on the means of the labeler's inner maps, adds the
   second step's, and sets where yes begins: each word asked as often where it is as where not.

Five folds of the photos tell which words were learned, where yes begins, and the figures that are
printed: each photo is judged by what the others taught. No photo that accuracy is reported on is
read. Seeded; needs no torch.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from twinsight.engines import weights
from twinsight.engines.eyes import open_eyes
from twinsight.engines.pocket.surroundings import kind_index, kinds_seen, means
from twinsight.image.decode import DefaultLimits, decode

HERE = Path(__file__).parent
FOLDS = 5
SEED = 0
LOOK_SIDE = 1280
MAPS = ((0, 120), (120, 472))
"""Where each map's means lie; each is scaled to weigh the same."""
PULL = 0.1
"""How strongly the weights of maps are held near 0; of 0.03, 0.1 and 0.33 the best on the folds."""
PULL_OF_KINDS = 3.0
TRUST_IN_KINDS = 0.6
"""What the layouts' sum counts beside the photos'; from 0.4 to 1 it hardly matters."""
FEWEST = 3
LEAST_AREA = 0.7
LEAST_RIGHT = 0.6
"""A word is known when so many photos show it, its area under the ROC curve is this large, and so
many answers are right: chance would give one half of both."""
SLOPES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.2)
LEAN = 1.0
"""How strongly a word's own place for yes is held near that of all words."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Word:
    name: str
    said_as: frozenset[str]


def words() -> list[Word]:
    """All that is looked for, with how captions speak of it."""
    return [Word(name, frozenset(said.split())) for name, said in _table(HERE / "words.txt")]


def _table(path: Path) -> list[list[str]]:
    lines = path.read_text("utf-8").splitlines()
    return [[cell.strip() for cell in line.split("|")] for line in lines if line and line[0] != "#"]


def seen_by_us(asked: list[Word], captions: dict[str, list[str]]) -> dict[str, Floats]:
    """For each photo 1, 0 or nan (unsure) for each word."""
    seen = {}
    for name, there, unsure in _table(HERE / "labels.txt"):
        yes, maybe = (frozenset(filter(None, cell.split(", "))) for cell in (there, unsure))
        strangers = (yes | maybe) - {word.name for word in asked}
        if strangers:
            raise SystemExit(f"labels.txt, {name}: no such words: {sorted(strangers)}")
        told = spoken(captions.get(str(int(name)), []))
        seen[name] = np.array(
            [
                1.0 if word.name in yes or (word.name in maybe and told & word.said_as) else
                np.nan if word.name in maybe else 0.0
                for word in asked
            ]
        )  # fmt: skip
    return seen


def spoken(captions: list[str]) -> frozenset[str]:
    return frozenset(re.findall("[a-z]+", " ".join(captions).lower()))


def look_at(folder: Path, names: list[str]) -> tuple[Floats, Floats]:
    """Means of maps (photos, 472) and kinds (photos, 80), as a server's scene has them."""
    eyes = open_eyes("pocket")
    maps, kinds = [], []
    for name in names:
        data = (folder / "images" / f"{name}.jpg").read_bytes()
        picture = decode(data, DefaultLimits(100_000_000), max_side=LOOK_SIDE)
        objects = eyes.detector.detect_each(picture, careful=True)["presence"]
        maps.append(means(picture))
        kinds.append(kinds_seen(objects))
    return np.array(maps, float), np.array(kinds, float)


def logistic(x: Floats, y: Floats, pull: float) -> Floats:
    """Weights and, last, the constant of a logistic regression with a quadratic pull, by Newton."""
    x = np.hstack([x, np.ones((len(x), 1))])
    held = np.full(x.shape[1], pull)
    held[-1] = 1e-6
    learned = np.zeros(x.shape[1])
    for _ in range(12):
        p = 1 / (1 + np.exp(-np.clip(x @ learned, -30, 30)))
        slope = x.T @ (p - y) + held * learned
        curve = (x * (p * (1 - p))[:, None]).T @ x + np.diag(held)
        step = np.linalg.solve(curve, slope)
        learned -= step
        if abs(step).max() < 1e-4:
            break
    return learned


def from_layouts(path: Path, asked: list[Word]) -> Floats:
    """How kinds of objects speak for each word, (80 + 1, words), the constant last."""
    place = kind_index()
    layouts = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    kinds = np.zeros((len(layouts), len(place)))
    for row, layout in enumerate(layouts):
        for thing in layout["objects"]:
            if thing["label"] in place:
                kinds[row, place[thing["label"]]] = 1
    told = [spoken(layout["captions"]) for layout in layouts]
    return np.stack(
        [
            logistic(kinds, np.array([bool(said & word.said_as) for said in told], float),
                     PULL_OF_KINDS)
            for word in asked
        ],
        axis=1,
    )  # fmt: skip


def from_photos(maps: Floats, seen: Floats) -> Floats:
    """How the maps speak for each word, (472 + 1, words), for means as they are."""
    middle, spread = maps.mean(0), maps.std(0) + 1e-6
    for first, end in MAPS:
        spread[first:end] *= np.sqrt(end - first)
    learned = np.zeros((maps.shape[1] + 1, seen.shape[1]))
    for column, y in enumerate(seen.T):
        sure = ~np.isnan(y)
        if y[sure].sum():
            learned[:, column] = logistic(((maps - middle) / spread)[sure], y[sure], PULL)
    learned[:-1] /= spread[:, None]
    learned[-1] -= middle @ learned[:-1]
    return learned


def sums(maps: Floats, kinds: Floats, photos: Floats, layouts: Floats) -> Floats:
    """(photos, words)."""
    return maps @ photos[:-1] + photos[-1] + TRUST_IN_KINDS * (kinds @ layouts[:-1] + layouts[-1])


def where_yes_begins(sums: Floats, seen: Floats) -> tuple[float, Floats]:
    """One slope and a constant for each word, by which a sum is turned into a probability.

    Each word's photos with it and without it weigh the same: half of the questions are a yes.
    """
    sure = ~np.isnan(seen)
    yes = np.where(sure, seen, 0)
    number = np.maximum(yes.sum(0), 1), np.maximum((sure & (yes == 0)).sum(0), 1)
    weight = np.where(yes == 1, 1 / number[0], 1 / number[1]) * sure * np.minimum(number[0], 20)
    fits = []
    for slope in SLOPES:
        constant = np.zeros(sums.shape[1])
        for _ in range(30):
            p = 1 / (1 + np.exp(-(slope * sums + constant)))
            lean = LEAN * (constant - constant.mean())
            step = ((weight * (p - yes)).sum(0) + lean) / ((weight * p * (1 - p)).sum(0) + LEAN)
            constant -= np.clip(step, -1, 1)
        p = np.clip(1 / (1 + np.exp(-(slope * sums + constant))), 1e-6, 1 - 1e-6)
        loss = -(weight * (yes * np.log(p) + (1 - yes) * np.log(1 - p))).sum()
        fits.append((loss, slope, constant))
    _, slope, constant = min(fits, key=lambda fit: fit[0])
    return slope, constant


def area(sums: Floats, seen: Floats) -> float:
    """Under the ROC curve: how often a photo with the word is above one without it."""
    there, not_there = sums[seen == 1], sums[seen == 0]
    if not len(there) or not len(not_there):
        return 0.5
    over = (there[:, None] > not_there).mean() + 0.5 * (there[:, None] == not_there).mean()
    return float(over)


def right(says_yes: NDArray[np.bool_], seen: Floats) -> float:
    """Share of right answers where half of the questions are a yes."""
    groups = says_yes[seen == 1], ~says_yes[seen == 0]
    return float(np.mean([group.mean() for group in groups if len(group)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=weights.FOLDER)
    options = parser.parse_args()
    data = options.shared / "data"
    asked = words()
    captions = json.loads((data / "coco_train" / "captions.json").read_text("utf-8"))
    photos = seen_by_us(asked, captions)
    maps, kinds = look_at(data / "coco_train", list(photos))
    seen = np.stack(list(photos.values()))
    layouts = from_layouts(data / "coco_text" / "scenes.jsonl", asked)

    fold = np.random.default_rng(SEED).permutation(len(seen)) % FOLDS
    judged = np.zeros(seen.shape)
    for one in range(FOLDS):
        learned = from_photos(maps[fold != one], seen[fold != one])
        judged[fold == one] = sums(maps[fold == one], kinds[fold == one], learned, layouts)
    areas = np.array([area(judged[:, i], seen[:, i]) for i in range(len(asked))])
    says = np.zeros(judged.shape, bool)
    for one in range(FOLDS):
        slope, constant = where_yes_begins(judged[fold != one], seen[fold != one])
        says[fold == one] = slope * judged[fold == one] + constant > 0
    shares = np.array([right(says[:, i], seen[:, i]) for i in range(len(asked))])

    number = np.nansum(seen, axis=0)
    known = (number >= FEWEST) & (areas >= LEAST_AREA) & (shares >= LEAST_RIGHT)
    for word, *row in zip(asked, number, areas, shares, known, strict=True):
        form = "{:16} {:4.0f} photos, area {:.3f}, right {:.1%}, learned: {}"
        print(form.format(word.name, *row))
    names = [word.name for word, is_known in zip(asked, known, strict=True) if is_known]
    unknown = [word.name for word, is_known in zip(asked, known, strict=True) if not is_known]
    scores = {
        "words": len(names),
        "area": round(float(areas[known].mean()), 3),
        "right": round(float(shares[known].mean()), 3),
        "right_by_photos": round(float(np.average(shares[known], weights=number[known])), 3),
    }
    print(scores, "not learned:", ", ".join(unknown))
    judged, seen, layouts = judged[:, known], seen[:, known], layouts[:, known]
    slope, constant = where_yes_begins(judged, seen)
    learned = from_photos(maps, seen)
    write(options.out, names, slope, constant, learned, layouts, scores, unknown)


def network(maps: Floats, kinds: Floats, bias: Floats) -> onnx.ModelProto:
    """Means of maps (n, 472) and kinds (n, 80) to probabilities (n, words); stored as float16."""
    stored = {"maps": maps, "kinds": kinds, "bias": bias}
    nodes = [helper.make_node("Cast", [f"{n}.half"], [f"{n}.w"], f"{n}.w", to=1) for n in stored]
    for output, kind, inputs in (
        ("by.maps", "MatMul", ["means", "maps.w"]),
        ("by.kinds", "MatMul", ["seen", "kinds.w"]),
        ("both", "Add", ["by.maps", "by.kinds"]),
        ("sums", "Add", ["both", "bias.w"]),
        ("there", "Sigmoid", ["sums"]),
    ):
        nodes.append(helper.make_node(kind, inputs, [output], output))

    def shaped(name: str, size: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", size])

    halves = [
        numpy_helper.from_array(array.astype(np.float16), f"{name}.half")
        for name, array in stored.items()
    ]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "surroundings",
            [shaped("means", len(maps)), shaped("seen", len(kinds))],
            [shaped("there", len(bias))],
            halves,
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
        producer_name="twinsight train/surroundings",
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def write(
    out: Path,
    names: list[str],
    slope: float,
    constant: Floats,
    learned: Floats,
    layouts: Floats,
    scores: dict[str, Any],
    unknown: list[str],
) -> None:
    """The weights and their manifest."""
    path = out / "surroundings.onnx"
    bias = slope * (learned[-1] + TRUST_IN_KINDS * layouts[-1]) + constant
    onnx.save(network(slope * learned[:-1], slope * TRUST_IN_KINDS * layouts[:-1], bias), path)
    content = path.read_bytes()
    card = {
        "name": "surroundings",
        "revision": "1",
        "file": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "licence": "Apache-2.0",
        "licence_file": "licences/surroundings.txt",
        "source": "Our own: 340 photos of COCO train2017, looked at by us (train/surroundings/"
        "labels.txt), and COCO's captions (CC BY 4.0)",
        "made_by": "python -m train.surroundings --shared ../shared",
        "note": "Inputs: means (n, 472), those of the labeler's middle and late maps of the whole "
        "picture; seen (n, 80), how sure each kind of object is, 0 to 1. Output: there (n, words).",
        "five_folds": scores,
        "words": names,
        "not_learned": unknown,
    }
    (out / "surroundings.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
    print(path, len(content), "bytes, sha256", card["sha256"])


if __name__ == "__main__":
    main()
