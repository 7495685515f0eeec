"""A labeler that somebody brought: names for a whole picture by likeness to words, as SigLIP's.

Two networks: `pixel_values` (n, 3, h, w) and `input_ids` (n, tokens) each give a vector for each
row, `pooler_output`. A name is as probable as the sigmoid of the vectors' cosine, scaled and
shifted by the card: names do not vie with each other, and none may be true.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinsight.engines.onnx.card import LabelerCard
from twinsight.engines.onnx.heads import sigmoid
from twinsight.engines.onnx.network import Array, Network
from twinsight.engines.onnx.placing import prepare
from twinsight.engines.onnx.tokens import Tokenizer
from twinsight.engines.pocket import label_groups
from twinsight.engines.roles import Card, Label, Recognition
from twinsight.errors import Unavailable
from twinsight.image.picture import Picture

BATCH = 16
"""Texts that are read together."""
REMEMBERED = 4096
"""Names whose vectors are kept: 12 MB for SigLIP 2 base."""
MOST_NEW = 256
"""Names that one question may bring for the first time: each is 0.1 s of a core."""
LEAST = 1e-3
"""Probability under which `recognise` leaves a label out."""
MOST_LABELS = 20

Vectors = NDArray[np.float32]


class OnnxLabeler:
    """Plays the labeler by a card. Threads may share one."""

    def __init__(self, card: LabelerCard, folder: Path) -> None:
        """Reads its own names once, which takes a minute or two; their vectors lie beside it then.

        Raises InvalidConfig without the package tokenizers, InvalidWeights when a file cannot be
        used or the two networks do not fit each other.
        """
        self._card = card
        self._vision = Network(folder / card.file("vision").short, card.name, [card.feed.name])
        self._text = Network(
            folder / card.file("text").short, card.name, ["input_ids"], ["attention_mask"]
        )
        self._tokenizer = Tokenizer(folder / card.file("tokenizer").short, card.name, card.tokens)
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._own = self._own_vectors(folder)
        self.card = Card(card.name, (card.role,), card.description, card.licence, card.names)

    def labels(self, picture: Picture, top: int = 5) -> list[Label]:
        """The `top` most probable of its own names, best first. Raises Unavailable."""
        scores = self._scores(picture, self._own)
        order = np.argsort(-scores, kind="stable")[: max(top, 0)]
        return [_label(self._card.names[i], float(scores[i])) for i in order]

    def recognise(self, picture: Picture) -> Recognition:
        """Its labels, and the first of them where it is as sure as the card wants."""
        best = [label for label in self.labels(picture, MOST_LABELS) if label.score >= LEAST]
        sure = bool(best) and best[0].score >= self._card.sure
        return Recognition(best[0] if sure else None, tuple(best))

    def rate(self, picture: Picture, names: Sequence[str]) -> list[float | None]:
        """How probable each name is, in anybody's words; None for those that are too many."""
        vectors = self._vectors(names)
        told = [row for row in vectors if row is not None]
        if not told:
            return [None] * len(names)
        scores = iter(self._scores(picture, np.stack(told)).tolist())
        return [None if row is None else next(scores) for row in vectors]

    def _scores(self, picture: Picture, words: Vectors) -> Vectors:
        fed, _ = prepare(picture.rgb, self._card.feed)
        seen = self._pooled(self._vision, {self._card.feed.name: fed}, 1)
        if seen.shape[1] != words.shape[1]:
            raise Unavailable(
                f"The model {self._card.name} has {seen.shape[1]} numbers for a picture, but "
                f"{words.shape[1]} for a text: the two networks are not of one model."
            )
        return sigmoid(words @ seen[0] * self._card.logit_scale + self._card.logit_bias)

    def _vectors(self, names: Sequence[str]) -> list[Vectors | None]:
        """A vector for each name; of those that are new the first `MOST_NEW`."""
        with self._lock:
            known = {name: self._known[name] for name in names if name in self._known}
        new = [name for name in dict.fromkeys(names) if name not in known][:MOST_NEW]
        known |= dict(zip(new, self._read(new), strict=True)) if new else {}
        with self._lock:
            for name in new:
                self._known[name] = known[name]
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return [known.get(name) for name in names]

    def _read(self, names: Sequence[str]) -> Vectors:
        """A vector of length one for each name: the mean over the card's sentences."""
        total = np.zeros((len(names), 1), np.float32)
        for template in self._card.templates:
            texts = [template.replace("{}", " ".join(name.split())).lower() for name in names]
            parts = []
            for start in range(0, len(texts), BATCH):
                some = texts[start : start + BATCH]
                ids, mask = self._tokenizer.table(some, self._card.padding)
                fed = {"input_ids": ids, "attention_mask": mask}
                parts.append(self._pooled(self._text, fed, len(some)))
            total = total + np.concatenate(parts)
        return _unit(total)

    def _pooled(self, network: Network, fed: Mapping[str, Array], n: int) -> Vectors:
        outputs = network.run(fed)
        pooled = outputs.get("pooler_output")
        if pooled is None or pooled.ndim != 2 or len(pooled) != n:
            shapes = ", ".join(f"{name} {array.shape}" for name, array in outputs.items())
            raise Unavailable(
                f"The model {self._card.name} answers with {shapes}; by its card it would be "
                f"pooler_output ({n}, numbers)."
            )
        return _unit(pooled)

    def _own_vectors(self, folder: Path) -> Vectors:
        """The vectors of its own names: read once, and kept in a file beside the model."""
        card = self._card
        told = [card.file(part).sha256 for part in ("text", "tokenizer")]
        key = repr((told, card.names, card.templates, card.tokens, card.padding))
        file = folder / f"names-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npy"
        with suppress(OSError, ValueError, EOFError):
            kept = np.load(file, allow_pickle=False)
            if kept.ndim == 2 and len(kept) == len(card.names) and kept.dtype == np.float32:
                return np.asarray(kept, np.float32)
        vectors = self._read(card.names)
        # A folder that cannot be written to only means that they are read at each start.
        with suppress(OSError):
            half = file.with_suffix(".half.npy")
            np.save(half, vectors)
            half.replace(file)
        return vectors


def _label(name: str, score: float) -> Label:
    try:
        return Label(name, score, label_groups.broader_words(name))
    except KeyError:
        return Label(name, score)


def _unit(vectors: NDArray[np.generic]) -> Vectors:
    """Rows of length one; a row of zeros stays."""
    rows = np.asarray(vectors, np.float32)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))
