"""Batches as the model will meet them: turned, tinted, hidden, and with boxes a little wrong."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from train.masks.examples import Examples
from twinsight.engines.pocket.masks import OUTSIDE, SIDE, windows

TURN = 20.0
"""Largest rotation, degrees (standard deviation is half of it)."""
EXACT = 0.3
"""Share of boxes left exactly around the object; the others are off as a detector's are."""
JITTER = 0.06
"""Standard deviation of each side of a box that is off, as a share of the box; cut at 2.5 of it."""


def plain(examples: Examples, xyxy: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs (n, 4, S, S) and targets (n, 1, S, S), 0 to 1, with the boxes given, nothing else."""
    turn = np.repeat(np.eye(2)[None], len(examples), axis=0)
    return _sample(examples, turn, np.zeros((len(examples), 2)), xyxy)


def batch(
    examples: Examples, random: np.random.Generator, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same, augmented in every way that keeps the object an object."""
    n = len(examples)
    turn = _turns(n, random)
    centre = (examples.xyxy[:, :2] + examples.xyxy[:, 2:]).astype(np.float64) / 2
    boxes = np.stack(
        [_extent((p - c) @ t.T + c) for p, c, t in zip(examples.points, centre, turn, strict=True)]
    )
    x, y = _sample(examples, turn, centre, jittered(boxes, random), device)
    rgb, box = x[:, :3], x[:, 3:]
    rgb = _swap_backgrounds(rgb, y, random)
    rgb, y = _paste(rgb, y, random)
    return torch.cat([_tint(rgb, random), box], 1), y


def jittered(xyxy: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Boxes as a detector draws them: some right, most off by a few per cent a side."""
    sides = np.tile(xyxy[:, 2:] - xyxy[:, :2], 2)
    off = np.clip(random.normal(0, JITTER, xyxy.shape), -2.5 * JITTER, 2.5 * JITTER)
    return xyxy + off * sides * (random.random((len(xyxy), 1)) > EXACT)


def _turns(n: int, random: np.random.Generator) -> np.ndarray:
    """(n, 2, 2): rotation, mirror and stretch, about the box's centre."""
    angle = np.deg2rad(np.clip(random.normal(0, TURN / 2, n), -TURN, TURN))
    angle *= random.random(n) < 0.6
    stretch = np.exp(random.normal(0, 0.1, (n, 2)))
    mirror = np.where(random.random(n) < 0.5, -1.0, 1.0)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.stack([np.stack([cos, -sin], 1), np.stack([sin, cos], 1)], 1)
    return turn * np.stack([stretch[:, 0] * mirror, stretch[:, 1]], 1)[:, None, :]


def _extent(points: np.ndarray) -> np.ndarray:
    return np.concatenate([points.min(0), points.max(0)])


def _sample(
    examples: Examples,
    turn: np.ndarray,
    centre: np.ndarray,
    xyxy: np.ndarray,
    device: torch.device | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Cuts the windows of `xyxy`, boxes in turned pixels, out of the kept cut-outs."""
    n = len(examples)
    window = windows(xyxy)
    back = np.linalg.inv(turn)
    kept = examples.window.astype(np.float64)
    size = kept[:, 2:] - kept[:, :2]
    # From -1..1 of the result, to turned pixels, to pixels of the photo, to -1..1 of the canvas.
    half = (window[:, 2:] - window[:, :2]) / 2
    middle = (window[:, 2:] + window[:, :2]) / 2
    linear = back * half[:, None, :] * 2 / size[:, :, None]
    shift = np.einsum("nij,nj->ni", back, middle - centre) + centre - kept[:, :2]
    theta = np.concatenate([linear, (shift * 2 / size - 1)[:, :, None]], 2).astype(np.float32)
    grid = functional.affine_grid(torch.from_numpy(theta), [n, 1, SIDE, SIDE], align_corners=False)
    planes = np.concatenate([examples.rgb, examples.mask[..., None]], 3)
    source = torch.from_numpy(planes).permute(0, 3, 1, 2).to(device)
    source = source.float().sub_(torch.tensor([OUTSIDE] * 3 + [0]).view(1, 4, 1, 1).to(device))
    seen = functional.grid_sample(source, grid.to(device), align_corners=False)
    rgb = (seen[:, :3] + OUTSIDE) / 255
    boxes = torch.from_numpy(_planes(xyxy, window)).to(device)
    return torch.cat([rgb, boxes], 1), seen[:, 3:] / 255


def _planes(xyxy: np.ndarray, window: np.ndarray) -> np.ndarray:
    """`box_plane` for a whole batch, (n, 1, S, S) from 0 to 1."""
    scale = SIDE / (window[:, 2:] - window[:, :2])
    start, end = (xyxy[:, :2] - window[:, :2]) * scale, (xyxy[:, 2:] - window[:, :2]) * scale
    cells = np.arange(SIDE)
    cover = np.minimum(end[..., None], cells + 1) - np.maximum(start[..., None], cells)
    cover = np.clip(cover, 0, 1).astype(np.float32)
    return (cover[:, 1, :, None] * cover[:, 0, None, :])[:, None]


def _swap_backgrounds(rgb: torch.Tensor, y: torch.Tensor, random: np.random.Generator):
    """Now and then an object stands before another's photo."""
    other = rgb[torch.from_numpy(random.permutation(len(rgb)))]
    swap = torch.from_numpy(random.random((len(rgb), 1, 1, 1)) < 0.1).to(rgb.device)
    return torch.where(swap, rgb * y + other * (1 - y), rgb)


def _paste(rgb: torch.Tensor, y: torch.Tensor, random: np.random.Generator):
    """Another object in front or behind; half the time its own twin, as in a crowd of one kind."""
    n = len(rgb)
    partner = np.where(random.random(n) < 0.5, np.arange(n), random.permutation(n))
    theta = np.zeros((n, 2, 3), np.float32)
    size = np.exp(random.uniform(-0.3, 0.6, n))  # over 1 shows the pasted object smaller
    theta[:, 0, 0] = size * np.where(random.random(n) < 0.5, -1, 1)
    theta[:, 1, 1] = size
    theta[:, :, 2] = random.uniform(-0.9, 0.9, (n, 2)) * size[:, None]
    grid = functional.affine_grid(torch.from_numpy(theta), list(rgb.shape), align_corners=False)
    pair = torch.cat([rgb, y], 1)[torch.from_numpy(partner)]
    pasted = functional.grid_sample(pair, grid.to(rgb.device), align_corners=False)
    shape = pasted[:, 3:]
    front = torch.from_numpy(random.random((n, 1, 1, 1)) < 0.5).to(rgb.device)
    shape = torch.where(front, shape, shape * (1 - y))
    left = torch.where(front, y * (1 - shape), y)
    wanted = torch.from_numpy(random.random((n, 1, 1, 1)) < 0.35).to(rgb.device)
    keep = (wanted & _still_fills(left, y)).float()
    shape = shape * keep
    return rgb * (1 - shape) + pasted[:, :3] * shape, y + (left - y) * keep


def _still_fills(left: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """Whether what is left of an object still has most of its area and nearly its extent."""
    enough = left.sum((1, 2, 3)) > 0.45 * before.sum((1, 2, 3))
    for axis in (2, 3):
        was = (before.amax(axis) > 0.5).sum((1, 2))
        enough &= (left.amax(axis) > 0.5).sum((1, 2)) > 0.9 * was
    return enough.view(-1, 1, 1, 1)


def _tint(rgb: torch.Tensor, random: np.random.Generator) -> torch.Tensor:
    """Light, contrast, colour, blur and noise."""
    n = len(rgb)

    def each(values: np.ndarray, shape: tuple[int, ...] = (-1, 1, 1, 1)) -> torch.Tensor:
        return torch.from_numpy(values.astype(np.float32)).view(shape).to(rgb.device)

    rgb = rgb.clamp(0, 1) ** each(np.exp(random.normal(0, 0.25, n)))
    grey = rgb.mean(1, keepdim=True)
    colour = np.where(random.random(n) < 0.1, 0, np.exp(random.normal(0, 0.25, n)))
    rgb = grey + (rgb - grey) * each(colour)
    mean = rgb.mean((1, 2, 3), keepdim=True)
    rgb = mean + (rgb - mean) * each(np.exp(random.normal(0, 0.2, n)))
    rgb = rgb * each(np.exp(random.normal(0, 0.06, (n, 3))), (n, 3, 1, 1))
    rgb = rgb * each(np.where(random.random(n) < 0.15, random.uniform(0.25, 0.8, n), 1.0))
    small = functional.interpolate(rgb, scale_factor=0.5, mode="bilinear", align_corners=False)
    blurred = functional.interpolate(small, rgb.shape[2:], mode="bilinear", align_corners=False)
    rgb = torch.where(each(random.random(n)) < 0.15, blurred, rgb)
    noise = torch.from_numpy(random.standard_normal(rgb.shape, np.float32)).to(rgb.device)
    rgb = rgb + noise * each(np.abs(random.normal(0, 0.015, n)))
    # The model is given bytes: so is it in training.
    return (rgb.clamp(0, 1) * 255).round() / 255
