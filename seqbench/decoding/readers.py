"""Computes the scores of the next token step by step, from a carried state or from the whole row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor

from seqbench.network.chunks import CHUNK_STEPS, mapped
from seqbench.network.network import Network, tensors


class Reader(ABC):
    """Reads rows step by step, and scores the next token."""

    @abstractmethod
    def read(self, tokens: Tensor) -> Tensor:
        """Read further tokens, [rows, steps]; return the scores of the next token, [rows, classes]."""

    @abstractmethod
    def keep(self, rows: Tensor) -> None:
        """Continue with these rows of those read; a row may occur several times."""


def reader(network: Network, *, changes_rows: bool = False) -> Reader:
    """Return the reader that fits a network.

    Args:
        network: in evaluation mode.
        changes_rows: whether `Reader.keep` will be called; if so, the state is carried over only if its axes of
            rows are known.
    """
    if network.state_size == 0:
        return WholeRows(network)
    axes = row_axes(network) if changes_rows else []
    return WholeRows(network) if axes is None else CarriedState(network, axes)


class CarriedState(Reader):
    """Reads each token once."""

    def __init__(self, network: Network, axes: list[int | None]) -> None:
        self._network = network
        self._axes = axes
        self._state: Any = None

    def read(self, tokens: Tensor) -> Tensor:
        """Read further tokens from the state, a long prefix in chunks."""
        for chunk in torch.split(tokens, CHUNK_STEPS, 1):
            hidden, self._state = self._network.hidden(chunk, self._state)
        return _next(self._network, hidden)

    def keep(self, rows: Tensor) -> None:
        """Take these rows of each part of the state."""
        axes = iter(self._axes)

        def taken(part: Tensor) -> Tensor:
            axis = next(axes)
            return part if axis is None else part.index_select(axis, rows)

        self._state = mapped(self._state, taken)


class WholeRows(Reader):
    """Reads whole rows again at each step."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._read: Tensor | None = None

    def read(self, tokens: Tensor) -> Tensor:
        """Read the rows from their start to these tokens."""
        self._read = tokens if self._read is None else torch.cat([self._read, tokens], 1)
        return _next(self._network, self._network.hidden(self._read)[0])

    def keep(self, rows: Tensor) -> None:
        """Keep these rows of the tokens read so far."""
        self._read = None if self._read is None else self._read.index_select(0, rows)


def row_axes(network: Network) -> list[int | None] | None:
    """Return the axis of the rows in each part of the state; None if it cannot be found.

    The contract does not fix it: it is the axis that grows when three rows are read instead of two. A part that
    does not grow, such as a count of steps, is the same for all rows.
    """
    device = network.head.weight.device
    two, three = (
        list(tensors(network.hidden(torch.zeros(rows, 1, dtype=torch.long, device=device))[1])) for rows in (2, 3)
    )
    axes: list[int | None] = []
    for small, large in zip(two, three, strict=True):
        if small.ndim != large.ndim:
            return None
        grown = [axis for axis in range(small.ndim) if small.shape[axis] != large.shape[axis]]
        if len(grown) > 1 or any((small.shape[axis], large.shape[axis]) != (2, 3) for axis in grown):
            return None
        axes += grown or [None]
    return axes


def _next(network: Network, hidden: Tensor) -> Tensor:
    """Return the scores of the next token, in float32 whatever the arithmetic."""
    lengths = torch.ones(len(hidden), dtype=torch.long, device=hidden.device)
    return network.targets.outputs(hidden[:, -1:], lengths, network.head)[:, 0].float()
