"""Offers the classic recurrent layers: the models ``rnn``, ``lstm`` and ``gru``."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Model, hookimpl
from seqbench_recurrent.models import GRU, LSTM, RNN


@hookimpl
def seqbench_models() -> Iterator[type[Model]]:
    """Yield the three models."""
    yield RNN
    yield LSTM
    yield GRU
