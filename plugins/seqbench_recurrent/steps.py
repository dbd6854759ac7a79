"""Runs the recurrent models on a CPU where torch has no fused kernel: ``rnn``, ``gru``, and ``lstm`` in float64.

Torch records some ten operations a step and multiplies out the gradient of V at every step. Here the forward and
backward passes are written by hand, and U and V get their gradients from one product for many steps. The layers
are the same as torch's, and about twice as fast when they are small. Other devices run torch's own kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import dropout, linear

STEPS = 64
"""Steps between which nothing leaves the cache; measured at 32 to 256 with hidden sizes of 64 and 128."""

State = tuple[Tensor, ...]
"""(h,) or (h, c)."""

Run = Callable[..., tuple[Tensor, ...]]
"""(V, d, U x + b: [time, batch, gates * hidden], *state: [batch, hidden]) -> (h_1 to h_T, *state after T)."""


class StepwiseRNN(nn.RNN):
    """``torch.nn.RNN(batch_first=True)``, with passes of our own on a CPU."""

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Run a sequence [batch, time, input_size]; see ``torch.nn.RNN``."""
        if not _trains_on_cpu(inputs):
            return super().forward(inputs, state)
        nonlinearity = _NONLINEARITIES[self.nonlinearity]
        outputs, (h,) = _run_layers(
            self, inputs, (_given(self, inputs, state),), partial(_Elman.apply, nonlinearity)
        )
        return outputs, h


class StepwiseGRU(nn.GRU):
    """``torch.nn.GRU(batch_first=True)``, with passes of our own on a CPU."""

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Run a sequence [batch, time, input_size]; see ``torch.nn.GRU``."""
        if not _trains_on_cpu(inputs):
            return super().forward(inputs, state)
        outputs, (h,) = _run_layers(self, inputs, (_given(self, inputs, state),), _Gated.apply)
        return outputs, h


class StepwiseLSTM(nn.LSTM):
    """``torch.nn.LSTM(batch_first=True)``, with passes of our own in float64 on a CPU."""

    def forward(  # type: ignore[override]
        self, inputs: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Run a sequence [batch, time, input_size]; see ``torch.nn.LSTM``."""
        if inputs.dtype != torch.float64 or not _trains_on_cpu(inputs):
            return super().forward(inputs, state)
        h, c = state or (None, None)
        both = (_given(self, inputs, h), _given(self, inputs, c))
        outputs, (h, c) = _run_layers(self, inputs, both, _Long.apply)
        return outputs, (h, c)


def _trains_on_cpu(inputs: Tensor) -> bool:
    # Without gradients torch's own loop is as fast, and the numbers differ by rounding only.
    # In bfloat16 torch chooses a type for each operation, which passes written out by hand do not follow.
    is_mixed = torch.is_autocast_enabled("cpu")
    return inputs.device.type == "cpu" and torch.is_grad_enabled() and not is_mixed


def _given(layer: nn.RNNBase, inputs: Tensor, state: Tensor | None) -> Tensor:
    """Return a state, or zeros: [layers, batch, hidden]."""
    return inputs.new_zeros(layer.num_layers, len(inputs), layer.hidden_size) if state is None else state


def _run_layers(layer: nn.RNNBase, inputs: Tensor, states: State, run: Run) -> tuple[Tensor, State]:
    """Run all layers; time is axis 0 between them."""
    outputs, last = inputs.transpose(0, 1), []
    for number, state in enumerate(zip(*(part.unbind(0) for part in states), strict=True)):
        if number:
            outputs = dropout(outputs, layer.dropout, layer.training)
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        u, v, b, d = (getattr(layer, f"{name}_l{number}") for name in names)
        pieces = []
        for piece in torch.split(outputs, STEPS):
            hs, *state = run(v, d, linear(piece, u, b), *state)
            pieces.append(hs)
        outputs = torch.cat(pieces) if len(pieces) > 1 else pieces[0]
        last.append(state)
    return outputs.transpose(0, 1), tuple(torch.stack(parts) for parts in zip(*last, strict=True))


class _Nonlinearity(NamedTuple):
    """f in place, and its slope f'(a) told from f(a)."""

    apply: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]


