"""Tests that a layer with a complex state is trained, recomputed, truncated, checkpointed and measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from seqbench import Catalog, Experiment, Model
from seqbench.experiment.cells import Cell
from seqbench.plugins.grid import expand
from seqbench.training.cell import run_cell
from seqbench.training.checkpoints import Checkpoints
from tests.toys import Last
from tests.training.test_cell import moves

UNITS = 6


class Turning(nn.Module):
    """h_t = a * h_{t-1} + B x_t with complex a and B; beside h_T the state holds the mean of all inputs so far."""

    def __init__(self, input_size: int) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.polar(torch.full((UNITS,), 0.95), torch.rand(UNITS)))
        self.b = nn.Parameter(torch.randn(UNITS, input_size, dtype=torch.complex64) / input_size**0.5)
        self.register_buffer("start", torch.zeros(UNITS, dtype=torch.complex64))

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        total = inputs.new_zeros(len(inputs), inputs.shape[2])
        h, total, seen = (self.start.expand(len(inputs), -1), total, 0) if state is None else state
        outputs = []
        for x in inputs.unbind(1):
            h = self.a * h + x.to(self.b.dtype) @ self.b.T
            outputs.append(torch.view_as_real(h).flatten(1))
        seen = seen + torch.tensor(inputs.shape[1])
        return torch.stack(outputs, 1), (h, total + inputs.sum(1), seen)


@dataclass(frozen=True)
class Complex(Model):
    """What makes a `Turning`."""

    name = "complex"
    version = 1
    state_parts = ("h", "total")

    def build(self, input_size: int) -> nn.Module:
        return Turning(input_size)


CATALOG = Catalog(tasks={"last": Last}, models={"complex": Complex})


def cell(length: int = 6, **training: Any) -> Cell:
    settings = {"steps": 30, "batch_size": 16, "validate_every": 10, "learning_rate": 0.02} | training
    fields = {"tasks": ["last"], "models": ["complex"], "lengths": [length], "training": settings}
    return expand(Experiment.model_validate(fields), CATALOG)[0]


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop", "sgd"])
def test_complex_layer_when_trained_then_it_learns_and_its_parts_have_their_names(optimizer: str) -> None:
    record = run_cell(cell(optimizer=optimizer, gradient_clip=1.0), CATALOG)
    assert record.status == "ok", record.traceback
    (_, first), (_, last) = record.course.losses[0], record.course.losses[-1]
    assert last is not None
    assert first is not None
    assert last < first
    assert record.costs.state_size == 2 * UNITS + 32 + 1  # and a counter
    assert record.gradients is not None
    assert record.gradients.problems == ()
    assert {curve.part for curve in record.gradients.flows[0].flow.curves} == {"all", "h", "total"}
    assert record.gradients.flows[0].summary.gain_per_step is not None


@pytest.mark.slow
def test_complex_layer_when_its_pieces_are_run_again_gives_the_same_bits() -> None:
    for truncate in (None, 100):
        training = {"steps": 3, "validate_every": 3, "truncate": truncate}
        kept, again = (
            run_cell(cell(600, recompute=recompute, **training), CATALOG) for recompute in (False, True)
        )
        assert kept.status == "ok", kept.traceback
        assert (kept.costs.is_recomputed, again.costs.is_recomputed) == (False, True)
        assert kept.course.losses == again.course.losses
        assert kept.test == again.test


def test_complex_layer_when_stopped_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    whole = run_cell(cell(), CATALOG)
    for looks in (3, 12, 25):
        left = iter([False] * looks)
        kept = Checkpoints(tmp_path / f"{looks}.ckpt", 1e9)
        stopped = run_cell(cell(), CATALOG, checkpoints=kept, should_stop=lambda left=left: next(left, True))
        assert stopped.status == "interrupted"
        assert moves(run_cell(cell(), CATALOG, checkpoints=kept)) == moves(whole)
