"""Tests the state gradient of each kind's loss against one row, unrolled step by step, with its loss by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from seqbench.contracts.examples import UNSCORED, Batch
from seqbench.contracts.inputs import Values
from seqbench.contracts.targets import StepLabels, StepValues, TargetKind, Transcript
from seqbench.gradients.measure import measure_flow
from seqbench.network.network import Network
from tests.contracts.kinds.test_transcripts import brute_force

STEPS = 7


def labels_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    steps = [step for step in range(STEPS) if targets[step, 0] != UNSCORED]
    signs = 2 * targets[steps].double() - 1
    return (1 + (-signs * outputs[steps]).exp()).log().sum() / len(steps)


def values_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    steps = [step for step in range(STEPS) if not math.isnan(targets[step, 0])]
    return ((outputs[steps] - targets[steps]) ** 2).sum() / (2 * len(steps))


def transcript_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    return brute_force(outputs.log_softmax(-1), targets.tolist())


def labels() -> Tensor:
    targets = torch.randint(2, (1, STEPS, 2))
    targets[0, [1, 4]] = UNSCORED
    return targets


def values() -> Tensor:
    targets = torch.randn(1, STEPS, 2)
    targets[0, [1, 4]] = math.nan
    return targets


@pytest.mark.parametrize(
    ("kind", "targets", "loss"),
    [
        (StepLabels(2), labels, labels_loss),
        (StepValues(2), values, values_loss),
        (Transcript(2), lambda: torch.tensor([[0, 1, 1]]), transcript_loss),
    ],
    ids=lambda value: type(value).__name__,
)
def test_state_and_input_gradient_of_each_kind_agree_with_one_row_unrolled(
    kind: TargetKind, targets: Callable[[], Tensor], loss: Callable[[Tensor, Tensor], Tensor]
) -> None:
    torch.manual_seed(3)
    network = Network(nn.RNN(3, 4, batch_first=True), Values(3), kind, 0)
    batch = Batch(torch.randn(1, STEPS, 3), targets(), torch.tensor([STEPS]))
    flow = measure_flow(network, batch)

    network.double()
    u, v, b, d = (weight.detach() for weight in network.layer.parameters())
    inputs = [x.double().requires_grad_() for x in batch.inputs[0]]
    # The copy of each state that is handed to the next step: the state's own road, without the output of its step.
    state, handed, outputs = torch.zeros(4, dtype=torch.float64), [], []
    for x in inputs:
        state = torch.tanh(u @ x + b + v @ state + d)
        outputs.append(network.head(state))
        state = state.clone()
        state.retain_grad()
        handed.append(state)
    target = batch.targets[0]
    loss(torch.stack(outputs), target.double() if target.is_floating_point() else target).backward()

    curves = {curve.quantity: curve.median for curve in flow.curves if curve.part == "all"}
    expected = [handed[STEPS - 1 - lag].grad.norm().item() for lag in range(1, STEPS)]
    assert curves["state"] == pytest.approx(expected, rel=1e-9)
    expected = [inputs[STEPS - 1 - lag].grad.norm().item() for lag in range(1, STEPS)]
    assert curves["input"] == pytest.approx(expected, rel=1e-9)
