"""Tests the expansion of an experiment: each task is made once, and errors name their line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from seqbench import DataError, Execution, Experiment, ExperimentError, Task, TaskData, data_source
from seqbench.executors.serial import Serial
from seqbench.experiment.schema import load
from seqbench.plugins.grid import expansion, fingerprints, tasks_of
from seqbench.records.store import Store
from seqbench.running.plan import plan
from seqbench.running.sweep import sweep
from tests.toys import CATALOG, Last

MADE: list[int] = []


@dataclass(frozen=True)
class Counted(Task):
    """Note that it is made; take no pair of 3 and 3."""

    name = "counted"
    version = 1
    symbols: int = 4
    others: int = 4

    def __post_init__(self) -> None:
        MADE.append(self.symbols)
        if self.symbols + self.others < 6:
            raise ValueError(f"{self.symbols} symbols and {self.others} others are fewer than 6")

    def load(self, length: int, seed: int) -> TaskData:
        return Last(self.symbols).load(length, seed)

    def time_steps(self, length: int) -> int:
        return 2 * length


COUNTING = replace(CATALOG, tasks={"counted": Counted}, executors={"serial": Serial})
GRID: dict[str, Any] = {
    "tasks": ["counted"],
    "models": ["small"],
    "lengths": [4, 6],
    "seeds": [0, 1],
    "training": {"steps": 3, "batch_size": 4, "validate_every": 3},
}


@pytest.mark.parametrize("parameters", [{}, {"symbols": 5}, {"symbols": 5, "others": 2}])
def test_task_is_made_once_for_a_plan_and_once_for_each_cell_that_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parameters: dict[str, int]
) -> None:
    monkeypatch.setattr("seqbench.executors.work.load_sources", lambda sources: COUNTING)
    store = Store(tmp_path)
    MADE.clear()
    todo = plan(Experiment.model_validate({**GRID, "parameters": {"counted": parameters}}), COUNTING, store)
    assert [todo.expansion.work(cell) for cell in todo.pending] == [24.0, 36.0, 36.0, 24.0]
    assert len(MADE) == 1
    list(sweep(todo, store, COUNTING, Execution(name="serial")))
    assert {seen.status for seen in store.seen().values()} == {"ok"}
    assert len(MADE) == 1 + len(todo.cells)


@dataclass(frozen=True)
class Tapes(Task):
    """Read tapes, whose fingerprints the task takes itself, or tables."""

    name = "tapes"
    version = 1
    data: str | None = data_source()

    def source_fingerprint(self, data: str) -> str | None:
        return "tapes:7" if data.endswith(".tape") else None

    def load(self, length: int, seed: int) -> TaskData:
        return Last().load(length, seed)


def test_fingerprint_of_a_source_is_the_task_s_own_where_it_takes_one(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a\n1\n")
    assert fingerprints(Tapes("side.tape")) == {"data": "tapes:7"}
    assert fingerprints(Tapes(str(tmp_path / "rows.csv")))["data"].startswith("csv:sha256:")
    assert fingerprints(Tapes()) == {}
    with pytest.raises(DataError, match="no such file"):
        fingerprints(Tapes(str(tmp_path / "none.csv")))


def test_parameters_that_fit_together_only_are_fit() -> None:
    found = expansion(
        Experiment.model_validate({**GRID, "parameters": {"counted": {"symbols": 1, "others": 5}}}), COUNTING
    )
    assert {task.symbols for task in found.tasks.values() if isinstance(task, Counted)} == {1}


def test_parameter_that_is_unfit_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "grid.yaml"
    parameters = "parameters:\n  counted:\n    others: 5\n    symbols: {}\n"
    path.write_text(f"tasks: [counted]\nmodels: [small]\nlengths: [4]\n{parameters.format('x')}")
    with pytest.raises(ExperimentError, match=r"grid.yaml:7: counted.symbols is to be a whole number"):
        expansion(load(path), COUNTING)
    path.write_text(path.read_text().replace("x", "0"))
    with pytest.raises(ExperimentError, match=r"grid.yaml:5: counted: 0 symbols and 5 others are fewer than 6"):
        expansion(load(path), COUNTING)


def test_cells_of_no_experiment_share_the_tasks_of_the_same_parameters() -> None:
    cells = expansion(Experiment.model_validate(GRID), COUNTING).cells
    other = replace(cells[0], task=replace(cells[0].task, parameters={"symbols": 7, "others": 4}))
    MADE.clear()
    tasks = tasks_of([*cells, other], COUNTING)
    assert tasks.keys() == {cell.key for cell in [*cells, other]}
    assert MADE == [4, 7]


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (["nope"], "no task or model is called 'nope'. There are: counted, small"),
        (
            ["small", {"label": "wide", "model": "nope"}, {"label": "tall", "model": "small"}],
            "no task or model is called 'nope'. There are: counted, small, tall",
        ),
    ],
)
def test_parameters_of_a_model_that_is_not_there_do_not_make_it_one_of_those_there(
    models: list[Any], said: str
) -> None:
    name = models[1]["label"] if len(models) > 1 else "nope"
    catalog = replace(COUNTING, models={"small": CATALOG.models["small"]})
    with pytest.raises(ExperimentError) as told:
        expansion(Experiment.model_validate({**GRID, "models": models, "parameters": {name: {"x": 1}}}), catalog)
    assert str(told.value) == said


def test_misspelt_section_of_the_settings_is_named() -> None:
    asked = Experiment.model_validate({**GRID, "parameters": {"trainin": {"steps": 2}}})
    with pytest.raises(ExperimentError, match="'trainin'; did you mean 'training'"):
        expansion(asked, COUNTING)