_NONLINEARITIES: Mapping[str, _Nonlinearity] = {
    "tanh": _Nonlinearity(torch.tanh_, lambda h: 1 - h * h),
    "relu": _Nonlinearity(torch.relu_, lambda h: (h > 0).to(h)),
}


class _Elman(torch.autograd.Function):
    """h_t = f(a_t), a_t = x_t + V h_{t-1} + d; x_t is U x_t + b of the equation in the model's docs."""

    @staticmethod
    def forward(ctx: Any, f: _Nonlinearity, v: Tensor, d: Tensor, xs: Tensor, h0: Tensor) -> tuple[Tensor, Tensor]:
        hs = xs.new_empty(len(xs) + 1, *h0.shape)
        hs[0] = h0
        states, v_t = hs.unbind(0), v.t()
        for x, before, after in zip((xs + d).unbind(0), states, states[1:], strict=False):
            f.apply(torch.addmm(x, before, v_t, out=after))
        ctx.save_for_backward(hs, v)
        ctx.f = f
        return hs[1:], hs[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dhs: Tensor, dh_last: Tensor) -> tuple[Tensor | None, ...]:
        """With da_t = f'(a_t) * dh_t, dh_{t-1} gets V^T da_t."""
        hs, v = ctx.saved_tensors
        das, dh = dhs.clone(memory_format=torch.contiguous_format), dh_last.clone()
        for da, slope in zip(reversed(das.unbind(0)), reversed(ctx.f.slope(hs[1:]).unbind(0)), strict=True):
            da.add_(dh).mul_(slope)
            torch.mm(da, v, out=dh)
        dv, dd = _weight_gradients(das, hs[:-1]) if ctx.needs_input_grad[1] else (None, None)
        return None, dv, dd, das, dh


class _Gated(torch.autograd.Function):
    """The gated unit: q = V h_{t-1} + d; r, z = s(x + q); n = tanh(x_n + r * q_n); h_t = n + z * (h_{t-1} - n)."""

    @staticmethod
    def forward(ctx: Any, v: Tensor, d: Tensor, xs: Tensor, h0: Tensor) -> tuple[Tensor, Tensor]:
        size = h0.shape[1]
        hs, gates, qs = xs.new_empty(len(xs) + 1, *h0.shape), torch.empty_like(xs), torch.empty_like(xs)
        hs[0] = h0
        v_t, two = v.t(), 2 * size
        steps = zip(
            hs[:-1].unbind(0),
            hs[1:].unbind(0),
            xs[..., :two].unbind(0),
            xs[..., two:].unbind(0),
            qs.unbind(0),
            qs[..., :two].unbind(0),
            qs[..., two:].unbind(0),
            gates[..., :two].unbind(0),
            *(gate.unbind(0) for gate in torch.split(gates, size, dim=2)),
            strict=True,
        )
        for before, after, x_rz, x_n, q, q_rz, q_n, rz, r, z, n in steps:
            torch.addmm(d, before, v_t, out=q)
            torch.add(x_rz, q_rz, out=rz).sigmoid_()
            torch.addcmul(x_n, r, q_n, out=n).tanh_()
            torch.lerp(n, before, z, out=after)
        ctx.save_for_backward(hs, gates, qs[..., two:], v)
        return hs[1:], hs[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dhs: Tensor, dh_last: Tensor) -> tuple[Tensor | None, ...]:
        """All of a step's gradients are dh_t times factors known beforehand; dh_{t-1} gets V^T dq and z * dh_t."""
        hs, gates, q_n, v = ctx.saved_tensors
        r, z, n = torch.split(gates, hs.shape[2], dim=2)
        to_n = (1 - z) * (1 - n * n)
        to_x = torch.stack([to_n * q_n * r * (1 - r), (hs[:-1] - n) * z * (1 - z), to_n], dim=2)
        dqs = to_x.clone()
        dqs[:, :, 2] *= r
        dhs, dh = dhs.clone(memory_format=torch.contiguous_format), dh_last.clone()
        steps = zip(
            dhs.unbind(0),
            dhs.unsqueeze(2).unbind(0),
            dqs.unbind(0),
            dqs.flatten(2).unbind(0),
            z.unbind(0),
            strict=True,
        )
        for dh_t, dh_of_gates, dq, dq_flat, z_t in reversed(list(steps)):
            dh_t += dh
            dq *= dh_of_gates
            torch.addmm(torch.mul(dh_t, z_t, out=dh), dq_flat, v, out=dh)
        dxs = to_x.mul_(dhs.unsqueeze(2)).flatten(2)
        dv, dd = _weight_gradients(dqs.flatten(2), hs[:-1]) if ctx.needs_input_grad[0] else (None, None)
        return dv, dd, dxs, dh


