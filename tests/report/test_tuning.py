"""Tests that a report holds every planned trial, and says what is not as it was planned.

Modules: seqbench.report.tables.trials, seqbench.report.tables.windows, seqbench.report.formats.search_data,
seqbench.report.page.trials.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seqbench.experiment.search_space import random_setting, read_values
from seqbench.records.schema import Record
from seqbench.records.search import search_file
from seqbench.records.store import Store
from seqbench.records.trials import setting_text
from seqbench.report import FORMATS, Table, whole_report
from seqbench.report.tuning import places_tried, read_tried
from tests.report.tables.test_scores import texts
from tests.searches import RATES, folder_of, learned, search_of, trials_of, tuned_cells


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    search = search_of()
    made = folder_of(tmp_path / "runs", search, trials_of(search))
    for each in tuned_cells(made, search):
        Store(made).write(each)
    return made


def tables(folder: Path) -> dict[str, Table]:
    records = Store(folder).read()
    report = whole_report(records, read_tried([folder], records))
    return {table.title: table for section in report.sections for table in section.tables}


def problems(folder: Path) -> list[str]:
    records = Store(folder).read()
    report = whole_report(records, read_tried([folder], records))
    return [line for part in report.sections if "not as it was planned" in part.title for line in part.lines]


def test_report_has_budget_choice_windows_and_every_trial(folder: Path) -> None:
    found = tables(folder)
    assert texts(found["budget of the search"]) == [
        ["lstm", "2", "8", "8", "0", "0", "320", "12.0 s"],
        ["rnn", "2", "8", "8", "0", "2", "320", "12.0 s"],
    ]
    assert "random, seed 0: 4 trials for each model, task and length" in found["budget of the search"].lines[0]
    assert texts(found["chosen settings"]) == [
        ["copy", "T=8", "lstm", "learning_rate=0.001", "1", "0.900"],
        ["copy", "T=8", "rnn", "learning_rate=0.01", "2", "0.900"],
        ["copy", "T=32", "lstm", "learning_rate=0.001", "1", "0.900"],
        ["copy", "T=32", "rnn", "learning_rate=0.0001", "0", "0.200"],
    ]
    # Halfway from 0.2, which most trials have, to 0.9; stretches of a factor of ten each.
    assert texts(found["window of learning rates"]) == [
        ["copy", "lstm", "2.00 of 3.00", "1.00 of 3.00"],
        ["copy", "rnn", "1.00 of 3.00", "0.00 of 3.00"],
    ]
    assert found["window of learning rates"].below == (
        "copy: learned is accuracy at least 0.550; nothing learned is about 0.200",
    )
    assert texts(found["best score after n trials"])[0] == ["copy", "T=8", "lstm", "0.550", "0.783", "0.900"]
    every = texts(found["every trial"])
    assert len(every) == 4 * len(RATES)
    assert every[5] == ["copy", "T=8", "rnn", "1", "10000", "learning_rate=0.001", "0.200", "ok", ""]
    assert every[7] == ["copy", "T=8", "rnn", "3", "10000", "learning_rate=0.1", "-", "diverged", ""]
    assert [row[-1] for row in every].count("chosen") == 4
    assert problems(folder) == []


def test_removed_trial_is_missed_in_the_report_and_in_its_table(folder: Path) -> None:
    path = next(path for path in Store(folder / "trials").layout.record_files() if "_rnn_T8_" in path.name)
    path.unlink()
    said = problems(folder)
    assert said[0].startswith("copy rnn T=8: 1 of 4 trials are missing (number ")
    assert "copy rnn T=8: its trials are not those from which its setting was chosen" in said[1]
    every = texts(tables(folder)["every trial"])
    assert len(every) == 4 * len(RATES)
    assert [row[7] for row in every if row[2] == "rnn" and row[1] == "T=8"].count("missing") == 1


def failed(record: Record) -> Record:
    return record.model_copy(update={"status": "failed", "reason": "no memory", "validation_score": None})


def without_choice(folder: Path, said: str) -> None:
    """Check that a report shows no choice of copy rnn T=8, and says why."""
    report = json.loads(FORMATS["json"].write(Store(folder).read(), tried=read_tried([folder])))
    assert said in report["tuning"][0]["problems"] == problems(folder)
    found = tables(folder)
    assert [row[:3] for row in texts(found["chosen settings"])].count(["copy", "T=8", "rnn"]) == 0
    assert not any(row[-1] for row in texts(found["every trial"]) if row[1:3] == ["T=8", "rnn"])


def test_no_choice_is_shown_where_a_trial_failed_unless_the_cells_counted_it_as_the_worst(tmp_path: Path) -> None:
    search = search_of()
    trials = trials_of(search)
    made = folder_of(tmp_path / "runs", search, [*trials[:4], failed(trials[4]), *trials[5:]])
    without_choice(
        made,
        "copy rnn T=8: 1 of its 4 trials failed (number 0); none may be dropped: `seqbench tune` with the same"
        " experiment runs them again, and with on-existing finish they count as the worst",
    )
    (line,) = tables(made)["chosen settings"].lines
    assert line.endswith("no test data were looked at. No cell here was run with it.")
    for each in tuned_cells(made, search):
        Store(made).write(each)
    assert problems(made) == [
        "copy rnn T=8: 1 of its 4 trials failed (number 0), and counted as the worst when its setting was chosen"
    ]
    found = tables(made)["chosen settings"]
    assert ["copy", "T=8", "rnn", "learning_rate=0.01", "2", "0.900"] in texts(found)
    assert found.lines[0].endswith("The cells were then run with it on other seeds.")


def test_no_choice_is_shown_where_no_trial_has_a_score_or_cells_have_an_earlier_one(
    folder: Path, tmp_path: Path
) -> None:
    search = search_of()
    worst = folder_of(
        tmp_path / "worst", search, trials_of(search, lambda m, t, r: None if (m, t) == ("rnn", 8) else r)
    )
    without_choice(
        worst,
        "copy rnn T=8: none of its trials came to a score on validation data, so nothing is tested there",
    )
    store = Store(folder / "trials")
    for each in store.read():
        if (
            each.cell.model.name == "rnn"
            and each.cell.length == 8
            and each.cell.training["learning_rate"] == RATES[0]
        ):
            store.write(each.model_copy(update={"validation_score": 0.95}))
    assert "copy rnn T=8: its trials are not those from which its setting was chosen" in problems(folder)[0]
    assert ["copy", "T=8", "rnn"] not in [row[:3] for row in texts(tables(folder)["chosen settings"])]


def test_choice_says_which_cells_were_not_run(folder: Path) -> None:
    for path in Store(folder).layout.record_files():
        if "_rnn_T8_" in path.name:
            path.unlink()
    (line,) = tables(folder)["chosen settings"].lines
    assert line.endswith("The cells were then run with it on other seeds; none here of copy rnn T=8.")


def test_changed_score_of_a_trial_is_told(folder: Path) -> None:
    store = Store(folder / "trials")
    first = next(each for each in store.read() if each.cell.model.name == "lstm" and each.cell.length == 32)
    store.write(first.model_copy(update={"validation_score": 0.21}))
    assert [line.split(":")[0] for line in problems(folder)] == ["copy lstm T=32"]


def test_model_with_more_trials_than_planned_or_with_another_budget_is_told(tmp_path: Path) -> None:
    search = search_of()
    more = search_of(places=[{**each.model_dump(), "trials": 5} for each in search.places], trials=5)
    made = folder_of(tmp_path / "more", search, trials_of(more))
    assert "is number 4 of" in problems(made)[0]
    assert "every trial" in tables(made)
    made = folder_of(tmp_path / "unequal", search, trials_of(search))
    told = json.loads(search_file(made).read_text())
    told["places"][1]["trials"] = 8
    search_file(made).write_text(json.dumps(told))
    assert "8 trials, and the budget of each model is 4" in problems(made)[0]


def test_trials_that_are_gone_are_told_by_the_cells_that_they_chose(folder: Path, tmp_path: Path) -> None:
    records = Store(folder).read()
    alone = folder_of(tmp_path / "alone", search_of(), [], records)
    for path in sorted((alone / "trials").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (alone / "trials").rmdir()
    (tried,) = read_tried([alone], records)
    assert "the settings of 8 cells were chosen by a search whose trials are not here" in tried.problems[0]


def test_tuned_models_have_one_name_whatever_was_chosen_at_each_length(folder: Path) -> None:
    skill = tables(folder)["skill"]
    assert [row[:2] for row in texts(skill)] == [["copy", "lstm"], ["copy", "rnn"]]
    assert skill.columns[3:] == ("T=8", "T=32")


def test_trials_that_repeat_a_setting_are_counted(tmp_path: Path) -> None:
    search = search_of(models=["rnn"], trials=6, places=[*search_of(models=["rnn"], lengths=[8]).places])
    more = search.model_copy(update={"places": tuple(p.model_copy(update={"trials": 6}) for p in search.places)})
    made = folder_of(tmp_path / "runs", more, trials_of(more))
    told = "Trials that repeat the setting of an earlier one of their place: rnn 2 of 6."
    assert told in tables(made)["budget of the search"].lines


@pytest.mark.parametrize("is_one_there", [True, False])
def test_setting_of_a_missing_trial_is_told_where_the_plan_knows_it(tmp_path: Path, is_one_there: bool) -> None:
    space = {"learning_rate": [1e-4, 1e-3], "rnn.hidden_size": [4, 8], "lstm.layers": [1, 2]}

    def settings(method: str) -> list[str]:
        search = search_of(method=method, space=space, lengths=[8])
        kept = [
            _with_setting(each, {"learning_rate": each.cell.training["learning_rate"], "rnn.hidden_size": 64})
            for each in trials_of(search)
            if each.cell.model.name == "rnn" and each.trial and each.trial.number == 1 and is_one_there
        ]
        rows = texts(tables(folder_of(tmp_path / method, search, kept))["every trial"])
        return [row[5] for row in rows if row[2] == "rnn" and row[7] == "missing"]

    told = [f"learning_rate={rate}, rnn.hidden_size={size}" for rate in (0.0001, 0.001) for size in (4, 8)]
    assert settings("grid") == [each for i, each in enumerate(told) if i != 1 or not is_one_there]
    drawn = {name: read_values(values) for name, values in list(space.items())[:2]}
    numbers = [0, 2, 3] if is_one_there else range(4)
    assert settings("random") == [setting_text(random_setting(drawn, 0, number)) for number in numbers]
    assert settings("tpe") == [""] * len(numbers)


def _with_setting(record: Record, setting: dict[str, Any]) -> Record:
    assert record.trial is not None
    cell = record.cell.model_copy(update={"trial": replace(record.trial, setting=setting)})
    return record.model_copy(update={"cell": cell})


def test_report_without_a_tested_cell_has_no_commands_and_no_words_about_them(tmp_path: Path) -> None:
    search = search_of()
    made = folder_of(tmp_path / "runs", search, trials_of(search))
    report = whole_report([], read_tried([made]))
    assert [section.title for section in report.sections] == ["Tuning"]


def test_window_says_why_it_is_unknown_where_trials_have_too_few_scores(tmp_path: Path) -> None:
    search = search_of(models=["rnn"], lengths=[8])
    for rates, said in ((RATES[:1], "only 1 trial came to a score"), ((), "no trial has a score")):
        trials = trials_of(search, lambda model, length, rate, rates=rates: 0.5 if rate in rates else None)
        found = tables(folder_of(tmp_path / str(len(rates)), search, trials))["window of learning rates"]
        assert texts(found) == [["copy", "rnn", "unknown"]]
        assert found.below == (f"copy: no window, since {said}, too few to tell what counts as learned",)


def test_search_by_tpe_shows_the_best_of_the_first_trials(tmp_path: Path) -> None:
    search = search_of(method="tpe")
    made = folder_of(tmp_path / "runs", search, trials_of(search))
    (tried,) = read_tried([made])
    assert places_tried(tried)[0].best == (0.2, 0.9, 0.9, 0.9)
    assert "first n trials" in tables(made)["best score after n trials"].lines[0]


def test_lower_scores_may_be_the_better_ones(tmp_path: Path) -> None:
    def losses(model: str, length: int, rate: float) -> float | None:
        score = learned(model, length, rate)
        return None if score is None else 1 - score

    search = search_of()
    metric = {"name": "mse", "best": 0.0, "is_higher_better": False}
    trials = [
        each.model_copy(update={"metric": each.metric and each.metric.model_copy(update=metric)})
        for each in trials_of(search, losses)
    ]
    made = folder_of(tmp_path / "runs", search, trials)
    found = tables(made)
    assert texts(found["window of learning rates"])[0] == ["copy", "lstm", "2.00 of 3.00", "1.00 of 3.00"]
    assert "mse at most 0.450" in found["window of learning rates"].below[0]


def test_best_of_a_grid_is_said_of_its_own_settings(tmp_path: Path) -> None:
    search = search_of(method="grid")
    made = folder_of(tmp_path / "runs", search, trials_of(search))
    (line,) = tables(made)["best score after n trials"].lines
    assert "settings of a grid are not drawn at random" in line
    assert "Dodge" not in line


def test_task_that_no_trial_learned_has_no_window_and_says_why(tmp_path: Path) -> None:
    search = search_of()
    made = folder_of(tmp_path / "runs", search, trials_of(search, lambda model, length, rate: 0.12 + rate / 10))
    found = tables(made)["window of learning rates"]
    assert texts(found)[0] == ["copy", "lstm", "unknown", "unknown"]
    assert found.below == ("copy: no window, since the best accuracy is 0.130 and nothing learned is about 0.120",)


@pytest.mark.parametrize("name", ["terminal", "markdown", "latex", "json"])
def test_every_format_holds_the_trials(folder: Path, name: str) -> None:
    records = Store(folder).read()
    tried = read_tried([folder], records)
    text = FORMATS[name].write(records, tried=tried)
    assert text == FORMATS[name].write(records[::-1], tried=tried)
    if name == "json":
        (told,) = json.loads(text)["tuning"]
        assert len(told["trials"]) == 4 * len(RATES)
        assert told["places"][0]["window"]["decades"] == pytest.approx(2)
    else:
        assert "window of learning rates" in text
        assert text.count("chosen") >= 4


def test_page_draws_the_windows(folder: Path) -> None:
    records = Store(folder).read()
    page = FORMATS["html"].write(records, tried=read_tried([folder], records))
    assert "window of learning rates" in page
    assert 'id="rates-0-0-8"' in page
    assert 'id="expected-0-0-32"' in page
    assert "lstm, trial 1, learning_rate 0.001: 0.900" in page
    assert "rnn, trial 3, learning_rate 0.1: diverged" in page
