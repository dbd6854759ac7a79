"""Tests that parameters for generated data stay out of cells with the user's data.

Modules: seqbench.contracts.fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from seqbench import Catalog, Experiment, ExperimentError, Task, TaskData, data_source, generated_only
from seqbench.cli.main import cli
from seqbench.experiment.cells import Cell
from seqbench.experiment.overrides import settings
from seqbench.experiment.schema import load
from seqbench.plugins.grid import expand
from tests.toys import Gru


@dataclass(frozen=True)
class Counted(Task):
    """A task with data that it makes up, or somebody's own."""

    name = "counted"
    version = 1
    data: str | None = data_source()
    rows: int = generated_only(30)
    width: int = 3

    def load(self, length: int, seed: int) -> TaskData:
        raise AssertionError("a key needs no data")


CATALOG = Catalog(tasks={"counted": Counted}, models={"small": Gru})


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text("text\nx\n")
    return path


def cell(tmp_path: Path, parameters: str, *assignments: str) -> Cell:
    """Return the cell of a suite with these parameters, with the command line laid over it."""
    suite = tmp_path / "suite.yaml"
    own = f"parameters:\n  counted: {{{parameters}}}\n"
    suite.write_text(f"tasks: [counted]\nmodels: [small]\nlengths: [8]\n{own}")
    return expand(load(suite, settings(assignments)), CATALOG)[0]


@pytest.mark.parametrize("nothing", ["", " "])
def test_source_that_is_an_empty_text_is_refused_and_makes_up_no_data(tmp_path: Path, nothing: str) -> None:
    with pytest.raises(
        ExperimentError, match=r"suite\.yaml:5: counted\.data names nothing; give a file, a folder"
    ):
        cell(tmp_path, f"data: '{nothing}'")
    with pytest.raises(ExperimentError, match="--set counted.data="):
        cell(tmp_path, "", f"counted.data={nothing}")


def test_suite_that_sets_one_when_the_command_line_brings_data_then_its_default_and_the_same_key(
    tmp_path: Path, mine: Path
) -> None:
    own = cell(tmp_path, "rows: 7, width: 5", f"counted.data={mine}")
    assert own.task.parameters == {"data": str(mine), "rows": 30, "width": 5}
    assert own.key == cell(tmp_path, "width: 5", f"counted.data={mine}").key
    assert own.key != cell(tmp_path, "width: 6", f"counted.data={mine}").key


def test_suite_that_sets_one_without_data_then_it_counts(tmp_path: Path) -> None:
    made_up = cell(tmp_path, "rows: 7")
    assert made_up.task.parameters["rows"] == 7
    assert made_up.key != cell(tmp_path, "rows: 8").key


def test_whoever_sets_both_then_told(tmp_path: Path, mine: Path) -> None:
    said = "counted.rows is for data that the task makes up, and counted.data gives data of your own"
    with pytest.raises(ExperimentError, match=f"^{said}"):
        cell(tmp_path, "rows: 7", f"counted.data={mine}", "counted.rows=9")
    with pytest.raises(ExperimentError, match=rf"suite.yaml:5: {said}"):
        cell(tmp_path, f"rows: 7, data: {mine}")
    with pytest.raises(ExperimentError, match=said):
        cell(tmp_path, f"data: {mine}", "counted.rows=9")
    parameters: dict[str, dict[str, Any]] = {"counted": {"data": str(mine), "rows": 9}}
    with pytest.raises(ExperimentError, match=said):
        expand(Experiment(tasks=("counted",), models=("small",), lengths=(8,), parameters=parameters), CATALOG)
    assert cell(tmp_path, f"rows: 30, data: {mine}").task.parameters["rows"] == 30  # the default says nothing


@pytest.mark.parametrize("command", ["show", "check"])
def test_other_commands_when_both_are_set_then_told(mine: Path, command: str) -> None:
    asked = ["--set", f"word-order.data={mine}", "--set", "word-order.sentences=400"]
    done = CliRunner().invoke(cli, [command, "word-order", *asked])
    assert isinstance(done.exception, ExperimentError)
    assert "word-order.sentences is for data that the task makes up" in str(done.exception)


def test_quick_with_own_text_then_no_name_tells_of_its_sentences(mine: Path) -> None:
    from seqbench import load_catalog

    catalog = load_catalog()
    chosen = settings([f"word-order.data={mine}", "sentiment.evidence=end"])
    cells = {c.task.name: c for c in expand(load(catalog.suite("quick"), chosen), catalog)}
    assert cells["word-order"].task.parameters["sentences"] == 30_000
    assert cells["sentiment"].task.parameters["evidence"] == "end"
