"""Lays series out in time at a length: as they are, made shorter, or followed by noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from seqbench import Ragged
from seqbench_series_class.collection import Collection

if TYPE_CHECKING:
    import numpy as np
    from torch import Generator, Tensor


class Scale(NamedTuple):
    """Mean and standard deviation of each channel over all steps of the training series: [channels]."""

    mean: Tensor
    deviation: Tensor

    @staticmethod
    def of(collection: Collection) -> Scale:
        """Measure them; a constant channel has the deviation 1."""
        import torch

        values = torch.cat([torch.from_numpy(each) for each in collection.series])
        deviation = values.std(0, correction=0)
        return Scale(values.mean(0), deviation.where(deviation > 0, 1.0))


def shortened(series: Sequence[np.ndarray], length: int) -> list[np.ndarray]:
    """Return series of at most ``length`` steps; a longer one is the means of stretches that cover it."""
    return [_means(each, length) if len(each) > length else each for each in series]


def _means(series: np.ndarray, length: int) -> np.ndarray:
    import torch
    from torch.nn.functional import adaptive_avg_pool1d

    pooled: np.ndarray = adaptive_avg_pool1d(torch.from_numpy(series).T[None], length)[0].T.contiguous().numpy()
    return pooled


def lay_out(series: Sequence[np.ndarray], scale: Scale, filler: int, rng: Generator) -> Tensor | Ragged:
    """Return scaled series, each followed by ``filler`` steps of noise with mean 0 and deviation 1.

    Returns:
        [series, steps, channels] if all are equally long, else Ragged.
    """
    import torch

    rows = []
    for each in series:
        scaled = ((torch.from_numpy(each) - scale.mean) / scale.deviation).float()
        rows.append(torch.cat([scaled, torch.randn(filler, scaled.shape[1], generator=rng)]))
    return torch.stack(rows) if len({len(row) for row in rows}) == 1 else Ragged.from_rows(rows)
