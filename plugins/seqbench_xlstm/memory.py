"""Runs the matrix memory of an mLSTM (Beck et al. 2024, equations 19 to 27), a chunk of steps at a time.

Within a chunk each step looks back by matrix products, as attention does; between chunks the memory is carried.
"""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor

CHUNK = 64
"""Steps that are computed at once: as many as a head is wide at the default size, where both ways cost the same."""

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
    overflows. m_t cancels out of h_t: it is a constant to autograd, and gradients are exact all the same.

    Args:
        q, k, v: queries, keys (divided by the root of their size) and values, [batch, heads, time, size].
        log_i, log_f: logarithms of the gates, [batch, heads, time].
        memory: C, n and m before the first step.

    Returns:
        h without its output gate, [batch, heads, time, size], and the memory after the last step.
    """
    outputs = []
    for chunk in zip(*(each.split(CHUNK, dim=2) for each in (q, k, v, log_i, log_f)), strict=True):
        h, memory = _run_chunk(*chunk, memory)
        outputs.append(h)
    return torch.cat(outputs, dim=2), memory


def _run_chunk(
    q: Tensor, k: Tensor, v: Tensor, log_i: Tensor, log_f: Tensor, memory: Memory
) -> tuple[Tensor, Memory]:
    """Run the steps of a chunk at once.

    With b_t = log f_1 + ... + log f_t, step t finds what step s <= t wrote with the weight exp(b_t - b_s + log i_s),
    and what was there before the chunk with exp(b_t + m_0); both are divided by exp(m_t).
    """
    matrix, n, m = memory
    b = log_f.cumsum(-1)
    written, before = b[..., :, None] - b[..., None, :] + log_i[..., None, :], b + m[..., None]
    later = torch.ones(b.shape[-1], b.shape[-1], dtype=torch.bool, device=b.device).triu(1)
    written = written.masked_fill(later, -torch.inf)
    with torch.no_grad():
        ms = torch.maximum(written.amax(-1), before)
    written, before = (written - ms[..., None]).exp(), (before - ms).exp()[..., None]
    scores = q @ k.mT * written
    tops = scores @ v + before * (q @ matrix)
    sums = scores.sum(-1, keepdim=True) + before * (q @ n[..., None])
    h = tops / torch.maximum(sums.abs(), (-ms).exp()[..., None])
    # The last step's weights are those that remain.
    kept, keys = before[..., -1:, :], k * written[..., -1, :, None]
    return h, (kept * matrix + keys.mT @ v, kept[..., 0] * n + keys.sum(-2), ms[..., -1])
