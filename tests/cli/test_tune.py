"""Tests the command as a user types it, with workers that are processes, and one that is killed.

Modules: seqbench.cli.asked, seqbench.cli.grid_options, seqbench.cli.search_lines, seqbench.cli.sweeping,
seqbench.tuning.settings, seqbench.tuning.tune, seqbench.tuning.operations.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import seqbench
from seqbench.cli.main import run_line
from seqbench.experiment.schema import load
from seqbench.jobs.events import Progressed, Started
from seqbench.records.store import Store
from seqbench.records.trials import load_trials
from seqbench.running.plan import RETRY_FAILED
from seqbench.running.sweep import sweep
from seqbench.tuning.tuning import tuning_of
from tests.running.test_sweep import worker_of

FILE = """\
tasks: [copy]
models: [rnn, lstm]
lengths: [8]
seeds: [0, 1]
training: {steps: 3, batch_size: 4}
parameters:
  copy: {train_examples: 32, validation_examples: 16, test_examples: 16}
tune:
  space: {learning_rate: log 1e-4..1e-1, lstm.hidden_size: [4, 8], rnn.hidden_size: [4, 8]}
  trials: 2
"""


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return what runs the command line in a folder with an experiment."""
    (tmp_path / "mine.yaml").write_text(FILE)
    monkeypatch.chdir(tmp_path)

    def told(*arguments: str) -> int:
        monkeypatch.setattr("sys.argv", ["seqbench", *arguments])
        return run_line()

    return told


SERIAL = ("--executor", "serial", "-q")


@pytest.mark.slow
def test_tune_runs_trials_then_cells_and_goes_on_where_it_was(
    say: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say("tune", "mine.yaml", "--dry-run") == 0
    shown = capsys.readouterr().out
    assert "random search, 2 trials for each model, task and length; trials have seed 10000" in shown
    assert "copy lstm T=8: 2 trials, 0 done, about" in shown
    assert "then 4 cells with the chosen settings, each tested once: about" in shown
    assert "of training in all on one core" in shown
    assert not (tmp_path / "results").exists()
    assert say("tune", "mine.yaml", "--trials-only", *SERIAL) == 0
    assert "copy lstm T=8: learning_rate=" in capsys.readouterr().err
    assert not (tmp_path / "results" / "mine" / "records").exists()
    assert say("tune", "mine.yaml", *SERIAL) == 0
    assert "copy: accuracy" in capsys.readouterr().out
    records = Store("results/mine").read()
    assert len(records) == 4
    assert {record.tuned.trials for record in records if record.tuned} == {2}
    assert say("tune", "mine.yaml", "--trials-only", "--json", *SERIAL) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["event"], line["model"], line["number"] in (0, 1)) for line in lines] == [
        ("chosen", "rnn", True),
        ("chosen", "lstm", True),
    ]
    assert say("tune", "mine.yaml", "--dry-run", "--json") == 0
    plan = json.loads(capsys.readouterr().out)
    told = [(place["trials"], place["done"], place["train_seconds"]) for place in plan["places"]]
    assert told == [(2, 2, 0)] * 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "mine.yaml"], "run it with `seqbench tune`"),
        (["tune", "quick"], "has no section tune"),
        (["tune", "mine.yaml", "--set", "tune.space.lstm.hiden=[4]"], "did you mean 'hidden_size'"),
        (["tune", "mine.yaml", "--set", "tune.trails=4"], "did you mean 'trials'"),
        (["tune", "mine.yaml", "--set", "tune.trial_seeds=[1]"], "trial_seeds has 1"),
        (["tune", "mine.yaml", "--shard", "3/2"], "write it as i/n"),
    ],
)
def test_bad_input_ends_with_status_2_and_writes_nothing(
    say: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert say(*arguments) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]


def outcome(folder: Path) -> list[Any]:
    rows = [(row.key, row.score, row.chosen) for row in load_trials(folder)]
    cells = [(record.key, record.score, record.tuned) for record in Store(folder).read()]
    return [rows, cells]


@pytest.mark.slow
def test_trials_and_choice_are_the_same_with_one_worker_with_two_and_after_a_kill(
    say: Callable[..., int], tmp_path: Path
) -> None:
    alone = seqbench.tune("mine.yaml", tmp_path / "one", jobs=1)
    together = seqbench.tune("mine.yaml", tmp_path / "two", jobs=2)
    assert list(alone["key"]) == list(together["key"])
    assert outcome(tmp_path / "one") == outcome(tmp_path / "two")
    catalog = seqbench.load_catalog()
    found = tuning_of(load(Path("mine.yaml")), catalog, tmp_path / "kill")
    killed = False
    for todo in found.rounds(RETRY_FAILED):
        for event in sweep(todo, found.trials, catalog, seqbench.Execution(jobs=1)):
            if isinstance(event, (Started, Progressed)) and not killed:
                worker_of(os.getpid()).kill()
                killed = True
    assert killed
    seqbench.tune("mine.yaml", tmp_path / "kill", jobs=2)
    assert outcome(tmp_path / "kill") == outcome(tmp_path / "one")
