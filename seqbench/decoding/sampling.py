"""Turns the scores of the next token into the probabilities with which it is drawn, and draws it.

In the usual order: temperature, then the most probable tokens (top-k), then the nucleus (top-p). All in float64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real

import torch
from torch import Generator, Tensor

from seqbench.errors import ExperimentError


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
        ExperimentError: a setting is no number, or out of range.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no number, and numbers that are out of range."""
        if not (_is(self.temperature, Real) and 0 <= self.temperature < math.inf):
            raise _refused("temperature", self.temperature, "a finite number, at least 0")
        if self.top_k is not None and not (_is(self.top_k, Integral) and self.top_k >= 1):
            raise _refused("top_k", self.top_k, "a whole number, at least 1, or None")
        if not (_is(self.top_p, Real) and 0 < self.top_p <= 1):
            raise _refused("top_p", self.top_p, "a number above 0 and at most 1")

    @property
    def is_greedy(self) -> bool:
        """Whether nothing is drawn: the most probable token is taken."""
        return self.temperature == 0


def _is(value: object, kind: type) -> bool:
    """Return whether a value is a number of a kind; truth values are none."""
    return isinstance(value, kind) and not isinstance(value, bool)


def _refused(name: str, value: object, must: str) -> ExperimentError:
    return ExperimentError(f"{name} is {value!r}; it must be {must}")


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
