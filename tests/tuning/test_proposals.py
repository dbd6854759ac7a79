"""Tests generations: what they wait for, the bars of pruning, and that results alone decide what comes next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seqbench import ExperimentError
from seqbench.experiment.search_space import read_values
from seqbench.records.schema import FINAL
from seqbench.records.trials import TrialRow, load_trials
from seqbench.running.plan import RETRY_FAILED
from seqbench.tuning.proposals import GenerationProposer, RandomPicker, RandomProposer, bars_of
from tests.tuning.searches import SPACE, run, tried, tuned

VALUES = {"learning_rate": read_values("log 1e-4..1e-1")}


def row(number: int, *scores: float, status: str = "ok", **changes: Any) -> TrialRow:
    steps = tuple((10 * (i + 1), score) for i, score in enumerate(scores))
    made = TrialRow(
        task="last", model="small", length=4, number=number, seed=0, setting={"learning_rate": 1e-3},
        score=max(scores), metric="accuracy", is_higher_better=True, status=status, pruned_at=None, steps=30,
        seconds=1.0, operations=None, key=f"key{number}", validations=steps,
    )  # fmt: skip
    return replace(made, **changes)


def test_bars_are_medians_of_the_best_scores_so_far() -> None:
    rows = [row(0, 0.1, 0.5, 0.4), row(1, 0.3, 0.2, 0.6), row(2, 0.2, 0.1), row(3, 0.9, 0.9, status="diverged")]
    # Best so far: 0.1 0.5 0.5, then 0.3 0.3 0.6, then 0.2 0.2; two trials alone have come to step 30.
    assert list(bars_of(rows)) == [(10, 0.2), (20, 0.3)]
    losses = [replace(each, is_higher_better=False) for each in rows]
    assert list(bars_of(losses)) == [(10, 0.2), (20, 0.1)]


def test_a_generation_waits_for_all_trials_before_it(tmp_path: Path) -> None:
    proposer = GenerationProposer(RandomPicker(0), 3, 1, is_pruning=True)
    place = replace(tuned(tmp_path).places[0], space=VALUES)
    whole = RandomProposer(0).known(place, 7, (), FINAL)
    first = [row(number, 0.1 * number) for number in range(3)]
    assert [len(proposer.known(place, 7, first[:n], FINAL)) for n in range(4)] == [3, 3, 3, 6]
    second = proposer.known(place, 7, first, FINAL)
    all_rows = first + [row(n, 0.5, setting=second[n].setting, bars=second[n].bars) for n in range(3, 6)]
    found = proposer.known(place, 7, all_rows, FINAL)
    assert [each.setting for each in found.values()] == [each.setting for each in whole.values()]
    assert [bool(each.bars) for each in found.values()] == [False] * 3 + [True] * 4
    assert proposer.known(place, 7, all_rows[::-1], FINAL) == found


def test_a_trial_of_a_later_generation_keeps_what_its_record_says_when_an_earlier_one_is_run_again(
    tmp_path: Path,
) -> None:
    place = replace(tuned(tmp_path).places[0], space=VALUES)
    proposer = GenerationProposer(RandomPicker(0), 3, 1, is_pruning=True)
    first = [row(0, 0.1), row(1, 0.2), row(2, 0.3, status="failed", score=None)]
    later = row(4, 0.5, setting={"learning_rate": 0.05}, bars=((10, 0.15),))
    waiting = proposer.known(place, 6, [*first, later], FINAL)
    assert list(waiting) == [0, 1, 2, 4]
    again = proposer.known(place, 6, [*first[:2], row(2, 0.3), later], FINAL)
    assert (again[4].setting, again[4].bars) == ({"learning_rate": 0.05}, ((10, 0.15),))
    assert again[3].bars == again[5].bars == ((10, 0.2),)


@pytest.mark.slow
def test_a_trial_below_the_bar_is_pruned_and_is_not_chosen(tmp_path: Path) -> None:
    rates = [0.05, 0.04, 0.06, 0.03, 1e-6, 1.1e-6]
    tune = {"space": {"learning_rate": rates}, "trials": 6, "prune": True, "generation": 4}
    training = {"steps": 40, "batch_size": 16, "validate_every": 10}
    found = tuned(tmp_path, tune=tune, training=training)
    first, second = _rounds(found)
    assert (first, second) == (4, 2)
    rows = load_trials(tmp_path)
    pruned = [each for each in rows if each.pruned_at is not None]
    assert pruned
    assert all(each.number >= 4 and (each.steps or 0) < 40 for each in pruned)
    assert not any(each.chosen for each in pruned)
    assert sum(each.chosen for each in rows) == 1


def _rounds(found: Any) -> list[int]:
    counts = []
    for todo in found.rounds(RETRY_FAILED):
        counts.append(len(todo.cells))
        run(todo, found.trials)
    return counts


@pytest.mark.slow
def test_tpe_picks_the_same_whatever_was_stopped_and_when(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    tune = {"space": SPACE, "trials": 7, "method": "tpe", "generation": 3}
    whole = tuned(tmp_path / "whole", tune=tune)
    tried(whole)
    parts = tuned(tmp_path / "parts", tune=tune)
    for todo in parts.rounds(RETRY_FAILED):
        run(replace(todo, pending=todo.pending[::-1][:1]), parts.trials)
        break
    for todo in tuned(tmp_path / "parts", tune=tune).rounds(RETRY_FAILED):
        run(replace(todo, pending=todo.pending[::-1]), parts.trials)
    one, other = load_trials(tmp_path / "whole"), load_trials(tmp_path / "parts")
    assert [(each.key, each.score) for each in one] == [(each.key, each.score) for each in other]
    drawn = [each.setting for each in RandomProposer(0).known(whole.places[0], 7, (), FINAL).values()]
    assert [each.setting for each in one[:3]] == drawn[:3]
    assert [each.setting for each in one[3:]] != drawn[3:]


def test_tpe_with_compute_needs_operations_that_no_parameter_moves(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    with pytest.raises(ExperimentError, match="their operations depend on small.hidden_size"):
        tuned(tmp_path, tune={"space": SPACE, "compute": 1e9, "method": "tpe"})
