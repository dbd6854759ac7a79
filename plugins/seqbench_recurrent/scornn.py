"""Defines the model ``scornn``: a recurrent network whose V stays orthogonal while it is trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from seqbench import Norm, ParameterGroup
from seqbench_recurrent.classic import Classic, Share, Size

if TYPE_CHECKING:
    from torch import nn

RATE_OF_A = 0.1
"""Learning rate of A as a share of that of all other weights: 1e-4 to 1e-3 in the authors' code."""


@dataclass(frozen=True)
class ScoRNN(Classic):
    """Scaled Cayley orthogonal recurrent network (Helfrich et al. 2018).

    ::

        h_t = f(U x_t + V h_{t-1}),    h_0 = 0,    V = (I + A)^-1 (I - A) D
        f(a) = sign(a) max(|a| + m, 0)

    A is skew-symmetric: its hidden_size * (hidden_size - 1) / 2 numbers above the diagonal are trained, and V is
    orthogonal whatever they are. D is diagonal, with -1 in its last places and 1 in the others, and is not
    trained; without it, V could have no eigenvalue of -1. f is the modrelu (Arjovsky et al. 2016) of real numbers.

    At the start, before D changes signs, V turns pairs of numbers by angles between 0 and pi / 2. U is uniform
    within 0.01, as in the authors' code, and m is 0, so that f is the identity and a gradient flows back
    unchanged. A is trained at a tenth of the learning rate, as in the authors' code for copying, which may also
    give A an optimiser of its own; here both have the same.

    Attributes:
        hidden_size: numbers in h_t.
        layers: how many layers stand on each other; the x_t of an upper one is the h_t below it.
        dropout: share of h_t that is set to zero between two layers while training; with `residual`, above every
            layer.
        negative: share of the numbers in D that are -1; the paper takes half of them for copying and adding.
        bidirectional: whether a second layer reads from the end; the model then looks ahead, and has outputs of
            2 * hidden_size numbers.
        residual: whether a layer's inputs are added to its outputs.
        norm: normalisation of a layer's inputs, ``none``, ``layer`` or ``rms``.
    """

    name: ClassVar[str] = "scornn"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @inproceedings{helfrich2018,
          author = {Helfrich, Kyle and Willmott, Devin and Ye, Qiang},
          title = {Orthogonal Recurrent Neural Networks with Scaled {Cayley} Transform},
          booktitle = {Proceedings of the 35th International Conference on Machine Learning},
          pages = {1969--1978},
          year = {2018}
        }
    """
    hidden_size: Annotated[int, Field(ge=2)] = 128
    layers: Size = 1
    dropout: Share = 0.0
    negative: Annotated[float, Field(ge=0, le=1)] = 0.5
    bidirectional: bool = False
    residual: bool = False
    norm: Norm = "none"

    @property
    def is_stacked(self) -> bool:
        """Always: no class of torch's holds several such layers."""
        return True

    def plain(self, input_size: int, layers: int) -> nn.Module:
        """Return one layer.

        >>> ScoRNN(hidden_size=4, negative=0.3).plain(input_size=3, layers=1).signs.tolist()
        [1.0, 1.0, 1.0, -1.0]
        """
        from seqbench_recurrent.cayley import CayleyRNN

        return CayleyRNN(input_size, self.hidden_size, negative=round(self.negative * self.hidden_size))

    def weight_groups(self, layer: nn.Module) -> Mapping[str, Iterable[str]]:
        """Return U and A of every layer."""
        return {"U": _named(layer, "weight_ih"), "A": _named(layer, "skew")}

    def parameter_groups(self, layer: nn.Module) -> Iterable[ParameterGroup]:
        """Return A of every layer, at a tenth of the learning rate."""
        return (ParameterGroup(_named(layer, "skew"), learning_rate=RATE_OF_A),)


def _named(layer: nn.Module, end: str) -> tuple[str, ...]:
    return tuple(name for name, _ in layer.named_parameters() if name.endswith(end))
