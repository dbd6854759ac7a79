"""Tests that a search in shares has the trials and the choice of a whole one, in one folder and in several."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from seqbench import Catalog, ExperimentError
from seqbench.experiment.shards import Shard
from seqbench.records.store import Store
from seqbench.records.trials import load_trials
from seqbench.running.plan import RETRY_FAILED
from seqbench.tuning.shares import share_of
from seqbench.tuning.tuning import Tuning, tuning_of
from tests.toys import CATALOG
from tests.tuning.searches import experiment, finished, run, tried, tuned

SMALL = {"training": {"steps": 2, "batch_size": 8, "validate_every": 2}}


def shared(folder: Path, shard: str, catalog: Catalog = CATALOG, **changes: Any) -> Tuning:
    return tuning_of(experiment(**SMALL, **changes), catalog, folder, shard=shard)


def outcomes(folder: Path) -> list[tuple[Any, ...]]:
    return [(row.key, row.number, row.seed, row.score, row.chosen) for row in load_trials(folder)]


def scores(folder: Path) -> dict[str, tuple[Any, ...]]:
    return {record.key: (record.score, record.tuned) for record in Store(folder).read()}


def test_each_trial_and_each_test_is_in_one_share_and_shares_are_even(tmp_path: Path) -> None:
    tune = {"space": {"learning_rate": "log 1e-4..1e-1"}, "trials": 7, "trial_seeds": [100, 101]}
    found = tuned(tmp_path, tune=tune, lengths=[4, 8])
    shares = [share_of(Shard(i, 3), found.places, found.search, (0, 1)) for i in (1, 2, 3)]
    trials = [trial for share in shares for trial in share.trials]
    assert len(trials) == len(set(trials)) == 2 * 7 * 2
    tests = [test for share in shares for test in share.tests]
    assert len(tests) == len(set(tests)) == 4
    work = [sum(place.length for place, _, _ in share.trials) for share in shares]
    assert max(work) - min(work) <= 8
    with pytest.raises(ExperimentError, match="write it as i/n"):
        shared(tmp_path, "4/3")


def test_two_shares_in_one_folder_come_to_the_trials_and_the_cells_of_a_whole_search(tmp_path: Path) -> None:
    finished(tuned(tmp_path / "whole", **SMALL))
    one, two = (shared(tmp_path / "shares", f"{i}/2") for i in (1, 2))
    waiting = tried(one)
    assert (len(load_trials(tmp_path / "shares")), waiting.plan.cells, waiting.open) == (2, (), ())
    assert "1 of 3 trials are missing" in waiting.waiting[0]
    for each in (two, one):
        chosen = tried(each)
        assert (len(chosen.plan.cells), chosen.waiting) == (1, ())
        run(chosen.plan, Store(each.folder))
    assert outcomes(tmp_path / "shares") == outcomes(tmp_path / "whole")
    assert scores(tmp_path / "shares") == scores(tmp_path / "whole")


@pytest.mark.slow
def test_two_folders_that_are_copied_into_one_come_to_the_choice_of_a_whole_search(tmp_path: Path) -> None:
    whole = tried(tuned(tmp_path / "whole", **SMALL))
    for number in (1, 2):
        assert tried(shared(tmp_path / str(number), f"{number}/2")).waiting
    shutil.copytree(tmp_path / "2" / "trials", tmp_path / "1" / "trials", dirs_exist_ok=True)
    assert tried(shared(tmp_path / "1", "1/2")).settings == whole.settings
    assert outcomes(tmp_path / "1") == outcomes(tmp_path / "whole")


@pytest.mark.slow
def test_a_generation_waits_for_the_trials_of_the_other_share(tmp_path: Path) -> None:
    tune = {"space": {"learning_rate": "log 1e-4..1e-1"}, "trials": 4, "prune": True, "generation": 2}
    tried(tuned(tmp_path / "whole", tune=tune, **SMALL))
    one, two = (shared(tmp_path / "shares", f"{i}/2", tune=tune) for i in (1, 2))
    ran = []
    for each in (one, two, one):
        plans = list(_run_rounds(each))
        ran.append(plans)
    # The second command finds the first generation whole, and goes on with its share of the next.
    assert ran == [[1], [1, 1], [1]]
    assert outcomes(tmp_path / "shares") == outcomes(tmp_path / "whole")


def _run_rounds(found: Tuning) -> Any:
    for todo in found.rounds(RETRY_FAILED):
        run(todo, found.trials)
        if todo.pending:
            yield len(todo.pending)