class _Long(torch.autograd.Function):
    """a = x_t + V h_{t-1} + d; i, f, o = s(a); g = tanh(a_g); c_t = f * c_{t-1} + i * g; h_t = o * tanh(c_t)."""

    @staticmethod
    def forward(ctx: Any, v: Tensor, d: Tensor, xs: Tensor, h0: Tensor, c0: Tensor) -> tuple[Tensor, ...]:
        size = h0.shape[1]
        hs, cs = (xs.new_empty(len(xs) + 1, *h0.shape) for _ in range(2))
        gates, tanhs = torch.empty_like(xs), xs.new_empty(len(xs), *h0.shape)
        hs[0], cs[0] = h0, c0
        v_t, two = v.t(), 2 * size
        steps = zip(
            (xs + d).unbind(0),
            hs[:-1].unbind(0),
            hs[1:].unbind(0),
            cs[:-1].unbind(0),
            cs[1:].unbind(0),
            tanhs.unbind(0),
            gates.unbind(0),
            gates[..., :two].unbind(0),
            *(gate.unbind(0) for gate in torch.split(gates, size, dim=2)),
            strict=True,
        )
        for x, h_before, h, c_before, c, tanh_c, gate, i_f, i, f, g, o in steps:
            torch.addmm(x, h_before, v_t, out=gate)
            i_f.sigmoid_()
            g.tanh_()
            o.sigmoid_()
            torch.mul(f, c_before, out=c).addcmul_(i, g)
            torch.tanh(c, out=tanh_c)
            torch.mul(o, tanh_c, out=h)
        ctx.save_for_backward(hs, cs, gates, tanhs, v)
        return hs[1:], hs[-1].clone(), cs[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dhs: Tensor, dh_last: Tensor, dc_last: Tensor) -> tuple[Tensor | None, ...]:
        """dc_t gets o * tanh'(c_t) * dh_t; a step's gradients are dc_t and dh_t times factors known beforehand."""
        hs, cs, gates, tanhs, v = ctx.saved_tensors
        i, f, g, o = torch.split(gates, hs.shape[2], dim=2)
        to_c = o * (1 - tanhs * tanhs)
        to_gates = torch.stack(
            [g * i * (1 - i), cs[:-1] * f * (1 - f), i * (1 - g * g), tanhs * o * (1 - o)], dim=2
        )
        dhs, dh, dc = dhs.clone(memory_format=torch.contiguous_format), dh_last.clone(), dc_last.clone()
        steps = zip(
            dhs.unbind(0),
            to_c.unbind(0),
            f.unbind(0),
            to_gates[:, :, :3].unbind(0),
            to_gates[:, :, 3].unbind(0),
            to_gates.flatten(2).unbind(0),
            strict=True,
        )
        dc_of_gates = dc.unsqueeze(1)
        for dh_t, slope, keep, d_ifg, d_o, d_gates in reversed(list(steps)):
            dh_t += dh
            dc.addcmul_(dh_t, slope)
            d_ifg *= dc_of_gates
            d_o *= dh_t
            torch.mm(d_gates, v, out=dh)
            dc *= keep
        dxs = to_gates.flatten(2)
        dv, dd = _weight_gradients(dxs, hs[:-1]) if ctx.needs_input_grad[0] else (None, None)
        return dv, dd, dxs, dh, dc


def _weight_gradients(dqs: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gradients of V and d from those of V h_{t-1} + d, summed over time and batch."""
    flat = dqs.flatten(0, 1)
    return flat.t() @ before.flatten(0, 1), flat.sum(0)
