"""Tests a search from its plan to its tested cells: equal budgets, the choice, resuming, and planted cheats.

Modules: seqbench.tuning.budgets, seqbench.tuning.places, seqbench.tuning.proposals, seqbench.tuning.repeats,
seqbench.records.search, seqbench.records.trials.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from seqbench import Catalog, ExperimentError, Model, StoreError
from seqbench.board.bundle.suite import cell_of
from seqbench.experiment.schema import load
from seqbench.plugins.grid import expand
from seqbench.records.schema import Record
from seqbench.records.search import has_trials, load_search, search_file
from seqbench.records.store import Store
from seqbench.records.trials import chosen_number, failed_trials, load_trials, missing_trials, setting_text
from seqbench.running.plan import ON_EXISTING, RETRY_FAILED, plan
from seqbench.tuning import budgets
from seqbench.tuning.budgets import begin
from seqbench.tuning.tuning import tuning_of
from tests.toys import CATALOG, Gru, Last
from tests.tuning.searches import SPACE, Choosy, experiment, finished, run, tried, tuned

QUICK = Path(__file__).parents[2] / "results" / "published" / "quick" / "records"


def test_the_setting_that_validates_best_is_run_on_the_seeds_as_if_a_file_had_given_it(tmp_path: Path) -> None:
    found = tuned(tmp_path)
    records = finished(found)
    rows = load_trials(tmp_path)
    best = max(rows, key=lambda row: (row.score or 0, -row.number))
    assert [row.number for row in rows if row.chosen] == [best.number]
    assert [record.cell.seed for record in records] == [0, 1]
    given = experiment(
        tune=None,
        training={**experiment().training.model_dump(), "learning_rate": best.setting["learning_rate"]},
        parameters={"small": {"hidden_size": best.setting["small.hidden_size"]}},
    )
    assert {record.key for record in records} == {cell.key for cell in expand(given, CATALOG)}
    for record in records:
        assert record.test is not None
        assert record.tuned is not None
        assert record.trial is None
        assert (record.tuned.number, record.tuned.keys) == (best.number, (best.key,))
        assert record.tuned.validation_score == best.score


def test_trials_are_records_of_their_own_without_anything_of_the_test_split(tmp_path: Path) -> None:
    found = tuned(tmp_path)
    tried(found)
    records = found.trials.read()
    assert len(records) == 3
    for record in records:
        assert record.status == "ok"
        assert (record.test, record.evaluations, record.gradients, record.facts) == (None, (), None, {})
        assert record.validation_score is not None
        assert record.cell.seed == 10_000
    assert not (tmp_path / "records").exists()


def test_trials_that_repeat_a_setting_are_told_before_the_first(tmp_path: Path) -> None:
    few: dict[str, Any] = {"space": {"learning_rate": [1e-3, 1e-2]}, "trials": 4}
    search = tuned(tmp_path, lengths=[4, 8], tune=few)
    cells = search.next_round(RETRY_FAILED).cells
    assert len({cell.training.learning_rate for cell in cells}) == 2
    assert search.remarks == (
        "small: its 4 trials have only 2 different settings, since each is drawn by itself out of 2, of which a"
        " grid tries each once; a trial that repeats another finds nothing new",
    )
    log = {"space": {"small.hidden_size": "log 2..3"}, "trials": 9}
    assert (
        "its 9 trials have only 2 different settings, since each is drawn by itself;"
        in tuned(tmp_path, tune=log).remarks[0]
    )
    assert tuned(tmp_path, tune={"space": few["space"], "method": "grid"}).remarks == ()
    assert tuned(tmp_path).remarks == ()


def test_all_models_are_tried_at_the_same_shared_values(tmp_path: Path) -> None:
    models = ["small", {"label": "wide", "model": "small", "hidden_size": 16}]
    space = {"learning_rate": "log 1e-4..1e-1", "wide.hidden_size": [8, 16]}
    todo = tuned(tmp_path, models=models, tune={"space": space, "trials": 5}).next_round(RETRY_FAILED)
    rates = {
        label: [cell.training.learning_rate for cell in todo.cells if cell.model.label == label]
        for label in ("", "wide")
    }
    assert rates[""] == rates["wide"]
    assert len(set(rates[""])) == 5
    assert {cell.model.parameters["hidden_size"] for cell in todo.cells if not cell.model.label} == {8}


def test_a_search_goes_on_where_it_was_left_and_chooses_the_same(tmp_path: Path) -> None:
    whole = finished(tuned(tmp_path / "whole"))
    found = tuned(tmp_path / "parts")
    first = next(found.rounds(RETRY_FAILED))
    run(replace(first, cells=first.cells[1:2], pending=first.cells[1:2]), found.trials)
    again = tuned(tmp_path / "parts")
    assert len(next(again.rounds(RETRY_FAILED)).pending) == 2
    parts = finished(again)
    assert [(r.key, r.score, r.tuned) for r in parts] == [(r.key, r.score, r.tuned) for r in whole]


def test_two_trials_of_equal_score_leave_the_choice_to_the_lower_number(tmp_path: Path) -> None:
    tried(tuned(tmp_path))
    rows = [replace(row, score=0.5, is_higher_better=True) for row in load_trials(tmp_path)]
    assert chosen_number(rows) == 0
    assert chosen_number([replace(row, score=row.number / 10) for row in rows]) == 2
    assert chosen_number([replace(row, score=row.number / 10, is_higher_better=False) for row in rows]) == 0
    pruned = [replace(row, score=0.9, pruned_at=4) if row.number == 0 else row for row in rows]
    assert chosen_number(pruned) == 1


@dataclass(frozen=True)
class Exploding(Model):
    """A model whose outputs are never finite."""

    name = "small"
    version = 1
    hidden_size: int = 8

    def build(self, input_size: int) -> nn.Module:
        layer = nn.GRU(input_size, self.hidden_size, batch_first=True)
        nn.init.constant_(layer.weight_ih_l0, torch.nan)
        return layer


def test_a_model_that_always_diverges_has_no_setting_and_is_not_tested(tmp_path: Path) -> None:
    chosen = tried(tuned(tmp_path, Catalog(tasks={"last": Last}, models={"small": Exploding})))
    assert {row.status for row in load_trials(tmp_path)} == {"diverged"}
    assert chosen.plan.cells == ()
    assert "none of its trials came to a score" in chosen.open[0]


@dataclass(frozen=True)
class Refusing(Gru):
    """A model that cannot be trained at one of its widths."""

    def build(self, input_size: int) -> nn.Module:
        layer = super().build(input_size)
        if self.hidden_size == 4:
            layer.register_forward_pre_hook(_refuse)
        return layer


def _refuse(layer: nn.Module, inputs: Any) -> None:
    if layer.training and torch.is_grad_enabled() and inputs[0].shape[0] == 16:
        raise RuntimeError("the plugin's own fault")


def test_a_failed_trial_blocks_its_choice_unless_it_is_to_count_as_the_worst(tmp_path: Path) -> None:
    catalog = Catalog(tasks={"last": Last}, models={"small": Refusing})
    space = {"small.hidden_size": [4, 8]}
    found = tuned(tmp_path, catalog, tune={"space": space, "method": "grid"})
    chosen = tried(found)
    assert [row.status for row in load_trials(tmp_path)] == ["failed", "ok"]
    assert chosen.plan.cells == ()
    assert "last small T=4: 1 of its 2 trials failed (number 0); none may be dropped" in chosen.open[0]
    reported = found.chosen(ON_EXISTING["only-report"])
    assert (reported.open, reported.settings) == (chosen.open, {})
    accepted = tried(found, ON_EXISTING["finish"])
    assert accepted.open == ()
    assert list(accepted.settings.values()) == [{"small.hidden_size": 8}]
    rows = load_trials(tmp_path)
    assert not any(row.chosen for row in rows)
    late = [replace(row, number=number, status="timeout") for number, row in enumerate(rows * 2, start=1)]
    assert failed_trials([*rows, *late[:3]]).endswith(
        "1 of its 5 trials failed (number 0) and 3 ran out of time (number 1, 2, 3)"
    )


def test_a_combination_that_a_model_refuses_is_named_before_anything_is_written(tmp_path: Path) -> None:
    catalog = Catalog(tasks={"last": Last}, models={"small": Choosy})
    space = {"small.hidden_size": [4, 8], "small.fold": [1, 2]}
    narrow = {"small": {"hidden_size": 4}}
    found = tuned(tmp_path, catalog, parameters=narrow, tune={"space": space, "method": "grid"})
    said = r"trial 3 of last small T=4 has small.hidden_size=8, small.fold=2: .*hidden_size is 8, and fold is 2"
    with pytest.raises(ExperimentError, match=said):
        next(found.rounds(RETRY_FAILED))
    assert not has_trials(tmp_path)


def test_a_second_choice_of_a_search_is_not_tested_beside_the_first(tmp_path: Path) -> None:
    found = tuned(tmp_path)
    records = finished(found)
    chosen = next(row.number for row in load_trials(tmp_path) if row.chosen)
    for record in found.trials.read():
        # As if they had been run again on another machine.
        is_first = record.trial is not None and record.trial.number == chosen
        found.trials.write(record.model_copy(update={"validation_score": 0.0 if is_first else 0.9}))
    again = found.chosen(RETRY_FAILED)
    assert again.plan.cells == ()
    assert records[0].tuned is not None
    told = setting_text(records[0].tuned.setting)
    assert f"2 cells with an earlier choice of this search, {told} ({records[0].key} first)" in again.open[0]
    for path in (tmp_path / "records").iterdir():
        path.unlink()
    assert len(found.chosen(RETRY_FAILED).plan.cells) == 2


def test_a_trial_that_was_removed_is_told_and_run_again(tmp_path: Path) -> None:
    found = tuned(tmp_path)
    records = finished(found)
    path = min((tmp_path / "trials" / "records").iterdir())
    key = path.stem.rpartition("_")[2]
    path.unlink()
    rows = load_trials(tmp_path)
    assert not any(row.chosen for row in rows)
    (said,) = missing_trials(load_search(tmp_path), rows)
    assert said.startswith("last small T=4: 1 of 3 trials are missing (number")
    assert [cell.key for cell in next(found.rounds(RETRY_FAILED)).pending] == [key]
    assert [r.tuned for r in finished(found)] == [r.tuned for r in records]


def test_a_cell_that_had_run_with_the_chosen_setting_is_not_run_again_and_tells_the_choice(tmp_path: Path) -> None:
    found = tuned(tmp_path, seeds=[0])
    todo = tried(found).plan
    store = Store(tmp_path)
    run(replace(todo, pending=tuple(replace(cell, tuned=None) for cell in todo.cells)), store)
    (before,) = store.read()
    chosen = found.chosen(RETRY_FAILED).plan
    assert chosen.pending == ()
    assert found.tell(found.chosen(ON_EXISTING["only-report"]).plan) == 0
    assert store.read() == [before]
    assert found.tell(chosen) == 1
    (after,) = store.read()
    assert after.tuned == todo.cells[0].tuned
    assert after == before.model_copy(update={"cell": after.cell})
    (path,) = (tmp_path / "records").iterdir()
    written = path.stat().st_mtime_ns
    found.tell(chosen)
    assert path.stat().st_mtime_ns == written


def test_a_plan_that_gives_one_model_more_trials_is_refused(tmp_path: Path) -> None:
    models = ["small", {"label": "wide", "model": "small", "hidden_size": 16}]
    found = tuned(tmp_path, models=models, tune={"space": {"learning_rate": [1e-2, 1e-3]}, "trials": 2})
    tried(found)
    path = search_file(tmp_path)
    told = json.loads(path.read_text())
    told["places"][1]["trials"] = 4
    path.write_text(json.dumps(told))
    with pytest.raises(StoreError, match="gives last wide T=4 4 trials, and the budget of each model is 2"):
        load_search(tmp_path)


def test_a_trial_beyond_the_budget_or_of_another_search_is_refused(tmp_path: Path) -> None:
    tried(tuned(tmp_path))
    more = tuned(tmp_path / "more", tune={"space": {"learning_rate": "log 1e-4..1e-1"}, "trials": 4})
    tried(more)
    record = more.trials.read()[0]
    Store(tmp_path / "trials").write(record)
    with pytest.raises(StoreError, match="a trial of another search"):
        load_trials(tmp_path)
    assert record.trial is not None
    own = replace(record.trial, search=load_search(tmp_path).search, number=3)
    cell = record.cell.model_copy(update={"trial": own})
    Store(tmp_path / "trials").write(record.model_copy(update={"cell": cell}))
    with pytest.raises(StoreError, match="is number 3 of last small T=4, and its budget is 3 trials"):
        load_trials(tmp_path)


def test_a_second_trial_of_one_number_is_refused(tmp_path: Path) -> None:
    tried(tuned(tmp_path))
    store = Store(tmp_path / "trials")
    record = store.read()[0]
    assert record.trial is not None
    other = replace(record.trial, setting={**record.trial.setting, "learning_rate": 0.0123})
    training = {**record.cell.training, "learning_rate": 0.0123}
    cell = record.cell.model_copy(update={"trial": other, "training": training})
    store.write(record.model_copy(update={"cell": cell, "key": "f" * 20}))
    with pytest.raises(StoreError, match="is number . of last small T=4 a second time; move one away"):
        load_trials(tmp_path)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("training", "of last small T=4 was changed: its key is not the hash of its settings, which is "),
        ("model", "its key is not the hash of its settings"),
        ("learning_rate", "it is said to have tried another learning_rate than it was trained with; move it away"),
    ],
)
def test_a_trial_whose_settings_were_changed_is_refused(tmp_path: Path, changed: str, said: str) -> None:
    tried(tuned(tmp_path))
    assert len(load_trials(tmp_path)) == 3
    store = Store(tmp_path / "trials")
    record = store.read()[0]
    assert record.trial is not None
    cell = record.cell
    if changed == "training":
        cell = cell.model_copy(update={"training": {**cell.training, "learning_rate": 0.0123}})
    elif changed == "model":
        cell = cell.model_copy(update={"model": cell.model.model_copy(update={"parameters": {"hidden_size": 6}})})
    else:
        setting = {**record.trial.setting, changed: 0.0123}
        cell = cell.model_copy(update={"trial": replace(record.trial, setting=setting)})
    # Writing makes the checksum anew.
    store.write(record.model_copy(update={"cell": cell}))
    with pytest.raises(StoreError, match=said):
        load_trials(tmp_path)


def test_the_best_trial_must_have_been_trained_with_the_parameters_that_it_tells(tmp_path: Path) -> None:
    found = tuned(tmp_path)
    tried(found)
    store = Store(tmp_path / "trials")
    best = next(row for row in load_trials(tmp_path) if row.chosen)
    record = store.with_key(best.key)
    assert record.trial is not None
    told = replace(record.trial, setting={**best.setting, "small.hidden_size": 6})
    store.write(record.model_copy(update={"cell": record.cell.model_copy(update={"trial": told})}))
    with pytest.raises(StoreError, match=r"tried .*small.hidden_size=6, and was trained with another setting"):
        found.chosen(RETRY_FAILED)


@dataclass(frozen=True)
class Rounding(Gru):
    """A model that rounds its width up to a multiple of four."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden_size", -(-self.hidden_size // 4) * 4)


def test_a_model_may_take_another_value_than_it_was_given(tmp_path: Path) -> None:
    catalog = Catalog(tasks={"last": Last}, models={"small": Rounding})
    tune = {"space": {"small.hidden_size": [6, 7, 12]}, "method": "grid"}
    found = tuned(tmp_path, catalog, tune=tune)
    (record, _) = finished(found)
    assert record.tuned is not None
    assert [row.setting["small.hidden_size"] for row in load_trials(tmp_path)] == [6, 7, 12]
    assert (
        record.cell.model.parameters["hidden_size"]
        == {6: 8, 7: 8, 12: 12}[record.tuned.setting["small.hidden_size"]]
    )
    assert found.chosen(RETRY_FAILED).plan.pending == ()


@pytest.mark.parametrize(
    "changes",
    [{"tune": {"space": {"learning_rate": [1e-3]}, "trials": 3}}, {"training": {"steps": 13}}],
    ids=["space", "training"],
)
def test_another_search_into_the_same_folder_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    next(tuned(tmp_path).rounds(RETRY_FAILED))
    with pytest.raises(StoreError, match="is the plan of another search"):
        next(tuned(tmp_path, **changes).rounds(RETRY_FAILED))
    begun = tuned(tmp_path, tune={"space": SPACE, "trials": 4})
    with pytest.raises(StoreError, match="trials 3 there and 4 here"):
        begin(begun.search, begun.trials, tmp_path)
    with pytest.raises(StoreError, match=r"lengths 4 there and 4, 6 here"):
        next(tuned(tmp_path, lengths=[4, 6]).rounds(RETRY_FAILED))
    # More seeds to test need no other trials.
    assert next(tuned(tmp_path, seeds=[0, 1, 2]).rounds(RETRY_FAILED)).cells


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ({"learning_rat": [1e-3]}, "no field of training to tune is called 'learning_rat'; did you mean"),
        ({"steps": [1, 2]}, "tune.steps sets them"),
        ({"time_limit": [1, 2]}, "no field of training to tune is called 'time_limit'"),
        ({"last.symbols": [2, 4]}, "last is a task, and a task with another symbols is another task"),
        ({"smal.hidden_size": [2]}, "no model of the experiment is called 'smal'; did you mean 'small'"),
        ({"small.hidden_siz": [2]}, "no parameter of small is called 'hidden_siz'; did you mean 'hidden_size'"),
        ({"learning_rate": "uniform -1..1"}, "tune.space.learning_rate: learning_rate is to be more than 0"),
        ({"learning_rate": "uniform 0.5..1", "batch_size": "0..8"}, "batch_size is to be 1 or more"),
        ({"small.hidden_size": "uniform 1..8"}, "small.hidden_size is to be a whole number"),
        ({"training.learning_rate": [1e-3]}, "written without it, as learning_rate"),
    ],
)
def test_a_space_with_a_wrong_name_or_end_is_refused_with_its_line(
    tmp_path: Path, space: dict[str, Any], said: str
) -> None:
    path = tmp_path / "mine.yaml"
    entries = ", ".join(f"{name}: {values}" for name, values in space.items())
    path.write_text(f"tasks: [last]\nmodels: [small]\nlengths: [4]\ntune:\n  space: {{{entries}}}\n  trials: 2\n")
    with pytest.raises(ExperimentError) as caught:
        tuning_of(load(path), CATALOG, tmp_path)
    assert said in str(caught.value)
    assert "mine.yaml:5: tune.space." in str(caught.value)


