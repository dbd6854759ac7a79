"""Tests that own data whose test or validation split has one class are told, in Python, in records and on stderr.

Modules: seqbench_stepwise.classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from seqbench import Task, load_catalog
from seqbench.cli.main import cli
from seqbench.plugins.parameters import make
from seqbench.records.store import Store
from tests.seqbench_speech.test_task import needs_soundfile, write_wav

PARTS = {"train": ["neg", "pos"] * 10, "valid": ["pos", "neg"] * 2, "test": ["neg"] * 6}


def texts(folder: Path) -> dict[str, Any]:
    for part, labels in PARTS.items():
        rows = [f"word{len(part)} number{row} of {label},{label}" for row, label in enumerate(labels)]
        (folder / f"{part}.csv").write_text("\n".join(["text,label", *rows]))
    return {"data": str(folder), "minimum_count": 1}


def images(folder: Path) -> dict[str, Any]:
    for part, labels in PARTS.items():
        pixels = np.random.default_rng(len(part)).integers(0, 9, (len(labels), 4))
        table = pd.DataFrame(pixels, columns=[f"p{at}" for at in range(4)]).assign(label=labels)
        table.to_csv(folder / f"{part}.csv", index=False)
    return {"data": str(folder)}


def series(folder: Path) -> dict[str, Any]:
    for part, labels in {"TRAIN": PARTS["train"], "TEST": PARTS["test"]}.items():
        rows = [f"{row},{row * 2 % 7},{row % 3}:{label}" for row, label in enumerate(labels)]
        (folder / f"Two_{part}.ts").write_text("\n".join(["@classLabel true neg pos", "@data", *rows]))
    return {"data": str(folder)}


def sounds(folder: Path) -> dict[str, Any]:
    needs_soundfile()
    for part, labels in PARTS.items():
        for row, label in enumerate(labels):
            pitch = (300 if label == "neg" else 1500) * (1 + 0.01 * row + len(part))
            wave = np.sin(2 * math.pi * pitch * np.arange(2000) / 8000)
            write_wav(folder / part / f"{label}_{part}{row}_0.wav", wave)
    return {"data": str(folder)}


OWN: dict[str, tuple[str, Callable[[Path], dict[str, Any]]]] = {
    "sentiment": ("texts", texts),
    "pixels": ("images", images),
    "series-class": ("series", series),
    "speech": ("recordings", sounds),
}


@pytest.mark.parametrize("name", OWN)
def test_test_split_of_one_class_is_told_with_its_size_and_class(name: str, tmp_path: Path) -> None:
    examples, write = OWN[name]
    task: Task = make(load_catalog().task(name), write(tmp_path))
    with pytest.warns(UserWarning, match="the test split has 6") as caught:
        data = task.load(16, seed=0)
    assert len(data.test) == 6
    assert [str(each.message) for each in caught] == [
        f"the test split has 6 {examples}, all of the class 'neg': a model that always answers 'neg' is right, so"
        f" that scores and skill there say nothing; give test {examples} of every class"
    ]


def test_validation_split_of_one_class_is_told_too(tmp_path: Path) -> None:
    given = images(tmp_path)
    (tmp_path / "test.csv").rename(tmp_path / "kept.csv")
    (tmp_path / "valid.csv").rename(tmp_path / "test.csv")
    (tmp_path / "kept.csv").rename(tmp_path / "valid.csv")
    with pytest.warns(UserWarning, match="the validation split has 6 images, all of the class 'neg'.* best step"):
        make(load_catalog().task("pixels"), given).load(16, seed=0)


def test_run_tells_it_on_stderr_and_in_the_record(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    data = texts(tmp_path / "texts")["data"]
    grid = (
        f"run --tasks sentiment --models rnn --lengths 8 --seeds 0 --executor serial --output {tmp_path / 'out'}"
    )
    settings = f"--set sentiment.data={data} --set training.steps=1 --set gradients=off --set rnn.hidden_size=4"
    done = CliRunner().invoke(cli, [*grid.split(), *settings.split(), "--set", "minimum_count=1"])
    assert done.exit_code == 0, done.output
    said = "the test split has 6 texts, all of the class 'neg'"
    assert f"warning: sentiment: {said}" in done.stderr
    (record,) = Store(tmp_path / "out").read()
    assert [text.partition(":")[0] for text in record.warnings] == [said]
