"""Holds the layer of the model ``mingru``, which is called like ``torch.nn.GRU(batch_first=True)``."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MinGRULayer(nn.Module):
    """Units on top of each other; all steps of a unit are computed at once.

    Attributes:
        units: one linear map for each, from its input to gate and candidate: [2 * hidden, features].
    """

    def __init__(self, input_size: int, hidden_size: int, layers: int = 1) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        sizes = [input_size, *[hidden_size] * (layers - 1)]
        self.units = nn.ModuleList(nn.Linear(size, 2 * hidden_size) for size in sizes)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run a sequence, or the next chunk of one.

        Args:
            inputs: [batch, time, input_size].
            state: h of every unit after the previous chunk, [layers, batch, hidden]; zeros if None.

        Returns:
            outputs [batch, time, hidden] of the topmost unit, and the state after the last step.
        """
        if state is None:
            state = inputs.new_zeros(len(self.units), len(inputs), self.hidden_size)
        outputs, last = inputs, []
        for unit, h in zip(self.units, state.unbind(0), strict=True):
            kept, added = self._gated(unit, outputs)
            outputs = scan(kept, added, h)
            last.append(outputs[:, -1])
        return outputs, torch.stack(last)

    def step(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Do one step by the equations; repeated, it gives the same numbers as `forward`.

        Args:
            inputs: [batch, input_size].
            state: [layers, batch, hidden].

        Returns:
            the output [batch, hidden] of the topmost unit, and the next state.
        """
        output, last = inputs, []
        for unit, h in zip(self.units, state.unbind(0), strict=True):
            kept, added = self._gated(unit, output)
            output = kept * h + added
            last.append(output)
        return output, torch.stack(last)

    def _gated(self, unit: nn.Module, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return 1 - z, the share of h_{t-1} that is kept, and z * c, which is added to it."""
        gate, candidate = unit(inputs).chunk(2, dim=-1)
        # 1 - sigmoid(g) loses digits if the gate is open; sigmoid(-g) is the same number without the loss.
        return torch.sigmoid(-gate), torch.sigmoid(gate) * candidate


def scan(kept: Tensor, added: Tensor, h: Tensor) -> Tensor:
    """Return h_t = kept_t * h_{t-1} + added_t for all t at once.

    Two steps are one of the same form: (a2, b2) after (a1, b1) is (a2 * a1, a2 * b1 + b2). So spans of 1, 2, 4,
    ... steps are joined, in log2(time) rounds (Hillis & Steele 1986). Factors lie between 0 and 1: nothing
    overflows, whatever the length.

    Args:
        kept, added: [batch, time, hidden].
        h: the state before the first step, [batch, hidden].
    """
    span = 1
    while span < kept.shape[1]:
        joined = added[:, span:] + kept[:, span:] * added[:, :-span]
        added = torch.cat([added[:, :span], joined], dim=1)
        kept = torch.cat([kept[:, :span], kept[:, span:] * kept[:, :-span]], dim=1)
        span *= 2
    return added + kept * h.unsqueeze(1)