@dataclass(frozen=True)
class Headed(Gru):
    """A model whose width is to be a multiple of its heads."""

    heads: int = 4

    def __post_init__(self) -> None:
        if self.hidden_size % self.heads:
            raise ValueError(f"hidden_size {self.hidden_size} is no multiple of heads {self.heads}")


def test_a_value_is_refused_where_no_value_of_the_others_makes_it_fit(tmp_path: Path) -> None:
    catalog = Catalog(tasks={"last": Last}, models={"small": Headed})

    def sizes(heads: object, hidden_size: object = (6, 12)) -> dict[str, Any]:
        space = {"learning_rate": [1e-3], "small.hidden_size": hidden_size, "small.heads": heads}
        return {"space": space, "trials": 6}

    # 6 is no multiple of 4, and 8, the width of the experiment, none of 3.
    (place,) = tuned(tmp_path, catalog, tune=sizes([1, 2, 3])).places
    assert set(place.space) == {"learning_rate", "small.hidden_size", "small.heads"}
    assert tuned(tmp_path, catalog, tune=sizes("1..3", "log 6..12")).places
    mixed = {"space": sizes([1, 4])["space"], "compute": 1e9}
    with pytest.raises(ExperimentError, match="trial . of last small T=4 has .*heads=4: small: "):
        tuned(tmp_path, catalog, tune=mixed)
    # The message tells values of the space, not those that the experiment has.
    for name, heads, hidden_size, said in (
        ("heads", [1, 5], (6, 12), r"hidden_size=(6|12), small.heads=5, is refused: small: hidden_size \1 is no "),
        ("hidden_size", [7], (6, 9), r"heads=7, small.hidden_size=6, is refused: .* 6 is no multiple of heads 7"),
        ("hidden_size", [4], (6, 12), r"hidden_size 6 is no multiple of heads 4"),
    ):
        with pytest.raises(ExperimentError, match=rf"tune.space.small.{name}: .*{said}"):
            tuned(tmp_path, catalog, tune=sizes(heads, hidden_size))
    with pytest.raises(ExperimentError, match=r"space.small.heads: small.heads is to be a whole number, and 'x'"):
        tuned(tmp_path, catalog, tune=sizes([1, "x"]))


