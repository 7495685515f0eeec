"""The things that a request names, found in a picture: by name, colour, place and size."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twinsight.engines.roles import Label, Purpose
from twinsight.geometry.detections import Detections
from twinsight.tasks import plan_free
from twinsight.tasks.answers.describe import finer
from twinsight.tasks.colour import colours_at, shares_at
from twinsight.tasks.request import vocabulary
from twinsight.tasks.request.language import Language
from twinsight.tasks.request.targets import Target, Wanted
from twinsight.tasks.request.vocabulary import Sense
from twinsight.tasks.scene import Scene

MOST_ITEMS = 100
SURE_LINE = 0.5
LIKELY_NAME = 0.3
"""A whole-picture name this sure makes the object it is a kind of an answer to that name."""

WORN = 0.12
"""The share of a person's pixels from which a colour is one that they wear. Not fitted."""

BORDER = 0.005
"""The share of the picture's side within which a box touches the border."""

_UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing found: `kind` is the detector's name for it, or "text"; `xyxy` is in pixels."""

    label: str
    score: float
    xyxy: NDArray[np.float32]
    kind: str

    @property
    def wh(self) -> tuple[float, float]:
        """The box's size in pixels."""
        return float(self.xyxy[2] - self.xyxy[0]), float(self.xyxy[3] - self.xyxy[1])


def find(scene: Scene, wanted: Wanted) -> list[Item]:
    """The things asked for, best first, each once.

    When a request ranks them ("the two largest"), they come in that order.
    """
    seen: dict[tuple[str, tuple[float, ...]], Item] = {}
    left_out = {_key(item) for target in wanted.besides for item in of_target(scene, target)}
    for target in wanted.targets:
        for item in of_target(scene, target, wanted.language):
            share = item.wh[0] * item.wh[1] / (scene.wh[0] * scene.wh[1])
            is_faint = item.score < wanted.least or not wanted.span[0] <= share <= wanted.span[1]
            is_cut = wanted.inside and _touches_border(item.xyxy, scene.wh)
            if (
                not (is_cut or is_faint)
                and item.kind not in wanted.without
                and _key(item) not in left_out
            ):
                seen.setdefault(_key(item), item)
    items = list(seen.values())
    if wanted.order:
        ranks = _ranks(stack(items), wanted.order)
        items = [items[i] for i in np.argsort(ranks, kind="stable")]
    elif not any(target.order for target in wanted.targets):
        items.sort(key=lambda item: -item.score)
    return items[: min(wanted.most or MOST_ITEMS, MOST_ITEMS)]


def _key(item: Item) -> tuple[str, tuple[float, ...]]:
    return item.kind, tuple(map(float, item.xyxy))


def _touches_border(xyxy: NDArray[np.float32], wh: tuple[int, int]) -> bool:
    """Whether the picture's border may have cut the thing."""
    x, y = (BORDER * side for side in wh)
    inside = xyxy[0] > x and xyxy[1] > y and xyxy[2] < wh[0] - x and xyxy[3] < wh[1] - y
    return not inside


def of_target(
    scene: Scene, target: Target, language: Language = "en", purpose: Purpose = "list"
) -> list[Item]:
    """One target's things, as sure as the purpose wants: best first, or in the order asked for."""
    described = plan_free.described(scene, target, purpose)
    if described is not None:
        found = described.found
        asked = replace(target, sides=()) if described.own_side else target
        rows = _placed(found.xyxy, list(range(len(found))), asked, scene.wh)
        return [
            Item(described.label(i), float(found.score[i]), found.xyxy[i], found.label[i])
            for i in rows
        ]
    if target.text:
        found = _lines(scene)
        rows = list(range(len(found)))
    else:
        found = scene.objects(purpose)
        names = _names(scene, target)
        rows = [i for i, kind in enumerate(found.label) if names is None or kind in names]
    if target.colour and rows:
        shades = colours_at(scene, found.xyxy[rows])
        rows = [i for i, shade in zip(rows, shades, strict=True) if shade == target.colour]
    if target.worn and rows:
        rows = _wearing(scene, found.xyxy, rows, target)
    if target.aside and rows:
        rows = _on_side(scene, found.xyxy, rows, target)
    if target.order == "nearest" and rows:
        rows = _by_distance(scene, found.xyxy, rows, target)
    rows = _placed(found.xyxy, rows, target, scene.wh)
    if target.text:
        labels = [clean_label(found.label[i]) for i in rows]
        kinds = ["text"] * len(rows)
    else:
        labels = [_label(scene, found, i, target, language) for i in rows]
        kinds = [found.label[i] for i in rows]
    return [
        Item(label, float(found.score[i]), found.xyxy[i], kind)
        for label, kind, i in zip(labels, kinds, rows, strict=True)
    ]


