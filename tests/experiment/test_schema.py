"""Tests the one schema of files, command line and Python; every error names its place and the nearest name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from seqbench import Experiment, ExperimentError, Model, load_catalog
from seqbench.experiment.cells import Cell
from seqbench.experiment.overrides import settings
from seqbench.experiment.schema import load
from seqbench.experiment.strict_yaml import read_yaml
from seqbench.plugins.grid import expand
from seqbench.plugins.parameters import make

GOOD = """\
tasks: [copy]
models: [lstm, rnn]
lengths: [16, 8]
training: {steps: 5, learning_rate: 1e-2}
parameters:
  copy: {symbols: 4}
task_training:
  copy: {batch_size: 2}
"""


def cells(text: str, tmp_path: Path, **overrides: Any) -> list[Cell]:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return expand(load(path, overrides), load_catalog())


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


@pytest.mark.parametrize(
    "assignment", ["training.stepz=5", "copy.symbol=3", "copy.symbols=x", "copy.training.x=1"]
)
def test_assignment_when_wrong_is_not_blamed_on_the_file(tmp_path: Path, assignment: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        cells(GOOD, tmp_path, **settings([assignment]))
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


@pytest.mark.parametrize("assignment", ["gradients=maybe", "executor=3", "training=fast"])
def test_section_that_is_no_such_word_names_what_it_can_be(assignment: str) -> None:
    owner = assignment.partition("=")[0]
    with pytest.raises(ExperimentError, match=rf"write {owner}[=.].*such as {owner}\..*the fields are "):
        settings([assignment])


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


DEEP = 20_000


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("tasks: [copy]\na: &x [*x]", 2, "the anchor &x is not understood"),
        ("tasks: [copy]\nmodels: *x", 2, "the alias *x is not followed; write its value here"),
        ("a: &a [1, 1]\nb: &b [*a, *a]\nc: &c [*b, *b]", 1, "the anchor &a"),
        ("\nparameters: " + "[" * DEEP + "]" * DEEP, 2, "more than 50 deep"),
        ("parameters: " + "{a: " * DEEP + "}" * DEEP, 1, "more than 50 deep"),
        ("\n".join(" " * level + "- " for level in range(200)), 51, "more than 50 deep"),
        ("lengths: [16]\nseeds: [" + "9" * 5000 + "]", 2, "a number of 5,000 digits"),
        ("lengths: [1" + "0" * 90 + "]", 1, "is to be 1000000000 or less"),
        ("models: [lstm]\ntasks: !!set [copy]", 2, "the tag tag:yaml.org,2002:set is not understood"),
        ("tasks: [!mine copy]", 1, "the tag !mine is not understood"),
        ("tasks: [copy]\n---\ntasks: [adding]", 2, "a second document begins here"),
        ("tasks: [copy]\n? [a, b]\n: 1", 2, "a key is a name"),
        ("tasks: [copy]\n<<: {models: [lstm]}", 2, "<< merges nothing here"),
        ("tasks: [" + "copy, " * 21_000 + "]", 1, "there are more than 20,000 values"),
    ],
)
def test_yaml_that_would_take_all_memory_or_time_is_refused_at_once_with_its_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    with pytest.raises(ExperimentError) as caught:
        cells(text, tmp_path)
    assert words in str(caught.value)
    assert f"mine.yaml:{line}: " in str(caught.value)
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"tasks: [co\x00py]", "this is not YAML"),
        (b"\x89PNG\r\n\x1a\n\x00", "it is not UTF-8 text"),
        ("tasks: [copy]".encode("utf-16"), "it is not UTF-8 text"),
        (b"#" * 2_000_000, "it has more than 1,000,000 bytes"),
    ],
)
def test_file_that_is_no_text_or_too_large_is_refused_in_a_sentence(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(ExperimentError, match=rf"mine\.yaml.*{words}"):
        load(path)


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("lstm.hidden_size=" + "[" * 3000 + "]" * 3000, "more than 50 deep"),
        ("lstm.hidden_size=" + "9" * 5000, "a number of 5,000 digits"),
        ("lstm.hidden_size=[!!set [a]]", "the tag tag:yaml.org,2002:set"),
    ],
)
def test_assignment_of_brackets_or_digits_without_end_is_refused_at_once(assignment: str, words: str) -> None:
    with pytest.raises(ExperimentError, match=words) as caught:
        settings([assignment])
    assert len(str(caught.value)) < 500


def test_yaml_reads_scalars_as_yaml_1_2_does() -> None:
    text = "a: 1e-3\nb: no\nc: 12:30\nd: 0.7/0.1/0.2\ne: '5'\nf: 2020-01-01\ng: ~\nh: 010"
    assert read_yaml(text, "x").value == {
        "a": 0.001, "b": "no", "c": "12:30", "d": "0.7/0.1/0.2", "e": "5", "f": "2020-01-01", "g": None, "h": 10,
    }  # fmt: skip


@pytest.mark.parametrize("assignment", ["lstm", "lstm=3", "lstm.hidden_size", ".x=3", "lstm.=3"])
def test_assignment_when_malformed_says_how_to_write_it(assignment: str) -> None:
    with pytest.raises(ExperimentError, match=r"NAME\.FIELD=VALUE"):
        settings([assignment])


def one_cell(**changes: Any) -> Cell:
    fields = {"tasks": ["sentiment"], "models": ["lstm"], "lengths": [8]} | changes
    return expand(Experiment.model_validate(fields), load_catalog())[0]


def test_key_when_written_differently_or_moved_is_the_same(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    for path in (first, second):
        path.write_text("text,label\ngood,1\nbad,0\n")
    keys = {
        one_cell(parameters={"sentiment": {"data": str(first)}, "lstm": {"hidden_size": 128}}).key,
        one_cell(parameters={"sentiment": {"data": str(second)}}, training={"learning_rate": 3e-3}).key,
        one_cell(parameters={"sentiment": {"data": str(second)}}, training={"time_limit": 5}).key,
        one_cell(parameters={"sentiment": {"data": str(second)}, "rnn": {"hidden_size": 7}}, name="other").key,
    }
    assert len(keys) == 1


def test_key_when_anything_that_moves_the_score_changes_is_another(tmp_path: Path) -> None:
    data = tmp_path / "a.csv"
    data.write_text("text,label\ngood,1\nbad,0\n")
    base = one_cell()
    others = [
        one_cell(lengths=[9]),
        one_cell(seeds=[1]),
        one_cell(training={"steps": 7}),
        one_cell(models=["gru"]),
        one_cell(parameters={"lstm": {"hidden_size": 5}}),
        one_cell(parameters={"sentiment": {"evidence": "end"}}),
        one_cell(parameters={"sentiment": {"data": str(data)}}),
        one_cell(evaluate_lengths=[16]),
        replace(base, task=replace(base.task, version=99)),
    ]
    data.write_text("text,label\ngood,1\nawful,0\n")
    others.append(one_cell(parameters={"sentiment": {"data": str(data)}}))
    assert len({cell.key for cell in (base, *others)}) == len(others) + 1


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
