"""Builds the network of a cell from the cell's seed, with its `Fit` and its `GradientMonitor`."""

from __future__ import annotations

from seqbench.base.random_state import seed_all
from seqbench.base.seeds import derive_seed
from seqbench.contracts.task import TaskData
from seqbench.experiment.cells import Cell
from seqbench.network.network import build_network
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.parameters import make
from seqbench.training.chunk_policy import chunking_of
from seqbench.training.fit import Fit, Progress
from seqbench.training.gradient_monitor import GradientMonitor


def build(cell: Cell, catalog: Catalog, data: TaskData, progress: Progress | None) -> tuple[Fit, GradientMonitor]:
    """Build the network of a cell, and return its fit and its monitor; seeds the global random generators first.

    Args:
        cell: names the model and its parameters.
        catalog: finds the model.
        data: the data to train on.
        progress: called with the progress of the training.

    Raises:
        Exception: any exception of the model.
    """
    seed_all(derive_seed(cell.seed, "initialisation"))
    model = make(catalog.model(cell.model.name), cell.model.parameters)
    network = build_network(model, data.inputs, data.targets, cell.training.embedding_size)
    features = data.inputs.features(cell.training.embedding_size)
    network.chunking = chunking_of(network, cell.training, features, int(data.train.lengths.max()))
    monitor = GradientMonitor(network, data.validation, cell.gradients, cell.seed)
    fit = Fit(network, data.metrics, cell.training, progress, monitor.after_step)
    fit.bars = {} if cell.trial is None else dict(cell.trial.bars)
    return fit, monitor
