"""Tests that two labels which are one model are told: before a search, or where its choice makes them one."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from seqbench import Catalog, ExperimentError
from seqbench.cli.search_lines import show_settings
from seqbench.records.store import Store
from seqbench.report.tuning import read_tried
from seqbench.running.plan import RETRY_FAILED
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
    assert chosen.shared == (SAID.format("label0", "label1"),) == told(tmp_path)
    show_settings(chosen, as_json=True)
    shown = capsys.readouterr()
    assert json.loads(shown.out.splitlines()[-1]) == {"event": "shared", "told": chosen.shared[0]}
    assert chosen.shared[0] in shown.err
    assert [(cell.model.label, cell.seed) for cell in chosen.plan.cells] == [("label0", 0), ("label0", 1)]
    # Where a record stands under the other label already, as earlier versions had it, the sentences name that one.
    tuned_as = chosen.choices[found.places[1].place]
    other = [
        replace(each, model=replace(each.model, label="label1"), tuned=tuned_as) for each in chosen.plan.cells
    ]
    run(replace(chosen.plan, pending=tuple(other)), Store(tmp_path))
    again = found.chosen(RETRY_FAILED)
    assert (again.shared, again.plan.pending) == ((SAID.format("label1", "label0"),), ())
    found.tell(again.plan)
    assert told(tmp_path) == again.shared


def test_labels_at_different_settings_each_have_their_cells(tmp_path: Path) -> None:
    found = tuned(tmp_path, **labels([8], [12]))
    assert sorted(record.cell.model.label for record in finished(found)) == ["label0"] * 2 + ["label1"] * 2
    assert told(tmp_path) == found.chosen(RETRY_FAILED).shared == ()


def test_two_labels_with_the_same_values_to_choose_from_are_refused(tmp_path: Path) -> None:
    said = r"label1 is label0 once more: they differ in nothing but what the search chooses \(hidden_size\)"
    with pytest.raises(ExperimentError, match=said):
        tuned(tmp_path, **labels([8, 12], [8, 12]))


@dataclass(frozen=True)
class Clipped(Gru):
    """A model with a parameter that has the name of a field of training."""

    gradient_clip: float = 1.0


def test_labels_that_differ_in_a_parameter_with_the_name_of_a_tuned_field_are_two_models(tmp_path: Path) -> None:
    models = [{"label": f"clip{i}", "model": "small", "gradient_clip": i} for i in (1, 2)]
    tune = {"space": {"gradient_clip": [0.5, 1.0]}, "method": "grid"}
    catalog = Catalog(tasks={"last": Last}, models={"small": Clipped})
    assert len(tuned(tmp_path, catalog, models=models, tune=tune).places) == 2
