"""Runs the cells of an sLSTM (Beck et al. 2024, equations 8 to 17) over a sequence as one function of autograd.

A step needs the outputs of the step before it, so the steps are a loop, in which a call of torch costs as much as
its arithmetic. The backward pass therefore finds what is known beforehand for a block of steps at once.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

log_sigmoid = torch.ops.aten.log_sigmoid.out

BLOCK = 64
"""Steps whose factors are found at once in the backward pass."""


class Cells(torch.autograd.Function):
    """(W x of i and f, W x of z and o, b, R, h, c, n, m) -> (h_t for all t, c, n and m after the last step).

    ::

        a_t = W x_t + R h_{t-1} + b, in the order i, f, z, o      (11 to 14)
        z_t = tanh(a_z), o_t = s(a_o), log i_t = a_i, log f_t = log s(a_f)
        m_t = max(log f_t + m_{t-1}, log i_t)                     (15)
        i_t <- exp(log i_t - m_t)                                 (16)
        f_t <- exp(log f_t + m_{t-1} - m_t)                       (17)
        c_t = f_t c_{t-1} + i_t z_t                               (8)
        n_t = f_t n_{t-1} + i_t                                   (9)
        h_t = o_t c_t / n_t                                       (10)

    c and n are kept divided by exp(m_t), which cancels out of h_t: gradients take m as a constant. W x is
    [time, heads, batch, 2 * size], b [heads, 1, 4 * size], R [heads, size, 4 * size]; the rest and the results are
    [heads, batch, size], with time in front for h_t.
    """

    @staticmethod
    def forward(
        ctx: Any, if_driven: Tensor, zo_driven: Tensor, b: Tensor, r: Tensor, *state: Tensor
    ) -> tuple[Tensor, ...]:
        """Run the sequence."""
        h, c, n, m = state
        time, half = len(if_driven), if_driven.shape[-1]
        gates, hs = h.new_empty(time, *h.shape[:2], 2 * half), h.new_empty(time + 1, *h.shape)
        i_fs, cns = h.new_empty(time, 2, *h.shape), h.new_empty(time + 1, 2, *h.shape)
        torch.add(if_driven, b[..., :half], out=gates[..., :half])
        torch.add(zo_driven, b[..., half:], out=gates[..., half:])
        hs[0], cns[0, 0], cns[0, 1] = h, c, n
        # Nothing is kept of an empty memory, whatever the first gates are.
        m = torch.where(n == 0, -torch.inf, m)
        with torch.inference_mode():
            m = _run(gates, r, hs, cns, i_fs, m)
        ctx.save_for_backward(gates, r, hs, cns, i_fs)
        m = m.clone()
        ctx.mark_non_differentiable(m)
        return hs[1:], cns[-1, 0].clone(), cns[-1, 1].clone(), m

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_hs: Tensor, d_c: Tensor, d_n: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        """Run it backward."""
        gates, r, hs, cns, i_fs = ctx.saved_tensors
        d_a, d_cn, d_h = torch.empty_like(gates), torch.stack([d_c, d_n]), torch.zeros_like(d_c)
        r_t = r.mT.contiguous()
        for start in reversed(range(0, len(gates), BLOCK)):
            end = min(start + BLOCK, len(gates))
            steps, ends = slice(start, end), slice(start + 1, end + 1)
            cn = cns[steps], cns[ends]
            by_h, by_n = _write_factors(d_a[steps], gates[steps], hs[ends], cn, i_fs[steps])
            with torch.inference_mode():
                d_h = _run_back(d_a[steps], d_hs[steps], (d_h, d_cn), (by_h, by_n, i_fs[steps, 1]), r_t)
        half = gates.shape[-1] // 2
        d_weights = _weight_gradients(d_a, hs[:-1]) if any(ctx.needs_input_grad[2:4]) else (None, None)
        return d_a[..., :half], d_a[..., half:], *d_weights, d_h.clone(), d_cn[0], d_cn[1], None


def _weight_gradients(d_a: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """Return those of b and R, from the gradients of a and from h before each step."""
    by_head = (each.transpose(0, 1).flatten(1, 2) for each in (before, d_a))
    return d_a.sum(0).sum(1, keepdim=True), torch.bmm(next(by_head).mT, next(by_head))


def _run(gates: Tensor, r: Tensor, hs: Tensor, cns: Tensor, i_fs: Tensor, m: Tensor) -> Tensor:
    """Run the steps and return the last m.

    Args:
        gates: W x + b; afterwards a_i, a_f, z and o, [time, heads, batch, 4 * size].
        r: R.
        hs, cns: h, and c and n together, of which the first is set: [time + 1, ..., heads, batch, size].
        i_fs: room for i and f, [time, 2, heads, batch, size].
        m: before the first step.
    """
    each = (hs, hs[1:], cns, cns[1:], *cns[1:].unbind(1), i_fs, *i_fs.unbind(1), gates, *gates.chunk(4, -1))
    for h_before, h, cn_before, cn, c, n, i_f, i, f, a, a_i, a_f, z, o in zip(
        *(part.unbind(0) for part in each), strict=False
    ):
        a.baddbmm_(h_before, r)
        log_sigmoid(a_f, out=f).add_(m)
        m = torch.maximum(f, a_i)
        torch.sub(a_i, m, out=i)
        f.sub_(m)
        i_f.exp_()
        z.tanh_()
        o.sigmoid_()
        torch.mul(cn_before, f, out=cn)
        c.addcmul_(i, z)
        n.add_(i)
        torch.div(c, n, out=h).mul_(o)
    return m


def _write_factors(
    factors: Tensor, gates: Tensor, hs: Tensor, cns: tuple[Tensor, Tensor], i_fs: Tensor
) -> tuple[Tensor, Tensor]:
    """Write the derivatives of a block of steps that depend on no gradient.

    Args:
        factors: where the derivatives of c by a_i, a_f and a_z, and of h by a_o, are written.
        gates, hs, i_fs: as `_run` leaves them; hs after each step.
        cns: c and n, before each step and after it.

    Returns:
        Those of h by c and n, [steps, 2, heads, batch, size]; those of n by a_i and a_f, [..., batch, 2, size].
    """
    _, a_f, z, o = gates.chunk(4, -1)
    by_i, by_f, by_z, by_o = factors.chunk(4, -1)
    (i, f), (c_before, n_before), n = i_fs.unbind(1), cns[0].unbind(1), cns[1][:, 1]
    slope = f * torch.sigmoid(-a_f)
    torch.mul(i, z, out=by_i)
    torch.mul(slope, c_before, out=by_f)
    torch.mul(i, 1 - z * z, out=by_z)
    torch.mul(hs, 1 - o, out=by_o)
    return torch.stack([o / n, -hs / n], dim=1), torch.stack([i, slope * n_before], dim=-2)


def _run_back(
    d_gates: Tensor,
    d_hs: Tensor,
    after: tuple[Tensor, Tensor],
    factors: tuple[Tensor, Tensor, Tensor],
    r_t: Tensor,
) -> Tensor:
    """Run a block of steps backward.

    Args:
        d_gates: as `_write_factors` leaves it; afterwards the gradients of a.
        d_hs: gradients of h from outside.
        after: gradients of h, from the next step, and of c and n after the block; the latter are passed back.
        factors: what `_write_factors` returns, and f.
        r_t: R transposed.

    Returns:
        The gradient of h before the block.
    """
    d_h, d_cn = after
    d_c, d_n = (part.unsqueeze(-2) for part in d_cn)
    columns = d_gates.view(*d_gates.shape[:-1], 4, -1)
    each = (d_gates, columns[..., :3, :], columns[..., :2, :], columns[..., 3, :], d_hs, *factors)
    for d_a, by_c, d_if, by_o, d_out, by_h, by_n, f in reversed(
        list(zip(*(part.unbind(0) for part in each), strict=True))
    ):
        d_h = d_h + d_out
        d_cn.addcmul_(d_h, by_h)
        by_c.mul_(d_c)
        d_if.addcmul_(by_n, d_n)
        by_o.mul_(d_h)
        d_cn.mul_(f)
        d_h = torch.bmm(d_a, r_t)
    return d_h
