"""Tests that the command report writes the format that a file ending names."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from seqbench.cli.report import command as report_command
from seqbench.records.store import Store
from seqbench.report import FORMATS
from tests.report.hostile import TEXTS, stored
from tests.report.tables.test_scores import record


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
    with pytest.raises(click.UsageError, match=r"\.pdf names no format"):
        report_command.main([str(folder), "--output", str(tmp_path / "x.pdf")], standalone_mode=False)
