"""Computes the two sublayers of a transformer's block: causal multi-head attention and an MLP."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.functional import relu, scaled_dot_product_attention

from seqbench_attention.rotary import rotated

Cache: TypeAlias = tuple[Tensor, Tensor]
"""Keys and values of all steps so far, [batch, heads, steps, head_size] each; the keys are rotated already."""


class CausalAttention(nn.Module):
    """Multi-head attention to this step and all before it (Vaswani et al. 2017, section 3.2.2), without biases.

    Attributes:
        queries, keys, values: W_q, W_k and W_v of all heads, one under the other.
        outputs: W_o.
        heads: how many there are.
        is_rotary: whether queries and keys are rotated by their position.
    """

    def __init__(self, input_size: int, *, output_size: int, heads: int, head_size: int, is_rotary: bool) -> None:
        """Draw the weights, uniform as Glorot & Bengio (2010) have it, from torch's global generator."""
        super().__init__()
        self.queries, self.keys, self.values = (
            nn.Linear(input_size, heads * head_size, bias=False) for _ in range(3)
        )
        self.outputs = nn.Linear(heads * head_size, output_size, bias=False)
        self.heads, self.is_rotary = heads, is_rotary
        for weight in self.parameters():
            nn.init.xavier_uniform_(weight)

    def forward(self, inputs: Tensor, state: Cache | None = None) -> tuple[Tensor, Cache]:
        """Run a sequence.

        Args:
            inputs: [batch, time, input_size].
            state: see `Cache`; None at a sequence's start. The number of steps in it is the position of the first
                step of the inputs.

        Returns:
            outputs [batch, time, output_size], and the cache with the steps of the inputs.
        """
        queries, keys, values = (
            self._heads(project(inputs)) for project in (self.queries, self.keys, self.values)
        )
        if self.is_rotary:
            first = 0 if state is None else state[0].shape[2]
            queries, keys = rotated(queries, first), rotated(keys, first)
        if state is not None:
            keys, values = torch.cat((state[0], keys), dim=2), torch.cat((state[1], values), dim=2)
        attended = attend(queries, keys, values).transpose(1, 2).flatten(2)
        return self.outputs(attended), (keys, values)

    def _heads(self, joined: Tensor) -> Tensor:
        """Split [batch, time, heads * head_size] into [batch, heads, time, head_size]."""
        return joined.unflatten(2, (self.heads, -1)).transpose(1, 2)


def attend(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Return softmax(Q K^T / sqrt(size)) V over steps up to each query's own (Vaswani et al. 2017, equation 1).

    Args:
        queries: of the last steps, [batch, heads, steps, size].
        keys, values: of all steps so far, [batch, heads, all, size].
    """
    steps, seen = queries.shape[2], keys.shape[2]
    if steps == seen:
        return scaled_dot_product_attention(queries, keys, values, is_causal=True)
    # torch's own causal mask would let the first query see the first key only.
    is_seen = torch.ones(steps, seen, dtype=torch.bool, device=queries.device).tril(seen - steps)
    return scaled_dot_product_attention(queries, keys, values, attn_mask=is_seen)


class MLP(nn.Module):
    """W_2 max(0, W_1 x + b_1) + b_2 at each step by itself (Vaswani et al. 2017, equation 2).

    Attributes:
        first, second: W_1 and b_1, W_2 and b_2.
    """

    def __init__(self, input_size: int, *, output_size: int, inner_size: int) -> None:
        """Draw the weights, uniform as Glorot & Bengio (2010) have it; biases are 0."""
        super().__init__()
        self.first, self.second = nn.Linear(input_size, inner_size), nn.Linear(inner_size, output_size)
        for each in (self.first, self.second):
            nn.init.xavier_uniform_(each.weight)
            nn.init.zeros_(each.bias)

    def forward(self, inputs: Tensor, state: None = None) -> tuple[Tensor, None]:
        """Run the steps, [batch, time, input_size]; it has no state."""
        return self.second(relu(self.first(inputs))), None
