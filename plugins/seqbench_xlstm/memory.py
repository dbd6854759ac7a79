"""Runs the matrix memory of an mLSTM (Beck et al. 2024, equations 19 to 27), a chunk of steps at a time.

Within a chunk each step looks back by matrix products, as attention does; between chunks the memory is carried.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import torch
from torch import Tensor

CHUNK = 64
"""Steps that are computed at once. 32 take as long, 16 and 128 a fifth longer (heads of 64, batches of 16)."""

Memory: TypeAlias = tuple[Tensor, Tensor, Tensor]
"""C [batch, heads, key size, value size], the paper's transposed; n [batch, heads, key size]; m [batch, heads]."""


def run_memory(
    q: Tensor, k: Tensor, v: Tensor, log_i: Tensor, log_f: Tensor, memory: Memory
) -> tuple[Tensor, Memory]:
    """Write to the memory and read from it at every step.

    ::

        C_t = f_t C_{t-1} + i_t v_t k_t^T           (19)
        n_t = f_t n_{t-1} + i_t k_t                 (20)
        h_t = C_t q_t / max(|n_t^T q_t|, 1)         (21, without its output gate)

    C and n are kept divided by exp(m_t), with m_t = max(log f_t + m_{t-1}, log i_t) (15), so that no gate
    overflows. m_t cancels out of h_t: it is a constant to autograd, and gradients are exact all the same. The
    factor 1 / sqrt(size) of keys (23) is counted as one of i_t. n is one more column of C, with the value 1.

    Args:
        q, k, v: queries, keys and values, [batch, heads, time, size].
        log_i, log_f: logarithms of the gates, [batch, heads, time].
        memory: C, n and m before the first step.

    Returns:
        h without its output gate, [batch, heads, time, size], and the memory after the last step.
    """
    batch, heads, time, size = q.shape
    v, log_i = torch.cat([v, torch.ones_like(v[..., :1])], dim=-1), log_i - math.log(size) / 2
    matrix, m = torch.cat([memory[0], memory[1][..., None]], dim=-1).flatten(0, 1), memory[2].flatten()
    later = torch.ones(min(CHUNK, time), min(CHUNK, time), dtype=torch.bool, device=q.device).triu(1)
    outputs = []
    parts = [torch.split(each.flatten(0, 1), CHUNK, dim=1) for each in (q, k, v, log_i, log_f)]
    for chunk in zip(*parts, strict=True):
        h, matrix, m = _run_chunk(chunk, matrix, m, later)
        outputs.append(h)
    matrix = matrix.view(batch, heads, size, size + 1)
    after = matrix[..., :-1], matrix[..., -1], m.view(batch, heads)
    return torch.cat(outputs, dim=1).view(batch, heads, time, size), after


def _run_chunk(
    parts: tuple[Tensor, ...], matrix: Tensor, m: Tensor, later: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Run the steps of a chunk at once; the first axis is that of batch and heads.

    With b_t = log f_1 + ... + log f_t, step t finds what step s <= t wrote with the weight
    exp(b_t - b_s + log i_s), and what was there before the chunk with exp(b_t + m_0); both are divided by
    exp(m_t).

    Args:
        parts: q, k, v, log i and log f of the chunk.
        matrix, m: C, with n, and m before the chunk.
        later: which steps come after which, [CHUNK, CHUNK].

    Returns:
        h, and C, with n, and m after the chunk.
    """
    q, k, v, log_i, log_f = parts
    steps, b = q.shape[1], log_f.cumsum(-1)
    written, before = b[:, :, None] + (log_i - b)[:, None, :], b + m[:, None]
    written = written.masked_fill(later[:steps, :steps], -torch.inf)
    with torch.no_grad():
        ms = torch.maximum(written.amax(-1), before)
    written, before = (written - ms[..., None]).exp(), (before - ms).exp()[..., None]
    scores = torch.bmm(q, k.mT) * written
    read = torch.baddbmm(torch.bmm(scores, v), q * before, matrix)
    h = read[..., :-1] / torch.maximum(read[..., -1:].abs(), (-ms).exp()[..., None])
    # The last step's weights are those that remain.
    matrix = torch.baddbmm(matrix * before[:, -1:], (k * written[:, -1, :, None]).mT, v)
    return h, matrix, ms[:, -1]
