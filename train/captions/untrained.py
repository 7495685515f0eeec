"""The caption writer before its training: what it says shows what the training adds."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from train.captions.network import Captioner, Sizes
from twinsight.engines.pocket.captions import PocketWriter
from twinsight.engines.pocket.captions_beams import Memory, Step
from twinsight.engines.pocket.captions_scene import features
from twinsight.engines.roles import Sketch
from twinsight.geometry.detections import Detections

_NOTHING = Sketch((1, 1), Detections.empty(), (), (), 0.5)


class UntrainedWriter(PocketWriter):
    """The shipped writer's words, grammar and search, over a network of numbers drawn by chance."""

    def __init__(self, seed: int = 7) -> None:
        super().__init__()
        torch.manual_seed(seed)
        width = self._nothing_said.shape[3] * self._nothing_said.shape[5]
        whole = len(features(_NOTHING, self._kinds).whole)
        sizes = Sizes(len(self._kinds), whole, len(self._vocabulary.words), width)
        self._network = Captioner(sizes).eval()

    def _read(self, sketch: Sketch) -> NDArray[np.float32]:
        seen = features(sketch, self._kinds)
        fed = (torch.from_numpy(each)[None] for each in (seen.kinds, seen.numbers, seen.whole))
        with torch.no_grad():
            rows: NDArray[np.float32] = self._network.see(*fed, mask=None).numpy()
        return rows

    def _step(self, rows: NDArray[np.float32]) -> Step:
        def step(
            newest: NDArray[np.int64], memory: Memory, at: int
        ) -> tuple[NDArray[np.float32], Memory]:
            count = len(newest)
            wide = torch.from_numpy(rows).expand(-1, -1, count, -1, -1, -1)
            past = torch.from_numpy(memory).expand(-1, -1, count, -1, -1, -1)
            with torch.no_grad():
                hidden, grown = self._network.think(
                    torch.from_numpy(newest)[:, None], past, wide, None, torch.tensor([at])
                )
                logits = self._network.words_for(hidden[:, -1])
            return logits.numpy(), grown.numpy()

        return step
