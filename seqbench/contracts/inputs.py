"""Defines what one time step of input is: tokens or numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench.contracts.examples import Split, numbers
from seqbench.contracts.unfit import Unfit, not_integers, not_numbers, not_steps

if TYPE_CHECKING:
    from torch import nn


class InputKind(ABC):
    """What one time step of input is."""

    @abstractmethod
    def embedding(self, size: int) -> nn.Module:
        """Return the module that maps a batch's inputs to [batch, time, features]."""

    @abstractmethod
    def features(self, size: int) -> int:
        """Return how many features the embedding gives when asked for ``size``."""

    @property
    def alphabet(self) -> int | None:
        """Number of different inputs that a step can have; None if unlimited, as for numbers."""
        return None

    def unfit(self, split: Split, what: str) -> Unfit | None:
        """Return why the inputs of a split do not fit this kind; None if they fit, or if the kind has no check.

        Args:
            split: the examples.
            what: their name in messages, such as "train inputs".
        """
        return None


@dataclass(frozen=True)
class Tokens(InputKind):
    """Integers from 0 to ``vocabulary_size - 1``: [batch, time]; the harness embeds them."""

    vocabulary_size: int

    def embedding(self, size: int) -> nn.Module:
        """Return a learned table: [batch, time] -> [batch, time, size]."""
        from torch import nn

        return nn.Embedding(self.vocabulary_size, size)

    def features(self, size: int) -> int:
        """Return ``size``."""
        return size

    @property
    def alphabet(self) -> int:
        """The size of the vocabulary."""
        return self.vocabulary_size

    def unfit(self, split: Split, what: str) -> Unfit | None:
        """Check that inputs are [examples, time] whole numbers from 0 to ``vocabulary_size - 1``."""
        values = numbers(split.inputs)
        return not_integers(values, what, self.vocabulary_size, str(self)) or not_steps(split.inputs, what)


@dataclass(frozen=True)
class Values(InputKind):
    """Numbers: [batch, time, channels]; they are passed to the layer unchanged."""

    channels: int

    def embedding(self, size: int) -> nn.Module:
        """Return the identity."""
        from torch import nn

        return nn.Identity()

    def features(self, size: int) -> int:
        """Return the number of channels."""
        return self.channels

    def unfit(self, split: Split, what: str) -> Unfit | None:
        """Check that inputs are [examples, time, channels] finite numbers."""
        return not_numbers(numbers(split.inputs), what) or not_steps(split.inputs, what, [self.channels])
