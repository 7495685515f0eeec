"""The lesson: to say what people said of the scene. And what the captions are worth."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from train.captions.cider import Cider
from train.captions.network import Captioner
from train.captions.words import END, OTHER, PAD, START, Vocabulary
from twinsight.engines.pocket.captions_scene import NUMBERS, Features


@dataclass
class Example:
    """A scene to draw features from, its captions as numbers, the words it must not say."""

    see: Callable[[np.random.Generator], Features]
    captions: list[list[int]]


@dataclass
class Batch:
    kinds: Tensor
    numbers: Tensor
    whole: Tensor
    mask: Tensor


def stack(scenes: Sequence[Features], device: str) -> Batch:
    """Scenes of different sizes side by side, with a mask of the rows that exist (b, 1 + n)."""
    n = max(1, *(len(s.kinds) for s in scenes))
    kinds = np.zeros((len(scenes), n), np.int64)
    numbers = np.zeros((len(scenes), n, NUMBERS), np.float32)
    mask = np.zeros((len(scenes), 1 + n), bool)
    for i, scene in enumerate(scenes):
        size = len(scene.kinds)
        kinds[i, :size], numbers[i, :size], mask[i, : 1 + size] = scene.kinds, scene.numbers, True
    whole = np.stack([s.whole for s in scenes])
    return Batch(*(torch.from_numpy(a).to(device) for a in (kinds, numbers, whole, mask)))


def drop_whole(batch: Batch, draw: np.random.Generator, rate: float) -> Batch:
    """Forgets what the whole picture suggests of some scenes, so that it stays a hint."""
    keep = torch.from_numpy(draw.random(len(batch.whole)) >= rate).to(batch.whole)
    batch.whole = batch.whole * keep[:, None]
    return batch


def _order(count: int, size: int, draw: np.random.Generator) -> Iterator[np.ndarray]:
    rows = draw.permutation(count)
    for start in range(0, count, size):
        yield rows[start : start + size]


def imitate(
    network: Captioner,
    examples: Sequence[Example],
    epochs: int,
    rate: float,
    seed: int,
    device: str,
    report: Callable[[], None],
    size: int = 24,
    smooth: float = 0.1,
) -> None:
    """Cross entropy on the captions, label smoothing, AdamW, warm-up and cosine."""
    draw = np.random.default_rng(seed)
    steps = epochs * -(-len(examples) // size)
    best = torch.optim.AdamW(network.parameters(), rate, betas=(0.9, 0.98), weight_decay=0.05)
    plan = torch.optim.lr_scheduler.LambdaLR(
        best,
        lambda s: min((s + 1) / 100, 0.5 * (1 + np.cos(np.pi * min(s / steps, 1))) * 0.98 + 0.02),
    )
    for epoch in range(epochs):
        network.train()
        started, losses = time.perf_counter(), []
        for chosen in _order(len(examples), size, draw):
            group = [examples[i] for i in chosen]
            batch = drop_whole(stack([e.see(draw) for e in group], device), draw, 0.1)
            owner = torch.tensor(
                [i for i, e in enumerate(group) for _ in e.captions], device=device
            )
            given, wanted = pad([c for e in group for c in e.captions], device)
            taught = (wanted != PAD) & (wanted != OTHER)
            with half(device):
                rows = network.see(batch.kinds, batch.numbers, batch.whole, batch.mask)
                places = torch.arange(given.shape[1], device=device)
                hidden, _ = network.think(given, None, rows[:, :, owner], batch.mask[owner], places)
                logits = network.words_for(hidden[taught])
            loss = functional.cross_entropy(logits.float(), wanted[taught], label_smoothing=smooth)
            best.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            best.step()
            plan.step()
            losses.append(loss.item())
        print(
            f"imitate {epoch + 1}: loss {np.mean(losses):.3f}, "
            f"{time.perf_counter() - started:.0f} s",
            flush=True,
        )
        report()


def half(device: str) -> torch.autocast:
    """Products in bfloat16 on a GPU; on a CPU they are no faster at this size."""
    return torch.autocast(device, torch.bfloat16, enabled=device != "cpu")


def pad(captions: Sequence[Sequence[int]], device: str) -> tuple[Tensor, Tensor]:
    """Captions → words given (START first) and words wanted (END last), (n, t) each."""
    t = max(map(len, captions)) + 1
    given = np.full((len(captions), t), PAD, np.int64)
    wanted = np.full((len(captions), t), PAD, np.int64)
    for i, caption in enumerate(captions):
        whole = [START, *caption, END]
        cut = whole[: t + 1]
        given[i, : len(cut) - 1], wanted[i, : len(cut) - 1] = cut[:-1], cut[1:]
    return torch.from_numpy(given).to(device), torch.from_numpy(wanted).to(device)


@torch.no_grad()
def likeliest(network: Captioner, rows: Tensor, mask: Tensor, never: Tensor) -> Tensor:
    """The captions of the likeliest next words, (b, t), padded after END."""
    b, device = mask.shape[0], mask.device
    words = torch.full((b, 1), START, device=device)
    done = torch.zeros(b, dtype=torch.bool, device=device)
    past, said = None, []
    for at in range(network.sizes.longest):
        hidden, past = network.think(words, past, rows, mask, torch.tensor([at], device=device))
        logits = network.words_for(hidden[:, 0]).float() + never
        words = logits.argmax(-1, keepdim=True).masked_fill(done[:, None], PAD)
        said.append(words)
        done |= words[:, 0] == END
        if bool(done.all()):
            break
    return torch.cat(said, 1)


def never_said(closed: Sequence[NDArray[np.bool_]], device: str) -> Tensor:
    """What to add to logits (b, words): 0, and much less for the words closed to a scene."""
    flags = torch.from_numpy(np.stack(closed)).to(device)
    flags[:, [PAD, START, OTHER]] = True
    return flags * -1e9


def _until_end(row: list[int]) -> list[int]:
    return row[: row.index(END)] if END in row else [n for n in row if n != PAD]


def greedy_cider(
    network: Captioner,
    scenes: Sequence[Features],
    cider: Cider,
    device: str,
    closed: Callable[[Features], NDArray[np.bool_]],
) -> tuple[float, list[list[int]]]:
    """Mean CIDEr-D of greedy captions, times 100; the captions."""
    network.eval()
    captions: list[list[int]] = []
    with torch.no_grad():
        for start in range(0, len(scenes), 64):
            batch = stack(scenes[start : start + 64], device)
            rows = network.see(batch.kinds, batch.numbers, batch.whole, batch.mask)
            never = never_said([closed(s) for s in scenes[start : start + 64]], device)
            said = likeliest(network, rows, batch.mask, never)
            captions += [_until_end(row) for row in said.tolist()]
    scores = [cider.score(caption, i) for i, caption in enumerate(captions)]
    return 100 * float(np.mean(scores)), captions


def words_of(vocabulary: Vocabulary, captions: Sequence[Sequence[int]]) -> list[str]:
    return [" ".join(vocabulary.decode(caption)) for caption in captions]
