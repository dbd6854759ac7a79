"""Offers the model ``attention``, and says which weight is which matrix of the paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from seqbench import Model, Norm, stacked_parts

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Attention(Model):
    """Causal transformer (Vaswani et al. 2017), pre-norm, with rotary positions (Su et al. 2021).

    Each block has two sublayers, multi-head attention and an MLP, each a layer of the shared wrapper:
    x <- x + dropout(sublayer(norm(x))). For each of the heads, at step t, with R_t the rotation by position t:

        q_t = R_t W_q x_t      k_t = R_t W_k x_t      v_t = W_v x_t
        a_t = sum over s <= t of softmax_s(q_t . k_s / sqrt(head_size)) v_s
        attention: W_o (a_t of all heads, one after the other)        MLP: W_2 max(0, W_1 x_t + b_1) + b_2

    The state holds k_s and v_s of all steps so far, [batch, heads, steps, head_size] each: it grows by the step.

    Attributes:
        hidden_size: numbers in x_t.
        layers: blocks of attention and MLP.
        heads: heads of each attention.
        head_size: numbers in q_t, k_t and v_t of a head, an even number; null for hidden_size / heads, rounded up
            to an even number. heads * head_size need not be hidden_size.
        mlp_size: numbers between W_1 and W_2; null for 4 * hidden_size.
        positions: rotary, or none: then a step knows the order of earlier steps only from how many there are.
        residual: whether the inputs of a sublayer are added to its outputs.
        norm: normalisation of the inputs of a sublayer, and with residual connections of the last outputs.
        dropout: share of a sublayer's outputs that is set to zero while training.
    """

    name: ClassVar[str] = "attention"
    version: ClassVar[int] = 1
    reference: ClassVar[str] = """
        @inproceedings{vaswani2017,
          author = {Vaswani, Ashish and Shazeer, Noam and Parmar, Niki and Uszkoreit, Jakob and Jones, Llion and
                    Gomez, Aidan N. and Kaiser, {\\L}ukasz and Polosukhin, Illia},
          title = {Attention Is All You Need},
          booktitle = {Advances in Neural Information Processing Systems},
          volume = {30},
          year = {2017}
        }

        @article{su2021,
          author = {Su, Jianlin and Lu, Yu and Pan, Shengfeng and Murtadha, Ahmed and Wen, Bo and Liu, Yunfeng},
          title = {{RoFormer}: Enhanced Transformer with Rotary Position Embedding},
          journal = {arXiv:2104.09864},
          year = {2021}
        }
    """
    time_exponent: ClassVar[float] = 2.0
    hidden_size: Annotated[int, Field(ge=1)] = 128
    layers: Annotated[int, Field(ge=1)] = 2
    heads: Annotated[int, Field(ge=1)] = 4
    head_size: Annotated[int | None, Field(ge=2, multiple_of=2)] = None
    mlp_size: Annotated[int | None, Field(ge=1)] = None
    positions: Literal["rotary", "none"] = "rotary"
    residual: bool = True
    norm: Norm = "layer"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0

    @property
    def state_parts(self) -> tuple[str, ...]:
        """Keys and values of each block."""
        return stacked_parts(("keys", "values"), self.layers)

    def build(self, input_size: int) -> nn.Module:
        """Return the blocks; their state is a tuple with (keys, values) for each attention and None for each MLP.

        >>> layer = Attention(hidden_size=6, layers=1).build(3)
        >>> layer.layers[0].queries.weight.shape
        torch.Size([8, 6])
        """
        from seqbench import Stack
        from seqbench_attention.sublayers import MLP, CausalAttention

        head_size = self.head_size or 2 * -(-self.hidden_size // (2 * self.heads))
        attention = partial(
            CausalAttention,
            output_size=self.hidden_size,
            heads=self.heads,
            head_size=head_size,
            is_rotary=self.positions == "rotary",
        )
        mlp = partial(MLP, output_size=self.hidden_size, inner_size=self.mlp_size or 4 * self.hidden_size)
        return Stack(
            [attention, mlp] * self.layers,
            input_size,
            width=self.hidden_size,
            residual=self.residual,
            norm=self.norm,
            dropout=self.dropout,
        )

    def weight_groups(self, layer: nn.Module) -> Mapping[str, Iterable[str]]:
        """Return W_q, W_k and W_v of all attentions, W_o as ``outputs``, and W_1 and W_2 as ``mlp``."""
        names = [name for name, _ in layer.named_parameters()]
        marks = {
            "queries": (".queries.weight",),
            "keys": (".keys.weight",),
            "values": (".values.weight",),
            "outputs": (".outputs.weight",),
            "mlp": (".first.weight", ".second.weight"),
        }
        return {group: [name for name in names if name.endswith(ends)] for group, ends in marks.items()}
