"""Provides a recurrent layer without a nonlinearity, which torch does not have.

The layer of ``rnn`` with nonlinearity ``identity``. Weights, initialisation and calls are those of
``torch.nn.RNN``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, linear


class LinearRNN(nn.Module):
    """h_t = U x_t + V h_{t-1} + b in every layer, h_0 = 0; there is no fused kernel, steps are a Python loop.

    dh_T/dh_t is V to the power of T - t for any inputs, so for one layer the gain per step is known.

    Attributes:
        input_size: features of x_t in the first layer.
        hidden_size: numbers in h_t.
        num_layers: layers on each other.
        dropout: share of h_t that is set to zero between two layers while training.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.num_layers, self.dropout = num_layers, dropout
        for number in range(num_layers):
            features = hidden_size if number else input_size
            self._add(f"weight_ih_l{number}", hidden_size, features)
            self._add(f"weight_hh_l{number}", hidden_size, hidden_size)
            self._add(f"bias_ih_l{number}", hidden_size)
            self._add(f"bias_hh_l{number}", hidden_size)

    def _add(self, name: str, *shape: int) -> None:
        # Drawn in the same order as in torch.nn.RNN, so that the same seed gives the same weights.
        bound = 1 / math.sqrt(self.hidden_size)
        self.register_parameter(name, nn.Parameter(torch.empty(shape).uniform_(-bound, bound)))

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run a sequence.

        Args:
            inputs: [batch, time, input_size].
            state: [layers, batch, hidden_size]; zeros if it is None.

        Returns:
            outputs [batch, time, hidden_size] of the topmost layer, and the last state of every layer.
        """
        if state is None:
            state = inputs.new_zeros(self.num_layers, len(inputs), self.hidden_size)
        outputs, last = inputs, []
        for number in range(self.num_layers):
            if number:
                outputs = dropout(outputs, self.dropout, self.training)
            outputs = self._layer(number, outputs, state[number])
            last.append(outputs[:, -1])
        return outputs, torch.stack(last)

    def _layer(self, number: int, inputs: Tensor, h: Tensor) -> Tensor:
        """Return h_t of one layer for all t: [batch, time, hidden_size]."""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        u, v, b, d = (self.get_parameter(f"{name}_l{number}") for name in names)
        hs = []
        for driven in linear(inputs, u, b + d).unbind(1):
            h = driven + h @ v.T
            hs.append(h)
        return torch.stack(hs, dim=1)
