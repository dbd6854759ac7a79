"""Tests that single tables of a report are written for a paper, with and without intervals."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from seqbench import ExperimentError, write_report
from seqbench.cli.report import command
from seqbench.report import Report, Section, Table, read_records, whole_report
from seqbench.report.excerpt import excerpt
from seqbench.report.tables.table import Entry
from tests.report.hostile import stored
from tests.report.tables.test_scores import record


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cells = [
        record(score, model=model, seed=seed)
        for model, scores in (("gru", (0.9, 0.95)), ("lstm", (0.4, 0.5)))
        for seed, score in enumerate(scores)
    ]
    return stored(cells, tmp_path / "runs")


def test_tables_are_chosen_by_the_beginning_of_their_titles(folder: Path) -> None:
    document = whole_report(read_records([folder]))
    assert [table.title for table in excerpt(document, "skill")] == ["skill"]
    assert {table.title.partition(":")[0] for table in excerpt(document, "copy")} == {"copy"}
    with pytest.raises(ExperimentError, match=r"begins with 'Skill'; there are:(?s:.*)\n  skill\n"):
        excerpt(document, "Skill")


def test_intervals_are_left_out_and_other_notes_stay(folder: Path) -> None:
    document = whole_report([*read_records([folder]), record(None, status="diverged", reason="nan", seed=2)])
    (whole,), (bare,) = (excerpt(document, "skill", has_intervals=kept) for kept in (True, False))
    assert any("[" in entry.note for row in whole.rows for entry in row)
    assert not any("[" in entry.note for row in bare.rows for entry in row)
    (ranks,) = excerpt(document, "mean rank", has_intervals=False)
    assert not any("interval" in line for line in (*ranks.lines, *bare.lines))
    ends = Table("ends", (), ("model", "from, to"), ((Entry("gru"), Entry("[1.2, 1.4]")),), keys=1)
    with pytest.raises(ExperimentError, match="the table 'ends' is one of intervals"):
        excerpt(Report("", (Section("", (ends,)),)), "ends", has_intervals=False)
    assert any("1 diverged" in entry.note for row in bare.rows for entry in row)
    assert [entry.text for row in bare.rows for entry in row] == [e.text for row in whole.rows for e in row]


def test_latex_is_the_tabular_alone(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "skill.tex"
    write_report(folder, target, table="skill", intervals=False)
    lines = target.read_text().splitlines()
    assert lines[0] == "% skill"
    assert next(line for line in lines if not line.startswith("%")).startswith(r"\begin{tabular}")
    assert lines[-1] == r"\end{tabular}"
    assert r"\documentclass" not in target.read_text()
    asked = [str(folder), "--table", "skill", "--no-intervals", "--format", "latex"]
    assert CliRunner().invoke(command, asked, catch_exceptions=False).stdout == target.read_text()


def test_what_has_no_tables_is_refused_before_anything_is_written(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="csv has no single tables: choose terminal, markdown, latex"):
        write_report(folder, tmp_path / "skill.csv", table="skill")
    with pytest.raises(ExperimentError, match="name a table to leave them out"):
        write_report(folder, tmp_path / "report.md", intervals=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs"]
