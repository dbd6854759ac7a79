"""Holds the layer of the model ``mamba``: a causal convolution, then a state space that selects what it keeps."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import silu, softplus

from seqbench_ssm.initial import log_steps
from seqbench_ssm.selective_scan import scan

State = tuple[Tensor, Tensor]
"""The last inputs of the convolution, [batch, conv_size - 1, channels], and h, [batch, modes, channels]."""


class SelectiveBlock(nn.Module):
    """The block of Gu & Dao (2023), figure 3: out(y * silu(z)), y = SSM(silu(conv(x))), [x, z] = enter(u).

    Attributes:
        enter: from inputs to x and z.
        conv: one causal filter for each channel, with a bias.
        ssm: see `SelectiveSSM`.
        leave: from channels to `hidden_size` outputs.
    """

    def __init__(
        self, input_size: int, *, hidden_size: int, inner_size: int, state_size: int, conv_size: int
    ) -> None:
        super().__init__()
        self.enter = nn.Linear(input_size, 2 * inner_size, bias=False)
        self.conv = CausalConvolution(inner_size, conv_size)
        self.ssm = SelectiveSSM(inner_size, state_size, rank=math.ceil(hidden_size / 16))
        self.leave = nn.Linear(inner_size, hidden_size, bias=False)

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Run a sequence, [batch, time, input_size]."""
        last, h = (None, None) if state is None else state
        x, gate = self.enter(inputs).chunk(2, dim=-1)
        x, last = self.conv(x, last)
        y, h = self.ssm(silu(x), h)
        return self.leave(y * silu(gate)), (last, h)


class CausalConvolution(nn.Module):
    """y_t = b + sum over k < size of w_k * x_{t-k}, one filter for each channel; x_t = 0 before the start.

    Attributes:
        weight: w, [size, channels]: w_0 acts on the newest step.
        bias: b, [channels].
    """

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        bound = size**-0.5
        self.weight = nn.Parameter(torch.empty(size, channels).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(channels).uniform_(-bound, bound))

    def forward(self, inputs: Tensor, last: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run a sequence after its last size - 1 inputs; return outputs, and the last size - 1 inputs."""
        batch, time, channels = inputs.shape
        more = len(self.weight) - 1
        if last is None:
            last = inputs.new_zeros(batch, more, channels)
        known = torch.cat([last, inputs], dim=1)
        outputs = self.bias.expand_as(inputs)
        for back, weight in enumerate(self.weight):
            outputs = torch.addcmul(outputs, known[:, more - back : more - back + time], weight)
        # A view would keep the whole piece in memory.
        return outputs, known[:, time:].clone()


class SelectiveSSM(nn.Module):
    """h_t = exp(dt_t A) h_{t-1} + dt_t B_t x_t,  y_t = C_t h_t + D x_t, with dt, B and C that depend on x_t.

    With N modes, every channel has a state of N numbers; B_t and C_t are the same for all channels.

    Attributes:
        select: from x to the low rank of dt, B and C.
        step: from the low rank to all channels; dt = softplus(step(...)).
        log_a: A = -exp(log_a), [modes, channels]; at the start A = -1, -2, ..., -N (S4D-Real).
        d: D, [channels].
    """

    def __init__(self, channels: int, modes: int, rank: int) -> None:
        super().__init__()
        self.select = nn.Linear(channels, rank + 2 * modes, bias=False)
        self.step = nn.Linear(rank, channels)
        self.log_a = nn.Parameter(torch.arange(1.0, modes + 1).log()[:, None].repeat(1, channels))
        self.d = nn.Parameter(torch.ones(channels))
        with torch.no_grad():
            self.step.weight.uniform_(-(rank**-0.5), rank**-0.5)
            # The inverse of softplus, so that dt lies between 0.001 and 0.1.
            self.step.bias.copy_(torch.expm1(log_steps(channels).exp()).log())

    def forward(self, x: Tensor, h: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run a sequence, [batch, time, channels], after h, [batch, modes, channels]."""
        modes = len(self.log_a)
        low, b, c = self.select(x).split([self.step.in_features, modes, modes], dim=-1)
        step = self.step(low)
        # A state in bfloat16 would lose what small steps add to it.
        with torch.autocast(x.device.type, enabled=False):
            dtype = torch.promote_types(self.d.dtype, torch.float32)
            u, b, c, a = (each.to(dtype) for each in (x, b, c, self.log_a))
            if h is None:
                h = u.new_zeros(len(u), *a.shape)
            y, h = scan(u, softplus(step.to(dtype)), -a.exp(), b, c, h)
            return (y + self.d * u).to(x.dtype), h
