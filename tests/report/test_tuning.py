"""Tests that a report holds every planned trial, and says what is not as it was planned.

Modules: seqbench.report.tables.trials, seqbench.report.tables.windows, seqbench.report.formats.search_data,
seqbench.report.page.trials.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seqbench.records.search import search_file
from seqbench.records.store import Store
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
