"""Runs blocks of steps of a minimal LSTM, forward and backward, in buffers that stay in the processor's cache.

Within, time is axis 0, so that a step lies together in memory. On a CPU the recurrence is a loop in place;
elsewhere it is a scan by doubling. All views are made once: a view takes half as long as a step.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from seqbench_scan import doubling
from seqbench_scan.linear import way_of
from torch import Tensor

from seqbench_linear.gates import activate_, differentiate_


class Forward:
    """Runs blocks of some number of steps.

    Attributes:
        h: after the last step that was run, [batch, state].
    """

    def __init__(self, U: Tensor, b: Tensor, h: Tensor, steps: int) -> None:
        """Take buffers.

        Args:
            U, b: of the columns of f, i and c, in the type of products.
            h: of the shape and type of states.
            steps: of each block.
        """
        self._U_t, self._b, self._shape = U.T, b, (steps, len(h), len(U))
        self._xs = U.new_empty(steps, len(h), U.shape[1])
        self._hs = h.new_empty(steps + 1, *h.shape)
        self._forget, self._value = h.new_empty(2, steps, *h.shape)
        self._before, self._after, self.h = self._hs[:-1], self._hs[1:], self._hs[-1]
        self._by_row = self._after.transpose(0, 1)
        with torch.inference_mode():
            each = (self._before, self._forget, self._value, self._after)
            self._loop = list(zip(*(tensor.unbind(0) for tensor in each), strict=True))

    def run(self, inputs: Tensor, h: Tensor, *, out: Tensor, is_trained: bool) -> Sequence[Tensor]:
        """Write h_t of each step, and return what the way back needs.

        Args:
            inputs: [batch, steps, features].
            h: before the first step, [batch, state].
            out: [batch, steps, state].
            is_trained: whether there is a way back.

        Returns:
            Derivatives of h_t by the columns of step t, [steps, batch, 3 * state], those by i with the opposite
            sign, and f'_t, [steps, batch, state]; nothing unless it is trained.
        """
        gates, forget = h.new_empty(self._shape), torch.empty_like(self._forget) if is_trained else None
        with torch.inference_mode():
            self._xs.copy_(inputs.transpose(0, 1))
            multiply(self._xs.flatten(0, 1), self._U_t, out=gates.flatten(0, 1))
            activate_(gates.add_(self._b), forget=self._forget, value=self._value)
            self._before[0] = h
            self._recur()
            out.copy_(self._by_row)
            if forget is None:
                return ()
            forget.copy_(self._forget)
            change = torch.sub(self._before, self._value, out=self._value)
            differentiate_(gates, forget=self._forget, change=change)
        return gates, forget

    def _recur(self) -> None:
        """Find h_t = f'_t h_{t-1} + (1 - f'_t) g(c_t)."""
        if way_of(self._hs) is doubling:
            added = torch.addcmul(self._value, self._forget, self._value, value=-1).transpose(0, 1)
            doubling.run(self._forget.transpose(0, 1), added, self._before[0], out=self._by_row)
            return
        for before, forget, value, after in self._loop:
            torch.lerp(value, before, forget, out=after)


class Backward:
    """Runs blocks of some number of steps back, and adds up the gradients of U and b.

    Attributes:
        d_h: gradient of h before the first step that was run back, [batch, state].
    """

    def __init__(self, U: Tensor, d_h: Tensor, steps: int) -> None:
        """Take buffers.

        Args:
            U: of the columns of f, i and c, in the type of products, with the rows of i negated.
            d_h: of the shape and type of states.
            steps: of each block.
        """
        batch, state = d_h.shape
        self._U = U
        self._xs, self._d_xs = U.new_empty(2, steps, batch, U.shape[1])
        self._d_hs, self._forget = d_h.new_empty(2, steps + 1, batch, state)
        self._forget[-1] = 1
        self._own, self._next = self._d_hs[:-1], self._d_hs[1:]
        self._d_columns = d_h.new_empty(steps, batch, 3, state)
        self._d_rows, self.d_h = self._d_columns.view(-1, 3 * state), torch.empty_like(d_h)
        with torch.inference_mode():
            each = (self._own, self._next, self._forget[1:])
            self._loop = list(zip(*(tensor.unbind(0) for tensor in each), strict=True))[::-1]

    def run(
        self,
        inputs: Tensor,
        kept: Sequence[Tensor],
        *,
        d_outputs: Tensor,
        d_h: Tensor,
        out: Tensor,
        sums: tuple[Tensor, Tensor],
    ) -> None:
        """Run a block back.

        Args:
            inputs: [batch, steps, features].
            kept: what `Forward.run` returned.
            d_outputs: gradients of h_t as outputs, [batch, steps, state].
            d_h: gradient of the last h_t as the state of what follows, [batch, state].
            out: where the gradients of the inputs are written, [batch, steps, features].
            sums: to which those of U and b are added.
        """
        derivatives, forget = kept
        d_U, d_b = sums
        with torch.inference_mode():
            self._own.copy_(d_outputs.transpose(0, 1))
            self._next[-1] = d_h
            self._forget[:-1] = forget
            self._recur()
            torch.mul(self._forget[0], self._own[0], out=self.d_h)
            torch.mul(derivatives.view_as(self._d_columns), self._own.unsqueeze(2), out=self._d_columns)
            d_b += self._d_rows.sum(0)
            d = self._d_rows.to(self._U.dtype)
            torch.mm(d, self._U, out=self._d_xs.flatten(0, 1))
            out.copy_(self._d_xs.transpose(0, 1))
            self._xs.copy_(inputs.transpose(0, 1))
            add_product(d.T, self._xs.flatten(0, 1), out=d_U)

    def _recur(self) -> None:
        """Add f'_{t+1} dh_{t+1} to dh_t."""
        if way_of(self._d_hs) is doubling:
            own, forget = self._own.transpose(0, 1), self._forget[:-1].transpose(0, 1)
            own.copy_(doubling.run_back(forget, own, self._next[-1])[0])
            return
        for own, following, forget in self._loop:
            own.addcmul_(forget, following)


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
