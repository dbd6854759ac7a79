"""Draws the first values of state space models: time steps, and the eigenvalues of A with their inputs B."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import torch
from torch import Tensor

Initialisation = Literal["lin", "inv", "legs"]

SMALLEST_STEP, LARGEST_STEP = 0.001, 0.1


class Modes(NamedTuple):
    """The first values of the modes that stand for conjugate pairs.

    Attributes:
        decay: -Re A, [pairs].
        frequency: Im A, [pairs].
        b: B, real, [pairs].
    """

    decay: Tensor
    frequency: Tensor
    b: Tensor


def log_steps(count: int) -> Tensor:
    """Draw ln(dt), uniformly between the logarithms of 0.001 and 0.1: [count]."""
    smallest, largest = math.log(SMALLEST_STEP), math.log(LARGEST_STEP)
    return smallest + (largest - smallest) * torch.rand(count)


def diagonal(initialisation: Initialisation, pairs: int) -> Modes:
    """Return the modes of a diagonal system (Gu et al. 2022, section 4), with N = 2 * pairs and Re A = -1/2.

    - ``lin``: Im A_n = pi n (S4D-Lin, equation 9), B = 1.
    - ``inv``: Im A_n = N / pi * (N / (2n + 1) - 1) (S4D-Inv, equation 8), B = 1.
    - ``legs``: A's eigenvalues and B those of the normal part of HiPPO-LegS (S4D-LegS, equation 7), B halved as in
      theorem 3. An eigenvector's phase is free, and C is drawn with any phase, so B is its absolute value.

    >>> diagonal("lin", 3).frequency.div(math.pi).tolist()
    [0.0, 1.0, 2.0]
    """
    n = torch.arange(pairs, dtype=torch.float64)
    frequency, b = math.pi * n, torch.ones_like(n)
    if initialisation == "inv":
        frequency = 2 * pairs / math.pi * (2 * pairs / (2 * n + 1) - 1)
    elif initialisation == "legs":
        frequency, b = _legs(pairs)
    default = torch.get_default_dtype()
    return Modes(*(each.to(default) for each in (torch.full_like(n, 0.5), frequency, b)))


def _legs(pairs: int) -> tuple[Tensor, Tensor]:
    """Return frequencies, from the smallest, and B of HiPPO-LegS without its part of rank one.

    The rest of A is -1/2 plus a skew matrix S, S_nk = -sqrt((n + 1/2)(k + 1/2)) for n > k; B_n = sqrt(2n + 1).
    """
    root = (torch.arange(2 * pairs, dtype=torch.float64) + 0.5).sqrt()
    below = torch.outer(root, root).tril(-1)
    eigenvalues, vectors = torch.linalg.eigh(1j * (below - below.T))
    # They come in pairs of both signs, in ascending order.
    b = (vectors.mH @ (root * math.sqrt(2)).to(vectors.dtype)).abs() / 2
    return eigenvalues[pairs:], b[pairs:]
