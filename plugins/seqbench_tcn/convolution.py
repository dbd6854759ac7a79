"""Computes a dilated causal convolution with weight normalisation, and carries its last inputs over."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d


class CausalConvolution(nn.Module):
    """y_t = b + sum over j < kernel_size of w_j x_{t - dilation j}, with w = g v / |v| (Salimans & Kingma 2016).

    The norm |v| is of all weights of an output channel.

    Attributes:
        v: [output channels, input channels, kernel_size]; the last place is that of the newest input, w_0.
        g: [output channels, 1, 1]; |v| at the start, so that w is v.
        b: [output channels].
        dilation: steps between two inputs that an output is made of.
        reach: steps between the oldest of them and the output.
    """

    def __init__(
        self, input_channels: int, output_channels: int, *, kernel_size: int, dilation: int, spread: float | None
    ) -> None:
        """Draw v normal with the standard deviation `spread`, or if it is None like b: as torch does, uniform."""
        super().__init__()
        size = (output_channels, input_channels, kernel_size)
        bound = 1 / math.sqrt(input_channels * kernel_size)
        v = torch.empty(size).uniform_(-bound, bound) if spread is None else spread * torch.randn(size)
        self.v = nn.Parameter(v)
        self.g = nn.Parameter(self._norms().detach().clone())
        self.b = nn.Parameter(torch.empty(output_channels).uniform_(-bound, bound))
        self.dilation, self.reach = dilation, (kernel_size - 1) * dilation

    def forward(self, inputs: Tensor, past: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run some steps.

        Args:
            inputs: [batch, input channels, time].
            past: the inputs before them, [batch, input channels, reach]; zeros if it is None.

        Returns:
            outputs [batch, output channels, time], and the last inputs.
        """
        if past is None:
            past = inputs.new_zeros(*inputs.shape[:2], self.reach)
        known = torch.cat((past, inputs), dim=2)
        outputs = conv1d(known, self.v * (self.g / self._norms()), self.b, dilation=self.dilation)
        # A copy, as a view would keep all inputs in memory.
        return outputs, known[:, :, inputs.shape[2] :].clone()

    def _norms(self) -> Tensor:
        norms: Tensor = torch.linalg.vector_norm(self.v, dim=(1, 2), keepdim=True)
        return norms
