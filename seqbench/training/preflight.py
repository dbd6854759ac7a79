"""Checks the data and the models of a cell before anything is trained."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Sequence
from functools import partial

import torch

from seqbench.contracts.metrics import check_baselines
from seqbench.contracts.task import Task, TaskData
from seqbench.errors import PluginError, SeqbenchError
from seqbench.experiment.cells import Cell, Configured
from seqbench.gradients.part_names import check_names
from seqbench.network.network import build_network
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.faults import faults_told, owner, place
from seqbench.plugins.parameters import make
from seqbench.training.cell_data import load_elsewhere, load_task
from seqbench.training.chunk_policy import chunking_of
from seqbench.training.precision import check_arithmetic, check_precision

log = logging.getLogger(__name__)


def check_data(
    cell: Cell, catalog: Catalog, beside: Sequence[Configured] = (), *, task: Task | None = None
) -> None:
    """Load a cell's data at every test length, build its model, and discard both.

    Faults are reported before anything is trained.

    Args:
        cell: what will be run.
        catalog: finds its task and models.
        beside: further models, with their parameters, that are to be trained on such data.
        task: the cell's task if it exists already; None makes it.

    Raises:
        SeqbenchError: they are missing or unfit, or this device does not know the arithmetic.
        Exception: a bug of the task's own.
    """
    check_precision(cell.training.precision)
    check_arithmetic(cell.training.arithmetic)
    task = task or load_task(cell, catalog)
    with warnings.catch_warnings():
        # The run of the cell records them.
        warnings.simplefilter("ignore")
        data = _checked(cell, catalog, cell.length, lambda: task.load(cell.length, cell.seed))
        for length in cell.evaluate_lengths:
            load = partial(load_elsewhere, task, data, length, cell.seed)
            _checked(cell, catalog, length, load)
        problems = [told for model in (cell.model, *beside) if (told := _build_fault(cell, catalog, model, data))]
    if problems:
        raise PluginError("\n".join(problems))


def _checked(cell: Cell, catalog: Catalog, length: int, load: Callable[[], TaskData]) -> TaskData:
    """Load data and check their baselines; messages about faults begin with the task and the length."""
    where = place(cell.task.name, length)
    try:
        with faults_told(f"{owner('task', cell.task.name, catalog.origins)} cannot load its data", bugs_pass=True):
            data = load()
        if cell.trial is None:
            # A trial does not look at them; the cells that are tested check them.
            check_baselines(data.baselines, data.metrics)
    except SeqbenchError as error:
        raise type(error)(f"{where}: {error}") from error
    return data


def _build_fault(cell: Cell, catalog: Catalog, model: Configured, data: TaskData) -> str | None:
    """Build a model for some data; return why it fails, unless a record will tell that with a traceback."""
    what = f"model {model.name}: it cannot be built"
    if origin := catalog.origins.get(("model", model.name)):
        what += f" ({origin})"
    try:
        with torch.random.fork_rng(devices=[]), faults_told(what, bugs_pass=True):
            made = make(catalog.model(model.name), model.parameters)
            network = build_network(made, data.inputs, data.targets, cell.training.embedding_size)
            check_names(network)
            if cell.training.truncate is not None:
                chunking_of(network, cell.training, network.features, int(data.train.lengths.max()))
    except SeqbenchError as error:
        # Messages about a model begin with its name; add it if it is missing.
        return str(error) if f"model {model.name}" in str(error) else f"model {model.name}: {error}"
    except Exception as error:
        log.info("%s: %s", what, error)
    return None
