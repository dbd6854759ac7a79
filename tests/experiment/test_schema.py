"""Tests the one schema of files, command line and Python; every error names its place and the nearest name.

Modules: seqbench.base.refusals.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from seqbench import Experiment, ExperimentError, Model
from seqbench.experiment.overrides import settings
from seqbench.experiment.schema import load
from seqbench.plugins.parameters import make
from tests.experiment.mine import GOOD, cells


def test_file_when_sound_gives_the_grid_with_every_parameter(tmp_path: Path) -> None:
    found = cells(GOOD, tmp_path)
    assert [(cell.model.name, cell.length) for cell in found] == [
        ("lstm", 16),
        ("rnn", 16),
        ("lstm", 8),
        ("rnn", 8),
    ]
    assert (found[0].training.learning_rate, found[0].training.batch_size) == (0.01, 2)
    assert found[0].task.parameters["symbols"] == 4
    assert found[0].task.parameters["pattern"] == 10


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("tasks: [copy]", "tasks: [cpoy]", 1, "no task is called 'cpoy'; did you mean 'copy'"),
        ("[lstm, rnn]", "[lstm, rnm]", 2, "no model is called 'rnm'; did you mean 'rnn'"),
        ("lengths: [16, 8]", "lengths: [16, 0]", 3, " is to be 1 or more, and 0 was given"),
        ("lengths: [16, 8]", "lenghts: [16, 8]", 3, "did you mean 'lengths'"),
        ("lengths: [16, 8]", "lengths: [16, 16]", 3, "lengths: 16 stands here twice; keep one"),
        ("tasks: [copy]", "tasks: copy", 1, "tasks: it is a list: write [copy]"),
        ("lengths: [16, 8]", "lengths: 16, 8", 3, "lengths: it is a list: write [16, 8]"),
        (
            "lengths: [16, 8]",
            "lengths: 8..16",
            3,
            "lengths: it is a list of numbers, such as [16, 64], with",
        ),
        ("tasks: [copy]", "gradients: maybe\ntasks: [copy]", 1, "gradients: write on, off, or fields"),
        ("tasks: [copy]", "executor: {fuu: 1}\ntasks: [copy]", 1, "no field of executor is called 'fuu'"),
        ("tasks: [copy]", "tasks: copy: x", 1, "this is not YAML: mapping values are not allowed here"),
        ("steps: 5", "stpes: 5", 4, "no field of training is called 'stpes'; did you mean 'steps'"),
        ("steps: 5", "steps: many", 4, "training.steps is to be a whole number, and 'many' was given"),
        ("symbols: 4", "symbol: 4", 6, "no parameter of copy is called 'symbol'; did you mean 'symbols'"),
        ("symbols: 4", "symbols: four", 6, "copy.symbols is to be a whole number, and 'four' was given"),
        (
            "batch_size: 2",
            "batch_sise: 2",
            8,
            "no field of training is called 'batch_sise'; did you mean 'batch_size'",
        ),
        ("batch_size: 2", "batch_size: 0", 8, " is to be 1 or more, and 0 was given"),
        ("copy: {batch", "copi: {batch", 8, "no task is called 'copi'; did you mean 'copy'"),
        ("  copy: {symbols", "  copi: {symbols", 6, "no task or model is called 'copi'; did you mean 'copy'"),
        ("tasks: [copy]", "tasks: [copy]\ntasks: [copy]", 2, "the key 'tasks' stands here a second time"),
    ],
)
def test_file_when_wrong_names_file_line_and_nearest_name(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    with pytest.raises(ExperimentError) as caught:
        cells(GOOD.replace(old, new), tmp_path)
    assert words in str(caught.value)
    assert f"mine.yaml:{line}: " in str(caught.value)


def test_command_line_for_every_task_goes_before_what_the_file_says_of_one(tmp_path: Path) -> None:
    assert cells(GOOD, tmp_path, training={"batch_size": 3})[0].training.batch_size == 3
    both = {"training": {"batch_size": 3}, "task_training": {"copy": {"batch_size": 7}}}
    assert cells(GOOD, tmp_path, **both)[0].training.batch_size == 7


def test_command_line_when_wrong_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError) as caught:
        cells(GOOD, tmp_path, tasks=["cpoy"])
    assert "mine.yaml" not in str(caught.value)


def test_whole_section_in_a_word_is_its_fields_in_a_file_and_on_the_command_line(tmp_path: Path) -> None:
    for text, is_measured in (("off", False), ("on", True), ("false", False), ("true", True)):
        assert cells(GOOD + f"gradients: {text}\n", tmp_path)[0].gradients.measure is is_measured
        assert cells(GOOD, tmp_path, **settings([f"gradients={text}"]))[0].gradients.measure is is_measured
    (tmp_path / "mine.yaml").write_text(GOOD + "executor: serial\ngradients: off\n")
    found = load(tmp_path / "mine.yaml", settings(["executor.jobs=2", "gradients.lags=8"]))
    # One field more takes nothing away of what the word said.
    assert (found.executor.name, found.executor.jobs) == ("serial", 2)
    assert (found.gradients.measure, found.gradients.lags) == (False, 8)


def test_every_error_of_the_schema_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError) as caught:
        cells(GOOD.replace("steps: 5", "steps: -1").replace("[16, 8]", "[0]"), tmp_path)
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    "text", ["", "[1, 2]", "a: [", "a: !!python/object:os.system x", "a: &x 1\nb: *x\nc: {<<: 1"]
)
def test_file_that_is_no_experiment_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ExperimentError, match=r"mine\.yaml"):
        cells(text, tmp_path)


def test_lists_become_tuples_and_defaults_make_the_same_key_as_values() -> None:
    @dataclass(frozen=True)
    class Wide(Model):
        """A model with a tuple for a parameter."""

        name = "wide"
        version = 1
        sizes: tuple[int, ...] = (8, 8)
        share: float = 0

        def build(self, input_size: int) -> Any:
            raise RuntimeError

    assert make(Wide, {"sizes": [1, 2]}).sizes == (1, 2)
    assert repr(make(Wide, {})) == repr(make(Wide, {"share": 0.0, "sizes": [8, 8]}))
    with pytest.raises(ExperimentError, match=r"wide\.sizes"):
        make(Wide, {"sizes": ["1"]})


def test_experiment_from_python_says_what_is_wrong_in_the_words_of_the_command_line() -> None:
    with pytest.raises(
        ExperimentError,
        match=r"lengths\.0 is to be 1 or more, and 0 was given\nno field of training is called 'stps'",
    ):
        Experiment(tasks=["copy"], models=["rnn"], lengths=[0], training={"stps": 3})  # type: ignore[call-arg]
