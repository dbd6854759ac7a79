"""Gives untrained networks and prompts for the tests of decoding."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from seqbench import UNSCORED, Batch, StepClass, Tokens
from seqbench.network.network import Network

VOCABULARY = 7


STOP = 6


class Window(nn.Module):
    """A causal convolution: a layer without a state."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(size, size, 3)

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, None]:
        padded = nn.functional.pad(inputs.transpose(1, 2), (2, 0))
        return self.convolution(padded).transpose(1, 2).sin(), None


class Folded(nn.Module):
    """A GRU whose state hides which part belongs to which row."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.gru = nn.GRU(size, size, batch_first=True)

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        shape = 1, len(inputs), inputs.shape[2]
        outputs, last = self.gru(inputs, None if state is None else state.view(shape))
        return outputs, last.flatten()


LAYERS = {
    "rnn": lambda: nn.RNN(8, 8, batch_first=True),
    "lstm": lambda: nn.LSTM(8, 8, 2, batch_first=True),
    "gru": lambda: nn.GRU(8, 8, batch_first=True),
    "window": lambda: Window(8),
    "folded": lambda: Folded(8),
}


def network(layer: str, seed: int = 0, classes: int = VOCABULARY) -> Network:
    """Return an untrained network whose answers are far from even."""
    torch.manual_seed(seed)
    made = Network(LAYERS[layer](), Tokens(classes), StepClass(classes), 8)
    for weights in made.parameters():
        weights.data.mul_(3)
    return made.eval()


def prompts(lengths: list[int], classes: int = VOCABULARY, seed: int = 1) -> Batch:
    torch.manual_seed(seed)
    inputs = torch.zeros(len(lengths), max(lengths), dtype=torch.long)
    for row, length in enumerate(lengths):
        inputs[row, :length] = torch.randint(classes, (length,))
    return Batch(inputs, inputs, torch.tensor(lengths))


def rows(tokens: Tensor) -> list[list[int]]:
    return [[token for token in row if token != UNSCORED] for row in tokens.tolist()]
