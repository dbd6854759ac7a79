"""Offers the classic recurrent layers: the models ``rnn``, ``lstm``, ``gru``, ``irnn``, ``scornn`` and ``esn``."""

from __future__ import annotations

from collections.abc import Iterator

from seqbench import Model, hookimpl
from seqbench_recurrent.esn import ESN
from seqbench_recurrent.irnn import IRNN
from seqbench_recurrent.models import GRU, LSTM, RNN
from seqbench_recurrent.scornn import ScoRNN


@hookimpl
def seqbench_models() -> Iterator[type[Model]]:
    """Yield the models."""
    yield RNN
    yield LSTM
    yield GRU
    yield IRNN
    yield ScoRNN
    yield ESN
