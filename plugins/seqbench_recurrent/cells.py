"""Steps of the cells of ``rnn``, ``gru``, ``lstm`` and ``scornn``, forward and backward, as their equations say.

Every line in a loop is one call of torch, and a call costs as much as the arithmetic of a small cell. So what does
not depend on the step before is done for all steps of a block at once, and the rest in place.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from seqbench_recurrent.blocks import Block, Buffers, State

_tanh_backward = torch.ops.aten.tanh_backward.grad_input
"""d * (1 - y * y), where y = tanh(a): the gradient of a."""
_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
"""d * y * (1 - y), where y = s(a): the gradient of a."""


class Elman(Block):
    """h_t = f(a_t), a_t = U x_t + V h_{t-1} + b; the columns are a."""

    width: ClassVar[int] = 1
    kept_widths: ClassVar[tuple[int, ...]] = ()

    def __init__(self, buffers: Buffers, steps: int) -> None:
        super().__init__(buffers, steps)
        hs, columns, dhs, dcolumns = (each.unbind(0) for each in (self.hs, self.columns, self.dhs, self.dcolumns))
        self._forward = list(zip(hs, hs[1:], columns, strict=False))
        self._backward = list(zip(dhs, dhs[1:], dcolumns, strict=False))[::-1]

    @abstractmethod
    def f(self, a: Tensor, *, out: Tensor) -> Tensor:
        """Write f(a); a is no longer needed."""

    @staticmethod
    @abstractmethod
    def slope(h: Tensor, *, out: Tensor) -> Tensor:
        """Write f'(a), told from h = f(a)."""

    @property
    def kept(self) -> tuple[Tensor, ...]:
        """Nothing."""
        return ()

    def run(self, v_t: Tensor) -> None:
        """Run the steps."""
        f = self.f
        for before, h, a in self._forward:
            f(a.addmm_(before, v_t), out=h)

    def run_back(self, v: Tensor, kept: tuple[Tensor, ...]) -> None:
        """With da_t = f'(a_t) * dh_t, dh_{t-1} gets V^T da_t."""
        self.slope(self.hs[1:], out=self.dcolumns)
        for d_before, dh, da in self._backward:
            d_before.addmm_(da.mul_(dh), v)


class Tanh(Elman):
    """f = tanh."""

    def f(self, a: Tensor, *, out: Tensor) -> Tensor:
        """Write tanh(a)."""
        return torch.tanh(a, out=out)

    @staticmethod
    def slope(h: Tensor, *, out: Tensor) -> Tensor:
        """Write 1 - h * h."""
        return torch.sub(1, torch.mul(h, h, out=out), out=out)


class Relu(Elman):
    """f(a) = max(a, 0)."""

    def f(self, a: Tensor, *, out: Tensor) -> Tensor:
        """Write max(a, 0)."""
        return torch.clamp_min(a, 0, out=out)

    @staticmethod
    def slope(h: Tensor, *, out: Tensor) -> Tensor:
        """Write 1 where h > 0, else 0."""
        return torch.gt(h, 0, out=out)


class ModRelu(Elman):
    """f(a) = sign(a) max(|a| + m, 0) (Arjovsky et al. 2016), with a number m for each unit.

    m is a part of the state that no step changes, so that its gradient comes back as that of a state.
    """

    def __init__(self, buffers: Buffers, steps: int) -> None:
        super().__init__(buffers, steps)
        self._m, self._dm = (buffers.take(name, 1, buffers.hidden) for name in ("m", "dm"))
        self._sums = buffers.take("sums", steps, buffers.hidden)
        self.states = (self.hs, self._m)

    def f(self, a: Tensor, *, out: Tensor) -> Tensor:
        """Write f(a); f(0) is 0, whatever m is."""
        return torch.abs(a, out=out).add_(self._m[0]).clamp_min_(0).mul_(a.sign_())

    @staticmethod
    def slope(h: Tensor, *, out: Tensor) -> Tensor:
        """Write 1 where h is not 0, else 0."""
        return torch.ne(h, 0, out=out)

    def run_back(self, v: Tensor, kept: tuple[Tensor, ...]) -> None:
        """Besides, dm gets sign(h_t) * da_t of each step."""
        super().run_back(v, kept)
        torch.sign(self.hs[1:], out=self._sums).mul_(self.dcolumns)
        self._dm += self._sums.sum(0)

    def begin_back(self, d_outputs: Tensor, d_state: State) -> None:
        """Set the gradients of m, too."""
        super().begin_back(d_outputs, d_state)
        self._dm[0] = d_state[1]

    @property
    def end_back(self) -> State:
        """The gradients of h before the first step, and of m."""
        return *super().end_back, self._dm[0].clone()


