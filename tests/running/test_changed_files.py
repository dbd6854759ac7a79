"""Tests that a run in Python tells of results of a plugin file that has changed since."""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path

import pytest

from seqbench import Experiment, run

MODEL = """
from dataclasses import dataclass
from torch import nn
from seqbench import Model, hookimpl

@dataclass(frozen=True)
class Mine(Model):
    name = "mine"
    version = 1

    def build(self, input_size: int):
        # The file has no `from __future__ import annotations`, and is not to get it from its loader.
        assert Mine.build.__annotations__ == {"input_size": int}
        return nn.RNN(input_size, 4, batch_first=True)

@hookimpl
def seqbench_models():
    yield Mine
"""
EXPERIMENT = Experiment(
    tasks=["copy"],
    models=["mine"],
    lengths=[8],
    training={"steps": 1, "batch_size": 2},
    gradients="off",
    parameters={"copy": {"train_examples": 8, "test_examples": 8}},
)


def test_edited_plugin_file_is_told_of_before_its_old_scores_are_returned(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "mine.py"

    def scores(on_existing: str = "retry-failed") -> list[float]:
        caplog.clear()
        with caplog.at_level(logging.WARNING, "seqbench"):
            table = run(
                EXPERIMENT, tmp_path / "out", executor="serial", on_existing=on_existing, plugin_files=[file]
            )
        return list(table["score"])

    file.write_text(MODEL)
    first = scores()
    assert scores() == first
    assert "has changed" not in caplog.text
    # Of the same size, within the same second: Python would take its byte code for current.
    written = file.stat().st_mtime_ns
    file.write_text(MODEL.replace("nn.RNN", "nn.GRU"))
    os.utime(file, ns=(written, written))
    assert scores() == first
    assert f"{file} has changed since 1 of these cells were run" in caplog.text
    assert 'raise the version of mine, or run all again with on_existing="fresh"' in caplog.text
    # One length is of either content: no row of a table is made of both.
    both = EXPERIMENT.model_copy(update={"lengths": (8, 16)})
    table = run(both, tmp_path / "out", executor="serial", plugin_files=[file])
    hashes = [hashlib.sha256(text.encode()).hexdigest()[:12] for text in (MODEL, file.read_text())]
    assert list(table.sort_values("length")["model_name"]) == [
        f"mine (file sha256={each[:12]})" for each in hashes
    ]
    assert scores("fresh") != first
    assert "has changed" not in caplog.text


def test_broken_plugin_file_is_told_of_though_nothing_asks_for_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "broken.py"
    file.write_text("def half(:")
    with caplog.at_level(logging.WARNING, "seqbench"):
        run(
            EXPERIMENT.model_copy(update={"models": ("rnn",)}),
            tmp_path / "out",
            executor="serial",
            plugin_files=[file],
        )
    assert f"{file}: cannot be loaded" in caplog.text
