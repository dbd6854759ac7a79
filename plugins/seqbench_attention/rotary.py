"""Turns pairs of features by an angle that grows with the position (Su et al. 2021)."""

from __future__ import annotations

import torch
from torch import Tensor

BASE = 10_000.0
"""Of the frequencies, as in the paper."""


def rotated(vectors: Tensor, first: int) -> Tensor:
    """Return R_t x_t for each step t (Su et al. 2021, equation 34).

    Features 2i and 2i + 1 are a pair, which is turned by t * BASE ** (-2i / size). The product of two rotated
    vectors depends on how far apart they are, and not on where they are.

    Args:
        vectors: [..., time, size] with an even size.
        first: the position of the first step.

    >>> unit = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    >>> rotated(unit, first=0)
    tensor([[1.0000, 0.0000],
            [0.5403, 0.8415]])
    """
    cos, sin = turns(first, vectors.shape[-2], vectors.shape[-1] // 2, vectors)
    even, odd = vectors[..., 0::2], vectors[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


def turns(first: int, steps: int, pairs: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return cosine and sine of the angles, [steps, pairs] each, with the type and on the device of `like`.

    Angles are computed in float64: at position 8,000 a float32 angle is off by 0.0005, a bfloat16 one by 30.
    """
    positions = torch.arange(first, first + steps, device=like.device, dtype=torch.float64)
    frequencies = BASE ** (-torch.arange(pairs, device=like.device, dtype=torch.float64) / pairs)
    angles = positions[:, None] * frequencies
    return angles.cos().to(like), angles.sin().to(like)
