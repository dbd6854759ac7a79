"""Draws what a network writes at a step, a token or a set of labels, and turns it into the next input."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn.functional import logsigmoid

from seqbench.contracts.inputs import InputKind, Tokens, Values
from seqbench.contracts.targets import StepClass, StepLabels, TargetKind
from seqbench.contracts.task import Symbol
from seqbench.decoding.sampling import Sampling, draw, probabilities
from seqbench.errors import ExperimentError


class Drawn(NamedTuple):
    """What was written at a step.

    Attributes:
        token: its number, or the labels that hold.
        log_probability: what the network itself gives it, in nats: before temperature, top-k and top-p.
    """

    token: Symbol
    log_probability: float


class Drawing(ABC):
    """What a network writes at a step, and reads at the next one."""

    @abstractmethod
    def inputs(self, written: Sequence[Symbol]) -> Tensor:
        """Return steps as the inputs of a row: [1, steps] or [1, steps, labels]."""

    def check(self, sampling: Sampling) -> None:
        """Refuse settings that mean nothing here.

        Raises:
            ExperimentError: there are such settings.
        """
        return

    @abstractmethod
    def drawn(self, scores: Tensor, sampling: Sampling, rng: Generator) -> Drawn:
        """Draw from the scores of a step, [classes] or [labels]; the generator gives as many numbers each time."""


@dataclass(frozen=True)
class TokenDrawing(Drawing):
    """A token at each step."""

    def inputs(self, written: Sequence[Symbol]) -> Tensor:
        """Return tokens: [1, steps]."""
        return torch.tensor([list(written)])

    def drawn(self, scores: Tensor, sampling: Sampling, rng: Generator) -> Drawn:
        """Draw a token; greedily the most probable one."""
        token = draw(probabilities(scores, sampling), rng)
        return Drawn(token, float(scores.double().log_softmax(0)[token]))


@dataclass(frozen=True)
class LabelDrawing(Drawing):
    """A set of labels at each step, each drawn on its own.

    Attributes:
        labels: how many there are.
    """

    labels: int

    def inputs(self, written: Sequence[Symbol]) -> Tensor:
        """Return 1 where a label holds, and 0 elsewhere: [1, steps, labels]."""
        found = torch.zeros(1, len(written), self.labels)
        for step, held in enumerate(written):
            found[0, step, list(held if isinstance(held, tuple) else (held,))] = 1
        return found

    def check(self, sampling: Sampling) -> None:
        """Refuse top-k and top-p, which choose among tokens.

        Raises:
            ExperimentError: one of them is asked for.
        """
        if sampling.top_k is not None or sampling.top_p != 1:
            raise ExperimentError(
                "top-k and top-p choose among tokens, and here each label of a step is drawn on its own; leave"
                " them out, and lower the temperature to have likely labels only"
            )

    def drawn(self, scores: Tensor, sampling: Sampling, rng: Generator) -> Drawn:
        """Draw each label with the probability s(score / temperature); greedily those above 1/2."""
        scores = scores.double()
        point = torch.rand(self.labels, generator=rng, dtype=torch.float64)
        holds = scores > 0 if sampling.is_greedy else point < (scores / sampling.temperature).sigmoid()
        chance = float(torch.where(holds, logsigmoid(scores), logsigmoid(-scores)).sum())
        return Drawn(tuple(holds.nonzero().flatten().tolist()), chance)


def drawing_of(inputs: InputKind, targets: TargetKind) -> Drawing | None:
    """Return what a network writes whose outputs at a step say what its next input is; None if they do not."""
    match inputs, targets:
        case Tokens(size), StepClass(classes) if classes <= size:
            return TokenDrawing()
        case Values(channels), StepLabels(labels) if channels == labels:
            return LabelDrawing(labels)
    return None
