"""Defines the model ``esn``: an echo state network, of which only the harness's head is trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from seqbench import Model
from seqbench_recurrent.classic import Size

if TYPE_CHECKING:
    from torch import nn

Above = Annotated[float, Field(gt=0, le=1e6)]


@dataclass(frozen=True)
class ESN(Model):
    """Echo state network (Jaeger 2001) of leaky units (Jaeger et al. 2007).

    ::

        h_t = (1 - leak) h_{t-1} + leak * tanh(U x_t + V h_{t-1} + b),    h_0 = 0

    U, V and b are drawn and never trained, and nor is the embedding of tokens: only the harness's head is. No
    gradient flows back through time in training, so that a step costs a forward pass. The head is trained by the
    optimiser that trains all heads, not by linear regression as in the papers, and reads h_t alone, not x_t.

    V is sparse and scaled to its spectral radius. The radius is that of V itself, not of (1 - leak) I + leak V, as
    in Lukosevicius (2012, "A practical guide to applying echo state networks"). Below 1 the network forgets how it
    began, for most inputs.

    Attributes:
        hidden_size: numbers in h_t.
        spectral_radius: the largest absolute value of an eigenvalue of V.
        leak: share of h that each step renews; 1 for units that do not leak.
        connections: how many numbers of h_{t-1} each one of h_t reads, or all if there are fewer.
        input_scale: U and b are uniform within input_scale / sqrt(features + 1), so that the size of U x_t + b
            does not depend on the number of features.
    """

    name: ClassVar[str] = "esn"
    version: ClassVar[int] = 1
    trains_embedding: ClassVar[bool] = False
    state_parts: ClassVar[tuple[str, ...]] = ("hidden",)
    # No width gives the layer a number of trained weights.
    width_parameters: ClassVar[tuple[str, ...]] = ()
    reference: ClassVar[str] = """
        @techreport{jaeger2001,
          author = {Jaeger, Herbert},
          title = {The ``Echo State'' Approach to Analysing and Training Recurrent Neural Networks},
          institution = {German National Research Center for Information Technology},
          type = {GMD Report},
          number = {148},
          year = {2001}
        }

        @article{jaeger2007,
          author = {Jaeger, Herbert and Luko{\\v{s}}evi{\\v{c}}ius, Mantas and Popovici, Dan and Siewert, Udo},
          title = {Optimization and Applications of Echo State Networks with Leaky-Integrator Neurons},
          journal = {Neural Networks},
          volume = {20},
          number = {3},
          pages = {335--352},
          year = {2007}
        }
    """
    hidden_size: Size = 128
    spectral_radius: Above = 0.9
    leak: Annotated[float, Field(gt=0, le=1)] = 1.0
    connections: Size = 10
    input_scale: Above = 1.0

    def build(self, input_size: int) -> nn.Module:
        """Return the layer.

        >>> sum(weights.numel() for weights in ESN(hidden_size=5).build(input_size=3).parameters())
        0
        """
        from seqbench_recurrent.reservoir import Reservoir

        return Reservoir(
            input_size,
            self.hidden_size,
            spectral_radius=self.spectral_radius,
            connections=self.connections,
            input_scale=self.input_scale,
            leak=self.leak,
        )

    def weight_groups(self, layer: nn.Module) -> Mapping[str, Iterable[str]]:
        """Return none: nothing of the layer is trained."""
        return {}
