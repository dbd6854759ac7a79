"""Holds the layer of the model ``minlstm``."""

from __future__ import annotations

import torch
from seqbench_scan.linear import wide_type
from torch import Tensor, nn

from seqbench_linear.minlstm_steps import MinLSTMSteps, product_type


class MinLSTMLayer(nn.Module):
    """One layer; equations as in `models.MinLSTM`.

    Attributes:
        U, b: blocks for f, i and c one under the other, [3 * state, features] and [3 * state].
        leave: the map of h_t to the outputs; the identity where there is none.
    """

    def __init__(self, features: int, outputs: int, state: int | None, forget_bias: float) -> None:
        super().__init__()
        self.state_size = state or outputs
        drawn = nn.Linear(features, 3 * self.state_size)
        self.U, self.b = drawn.weight, drawn.bias
        self.b.detach()[: self.state_size] = forget_bias
        self.leave = nn.Identity() if state is None else nn.Linear(state, outputs)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run a sequence, or the next piece of one.

        Args:
            inputs: [batch, time, features]; it is fastest where they lie in memory time first.
            state: h after the piece before, [batch, state]; h_0 of the paper if None.

        Returns:
            Outputs, [batch, time, outputs], which lie in memory time first, and h after the last step.
        """
        x, U, b = (each.to(product_type(inputs)) for each in (inputs.transpose(0, 1), self.U, self.b))
        h = inputs.new_full((len(inputs), self.state_size), 0.5) if state is None else state
        h = h.to(wide_type(self.U, h))
        hs, last = MinLSTMSteps.apply(x, U, b, h, torch.is_grad_enabled())  # type: ignore[no-untyped-call]
        return self.leave(hs.to(self.U.dtype)).transpose(0, 1), last
