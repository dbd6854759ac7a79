"""Provides a recurrent layer with fixed random weights, scaled so that it forgets how it began.

The layer of ``esn``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import linear


class Reservoir(nn.Module):
    """h_t = (1 - leak) h_{t-1} + leak * tanh(U x_t + V h_{t-1} + b), h_0 = 0; nothing is trained.

    Attributes:
        u: [hidden, features].
        v: [hidden, hidden], mostly zeros.
        b: [hidden].
        leak: share of h that each step renews.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        spectral_radius: float,
        connections: int,
        input_scale: float,
        leak: float,
    ) -> None:
        """Draw the weights; see the parameters of `ESN`."""
        super().__init__()
        self.u: Tensor
        self.v: Tensor
        self.b: Tensor
        bound = input_scale / math.sqrt(input_size + 1)
        self.register_buffer("u", torch.empty(hidden_size, input_size).uniform_(-bound, bound))
        self.register_buffer("b", torch.empty(hidden_size).uniform_(-bound, bound))
        self.register_buffer("v", drawn_v(hidden_size, connections, spectral_radius))
        self.leak = leak

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run a sequence.

        Args:
            inputs: [batch, time, features].
            state: h before the first step, [batch, hidden]; zeros if it is None.

        Returns:
            h_t, [batch, time, hidden], and h after the last step.
        """
        # One type for the whole state: autocast would choose another for some operations.
        with torch.autocast(inputs.device.type, enabled=False):
            x = inputs.to(self.u.dtype)
            h = x.new_zeros(len(x), len(self.b)) if state is None else state
            v_t, outputs = self.v.t(), []
            for driven in linear(x, self.u, self.b).unbind(1):
                h = torch.lerp(h, torch.addmm(driven, h, v_t).tanh(), self.leak)
                outputs.append(h)
        return torch.stack(outputs, dim=1), h


def drawn_v(size: int, connections: int, spectral_radius: float) -> Tensor:
    """Draw V: each row has as many numbers other than 0, in random places, and the radius is as asked.

    As each unit reads from another one, there is a circle of units, and so an eigenvalue other than 0.
    """
    places = torch.rand(size, size).topk(min(connections, size), dim=1).indices
    v = torch.zeros(size, size).scatter(1, places, torch.empty(places.shape).uniform_(-1, 1))
    # In float64: of float32 the eigenvalues are told to some 1e-6 only.
    return v * float(spectral_radius / torch.linalg.eigvals(v.double()).abs().max())
