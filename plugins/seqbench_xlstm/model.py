"""Describes the model ``xlstm``: its parameters, their limits, and the names of its state and weights."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from seqbench import Model, Norm

if TYPE_CHECKING:
    from torch import nn

Size = Annotated[int, Field(ge=1)]

BLOCK = 4
"""Rows and columns of the blocks of the maps to queries, keys and values (Beck et al. 2024, appendix A.4)."""


@dataclass(frozen=True)
class XLSTM(Model):
    """Extended long short-term memory (Beck et al. 2024, arXiv 2405.04517), xLSTM[a:b].

    An sLSTM layer has cells with exponential input gates, a normaliser, and recurrent weights within each head
    (equations 8 to 17: `seqbench_xlstm.cells`). An mLSTM layer has a matrix for each head as its memory, and no
    recurrent weights, so that a chunk of steps is computed by matrix products (equations 19 to 27:
    `seqbench_xlstm.memory`). The blocks around them are those of the figures of its appendix A.4: an sLSTM is
    followed by a gated MLP, which counts as part of its layer; an mLSTM stands between a map to twice the width
    and one back. The forget gates are sigmoids, one of the paper's two choices, and that of its authors' code.

    Attributes:
        hidden_size: width of the outputs; with an sLSTM layer a multiple of `heads`.
        layers: blocks on each other.
        ratio: a:b of the paper's xLSTM[a:b]: a layers of mLSTM, then b of sLSTM, again and again from the lowest
            layer up. ``1:0`` has mLSTM only, ``0:1`` sLSTM only.
        heads: independent memories side by side in a layer.
        up_size: width inside an mLSTM layer, a multiple of `heads` and of 4. None for 2 * hidden_size, rounded up
            to such a multiple.
        mlp_size: width inside the MLP that follows an sLSTM. None for 4/3 * hidden_size.
        residual: whether a block's inputs are added to its outputs.
        norm: normalisation of a block's inputs.
        dropout: share of a block's outputs that is set to zero while training.
    """

    name: ClassVar[str] = "xlstm"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @inproceedings{beck2024,
          author = {Beck, Maximilian and P{\\"o}ppel, Korbinian and Spanring, Markus and Auer, Andreas and
                    Prudnikova, Oleksandra and Kopp, Michael and Klambauer, G{\\"u}nter and
                    Brandstetter, Johannes and Hochreiter, Sepp},
          title = {{xLSTM}: Extended Long Short-Term Memory},
          booktitle = {Advances in Neural Information Processing Systems},
          volume = {37},
          year = {2024},
          eprint = {2405.04517},
          archivePrefix = {arXiv}
        }
    """
    hidden_size: Size = 128
    layers: Size = 2
    ratio: str = "1:1"
    heads: Size = 4
    up_size: Size | None = None
    mlp_size: Size | None = None
    residual: bool = True
    norm: Norm = "layer"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not re.fullmatch(r"[0-9]{1,3}:[0-9]{1,3}", self.ratio) or sum(self._counts) == 0:
            raise ValueError(
                f"ratio is {self.ratio!r}; write how many mLSTM layers come before how many of sLSTM, as in 7:1"
            )
        if "sLSTM" in self.kinds and self.hidden_size % self.heads:
            raise ValueError(
                f"hidden_size is {self.hidden_size} and heads is {self.heads}; with an sLSTM layer hidden_size is"
                " to be a multiple of heads (mlp_size sets the number of weights more finely)"
            )
        if self.up_size is not None and self.up_size % self._up_step:
            raise ValueError(
                f"up_size is {self.up_size}; it must be a multiple of heads and of {BLOCK}, so of {self._up_step}"
            )

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kind of each layer, from the lowest up.

        >>> XLSTM(layers=5, ratio="2:1").kinds
        ('mLSTM', 'mLSTM', 'sLSTM', 'mLSTM', 'mLSTM')
        """
        a, b = self._counts
        return tuple("mLSTM" if number % (a + b) < a else "sLSTM" for number in range(self.layers))

    @property
    def state_parts(self) -> tuple[str, ...]:
        """Names of the parts; the stabilisers are integers and have none."""
        parts = {"mLSTM": ("memory", "normaliser", "window"), "sLSTM": ("hidden", "cell", "normaliser", "window")}
        ends = [""] if self.layers == 1 else [f"_{number}" for number in range(self.layers)]
        return tuple(part + end for kind, end in zip(self.kinds, ends, strict=True) for part in parts[kind])

    @property
    def width_parameters(self) -> tuple[str, ...]:
        """The parameters that set how many weights there are: one for the outputs, and one that is finer."""
        return "hidden_size", "mlp_size" if "sLSTM" in self.kinds else "up_size"

    def build(self, input_size: int) -> nn.Module:
        """Return the blocks, on each other."""
        from seqbench_xlstm.blocks import build_blocks

        return build_blocks(
            self.kinds,
            input_size,
            self.hidden_size,
            heads=self.heads,
            up_size=self.up_size or math.ceil(2 * self.hidden_size / self._up_step) * self._up_step,
            mlp_size=self.mlp_size or round(self.hidden_size * 4 / 3),
            residual=self.residual,
            norm=self.norm,
            dropout=self.dropout,
        )

    def weight_groups(self, layer: nn.Module) -> Mapping[str, Iterable[str]]:
        """Return U, from a block's inputs to gates, queries, keys and values, and V, recurrent, of all layers."""
        names = [name for name, _ in layer.named_parameters()]
        marks = {
            "U": ("queries.", "keys.", "values.", "gates.", "if_gates.", "zo_gates."),
            "V": ("recurrent",),
        }
        return {
            group: [name for name in names if any(f".{word}" in f".{name}" for word in words)]
            for group, words in marks.items()
        }

    @property
    def _counts(self) -> tuple[int, int]:
        """How many layers of mLSTM come before how many of sLSTM."""
        a, b = map(int, self.ratio.split(":"))
        return a, b

    @property
    def _up_step(self) -> int:
        return math.lcm(self.heads, BLOCK)
