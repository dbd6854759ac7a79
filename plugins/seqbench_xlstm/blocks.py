"""Holds the blocks of mLSTM and sLSTM (Beck et al. 2024, appendix A.4), and puts them on each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, linear, logsigmoid, silu

from seqbench import Norm, Stack
from seqbench_xlstm.cells import Cells
from seqbench_xlstm.memory import run_memory
from seqbench_xlstm.model import BLOCK
from seqbench_xlstm.parts import BlockLinear, CausalConvolution, HeadNorm, small_init, to_whole, wang_init

State: TypeAlias = tuple[Tensor, ...]


def build_blocks(
    kinds: Sequence[str],
    input_size: int,
    width: int,
    *,
    heads: int,
    up_size: int,
    mlp_size: int,
    residual: bool,
    norm: Norm,
    dropout: float,
) -> Stack:
    """Return the blocks of the kinds ``mLSTM`` and ``sLSTM``, from the lowest up; see `XLSTM` for the sizes."""
    builders: list[Callable[[int], nn.Module]] = []
    for number, kind in enumerate(kinds):
        if kind == "mLSTM":
            builders.append(partial(MLSTM, width=width, heads=heads, up_size=up_size, layers=len(kinds)))
        else:
            place = number / max(1, len(kinds) - 1)
            builders.append(partial(SLSTM, width=width, heads=heads, place=place))
            builders.append(partial(GatedMLP, width=width, size=mlp_size, layers=len(kinds)))
    return Stack(builders, input_size, width=width, residual=residual, norm=norm, dropout=dropout)


class MLSTM(nn.Module):
    """The block of an mLSTM: up to `up_size`, through the matrix memory, and down again.

    ::

        x_t, z_t = up(input_t), in halves           a_t = silu(convolution(x)_t)
        q_t = Q a_t, k_t = K a_t                    v_t = V x_t
        a_i, a_f = G [q_t, k_t, v_t] + b            log i_t = a_i, log f_t = log s(a_f)
        y_t = down((norm(h_t) + skip * a_t) * silu(z_t))

    silu(z_t) is the output gate, and h_t what `run_memory` reads. G starts at 0, the biases of the forget gates
    from 3 to 6, those of the input gates near 0.
    """

    def __init__(self, input_size: int, *, width: int, heads: int, up_size: int, layers: int) -> None:
        super().__init__()
        self.heads, self.size = heads, up_size // heads
        self.up = nn.Linear(input_size, 2 * up_size, bias=False)
        self.convolution = CausalConvolution(up_size)
        self.queries, self.keys, self.values = (
            BlockLinear(up_size // BLOCK, BLOCK, BLOCK, width=width) for _ in range(3)
        )
        self.gates = nn.Linear(3 * up_size, 2 * heads)
        self.norm = HeadNorm(heads, self.size)
        self.skip = nn.Parameter(torch.ones(up_size))
        self.down = nn.Linear(up_size, width, bias=False)
        small_init(self.up.weight, width)
        wang_init(self.down.weight, width, layers)
        self._start_gates()

    def _start_gates(self) -> None:
        nn.init.zeros_(self.gates.weight)
        log_i, log_f = self.gates.bias.detach().chunk(2)
        nn.init.normal_(log_i, std=0.1)
        log_f.copy_(torch.linspace(3, 6, self.heads))

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Run a sequence [batch, time, input_size]; the state is C, n, m and a window of x."""
        x, z = self.up(inputs).chunk(2, dim=-1)
        a, window = self.convolution(x, state[3] if state else None)
        a = silu(a)
        q, k, v = self.queries(a), self.keys(a), self.values(x)
        log_i, log_f = self._gates(q, k, v).mT.chunk(2, dim=1)
        memory = (state[0], state[1], state[2].to(x.dtype)) if state else self._empty(x)
        q, k, v = (each.reshape(*each.shape[:2], self.heads, self.size).transpose(1, 2) for each in (q, k, v))
        h, (matrix, n, m) = run_memory(q, k, v, log_i, logsigmoid(log_f), memory)
        y = self.norm(h.transpose(1, 2)) + self.skip * a
        return self.down(y * silu(z)), (*to_whole(m, matrix, n), window)

    def _gates(self, *parts: Tensor) -> Tensor:
        """Return log i and a_f of each head; parts are q, k and v, without putting them into one tensor first."""
        weights = self.gates.weight.chunk(3, dim=1)
        products = [linear(part, weight) for part, weight in zip(parts, weights, strict=True)]
        return sum(products, self.gates.bias)

    def _empty(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return an empty memory."""
        shape = len(x), self.heads, self.size
        return x.new_zeros(*shape, self.size), x.new_zeros(shape), x.new_zeros(shape[:2])


class SLSTM(nn.Module):
    """The first half of the block of an sLSTM: cells whose i and f see a convolution of the inputs, and a norm.

    All maps stay within a head. Inputs of another size than `width` are mapped to it first. R starts at 0, and
    the biases of the forget gates fall from 5 to -7 within a head, so that cells forget at many rates, in higher
    layers more of them slowly: as in the authors' code.

    Attributes:
        recurrent: R, [heads, size, 4 * size], gates in the order i, f, z, o.
        bias: [heads, 4 * size].
    """

    def __init__(self, input_size: int, *, width: int, heads: int, place: float) -> None:
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.enter = nn.Linear(input_size, width, bias=False) if input_size != width else nn.Identity()
        self.convolution = CausalConvolution(width)
        self.if_gates, self.zo_gates = (
            BlockLinear(heads, self.size, 2 * self.size, width=width) for _ in range(2)
        )
        self.recurrent = nn.Parameter(torch.zeros(heads, self.size, 4 * self.size))
        self.bias = nn.Parameter(torch.zeros(heads, 4 * self.size))
        self.norm = HeadNorm(heads, self.size)
        within = torch.arange(self.size) / max(1, self.size - 1)
        self.bias.detach().chunk(4, dim=-1)[1].copy_(5 - 12 * within ** (0.3 + 1.3 * place))

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Run a sequence [batch, time, input_size]; the state is h, c, n, m and a window."""
        x = self.enter(inputs)
        a, window = self.convolution(x, state[4] if state else None)
        driven = (self._by_step(each) for each in (self.if_gates(silu(a)), self.zo_gates(x)))
        empty = self.bias.new_zeros(self.heads, len(x), self.size)
        before = [part.transpose(0, 1).to(empty.dtype) for part in state[:4]] if state else [empty] * 4
        with torch.autocast(x.device.type, enabled=False):
            hs, c, n, m = Cells.apply(*driven, self.bias[:, None], self.recurrent, *before)  # type: ignore[no-untyped-call]
        c, n, m = to_whole(m, c, n)
        after = tuple(part.transpose(0, 1) for part in (hs[-1], c, n, m))
        return self.norm(hs.permute(2, 0, 1, 3)), (*after, window)

    def _by_step(self, driven: Tensor) -> Tensor:
        """Turn [batch, time, heads * size] into [time, heads, batch, size]."""
        return driven.to(self.bias.dtype).reshape(*driven.shape[:2], self.heads, -1).permute(1, 2, 0, 3)


class GatedMLP(nn.Module):
    """The second half of the block of an sLSTM: down(gelu(g_t) * u_t), with g_t and u_t the halves of up(x_t)."""

    def __init__(self, input_size: int, *, width: int, size: int, layers: int) -> None:
        super().__init__()
        self.up = nn.Linear(input_size, 2 * size, bias=False)
        self.down = nn.Linear(size, width, bias=False)
        small_init(self.up.weight, width)
        wang_init(self.down.weight, width, layers)

    def forward(self, inputs: Tensor, state: None = None) -> tuple[Tensor, None]:
        """Map each step [batch, time, input_size] by itself."""
        gate, value = self.up(inputs).chunk(2, dim=-1)
        return self.down(gelu(gate) * value), None
