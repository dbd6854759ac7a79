"""Chooses how the layer of one cell is fed: as its training settings say; ``auto`` depends on the machine.

The machine only decides what the backward pass recomputes, which changes no bit.
"""

from __future__ import annotations

import logging

import torch
from torch import nn

from seqbench.errors import ContractError
from seqbench.experiment.schema import Training
from seqbench.network.chunks import PIECE, Feeding, kept_bytes
from seqbench.network.network import Network
from seqbench.training.memory import fair_share

log = logging.getLogger(__name__)

SHARE = 0.5
"""Share of a cell's memory that activations may use before chunks are recomputed."""
MEASURED = 64
"""Time steps for measuring the activations, which grow linearly with the steps."""


def feeding_of(network: Network, training: Training, features: int, steps: int) -> Feeding:
    """Return how to feed a network's layer during training.

    A layer without a state is fed whole: it cannot be run in pieces, and nothing of it can be run again for
    less memory. torch's global generator is left as it is.

    Args:
        network: its layer is run on a few steps, for ``auto``.
        training: ``recompute``, ``truncate`` and ``batch_size``.
        features: of an embedded step.
        steps: of the longest sequence.

    Raises:
        ContractError: gradients are to be truncated in a layer that carries no state, or pieces to be run
            again whose random numbers cannot be drawn again.
    """
    if network.state_size == 0:
        if training.truncate is not None:
            raise ContractError(
                f"training.truncate is {training.truncate}, and the layer carries no state from step to step:"
                " there is nothing to truncate; leave it out for this model"
            )
        return Feeding()
    return Feeding(PIECE, is_recomputed(network.layer, training, features, steps), training.truncate)


def is_recomputed(layer: nn.Module, training: Training, features: int, steps: int) -> bool:
    """Say whether the backward pass recomputes the chunks of a layer with a state.

    Raises:
        ContractError: they are to be, and their random numbers cannot be drawn again.
    """
    if steps > PIECE and torch.cuda.is_available() and _drops_out_in_cudnn(layer):
        if training.recompute is True:
            raise ContractError(
                "training.recompute is true, and on a GPU the dropout between the layers of torch's recurrent"
                " networks is drawn by cuDNN, which cannot draw it again: set it to false, or dropout to 0, or"
                " executor.gpus to 0"
            )
        return False
    if training.recompute != "auto" or steps <= PIECE:
        return training.recompute is True
    with torch.random.fork_rng(devices=[]):
        embedded = torch.zeros(training.batch_size, MEASURED, features, requires_grad=True)
        needed = kept_bytes(layer, embedded) * steps // MEASURED
    room = int(SHARE * _room())
    log.info(
        "the backward pass over %d steps keeps %d MiB, and may keep %d MiB: pieces are %s",
        steps,
        needed >> 20,
        room >> 20,
        "run again" if needed > room else "kept",
    )
    return needed > room


def _drops_out_in_cudnn(layer: nn.Module) -> bool:
    recurrent = (module for module in layer.modules() if isinstance(module, nn.RNNBase))
    return any(module.dropout > 0 and module.num_layers > 1 for module in recurrent)


def _room() -> int:
    """Return the bytes that one cell may use: those of a GPU, or the machine's memory for each of its cores."""
    return int(torch.cuda.mem_get_info()[1]) if torch.cuda.is_available() else fair_share()
