"""Tests that two labels which are one model are told: before a search, or where its choice makes them one."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from seqbench import Catalog, ExperimentError
from seqbench.cli.search_lines import show_settings
from seqbench.records.store import Store
from seqbench.records.trials import load_trials
from seqbench.report.tuning import read_tried
from seqbench.running.plan import ON_EXISTING, RETRY_FAILED, OnExisting
from seqbench.tuning.tuning import Chosen, Tuning
from tests.toys import Gru, Last
from tests.tuning.searches import finished, labels, run, tried, tuned

LEARNING = {"steps": 60, "batch_size": 16, "validate_every": 20}
SAID = (
    "last T=4: label0 (label0.hidden_size=8) and label1 (label1.hidden_size=8) have come to the same model with"
    " the same training; its cells run once, their results stand under {} alone, and tables have none of {} there"
)


def told(folder: Path) -> tuple[str, ...]:
    (search,) = read_tried([folder], Store(folder).read() if (folder / "records").exists() else ())
    return search.problems


def test_two_labels_that_come_to_one_model_are_told_and_it_runs_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = tuned(tmp_path, **labels([8, 4], [8, 2]), training=LEARNING)
    chosen = tried(found)
    assert [dict(setting) for setting in chosen.settings.values()] == [
        {"label0.hidden_size": 8},
        {"label1.hidden_size": 8},
    ]
    assert chosen.shared == (SAID.format("label0", "label1"),)
    none = (
        SAID[: SAID.index("its cells")]
        + "its cells would run once, under one of these labels, and none of them is here"
    )
    assert told(tmp_path) == found.chosen(RETRY_FAILED, trials_only=True).shared == (none,)
    show_settings(chosen, as_json=True)
    shown = capsys.readouterr()
    assert json.loads(shown.out.splitlines()[-1]) == {"event": "shared", "told": chosen.shared[0]}
    assert chosen.shared[0] in shown.err
    assert [(cell.model.label, cell.seed) for cell in chosen.plan.cells] == [("label0", 0), ("label0", 1)]
    run(chosen.plan, Store(tmp_path))
    assert told(tmp_path) == found.chosen(RETRY_FAILED, trials_only=True).shared == chosen.shared


def stand(folder: Path) -> list[tuple[str, int, dict[str, Any]]]:
    """Return the label, seed and chosen setting of each record."""
    found = [(each.cell.model.label, each.cell.seed, each.tuned) for each in Store(folder).read()]
    return sorted((label, seed, dict(tuned.setting) if tuned else {}) for label, seed, tuned in found)


def outcome(found: Tuning, label: str, number: int, **fields: Any) -> None:
    """Give a trial of a label this outcome."""
    key = next(row.key for row in load_trials(found.folder) if (row.model, row.number) == (label, number))
    found.trials.write(found.trials.with_key(key).model_copy(update=fields))


def finish(found: Tuning, policy: OnExisting = RETRY_FAILED) -> Chosen:
    """Run the cells of a choice, and tell it in their records."""
    chosen = found.chosen(policy)
    run(chosen.plan, Store(found.folder))
    found.tell(chosen.plan)
    return chosen


def test_further_seeds_stand_under_the_label_that_has_records(tmp_path: Path) -> None:
    changes = {**labels([8, 4], [8, 2]), "training": LEARNING}
    found = tuned(tmp_path, **changes)
    tried(found)
    outcome(found, "label0", 1, status="failed")
    assert finish(found).choices.keys() == {found.places[1].place}
    outcome(found, "label0", 1, status="ok")
    more = tuned(tmp_path, **changes, seeds=[0, 1, 2])
    assert finish(more).shared == (SAID.format("label1", "label0"),) == told(tmp_path)
    assert stand(tmp_path) == [("label1", seed, {"label1.hidden_size": 8}) for seed in (0, 1, 2)]
    # Others alone, too; records of both labels, as earlier versions wrote them, are told as they are.
    other = tuned(tmp_path, **changes, seeds=[3])
    assert finish(other).shared == (SAID.format("label1", "label0"),)
    store = Store(tmp_path)
    last = next(each for each in store.read() if each.cell.seed == 3)
    model = last.cell.model.model_copy(update={"label": "label0"})
    store.write(last.model_copy(update={"cell": last.cell.model_copy(update={"model": model})}))
    both = SAID[: SAID.index(" under")] + " under label1 and label0"
    assert more.chosen(RETRY_FAILED).shared == (both,)
    assert told(tmp_path) == (both,)


def test_records_of_before_become_those_of_the_label_that_the_sentence_names(tmp_path: Path) -> None:
    found = tuned(tmp_path, **labels([8, 4], [8, 2]), training=LEARNING)
    cells = tried(found).plan.cells
    plain = [replace(each, model=replace(each.model, label=""), tuned=None) for each in cells]
    run(replace(found.chosen(RETRY_FAILED).plan, pending=tuple(plain[:1])), Store(tmp_path))
    as_it_is = found.chosen(ON_EXISTING["only-report"]).shared
    assert as_it_is[0].endswith("stand under small alone, and tables have none of label0 and label1 there")
    assert finish(found).shared == (SAID.format("label0", "label1"),) == told(tmp_path)
    assert stand(tmp_path) == [("label0", seed, {"label0.hidden_size": 8}) for seed in (0, 1)]


@pytest.mark.parametrize("is_told_between", [True, False])
def test_a_label_whose_choice_changes_gives_its_cells_to_the_other(tmp_path: Path, is_told_between: bool) -> None:
    found = tuned(tmp_path, **labels([4, 8], [8, 2]), training=LEARNING)
    tried(found)
    outcome(found, "label0", 0, status="failed")
    assert finish(found, ON_EXISTING["finish"]).shared == (SAID.format("label0", "label1"),)
    if is_told_between:
        # The failed trial is no longer accepted: the cells are those of the other label alone.
        assert finish(found).choices.keys() == {found.places[1].place}
        assert stand(tmp_path) == [("label1", seed, {"label1.hidden_size": 8}) for seed in (0, 1)]
    outcome(found, "label0", 0, status="ok", validation_score=1.0)
    outcome(found, "label0", 1, validation_score=0.0)
    last = finish(found)
    assert (last.open, last.shared) == ((), ())
    narrow = [("label0", seed, {"label0.hidden_size": 4}) for seed in (0, 1)]
    assert stand(tmp_path) == narrow + [("label1", seed, {"label1.hidden_size": 8}) for seed in (0, 1)]
    assert told(tmp_path) == ()


def test_cells_of_a_model_that_the_search_never_had_are_told_as_such(tmp_path: Path) -> None:
    found = tuned(tmp_path)
    (record, _) = finished(found)
    assert record.tuned is not None
    other = replace(record.tuned, keys=("f" * 20,))
    model = record.cell.model.model_copy(update={"label": "other"})
    cell = record.cell.model_copy(update={"tuned": other, "model": model})
    Store(tmp_path).write(record.model_copy(update={"cell": cell}))
    assert told(tmp_path) == (
        "last other T=4: its cells name trials of this search that are not here, and the search has no trials of"
        " it",
    )


def test_labels_at_different_settings_each_have_their_cells(tmp_path: Path) -> None:
    found = tuned(tmp_path, **labels([8], [12]))
    assert sorted(record.cell.model.label for record in finished(found)) == ["label0"] * 2 + ["label1"] * 2
    assert told(tmp_path) == found.chosen(RETRY_FAILED).shared == ()


@pytest.mark.parametrize("values", [[8, 12], [12, 8]])
def test_two_labels_with_the_same_values_to_choose_from_are_refused(tmp_path: Path, values: list[int]) -> None:
    said = r"label1 is label0 once more: they differ in nothing but what the search chooses \(hidden_size\)"
    with pytest.raises(ExperimentError, match=said):
        tuned(tmp_path, **labels([8, 12], values))
    assert len(tuned(tmp_path, **labels([8, 12], [8, 13])).places) == 2


@dataclass(frozen=True)
class Clipped(Gru):
    """A model with a parameter that has the name of a field of training."""

    gradient_clip: float = 1.0


def test_labels_that_differ_in_a_parameter_with_the_name_of_a_tuned_field_are_two_models(tmp_path: Path) -> None:
    models = [{"label": f"clip{i}", "model": "small", "gradient_clip": i} for i in (1, 2)]
    tune = {"space": {"gradient_clip": [0.5, 1.0]}, "method": "grid"}
    catalog = Catalog(tasks={"last": Last}, models={"small": Clipped})
    assert len(tuned(tmp_path, catalog, models=models, tune=tune).places) == 2
