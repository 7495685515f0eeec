"""The caption writer: a small transformer that reads a scene's rows and writes words.

The reader mixes the rows of `captions_scene.Features`; the writer looks
at them and at its own words so far. The shapes of the writer's memory are those of the exported
network: for each layer the keys and values of the words so far, and those of the rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from twinsight.engines.pocket.captions_scene import NUMBERS


@dataclass(frozen=True)
class Sizes:
    kinds: int
    whole: int
    words: int
    width: int = 192
    heads: int = 4
    hidden: int = 512
    readers: int = 2
    writers: int = 2
    longest: int = 18
    dropout: float = 0.15


def _heads(x: Tensor, heads: int) -> Tensor:
    """(b, n, d) → (b, heads, n, d / heads)."""
    b, n, d = x.shape
    return x.reshape(b, n, heads, d // heads).transpose(1, 2)


def _attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """Scaled dot products; `mask` is True where looking is allowed. Gives (b, n, d)."""
    weights = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    if mask is not None:
        weights = weights.masked_fill(~mask, -1e4)
    mixed = weights.softmax(-1) @ v
    b, h, n, d = mixed.shape
    return mixed.transpose(1, 2).reshape(b, n, h * d)


class Block(nn.Module):
    """Attention to itself, attention to the scene (writers only), a feed-forward part."""

    def __init__(self, sizes: Sizes, writer: bool) -> None:
        super().__init__()
        d = sizes.width
        self.heads, self.rate, self.writer = sizes.heads, sizes.dropout, writer
        self.norm1, self.qkv, self.out1 = nn.LayerNorm(d), nn.Linear(d, 3 * d), nn.Linear(d, d)
        if writer:
            self.norm2, self.q, self.out2 = nn.LayerNorm(d), nn.Linear(d, d), nn.Linear(d, d)
            self.kv = nn.Linear(d, 2 * d)
        self.norm3, self.up, self.down = (
            nn.LayerNorm(d),
            nn.Linear(d, sizes.hidden),
            nn.Linear(sizes.hidden, d),
        )

    def rows(self, scene: Tensor) -> Tensor:
        """Keys and values of a scene's rows: (2, b, heads, n, d / heads)."""
        return torch.stack([_heads(part, self.heads) for part in self.kv(scene).chunk(2, -1)])

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None,
        past: Tensor | None = None,
        rows: Tensor | None = None,
        row_mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The new x, and the keys and values of all words so far."""
        q, k, v = (_heads(part, self.heads) for part in self.qkv(self.norm1(x)).chunk(3, -1))
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        x = x + self._drop(self.out1(_attend(q, k, v, mask)))
        if self.writer:
            assert rows is not None
            q2 = _heads(self.q(self.norm2(x)), self.heads)
            x = x + self._drop(self.out2(_attend(q2, rows[0], rows[1], row_mask)))
        x = x + self._drop(self.down(self._drop(functional.gelu(self.up(self.norm3(x))))))
        return x, torch.stack([k, v])

    def _drop(self, x: Tensor) -> Tensor:
        return functional.dropout(x, self.rate, self.training)


class Captioner(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        d = sizes.width
        self.kind = nn.Embedding(sizes.kinds, d)
        self.numbers = nn.Sequential(nn.Linear(NUMBERS, d), nn.GELU(), nn.Linear(d, d))
        self.whole = nn.Sequential(nn.Linear(sizes.whole, d), nn.GELU(), nn.Linear(d, d))
        self.readers = nn.ModuleList(Block(sizes, False) for _ in range(sizes.readers))
        self.read_norm = nn.LayerNorm(d)
        self.word = nn.Embedding(sizes.words, d)
        self.place = nn.Embedding(sizes.longest, d)
        self.writers = nn.ModuleList(Block(sizes, True) for _ in range(sizes.writers))
        self.write_norm = nn.LayerNorm(d)
        self.bias = nn.Parameter(torch.zeros(sizes.words))
        for embedding in (self.kind, self.word, self.place):
            nn.init.normal_(embedding.weight, std=0.05)

    def see(self, kinds: Tensor, numbers: Tensor, whole: Tensor, mask: Tensor | None) -> Tensor:
        """(b, n), (b, n, 9), (b, w) → keys and values of 1 + n rows: (layers, 2, b, h, 1 + n, ·).

        `mask` (b, 1 + n) is True for rows that exist.
        """
        things = self.kind(kinds) + self.numbers(numbers)
        x = torch.cat([self.whole(whole)[:, None], things], 1)
        wide = None if mask is None else mask[:, None, None]
        for block in self.readers:
            x, _ = block(x, wide)
        x = self.read_norm(x)
        return torch.stack([block.rows(x) for block in self.writers])

    def think(
        self, words: Tensor, past: Tensor | None, rows: Tensor, row_mask: Tensor | None, at: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(b, t) words at the places `at` (t,) → what comes to mind (b, t, d), the new memory."""
        x = self.word(words) + self.place(at)
        x = functional.dropout(x, self.sizes.dropout, self.training)
        t = words.shape[1]
        causal = None
        if t > 1:
            causal = torch.ones(t, t, dtype=torch.bool, device=words.device).tril()
        wide = None if row_mask is None else row_mask[:, None, None]
        memory = []
        for index, block in enumerate(self.writers):
            x, kept = block(x, causal, None if past is None else past[index], rows[index], wide)
            memory.append(kept)
        return self.write_norm(x), torch.stack(memory)

    def words_for(self, hidden: Tensor) -> Tensor:
        """(…, d) → logits (…, words)."""
        return functional.linear(hidden, self.word.weight, self.bias)
