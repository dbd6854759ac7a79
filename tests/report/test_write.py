"""Tests that a report is written from Python as the command writes it, and that errors are in Python's words."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from seqbench import ExperimentError, StoreError, write_report
from seqbench.cli.main import cli
from seqbench.report import FORMATS
from tests.report.hostile import stored
from tests.report.tables.test_scores import record


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return stored([record(), record(model="gru")], tmp_path / "runs")


@pytest.mark.parametrize("name", FORMATS)
def test_file_is_that_of_the_command(name: str, runs: Path, tmp_path: Path) -> None:
    ours, theirs = (tmp_path / f"{who}{FORMATS[name].ending}" for who in ("ours", "theirs"))
    assert write_report([runs, str(runs)], str(ours)) == ours
    CliRunner().invoke(cli, ["report", str(runs), "--output", str(theirs)], catch_exceptions=False)
    assert ours.read_bytes() == theirs.read_bytes() != b""
    write_report(runs, tmp_path / "other", format=name)
    assert (tmp_path / "other").read_bytes() == ours.read_bytes()


@pytest.mark.parametrize(
    ("file", "form", "said"),
    [
        ("x.pdf", None, r"the ending \.pdf names no format"),
        ("x", None, r"the ending \(none\) names no format"),
        ("x.html", "htm", "no format is called 'htm'; did you mean 'html'"),
        ("nowhere/x.html", None, "there is no folder"),
        ("", "html", "is a folder: name a file"),
    ],
)
def test_a_file_that_cannot_be_is_refused_in_the_words_of_python(
    file: str, form: str | None, said: str, runs: Path, tmp_path: Path
) -> None:
    with pytest.raises(ExperimentError, match=said) as caught:
        write_report(runs, tmp_path / file, format=form)
    assert "--" not in str(caught.value)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["runs"]


def test_a_folder_that_is_not_there_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        write_report(tmp_path / "nowhere", tmp_path / "x.html")
    assert not (tmp_path / "x.html").exists()
