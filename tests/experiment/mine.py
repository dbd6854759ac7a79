"""Gives the cells of an experiment in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seqbench import load_catalog
from seqbench.experiment.cells import Cell
from seqbench.experiment.schema import load
from seqbench.plugins.grid import expand

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
