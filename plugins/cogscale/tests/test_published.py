"""Tests that the targets are trainings of the published networks."""

from __future__ import annotations

import math

import pytest
import torch

from seqbench import NotComparable, TrainedScore, load_catalog

pytest.importorskip("cogscale.evals", reason="cogscale is not installed: pip install cogscale==0.2.0")

from seqbench_cogscale.published import rows, target_of, targets, tolerance_of

ROWS = list(rows())


def test_there_are_two_models_three_sizes_and_two_difficulties_of_fourteen_tasks() -> None:
    assert len(ROWS) == 2 * 3 * 2 * 14
    assert len({target.name for target in targets()}) == len(ROWS)
    alone = [target for target in targets() if isinstance(target.measured_by, NotComparable)]
    assert len(alone) == 12
    assert all("cross-situation" in target.name for target in alone)


@pytest.mark.parametrize("row", [row for row in ROWS if row.difficulty == "small" and row.weights < 100_000][::3])
def test_a_network_has_as_many_weights_as_the_published_one(row: object) -> None:
    by = target_of(row).measured_by
    if not isinstance(by, TrainedScore):
        return
    catalog = load_catalog()
    fields = by.experiment
    (task,), (model,) = fields["tasks"], fields["models"]
    data = catalog.task(task)(**fields["parameters"][task]).load(fields["lengths"][0], seed=0)
    layer = catalog.model(model)(**fields["parameters"][model]).build(data.inputs.features(32))
    head = torch.nn.Linear(fields["parameters"][model]["hidden_size"], data.targets.head_size)
    found = sum(weights.numel() for part in (layer, head) for weights in part.parameters())
    assert found == row.trained_weights


def test_a_tolerance_is_three_standard_errors_and_the_rounding() -> None:
    row = next(row for row in ROWS if row.task == "simple_copy")
    assert math.isclose(tolerance_of(row).by, 3 * row.spread * math.sqrt(0.2) + 0.005, rel_tol=0.05)
    assert tolerance_of(row).beyond(row.printed + 0.001, row.printed) == 0
