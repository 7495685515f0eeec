"""The pocket engine's eye for objects: NanoDet-g, the 80 names of COCO, a few looks at a photo.

The network is fully convolutional: it takes uint8 pixels (n, h, w, 3) whose sides are multiples of
32, and gives three maps (n, 124, h / s, w / s) for the strides s = 8, 16 and 32. Of the 124 numbers
the first 80 are class logits; the others are four times 11 logits, a distribution over distances
(left, top, right, bottom) from the middle of the cell, in strides. Source: NanoDet 0.x (RangiLyu),
whose class scores are trained to foretell the overlap with the true box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from PIL import Image

from twinsight.engines import lanes, weights
from twinsight.engines.pocket.sampling import sampled
from twinsight.engines.roles import Card, Purpose, least_for_groups
from twinsight.geometry import boxes
from twinsight.geometry.detections import Detections

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from twinsight.image.picture import Picture


SIDE = 416
"""Side of the square that the network was trained on, pixels."""
STRIDES = (8, 16, 32)
CLASSES = 80
BINS = np.arange(11, dtype=np.float32)
MOST_CANDIDATES = 1000
LIKELY_CANDIDATES = 300
"""Boxes of one look that are compared: all that may matter to average precision, and those that
may come to be said."""
MOST_OBJECTS = 100
FLOOR = 0.05
"""Boxes under this score are left out before several looks are joined."""
OVERLAP = 0.6
"""Two boxes of a kind in one view that overlap by more are one object."""
SAME_OBJECT = 0.5
"""In an answer, two boxes of a kind that overlap by more are one object."""
SAME_BOX = 0.8
"""And two boxes of different kinds that do are two names for one: of 2,945 true boxes on our
training photos, only 10 pairs overlap by so much."""
STEADY = 1.0
"""Pixels of the photo by which every side may be off, however sure the network is of it."""
SHRINK_BY_STEPS = 1.5
"""Photos are first averaged down by whole steps until no more than this is left to shrink."""


@dataclass(frozen=True, slots=True)
class View:
    """One look at a photo: fitted into `side` pixels, mirrored or not, square or cut to fit.

    The network measures distances up to ten strides, on the coarsest map 320 pixels, and has seen
    nothing larger than SIDE in training: where a photo is shown larger, boxes with a longer side
    above `reach` pixels of the view count less and less, and from 1.5 times that not at all. What
    is shown smaller than `least` pixels is likewise left to the other views.
    """

    side: int = SIDE
    mirrored: bool = False
    square: bool = True
    reach: float = np.inf
    least: float = 0.0

    def trust(self, length: NDArray[np.float32], photo_wh: tuple[int, int]) -> NDArray[np.float32]:
        """0 to 1 for boxes with a longer side of `length` pixels of the photo (n,)."""
        shown = np.maximum(length, 1e-6) * (self.side / max(photo_wh))
        above = np.log(shown / self.reach) if np.isfinite(self.reach) else np.full(len(shown), -9.0)
        below = np.log(self.least / shown) if self.least > 0 else np.full(len(shown), -9.0)
        return np.asarray(np.clip(1 - np.maximum(above, below) / np.log(1.5), 0, 1), np.float32)


@dataclass(frozen=True, slots=True)
class Fit:
    """Where the photo lies within the pixels of a view."""

    view: View
    photo_wh: tuple[int, int]
    wh: tuple[int, int]
    left: int
    top: int

    def to_photo(self, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes (n, 4) in pixels of the view -> in pixels of the photo, cut at its edges."""
        moved = xyxy - np.array([self.left, self.top] * 2, np.float32)
        if self.view.mirrored:
            moved[:, [0, 2]] = self.wh[0] - moved[:, [2, 0]]
        return boxes.clip(moved * self._scale(), self.photo_wh)

    def lengths(self, sides: NDArray[np.float32]) -> NDArray[np.float32]:
        """A length for each side of boxes (n, 4): pixels of the view -> pixels of the photo."""
        order = [2, 1, 0, 3] if self.view.mirrored else [0, 1, 2, 3]
        return np.asarray(sides[:, order] * self._scale(), np.float32)

    def _scale(self) -> NDArray[np.float64]:
        return np.tile(np.array(self.photo_wh, np.float64) / self.wh, 2)


