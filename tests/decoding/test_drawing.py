"""Tests that labels are drawn with the network's own probabilities, and are what it reads next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pytest
import torch

from seqbench import ExperimentError, Model, Sampling, StepClass, StepLabels, Tokens, Values
from seqbench.decoding.continuing import continued
from seqbench.decoding.drawing import LabelDrawing, TokenDrawing, drawing_of
from seqbench.decoding.sampling import GREEDY
from seqbench.network.network import Network, build_network

LABELS = 5


@dataclass(frozen=True)
class Layer(Model):
    """A GRU, or a mean of the last steps without a state."""

    name = "layer"
    version = 1
    has_state: bool = True

    def build(self, input_size: int) -> torch.nn.Module:
        return torch.nn.GRU(input_size, 8, batch_first=True) if self.has_state else Cumulative()


class Cumulative(torch.nn.Module):
    def forward(self, inputs: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, None]:
        return inputs.cumsum(1) / 7, None


def network(has_state: bool = True) -> Network:
    torch.manual_seed(0)
    made = build_network(Layer(has_state), Values(LABELS), StepLabels(LABELS), 8).eval()
    made.head.weight.data.mul_(4)
    return made


@pytest.mark.parametrize("has_state", [True, False])
@pytest.mark.parametrize("sampling", [Sampling(), Sampling(temperature=0.5), GREEDY])
def test_a_row_of_labels_goes_on_as_if_it_were_read_whole_for_each_step(
    has_state: bool, sampling: Sampling
) -> None:
    made, numbers = network(has_state), torch.Generator().manual_seed(1)
    written: list[tuple[int, ...]] = [(0, 3), ()]
    chances = []
    for _ in range(12):
        row = torch.zeros(1, len(written), LABELS)
        for step, labels in enumerate(written):
            for label in labels:
                row[0, step, label] = 1
        with torch.no_grad():
            scores = made.head(made.hidden(row)[0][0, -1]).double()
        points = torch.rand(LABELS, generator=numbers, dtype=torch.float64).tolist()
        heat = sampling.temperature
        holds = [
            score > 0 if heat == 0 else point < 1 / (1 + math.exp(-score / heat))
            for score, point in zip(scores.tolist(), points, strict=True)
        ]
        written.append(tuple(label for label, is_held in enumerate(holds) if is_held))
        own = [1 / (1 + math.exp(-score)) for score in scores.tolist()]
        chances.append(sum(math.log(p if held else 1 - p) for p, held in zip(own, holds, strict=True)))
    drawing = drawing_of(Values(LABELS), StepLabels(LABELS))
    assert drawing is not None
    found = list(islice(continued(made, written[:2], sampling, torch.Generator().manual_seed(1), drawing), 12))
    assert [each.token for each in found] == written[2:]
    assert [each.log_probability for each in found] == pytest.approx(chances, abs=1e-5)


def test_shares_of_drawn_labels_are_their_probabilities() -> None:
    rng, scores = torch.Generator().manual_seed(0), torch.tensor([-2.0, 0.0, 1.0])
    drawn = [LabelDrawing(3).drawn(scores, Sampling(temperature=2.0), rng).token for _ in range(4000)]
    shares = [sum(isinstance(each, tuple) and label in each for each in drawn) / 4000 for label in range(3)]
    assert shares == pytest.approx((scores / 2).sigmoid().tolist(), abs=0.03)


@pytest.mark.parametrize("sampling", [Sampling(top_k=3), Sampling(top_p=0.9)])
def test_what_chooses_among_tokens_is_refused_for_labels(sampling: Sampling) -> None:
    with pytest.raises(ExperimentError, match="top-k and top-p choose among tokens"):
        LabelDrawing(3).check(sampling)


def test_kinds_say_what_is_drawn() -> None:
    assert drawing_of(Tokens(4), StepClass(4)) == TokenDrawing()
    assert drawing_of(Values(3), StepLabels(3)) == LabelDrawing(3)
    assert drawing_of(Values(3), StepLabels(4)) is None
    assert drawing_of(Tokens(3), StepClass(4)) is None
    assert drawing_of(Tokens(3), StepLabels(3)) is None
