"""Tests a task with decoding from training to answers: its weights are kept, and another process uses them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from seqbench import Experiment, load_results, run
from seqbench.cli.main import cli
from seqbench.records.store import Store

WRITING = Path(__file__).parents[1] / "writing.py"

USE = """
import json, sys
from seqbench import load_catalog, load_network
from seqbench.training.load_network import load_trained

folder, key, writing, *texts = sys.argv[1:]
network = load_network(folder, key, plugin_files=[writing])
assert not network.training
trained = load_trained(folder, key, plugin_files=[writing])
print(json.dumps(trained.predict([{"text": text} for text in texts])))
"""


def experiment(**training: Any) -> Experiment:
    fields = {
        "tasks": ["reverse"],
        "models": ["gru"],
        "lengths": [3],
        "parameters": {"gru": {"hidden_size": 64}},
        "training": {"steps": 400, "learning_rate": 0.01, "validate_every": 200, "stop_when_solved": 0.0}
        | training,
        "gradients": {"measure": False},
    }
    return Experiment.model_validate(fields)


@pytest.mark.parametrize("beams", [pytest.param(1, marks=pytest.mark.slow), 3])
def test_a_row_is_turned_round_by_a_network_that_another_process_loads(tmp_path: Path, beams: int) -> None:
    asked = experiment().model_copy(
        update={"parameters": {"gru": {"hidden_size": 64}, "reverse": {"beams": beams}}}
    )
    table = run(asked, tmp_path, executor="serial", keep_weights=True, plugin_files=[WRITING])
    assert table["score"].tolist() == [1.0]
    assert table["metric"].tolist() == ["exact_match"]
    (record,) = Store(tmp_path).read()
    assert record.weights is not None
    assert [path.name for path in (tmp_path / "weights").iterdir()] == [f"{record.key}.safetensors"]
    texts = ["abc", "b", "ca", "ccb"]
    said = subprocess.run(
        [sys.executable, "-c", USE, str(tmp_path), record.key, str(WRITING), *texts],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(said.stdout) == [text[::-1] for text in texts]


@pytest.mark.slow
def test_weights_are_asked_for_on_the_command_line_and_finished_cells_are_told_of(tmp_path: Path) -> None:
    command = [
        "run",
        "smoke",
        "--tasks",
        "copy",
        "--models",
        "rnn,gru",
        "--set",
        "training.steps=2",
        "--jobs",
        "1",
    ]
    command += ["--executor", "serial", "--set", "gradients=off", "--quiet", "--output", str(tmp_path)]
    runner = CliRunner()
    assert runner.invoke(cli, [*command, "--models", "rnn"]).exit_code == 0
    keys = set(load_results(tmp_path)["key"])
    both = runner.invoke(cli, [*command, "--keep-weights"])
    assert both.exit_code == 0
    assert (
        "1 of 2 cells were finished before and kept no weights; the same run with on-existing fresh" in both.stderr
    )
    kept = {record.key: record for record in Store(tmp_path).read()}
    assert keys < set(kept)
    assert {key for key, record in kept.items() if record.weights is None} == keys
    again = runner.invoke(cli, [*command, "--keep-weights", "--on-existing", "fresh"])
    assert "kept no weights" not in again.stderr
    files = {path.stem for path in (tmp_path / "weights").iterdir()}
    assert files == set(kept)
    runner.invoke(cli, [*command, "--on-existing", "fresh"])
    assert list((tmp_path / "weights").iterdir()) == []
    assert all(record.weights is None for record in Store(tmp_path).read())


def test_weights_do_not_move_a_score_or_a_key(tmp_path: Path) -> None:
    few = experiment(steps=20)
    bare = run(few, tmp_path / "bare", executor="serial", plugin_files=[WRITING])
    kept = run(few, tmp_path / "kept", executor="serial", keep_weights=True, plugin_files=[WRITING])
    assert bare[["key", "score", "validation_score"]].equals(kept[["key", "score", "validation_score"]])
