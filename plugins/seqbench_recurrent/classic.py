"""Defines what the classic recurrent models share: layers on each other, in one direction or in both.

Imports no torch.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from seqbench import Model, Norm, stacked_parts

if TYPE_CHECKING:
    from torch import nn

Size = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]

Initialisation = Literal["default", "orthogonal"]
"""``default`` is torch's: everything uniform within 1 / sqrt(hidden_size). ``orthogonal`` draws each square
hidden-to-hidden matrix, one for each gate and layer, from the orthogonal matrices (Saxe et al. 2014),
so that at the start V neither shrinks nor stretches what it carries; the rest stays torch's."""


class Classic(Model):
    """A recurrent layer, with the parameters that all classic ones have.

    Attributes:
        parts: names of the tensors in the state of one layer.
        hidden_size: numbers in h_t.
        layers: how many layers stand on each other; the x_t of an upper one is the h_t below it.
        dropout: share of h_t that is set to zero between two layers while training; with `residual`, above every
            layer.
        bidirectional: whether a second layer reads from the end, and outputs are those of both side by side, of
            2 * hidden_size numbers (Schuster & Paliwal 1997). Such a model looks ahead.
        residual: whether a layer's inputs are added to its outputs.
        norm: normalisation of a layer's inputs.
    """

    parts: ClassVar[tuple[str, ...]] = ("hidden",)
    hidden_size: Size
    layers: Size
    dropout: Share
    bidirectional: bool
    residual: bool
    norm: Norm

    def __post_init__(self) -> None:
        """Check the limits, and that dropout has something to act on."""
        super().__post_init__()
        if self.dropout > 0 and self.layers == 1 and not self.residual:
            raise ValueError(
                f"dropout is {self.dropout}, but it acts between layers and there is one layer only;"
                " set layers to 2 or more, residual to true, or dropout to 0"
            )

    @property
    def is_causal(self) -> bool:
        """Whether only one layer reads, from the start."""
        return not self.bidirectional

    @property
    def is_stacked(self) -> bool:
        """Whether layers stand in a `seqbench.Stack`; torch's own classes hold several plain ones."""
        return self.bidirectional or self.residual or self.norm != "none"

    @property
    def state_parts(self) -> tuple[str, ...]:
        """Names of the parts of the state: torch's classes hold those of all layers in one tensor."""
        return stacked_parts(self.parts, self.layers if self.is_stacked else 1)

    def build(self, input_size: int) -> nn.Module:
        """Return the layers."""
        if not self.is_stacked:
            return self.plain(input_size, self.layers)
        from seqbench import Stack

        return Stack(
            [self._single] * self.layers,
            input_size,
            width=2 * self.hidden_size if self.bidirectional else self.hidden_size,
            residual=self.residual,
            norm=self.norm,
            dropout=self.dropout,
        )

    @abstractmethod
    def plain(self, input_size: int, layers: int) -> nn.Module:
        """Return so many layers on each other that read from the start, initialised as the parameters say."""

    def _single(self, input_size: int) -> nn.Module:
        if not self.bidirectional:
            return self.plain(input_size, 1)
        from seqbench_recurrent.directions import BothWays

        return BothWays(self.plain(input_size, 1), self.plain(input_size, 1))

    def _between(self, layers: int) -> float:
        """Return the dropout between so many layers of torch's classes."""
        return self.dropout if layers > 1 else 0.0
