"""Numbers that satisfy a shape, nearest to a wish first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction

from twinsight.filling.shape import Shape

_TRIES = 60


def near(
    shape: Shape, wish: float | Fraction, fits: Callable[[int | float], bool]
) -> Iterator[int | float]:
    """Numbers in the shape's bounds for which `fits` is true, those near `wish` first.

    Perhaps none. Whole numbers come as int, others as float.
    """
    wanted = Fraction(wish)
    step = shape.step() or (Fraction(1) if shape.type == "integer" else None)
    found = _on_grid(shape, wanted, step) if step else _anywhere(shape, wanted)
    given: set[int | float] = set()
    for exact in found:
        value = _plain(exact)
        if value is None or value in given:
            continue
        given.add(value)
        if fits(value):
            yield value


def clamped(shape: Shape, wanted: Fraction) -> Fraction:
    """`wanted`, or the bound that it passes."""
    low, high = shape.low(), shape.high()
    if low and wanted < low[0]:
        return low[0]
    if high and wanted > high[0]:
        return high[0]
    return wanted


def _on_grid(shape: Shape, wanted: Fraction, step: Fraction) -> Iterator[Fraction]:
    middle = round(clamped(shape, wanted) / step)
    yield middle * step
    for away in range(1, _TRIES):
        yield (middle + away) * step
        yield (middle - away) * step


def _anywhere(shape: Shape, wanted: Fraction) -> Iterator[Fraction]:
    start = clamped(shape, wanted)
    yield start
    low, high = shape.low(), shape.high()
    if low and high:
        for part in (Fraction(1, 2), Fraction(1, 4), Fraction(3, 4), Fraction(1, 3)):
            yield low[0] + (high[0] - low[0]) * part
    for away in range(1, _TRIES):
        yield start + Fraction(away, 2)
        yield start - Fraction(away, 2)
    if abs(start) < 1e300:
        yield Fraction(math.nextafter(float(start), math.inf))
        yield Fraction(math.nextafter(float(start), -math.inf))
    if low and high:
        yield from (low[0] + (high[0] - low[0]) * Fraction(n, 64) for n in range(1, 64))


def _plain(exact: Fraction) -> int | float | None:
    if exact.denominator == 1:
        return exact.numerator
    try:
        return float(exact)
    except OverflowError:
        return None
