"""Tests that one model can be in an experiment several times, under labels that are in no key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from torch import nn

from seqbench import Catalog, Experiment, ExperimentError, Model, load_catalog
from seqbench.cli.main import cli
from seqbench.experiment.cells import Cell
from seqbench.experiment.overrides import settings
from seqbench.experiment.schema import load, merge
from seqbench.plugins.grid import expand

TEXT = """\
tasks: [copy]
models:
  - lstm
  - {label: lstm-wide, model: lstm, hidden_size: 256}
  - label: lstm-deep
    model: lstm
    layers: 2
lengths: [16]
parameters:
  lstm: {forget_bias: 2.0}
"""


def cells(tmp_path: Path, text: str = TEXT, *sets: str, **overrides: Any) -> list[Cell]:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return expand(load(path, merge(overrides, settings(sets))), load_catalog())


def shown(found: list[Cell]) -> dict[str, tuple[int, int, float]]:
    names = ("hidden_size", "layers", "forget_bias")
    return {cell.model.shown: tuple(cell.model.parameters[name] for name in names) for cell in found}  # type: ignore[misc]


def test_variants_have_their_parameters_over_those_of_their_model(tmp_path: Path) -> None:
    found = cells(tmp_path)
    assert shown(found) == {"lstm": (128, 1, 2.0), "lstm-wide": (256, 1, 2.0), "lstm-deep": (128, 2, 2.0)}
    assert str(found[1]) == "copy lstm-wide T=16 seed 0"


def test_label_is_no_part_of_the_key(tmp_path: Path) -> None:
    parameters = {"lstm": {"hidden_size": 256, "forget_bias": 2.0}}
    plain = Experiment.model_validate(
        {"tasks": ["copy"], "models": ["lstm"], "lengths": [16], "parameters": parameters}
    )
    labelled = cells(tmp_path)[1]
    assert expand(plain, load_catalog()) == [labelled]
    assert expand(plain, load_catalog())[0].key == labelled.key


def test_parameters_under_a_label_go_before_all_others(tmp_path: Path) -> None:
    found = cells(tmp_path, TEXT, "lstm-wide.hidden_size=64", "lstm.forget_bias=0.5")
    assert shown(found) == {"lstm": (128, 1, 0.5), "lstm-wide": (64, 1, 0.5), "lstm-deep": (128, 2, 0.5)}


def test_labels_of_a_file_are_chosen_by_name(tmp_path: Path) -> None:
    text = TEXT + "  lstm-wide: {layers: 3}\n"
    found = cells(tmp_path, text, models=["gru", "lstm-deep"])
    assert [(cell.model.shown, cell.model.parameters["layers"]) for cell in found] == [
        ("gru", 1),
        ("lstm-deep", 2),
    ]


def test_experiment_of_python_is_written_out_as_it_is_read() -> None:
    models = ["lstm", {"label": "lstm-wide", "model": "lstm", "hidden_size": 256}]
    experiment = Experiment.model_validate({"tasks": ["copy"], "models": models, "lengths": [16]})
    assert experiment.model_dump(mode="json")["models"] == models
    assert Experiment.model_validate(experiment.model_dump()) == experiment


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("label: lstm-wide", "label: LSTM", 4, "a label is lower-case words joined by '-'.*; 'LSTM' was given"),
        ("label: lstm-wide", f"label: {'a' * 41}", 4, "a label has up to 40 characters, and 'a+' has 41: choose"),
        ("label: lstm-wide", "label: training", 4, "none of executor, gradients, training; 'training' was given"),
        ("label: lstm-wide, ", "", 4, "a labelled model has a label, which is text: write it as {label"),
        ("model: lstm, ", "", 4, "a labelled model has a model, which is text"),
        ("label: lstm-wide", "label: gru", 4, "the label gru is the name of an installed model; choose another"),
        ("label: lstm-deep", "label: copy", 5, "the label copy is the name of an installed task; choose another"),
        ("label: lstm-deep", "label: lstm-wide", 2, "models: 'lstm-wide' stands here twice; keep one"),
        ("    model: lstm\n", "    model: lstn\n", 5, "no model is called 'lstn'; did you mean 'lstm'"),
        ("hidden_size: 256", "hiden_size: 256", 4, r"no parameter of lstm-wide \(lstm\) is called 'hiden_"),
        ("    layers: 2", "    layers: 0", 7, "lstm-deep.layers is 0; it must be at least 1"),
        ("    layers: 2", "    layers: 1", 5, "lstm-deep is lstm once more, with the same parameters"),
        ("  lstm: {f", "  lstm-wid: {f", 10, "no task or model is called 'lstm-wid'; did you mean 'lstm-wide'"),
        ("  - lstm\n", "  - 3\n", 3, "it is the name of a model, or {label: .*}; 3 was given"),
    ],
)
def test_what_is_wrong_with_a_variant_is_told_with_its_line(
    old: str, new: str, line: int, words: str, tmp_path: Path
) -> None:
    assert old in TEXT
    with pytest.raises(ExperimentError, match=words) as caught:
        cells(tmp_path, TEXT.replace(old, new))
    assert f"mine.yaml:{line}: " in str(caught.value)


def dry(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["run", "smoke", "--tasks", "copy", "--lengths", "4", "--dry-run", *arguments])
    return done.exit_code, done.output + str(done.exception or "")


def test_command_line_gives_labels() -> None:
    status, said = dry("--models", "lstm,wide=lstm", "--set", "wide.hidden_size=16")
    assert status == 0
    assert [line.split(" T=")[0] for line in said.splitlines()[:2]] == ["copy lstm", "copy wide"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--models", "lstm,wide=lstm"), "wide is lstm once more"),
        (("--models", "lstm,wide=lstm", "--set", "hidden_size=9"), "lstm and wide each have hidden_size; write"),
        (("--models", "wide=lstn"), "no model is called 'lstn'; did you mean 'lstm'"),
        (("--models", "=lstm"), "a label is lower-case words"),
        (("--models", "lstm,wide="), "the label wide is without a model: write wide=lstm"),
        (("--models", f"{'a' * 41}=lstm"), "a label has up to 40 characters"),
        (("--models", "lstm", "--set", "wide.hidden_size=9"), "no task or model is called 'wide'"),
    ],
)
def test_command_line_refuses_in_a_sentence(arguments: tuple[str, ...], words: str) -> None:
    status, said = dry(*arguments)
    assert status != 0
    assert words in said


def test_names_that_exist_include_the_labels_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(
        ExperimentError, match="^no model is called 'lstm-wid'; did you mean 'lstm-wide'.* lstm-deep,"
    ):
        cells(tmp_path, TEXT, models=["gru", "lstm-wid"])
    with pytest.raises(ExperimentError) as caught:
        cells(tmp_path, TEXT, models=["gru", {"label": "mine", "model": "lstm-wide"}])
    assert "lstm-deep" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--models", "lstm", "--set", "wide.hidden_size=9"), "no task or model is called 'wide'"),
        (("--models", "lstm,wide=lstm", "--set", "wide.layers=0"), "wide.layers is 0; it must be at least 1"),
        (("--models", "wide=lstm", "--set", "wide.layer=2"), "no parameter of wide (lstm) is called 'layer'"),
        (("--set", "lstn.hidden_size=9"), "no task or model is called 'lstn'"),
    ],
)
def test_mistake_on_the_command_line_has_no_place_in_a_file(arguments: tuple[str, ...], words: str) -> None:
    status, said = dry(*arguments)
    assert status != 0
    assert said.startswith(words)


@dataclass(frozen=True)
class Odd(Model):
    """A model that refuses two values only together."""

    name = "odd"
    version = 1
    size: int = 8
    parts: int = 2

    def __post_init__(self) -> None:
        if self.size == self.parts + 1:
            raise ValueError("size is to be more than parts + 1")

    def build(self, input_size: int) -> nn.Module:
        return nn.GRU(input_size, self.size, batch_first=True)


@pytest.mark.parametrize(
    ("sets", "place"),
    [(("mine.size=5", "mine.parts=4"), ""), (("mine.size=7",), ""), ((), "mine.yaml:4: ")],
)
def test_values_that_only_together_are_wrong_have_a_place_if_they_are_of_the_file(
    sets: tuple[str, ...], place: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    parts = 6 if sets else 7
    path.write_text(
        f"tasks: [copy]\nmodels:\n  - odd\n  - {{label: mine, model: odd, parts: {parts}}}\nlengths: [4]\n"
    )
    catalog = Catalog(tasks=load_catalog().tasks, models={"odd": Odd})
    with pytest.raises(ExperimentError, match=r"mine \(odd\): size is to be more") as caught:
        expand(load(path, settings(sets)), catalog)
    assert str(caught.value).removeprefix(f"{tmp_path}/").startswith(place + "mine (odd)")