@dataclass(frozen=True, slots=True)
class Found:
    """Boxes in pixels of the photo (n, 4), scores (n,), indices of kinds (n,)."""

    xyxy: NDArray[np.float32]
    score: NDArray[np.float32]
    kind: NDArray[np.intp]

    def take(self, rows: NDArray[Any] | slice) -> Found:
        return Found(self.xyxy[rows], self.score[rows], self.kind[rows])


@dataclass(frozen=True, slots=True)
class Candidates(Found):
    """All boxes of a look, many for one thing, and how far each side may be off (n, 4), pixels."""

    unsure: NDArray[np.float32]


def prepare(rgb: NDArray[np.uint8], views: tuple[View, ...]) -> list[tuple[NDArray[np.uint8], Fit]]:
    """A photo (h, w, 3) -> for each view pixels (1, H, W, 3), black round the photo."""
    photo_wh = (rgb.shape[1], rgb.shape[0])
    prepared = []
    for side, same in _by_side(views):
        fitted = _fitted(rgb, side)
        prepared += [_placed(fitted, view, photo_wh) for view in same]
    return prepared


def _by_side(views: tuple[View, ...]) -> list[tuple[int, tuple[View, ...]]]:
    """Views of one side follow each other: the photo is sampled once for them."""
    return [(side, tuple(same)) for side, same in groupby(views, attrgetter("side"))]


