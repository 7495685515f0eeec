"""Makes the pocket engine's caption writer from layouts of objects and what people said of them.

    python -m train.captions --shared ../shared [--work DIR]

1. Looks at the photos of `coco_train` with the pocket engines, to learn how they err.
2. Imitates the captions of `coco_text/scenes.jsonl`, each layout seen anew in every epoch as the
   engines would have seen it.
3. Exports two ONNX networks (reader, writer with its memory), int8 storage, and their manifests.

One layout in fifteen teaches nothing and gives the figures that are printed; `coco_dev` is not
read. Seeded; uses a GPU when there is one. `--work` keeps what was seen and the weights of each
step, and goes on from there.
"""

from __future__ import annotations

import argparse
import pickle
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from train.captions.cider import Cider
from train.captions.export import export
from train.captions.learn import Example, greedy_cider, imitate, words_of
from train.captions.needs import needs
from train.captions.network import Captioner, Sizes
from train.captions.scenes import Layout, Look, Simulation, layouts, photo_layouts
from train.captions.words import END, UNSEEN, Vocabulary, kind_of
from twinsight.engines import weights
from twinsight.engines.eyes import open_eyes
from twinsight.engines.pocket.captions_scene import Features, features
from twinsight.engines.roles import Sketch
from twinsight.geometry.detections import Detections
from twinsight.image.decode import DefaultLimits, decode
from twinsight.image.measure import measure

HELD_OUT = 15
LONGEST = 16
"""Words of the longest captions that are imitated: one in fifty is longer."""
LOOK_SIDE = 1280
BEAMS = 4
LENGTH_POWER = 0.5


def kinds() -> tuple[str, ...]:
    return tuple(weights.manifest("boxes").extra["labels"])


def look_at(folder: Path) -> list[Look]:
    """What the engines find on each photo of a folder, as a server's scene would have it."""
    eyes = open_eyes("pocket")
    looks = []
    for path, layout in photo_layouts(folder):
        picture = decode(path.read_bytes(), DefaultLimits(100_000_000), max_side=LOOK_SIDE)
        found = eyes.detector.detect(picture, careful=True)
        scale = np.tile(np.divide(layout.wh, picture.wh), 2).astype(np.float32)
        objects = Detections(found.xyxy * scale, found.score, found.label)
        seen = measure(picture)
        labels = eyes.labeler.recognise(picture).labels
        looks.append(
            Look(layout, Sketch(layout.wh, objects, labels, seen.colours, seen.brightness))
        )
    return looks


def kept(path: Path, make: Callable[[], list[Look]]) -> list[Look]:
    """What `make` gives, remembered in a file of our own."""
    if path.exists():
        looks: list[Look] = pickle.loads(path.read_bytes())
        return looks
    made = make()
    path.write_bytes(pickle.dumps(made))
    return made


def held_out(all_layouts: list[Layout]) -> tuple[list[Layout], list[Layout]]:
    """Layouts that teach, and those that do not."""
    return (
        [one for one in all_layouts if one.id % HELD_OUT],
        [one for one in all_layouts if one.id % HELD_OUT == 0],
    )


class Closed:
    """The words that may not be said of a scene: what they name or hang on was not found."""

    def __init__(self, vocabulary: Vocabulary, needed: Mapping[str, frozenset[str]]) -> None:
        index = {name: number for number, name in enumerate(kinds())}
        words = vocabulary.words
        self._unseen = np.array([word in UNSEEN for word in words])
        self._named = np.array([index.get(kind_of(word), -1) for word in words])
        # A column for each kind and word: whether it is one that the word hangs on.
        self._needed = np.zeros((len(index), len(words)), bool)
        for number, word in enumerate(words):
            self._needed[[index[kind] for kind in needed.get(word, ())], number] = True
        self._hangs = self._needed.any(axis=0)

    def __call__(self, scene: Features) -> NDArray[np.bool_]:
        unnamed = (self._named >= 0) & ~np.isin(self._named, scene.kinds)
        return self._unseen | unnamed | (self._hangs & ~self._needed[scene.kinds].any(axis=0))


