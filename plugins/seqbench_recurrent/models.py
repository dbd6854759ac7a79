"""Defines the models ``rnn``, ``lstm`` and ``gru``: torch's own layers, initialised as their parameters say.

Each docstring says which torch weight is which letter of the equations. Where torch has no fused kernel on a CPU,
the passes of `steps` are used; the linear ``rnn`` is that of `linear`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from seqbench import Norm, added_later
from seqbench_recurrent.classic import Classic, Initialisation, Share, Size

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class RNN(Classic):
    """Elman network (Elman 1990): h_t = f(U x_t + V h_{t-1} + b), h_0 = 0, output W h_t.

    In the layer that `build` returns, for the first layer (``_l1``, ``_l2``, ... are those above it):

    ======  ===============================  =============================
    letter  torch weight                     shape
    ======  ===============================  =============================
    U       ``weight_ih_l0``                 [hidden_size, input_size]
    V       ``weight_hh_l0``                 [hidden_size, hidden_size]
    b       ``bias_ih_l0 + bias_hh_l0``      [hidden_size]
    W       ``weight`` of the harness' head  [head size, hidden_size]
    ======  ===============================  =============================

    The harness' head also adds a bias to W h_t; torch keeps two vectors of which only the sum, b, matters.

    Attributes:
        hidden_size: numbers in h_t.
        layers: how many layers stand on each other; the x_t of an upper one is the h_t below it.
        dropout: share of h_t that is set to zero between two layers while training; with `residual`, above every
            layer.
        nonlinearity: f, ``tanh``, ``relu`` or ``identity``. With the last the network is linear, and V alone says
            how gradients flow: for teaching, and slow, as torch has no kernel for it.
        initialisation: see `Initialisation`.
        bidirectional: whether a second layer reads from the end; the model then looks ahead, and has outputs of
            2 * hidden_size numbers.
        residual: whether a layer's inputs are added to its outputs.
        norm: normalisation of a layer's inputs, ``none``, ``layer`` or ``rms``.
    """

    name: ClassVar[str] = "rnn"
    version: ClassVar[int] = 3
    reference: ClassVar[str] = """
        @article{elman1990,
          author = {Elman, Jeffrey L.},
          title = {Finding Structure in Time},
          journal = {Cognitive Science},
          volume = {14},
          number = {2},
          pages = {179--211},
          year = {1990}
        }
    """
    hidden_size: Size = 128
    layers: Size = 1
    dropout: Share = 0.0
    nonlinearity: Literal["tanh", "relu", "identity"] = "tanh"
    initialisation: Initialisation = "default"
    bidirectional: bool = added_later(False)
    residual: bool = added_later(False)
    norm: Norm = added_later("none")

    def plain(self, input_size: int, layers: int) -> nn.Module:
        """Return a ``torch.nn.RNN`` that is faster on a CPU; for ``identity`` one with the same weights and calls.

        >>> layer = RNN(hidden_size=5).plain(input_size=3, layers=1)
        >>> {letter: tuple(layer.get_parameter(name).shape)
        ...  for letter, name in {"U": "weight_ih_l0", "V": "weight_hh_l0"}.items()}
        {'U': (5, 3), 'V': (5, 5)}
        """
        layer = self._as_drawn(input_size, layers)
        if self.initialisation == "orthogonal":
            _make_orthogonal(layer, gates=1)
        return layer

    def _as_drawn(self, input_size: int, layers: int) -> nn.Module:
        if self.nonlinearity == "identity":
            from seqbench_recurrent.linear import LinearRNN

            return LinearRNN(input_size, self.hidden_size, layers, self._between(layers))
        from seqbench_recurrent.steps import StepwiseRNN

        return StepwiseRNN(
            input_size,
            self.hidden_size,
            layers,
            nonlinearity=self.nonlinearity,
            dropout=self._between(layers),
        )


@dataclass(frozen=True)
class LSTM(Classic):
    """Long short-term memory (Hochreiter & Schmidhuber 1997) with a forget gate (Gers et al. 2000).

    With s the logistic function and * element by element:

        i_t = s(U_i x_t + V_i h_{t-1} + b_i)        g_t = tanh(U_g x_t + V_g h_{t-1} + b_g)
        f_t = s(U_f x_t + V_f h_{t-1} + b_f)        c_t = f_t * c_{t-1} + i_t * g_t
        o_t = s(U_o x_t + V_o h_{t-1} + b_o)        h_t = o_t * tanh(c_t)

    U, V and b are torch's ``weight_ih_l0``, ``weight_hh_l0`` and ``bias_ih_l0 + bias_hh_l0``, each with the
    four blocks one under the other in the order i, f, g, o; there are no peepholes.

    Attributes:
        hidden_size: numbers in h_t, and as many in c_t.
        layers: how many layers stand on each other.
        dropout: share of h_t that is set to zero between two layers while training; with `residual`, above every
            layer.
        forget_bias: b_f at the start, in every layer. With 1 the gates begin mostly open, without which an
            LSTM often fails to learn long lags (Jozefowicz et al. 2015).
        initialisation: see `Initialisation`.
        bidirectional: whether a second layer reads from the end; the model then looks ahead, and has outputs of
            2 * hidden_size numbers.
        residual: whether a layer's inputs are added to its outputs.
        norm: normalisation of a layer's inputs, ``none``, ``layer`` or ``rms``.
    """

    name: ClassVar[str] = "lstm"
    version: ClassVar[int] = 2
    reference: ClassVar[str] = """
        @article{hochreiter1997,
          author = {Hochreiter, Sepp and Schmidhuber, J{\\"u}rgen},
          title = {Long Short-Term Memory},
          journal = {Neural Computation},
          volume = {9},
          number = {8},
          pages = {1735--1780},
          year = {1997}
        }

        @article{gers2000,
          author = {Gers, Felix A. and Schmidhuber, J{\\"u}rgen and Cummins, Fred},
          title = {Learning to Forget: Continual Prediction with {LSTM}},
          journal = {Neural Computation},
          volume = {12},
          number = {10},
          pages = {2451--2471},
          year = {2000}
        }
    """
    parts: ClassVar[tuple[str, ...]] = ("hidden", "cell")
    hidden_size: Size = 128
    layers: Size = 1
    dropout: Share = 0.0
    forget_bias: Annotated[float, Field(allow_inf_nan=False)] = 1.0
    initialisation: Initialisation = "default"
    bidirectional: bool = added_later(False)
    residual: bool = added_later(False)
    norm: Norm = added_later("none")

    def plain(self, input_size: int, layers: int) -> nn.Module:
        """Return a ``torch.nn.LSTM`` whose gradients are measured faster on a CPU; its state is (h_T, c_T)."""
        from seqbench_recurrent.steps import StepwiseLSTM

        layer = StepwiseLSTM(input_size, self.hidden_size, layers, dropout=self._between(layers))
        if self.initialisation == "orthogonal":
            _make_orthogonal(layer, gates=4)
        _set_forget_bias(layer, self.forget_bias)
        return layer


@dataclass(frozen=True)
class GRU(Classic):
    """Gated recurrent unit (Cho et al. 2014), in the variant that torch and cuDNN compute.

    With s the logistic function and * element by element:

        r_t = s(U_r x_t + V_r h_{t-1} + b_r)        n_t = tanh(U_n x_t + b_n + r_t * (V_n h_{t-1} + d_n))
        z_t = s(U_z x_t + V_z h_{t-1} + b_z)        h_t = (1 - z_t) * n_t + z_t * h_{t-1}

    Cho et al. reset h_{t-1} before the product with V_n; here the product is reset. U and V are torch's
    ``weight_ih_l0`` and ``weight_hh_l0``, blocks in the order r, z, n; b_r and b_z are the sums of both bias
    vectors, b_n comes from ``bias_ih_l0`` and d_n from ``bias_hh_l0``.

    Attributes:
        hidden_size: numbers in h_t.
        layers: how many layers stand on each other.
        dropout: share of h_t that is set to zero between two layers while training; with `residual`, above every
            layer.
        initialisation: see `Initialisation`.
        bidirectional: whether a second layer reads from the end; the model then looks ahead, and has outputs of
            2 * hidden_size numbers.
        residual: whether a layer's inputs are added to its outputs.
        norm: normalisation of a layer's inputs, ``none``, ``layer`` or ``rms``.
    """

    name: ClassVar[str] = "gru"
    version: ClassVar[int] = 3
    reference: ClassVar[str] = """
        @inproceedings{cho2014,
          author = {Cho, Kyunghyun and van Merri{\\"e}nboer, Bart and Gulcehre, Caglar and Bahdanau, Dzmitry and
                    Bougares, Fethi and Schwenk, Holger and Bengio, Yoshua},
          title = {Learning Phrase Representations using {RNN} Encoder--Decoder for Statistical Machine
                   Translation},
          booktitle = {Proceedings of the 2014 Conference on Empirical Methods in Natural Language Processing},
          pages = {1724--1734},
          year = {2014}
        }
    """
    hidden_size: Size = 128
    layers: Size = 1
    dropout: Share = 0.0
    initialisation: Initialisation = "default"
    bidirectional: bool = added_later(False)
    residual: bool = added_later(False)
    norm: Norm = added_later("none")

    def plain(self, input_size: int, layers: int) -> nn.Module:
        """Return a ``torch.nn.GRU`` that is faster on a CPU."""
        from seqbench_recurrent.steps import StepwiseGRU

        layer = StepwiseGRU(input_size, self.hidden_size, layers, dropout=self._between(layers))
        if self.initialisation == "orthogonal":
            _make_orthogonal(layer, gates=3)
        return layer


def _make_orthogonal(layer: nn.Module, gates: int) -> None:
    """Draw V of every layer, gate by gate, from torch's global generator, which the harness seeds."""
    from torch import nn

    for name, weight in layer.named_parameters():
        if name.startswith("weight_hh"):
            for block in weight.detach().chunk(gates):
                nn.init.orthogonal_(block)


def _set_forget_bias(layer: nn.RNNBase, value: float) -> None:
    """Give the f block (the second of i, f, g, o) of the two biases that torch adds up ``value`` and 0."""
    for name, bias in layer.named_parameters():
        if name.startswith("bias"):
            bias.detach().chunk(4)[1].fill_(value if name.startswith("bias_ih") else 0.0)
