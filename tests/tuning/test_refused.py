"""Tests that a setting which a model refuses in a later generation is a trial that counts as the worst."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqbench import Catalog, ExperimentError
from seqbench.experiment.search_space import random_setting, read_values
from seqbench.records.trials import load_trials
from seqbench.report.tuning import outcome
from tests.toys import Last
from tests.tuning.searches import Choosy, finished, tried, tuned

TRIALS = 6
SPACE = {"small.hidden_size": [4, 8], "small.fold": [1, 2]}


CATALOG = Catalog(tasks={"last": Last}, models={"small": Choosy})


def drawn(seed: int) -> list[bool]:
    """Return which trials of a random search the model refuses."""
    space = {name: read_values(values) for name, values in SPACE.items()}
    settings = (random_setting(space, seed, number) for number in range(TRIALS))
    return [list(setting.values()) == [8, 2] for setting in settings]


LATER = next(seed for seed in range(1000) if not any(drawn(seed)[:2]) and 1 <= sum(drawn(seed)) < 4)
FIRST = next(seed for seed in range(1000) if drawn(seed)[1])


def fields(seed: int) -> dict[str, object]:
    return {"space": SPACE, "trials": TRIALS, "prune": True, "generation": 2, "seed": seed}


def test_a_later_trial_that_is_refused_is_recorded_and_is_one_of_the_budget(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    narrow = {"small": {"hidden_size": 4}}
    found = tuned(tmp_path, CATALOG, parameters=narrow, tune=fields(LATER))
    records = finished(found)
    rows = load_trials(tmp_path)
    assert [row.number for row in rows] == list(range(TRIALS))
    assert [row.refused is not None for row in rows] == drawn(LATER)
    refused = [row for row in rows if row.refused is not None]
    assert all("hidden_size is 8, and fold is 2" in str(row.refused) for row in refused)
    assert all(list(row.setting.values()) == [8, 2] and row.score is None for row in refused)
    assert {outcome(row) for row in refused} == {"refused"}
    assert not any(row.chosen for row in refused)
    assert [record.status for record in records] == ["ok", "ok"]
    assert "is refused, and counts as the worst trial" in caplog.text
    # The same command runs nothing again.
    again = tuned(tmp_path, CATALOG, parameters=narrow, tune=fields(LATER))
    assert tried(again).open == ()
    assert load_trials(tmp_path) == rows


def test_a_trial_of_the_first_generation_that_is_refused_ends_the_search_before_it_begins(tmp_path: Path) -> None:
    found = tuned(tmp_path, CATALOG, parameters={"small": {"hidden_size": 4}}, tune=fields(FIRST))
    with pytest.raises(ExperimentError, match="leave one of them out"):
        tried(found)
    assert not (tmp_path / "trials").exists()
