"""Turns the scores of the next token into the probabilities with which it is drawn, and draws it.

In the usual order: temperature, then the most probable tokens (top-k), then the nucleus (top-p). All in float64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the next token is chosen.

    Attributes:
        temperature: divides the scores: below 1 likely tokens become likelier, above 1 less likely. 0 takes the
            most probable token, of equals the one with the lowest number.
        top_k: how many of the most probable tokens can be drawn; None for all.
        top_p: nucleus sampling (Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration", section
            3.1): only the smallest set of most probable tokens whose probabilities sum to at least ``top_p`` can
            be drawn; 1 for all.

    >>> Sampling(temperature=0.8, top_k=40).top_p
    1.0

    Raises:
        ValueError: a number is out of range.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0

    def __post_init__(self) -> None:
        """Refuse numbers that are out of range."""
        if not (self.temperature >= 0 and math.isfinite(self.temperature)):
            raise ValueError(f"temperature is {self.temperature}; it must be at least 0")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"top_k is {self.top_k}; it must be at least 1")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p is {self.top_p}; it must be above 0 and at most 1")

    @property
    def is_greedy(self) -> bool:
        """Whether nothing is drawn: the most probable token is taken."""
        return self.temperature == 0


GREEDY = Sampling(temperature=0.0)
"""Takes the most probable token."""


def probabilities(scores: Tensor, sampling: Sampling) -> Tensor:
    """Return the probability with which each token is drawn: [classes] float64.

    >>> logs = torch.tensor([0.5, 0.2, 0.2, 0.1]).log()
    >>> [round(float(p), 4) for p in probabilities(logs, Sampling(top_k=3))]
    [0.5556, 0.2222, 0.2222, 0.0]
    >>> [round(float(p), 4) for p in probabilities(logs, Sampling(top_p=0.6))]
    [0.7143, 0.2857, 0.0, 0.0]

    Args:
        scores: unnormalised log-probabilities, [classes].
        sampling: temperature, top-k and top-p, applied in this order.
    """
    scores = scores.double()
    if sampling.is_greedy:
        return torch.zeros_like(scores).index_fill_(0, scores.argmax(), 1.0)
    # Without the largest score no quotient overflows, however low the temperature is.
    found = ((scores - scores.max()) / sampling.temperature).softmax(0)
    if sampling.top_k is None and sampling.top_p == 1:
        return found
    # The most probable first; of equals the one with the lowest number.
    ordered, tokens = found.sort(descending=True, stable=True)
    ordered = ordered[: sampling.top_k] / ordered[: sampling.top_k].sum()
    before = ordered.cumsum(0) - ordered
    kept = ordered[before < sampling.top_p]
    return torch.zeros_like(found).index_copy_(0, tokens[: len(kept)], kept / kept.sum())


def draw(probability: Tensor, rng: Generator) -> int:
    """Draw a token by the inverse of the cumulative distribution; one number of the generator for each token."""
    up_to = probability.cumsum(0)
    point = torch.rand((), generator=rng, dtype=torch.float64) * up_to[-1]
    point = point.clamp(max=torch.nextafter(up_to[-1], torch.zeros_like(point)))
    return int(torch.searchsorted(up_to, point, right=True))
