"""Runs two recurrent layers over a sequence, one from each of its ends.

Padding stays behind the real steps in both directions, so it reaches no output of theirs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class BothWays(nn.Module):
    """Two layers: y_t = [h_t of ``forth`` over x_1 ... x_t; h_t of ``back`` over x_T ... x_t].

    Schuster & Paliwal 1997, "Bidirectional recurrent neural networks".

    Attributes:
        forth: reads from the start.
        back: reads from the last real step.
    """

    def __init__(self, forth: nn.Module, back: nn.Module) -> None:
        super().__init__()
        self.forth, self.back = forth, back

    def forward(self, inputs: Tensor, state: None = None, lengths: Tensor | None = None) -> tuple[Tensor, None]:
        """Run whole sequences.

        Args:
            inputs: [batch, time, features].
            state: none is carried over.
            lengths: real steps of each row, [batch]; None if all are real.

        Returns:
            Outputs, [batch, time, 2 * hidden_size], and None.
        """
        outputs, _ = self.forth(inputs)
        from_end, _ = self.back(turned(inputs, lengths))
        return torch.cat([outputs, turned(from_end, lengths)], dim=2), None


def turned(steps: Tensor, lengths: Tensor | None) -> Tensor:
    """Return the real steps of each row in reverse order, and the padding behind them as it is.

    >>> turned(torch.arange(8).view(2, 4, 1), torch.tensor([4, 2])).flatten(1).tolist()
    [[3, 2, 1, 0], [5, 4, 6, 7]]

    Args:
        steps: [batch, time, features].
        lengths: real steps of each row, [batch]; None if all are real.
    """
    if lengths is None:
        return steps.flip(1)
    place = torch.arange(steps.shape[1], device=steps.device)
    ends = lengths.to(steps.device)[:, None]
    return steps.take_along_dim(torch.where(place < ends, ends - 1 - place, place)[..., None], dim=1)
