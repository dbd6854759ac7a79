"""Runs the recurrent models on a CPU where torch has no fused kernel: ``rnn``, ``gru``, and ``lstm`` in float64.

Torch records some ten operations a step and multiplies out the gradient of V at every step. Here the passes are
those of `recurrence`. The layers are the same as torch's. Other devices run torch's own kernels.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

from seqbench_recurrent.blocks import Block, Spares, State
from seqbench_recurrent.cells import Gated, Long, Relu, Tanh
from seqbench_recurrent.recurrence import Recurrence

_ELMAN: Mapping[str, type[Block]] = {"tanh": Tanh, "relu": Relu}


class StepwiseRNN(nn.RNN):
    """``torch.nn.RNN(batch_first=True)``, with passes of our own on a CPU."""

    def __init__(
        self, input_size: int, hidden_size: int, layers: int, *, nonlinearity: str, dropout: float
    ) -> None:
        super().__init__(
            input_size, hidden_size, layers, nonlinearity=nonlinearity, batch_first=True, dropout=dropout
        )
        self._spares = Spares(_ELMAN[nonlinearity])

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Run a sequence [batch, time, input_size]; see ``torch.nn.RNN``."""
        if not _trains_on_cpu(inputs):
            return super().forward(inputs, state)
        outputs, (h,) = _run_layers(self, self._spares, inputs, (_given(self, inputs, state),))
        return outputs, h


class StepwiseGRU(nn.GRU):
    """``torch.nn.GRU(batch_first=True)``, with passes of our own on a CPU."""

    def __init__(self, input_size: int, hidden_size: int, layers: int, *, dropout: float) -> None:
        super().__init__(input_size, hidden_size, layers, batch_first=True, dropout=dropout)
        self._spares = Spares(Gated)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Run a sequence [batch, time, input_size]; see ``torch.nn.GRU``."""
        if not _trains_on_cpu(inputs):
            return super().forward(inputs, state)
        outputs, (h,) = _run_layers(self, self._spares, inputs, (_given(self, inputs, state),))
        return outputs, h


class StepwiseLSTM(nn.LSTM):
    """``torch.nn.LSTM(batch_first=True)``, with passes of our own in float64 on a CPU.

    In float32 they take 1.4 to 2.2 times as long as torch's fused kernel (64 and 128 units, batches of 16 and 32).
    """

    def __init__(self, input_size: int, hidden_size: int, layers: int, *, dropout: float) -> None:
        super().__init__(input_size, hidden_size, layers, batch_first=True, dropout=dropout)
        self._spares = Spares(Long)

    def forward(  # type: ignore[override]
        self, inputs: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Run a sequence [batch, time, input_size]; see ``torch.nn.LSTM``."""
        if inputs.dtype != torch.float64 or not _trains_on_cpu(inputs):
            return super().forward(inputs, state)
        h, c = state or (None, None)
        both = (_given(self, inputs, h), _given(self, inputs, c))
        outputs, (h, c) = _run_layers(self, self._spares, inputs, both)
        return outputs, (h, c)


def _trains_on_cpu(inputs: Tensor) -> bool:
    # Without gradients torch's own loop is as fast (0.8 to 1.3 of the time, by batch), up to rounding the same.
    # In bfloat16 torch chooses a type for each operation, which passes written out by hand do not follow.
    is_mixed = torch.is_autocast_enabled("cpu")
    return inputs.device.type == "cpu" and torch.is_grad_enabled() and not is_mixed


def _given(layer: nn.RNNBase, inputs: Tensor, state: Tensor | None) -> Tensor:
    """Return a state, or zeros: [layers, batch, hidden]."""
    if state is None:
        return inputs.new_zeros(layer.num_layers, len(inputs), layer.hidden_size)
    layer.check_hidden_size(state, layer.get_expected_hidden_size(inputs, None))
    return state


def _run_layers(layer: nn.RNNBase, spares: Spares, inputs: Tensor, states: State) -> tuple[Tensor, State]:
    """Run all layers, each on the outputs of the one below."""
    outputs, last = inputs, []
    for number, state in enumerate(zip(*(part.unbind(0) for part in states), strict=True)):
        if number:
            outputs = dropout(outputs, layer.dropout, layer.training)
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weights = (getattr(layer, f"{name}_l{number}") for name in names)
        outputs, *after = Recurrence.apply(spares, outputs, *weights, *state)  # type: ignore[no-untyped-call]
        last.append(after)
    return outputs, tuple(torch.stack(parts) for parts in zip(*last, strict=True))
