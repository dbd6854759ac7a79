"""Draws a spectrogram with signs, time from left to right and frequency from below, for a person to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

SHADES = " ░▒▓█"
ROWS, COLUMNS = 10, 72


def spectrogram(frames: Tensor) -> str:
    """Return lines of signs, the darker the more energy; each sign is a mean over bands and frames.

    >>> import torch
    >>> print(spectrogram(torch.tensor([[0.0, 4.0], [1.0, 0.0], [4.0, 2.0]])))
    |█ ▒|
    | ░█|

    Args:
        frames: [frames, bands].
    """
    from torch.nn.functional import adaptive_avg_pool2d

    size = min(ROWS, frames.shape[1]), min(COLUMNS, len(frames))
    cells = adaptive_avg_pool2d(frames.float().T[None], size)[0].flip(0)
    least, most = float(cells.quantile(0.02)), float(cells.max())
    steps = (cells - least) / max(most - least, 1e-9) * (len(SHADES) - 1)
    signs = [[SHADES[round(step)] for step in row] for row in steps.clamp(0, len(SHADES) - 1).tolist()]
    return "\n".join(f"|{''.join(row)}|" for row in signs)
