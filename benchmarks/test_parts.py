"""Measures the parts of a training step side by side: forward and backward, the batch, the norms, the rest.

    pytest -n0 benchmarks/test_parts.py --benchmark-group-by=param:length --benchmark-columns=min,median

The numbers in brackets are relative to the cheapest part of the same length. LSTM on the adding problem, hidden
size 128, batch 32, one thread, denormal numbers as 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from seqbench_adding import Adding
from seqbench_recurrent.models import LSTM

from seqbench.contracts.task import TaskData
from seqbench.experiment.schema import Training
from seqbench.gradients.measure import measure_flow
from seqbench.network.network import Network, build_network
from seqbench.training.clipping import parameter_norms
from seqbench.training.fused import update_of
from seqbench.training.one_thread import one_quiet_thread
from seqbench.training.optimizers import make_optimizer

ROWS = torch.arange(32)


@dataclass(frozen=True)
class Parts:
    data: TaskData
    network: Network


@pytest.fixture(params=[16, 256, 1024])
def length(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def parts(length: int) -> Iterator[Parts]:
    data = Adding().load(length, 0)
    with one_quiet_thread():
        network = build_network(LSTM(), data.inputs, data.targets, 32)
        network.loss(data.train.batch(ROWS)).backward()
        yield Parts(data, network)


def test_forward_and_backward(benchmark: BenchmarkFixture, parts: Parts) -> None:
    batch = parts.data.train.batch(ROWS)
    benchmark(lambda: parts.network.loss(batch).backward())
    assert all(weights.grad.isfinite().all() for weights in parts.network.parameters())


def test_batch(benchmark: BenchmarkFixture, parts: Parts) -> None:
    assert benchmark(parts.data.train.batch, ROWS).inputs.shape[0] == len(ROWS)


def test_gradient_norms(benchmark: BenchmarkFixture, parts: Parts) -> None:
    parameters = list(parts.network.parameters())
    assert len(benchmark(parameter_norms, parameters)) == len(parameters)


def test_optimiser(benchmark: BenchmarkFixture, parts: Parts) -> None:
    before = parts.network.head.weight.clone()
    benchmark(update_of(make_optimizer(parts.network, Training())))
    assert not torch.equal(parts.network.head.weight, before)


def test_evaluation_of_as_many_examples(benchmark: BenchmarkFixture, parts: Parts) -> None:
    batch = parts.data.train.batch(ROWS)
    with torch.inference_mode():
        assert len(benchmark(parts.network, batch)) == len(ROWS)


def test_measurement_of_the_gradient_flow(benchmark: BenchmarkFixture, parts: Parts) -> None:
    batch = parts.data.validation.batch(torch.arange(8))
    assert benchmark(measure_flow, parts.network, batch, draws=2).examples == 8
