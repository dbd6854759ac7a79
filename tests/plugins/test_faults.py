"""Tests that an error of a plugin is one sentence, known before a sweep, and does not affect other plugins.

Modules: seqbench.executors.work, seqbench.running.preflight, seqbench.testing.limits.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from seqbench import Catalog, DataError, Experiment, Model, PluginError
from seqbench.cli.main import run_line
from seqbench.executors.serial import Serial
from seqbench.experiment.schema import Execution
from seqbench.jobs.assignment import Assignment
from seqbench.jobs.plugin_sources import PluginSources
from seqbench.plugins.faults import faults_told
from seqbench.plugins.grid import expand
from seqbench.running.preflight import check
from seqbench.testing import Outcome, run_checks
from tests.toys import CATALOG, Gru, Last, toy_cell

PLUGIN = '''
from dataclasses import dataclass, replace

from seqbench import Model, hookimpl


class Left(BaseException):
    """No Exception."""


@dataclass(frozen=True)
class Odd(Model):
    """Does what its parameter says when it is built."""

    name = "odd"
    version = 1
    does: str = "import"

    def __post_init__(self):
        if self.does == "exit at once":
            raise SystemExit(0)

    def build(self, input_size):
        if self.does == "import":
            import a_package_that_is_not_there.kernels
        if self.does == "import from torch":
            from torch.nn import LayerOfTomorrow
        if self.does == "exit":
            print("bye")
            raise SystemExit(0)
        if self.does == "leave":
            raise Left("gone")
        if self.does == "for ever":
            return self.build(input_size)
        return None.kernels


@hookimpl
def seqbench_models():
    yield Odd
'''

WORDS = {
    "import": "pip install a_package_that_is_not_there",
    "import from torch": "cannot import name 'LayerOfTomorrow' from 'torch.nn'",
    "exit": "leaves the process",
    "exit at once": "leaves the process",
    "leave": "Left: gone",
    "for ever": "RecursionError",
}


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEQBENCH_PLUGINS", "suites,executors,recurrent,copy,adding")
    file = tmp_path / "odd_plugin.py"
    file.write_text(PLUGIN)
    return file


def status(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["seqbench", *arguments])
    return run_line()


COMMANDS = ("show", "gradients", "dry run", "run", "check")
# In a sweep a bug is a failed cell, whose record has the traceback.
CASES = [
    (command, does) for command in COMMANDS for does in [*WORDS, "a bug"] if (command, does) != ("run", "a bug")
]


@pytest.mark.parametrize(("command", "does"), CASES)
def test_every_command_tells_what_a_model_does_instead_of_being_built(
    plugin: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    does: str,
    command: str,
    tmp_path: Path,
) -> None:
    setting = ["--set", f"odd.does={does}", "--plugin", str(plugin)]
    grid = [
        "--tasks",
        "copy",
        "--models",
        "odd,rnn",
        "--lengths",
        "8",
        "--output",
        str(tmp_path / "out"),
        *setting,
    ]
    arguments = {
        "show": ["show", "odd", *setting],
        "gradients": ["gradients", "odd", "--length", "5", *setting],
        "dry run": ["run", "smoke", "--dry-run", *grid],
        "run": ["run", "smoke", "--executor", "serial", *grid],
        "check": ["check", "odd", *setting],
    }[command]
    code = status(monkeypatch, *arguments)
    out, err = capsys.readouterr()
    told = " ".join((out + err).split())
    assert code == (4 if command == "check" and does != "exit at once" else 2), told
    # The kit says it in its own words: what was expected, found, and is to be changed.
    words = WORDS.get(does, "AttributeError: 'NoneType' object has no attribute 'kernels'")
    assert (words if command != "check" else words.replace("pip install ", "named '")) in told
    assert "odd_plugin.py" in told
    assert "Traceback" not in told
    if command == "run":
        assert not (tmp_path / "out").exists()
        if does != "exit at once":
            assert "to run the rest, narrow it to models rnn" in told


def test_gradients_of_the_other_models_are_told_and_the_status_is_3(
    plugin: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["gradients", "gru", "odd", "rnn", "--length", "6", "--batch-size", "2", "--plugin", str(plugin)]
    assert status(monkeypatch, *arguments) == 3
    text = capsys.readouterr().out
    assert "not measured: model odd (file" in text
    assert text.index("rnn") < text.index("not measured")
    assert status(monkeypatch, *arguments, "--json") == 3
    told = json.loads(capsys.readouterr().out)
    assert [each["model"] for each in told["models"]] == ["gru", "rnn"]
    assert [each["model"] for each in told["problems"]] == ["odd"]


def test_a_library_that_leaves_the_process_never_ends_a_command_with_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("seqbench.cli.list.print_rows", lambda *_: sys.exit(0))
    assert status(monkeypatch, "list") == 1
    assert "left the process" in capsys.readouterr().err


def test_ctrl_c_is_no_fault_of_a_plugin_and_our_own_errors_pass() -> None:
    for error in (KeyboardInterrupt(), DataError("empty"), GeneratorExit()):
        with pytest.raises(type(error)), faults_told("it fails"):
            raise error
    with pytest.raises(ValueError, match="mine"), faults_told("it fails", bugs_pass=True):
        raise ValueError("mine")
    with pytest.raises(PluginError, match="it fails: ValueError: mine"), faults_told("it fails"):
        raise ValueError("mine")


class Choosy(Last):
    """Has data at some lengths, of one of two names."""

    def load(self, length, seed):  # type: ignore[no-untyped-def]
        if length > 6:
            raise DataError("the test split is empty")
        return super().load(length, seed)


class Sound(Last):
    name = "sound"


def problems(monkeypatch: pytest.MonkeyPatch, **grid: object) -> str:
    catalog = Catalog(tasks={"last": Choosy, "sound": Sound}, models=CATALOG.models)
    monkeypatch.setattr("seqbench.executors.work.load_sources", lambda sources: catalog)
    fields = {"tasks": ["last", "sound"], "models": ["small"], "lengths": [6]} | grid
    cells = expand(Experiment.model_validate(fields), catalog)
    with pytest.raises(DataError) as raised:
        check(Serial(), [Assignment(cell, {}, PluginSources()) for cell in cells], Execution(), 1)
    return str(raised.value)


def test_data_that_are_unfit_are_told_with_task_and_length_and_how_to_run_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert problems(monkeypatch, lengths=[6, 9]) == (
        "last at length 9: the test split is empty\nto run the rest, narrow it to tasks sound, or to lengths 6"
    )
    assert problems(monkeypatch, evaluate_lengths=[3, 12]) == (
        "last at length 12: the test split is empty\n"
        "to run the rest, narrow it to tasks sound, or to evaluate_lengths 3"
    )
    # Nothing is left of one task at one length.
    assert problems(monkeypatch, tasks=["last"], lengths=[9]) == "last at length 9: the test split is empty"


def test_each_model_is_built_once_for_each_task_before_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []

    class Narrow(Gru):
        def build(self, input_size: int) -> nn.Module:
            built.append(input_size)
            if self.hidden_size == 3:
                raise ValueError("3 units do not divide among 2 heads")
            return super().build(input_size)

    catalog = Catalog(tasks={"last": Last, "sound": Sound}, models={"small": Narrow, "broken": Gru})
    monkeypatch.setattr("seqbench.executors.work.load_sources", lambda sources: catalog)
    cells = [
        cell
        for size in (3, 8)
        for cell in expand(
            Experiment.model_validate(
                {
                    "tasks": ["last", "sound"],
                    "models": ["small"],
                    "lengths": [4, 6],
                    "seeds": [0, 1],
                    "parameters": {"small": {"hidden_size": size}},
                }
            ),
            catalog,
        )
    ]
    state = torch.get_rng_state()
    with pytest.raises(DataError, match="model small cannot be built: 3 units do not divide"):
        check(Serial(), [Assignment(cell, {}) for cell in cells], Execution(), 1)
    assert torch.equal(torch.get_rng_state(), state)
    # Two kinds of it for each of two tasks; the other end of the lengths builds its own model again.
    assert 4 <= len(built) <= 6


def test_truncation_of_a_layer_without_a_state_is_known_before_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stateless(Gru):
        def build(self, input_size: int) -> nn.Module:
            class Layer(nn.Module):
                def forward(self, inputs: Tensor, state: None = None) -> tuple[Tensor, None]:
                    return inputs, None

            return Layer()

    catalog = Catalog(tasks={"last": Last}, models={"small": Stateless, "broken": Gru})
    monkeypatch.setattr("seqbench.executors.work.load_sources", lambda sources: catalog)
    with pytest.raises(DataError, match="model small: training.truncate is 2"):
        check(Serial(), [Assignment(toy_cell(truncate=2), {})], Execution(), 1)
    # What --models would have to say of a label depends on who gave it.
    other = toy_cell(truncate=2)
    other = replace(other, model=replace(other.model, name="broken", label="own"))
    with pytest.raises(DataError, match=r"\nto run the rest, leave small out of the models$"):
        check(Serial(), [Assignment(toy_cell(truncate=2), {}), Assignment(other, {})], Execution(), 1)


@dataclass(frozen=True)
class Slow(Last):
    """Takes long to load."""

    def load(self, length, seed):  # type: ignore[no-untyped-def]
        while True:
            # What a plugin catches is no way out of the limit.
            try:
                sum(range(1000))
            except Exception:
                continue


def test_check_that_takes_too_long_is_ended_and_those_with_the_same_data_are_not_begun() -> None:
    outcomes = run_checks(Slow(), time_limit=0.2)
    slow = [one for one in outcomes if one.seconds > 0.1]
    assert [(one.id, one.status) for one in slow] == [("length:8", "skipped")]
    assert "took longer than 0.2 s" in slow[0].message
    assert {one.status for one in outcomes if one not in slow} == {"passed", "skipped"}


def outcome_of(model: type[Model], id: str) -> Outcome:
    return next(one for one in run_checks(model()) if one.id == id)


def test_kit_runs_a_layer_on_long_inputs_and_says_how_long_they_were() -> None:
    @dataclass(frozen=True)
    class Table(Gru):
        def build(self, input_size: int) -> nn.Module:
            class Layer(nn.Module):
                def __init__(self) -> None:
                    super().__init__()
                    self.places = nn.Embedding(2048, input_size)

                def forward(self, inputs: Tensor, state: None = None) -> tuple[Tensor, None]:
                    return inputs + self.places(torch.arange(inputs.shape[1])), None

            return Layer()

    assert outcome_of(Gru, "long-inputs").message == "up to 8192 steps"
    failed = outcome_of(Table, "long-inputs")
    assert failed.status == "failed"
    assert "a layer runs on 4096 steps" in failed.message