@dataclass(frozen=True)
class Trial:
    """Scenes that teach nothing, and how captions of them are judged."""

    name: str
    scenes: list[Features]
    cider: Cider


class Course:
    """What is taught, and by what it is tried."""

    def __init__(self, shared: Path, work: Path, seed: int) -> None:
        data = shared / "data"
        self.teach, test = held_out(layouts(data / "coco_text" / "scenes.jsonl"))
        looks = kept(work / "looks.pkl", lambda: look_at(data / "coco_train"))
        told = [look for look in looks if look.layout.captions]
        self.vocabulary = Vocabulary.of(c for one in self.teach for c in one.captions)
        self.needs = needs(self.teach)
        self.closed = Closed(self.vocabulary, self.needs)
        simulation = Simulation(looks, kinds())
        self.examples = [self._example(one, simulation) for one in self.teach]
        draw = np.random.default_rng(seed)
        self.trials = [
            Trial(
                "held-out layouts", [simulation.see(one, draw) for one in test], self.cider(test)
            ),
            Trial(
                "photos of coco_train",
                [features(look.sketch, kinds()) for look in told],
                self.cider([look.layout for look in told]),
            ),
        ]

    def _example(self, one: Layout, simulation: Simulation) -> Example:
        captions = [self.vocabulary.encode(c) for c in one.captions if len(c) <= LONGEST]
        return Example(lambda draw: simulation.see(one, draw), captions)

    def cider(self, group: list[Layout]) -> Cider:
        """A judge of captions for these layouts; the end counts as a word."""
        return Cider([[[*self.vocabulary.encode(c), END] for c in o.captions] for o in group])

    def network(self, width: int) -> Captioner:
        whole = len(self.trials[0].scenes[0].whole)
        return Captioner(Sizes(len(kinds()), whole, len(self.vocabulary), width))

    def report(self, network: Captioner, device: str) -> None:
        """Prints what greedy captions score, and the first three."""
        for trial in self.trials:
            score, said = greedy_cider(network, trial.scenes, trial.cider, device, self.closed)
            shown = words_of(self.vocabulary, said[:3])
            print(f"  {trial.name}: CIDEr-D (with ends) {score:.1f}; {shown}", flush=True)


def train(course: Course, network: Captioner, given: argparse.Namespace, device: str) -> None:
    """Teaches; the weights are kept in the work folder after every epoch."""
    ready = given.work / "imitated.pt"
    part = ready.with_suffix(".part")

    def keep() -> None:
        torch.save(network.state_dict(), part)
        course.report(network, device)

    if not ready.exists():
        imitate(network, course.examples, given.epochs, 1e-3, given.seed, device, keep)
        part.rename(ready)
    network.load_state_dict(torch.load(ready, weights_only=True))


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    ask.add_argument("--shared", type=Path, required=True)
    ask.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "train-captions")
    ask.add_argument("--seed", type=int, default=7)
    ask.add_argument("--epochs", type=int, default=8)
    ask.add_argument("--width", type=int, default=192)
    ask.add_argument("--threads", type=int, default=1)
    given = ask.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    given.work.mkdir(parents=True, exist_ok=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    course = Course(given.shared, given.work, given.seed)
    network = course.network(given.width).to(device)
    size = sum(p.numel() for p in network.parameters()) / 1e6
    print(f"{size:.1f} M numbers, {len(course.vocabulary)} words", flush=True)
    train(course, network, given, device)
    command = f"python -m train.captions --seed {given.seed} --epochs {given.epochs}"
    facts = {"kinds": list(kinds()), "beams": BEAMS, "length_power": LENGTH_POWER}
    command += f" --width {given.width}"
    export(network.cpu().eval(), course.vocabulary, course.needs, facts, command)


if __name__ == "__main__":
    main()
