"""Runs a network over a text as one stream: piece by piece in bounded memory, with the state carried over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from seqbench.contracts.examples import Batch, Split
from seqbench.data.batches import EVALUATION_OUTPUTS
from seqbench.network.chunks import CHUNK_STEPS
from seqbench.network.network import Network, number_of


def why_not_streamed(network: Network) -> str | None:
    """Return why a network's state cannot be carried over a text of any length; None if it can."""
    if not network.is_causal:
        return "the layer looks ahead, and is not read as a stream"
    if network.state_size == 0:
        return "the layer has no state to carry over from piece to piece"
    if network.state_growth:
        return "the layer's state grows with each step, and is not carried over a whole text"
    return None


@torch.no_grad()
def streamed(
    network: Network, stream: Split, before_each: Callable[[int], None]
) -> Iterator[tuple[Tensor, Batch]]:
    """Yield the outputs of each piece of a text, with the piece as a batch.

    Args:
        network: in evaluation mode, with a state of a fixed size.
        stream: one row, or a few that are read side by side.
        before_each: called with the number of each piece.
    """
    whole = stream.batch(torch.arange(len(stream)))
    device, state = number_of(network).device, None
    steps = _piece_steps(network, len(stream))
    for number, first in enumerate(range(0, whole.inputs.shape[1], steps)):
        before_each(number)
        batch = _piece(whole, first, steps, device)
        hidden, state = network.hidden(batch.inputs, state)
        yield network.targets.outputs(hidden, batch.lengths, network.head), batch


def _piece_steps(network: Network, rows: int) -> int:
    """Return the steps of a piece, so that neither its outputs nor the layer's memory depend on the text."""
    by_outputs = EVALUATION_OUTPUTS // (rows * max(1, network.targets.outputs_per_step))
    return max(1, min(CHUNK_STEPS, by_outputs))


def _piece(whole: Batch, first: int, steps: int, device: torch.device) -> Batch:
    inputs, targets = (each[:, first : first + steps].to(device) for each in (whole.inputs, whole.targets))
    return Batch(inputs, targets, torch.full((len(inputs),), inputs.shape[1], device=device))
