"""Photos at another size: plain bilinear sampling, as networks that were trained with it want."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Weights = NDArray[np.uint16]
    Pixels = NDArray[np.uint8] | NDArray[np.uint16]
    Resampler = Callable[[NDArray[np.uint16]], NDArray[np.uint8]]

STRIP = 64
"""Rows that are sampled at a time: what is between two steps stays in the processor's cache."""


def sampled(rgb: NDArray[np.uint8], wh: tuple[int, int]) -> NDArray[np.uint8]:
    """A photo (h, w, 3) at another size: each pixel from the four around it, without averaging."""
    top, bottom, down = _between(rgb.shape[0], wh[1])
    resampled = (_narrower if wh[0] < rgb.shape[1] else _wider)(rgb.shape[1], wh[0])
    lines = rgb.reshape(len(rgb), -1)
    samples = np.empty((wh[1], 3 * wh[0]), np.uint8)
    for start in range(0, wh[1], STRIP):
        strip = slice(start, start + STRIP)
        # Fixed point with eight bits: a third of the time that Pillow's own transform takes.
        rows = _mixed(lines[top[strip]], lines[bottom[strip]], down[strip, None])
        rows >>= 8
        samples[strip] = resampled(rows)
    return samples.reshape(wh[1], wh[0], 3)


def _narrower(side: int, samples: int) -> Resampler:
    """No pixel is the left one of two samples: it is mixed where it lies, then picked once."""
    left, _, across = _between(side, samples)
    weight = np.zeros(side - 1, np.uint16)
    weight[left] = across
    weight = np.repeat(weight, 3)
    upper_byte = int(sys.byteorder == "little")
    column = (6 * left[:, None] + 2 * np.arange(3) + upper_byte).ravel()

    def narrower(rows: NDArray[np.uint16]) -> NDArray[np.uint8]:
        total = _mixed(rows[:, :-3], rows[:, 3:], weight)
        return total.view(np.uint8).take(column, axis=1, mode="clip")

    return narrower


def _wider(side: int, samples: int) -> Resampler:
    left, right, across = _between(side, samples)
    before, after = ((3 * column[:, None] + np.arange(3)).ravel() for column in (left, right))
    weight = np.repeat(across, 3)

    def wider(rows: NDArray[np.uint16]) -> NDArray[np.uint8]:
        first, second = (rows.take(column, axis=1, mode="clip") for column in (before, after))
        total = _mixed(first, second, weight)
        total >>= 8
        return total.astype(np.uint8)

    return wider


def _between(side: int, samples: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Weights]:
    """The pixels before and after each sample, and how much of 256 the second one counts."""
    at = np.clip((np.arange(samples) + 0.5) * (side / samples) - 0.5, 0, side - 1)
    first = at.astype(np.intp)
    return first, np.minimum(first + 1, side - 1), np.rint((at - first) * 256).astype(np.uint16)


def _mixed(first: Pixels, second: Pixels, weight: Weights) -> NDArray[np.uint16]:
    """What is between them, in 256ths and rounded when shifted down by eight bits."""
    total = np.multiply(first, 256 - weight, dtype=np.uint16)
    total += np.multiply(second, weight, dtype=np.uint16)
    total += 128
    return total
