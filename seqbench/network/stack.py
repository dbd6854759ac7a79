"""Puts sequence layers on each other, with normalisation before and a residual connection around each of them.

One wrapper for all models, so that models differ in their layers alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import dropout

from seqbench.contracts.stacking import Norm


class Stack(nn.Module):
    """Layers on each other: x <- x + dropout(layer(norm(x))), the residual block of Xiong et al. (2020), pre-norm.

    Without a residual connection it is x <- layer(norm(x)), with dropout between two layers only; the lowest layer
    gets its inputs as they are, since a norm of one or two numbers would keep no more than signs. With a residual
    connection, inputs of another size than `width` are first mapped to it, and the last outputs are normalised.

    Attributes:
        enter: the map to `width`; the identity where none is needed.
        layers: the layers, from the lowest to the highest.
        norms: one for each layer.
        leave: the norm of the last outputs.
    """

    def __init__(
        self,
        builders: Iterable[Callable[[int], nn.Module]],
        input_size: int,
        *,
        width: int,
        residual: bool,
        norm: Norm,
        dropout: float = 0.0,
        time_first: bool = False,
    ) -> None:
        """Build the layers.

        Args:
            builders: one for each layer; each takes the number of input features and returns a layer as
                ``Model.build`` does, with `width` output features. A layer without a state may stand between
                others.
            input_size: features of a step.
            width: features of each layer's outputs.
            residual: whether a layer's inputs are added to its outputs.
            norm: normalisation of a layer's inputs; see above for those of the lowest.
            dropout: share of the outputs that is set to zero while training.
            time_first: whether what lies between the layers lies in memory time first, as layers that run step by
                step like it, and the outputs too; shapes are the same.
        """
        super().__init__()
        self.enter = nn.Linear(input_size, width) if residual and input_size != width else nn.Identity()
        first = width if residual else input_size
        self.layers = nn.ModuleList()
        self.norms = nn.ModuleList()
        for build in builders:
            features = width if len(self.layers) else first
            is_raw = not (self.layers or residual)
            self.norms.append(_norm("none" if is_raw else norm, features))
            self.layers.append(build(features))
        self.leave = _norm(norm if residual else "none", width)
        self.residual, self.dropout, self.time_first = residual, dropout, time_first

    def forward(self, inputs: Tensor, state: Any = None, lengths: Tensor | None = None) -> tuple[Tensor, Any]:
        """Run the layers.

        Args:
            inputs: [batch, time, input_size].
            state: as returned; None for a sequence's start.
            lengths: real steps of each row, [batch]; handed on to layers that look ahead, for which it is given.

        Returns:
            Outputs, [batch, time, width], and a tuple of the layers' states; None if no layer has a state.
        """
        x, states = self.enter(self._turned(inputs).contiguous() if self.time_first else inputs), []
        looking = {} if lengths is None else {"lengths": lengths}
        for number, (norm, layer) in enumerate(zip(self.norms, self.layers, strict=True)):
            outputs, after = layer(self._turned(norm(x)), None if state is None else state[number], **looking)
            states.append(after)
            outputs = self._turned(outputs)
            if self.residual:
                x = x + dropout(outputs, self.dropout, self.training)
            else:
                is_last = number == len(self.layers) - 1
                x = outputs if is_last else dropout(outputs, self.dropout, self.training)
        return self._turned(self.leave(x)), None if all(each is None for each in states) else tuple(states)

    def _turned(self, x: Tensor) -> Tensor:
        """Swap the axes of batch and time where what lies between the layers is kept time first."""
        return x.transpose(0, 1) if self.time_first else x


def _norm(norm: Norm, features: int) -> nn.Module:
    match norm:
        case "none":
            return nn.Identity()
        case "layer":
            return nn.LayerNorm(features)
        case "rms":
            return nn.RMSNorm(features)