class Gated(Block):
    """q = V_n h_{t-1} + d_n; r, z = s(U x_t + V h_{t-1} + b); n = tanh(U_n x_t + b_n + r * q);
    h_t = n + z * (h_{t-1} - n). The columns are n, r, z, q: U acts on the first three, and V on the last three.
    """

    width: ClassVar[int] = 4
    shift: ClassVar[int] = 1
    kept_widths: ClassVar[tuple[int, ...]] = (4,)

    def __init__(self, buffers: Buffers, steps: int) -> None:
        super().__init__(buffers, steps)
        size = buffers.hidden
        self._z, self._work = (buffers.take(name, steps, size) for name in ("z", "work"))
        hs, dhs = self.hs.unbind(0), self.dhs.unbind(0)
        parts = (
            self.columns[..., size:],
            self.columns[..., size : 3 * size],
            *torch.split(self.columns, size, dim=2),
        )
        self._forward = list(zip(hs, hs[1:], *(part.unbind(0) for part in parts), strict=False))
        parts = (
            self.dcolumns.view(steps, -1, 4, size),
            self.dhs[1:].unsqueeze(2),
            self.dcolumns[..., size:],
            self._z,
        )
        self._backward = list(zip(dhs, dhs[1:], *(part.unbind(0) for part in parts), strict=False))[::-1]

    @property
    def kept(self) -> tuple[Tensor, ...]:
        """n, r, z, q."""
        return (self.columns,)

    def run(self, v_t: Tensor) -> None:
        """Run the steps."""
        for before, h, recurrent, rz, n, r, z, q in self._forward:
            recurrent.addmm_(before, v_t)
            rz.sigmoid_()
            n.addcmul_(r, q).tanh_()
            torch.lerp(n, before, z, out=h)

    def run_back(self, v: Tensor, kept: tuple[Tensor, ...]) -> None:
        """A step's gradients are dh_t times factors known beforehand; dh_{t-1} gets z * dh_t and V^T of them."""
        self._write_factors(*kept)
        for d_before, dh, dcolumns, dh_of_columns, d_recurrent, z in self._backward:
            dcolumns.mul_(dh_of_columns)
            d_before.addcmul_(dh, z).addmm_(d_recurrent, v)

    def _write_factors(self, columns: Tensor) -> None:
        """Write the derivatives of h_t by a step's columns, before s and tanh act on them."""
        size, work, z = self.hs.shape[2], self._work, self._z
        n, r, kept_z, q = torch.split(columns, size, dim=2)
        to_n, to_r, to_z, to_q = torch.split(self.dcolumns, size, dim=2)
        z.copy_(kept_z)
        _tanh_backward(torch.sub(1, z, out=work), n, grad_input=to_n)
        torch.mul(to_n, r, out=to_q)
        _sigmoid_backward(torch.mul(to_n, q, out=work), r, grad_input=to_r)
        _sigmoid_backward(torch.sub(self.hs[:-1], n, out=work), z, grad_input=to_z)


class Long(Block):
    """a = U x_t + V h_{t-1} + b; i, f, o = s(a); g = tanh(a_g); c_t = f * c_{t-1} + i * g; h_t = o * tanh(c_t)."""

    width: ClassVar[int] = 4
    kept_widths: ClassVar[tuple[int, ...]] = (4, 1, 1)

    def __init__(self, buffers: Buffers, steps: int) -> None:
        super().__init__(buffers, steps)
        size = buffers.hidden
        self._cs = buffers.take("cs", steps + 1, size)
        self._tanhs, self._slope, self._f = (buffers.take(name, steps, size) for name in ("tanhs", "slope", "f"))
        self.states = (self.hs, self._cs)
        self._dc = buffers.take("dc", 1, size)[0]
        hs, cs, dhs = (part.unbind(0) for part in (self.hs, self._cs, self.dhs))
        parts = (self.columns, self.columns[..., : 2 * size], *torch.split(self.columns, size, dim=2))
        each = (part.unbind(0) for part in (*parts, self._tanhs))
        self._forward = list(zip(hs, hs[1:], cs, cs[1:], *each, strict=False))
        d_ifg, d_o = self.dcolumns.view(steps, -1, 4, size)[:, :, :3], self.dcolumns[..., 3 * size :]
        each = (part.unbind(0) for part in (self.dcolumns, d_ifg, d_o, self._slope, self._f))
        self._backward = list(zip(dhs, dhs[1:], *each, strict=False))[::-1]

    @property
    def kept(self) -> tuple[Tensor, ...]:
        """i, f, g, o; c before each step; tanh(c) after it."""
        return self.columns, self._cs[:-1], self._tanhs

    def run(self, v_t: Tensor) -> None:
        """Run the steps."""
        for h_before, h, c_before, c, columns, i_f, i, f, g, o, tanh_c in self._forward:
            columns.addmm_(h_before, v_t)
            i_f.sigmoid_()
            g.tanh_()
            o.sigmoid_()
            torch.mul(f, c_before, out=c).addcmul_(i, g)
            torch.mul(o, torch.tanh(c, out=tanh_c), out=h)

    def run_back(self, v: Tensor, kept: tuple[Tensor, ...]) -> None:
        """dc_t gets o * tanh'(c_t) * dh_t; a step's gradients are dc_t and dh_t times factors known beforehand."""
        self._write_factors(*kept)
        dc, dc_of_gates = self._dc, self._dc.unsqueeze(1)
        for d_before, dh, dcolumns, d_ifg, d_o, slope, f in self._backward:
            dc.addcmul_(dh, slope)
            d_ifg.mul_(dc_of_gates)
            d_o.mul_(dh)
            d_before.addmm_(dcolumns, v)
            dc.mul_(f)

    def begin_back(self, d_outputs: Tensor, d_state: State) -> None:
        """Set the gradients of c, too."""
        super().begin_back(d_outputs, d_state)
        self._dc.copy_(d_state[1])

    @property
    def end_back(self) -> State:
        """The gradients of h and c before the first step."""
        return *super().end_back, self._dc.clone()

    def _write_factors(self, columns: Tensor, cs_before: Tensor, tanhs: Tensor) -> None:
        """Write the derivatives of c_t (for o: of h_t) by a step's columns before s and tanh."""
        i, f, g, o = torch.split(columns, self.hs.shape[2], dim=2)
        to_i, to_f, to_g, to_o = torch.split(self.dcolumns, self.hs.shape[2], dim=2)
        self._f.copy_(f)
        _tanh_backward(o, tanhs, grad_input=self._slope)
        _sigmoid_backward(g, i, grad_input=to_i)
        _sigmoid_backward(cs_before, f, grad_input=to_f)
        _tanh_backward(i, g, grad_input=to_g)
        _sigmoid_backward(tanhs, o, grad_input=to_o)
