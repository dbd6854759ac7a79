"""Tests that the commands of a report run exactly the cells of its records."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from seqbench import Catalog, Model, load_catalog
from seqbench.cli.run import command as run_command
from seqbench.experiment.cells import Cell
from seqbench.experiment.overrides import settings
from seqbench.experiment.schema import Experiment, load, merge
from seqbench.plugins.grid import expand
from seqbench.records.making import unfinished
from seqbench.records.schema import Record
from seqbench.report.commands import command, commands
from tests.toys import CATALOG


@dataclass(frozen=True)
class Named(Model):
    """A model whose parameters are hard to write on a command line."""

    name = "named"
    version = 1
    label: str = ""
    sizes: tuple[int, ...] = (1,)
    rate: float = 0.1
    is_deep: bool = False
    limit: float | None = 1.0

    def build(self, input_size: int) -> nn.Module:
        return nn.GRU(input_size, 4, batch_first=True)


NAMED = Catalog(
    tasks=CATALOG.tasks, models={**CATALOG.models, "named": Named}, suites=load_catalog("suites").suites
)


def records_of(cells: list[Cell], catalog: Catalog) -> list[Record]:
    """Return records as a sweep leaves them; which outcome they have plays no part here."""
    return [unfinished(cell, "failed", "not run here", {}) for cell in cells]


def understood(line: str, catalog: Catalog, folder: Path) -> list[Cell]:
    """Return the cells that a command line runs: a shell splits it, and click and the experiment read it."""
    script = f'seqbench() {{ for each in "$@"; do printf "%s\\0" "$each"; done; }}; {line}'
    said = subprocess.run(["bash", "-c", script], capture_output=True, cwd=folder, check=True).stdout.decode()
    verb, *arguments = said.split("\0")[:-1]
    assert verb == "run"
    given = run_command.make_context("run", arguments).params
    suite = Path(given["experiment"])
    path = folder / suite if suite.suffix else catalog.suite(str(suite))
    fields = {name: given[name] for name in ("tasks", "models", "weights", "lengths", "seeds", "evaluate_lengths")}
    overrides = merge({k: v for k, v in fields.items() if v is not None}, settings(given["assignments"]))
    return expand(load(path, overrides), catalog)


HARD = [
    "",
    "plain",
    "it's",
    "a b",
    "64",
    "null",
    "1e-3",
    "[1, 2]",
    "two\nlines",
    "a=b,c",
    '"quoted"',
    "$HOME `x` \\n",
    "模\u200b",
]


def test_command_of_a_cell_gives_its_key_again(tmp_path: Path) -> None:
    several = Experiment.model_validate(
        {
            "tasks": ["last"],
            "models": ["small", "named"],
            "lengths": [3, 5],
            "seeds": [0, 2**62],
            "evaluate_lengths": [7, 9],
            "training": {"steps": 7, "learning_rate": 1e-05, "gradient_clip": None, "schedule": "cosine"},
            "parameters": {"last": {"symbols": 5}, "small": {"hidden_size": 3}},
        }
    )
    cells = expand(several, NAMED)
    assert [understood(command(each), NAMED, tmp_path)[0].key for each in records_of(cells, NAMED)] == [
        cell.key for cell in cells
    ]


@pytest.mark.parametrize("measured", [{"measure": False}, {"every": 20, "examples": 3, "draws": 1, "lags": 5}, {}])
def test_command_of_a_cell_that_did_not_end_measures_the_same_gradients(
    measured: dict[str, Any], tmp_path: Path
) -> None:
    experiment = {"tasks": ["last"], "models": ["small"], "lengths": [3], "gradients": measured}
    cells = expand(Experiment.model_validate(experiment), NAMED)
    (told,) = records_of(cells, NAMED)
    (again,) = understood(command(Record.from_json(told.to_json(), "here")), NAMED, tmp_path)
    assert (again.key, again.gradients) == (told.key, cells[0].gradients)


@pytest.mark.parametrize("label", HARD)
def test_command_of_a_cell_with_odd_parameters_gives_its_key_again(label: str, tmp_path: Path) -> None:
    values = {"label": label, "sizes": [3, 4], "rate": 1e-7, "is_deep": True, "limit": None}
    experiment = {"tasks": ["last"], "models": ["named"], "lengths": [3], "parameters": {"named": values}}
    cells = expand(Experiment.model_validate(experiment), NAMED)
    (told,) = records_of(cells, NAMED)
    assert command(told).isprintable()
    (again,) = understood(command(told), NAMED, tmp_path)
    assert again.key == cells[0].key
    assert again.model.parameters["label"] == label


def test_commands_run_exactly_the_cells_of_the_records(tmp_path: Path) -> None:
    catalog = load_catalog()
    quick = load(catalog.suite("quick"))
    wide = load(
        catalog.suite("long"), {"lengths": [16, 64], "seeds": [0, 1], "parameters": {"lstm": {"layers": 2}}}
    )
    cells = [*expand(quick, catalog), *expand(wide, catalog)]
    # A hole: one seed at one length is missing.
    kept = [cell for cell in cells if not (cell.task.name == "copy" and cell.length == 64 and cell.seed == 1)]
    lines = commands(records_of(kept, catalog))
    keys = [cell.key for line in lines for cell in understood(line, catalog, tmp_path)]
    assert sorted(keys) == sorted({cell.key for cell in kept})
    assert len(lines) < len(kept) / 5


@pytest.mark.parametrize("label", ["plain", "64"], ids=["options", "file"])
def test_command_of_many_seeds_names_ranges_and_runs_the_same_cells(label: str, tmp_path: Path) -> None:
    experiment = {"tasks": ["last"], "models": ["named"], "lengths": [3, 5], "seeds": [0, 1, 2, 3, 7, 8]}
    cells = expand(Experiment.model_validate({**experiment, "parameters": {"named": {"label": label}}}), NAMED)
    (line,) = commands(records_of(cells, NAMED))
    assert ("--seeds 0..3,7,8" if label == "plain" else '"seeds": ["0..3", 7, 8]') in line
    assert {cell.key for cell in understood(line, NAMED, tmp_path)} == {cell.key for cell in cells}


def test_records_of_two_versions_of_the_key_have_one_command() -> None:
    (record,) = records_of(expand(Experiment(tasks=["last"], models=["small"], lengths=[4]), CATALOG), CATALOG)
    earlier = record.model_copy(
        update={"key": "0" * 20, "cell": record.cell.model_copy(update={"key_version": 1})}
    )
    assert commands([record, earlier]) == commands([record])
