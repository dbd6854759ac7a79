"""Tests that a report is written without torch, shows how sure it is, and says when it cannot be written."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from seqbench.records.store import Store
from seqbench.report import result_tables
from tests.report.tables.test_scores import record, texts, three_seeds


def test_usable_length_shows_a_wide_spread_of_seeds() -> None:
    sure, unsure = (three_seeds(*scores) for scores in ((0.75, 0.76, 0.77), (1.0, 1.0, 0.28)))
    # The mean skill is 0.73 with both, and the second might as well not hold.
    assert texts(result_tables(sure)[-2])[0][2] == ">= 12 [>= 12, >= 12]"
    assert texts(result_tables(unsure)[-2])[0][2] == ">= 12 [-, >= 12]"


@pytest.mark.parametrize(
    ("redirection", "expected"),
    [(">/dev/full", "stdout cannot be written to: No space left on device"), (">&-", "stdout is closed")],
)
def test_stdout_that_cannot_be_written_to_is_one_clear_line(
    redirection: str, expected: str, tmp_path: Path
) -> None:
    Store(tmp_path).write(record())
    line = f"{shlex.quote(sys.executable)} -m seqbench report {shlex.quote(str(tmp_path))} {redirection}"
    said = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 2
    assert expected in said.stderr
    assert len(said.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["terminal", "json"])
def test_report_imports_neither_torch_nor_plugins_nor_pandas(name: str, tmp_path: Path) -> None:
    for each in (record(), record(model="gru"), record(seed=1)):
        Store(tmp_path).write(each)
    code = (
        f"import sys; from seqbench.cli.main import cli; cli(['report', {str(tmp_path)!r}, '--format', {name!r}],"
        " standalone_mode=False); found = [m for m in sys.modules if m.split('.')[0] in ('torch', 'pandas')"
        " or m.startswith(('seqbench_', 'scipy.stats'))]; sys.exit(' '.join(found) or 0)"
    )
    environment = {**os.environ, "COLUMNS": "120"}
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert said.returncode == 0, said.stderr
