"""Offers the models ``s4d``, a diagonal state space, and ``mamba``, a selective one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from seqbench import Model, Norm, ParameterGroup, stacked_parts

if TYPE_CHECKING:
    from torch import nn

Size = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True)
class S4D(Model):
    """Diagonal state space model (Gu et al. 2022): a linear system for each feature, then a mixture of features.

    With a diagonal complex A, one system for each of the features u (section 3):

        ds/dt = A s + B u,   y = 2 Re(C s) + D u,   A = -exp(log_decay) + i frequency

    in steps of a learned dt, so that s_t = a s_{t-1} + b u_t. One mode of each conjugate pair is kept. A layer is
    GLU(W GELU(y) + b).

    Attributes:
        hidden_size: features of the outputs, each with a system of its own.
        layers: how many stand on each other.
        state_size: N, numbers in s for each feature; half as many complex ones.
        initialisation: of A: ``lin`` is S4D-Lin, ``inv`` S4D-Inv, ``legs`` S4D-LegS.
        discretisation: ``zoh``, zero-order hold, or ``bilinear``.
        state_learning_rate: factor on the learning rate of A, B and dt, which have no weight decay. The authors
            train these at 0.001 and the rest at 0.01, on some tasks at 0.004.
        residual: whether a layer's inputs are added to its outputs.
        norm: normalisation of a layer's inputs.
        dropout: share of a layer's outputs that is set to zero while training.
    """

    name: ClassVar[str] = "s4d"
    version: ClassVar[int] = 1
    width_parameters: ClassVar[tuple[str, ...]] = ("hidden_size", "state_size")
    reference: ClassVar[str] = """
        @inproceedings{gu2022,
          author = {Gu, Albert and Goel, Karan and Gupta, Ankit and R{\\'e}, Christopher},
          title = {On the Parameterization and Initialization of Diagonal State Space Models},
          booktitle = {Advances in Neural Information Processing Systems},
          volume = {35},
          year = {2022}
        }
    """
    hidden_size: Size = 128
    layers: Size = 2
    state_size: Annotated[int, Field(ge=2, multiple_of=2)] = 64
    initialisation: Literal["lin", "inv", "legs"] = "lin"
    discretisation: Literal["zoh", "bilinear"] = "zoh"
    state_learning_rate: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.1
    residual: bool = True
    norm: Norm = "layer"
    dropout: Share = 0.0

    def build(self, input_size: int) -> nn.Module:
        """Return the layers, as a `Stack`."""
        from functools import partial

        from seqbench import Stack
        from seqbench_ssm.diagonal import DiagonalBlock

        block = partial(
            DiagonalBlock,
            hidden_size=self.hidden_size,
            state_size=self.state_size,
            initialisation=self.initialisation,
            discretisation=self.discretisation,
        )
        return Stack(
            [block] * self.layers,
            input_size,
            width=self.hidden_size,
            residual=self.residual,
            norm=self.norm,
            dropout=self.dropout,
        )

    @property
    def state_parts(self) -> tuple[str, ...]:
        """Return s of every layer."""
        return stacked_parts(["state"], self.layers)

    def weight_groups(self, layer: nn.Module) -> Mapping[str, Iterable[str]]:
        """Return A with dt, B, and C with D, of every layer."""
        groups = {"A": ("log_decay", "frequency", "log_step"), "B": ("b",), "C": ("c", "d")}
        return {letter: _ending(layer, *(f"ssm.{end}" for end in ends)) for letter, ends in groups.items()}

    def parameter_groups(self, layer: nn.Module) -> Iterable[ParameterGroup]:
        """Return A, B and dt."""
        own = _ending(layer, "ssm.log_decay", "ssm.frequency", "ssm.log_step", "ssm.b")
        return (ParameterGroup(own, self.state_learning_rate, weight_decay=0.0),)


@dataclass(frozen=True)
class Mamba(Model):
    """Selective state space model (Gu & Dao 2023): its inputs decide what the state takes up, keeps and gives out.

    With * element by element, a layer maps its inputs u to o (figure 3, algorithm 2):

        x, z = W_in u                   h_t = exp(dt_t A) * h_{t-1} + (dt_t * v_t) B_t,  A = -exp(log_a)
        v_t = silu(conv(x))_t           y_t = C_t h_t + D * v_t
        r, B, C = W_v v                 o_t = W_out (y_t * silu(z_t))
        dt = softplus(W_dt r + b_dt)

    h holds `state_size` numbers for each channel of x. W_out starts as torch's linear maps do; in language models
    the authors divide it by the root of the number of layers.

    Attributes:
        hidden_size: features of the outputs; r has a sixteenth of them.
        layers: how many stand on each other.
        inner_size: channels of x and z; None for 2 * hidden_size, as in the paper.
        state_size: N, numbers in h for each channel.
        conv_size: steps that the convolution sees.
        residual: whether a layer's inputs are added to its outputs.
        norm: normalisation of a layer's inputs.
        dropout: share of a layer's outputs that is set to zero while training.
    """

    name: ClassVar[str] = "mamba"
    version: ClassVar[int] = 1
    width_parameters: ClassVar[tuple[str, ...]] = ("hidden_size", "inner_size")
    reference: ClassVar[str] = """
        @misc{gu2023,
          author = {Gu, Albert and Dao, Tri},
          title = {Mamba: Linear-Time Sequence Modeling with Selective State Spaces},
          year = {2023},
          eprint = {2312.00752},
          archivePrefix = {arXiv}
        }
    """
    hidden_size: Size = 128
    layers: Size = 2
    inner_size: Size | None = None
    state_size: Size = 16
    conv_size: Annotated[int, Field(ge=2)] = 4
    residual: bool = True
    norm: Norm = "layer"
    dropout: Share = 0.0

    def build(self, input_size: int) -> nn.Module:
        """Return the layers, as a `Stack`."""
        from functools import partial

        from seqbench import Stack
        from seqbench_ssm.selective import SelectiveBlock

        block = partial(
            SelectiveBlock,
            hidden_size=self.hidden_size,
            inner_size=2 * self.hidden_size if self.inner_size is None else self.inner_size,
            state_size=self.state_size,
            conv_size=self.conv_size,
        )
        return Stack(
            [block] * self.layers,
            input_size,
            width=self.hidden_size,
            residual=self.residual,
            norm=self.norm,
            dropout=self.dropout,
        )

    @property
    def state_parts(self) -> tuple[str, ...]:
        """Return the inputs that the convolution still sees, and h, of every layer."""
        return stacked_parts(["conv", "ssm"], self.layers)

    def weight_groups(self, layer: nn.Module) -> Mapping[str, Iterable[str]]:
        """Return U, from inputs to x and z; A; and S, which makes dt, B and C from x; of every layer."""
        groups = {"U": ("enter.weight",), "A": ("ssm.log_a",), "S": ("select.weight", "step.weight", "step.bias")}
        return {letter: _ending(layer, *(f".{end}" for end in ends)) for letter, ends in groups.items()}

    def parameter_groups(self, layer: nn.Module) -> Iterable[ParameterGroup]:
        """Return A and D, which have no weight decay."""
        return (ParameterGroup(_ending(layer, "ssm.log_a", "ssm.d"), weight_decay=0.0),)


def _ending(layer: nn.Module, *ends: str) -> tuple[str, ...]:
    """Return the layer's parameters whose names end so."""
    return tuple(name for name, _ in layer.named_parameters() if name.endswith(ends))
