"""Offers the model ``mingru``: a minimal gated unit whose gate and candidate depend on the input alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from seqbench import Model, hookimpl

if TYPE_CHECKING:
    from torch import nn

SEQBENCH_CONTRACT = 2


@hookimpl
def seqbench_models() -> Iterator[type[Model]]:
    """Yield the model."""
    yield MinGRU


@dataclass(frozen=True)
class MinGRU(Model):
    """minGRU (Feng et al. 2024, "Were RNNs all we needed?", section 3.1).

    ::

        z_t = sigmoid(W_z x_t + b_z)
        c_t = W_c x_t + b_c
        h_t = (1 - z_t) * h_{t-1} + z_t * c_t,    h_0 = 0

    Gate and candidate depend on the input alone, so that all steps can be computed at once. This is the plain
    unit, not the form of the paper's appendix, where c_t is made positive to compute in logarithms. The blocks
    (convolution, MLP) that the paper's experiments put around it are left out.

    Attributes:
        hidden_size: numbers in h_t.
        layers: units on top of each other, each reading the outputs of the one below.
    """

    name: ClassVar[str] = "mingru"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @misc{feng2024,
          author = {Feng, Leo and Tung, Frederick and Ahmed, Mohamed Osama and Bengio, Yoshua and
                    Hajimirsadeghi, Hossein},
          title = {Were {RNNs} All We Needed?},
          year = {2024},
          eprint = {2410.01201},
          archivePrefix = {arXiv}
        }
    """
    hidden_size: Annotated[int, Field(ge=1)] = 128
    layers: Annotated[int, Field(ge=1)] = 1

    def build(self, input_size: int) -> nn.Module:
        """Return the layer."""
        # Torch is imported here, so that `seqbench list` answers without it.
        from seqbench_mingru_layer import MinGRULayer

        return MinGRULayer(input_size, self.hidden_size, self.layers)
