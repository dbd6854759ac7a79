"""Defines what one time step of input is: tokens or numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