def test_a_grid_must_have_as_many_settings_for_each_model(tmp_path: Path) -> None:
    models = ["small", {"label": "wide", "model": "small", "hidden_size": 16}]
    both = {"models": models[:1], "tune": {"space": {"learning_rate": [1e-3, 1e-2, 0.1]}, "method": "grid"}}
    assert len(tuned(tmp_path, **both).next_round(RETRY_FAILED).cells) == 3
    apart = {"space": {"learning_rate": [1e-3, 1e-2], "wide.hidden_size": [8, 16]}, "method": "grid"}
    with pytest.raises(ExperimentError, match="the grid of small has 2 settings, and 4 trials are the budget"):
        tuned(tmp_path, models=models, parameters={"small": {"hidden_size": 4}}, tune=apart)
    with pytest.raises(ExperimentError, match="the grid of small has 99999999999999999999 settings"):
        tuned(tmp_path, tune={"space": {"patience": "1..99999999999999999999"}, "method": "grid"})
    with pytest.raises(ExperimentError, match="the grid of small has 3 settings, and there are 2 trials"):
        tuned(tmp_path, tune={**both["tune"], "trials": 2})
    with pytest.raises(ExperimentError, match="the grid of small has 3 settings, and 4 trials are the budget"):
        tuned(tmp_path, tune={**both["tune"], "trials": 4})


