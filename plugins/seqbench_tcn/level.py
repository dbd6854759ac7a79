"""Computes one level of a temporal convolutional network: two causal convolutions and a residual connection."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeAlias

from torch import Tensor, nn
from torch.nn.functional import dropout, relu

from seqbench import Norm
from seqbench_tcn.convolution import CausalConvolution

Pasts: TypeAlias = tuple[Tensor, Tensor]
"""The last inputs of both convolutions, [batch, channels, steps] each."""

_NORMS: Mapping[Norm, type[nn.Module]] = {"none": nn.Identity, "layer": nn.LayerNorm, "rms": nn.RMSNorm}

_OF_SKIP = 0.01
"""Standard deviation of the 1x1 convolution's weights at the start (Bai et al. 2018)."""


class Level(nn.Module):
    """max(0, x + F(x)), with a 1x1 convolution of x where channels differ (Bai et al. 2018, section 3.3).

    Without a residual connection it is F(x).

    Attributes:
        norm: the normalisation of F's inputs.
        branch: F.
        skip: the 1x1 convolution, or the identity; None without a residual connection.
        dilation: steps between two inputs that an output is made of.
    """

    def __init__(
        self,
        input_size: int,
        *,
        output_size: int,
        inner_size: int,
        kernel_size: int,
        dilation: int,
        residual: bool,
        norm: Norm,
        dropout: float,
        spread: float | None,
    ) -> None:
        super().__init__()
        self.dilation = dilation
        convolution = partial(CausalConvolution, kernel_size=kernel_size, dilation=dilation, spread=spread)
        self.norm = _NORMS[norm](input_size)
        self.branch = Convolutions(
            input_size,
            convolution=convolution,
            inner_size=inner_size,
            output_size=output_size,
            dropout=dropout,
        )
        self.skip = _skip(input_size, output_size) if residual else None

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Run some steps, [batch, time, input_size], after a state; None at a sequence's start."""
        outputs, after = self.branch(self.norm(inputs), state)
        return outputs if self.skip is None else relu(self.skip(inputs) + outputs), after


def _skip(input_size: int, output_size: int) -> nn.Module:
    if input_size == output_size:
        return nn.Identity()
    skip = nn.Linear(input_size, output_size)
    nn.init.normal_(skip.weight, std=_OF_SKIP)
    return skip


class Convolutions(nn.Module):
    """F(x) = dropout(max(0, conv_2(dropout(max(0, conv_1(x)))))).

    Single numbers are dropped, as in the authors' code; the paper's text says whole channels.

    Attributes:
        first, second: conv_1 and conv_2.
        dropout: share of their outputs that is set to zero while training.
    """

    def __init__(
        self,
        input_size: int,
        *,
        convolution: partial[CausalConvolution],
        inner_size: int,
        output_size: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.first, self.second = convolution(input_size, inner_size), convolution(inner_size, output_size)
        self.dropout = dropout

    def forward(self, inputs: Tensor, state: Pasts | None = None) -> tuple[Tensor, Pasts]:
        """Run some steps, [batch, time, input_size], after the last inputs of both convolutions."""
        x, pasts = inputs.transpose(1, 2), []
        for convolution, past in zip((self.first, self.second), state or (None, None), strict=True):
            x, past = convolution(x, past)
            x = dropout(relu(x), self.dropout, self.training)
            pasts.append(past)
        return x.transpose(1, 2), (pasts[0], pasts[1])
