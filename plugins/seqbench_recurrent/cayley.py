"""Provides a recurrent layer with an orthogonal V, the scaled Cayley transform of a skew-symmetric matrix.

The layer of ``scornn``; its passes are those of `recurrence`.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from seqbench_recurrent.blocks import Spares
from seqbench_recurrent.cells import ModRelu
from seqbench_recurrent.recurrence import Recurrence

MOST_AT_START = 0.01
"""Largest number in U at the start, as in the authors' code."""


class CayleyRNN(nn.Module):
    """h_t = modrelu(U x_t + V h_{t-1}), h_0 = 0, with V = (I + A)^-1 (I - A) D.

    A is skew-symmetric, so that V is orthogonal. D is diagonal and fixed: 1, and -1 in the last places.

    Attributes:
        weight_ih: U, [hidden, features].
        skew: the numbers of A above its diagonal, row by row: [hidden * (hidden - 1) / 2].
        threshold: m of the modrelu, [hidden].
        signs: the diagonal of D, [hidden].
    """

    def __init__(self, input_size: int, hidden_size: int, *, negative: int) -> None:
        """Draw U and A, and set m to 0.

        Args:
            input_size, hidden_size: features of x_t, and numbers in h_t.
            negative: how many numbers of D are -1.
        """
        super().__init__()
        self.weight_ih = nn.Parameter(torch.empty(hidden_size, input_size))
        nn.init.uniform_(self.weight_ih, -MOST_AT_START, MOST_AT_START)
        self.skew = nn.Parameter(drawn_skew(hidden_size))
        self.threshold = nn.Parameter(torch.zeros(hidden_size))
        signs = torch.ones(hidden_size)
        signs[hidden_size - negative :] = -1
        self.signs: Tensor
        self.register_buffer("signs", signs)
        self._spares = Spares(ModRelu)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run a sequence.

        Args:
            inputs: [batch, time, features].
            state: h before the first step, [batch, hidden]; zeros if it is None.

        Returns:
            h_t, [batch, time, hidden], and h after the last step.
        """
        h = inputs.new_zeros(len(inputs), len(self.signs)) if state is None else state
        m = self.threshold.expand_as(h)
        # Passes that are written out by hand do not follow autocast, which chooses a type for each operation.
        with torch.autocast(inputs.device.type, enabled=False):
            x = inputs.to(self.weight_ih.dtype)
            none = x.new_zeros(len(self.signs))
            given = (x, self.weight_ih, self.recurrent_weight(), none, none, h.to(x), m)
            outputs, h, _ = Recurrence.apply(self._spares, *given)  # type: ignore[no-untyped-call]
        return outputs, h

    def recurrent_weight(self) -> Tensor:
        """Return V, [hidden, hidden]; it is orthogonal up to rounding."""
        # There is no solver for numbers of 16 bits.
        a = skew_symmetric(self.skew.to(torch.promote_types(self.skew.dtype, torch.float32)), len(self.signs))
        one = torch.eye(len(a), dtype=a.dtype, device=a.device)
        # The eigenvalues of A are imaginary, so I + A has an inverse; to look for errors would wait for a GPU.
        v: Tensor = torch.linalg.solve_ex(one + a, one - a).result.to(self.signs)
        return v * self.signs


def skew_symmetric(above: Tensor, size: int) -> Tensor:
    """Return A with these numbers above its diagonal, row by row, and A^T = -A.

    >>> skew_symmetric(torch.tensor([1.0, 2.0, 3.0]), 3).tolist()
    [[0.0, 1.0, 2.0], [-1.0, 0.0, 3.0], [-2.0, -3.0, 0.0]]
    """
    row, column = torch.triu_indices(size, size, 1, device=above.device)
    upper = above.new_zeros(size, size).index_put((row, column), above)
    return upper - upper.T


def drawn_skew(size: int) -> Tensor:
    """Draw an A whose Cayley transform turns pairs of numbers by angles t, uniform between 0 and pi / 2.

    Its blocks are [[0, s], [-s, 0]] with s = -sqrt((1 - cos t) / (1 + cos t)); an odd number has a last row of
    zeros. Returns the numbers above the diagonal, as `skew_symmetric` takes them.
    """
    angles = torch.rand(size // 2) * (math.pi / 2)
    s = -((1 - angles.cos()) / (1 + angles.cos())).sqrt()
    # On the first diagonal above the main one, s stands in every second place.
    diagonal = torch.stack([s, torch.zeros_like(s)], dim=1).flatten()[: size - 1]
    a = torch.diag(pad(diagonal, (0, size - 1 - len(diagonal))), 1)
    row, column = torch.triu_indices(size, size, 1)
    return a[row, column]
