"""Tests that the command report writes the format that a file ending names."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from seqbench.cli.report import command as report_command
from seqbench.errors import ExperimentError
from seqbench.records.store import Store
from seqbench.report import FORMATS
from tests.report.hostile import TEXTS, stored
from tests.report.tables.test_scores import record
from tests.searches import folder_of, search_of, trials_of, tuned_cells


def test_command_writes_the_format_that_the_ending_names_and_says_what_it_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    folder = stored([record(), record(model="gru")], tmp_path / "runs")
    for name in TEXTS:
        target = tmp_path / f"report{FORMATS[name].ending}"
        report_command.main([str(folder), "--output", str(target)], standalone_mode=False)
        said = capsys.readouterr()
        assert target.read_text() == FORMATS[name].write(Store(folder).read())
        assert said.out == ""
        assert said.err == f"wrote {target} ({target.stat().st_size} bytes, {name}, 2 cells)\n"
        report_command.main([str(folder), "--format", name], standalone_mode=False)
        assert capsys.readouterr().out == target.read_text()
    with pytest.raises(ExperimentError, match=r"\.pdf names no format"):
        report_command.main([str(folder), "--output", str(tmp_path / "x.pdf")], standalone_mode=False)


def test_folder_with_trials_and_no_results_has_a_report_of_its_search(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    search = search_of()
    folder = folder_of(tmp_path / "runs", search, trials_of(search))
    report_command.main([str(folder)], standalone_mode=False)
    said = capsys.readouterr().out
    assert "budget of the search" in said
    assert said.count("learning_rate=0.001") >= 4
    for each in tuned_cells(folder, search):
        Store(folder).write(each)
    target = tmp_path / "report.json"
    report_command.main([str(folder), "--output", str(target)], standalone_mode=False)
    told = json.loads(target.read_text())
    assert len(told["rows"]) == 8
    assert len(told["tuning"][0]["trials"]) == 16
    # The trials are a store of their own, and so have a table of their own.
    report_command.main([str(folder / "trials"), "--format", "csv"], standalone_mode=False)
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 16
    assert {row["score"] for row in rows} == {""}
    assert sorted(row["validation_score"] for row in rows).count("0.9") == 4
