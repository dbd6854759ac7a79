"""Tests that any layer runs as the model ``module``: its key, its records and its names in tables.

Modules: seqbench_module, seqbench.cli.layer_notes, seqbench.experiment.overrides.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from seqbench_module import Module

import seqbench
import seqbench.testing
from seqbench import ExperimentError, load_catalog
from seqbench.cli.main import run_line
from seqbench.experiment.overrides import settings
from seqbench.experiment.schema import Experiment, build, merge
from seqbench.plugins.grid import expand
from seqbench.records.making import unfinished
from seqbench.records.store import Store
from seqbench.report.commands import commands
from seqbench.testing import checks_for
from seqbench.testing.outcome import outcome
from tests.wrapping.layers import TimeFirst

HERE = "tests.wrapping.layers"
GRID: dict[str, Any] = {
    "name": "layers", "tasks": ["copy"], "lengths": [4], "seeds": [0],
    "training": {"steps": 2, "batch_size": 4, "validate_every": 2},
    "parameters": {"copy": {"train_examples": 32, "validation_examples": 8, "test_examples": 16}},
}  # fmt: skip


def ran(*words: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["seqbench", *words])
        return run_line()


def asked(*assignments: str, models: Any = ("module",), **more: Any) -> Experiment:
    return build(merge({**GRID, "models": list(models), **more}, settings(assignments)))


def keys(*assignments: str, models: Any = ("module",)) -> list[str]:
    return [cell.key for cell in expand(asked(*assignments, models=models), load_catalog())]


@pytest.mark.slow
@checks_for(Module(f"{HERE}:TimeFirst", {"units": 6}))
def test_contract_of_a_wrapped_layer(check) -> None:
    check()


def test_default_is_a_layer_of_torch_with_its_numbers() -> None:
    torch.manual_seed(0)
    layer = Module().build(4)
    torch.manual_seed(0)
    by_hand = torch.nn.GRU(4, 128, batch_first=True)
    inputs = torch.randn(2, 5, 4)
    assert torch.equal(layer(inputs)[0], by_hand(inputs)[0])


def test_key_has_path_arguments_and_version_and_no_label() -> None:
    path = f"module.layer={HERE}:TimeFirst"
    (own,) = keys(path, "module.arguments.units=6")
    assert keys("module.arguments.units=6", path) == [own]
    assert keys(path, "module.arguments.units=7") != [own]
    labelled = [{"label": "mine", "model": "module"}]
    assert keys(f"mine.layer={HERE}:TimeFirst", "mine.arguments.units=6", models=labelled) == [own]
    (cell,) = expand(asked(path, "module.arguments.units=6"), load_catalog())
    assert cell.model.parameters["package"].startswith("sha256:")
    assert cell.identity["model"][2]["arguments"] == {"units": 6}
    assert cell.model.shown == "module-timefirst"


def test_another_version_than_the_cells_is_refused() -> None:
    with pytest.raises(ExperimentError, match=r"is of sha256:\w+ here, and mine 1.0 was asked for"):
        keys(f"module.layer={HERE}:TimeFirst", "module.arguments.units=6", "module.package=mine 1.0")


def test_arguments_of_the_model_and_of_a_label_are_merged() -> None:
    models = [{"label": "a", "model": "module", "arguments": {"units": 6}}, {"label": "b", "model": "module"}]
    experiment = asked(
        f"module.layer={HERE}:TimeFirst", "module.arguments.rate=0.25", "b.arguments.units=7", models=models
    )
    found = [cell.model.parameters["arguments"] for cell in expand(experiment, load_catalog())]
    assert found == [{"rate": 0.25, "units": 6}, {"rate": 0.25, "units": 7}]


def test_weights_replace_the_number_of_the_argument_that_is_the_width() -> None:
    experiment = asked("module.layer=torch.nn:LSTM", "module.arguments.hidden_size=7", weights=[3000])
    (cell,) = expand(experiment, load_catalog())
    count = {units: 4 * units * (32 + units) + 8 * units for units in range(1, 99)}
    nearest = min(count, key=lambda units: abs(count[units] - 3000))
    assert cell.model.parameters["arguments"] == {"hidden_size": nearest}
    assert keys("module.layer=torch.nn:LSTM", f"module.arguments.hidden_size={nearest}") == [cell.key]
    (command,) = commands([unfinished(cell, "failed", "not run here", {})])
    assert f"module-lstm.arguments.hidden_size={nearest}" in command
    assert "--weights 3000" in command


def test_weights_of_a_layer_without_an_argument_of_such_a_name_say_which_to_give() -> None:
    with pytest.raises(ExperimentError, match=r"the width of .*:Flagged, and none of the arguments given .* Give"):
        expand(asked(f"module.layer={HERE}:Flagged", weights=[3000]), load_catalog())


def test_fault_in_an_argument_is_one_sentence_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "smoke", "--models", "module", "--set", f"module.layer={HERE}:TimeFirst"]
    assert ran(*words, "--set", "module.arguments.unit=6", "--dry-run") == 2
    said = capsys.readouterr().err
    assert "TimeFirst has no argument 'unit' (arguments.unit); did you mean 'units'?" in said
    assert ran(*words, "--set", "module.arguments=6", "--dry-run") == 2
    assert "module.arguments" in capsys.readouterr().err


WORDS = [
    "run",
    "smoke",
    "--tasks",
    "copy",
    "--models",
    "module,mine=module",
    "--lengths",
    "4",
    "--output",
    "out",
    "-q",
    "--set",
    "training.steps=2",
    "--set",
    "gradients=off",
    "--set",
    "module.layer=layers_of_mine:TimeFirst",
    "--set",
    "copy.train_examples=32",
    "--set",
    "module.arguments.units=6",
    "--set",
    "mine.arguments.units=7",
]


@pytest.mark.parametrize("executor", ["serial", pytest.param("processes", marks=pytest.mark.slow)])
def test_layers_of_this_folder_run_and_their_records_are_strict(
    executor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = Path(TimeFirst.__init__.__code__.co_filename).read_text(encoding="utf-8")
    (tmp_path / "layers_of_mine.py").write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "layers_of_mine", raising=False)
    assert ran(*WORDS, "--executor", executor) == 0
    said = capsys.readouterr()
    assert "module-timefirst: sha256:" in said.err
    assert "inputs: [time, batch, features]" in said.err
    assert "module-timefirst" in said.out
    records = {record.cell.model.label: record for record in Store(tmp_path / "out").each()}
    own = records["module-timefirst"]
    assert {record.status for record in records.values()} == {"ok"}
    assert json.loads(own.to_json())["cell"]["model"]["parameters"]["arguments"] == {"units": 6}
    assert "state: 'last' of what it returns, handed back as start" in own.notes["layer"]
    with pytest.warns(UserWarning, match="model.arguments.units"):
        assert set(seqbench.load_results(tmp_path / "out")["model.arguments.units"]) == {6, 7}
    assert ran("report", "out", "--format", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["model.arguments.units"] for row in rows} == {"6", "7"}
    assert ran("report", "out", "--output", "page.html") == 0
    again = "\n".join(commands(list(records.values())))
    assert "--set module-timefirst.arguments.units=6" in again
    assert "module-timefirst=module" in again


def test_show_takes_nested_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    path = ["--set", f"module.layer={HERE}:Configured", "--set", "module.arguments.config.depth=1"]
    assert ran("show", "module", *path) == 0
    assert "input size: config.d_model" in capsys.readouterr().out
    assert ran("show", "module", "--set", f"layer={HERE}:Configured", "--set", "arguments.config.depth=1") == 0
    assert "config.depth=1" in capsys.readouterr().out


def test_check_of_a_leak_tells_its_size_and_ends_with_status_4(capsys: pytest.CaptureFixture[str]) -> None:
    path = ["--set", f"module.layer={HERE}:ChannelsFirst", "--set", "module.arguments.causal=false"]
    assert ran("check", "module", *path, "--json", "--skip", "time", "--skip", "long-inputs") == 4
    checks = {check["id"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["causality"]["status"] == "failed"
    assert checks["causality"]["figures"]["leak in evaluation"] > 0.1


def test_state_of_zeros_that_is_not_no_state_is_told_and_pieces_are_measured() -> None:
    found = dict(seqbench.testing.checks(Module(f"{HERE}:Flagged", {})))
    outcomes = {id: outcome("module", id, found[id]) for id in ("state", "carry-over")}
    assert outcomes["state"].figures["zeros instead of no state"] > 0.01
    assert outcomes["state"].message.startswith("a state of zeros differs from no state")
    pieces = outcomes["carry-over"].figures
    assert set(pieces) == {f"pieces of {size}" for size in (1, 2, 7, 32)}
    assert max(pieces.values()) < 1e-9
