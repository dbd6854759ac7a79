"""Tests that untrained networks have the gradient flow that the published records of ``quick`` tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from seqbench import load_catalog
from seqbench.experiment.schema import load
from seqbench.plugins.grid import expand
from seqbench.records.store import Store
from seqbench.training.cell import run_cell

PUBLISHED = Path(__file__).parents[2] / "results" / "published" / "quick"


@pytest.mark.parametrize("task", ["copy", "adding", "word-order", "sentiment", "forecasting"])
def test_lags_norms_and_horizon_at_the_start_are_those_that_were_published(task: str) -> None:
    catalog = load_catalog()
    cell = next(
        cell
        for cell in expand(load(catalog.suite("quick")), catalog)
        if (cell.task.name, cell.model.name, cell.length) == (task, "gru", 16)
    )
    claimed = Store(PUBLISHED).with_key(cell.key).gradients
    # The flow at the start depends on no setting of training.
    short = cell.training.model_copy(update={"steps": 1, "validate_every": 1})
    found = run_cell(replace(cell, training=short), catalog).gradients
    assert claimed is not None
    assert found is not None
    then, now = claimed.flows[0], found.flows[0]
    assert then.when == now.when == "init"
    assert then.summary.horizon == now.summary.horizon
    for old, new in zip(then.flow.curves, now.flow.curves, strict=True):
        assert (old.quantity, old.lags) == (new.quantity, new.lags)
        assert [x is None for x in old.ln_median] == [x is None for x in new.ln_median]
        known = [(x, y) for x, y in zip(old.ln_median, new.ln_median, strict=True) if x is not None]
        assert [y for _, y in known] == pytest.approx([x for x, _ in known], rel=1e-6)