def test_compute_gives_a_wider_model_fewer_trials(tmp_path: Path) -> None:
    models = ["small", {"label": "wide", "model": "small", "hidden_size": 64}]
    tune = {"space": {"learning_rate": "log 1e-4..1e-1"}, "compute": 4e7}
    search = tuned(tmp_path, models=models, tune=tune).search
    small, wide = search.places
    assert small.trials > wide.trials >= 1
    assert small.operations is not None
    assert wide.operations is not None
    assert max(small.operations, wide.operations) <= 4e7
    assert 4e7 - small.operations < small.operations / small.trials
    cheap = tuned(tmp_path, tune={**tune, "compute": 2 * small.operations / small.trials})
    tried(cheap)
    assert [row.operations for row in load_trials(tmp_path)] == [small.operations / small.trials] * 2
    told = json.loads(search_file(tmp_path).read_text())
    search_file(tmp_path).write_text(json.dumps({**told, "compute": 1.0, "places": _at_most(told["places"], 1.0)}))
    with pytest.raises(StoreError, match="floating-point operations, and its budget is 1"):
        load_trials(tmp_path)
    with pytest.raises(ExperimentError, match="less than the first trial of last small T=4 takes, "):
        tuned(tmp_path, tune={**tune, "compute": 10.0})


def test_compute_for_more_trials_than_a_search_may_have_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budgets, "MOST_TRIALS", 5)
    tune = {"space": {"learning_rate": "log 1e-4..1e-1"}, "compute": 1e9}
    with pytest.raises(ExperimentError, match="enough for more than 5 trials of last small T=4") as found:
        tuned(tmp_path, tune=tune)
    spent = float(str(found.value).partition("lower it to ")[2].split()[0])
    (place,) = tuned(tmp_path, tune={**tune, "compute": 1.02 * spent}).search.places
    assert place.trials == 5


