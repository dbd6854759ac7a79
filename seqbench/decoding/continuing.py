"""Continues a row of tokens with a network, one token after the other, for as long as is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from seqbench.decoding.readers import reader
from seqbench.decoding.sampling import Sampling, draw, probabilities
from seqbench.errors import ContractError
from seqbench.network.network import Network


class Drawn(NamedTuple):
    """A token that was written.

    Attributes:
        token: its number.
        log_probability: what the network itself gives it, in nats: before temperature, top-k and top-p.
    """

    token: int
    log_probability: float


def continued(network: Network, prompt: Sequence[int], sampling: Sampling, rng: Generator) -> Iterator[Drawn]:
    """Yield the tokens that follow a prompt, without end.

    A layer with a state reads each token once. A layer without one reads the whole row again for each token.

    Args:
        network: causal, maps tokens to classes, in evaluation mode.
        prompt: one token or more.
        sampling: how a token is chosen.
        rng: gives one number for each token, also where nothing is drawn.

    Raises:
        ContractError: the scores of the next token are not finite numbers.
    """
    reading, written = reader(network), 0
    following = torch.tensor([list(prompt)])
    while True:
        with torch.no_grad():
            scores = reading.read(following)[0]
        _check_finite(scores, written)
        token = draw(probabilities(scores, sampling), rng)
        yield Drawn(token, float(scores.double().log_softmax(0)[token]))
        following = torch.tensor([[token]])
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
