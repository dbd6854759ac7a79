"""Holds the block of the model ``lru``: a linear recurrent unit, then a gated linear unit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from seqbench_scan.linear import scan, wide_type
from torch import Tensor, nn
from torch.nn.functional import gelu, glu, linear


@dataclass(frozen=True)
class Ring:
    """Where the lambdas begin: evenly in the part of a ring around 0, in the complex plane.

    Attributes:
        r_min, r_max: its radii.
        max_phase: largest angle, in radians.
    """

    r_min: float
    r_max: float
    max_phase: float


class LRUBlock(nn.Module):
    """One block; equations as in `models.LRU`.

    Complex matrices are kept as real ones, real and imaginary parts side by side: their type can then be changed.
    C stands conjugated: the products of both parts are then added.

    Attributes:
        nu, theta, gamma: [state].
        B: [state, 2, features].
        C: [outputs, state, 2].
        D: [outputs].
        enter: the map of x_t to [outputs] for D, where sizes differ.
        mix: E and e, [2 * outputs, outputs] and [2 * outputs].
    """

    def __init__(self, features: int, outputs: int, state: int, ring: Ring) -> None:
        super().__init__()
        # Areas of rings grow with the squares of radii (lemma 3.2 of the paper).
        squares = torch.empty(state).uniform_(ring.r_min**2, ring.r_max**2).clamp_(1e-12, 1 - 1e-7)
        self.nu = nn.Parameter((-0.5 * squares.log()).log())
        self.theta = nn.Parameter(torch.empty(state).uniform_(1e-7, ring.max_phase).log())
        self.gamma = nn.Parameter(0.5 * torch.log1p(-squares))
        self.B = nn.Parameter(torch.randn(state, 2, features) / math.sqrt(2 * features))
        self.C = nn.Parameter(torch.randn(outputs, state, 2) / math.sqrt(state))
        self.D = nn.Parameter(torch.randn(outputs))
        self.enter = nn.Identity() if features == outputs else nn.Linear(features, outputs, bias=False)
        self.mix = nn.Linear(outputs, 2 * outputs)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run a sequence, or the next piece of one.

        Args:
            inputs: [batch, time, features].
            state: complex h after the piece before, [batch, state]; zeros if None.

        Returns:
            Outputs, [batch, time, outputs], and h after the last step.
        """
        wide = wide_type(self.nu)
        eigenvalues = torch.polar((-self.nu.to(wide).exp()).exp(), self.theta.to(wide).exp())
        scaled = self.gamma.exp()[:, None, None] * self.B
        driven = linear(inputs, scaled.flatten(0, 1)).to(wide)
        hs, last = scan(eigenvalues, torch.view_as_complex(driven.view(*driven.shape[:2], -1, 2)), state)
        read = linear(torch.view_as_real(hs).flatten(-2).to(self.C.dtype), self.C.flatten(1))
        return glu(self.mix(gelu(torch.addcmul(read, self.D, self.enter(inputs))))), last
