"""Chooses the chunks in which a cell's layer is fed, by its training settings; ``auto`` depends on the machine.

The machine only decides what the backward pass recomputes, which changes no bit.
"""

from __future__ import annotations

import logging

import torch
from torch import nn

from seqbench.errors import ContractError
from seqbench.experiment.schema import Training
from seqbench.network.chunks import CHUNK_STEPS, Chunking, kept_bytes
from seqbench.network.network import Network, state_growth
from seqbench.training.memory import fair_share

log = logging.getLogger(__name__)

SHARE = 0.5
"""Share of a cell's memory that activations may use before chunks are recomputed."""
MEASURED = 64
"""Time steps for measuring the activations, which grow linearly with the steps."""


def chunking_of(network: Network, training: Training, features: int, steps: int) -> Chunking:
    """Return how to feed a network's layer during training.

    A layer without a state, or one that looks ahead, is fed whole and never recomputed. Neither is one through
    which no gradient flows: it keeps nothing. torch's global generator is left unchanged.

    Args:
        network: its layer is run on a few steps, for ``auto``.
        training: ``recompute``, ``truncate`` and ``batch_size``.
        features: of an embedded step.
        steps: steps of the longest sequence.

    Raises:
        ContractError: gradients are to be truncated in a layer that carries no state, looks ahead or is not
            trained, or chunks recomputed that cannot draw their random numbers again.
    """
    if network.state_size == 0:
        if training.truncate is not None:
            why = "carries no state from step to step" if network.is_causal else "looks ahead and is fed whole"
            raise ContractError(
                f"training.truncate is {training.truncate}, and the layer {why}:"
                " there is nothing to truncate; leave it out for this model"
            )
        return Chunking()
    is_again = network.is_trained_through and is_recomputed(network.layer, training, features, steps)
    if training.truncate is not None and not network.is_trained_through:
        raise ContractError(
            f"training.truncate is {training.truncate}, and no gradient flows back through the layer, of which no"
            " weight is trained: there is nothing to truncate; leave it out for this model"
        )
    return Chunking(CHUNK_STEPS, is_again, training.truncate)


def is_recomputed(layer: nn.Module, training: Training, features: int, steps: int) -> bool:
    """Say whether the backward pass recomputes the chunks of a layer with a state.

    Raises:
        ContractError: recomputation is requested, and the layer cannot draw its random numbers again.
    """
    if training.recompute is not False and steps > CHUNK_STEPS and not draws_again(layer, features):
        if training.recompute is True:
            raise ContractError(
                "training.recompute is true, and on a GPU the layer drops out by a generator, such as cuDNN's"
                " between the layers of torch's recurrent networks, which cannot draw it again: set it to false,"
                " or dropout to 0, or executor.gpus to 0"
            )
        return False
    if training.recompute != "auto" or steps <= CHUNK_STEPS:
        return training.recompute is True
    with torch.random.fork_rng(devices=[]):
        embedded = torch.zeros(training.batch_size, MEASURED, features, requires_grad=True)
        needed = kept_bytes(layer, embedded) * steps // MEASURED
        needed += training.batch_size * carried_bytes(layer, features, steps)
    room = int(SHARE * _room())
    log.info(
        "the backward pass over %d steps keeps %d MiB, and may keep %d MiB: chunks are %s",
        steps,
        needed >> 20,
        room >> 20,
        "run again" if needed > room else "kept",
    )
    return needed > room


def carried_bytes(layer: nn.Module, features: int, steps: int) -> int:
    """Return the bytes of the states of one example between its chunks, above those of a state after one step.

    A state that grows is copied from chunk to chunk, and the backward pass needs each copy, recomputed or not.
    """
    return 4 * state_growth(layer, features) * sum(range(CHUNK_STEPS, steps, CHUNK_STEPS))


def draws_again(layer: nn.Module, features: int) -> bool:
    """Say whether a layer gives the same outputs when run again from the same state of torch's generators.

    On a CPU it does. On a GPU cuDNN draws from a generator of its own, which cannot be reset. There, a random
    layer is tried on a few steps.
    """
    if not torch.cuda.is_available():
        return True
    # cuDNN keeps the first seed that it draws, which must come from this cell.
    seed = torch.initial_seed()
    if not _is_random(layer, features, seed):
        return True
    try:
        layer.cuda()
        return second_chunk_is_drawn_again(layer, features, seed, torch.cuda.current_device())
    finally:
        layer.cpu()


def second_chunk_is_drawn_again(layer: nn.Module, features: int, seed: int, gpu: int | None = None) -> bool:
    """Run two chunks, and the second one again as a backward pass does; the generators are left unchanged.

    The first chunk tells nothing: some versions of torch seed cuDNN anew whenever torch's generators are set, and
    then the first chunk is drawn again, and no other.

    Args:
        layer: on the CPU, or on the GPU.
        features: of an embedded step.
        seed: of the generators before the first chunk.
        gpu: the number of the GPU; None for the CPU.
    """
    inputs = torch.zeros(2, MEASURED, features, device="cpu" if gpu is None else gpu)
    with torch.random.fork_rng([] if gpu is None else [gpu]), torch.no_grad():
        torch.manual_seed(seed)
        layer(inputs)
        on_cpu, on_gpu = torch.get_rng_state(), None if gpu is None else torch.cuda.get_rng_state(gpu)
        outputs = layer(inputs)[0]
        torch.set_rng_state(on_cpu)
        if on_gpu is not None:
            torch.cuda.set_rng_state(on_gpu, torch.cuda.current_device())
        return torch.equal(layer(inputs)[0], outputs)


def _is_random(layer: nn.Module, features: int, seed: int) -> bool:
    """Say whether a layer in training gives other outputs from another seed; generators are left unchanged."""
    inputs, outputs = torch.zeros(2, MEASURED, features), []
    with torch.random.fork_rng([]), torch.no_grad():
        for each in (seed, seed + 1):
            torch.manual_seed(each)
            outputs.append(layer(inputs)[0])
    return not torch.equal(*outputs)


def _room() -> int:
    """Return the bytes that one cell may use: those of a GPU, or the machine's memory for each of its cores."""
    return int(torch.cuda.mem_get_info()[1]) if torch.cuda.is_available() else fair_share()
