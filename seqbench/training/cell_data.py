"""Builds the task of a cell, loads its data and identifies them by a hash."""

from __future__ import annotations

import hashlib
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from seqbench.contracts.examples import Ragged, Split
from seqbench.contracts.task import Task, TaskData
from seqbench.errors import ContractError, DataError
from seqbench.experiment.cells import Cell
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.grid import fingerprints
from seqbench.plugins.parameters import make
from seqbench.training.hidden import without_test_data


@dataclass(frozen=True)
class LoadedData:
    """The data of a cell.

    Attributes:
        task: with the cell's parameters.
        data: at the cell's length; those of a trial hide all that is of the test split.
        warnings: the task's warnings while it loaded the data.
        seconds: how long that took.
    """

    task: Task
    data: TaskData
    warnings: tuple[str, ...]
    seconds: float


def load(cell: Cell, catalog: Catalog) -> LoadedData:
    """Load the data of a cell.

    Raises:
        DataError: its files have changed since the cell was made.
    """
    began = time.perf_counter()
    task = load_task(cell, catalog)
    if fingerprints(task) != dict(cell.data):
        raise DataError(f"the data of {cell} were changed while the sweep ran; run the same command again")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data = task.load(cell.length, cell.seed)
    said = tuple(dict.fromkeys(str(warning.message) for warning in caught))
    data = data if cell.trial is None else without_test_data(data)
    return LoadedData(task, data, said, time.perf_counter() - began)


def load_task(cell: Cell, catalog: Catalog) -> Task:
    """Return the task of a cell with its parameters."""
    return make(catalog.task(cell.task.name), cell.task.parameters)


def load_elsewhere(task: Task, data: TaskData, length: int, seed: int) -> TaskData:
    """Load a task at another length than the network was trained at.

    Raises:
        ContractError: its kinds of input or target differ from those of ``data``.
    """
    other = task.load(length, seed)
    if (other.inputs, other.targets) != (data.inputs, data.targets):
        raise ContractError(
            f"task {task.name} cannot be tested at length {length} by a network that was trained at another:"
            f" its inputs or targets become {other.inputs}, {other.targets}; leave out evaluate_lengths"
        )
    return other


def data_fingerprint(data: TaskData, *, is_trial: bool = False) -> str:
    """Return a hash of all tensors of a task's data, of a trial without those of test: bytes, types and shapes.

    Splits that are views of one series are hashed with the whole series, test rows too.
    """
    digest = hashlib.sha256()
    for split in (data.train, data.validation) if is_trial else (data.train, data.validation, data.test):
        for tensor in _tensors(split):
            digest.update(repr((tensor.dtype, tensor.shape, tensor.stride(), tensor.storage_offset())).encode())
            # Windows are views of one series: its bytes are hashed once, not once for each window.
            raw = torch.empty(0, dtype=torch.uint8).set_(tensor.untyped_storage())
            digest.update(raw.numpy().tobytes())
    return digest.hexdigest()[:32]


def _tensors(split: Split) -> Iterator[torch.Tensor]:
    for part in (split.inputs, split.targets):
        yield from (part.values, part.offsets) if isinstance(part, Ragged) else (part,)