def at_least_one(scene: Scene, target: Target, language: Language = "en") -> list[Item]:
    """What is sure enough for a list; else the likeliest thing that may be said to be there."""
    sure = of_target(scene, target, language)
    purpose: Purpose = "group" if target.sense is Sense.WIDER else "presence"
    return sure or of_target(scene, target, language, purpose)[:1]


def taken_to_be_there(scene: Scene, target: Target) -> list[Item]:
    """The same where the question takes it to be there, as who asks for its colour does."""
    return of_target(scene, target) or of_target(scene, target, purpose="presence")[:1]


def _wearing(scene: Scene, xyxy: NDArray[np.float32], rows: list[int], target: Target) -> list[int]:
    """The people of whom enough has the colour; when one is meant, who has most of it first."""
    share = dict(zip(rows, shares_at(scene, xyxy[rows], target.worn), strict=True))
    kept = [row for row in rows if share[row] >= WORN]
    return sorted(kept, key=lambda row: -share[row]) if target.take == 1 else kept


def _on_side(scene: Scene, xyxy: NDArray[np.float32], rows: list[int], target: Target) -> list[int]:
    """The rows whose middle lies beyond the middle of such a thing, on the side that is asked."""
    seen = scene.objects()
    others = seen.xyxy[[i for i, kind in enumerate(seen.label) if kind in target.near]]
    axis = int(target.aside in ("top", "bottom"))
    sign = -1 if target.aside in ("left", "top") else 1
    beyond = sign * (others[:, axis] + others[:, axis + 2])
    mid = sign * (xyxy[:, axis] + xyxy[:, axis + 2])
    return [
        row for row in rows if (mid[row] > beyond).any() and not (xyxy[row] == others).all(1).any()
    ]


def _by_distance(
    scene: Scene, xyxy: NDArray[np.float32], rows: list[int], target: Target
) -> list[int]:
    """The rows by how far they are from the nearest thing that the target is to be near to."""
    seen = scene.objects()
    others = seen.xyxy[[i for i, kind in enumerate(seen.label) if kind in target.near]]
    if not len(others):
        return []
    return sorted(rows, key=lambda row: float(_gaps(xyxy[row], others).min()))


