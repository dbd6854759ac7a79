"""Defines layers as packages have them: with any axes, outputs and states, and with traps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


class TimeFirst(nn.Module):
    """Inputs [time, batch, features]; returns a mapping with its state."""

    def __init__(self, width: int, units: int, rate: float = 0.5) -> None:
        super().__init__()
        self.cell, self.rate = nn.GRUCell(width, units), rate

    def forward(self, x: Tensor, start: Tensor | None = None) -> dict[str, Tensor]:
        h = x.new_zeros(x.shape[1], self.cell.hidden_size) if start is None else start
        steps = []
        for step in x:
            h = self.cell(step, h)
            steps.append(h)
        return {"states": torch.stack(steps), "last": h}


class ChannelsFirst(nn.Module):
    """Inputs [batch, channels, time]; without a state."""

    def __init__(self, in_channels: int, channels: int = 6, causal: bool = True) -> None:
        super().__init__()
        self.convolution, self.causal = nn.Conv1d(in_channels, channels, 3), causal

    def forward(self, x: Tensor) -> Tensor:
        padding = (2, 0) if self.causal else (1, 1)
        return self.convolution(nn.functional.pad(x, padding))


class Flagged(nn.Module):
    """Returns its state only on request; it cannot start from zeros."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.candidate, self.gate = nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(
        self, x: Tensor, mask: Any = None, prev_hidden: Tensor | None = None, return_state: bool = False
    ) -> Any:
        h = x.new_full((x.shape[0], x.shape[2]), 0.5) if prev_hidden is None else prev_hidden
        steps = []
        for step in x.unbind(1):
            z = self.gate(step).sigmoid()
            h = (1 - z) * h + z * self.candidate(step)
            steps.append(h)
        outputs = torch.stack(steps, 1)
        return (outputs, h) if return_state else outputs


class Reporting(nn.Module):
    """Returns weights beside its outputs that are no state, though an argument takes them."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.mixing = nn.Linear(dim, dim)

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        weights = self.mixing(x).softmax(-1)
        shown = 0.0 if state is None else state.mean()
        return x.cumsum(1) * weights + shown, weights


@dataclass
class Settings:
    """Settings of `Configured`."""

    depth: int
    d_model: int = 3


class Configured(nn.Module):
    """Takes its arguments as one object, and a number of features that they fix."""

    def __init__(self, config: Settings) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(config.d_model, config.d_model) for _ in range(config.depth))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x).tanh()
        return x


class LastOnly(nn.Module):
    """Returns one output for a sequence."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.read = nn.Linear(dim, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.read(x[:, -1])


class Leaves(nn.Module):
    """Leaves the process when it is made."""

    def __init__(self, dim: int) -> None:
        raise SystemExit("no GPU")


class Heads(nn.Module):
    """Takes its own number of features only, and any keywords."""

    def __init__(self, dim: int, heads: int = 2, **more: Any) -> None:
        super().__init__()
        self.attention = nn.Linear(dim, dim)
        self.dim = dim

    def forward(self, x: Tensor, **more: Any) -> Tensor:
        return self.attention(x)


def factory(dim: int) -> nn.Module:
    return Heads(dim)
