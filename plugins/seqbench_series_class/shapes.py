"""Generates series: one of a few shapes stands somewhere in noise, and its name is the class."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from seqbench import generator
from seqbench_series_class.collection import Collection

if TYPE_CHECKING:
    from torch import Tensor

MOST_WIDE = 32
"""Steps of a shape, at most; it takes half of a series that is shorter than twice that."""
HEIGHT = 3.0
"""Of a shape, in standard deviations of the noise."""
ROWS = {"train": 2000, "validation": 200, "test": 500}
MOST_STEPS = 4_000_000
"""Steps of all series of a split, at most; of 50 series whatever their length."""


def _bump(x: Tensor) -> Tensor:
    return (math.pi * x).sin()


def _wave(x: Tensor) -> Tensor:
    return (2 * math.pi * x).sin()


SHAPES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "bump": _bump,
    "dip": lambda x: -_bump(x),
    "wave": _wave,
    "ripple": lambda x: _wave(2 * x),
    "rise": lambda x: 2 * x - 1,
    "fall": lambda x: 1 - 2 * x,
}
"""Name -> its form over its width, x from 0 to 1."""


def generated(part: str, length: int, seed: int, shapes: int) -> Collection:
    """Return the series of a split; each shape is as frequent as any other, up to one.

    Args:
        part: train, validation or test.
        length: steps of a series.
        seed: of the draws.
        shapes: how many of `SHAPES` there are, the first ones.
    """
    import torch

    rng = generator(seed, "series-class", part, length)
    rows, width, names = max(50, min(ROWS[part], MOST_STEPS // length)), width_at(length), list(SHAPES)[:shapes]
    x = (torch.arange(width, dtype=torch.float64) + 0.5) / width
    drawn = torch.stack([SHAPES[name](x) for name in names])
    classes = torch.arange(rows)[torch.randperm(rows, generator=rng)] % shapes
    starts = torch.randint(length - width + 1, (rows,), generator=rng)
    series = torch.randn(rows, length, generator=rng, dtype=torch.float64)
    places = starts[:, None] + torch.arange(width)
    series.scatter_add_(1, places, HEIGHT * drawn[classes])
    return Collection(list(series[:, :, None].numpy()), [names[each] for each in classes.tolist()])


def width_at(length: int) -> int:
    """Return how many steps a shape has.

    >>> width_at(8), width_at(16), width_at(1000), width_at(1)
    (4, 8, 32, 1)
    """
    return max(1, min(length // 2, MOST_WIDE))
