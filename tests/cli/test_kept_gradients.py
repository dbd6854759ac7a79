"""Tests the message about finished cells that lack the requested gradient statistics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seqbench.cli.kept_gradients import kept_gradients
from seqbench.experiment.schema import Experiment
from seqbench.records.store import Store
from seqbench.running.plan import plan
from seqbench.running.run import records_of
from seqbench.training.cell import run_cell
from tests.toys import CATALOG


def toy(gradients: Any) -> Experiment:
    return Experiment(
        tasks=("last",),
        models=("small",),
        lengths=(4,),
        seeds=(0, 1),
        training={"steps": 1, "batch_size": 4},  # type: ignore[arg-type]
        gradients=gradients,
    )


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ("off", "on", "2 of 2 cells have no gradient statistics: they were run with gradients=off"),
        ("off", {"lags": 8}, "2 of 2 cells have no gradient statistics"),
        ("on", {"lags": 8}, "2 of 2 cells keep gradient statistics of other settings"),
        ("on", "on", None),
        ("off", "off", None),
        ("on", "off", None),
    ],
)
def test_what_finished_cells_have_not_got_is_told_with_what_to_do(
    before: Any, now: Any, words: str | None, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    for cell in plan(toy(before), CATALOG, store).cells:
        store.write(run_cell(cell, CATALOG))

    def said(on_existing: str) -> list[str]:
        todo = plan(toy(now), CATALOG, store, on_existing=on_existing)
        return list(kept_gradients(todo, records_of(todo, store)))

    if words is None:
        assert said("retry-failed") == []
    else:
        (sentence,) = said("retry-failed")
        assert words in sentence
        assert "--on-existing fresh" in sentence
    # All is run again, or nothing is asked for.
    assert (said("fresh"), said("only-report")) == ([], [])