def _fitted(rgb: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The photo with `side` pixels on its longer side."""
    h, w = rgb.shape[:2]
    shrink = max(h, w) / side
    wh = (max(1, round(w / shrink)), max(1, round(h / shrink)))
    if shrink >= 2 * SHRINK_BY_STEPS:
        rgb = np.asarray(Image.fromarray(rgb).reduce(int(shrink / SHRINK_BY_STEPS)))
    # Plain bilinear sampling, as in the network's training; averaging costs 0.4 AP.
    return sampled(rgb, wh)


def _placed(
    small: NDArray[np.uint8], view: View, photo_wh: tuple[int, int]
) -> tuple[NDArray[np.uint8], Fit]:
    h, w = small.shape[:2]
    width, height = (view.side, view.side) if view.square else (-(-v // 32) * 32 for v in (w, h))
    left, top = (width - w) // 2, (height - h) // 2
    pixels = np.zeros((1, height, width, 3), np.uint8)
    place = pixels[0, top : top + h, left : left + w]
    if view.mirrored:
        for channel in range(3):  # thrice one byte in a row is faster than once three
            place[..., channel] = small[:, ::-1, channel]
    else:
        place[:] = small
    return pixels, Fit(view, photo_wh, (w, h), left, top)


def decode(
    maps: list[NDArray[np.float32]], floor: float, most: int = MOST_CANDIDATES
) -> Candidates:
    """The network's maps (124, h, w) for each stride -> boxes in pixels of the view.

    Every pair of cell and kind with at least the score `floor`, the best `most`.
    """
    least = np.float32(np.log(floor / (1 - floor)))
    tables = [logits.reshape(len(logits), -1) for logits in maps]
    # Few cells hold anything: they are found by their best kind.
    likely = [np.flatnonzero(table[:CLASSES].max(axis=0) >= least) for table in tables]
    flat = [
        np.take(table[:CLASSES], cell, axis=1) for table, cell in zip(tables, likely, strict=True)
    ]
    logit = np.concatenate([logits.ravel() for logits in flat])
    logit = logit[logit >= least]
    if len(logit) > most:
        least = np.partition(logit, -most)[-most]
        logit = logit[logit >= least]
    pairs = [np.divmod(np.flatnonzero(logits >= least), logits.shape[1]) for logits in flat]
    cells = [cell[column] for cell, (_, column) in zip(likely, pairs, strict=True)]
    kind = np.concatenate([row for row, _ in pairs])
    xyxy, unsure = _boxes(maps, cells)
    return Candidates(xyxy[:most], 1 / (1 + np.exp(-logit[:most])), kind[:most], unsure[:most])


def _boxes(
    maps: list[NDArray[np.float32]], cells: list[NDArray[np.intp]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """For each map (124, h, w) some of its cells -> their boxes (n, 4), by expected distances, and
    the deviations of these (n, 4)."""
    sides = [each[CLASSES:].reshape(4 * len(BINS), -1) for each in maps]
    chosen = [np.take(each, at, axis=1) for each, at in zip(sides, cells, strict=True)]
    logits = np.concatenate(chosen, axis=1).reshape(4, len(BINS), -1)
    logits -= logits.max(axis=1, keepdims=True)
    odds = np.exp(logits, out=logits)
    total = odds.sum(axis=1)
    distance = left, top, right, bottom = (BINS @ odds) / total
    variance = (BINS**2 @ odds) / total - distance**2
    places = [np.divmod(at, each.shape[2]) for each, at in zip(maps, cells, strict=True)]
    y, x = (np.concatenate(axis) + np.float32(0.5) for axis in zip(*places, strict=True))
    stride = np.repeat(np.array(STRIDES, np.float32), [len(at) for at in cells])
    xyxy = np.stack([x - left, y - top, x + right, y + bottom], axis=1)
    deviation = np.sqrt(np.maximum(variance, 0)).T
    return xyxy * stride[:, None], deviation * stride[:, None]


def read(maps: list[NDArray[np.float32]], fit: Fit, floor: float, most: int) -> Candidates:
    """The network's maps (1, 124, h, w) of one look -> its candidates, in pixels of the photo."""
    found = decode([each[0] for each in maps], floor, most)
    xyxy, unsure = fit.to_photo(found.xyxy), fit.lengths(found.unsure)
    whole = np.all(xyxy[:, 2:] > xyxy[:, :2], axis=1)
    return Candidates(xyxy[whole], found.score[whole], found.kind[whole], unsure[whole])


def joined(looks: Sequence[tuple[Candidates, Fit]]) -> Found:
    """The candidates of each look at one photo -> its objects, best first."""
    photo_wh = looks[0][1].photo_wh
    xyxy, score, kind, unsure = (
        np.concatenate([getattr(found, column) for found, _ in looks])
        for column in ("xyxy", "score", "kind", "unsure")
    )
    length = (xyxy[:, 2:] - xyxy[:, :2]).max(axis=1)
    trust = np.stack([fit.view.trust(length, photo_wh) for _, fit in looks])  # (views, boxes)
    source = np.repeat(np.arange(len(looks)), [len(found.kind) for found, _ in looks])
    weight = trust[source, np.arange(len(source))]
    # Within a look the best of several boxes stands for them: looks are told apart as kinds are.
    leader = boxes.leaders(xyxy, score, kind + CLASSES * source, OVERLAP)
    rows = np.flatnonzero((leader == np.arange(len(leader))) & (weight > 0))
    fused = boxes.fuse(
        xyxy[rows], score[rows], kind[rows], weight[rows], trust.sum(axis=0)[rows], OVERLAP
    )
    # Then all that it stands for votes on its sides, by how sure the network was of each.
    place = np.full(len(leader), -1)
    place[rows] = fused.place
    votes = np.flatnonzero((place[leader] >= 0) & (weight > 0))
    steadiness = (score * weight)[votes, None] / (unsure[votes] + STEADY) ** 2
    sides = boxes.voted(fused.xyxy, xyxy[votes], place[leader[votes]], steadiness)
    return Found(boxes.clip(sides, photo_wh), fused.score, fused.kind)


def distinct(found: Found) -> Found:
    """Each object once, under one name: for answers in which nothing says how sure a box is.

    On our training photos this gains 0.5 F1; taking away boxes that lie within another loses some.
    """
    found = found.take(boxes.nms(found.xyxy, found.score, found.kind, SAME_OBJECT))
    any_kind = np.zeros(len(found.kind), np.intp)
    return found.take(boxes.nms(found.xyxy, found.score, any_kind, SAME_BOX))


FAST = (View(),)
CAREFUL = (
    View(least=24),
    View(mirrored=True, least=24),
    View(608, square=False, reach=256),
)
LARGE = (View(least=64), View(832, square=False, reach=256))
"""The careful look at photos with more to see, at the same cost: detail instead of a mirror. On
1280 x 960 mosaics of training photos it scores 22.3 AP, CAREFUL 16.8."""
LARGE_FROM = 1000
LARGEST_PART = 0.6
"""Looks of several sizes run side by side where none of the sizes is more of the work."""
VIEWS = {"fast": FAST, "careful": CAREFUL}


def _views(picture: Picture, careful: bool) -> tuple[View, ...]:
    if not careful:
        return FAST
    return LARGE if max(picture.wh) >= LARGE_FROM else CAREFUL


class PocketDetector:
    """Objects of 80 kinds. Nothing changes after construction, so threads may share one."""

    def __init__(self, threads: int | None = None) -> None:
        """Raises InvalidWeights when the installed weights are missing or altered."""
        manifest = weights.manifest("boxes")
        self.session = weights.session("boxes", threads)
        several = lanes.cores(threads) > 1
        self._lane = weights.session("boxes", lanes.threads_a_lane(threads)) if several else None
        self._names: tuple[str, ...] = tuple(manifest.extra["labels"])
        self._least: dict[str, dict[Purpose, NDArray[np.float32]]] = {
            setting: least_for_groups(
                {purpose: np.asarray(scores, np.float32) for purpose, scores in by.items()}
            )
            for setting, by in manifest.extra["least_scores"].items()
        }
        self.card = Card(
            name="pocket-boxes",
            roles=("detector",),
            description="NanoDet-g, static int8: boxes round people, animals and everyday things",
            licence=manifest.licence,
            knows=self._names,
        )

    def detect(
        self, picture: Picture, careful: bool = False, floor: float | None = None
    ) -> Detections:
        """Objects in pixels of ``picture.rgb``, best first, at most 100.

        `careful` looks several times and merges what it found. Without a `floor` an object is
        given once, and each kind has the least score that did best in lists of training photos;
        with one, every box of at least that score is given, as average precision wants it.
        """
        if floor is None:
            return self.detect_each(picture, careful)["list"]
        found = self.look(picture.rgb, _views(picture, careful), max(floor / 2, 0.01))
        return self._named(found.take(found.score >= floor))

    def detect_each(self, picture: Picture, careful: bool = False) -> dict[Purpose, Detections]:
        """Each object once, by the least scores that did best for each purpose."""
        found = self.likely(picture.rgb, _views(picture, careful))
        least = self._least["careful" if careful else "fast"]
        return {
            purpose: self._named(found.take(found.score >= least[purpose][found.kind]))
            for purpose in get_args(Purpose)
        }

    def _named(self, found: Found) -> Detections:
        best = found.take(slice(MOST_OBJECTS))
        return Detections(best.xyxy, best.score, tuple(self._names[k] for k in best.kind))

    def likely(self, rgb: NDArray[np.uint8], views: tuple[View, ...]) -> Found:
        """What the views of one photo (h, w, 3) see that may be said, each object once."""
        return distinct(self.look(rgb, views, FLOOR, LIKELY_CANDIDATES))

    def look(
        self,
        rgb: NDArray[np.uint8],
        views: tuple[View, ...],
        floor: float,
        most: int = MOST_CANDIDATES,
    ) -> Found:
        """What the views of one photo (h, w, 3) see with at least the score `floor`, best first."""

        def seen(same: tuple[View, ...]) -> list[tuple[Candidates, Fit]]:
            return [
                (read(session.run(None, {"image": pixels}), fit, floor, most), fit)
                for pixels, fit in prepare(rgb, same)
            ]

        parts = [same for _, same in _by_side(views)]
        if self._lane is None or not _halves(parts):
            session = self.session
            return joined(seen(views))
        session = self._lane
        return joined([look for looks in lanes.side_by_side(seen, parts) for look in looks])


def _halves(parts: list[tuple[View, ...]]) -> bool:
    """Whether two lanes would both have enough to do."""
    work = [sum(view.side**2 for view in part) for part in parts]
    return max(work) <= LARGEST_PART * sum(work)
