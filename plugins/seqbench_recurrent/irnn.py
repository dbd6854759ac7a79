"""Defines the model ``irnn``: an Elman network of rectified units that starts with the identity as V."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from seqbench import Norm
from seqbench_recurrent.classic import Classic, Share, Size

if TYPE_CHECKING:
    from torch import nn

INPUT_DEVIATION = 0.001
"""Standard deviation of U at the start, for all the tasks of the paper (section 3)."""


@dataclass(frozen=True)
class IRNN(Classic):
    """IRNN (Le et al. 2015, "A simple way to initialize recurrent networks of rectified linear units").

    h_t = max(U x_t + V h_{t-1} + b, 0). V starts as the identity and b as 0, so that at first h_t is h_{t-1} plus
    what comes in, and its gradient flows back unchanged; U is drawn from a normal distribution with the standard
    deviation 0.001. The head is the harness's, and starts as that of every model, not as the paper's.

    U, V and b are torch's ``weight_ih_l0``, ``weight_hh_l0`` and ``bias_ih_l0 + bias_hh_l0``; ``_l1``, ``_l2`` and
    so on are those of the layers above.

    Attributes:
        hidden_size: numbers in h_t.
        layers: how many layers stand on each other; the x_t of an upper one is the h_t below it.
        dropout: share of h_t that is set to zero between two layers while training; with `residual`, above every
            layer.
        identity: V starts as so many times the identity. The paper takes 1 for long lags, and 0.01 for speech,
            where short ones matter more.
        bidirectional: whether a second layer reads from the end; the model then looks ahead, and has outputs of
            2 * hidden_size numbers.
        residual: whether a layer's inputs are added to its outputs.
        norm: normalisation of a layer's inputs, ``none``, ``layer`` or ``rms``.
    """

    name: ClassVar[str] = "irnn"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @misc{le2015,
          author = {Le, Quoc V. and Jaitly, Navdeep and Hinton, Geoffrey E.},
          title = {A Simple Way to Initialize Recurrent Networks of Rectified Linear Units},
          year = {2015},
          eprint = {1504.00941},
          archivePrefix = {arXiv}
        }
    """
    hidden_size: Size = 128
    layers: Size = 1
    dropout: Share = 0.0
    identity: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    bidirectional: bool = False
    residual: bool = False
    norm: Norm = "none"

    def plain(self, input_size: int, layers: int) -> nn.Module:
        """Return a ``torch.nn.RNN`` of rectified units that is faster on a CPU.

        >>> layer = IRNN(hidden_size=2, identity=0.5).plain(input_size=3, layers=1)
        >>> layer.weight_hh_l0.tolist()
        [[0.5, 0.0], [0.0, 0.5]]
        """
        from torch import nn

        from seqbench_recurrent.steps import StepwiseRNN

        layer = StepwiseRNN(
            input_size, self.hidden_size, layers, nonlinearity="relu", dropout=self._between(layers)
        )
        for name, weight in layer.named_parameters():
            if name.startswith("weight_ih"):
                nn.init.normal_(weight, std=INPUT_DEVIATION)
            elif name.startswith("weight_hh"):
                nn.init.eye_(weight).detach().mul_(self.identity)
            else:
                nn.init.zeros_(weight)
        return layer