def _gaps(box: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """The pixels between a box (4,) and each of others (n, 4); none to itself."""
    apart = np.maximum(np.maximum(others[:, :2] - box[2:], box[:2] - others[:, 2:]), 0)
    is_same = (others == box).all(1)
    return np.where(is_same, np.inf, np.hypot(apart[:, 0], apart[:, 1])).astype(np.float32)


def lines_of(scene: Scene) -> list[str]:
    """The text in the picture, a line each, as far as it is sure."""
    return [line.text for line in scene.lines if line.score >= SURE_LINE and line.text.strip()]


def _lines(scene: Scene) -> Detections:
    lines = [line for line in scene.lines if line.score >= SURE_LINE and line.text.strip()]
    if not lines:
        return Detections.empty()
    boxes = [np.concatenate([line.quad.min(0), line.quad.max(0)]) for line in lines]
    scores = np.array([line.score for line in lines], np.float32)
    return Detections(np.stack(boxes).astype(np.float32), scores, tuple(x.text for x in lines))


def _names(scene: Scene, target: Target) -> frozenset[str] | None:
    """The detector's names; for a word that only the labeler knows, the objects it is a kind of.

    Where there is no such object, those next to it: a keeshond that was taken for a cat.
    """
    named = _named(scene, target) if target.unknown else None
    if named is None:
        return target.names
    found = set(scene.objects().label)
    if found & set(named.kinds):
        return frozenset(named.kinds)
    return frozenset(kind for kind in found if set(vocabulary.broader(kind)) & set(named.kinds))


def _named(scene: Scene, target: Target) -> Label | None:
    """The labeler's name for the picture, where it is likely and the request says it."""
    asked = vocabulary.fold(target.phrase)
    for seen in scene.recognition.labels:
        if seen.score < LIKELY_NAME:
            break
        if vocabulary.fold(seen.name) in asked:
            return seen
    return None


def _label(scene: Scene, found: Detections, row: int, target: Target, language: Language) -> str:
    """In the caller's word where it means the very thing, else the eyes' own."""
    kind = found.label[row]
    if language == "fr":
        return vocabulary.in_language(kind, "fr")
    named = _named(scene, target)
    if named is not None and (target.unknown or kind in named.kinds):
        return named.name
    if target.word and target.names and target.sense is Sense.SAME:
        return vocabulary.singular(target.word, kind)
    return finer(kind, found.label.count(kind), scene.recognition)


def _placed(
    xyxy: NDArray[np.float32], rows: list[int], target: Target, wh: tuple[int, int]
) -> list[int]:
    """The rows in the halves asked for, ranked and cut as asked."""
    if not rows:
        return rows
    x = (xyxy[:, 0] + xyxy[:, 2]) / 2 / wh[0]
    y = (xyxy[:, 1] + xyxy[:, 3]) / 2 / wh[1]
    halves = {
        "left": x < 0.5,
        "right": x >= 0.5,
        "top": y < 0.5,
        "bottom": y >= 0.5,
        "centre": (abs(x - 0.5) < 0.25) & (abs(y - 0.5) < 0.25),
    }
    for side in target.sides:
        rows = [i for i in rows if halves[side][i]]
    if target.order and target.order != "nearest":
        ranks = _ranks(xyxy, target.order)
        rows = sorted(rows, key=lambda i: float(ranks[i]))
    elif target.rank:
        rows = sorted(rows, key=lambda i: float(x[i]))
    if target.rank:
        return rows[target.rank - 1 : target.rank]
    return rows[: target.take]


def _ranks(xyxy: NDArray[np.float32], order: str) -> NDArray[np.float32]:
    """A number for each box (n, 4); the least is the first in that order."""
    x, y = (xyxy[:, :2] + xyxy[:, 2:]).T
    area = (xyxy[:, 2:] - xyxy[:, :2]).prod(1)
    ranks = {"left": x, "top": y, "smallest": area, "right": -x, "bottom": -y, "largest": -area}
    return np.asarray(ranks[order], np.float32)


def clean_label(text: str) -> str:
    """Without slashes and control characters: the guide's sample makes file names of labels."""
    return re.sub(r"\s+", " ", _UNSAFE.sub(" ", text)).strip()[:100] or "text"


def chosen(item: Item, choices: Sequence[str]) -> str | None:
    """The thing's own name among these, else a wider word for it, else "other"."""
    names = (item.label.lower(), item.kind)
    for choice in choices:
        if choice.lower().replace("_", " ") in names:
            return choice
    for choice in choices:
        known = vocabulary.meaning(choice)
        if known and known.sense is not Sense.NARROWER and item.kind in known.names:
            return choice
    roles = [c for c in choices if "person" in _names_of(c)]
    if item.kind == "person" and len(roles) == 1:
        return roles[0]  # "pedestrian", where no other word means people
    return next((c for c in choices if c.lower() in ("other", "others", "autre")), None)


def _names_of(word: str) -> frozenset[str]:
    known = vocabulary.meaning(word)
    return known.names if known is not None else frozenset()


def stack(items: Sequence[Item]) -> NDArray[np.float32]:
    """The items' boxes, (n, 4) xyxy."""
    if not items:
        return np.zeros((0, 4), np.float32)
    return np.stack([item.xyxy for item in items]).astype(np.float32)
