"""Continues a row with a network, one step after the other, for as long as is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Generator, Tensor

from seqbench.contracts.task import Symbol
from seqbench.decoding.drawing import Drawing, Drawn, TokenDrawing
from seqbench.decoding.readers import reader
from seqbench.decoding.sampling import Sampling
from seqbench.errors import ContractError
from seqbench.network.network import Network

_TOKENS = TokenDrawing()


def continued(
    network: Network, prompt: Sequence[Symbol], sampling: Sampling, rng: Generator, drawing: Drawing = _TOKENS
) -> Iterator[Drawn]:
    """Yield the tokens, or sets of labels, that follow a prompt, without end.

    A layer with a state reads each token once. A layer without one reads the whole row again for each token.

    Args:
        network: causal, maps tokens to classes, or sets of labels to labels, in evaluation mode.
        prompt: one token or more.
        sampling: how a token is chosen.
        rng: gives as many numbers for each token, also where nothing is drawn.
        drawing: what is written at a step.

    Raises:
        ContractError: the scores of the next token are not finite numbers.
    """
    reading, written = reader(network), 0
    following = drawing.inputs(prompt)
    while True:
        with torch.no_grad():
            scores = reading.read(following)[0]
        _check_finite(scores, written)
        drawn = drawing.drawn(scores, sampling, rng)
        yield drawn
        following = drawing.inputs([drawn.token])
        written += 1


def cost_of(network: Network) -> str | None:
    """Return in which way each token takes longer than the one before it; None if it does not."""
    if network.state_size == 0:
        return "it carries no state, so the whole text is read again for each token"
    if network.state_growth:
        return f"its state grows by {network.state_growth:,} numbers with each token"
    return None


def _check_finite(scores: Tensor, written: int) -> None:
    """Refuse scores from which no token can be drawn: NaN or infinite; minus infinity is probability 0."""
    if bool(scores.isnan().any()) or not bool(scores.max().isfinite()):
        raise ContractError(
            f"after {written} tokens the network's scores of the next token are not finite numbers, so that none"
            " can be drawn; ask for fewer tokens, or train it again with a lower learning rate"
        )
