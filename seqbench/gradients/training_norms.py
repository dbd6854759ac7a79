"""Summarises the gradient norms of all training steps, globally and for the groups of weights.

Torch is imported when used, since records hold the result. Imports nothing of seqbench.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

POINTS_KEPT = 200


@dataclass(frozen=True)
class Spread:
    """Median, 95th percentile and largest of the finite norms; None if there is none."""

    median: float | None
    p95: float | None
    max: float | None


@dataclass(frozen=True)
class Norms:
    """Gradient norms while training, before clipping.

    Attributes:
        whole: of all gradients together.
        groups: of each group of weights, as `seqbench.network.weight_groups.weight_groups` has them.
        clipped_share: share of the steps whose norm was above the limit; None without clipping.
        nonfinite_steps: steps whose norm was not finite.
        course: (step, median norm of the steps since the entry before), at most 200.
    """

    whole: Spread
    groups: Mapping[str, Spread]
    clipped_share: float | None
    nonfinite_steps: int
    course: tuple[tuple[int, float | None], ...]


def group_norms(norms: Tensor, sizes: Sequence[int]) -> Tensor:
    """Return the norm of each group of parameters, [..., groups].

    Args:
        norms: the norm of each parameter, group after group, [..., parameters].
        sizes: how many parameters each group has.
    """
    import torch

    return torch.stack([group.norm(dim=-1) for group in torch.split(norms, list(sizes), dim=-1)], dim=-1)


def summarise_norms(names: Sequence[str], table: Tensor, clip: float | None) -> Norms:
    """Return the summary of the norms of all steps.

    Args:
        names: the groups.
        table: the norm of each group at each step, [steps, groups].
        clip: the largest global norm, None without clipping.
    """
    table = table.double().cpu()
    whole = table.norm(dim=1).tolist()
    return Norms(
        whole=_spread(whole),
        groups={name: _spread(table[:, i].tolist()) for i, name in enumerate(names)},
        clipped_share=None if clip is None or not whole else sum(norm > clip for norm in whole) / len(whole),
        nonfinite_steps=sum(not math.isfinite(norm) for norm in whole),
        course=_course(whole),
    )


def _spread(norms: Sequence[float]) -> Spread:
    finite = sorted(norm for norm in norms if math.isfinite(norm))
    if not finite:
        return Spread(None, None, None)
    # The smallest norm that at least 95% of the steps do not exceed.
    p95 = finite[math.ceil(0.95 * len(finite)) - 1]
    return Spread(statistics.median(finite), p95, finite[-1])


def _course(norms: Sequence[float]) -> tuple[tuple[int, float | None], ...]:
    width = max(1, math.ceil(len(norms) / POINTS_KEPT))
    parts = [(start, norms[start : start + width]) for start in range(0, len(norms), width)]
    return tuple((start + len(part), _spread(part).median) for start, part in parts)
