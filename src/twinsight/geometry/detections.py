"""What was seen where: parallel arrays, one row an object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Detections:
    """Objects in one picture.

    ``xyxy`` is float32 (n, 4) in pixels of the upright picture, ``score`` float32 (n,) from 0 to 1,
    ``label`` n names, ``mask`` (if known) n uint8 arrays (mh, mw), 0 to 255, each covering exactly
    its box. Raises ValueError when the lengths differ or a number is not finite.
    """

    xyxy: NDArray[np.float32]
    score: NDArray[np.float32]
    label: tuple[str, ...]
    mask: tuple[NDArray[np.uint8], ...] | None = None

    def __post_init__(self) -> None:
        n = len(self.label)
        if self.xyxy.shape != (n, 4) or self.score.shape != (n,):
            raise ValueError(
                f"{n} labels need boxes ({n}, 4) and scores ({n},), "
                f"not {self.xyxy.shape} and {self.score.shape}"
            )
        if self.mask is not None and len(self.mask) != n:
            raise ValueError(f"{n} labels need {n} masks, not {len(self.mask)}")
        if not (np.isfinite(self.xyxy).all() and np.isfinite(self.score).all()):
            raise ValueError("boxes and scores must be finite")

    def __len__(self) -> int:
        return len(self.label)

    @classmethod
    def empty(cls) -> Detections:
        """Nothing seen."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), ())

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_] | Iterable[int]) -> Detections:
        """The given rows (indices in the order wanted, or a boolean for each row)."""
        index = rows if isinstance(rows, np.ndarray) else np.array(list(rows), dtype=np.intp)
        if index.dtype == np.bool_:
            index = np.flatnonzero(index)
        mask = None if self.mask is None else tuple(self.mask[i] for i in index)
        return Detections(
            self.xyxy[index], self.score[index], tuple(self.label[i] for i in index), mask
        )

    def best_first(self) -> Detections:
        """The same rows by falling score; equal scores keep their order."""
        return self.take(np.argsort(-self.score, kind="stable"))


def join(parts: Iterable[Detections]) -> Detections:
    """All rows of several, in order. Masks are kept only where every non-empty part has them."""
    kept = [part for part in parts if len(part)]
    if not kept:
        return Detections.empty()
    masks: tuple[NDArray[np.uint8], ...] | None = ()
    for part in kept:
        masks = None if masks is None or part.mask is None else masks + part.mask
    return Detections(
        np.concatenate([part.xyxy for part in kept]),
        np.concatenate([part.score for part in kept]),
        tuple(name for part in kept for name in part.label),
        masks,
    )
