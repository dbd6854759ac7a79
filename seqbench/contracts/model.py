"""Defines a model: a sequence layer and its hyper-parameters. Torch is imported when a method runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from torch import nn


class Model(ABC):
    """A sequence layer; the harness adds the embedding before it and the head after it.

    Subclasses are frozen dataclasses; their fields are the parameters a user can set.

    Attributes:
        name: lower-case words joined by ``-``; the name on the command line.
        version: an integer that rises whenever a score can move.
        time_exponent: time grows at most like length ** this; 1 for recurrent layers and convolutions, 2 for
            full attention. ``seqbench check`` measures it.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    time_exponent: ClassVar[float] = 1.0

    @abstractmethod
    def build(self, input_size: int) -> nn.Module:
        """Return a layer that is called like ``torch.nn.LSTM(batch_first=True)``.

        ``layer(inputs, state=None) -> (outputs, state)`` with inputs [batch, time, input_size] and outputs
        [batch, time, output_size]. The state is None or tensors in tuples, lists or dicts, which may be complex or
        integers; outputs are real. A sequence run in pieces with the state carried over gives the same outputs as
        run whole. A layer without a state returns None as its state. Output t depends on inputs up to t only.
        """
