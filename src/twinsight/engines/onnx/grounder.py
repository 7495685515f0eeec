"""Boxes of what words describe, by a model that somebody brought: Grounding DINO, OWLv2.

The same model is a detector of the names on its card, which it is asked for all at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinsight.engines.onnx.card import GrounderCard
from twinsight.engines.onnx.detector import chosen, for_each
from twinsight.engines.onnx.heads import decoded, grounding_dino
from twinsight.engines.onnx.network import Array, Network
from twinsight.engines.onnx.placing import prepare
from twinsight.engines.onnx.tokens import Tokenizer
from twinsight.engines.roles import Card, Purpose
from twinsight.engines.speaker import EVERYTHING, Waiting
from twinsight.errors import Unavailable
from twinsight.geometry.detections import Detections, join
from twinsight.image.picture import Picture

_ARTICLE = re.compile(r"^(?:an?|the|all|every|any)\s+", re.IGNORECASE)
MOST_LETTERS = 300
"""Of a phrase; a longer one is cut."""


class OnnxGrounder:
    """Plays the grounder and the detector by a card. Threads may share one."""

    def __init__(self, card: GrounderCard, folder: Path) -> None:
        """Raises InvalidConfig without the package tokenizers, InvalidWeights for unfit files."""
        self._card = card
        self._network = Network(
            folder / card.file("model").short,
            card.name,
            [card.feed.name, "input_ids"],
            ["attention_mask", "token_type_ids", "pixel_mask"],
        )
        length = self._network.side("input_ids", 1) or card.tokens
        self._tokenizer = Tokenizer(folder / card.file("tokenizer").short, card.name, length)
        self._asked = self._together(card.names)
        roles = (card.role, "detector")
        self.card = Card(card.name, roles, card.description, card.licence, card.names)

    def ground(self, picture: Picture, phrase: str, waiting: Waiting) -> tuple[Detections, bool]:
        """What the phrase describes, in pixels of `picture`; the list is never cut short.

        For "every object" what the names of its card describe. Raises Unavailable, Cancelled,
        DeadlineExceeded.
        """
        waiting.check()
        if phrase == EVERYTHING:
            return self.detect(picture), False
        name = _ARTICLE.sub("", _plain(phrase))
        if not name:
            return Detections.empty(), False
        return self._look(picture, [name], self._card.least["list"]), False

    def detect(self, picture: Picture, careful: bool = False) -> Detections:
        """Things by the names on its card, for a list, best first; `careful` changes nothing."""
        return self.detect_each(picture, careful)["list"]

    def detect_each(self, picture: Picture, careful: bool = False) -> dict[Purpose, Detections]:
        """Of one look the things that are sure enough for each purpose, best first."""
        least = self._card.least
        found = [self._look(picture, names, min(least.values())) for names in self._asked]
        return for_each(join(found).best_first(), least)

    def _together(self, names: Sequence[str]) -> list[list[str]]:
        """The names in groups that go into one question each."""
        if self._card.head == "owlv2":
            return [list(names)]
        groups: list[list[str]] = [[]]
        for name in names:
            with_it = [*groups[-1], name]
            # A text of full length may have been cut.
            if groups[-1] and len(self._tokenizer.read(self._text(with_it)).ids) >= (
                self._tokenizer.length
            ):
                groups.append([])
            groups[-1].append(name)
        return groups

    def _text(self, names: Sequence[str]) -> str:
        return " ".join(self._card.template.replace("{}", _plain(name)) for name in names)

    def _look(self, picture: Picture, names: Sequence[str], floor: float) -> Detections:
        card = self._card
        pixels, placing = prepare(picture.rgb, card.feed)
        fed: dict[str, Array] = {card.feed.name: pixels}
        fed["pixel_mask"] = np.ones((1, *pixels.shape[2:]), np.int64)
        try:
            xyxy, scores = (self._owl if card.head == "owlv2" else self._dino)(fed, names)
        except ValueError as error:
            raise Unavailable(f"The model {card.name}: {error}.") from error
        return chosen(placing.to_photo(xyxy), scores, names, floor, card.overlap)

    def _owl(
        self, fed: dict[str, Array], names: Sequence[str]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Each name is a text of its own."""
        texts = [self._text([name]) for name in names]
        ids, mask = self._tokenizer.table(texts, fill=0)
        outputs = self._network.run(fed | {"input_ids": ids, "attention_mask": mask})
        return decoded("detr", outputs, self._card.feed.wh, len(names))

    def _dino(
        self, fed: dict[str, Array], names: Sequence[str]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """All names are one text, each to a full stop."""
        spans, end = [], 0
        for name in names:
            start = end + self._card.template.index("{}")
            spans.append((start, start + len(_plain(name))))
            end += len(self._text([name])) + 1
        told = self._tokenizer.read(self._text(names))
        length = self._network.side("input_ids", 1) or len(told.ids)
        ids = np.zeros((1, length), np.int64)
        ids[0, : len(told.ids)] = told.ids
        mask = (np.arange(length) < len(told.ids)).astype(np.int64)[None]
        outputs = self._network.run(
            fed | {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        )
        tokens = [
            [i for i, (a, b) in enumerate(told.reach) if a < b and start <= a and b <= stop]
            for start, stop in spans
        ]
        return grounding_dino(outputs, self._card.feed.wh, tokens)


def _plain(phrase: str) -> str:
    """In small letters, without the full stops that part one phrase from the next."""
    return " ".join(phrase.lower().replace(".", " ").split())[:MOST_LETTERS].strip()