def test_compute_that_is_far_too_much_is_refused_after_a_few_trials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []
    draw = budgets.random_setting
    monkeypatch.setattr(budgets, "random_setting", lambda *asked: (drawn.append(asked), draw(*asked))[1])
    tune = {"space": {"small.hidden_size": [4, 8]}, "compute": 1e18}
    with pytest.raises(ExperimentError, match="enough for more than 10000 trials of last small T=4") as found:
        tuned(tmp_path, tune=tune)
    assert len(drawn) < 100
    # What it says is about the most that is taken: a hundredth of it is for about a hundredth of the trials.
    most = float(str(found.value).partition("lower it to about ")[2].split()[0])
    (place,) = tuned(tmp_path, tune={**tune, "compute": most / 100}).search.places
    assert 80 < place.trials < 120


def _at_most(places: list[dict[str, Any]], operations: float) -> list[dict[str, Any]]:
    return [{**place, "operations": operations} for place in places]


def test_keys_of_cells_that_are_no_trials_are_those_of_before(tmp_path: Path) -> None:
    (cell, *_) = expand(experiment(tune=None), CATALOG)
    assert "trial" not in cell.identity
    trial = tuned(tmp_path).next_round(RETRY_FAILED).cells[0]
    assert "trial" in trial.identity
    assert trial.key != replace(trial, trial=None).key
    published = [Record.from_json(path.read_bytes(), path.name) for path in QUICK.glob("*.json")]
    assert len(published) == 60
    assert all(cell_of(record.cell).key == record.key for record in published)
    assert all(set(json.loads(record.to_json())["cell"]).isdisjoint(("trial", "tuned")) for record in published)


def test_a_run_refuses_an_experiment_that_is_to_be_tuned(tmp_path: Path) -> None:
    with pytest.raises(
        ExperimentError, match="run it with `seqbench tune` or `seqbench.tune`, or set tune to off"
    ):
        plan(experiment(), CATALOG, Store(tmp_path))
    with pytest.raises(ExperimentError, match="has no section tune"):
        tuned(tmp_path, tune=None)
    assert not has_trials(tmp_path)
