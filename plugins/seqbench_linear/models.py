"""Offers the models ``lru`` and ``minlstm``; their layers are in modules of their names."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from seqbench import Model, Norm, ParameterGroup, stacked_parts

if TYPE_CHECKING:
    from torch import nn

Size = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Radius = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class LRU(Model):
    """Linear recurrent unit (Orvieto et al. 2023): a complex diagonal recurrence, then a gated linear unit.

    With * element by element and lambda in the unit disk (their appendix A):

        lambda = exp(-exp(nu) + i exp(theta))                  y_t = Re(C h_t) + D * x_t
        h_t = lambda * h_{t-1} + exp(gamma) * (B x_t)          o_t = GLU(E gelu(y_t) + e)

    nu, theta and gamma are logarithms, as they are trained. Each o_t is added to its x_t, as `residual` has it.

    Attributes:
        hidden_size: numbers in o_t.
        layers: how many such blocks stand on each other.
        state_size: complex numbers in h_t; None for `hidden_size`.
        r_min: least abs(lambda) at the start; the lambdas are drawn evenly from the ring between both radii. For
            long sequences the authors draw from a thin one, with radii near 1.
        r_max: largest abs(lambda) at the start.
        max_phase: largest angle of lambda at the start, in radians.
        residual: whether a block's inputs are added to its outputs.
        norm: normalisation of a block's inputs.
        dropout: share of a block's outputs that is set to zero while training.
    """

    name: ClassVar[str] = "lru"
    version: ClassVar[int] = 1
    width_parameters: ClassVar[tuple[str, ...]] = ("hidden_size", "state_size")
    reference: ClassVar[str] = """
        @inproceedings{orvieto2023,
          author = {Orvieto, Antonio and Smith, Samuel L. and Gu, Albert and Fernando, Anushan and
                    Gulcehre, Caglar and Pascanu, Razvan and De, Soham},
          title = {Resurrecting Recurrent Neural Networks for Long Sequences},
          booktitle = {Proceedings of the 40th International Conference on Machine Learning},
          year = {2023},
          eprint = {2303.06349},
          archivePrefix = {arXiv}
        }
    """
    hidden_size: Size = 128
    layers: Size = 2
    state_size: Size | None = None
    r_min: Radius = 0.0
    r_max: Radius = 1.0
    max_phase: Annotated[float, Field(ge=1e-6, le=2 * math.pi)] = 2 * math.pi
    residual: bool = True
    norm: Norm = "layer"
    dropout: Share = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.r_min >= self.r_max:
            raise ValueError(f"r_min is {self.r_min} and r_max {self.r_max}; r_min must be smaller")

    @property
    def state_parts(self) -> tuple[str, ...]:
        """h of each block."""
        return stacked_parts(["hidden"], self.layers)

    def build(self, input_size: int) -> nn.Module:
        """Return the blocks on each other."""
        from seqbench import Stack
        from seqbench_linear.lru import LRUBlock, Ring

        ring = Ring(self.r_min, self.r_max, self.max_phase)

        def block(features: int) -> nn.Module:
            return LRUBlock(features, self.hidden_size, self.state_size or self.hidden_size, ring)

        return Stack(
            [block] * self.layers,
            input_size,
            width=self.hidden_size,
            residual=self.residual,
            norm=self.norm,
            dropout=self.dropout,
        )

    def weight_groups(self, layer: nn.Module) -> Mapping[str, Iterable[str]]:
        """Return U, which is B and gamma, V, which is lambda, and C with D, of all blocks."""
        return _named(layer, {"U": ("B", "gamma"), "V": ("nu", "theta"), "C": ("C", "D")})

    def parameter_groups(self, layer: nn.Module) -> Iterable[ParameterGroup]:
        """Train lambda, gamma and B at a quarter of the learning rate and without decay.

        The paper's factors are 0.5, 0.25 and 0.1, by task (table 9); 0.25 is that of three of its six tasks.
        """
        recurrent = _named(layer, {"recurrent": ("nu", "theta", "gamma", "B")})["recurrent"]
        return [ParameterGroup(recurrent, learning_rate=0.25, weight_decay=0.0)]


@dataclass(frozen=True)
class MinLSTM(Model):
    """Minimal LSTM (Feng et al. 2024): an LSTM whose gates do not see the state, so that all steps run at once.

    With s the logistic function and * element by element (their section 3.2 and appendix B):

        f_t = s(U_f x_t + b_f)        f'_t = f_t / (f_t + i_t)        h_t = f'_t * h_{t-1} + i'_t * c_t
        i_t = s(U_i x_t + b_i)        i'_t = i_t / (f_t + i_t)        g(a) = a + 1/2 if a >= 0, else s(a)
        c_t = g(U_c x_t + b_c)        h_0 = g(0) = 1/2

    so that h is positive. The paper leaves h_0 to the caller and takes its logarithm (algorithm 8), so that it is
    positive too; here it is what g makes of 0. A state of zeros is another start than none.

    Attributes:
        hidden_size: numbers in a layer's output.
        layers: how many such layers stand on each other.
        state_size: numbers in h_t, `hidden_size` times the authors' expansion factor; h_t is then mapped to
            `hidden_size` outputs. With None there are `hidden_size`, and h_t is the output.
        forget_bias: b_f at the start, in every layer.
        residual: whether a layer's inputs are added to its outputs.
        norm: normalisation of a layer's inputs.
        dropout: share of a layer's outputs that is set to zero while training.
    """

    name: ClassVar[str] = "minlstm"
    version: ClassVar[int] = 4
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
    hidden_size: Size = 128
    layers: Size = 2
    state_size: Size | None = None
    forget_bias: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    residual: bool = True
    norm: Norm = "layer"
    dropout: Share = 0.0

    @property
    def state_parts(self) -> tuple[str, ...]:
        """h of each layer."""
        return stacked_parts(["hidden"], self.layers)

    def build(self, input_size: int) -> nn.Module:
        """Return the layers on each other."""
        from seqbench import Stack
        from seqbench_linear.minlstm import MinLSTMLayer

        def one(features: int) -> nn.Module:
            return MinLSTMLayer(features, self.hidden_size, self.state_size, self.forget_bias)

        return Stack(
            [one] * self.layers,
            input_size,
            width=self.hidden_size,
            residual=self.residual,
            norm=self.norm,
            dropout=self.dropout,
            time_first=True,
        )

    def weight_groups(self, layer: nn.Module) -> Mapping[str, Iterable[str]]:
        """Return U of all layers; there is no V."""
        return _named(layer, {"U": ("U",)})


def _named(layer: nn.Module, groups: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return for each group the layer's parameters whose last word is one of the names."""
    names = [name for name, _ in layer.named_parameters()]
    return {
        group: tuple(name for name in names if name.rpartition(".")[2] in members)
        for group, members in groups.items()
    }
