"""Runs blocks of steps of a minimal LSTM, forward and backward, with scratch that stays in the processor's cache.

Time is axis 0, so that a step lies together in memory. On a CPU the recurrence is a loop in place; elsewhere it
is a scan by doubling.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from seqbench_scan import doubling
from seqbench_scan.linear import way_of
from torch import Tensor

from seqbench_linear.gates import activate_, differentiate


class Kept(NamedTuple):
    """What the way back needs of some steps.

    Attributes:
        derivatives: of h_t by the columns of step t, those by i with the opposite sign, [3, steps, batch, state].
        forget: f'_t, [steps, batch, state].
    """

    derivatives: Tensor
    forget: Tensor

    def part(self, steps: slice) -> Kept:
        """Return that of some of the steps."""
        return Kept(self.derivatives[:, steps], self.forget[steps])


class Forward:
    """Runs blocks of at most some number of steps."""

    def __init__(self, U: Tensor, b: Tensor, h: Tensor, steps: int) -> None:
        """Take scratch.

        Args:
            U, b: of the columns of f, i and c, in the type of products.
            h: of the shape and type of states.
            steps: of the longest block.
        """
        self._U_t, self._b = U.T, b
        self._gates = h.new_empty(steps, len(h), len(U))
        self._value, self._forget = h.new_empty(2, steps, *h.shape)

    def run(self, xs: Tensor, h: Tensor, *, hs: Tensor, kept: Kept | None) -> None:
        """Write h_t of each step, and what the way back needs.

        Args:
            xs: inputs, [steps, batch, features].
            h: before the first step, [batch, state].
            hs: where h_t is written, [steps, batch, state].
            kept: what is written for the way back; None if there is none.
        """
        gates, value, forget = (each[: len(xs)] for each in (self._gates, self._value, self._forget))
        if kept is not None:
            forget = kept.forget
        multiply(xs.flatten(0, 1), self._U_t, out=gates.flatten(0, 1))
        activate_(gates.add_(self._b), forget=forget, value=value)
        _recur(hs, h, forget, value)
        if kept is not None:
            torch.sub(h, value[0], out=value[0])
            torch.sub(hs[:-1], value[1:], out=value[1:])
            differentiate(gates, forget=forget, change=value, out=kept.derivatives)


def _recur(hs: Tensor, h: Tensor, forget: Tensor, value: Tensor) -> None:
    """Find h_t = f'_t h_{t-1} + (1 - f'_t) g(c_t)."""
    if way_of(hs) is doubling:
        added = torch.addcmul(value, forget, value, value=-1).transpose(0, 1)
        doubling.run(forget.transpose(0, 1), added, h, out=hs.transpose(0, 1))
        return
    for after, f, g in zip(hs.unbind(0), forget.unbind(0), value.unbind(0), strict=True):
        h = torch.lerp(g, h, f, out=after)


class Backward:
    """Runs blocks of at most some number of steps back, and adds up the gradients of U and b.

    Attributes:
        d_U, d_b: the sums.
    """

    def __init__(self, U: Tensor, d_h: Tensor, steps: int) -> None:
        """Take scratch.

        Args:
            U: of the columns of f, i and c, in the type of products, with the rows of i negated.
            d_h: of the shape and type of states.
            steps: of the longest block.
        """
        batch, state = d_h.shape
        self._U = U
        self._own = d_h.new_empty(steps, batch, state)
        self._d_columns = d_h.new_empty(steps, batch, 3, state)
        self.d_U, self.d_b = d_h.new_zeros(U.shape), d_h.new_zeros(len(U))

    def run(self, xs: Tensor, kept: Kept, *, d_hs: Tensor, d_h: Tensor, d_xs: Tensor) -> Tensor:
        """Run a block back, and return the gradient of h before its first step, [batch, state].

        Args:
            xs: inputs, [steps, batch, features].
            kept: what `Forward.run` wrote.
            d_hs: gradients of h_t as outputs, [steps, batch, state].
            d_h: gradient of the last h_t as the state of what follows, [batch, state].
            d_xs: where the gradients of the inputs are written, [steps, batch, features].
        """
        own, d_columns = self._own[: len(xs)], self._d_columns[: len(xs)]
        own.copy_(d_hs)
        own[-1] += d_h
        _recur_back(own, kept.forget)
        for by_column, d in zip(kept.derivatives.unbind(0), d_columns.unbind(2), strict=True):
            torch.mul(by_column, own, out=d)
        rows = d_columns.view(-1, len(self._U))
        self.d_b += rows.sum(0)
        rows = rows.to(self._U.dtype)
        torch.mm(rows, self._U, out=d_xs.flatten(0, 1))
        add_product(rows.T, xs.flatten(0, 1), out=self.d_U)
        return kept.forget[0] * own[0]


def _recur_back(own: Tensor, forget: Tensor) -> None:
    """Add f'_{t+1} dh_{t+1} to dh_t."""
    if way_of(own) is doubling:
        d_hs, last = own.transpose(0, 1), torch.zeros_like(own[0])
        d_hs.copy_(doubling.run_back(forget.transpose(0, 1), d_hs, last)[0])
        return
    rows = own.unbind(0)[::-1]
    for following, d, f in zip(rows, rows[1:], forget.unbind(0)[::-1], strict=False):
        d.addcmul_(f, following)


def multiply(left: Tensor, right: Tensor, *, out: Tensor) -> None:
    """Write a product of matrices, which may be of another type."""
    if left.dtype == out.dtype:
        torch.mm(left, right, out=out)
    else:
        out.copy_(left @ right)


def add_product(left: Tensor, right: Tensor, *, out: Tensor) -> None:
    """Add a product of matrices, which may be of another type."""
    if left.dtype == out.dtype:
        out.addmm_(left, right)
    else:
        out += left @ right
