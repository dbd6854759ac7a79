"""Tests that tables, arrays and classes given to public functions are taken, or answered in a sentence.

Whoever has a table in Python gives it where a file, a folder or rows are asked for.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import seqbench
from seqbench import ContractError, DataError, Experiment, ExperimentError, Model, SeqbenchError, Split
from seqbench.data.row_files import rows_of
from seqbench.plugins.grid import expand
from tests.plugins.test_parameters import CATALOG

TABLE = pd.DataFrame({"text": ["good", "bad"], "label": [1, 0]})
TABLES = [TABLE, TABLE["text"], TABLE.to_numpy(), torch.zeros(2, 2), (row for row in ({"text": "a"},)), {"a": [1]}]
COPY: dict[str, Any] = {"tasks": ["copy"], "models": ["lstm"], "lengths": [8]}


def counted(data: Any, **others: Any) -> Experiment:
    parameters = {"counted": {"data": data, **others}}
    return Experiment(tasks=["counted"], models=["small"], lengths=[8], parameters=parameters)  # type: ignore[arg-type]


@pytest.mark.parametrize("table", [*TABLES, TABLE.to_dict("records")], ids=lambda table: type(table).__name__)
def test_table_given_as_data_is_told_to_be_written_to_a_file(table: Any) -> None:
    said = r"counted.data names a file.* was given; write the rows to a file, such as by .*to_csv\("
    with pytest.raises(ExperimentError, match=said):
        expand(counted(table), CATALOG)
    for reads in (seqbench.read_tables, seqbench.fingerprint):
        with pytest.raises(DataError, match=r"it names a file, a folder or a data set: write the rows to a file"):
            reads(table)


def test_path_given_as_data_is_that_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    TABLE.to_csv(path, index=False)
    (cell,), (same,) = expand(counted(path), CATALOG), expand(counted(str(path)), CATALOG)
    assert cell.task.parameters["data"] == str(path)
    assert cell.key == same.key
    assert seqbench.fingerprint(path) == seqbench.fingerprint(str(path))
    assert seqbench.read_tables(path)["all"].equals(TABLE)
    with pytest.raises(DataError, match="data is an empty text; name a file"):
        seqbench.read_tables("")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            np.int64(4),
            r"counted.width is np.int64\(4\), and parameters are plain data: .* convert it, such as by int",
        ),
        (torch.tensor([4]), r"counted.width is tensor\(\[4\]\), and parameters are plain data"),
        (nn.LSTM, "counted.width is the class LSTM, .* name a class by its import path"),
    ],
)
def test_parameter_that_is_no_plain_data_is_told(value: Any, words: str) -> None:
    with pytest.raises(ExperimentError, match=words):
        expand(counted(None, width=value), CATALOG)


CALLS: dict[str, Callable[[Any], Any]] = {
    "run": lambda given: seqbench.run(given, "out"),
    "output": lambda given: seqbench.run(Experiment(**COPY), given, on_existing="only-report"),
    "executor": lambda given: seqbench.run(Experiment(**COPY), "out", executor=given),
    "jobs": lambda given: seqbench.run(Experiment(**COPY), "out", jobs=given),
    "plugin_files": lambda given: seqbench.run(Experiment(**COPY), "out", plugin_files=[given]),
    "tune": lambda given: seqbench.tune(given, "out"),
    "Results": lambda given: seqbench.Results(given),
    "load_results": lambda given: seqbench.load_results(given),
    "load_gradients": lambda given: seqbench.load_gradients(given),
    "load_trained": lambda given: seqbench.load_trained(given, "0"),
    "compare": lambda given: seqbench.compare(given, given),
    "plot": lambda given: seqbench.plot(given),
    "write_report": lambda given: seqbench.write_report(given, "report.html"),
    "written to": lambda given: seqbench.write_report("results", given),
}


@pytest.mark.parametrize("given", [*TABLES, nn.LSTM, 2.5], ids=lambda given: type(given).__name__)
@pytest.mark.parametrize("name", CALLS)
def test_what_is_neither_a_path_nor_a_name_is_answered_in_a_sentence_and_nothing_is_written(
    name: str, given: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQBENCH_PLUGINS", "copy,recurrent,suites")
    with pytest.raises(SeqbenchError) as caught:
        CALLS[name](given)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    assert not list(tmp_path.iterdir())


def test_rows_of_a_data_frame_are_those_of_a_list_and_others_are_told() -> None:
    rows = [{"text": "good", "label": 1.0}, {"text": None, "label": None}]
    assert rows_of(pd.DataFrame(rows)) == rows_of(iter(rows)) == rows_of(rows) == rows
    for wrong in (TABLE["text"], TABLE.to_numpy(), torch.zeros(2, 2), {"text": ["a"]}, "good"):
        with pytest.raises(DataError, match="it must be a list of rows, each column -> value"):
            rows_of(wrong)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="row 2 is 'bad'; a row is column -> value"):
        rows_of([{"text": "good"}, "bad"])  # type: ignore[list-item]


def test_split_of_arrays_or_lists_is_told_to_take_tensors() -> None:
    with pytest.raises(ContractError, match="inputs of a split is an object of type numpy.ndarray; give a tensor"):
        Split(np.zeros((2, 2)), torch.zeros(2))  # type: ignore[arg-type]
    with pytest.raises(ContractError, match=r"targets of a split is \[0, 1\]; give a tensor"):
        Split(torch.zeros(2, 2), [0, 1])  # type: ignore[arg-type]


@dataclass(frozen=True)
class Small(Model):
    """A model of somebody's own."""

    name = "my-small"
    version = 1

    def build(self, input_size: int) -> nn.Module:
        """Return nothing of use."""
        raise RuntimeError


class Layer(nn.LSTM):
    """A layer of somebody's own."""


@pytest.mark.parametrize("given", [Layer, Layer(2, 2), nn.LSTM, nn.LSTM(2, 2)], ids=repr)
def test_layer_given_as_a_model_is_told_how_it_is_named_and_so_it_is_found(given: Any) -> None:
    told = []
    for models in ([given], given, {"mine": given}, [{"label": "mine", "model": given}]):
        with pytest.raises(ExperimentError, match=r"a model is given by its name, such as 'lstm', and ") as caught:
            Experiment(**{**COPY, "models": models})
        told.append(str(caught.value).partition("write a layer as ")[2])
    assert len(set(told)) == 1
    entry = ast.literal_eval(told[0])
    entry["arguments"] = {"hidden_size": 4}
    (cell,) = expand(Experiment(**{**COPY, "models": [entry]}), seqbench.load_catalog("module,copy"))
    assert cell.model.parameters["layer"] in ("tests.scenarios.test_given:Layer", "torch.nn.modules.rnn:LSTM")


@pytest.mark.parametrize("given", [Small, Small()], ids=repr)
def test_model_given_as_an_object_is_told_its_name_and_where_its_file_goes(given: Any) -> None:
    said = "models: a model is given by its name.*; write 'my-small', and if it is not installed, .* plugin_files"
    with pytest.raises(ExperimentError, match=said):
        Experiment(**{**COPY, "models": [given]})


def test_task_given_as_a_class_is_told_its_name() -> None:
    counted_class = CATALOG.tasks["counted"]
    with pytest.raises(ExperimentError, match=r"tasks: a task is given by its name.*; write 'counted', and if"):
        Experiment(**{**COPY, "tasks": [counted_class]})


def test_class_of_a_notebook_is_told_to_be_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Layer, "__module__", "__main__")
    with pytest.raises(ExperimentError, match=r"'my_file:Layer'.*with the class in the file my_file.py"):
        Experiment(**{**COPY, "models": [Layer]})
