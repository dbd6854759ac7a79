"""Offers the model ``tcn``, and tells how far back it sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from seqbench import Model, Norm, added_later, stacked_parts

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class TCN(Model):
    """Temporal convolutional network (Bai et al. 2018): levels of dilated causal convolutions.

    Level i = 0, 1, ... has the dilation d = 2**i and two convolutions with weight normalisation,

        conv(x)_t = b + sum over j < kernel_size of w_j x_{t - d j}        w = g v / |v|, for each output channel
        F(x) = dropout(max(0, conv_2(dropout(max(0, conv_1(norm(x)))))))
        level: max(0, x + F(x))

    with x_t = 0 before the sequence, and a 1x1 convolution of x in x + F(x) where the numbers of channels differ.
    This residual connection is the paper's, so the shared wrapper adds none; ``norm=none`` is the paper's network.
    An output depends on the last `receptive_field` inputs alone.

    The state holds the last (kernel_size - 1) d inputs of every convolution, [batch, channels, steps] each.

    Attributes:
        hidden_size: channels of each level.
        layers: levels.
        kernel_size: inputs that an output of a convolution is made of.
        inner_size: channels between the two convolutions of a level; null for hidden_size.
        residual: whether the inputs of a level are added to its outputs.
        norm: normalisation of the inputs of the convolutions of each level, over the channels of a step.
        dropout: share of the outputs of every convolution that is set to zero while training.
        spread: standard deviation of v at the start; null for torch's own weights of a convolution, which are
            larger. The paper's numbers were trained with those, as what the authors' code draws has no effect.
    """

    name: ClassVar[str] = "tcn"
    version: ClassVar[int] = 1
    width_parameters: ClassVar[tuple[str, ...]] = ("hidden_size", "inner_size")
    reference: ClassVar[str] = """
        @article{bai2018,
          author = {Bai, Shaojie and Kolter, J. Zico and Koltun, Vladlen},
          title = {An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence Modeling},
          journal = {arXiv:1803.01271},
          year = {2018}
        }
    """
    hidden_size: Annotated[int, Field(ge=1)] = 128
    layers: Annotated[int, Field(ge=1, le=16)] = 8
    kernel_size: Annotated[int, Field(ge=2)] = 7
    inner_size: Annotated[int | None, Field(ge=1)] = None
    residual: bool = True
    norm: Norm = "layer"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    spread: Annotated[float | None, Field(gt=0)] = added_later(0.01)

    @property
    def receptive_field(self) -> int:
        """Number of inputs, the newest included, that an output depends on.

        >>> TCN().receptive_field, TCN(layers=2, kernel_size=3).receptive_field
        (3061, 13)
        """
        return 1 + 2 * (self.kernel_size - 1) * int(2**self.layers - 1)

    @property
    def state_parts(self) -> tuple[str, ...]:
        """The last inputs of both convolutions of each level."""
        return stacked_parts(("first", "second"), self.layers)

    def build(self, input_size: int) -> nn.Module:
        """Return the levels; their state is a tuple with one for each level.

        >>> layer = TCN(hidden_size=4, layers=2, kernel_size=3).build(3)
        >>> [level.dilation for level in layer.layers]
        [1, 2]
        """
        from seqbench import Stack
        from seqbench_tcn.level import Level

        level = partial(
            Level,
            output_size=self.hidden_size,
            inner_size=self.inner_size or self.hidden_size,
            kernel_size=self.kernel_size,
            residual=self.residual,
            dropout=self.dropout,
            spread=self.spread,
        )
        # As in every stack, the lowest gets its inputs as they are, unless they were mapped to the width.
        levels = [partial(level, dilation=2**i, norm=self.norm if i else "none") for i in range(self.layers)]
        return Stack(levels, input_size, width=self.hidden_size, residual=False, norm="none")

    def weight_groups(self, layer: nn.Module) -> Mapping[str, Iterable[str]]:
        """Return v and g of all convolutions, and the 1x1 convolutions."""
        names = [name for name, _ in layer.named_parameters()]
        marks = {"v": ".v", "g": ".g", "1x1": ".skip.weight"}
        return {group: [name for name in names if name.endswith(end)] for group, end in marks.items()}
