"""Runs blocks of steps of a minimal LSTM, forward and backward, in buffers that stay in the processor's cache.

Within, time is axis 0, so that a step lies together in memory. On a CPU the recurrence is a loop in place whose
views are made once, as a view takes half as long as a step; elsewhere it is a scan by doubling.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from seqbench_scan import doubling
from seqbench_scan.linear import way_of
from torch import Tensor

from seqbench_linear.gates import activate_, differentiate_


class Forward:
    """Runs one block after the other; h goes from each to the next.

    Attributes:
        h: after the last step that was run, [batch, state].
    """

    def __init__(self, U: Tensor, b: Tensor, h: Tensor, steps: int) -> None:
        """Take buffers for blocks of up to `steps` steps.

        Args:
            U, b: of the columns of f, i and c, in the type of products.
            h: before the first step, [batch, state], in the type of everything else.
            steps: most steps of a block.
        """
        self.h = h
        self._U_t, self._b = U.T, b
        self._xs = U.new_empty(steps, len(h), U.shape[1])
        self._hs = h.new_empty(steps + 1, *h.shape)
        self._forget, self._value = h.new_empty(2, steps, *h.shape)
        with torch.inference_mode():
            hs = self._hs.unbind(0)
            self._loop = list(zip(hs, self._forget.unbind(0), self._value.unbind(0), hs[1:], strict=False))

    def run(self, inputs: Tensor, *, out: Tensor) -> Tensor:
        """Write h_t of each step, and return the gates, [steps, batch, 3 * state].

        Args:
            inputs: [batch, steps, features].
            out: [batch, steps, state].
        """
        steps = inputs.shape[1]
        gates = self.h.new_empty(steps, len(inputs), len(self._b))
        xs, hs = self._xs[:steps], self._hs[: steps + 1]
        forget, value = self._forget[:steps], self._value[:steps]
        with torch.inference_mode():
            multiply(xs.copy_(inputs.transpose(0, 1)).flatten(0, 1), self._U_t, out=gates.flatten(0, 1))
            activate_(gates.add_(self._b), forget=forget, value=value)
            hs[0] = self.h
            self._recur(hs, forget, value)
            out.copy_(hs[1:].transpose(0, 1))
        self.h = hs[-1].clone()
        return gates

    def differentiate_(self, gates: Tensor) -> Tensor:
        """Turn the gates that `run` returned last into derivatives of h_t by the columns, and return f'_t.

        Those by i have the opposite sign. f'_t is [steps, batch, state].
        """
        steps = len(gates)
        hs, forget, value = self._hs[:steps], self._forget[:steps], self._value[:steps]
        kept: Tensor = forget.clone()
        with torch.inference_mode():
            differentiate_(gates, forget=forget, change=torch.sub(hs, value, out=value))
        return kept

    def _recur(self, hs: Tensor, forget: Tensor, value: Tensor) -> None:
        """Find h_t = f'_t h_{t-1} + (1 - f'_t) g(c_t)."""
        if way_of(hs) is doubling:
            added = torch.addcmul(value, forget, value, value=-1).transpose(0, 1)
            doubling.run(forget.transpose(0, 1), added, hs[0], out=hs[1:].transpose(0, 1))
            return
        for before, share, candidate, after in self._loop[: len(value)]:
            torch.lerp(candidate, before, share, out=after)


class Backward:
    """Runs the blocks back, the last one first, and adds up the gradients of U and b.

    That of h goes from each block to the one before. A block's steps lie at the end of the buffers.

    Attributes:
        d_h: gradient of h before the first step that was run back, [batch, state].
        d_U, d_b: those of U and b.
    """

    def __init__(self, U: Tensor, d_h: Tensor, steps: int) -> None:
        """Take buffers for blocks of up to `steps` steps, the last of which ends with a gradient of h."""
        self.d_h, self.d_U, self.d_b = d_h, d_h.new_zeros(U.shape), d_h.new_zeros(len(U))
        self._U = negated_i(U)
        self._xs, self._d_xs = U.new_empty(2, steps, len(d_h), U.shape[1])
        self._d_hs, self._forget = d_h.new_empty(2, steps + 1, *d_h.shape)
        self._forget[-1] = 1
        self._d_columns = d_h.new_empty(steps, len(d_h), 3, d_h.shape[1])
        with torch.inference_mode():
            d_hs = self._d_hs.unbind(0)
            self._loop = list(zip(d_hs, d_hs[1:], self._forget.unbind(0)[1:], strict=False))[::-1]

    def run(self, inputs: Tensor, kept: Sequence[Tensor], d_outputs: Tensor, *, out: Tensor) -> None:
        """Run a block back.

        Args:
            inputs: [batch, steps, features].
            kept: the derivatives and the f'_t of `Forward.differentiate_`.
            d_outputs: gradients of h_t as outputs, [batch, steps, state].
            out: those of the inputs are written here, [batch, steps, features].
        """
        derivatives, own_forget = kept
        steps, batch, state = own_forget.shape
        d_hs, forget, d_columns = self._d_hs[-steps - 1 :], self._forget[-steps - 1 :], self._d_columns[:steps]
        xs, d_xs = self._xs[:steps], self._d_xs[:steps]
        with torch.inference_mode():
            d_hs[:-1], d_hs[-1], forget[:-1] = d_outputs.transpose(0, 1), self.d_h, own_forget
            self._recur(d_hs, forget)
            self.d_h = forget[0] * d_hs[0]
            torch.mul(derivatives.view(d_columns.shape), d_hs[:-1].unsqueeze(2), out=d_columns)
            d = d_columns.view(steps * batch, 3 * state)
            self.d_b += d.sum(0)
            d = d.to(self._U.dtype)
            torch.mm(d, self._U, out=d_xs.flatten(0, 1))
            out.copy_(d_xs.transpose(0, 1))
            add_product(d.T, xs.copy_(inputs.transpose(0, 1)).flatten(0, 1), out=self.d_U)

    def _recur(self, d_hs: Tensor, forget: Tensor) -> None:
        """Add f'_{t+1} dh_{t+1} to dh_t, which are of steps 1 to T + 1."""
        if way_of(d_hs) is doubling:
            found, _ = doubling.run_back(forget[:-1].transpose(0, 1), d_hs[:-1].transpose(0, 1), d_hs[-1])
            d_hs[:-1] = found.transpose(0, 1)
            return
        for d, d_next, share in self._loop[: len(d_hs) - 1]:
            d.addcmul_(share, d_next)


def negated_i(rows: Tensor) -> Tensor:
    """Return rows of f, i and c with those of i negated, as derivatives by i have the opposite sign."""
    f, i, c = rows.chunk(3)
    return torch.cat([f, -i, c])


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
