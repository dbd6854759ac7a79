"""Tests the state of a training: cut back at a loss that is not finite, and equal after a checkpoint.

Modules: seqbench.training.best_weights.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
import torchmetrics

from seqbench.contracts.metrics import Metric
from seqbench.experiment.schema import Training
from seqbench.network.network import Network, build_network
from seqbench.training.clipping import clip, parameter_norms
from seqbench.training.early_stop import Stopped, early_end
from seqbench.training.history import History
from seqbench.training.loss_meter import DivergedError
from tests.toys import Gru, Last

ERROR = Metric("error", torchmetrics.MeanMetric, best=0.0, is_higher_better=False, worst=1.0)


@pytest.fixture
def network() -> Network:
    data = Last().load(6, 0)
    torch.manual_seed(0)
    return build_network(Gru(), data.inputs, data.targets, 8)


def taken(history: History, network: Network, losses: list[float]) -> History:
    """Return the history after a step for each loss, all with gradients of 1."""
    for parameter in network.parameters():
        parameter.grad = torch.ones_like(parameter)
    for loss in losses:
        history.losses.add(torch.tensor(loss))
        history.norms.add(parameter_norms(history.norms.parameters))
        history.clock.end_step()
    return history


def test_steps_after_a_loss_that_is_not_finite_are_forgotten(network: Network) -> None:
    history = taken(History(network, is_measuring=True), network, [2.0, 1.0])
    history.check_losses()
    taken(history, network, [0.5, math.nan, 3.0, math.inf])
    with pytest.raises(DivergedError, match="the training loss was nan at step 4"):
        history.check_losses()
    assert [float(loss) for loss in history.losses.values[:3]] == [2.0, 1.0, 0.5]
    # The loss of step 4 is the reason; the step itself has no finite result.
    assert (len(history.losses.values), len(history.norms.steps), history.clock.steps_taken) == (4, 3, 3)


def test_history_out_of_a_checkpoint_goes_on_with_its_numbers_and_its_clock(network: Network) -> None:
    history = taken(History(network, is_measuring=True), network, [2.0, 1.0])
    history.best.add(1, 0.5, ERROR, network)
    history.best.add(2, math.nan, ERROR, network)
    history.best.unknown.append((2, "an output was not finite"))
    history.clock.end_training()
    state = history.state() | {"seconds": 1000.0}
    other = History(network, is_measuring=True)
    other.restore(state)
    assert 1000 < other.clock.seconds < 1010
    assert other.clock.trained_after == history.clock.trained_after
    same: list[Any] = [other.state(), state]
    for part in same:
        part.pop("seconds")
        part["best_weights"] = sorted(part["best_weights"])
        part["losses"], part["norms"] = part["losses"].tolist(), part["norms"].tolist()
    assert same[0] == same[1]
    assert same[0]["best"] == (1, 0.5)


def test_norms_are_measured_before_clipping_and_of_every_group(network: Network) -> None:
    history = taken(History(network, is_measuring=True), network, [1.0])
    count = sum(parameter.numel() for parameter in network.parameters())
    # All gradients are 1, so that the norm is the root of their number.
    assert float(history.norms.of_groups()[0].norm()) == pytest.approx(math.sqrt(count))
    norms = parameter_norms(history.norms.parameters)
    clip(history.norms.parameters, norms, 0.5)
    history.norms.add(norms)
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    assert float(torch.nn.utils.get_total_norm(gradients)) == pytest.approx(0.5, rel=1e-4)
    assert float(history.norms.of_groups()[1].norm()) == pytest.approx(math.sqrt(count))


def test_weights_of_the_first_of_equal_scores_are_put_back_whatever_follows(network: Network) -> None:
    best = History(network, is_measuring=False).best
    first = network.head.weight.detach().clone()
    for step, score in ((10, 0.5), (20, 0.5), (30, math.nan), (40, 0.75)):
        best.add(step, score, ERROR, network)
        with torch.no_grad():
            network.head.weight.add_(1.0)
    assert (best.chosen, best.validations_since_best) == ((10, 0.5), 3)
    assert best.has_validated(40)
    assert not best.has_validated(41)
    best.put_back(network)
    assert torch.equal(network.head.weight, first)


@pytest.mark.parametrize(
    ("score", "since", "settings", "expected"),
    [
        (0.1, 0, Training(stop_when_solved=0.1), "solved"),
        (0.11, 5, Training(stop_when_solved=0.1), None),
        (0.11, 5, Training(stop_when_solved=0.1, patience=5), "patience"),
        (0.11, 4, Training(patience=5), None),
        (0.0, 9, Training(), None),
    ],
)
def test_training_ends_early_only_where_it_was_asked_to(
    score: float, since: int, settings: Training, expected: Stopped | None
) -> None:
    assert early_end(score, ERROR, validations_since_best=since, settings=settings) == expected


def test_no_training_ends_by_a_best_score_that_is_one_on_the_test_split() -> None:
    by_test, settings = replace(ERROR, is_bound=False), Training(stop_when_solved=0.1)
    assert early_end(0.1, by_test, validations_since_best=0, settings=settings) is None
