"""A text model's own tokenizer: `tokenizer.json`, read by the package tokenizers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinsight.errors import InvalidConfig, InvalidWeights

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text's tokens: their ids, and from which character to which each reaches ((0, 0): none)."""

    ids: tuple[int, ...]
    reach: tuple[tuple[int, int], ...]


class Tokenizer:
    """Threads may share one."""

    def __init__(self, file: Path, owner: str, length: int) -> None:
        """`length` is the longest text, in tokens; what is longer is cut.

        Raises InvalidConfig without the package, InvalidWeights for what is no tokenizer.
        """
        try:
            import tokenizers
        except ImportError as error:
            raise InvalidConfig(
                f"{owner} reads words by the package tokenizers, which is not installed. Get it "
                "with: pip install 'twinsight[desk]'"
            ) from error
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(file))
        except Exception as error:
            # The package raises nothing more exact.
            raise InvalidWeights(f"{owner}: {file.name} is no tokenizer: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(length)
        self.length = length

    def read(self, text: str) -> Tokens:
        """The text's tokens, with those that the model wants at its beginning and end."""
        told = self._tokenizer.encode(text)
        return Tokens(tuple(told.ids), tuple(told.offsets))

    def table(self, texts: Sequence[str], fill: int) -> tuple[Ids, Ids]:
        """All texts at full length, (n, length), filled up; and a mask: 1 where there is text."""
        ids = np.full((len(texts), self.length), fill, np.int64)
        mask = np.zeros_like(ids)
        for row, text in enumerate(texts):
            told = self.read(text).ids
            ids[row, : len(told)] = told
            mask[row, : len(told)] = 1
        return ids, mask
