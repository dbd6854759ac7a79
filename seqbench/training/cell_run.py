"""Runs a cell from its data to its record: builds, trains, measures, tests.

It expects one quiet thread, the cell's arithmetic and random generators that may be moved; `run_cell` provides
them and turns exceptions into records.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from seqbench.base.random_state import seed_all
from seqbench.base.seeds import derive_seed
from seqbench.experiment.cells import Cell
from seqbench.plugins.catalog import Catalog
from seqbench.records.schema import Record
from seqbench.training.building import build
from seqbench.training.cell_data import load
from seqbench.training.cell_record import Ending, make_record
from seqbench.training.checkpoints import CheckpointFile, Checkpoints
from seqbench.training.costs import forget_gpu_peak
from seqbench.training.fit import Fit, Progress
from seqbench.training.gradient_monitor import GradientMonitor
from seqbench.training.kept_weights import keep_weights
from seqbench.training.lightning import make_trainer
from seqbench.training.precision import check_precision
from seqbench.training.resume import Attempt, identity
from seqbench.training.train_and_test import evaluated, train


@dataclass(frozen=True)
class CellRun:
    """The run of one cell, from its data to its record.

    Attributes:
        cell: what to run.
        catalog: finds its task and model.
        environment: the record's description of this machine.
        progress: called with the progress of the training.
        checkpoints: the file of its checkpoint; None keeps none.
        should_stop: called between two steps.
        put_back: called when the set-up of a training is over.
        callbacks: watch the training, and change nothing.
        weights: the file for the tested weights; None keeps none.
    """

    cell: Cell
    catalog: Catalog
    environment: Mapping[str, Any]
    progress: Progress | None
    checkpoints: Checkpoints | None
    should_stop: Callable[[], bool]
    put_back: Callable[[], None]
    callbacks: Sequence[pl.Callback]
    weights: Path | None = None

    def record(self) -> Record:
        """Run the cell and return its record.

        Raises:
            Exception: any exception of a plugin, or one that ends the attempt.
        """
        check_precision(self.cell.training.precision)
        forget_gpu_peak()
        loaded = load(self.cell, self.catalog)
        fit, monitor = build(self.cell, self.catalog, loaded.data, self.progress)
        attempt = self._begun(fit, monitor)
        trainer = make_trainer(attempt.file, self.callbacks)
        diverged = train(fit, attempt, self.cell, loaded.data, trainer)
        trained, train_seconds = time.perf_counter(), fit.history.clock.trained_after or fit.history.clock.seconds
        found = []
        if diverged is None:
            if fit.history.best.chosen is not None:
                monitor.measure("trained", fit.history.best.chosen[0])
            if self.cell.trial is None:
                found = list(evaluated(fit, attempt, self.cell, loaded.task, loaded.data))
        ending = Ending(diverged, tuple(found), train_seconds, time.perf_counter() - trained)
        record = make_record(self.cell, loaded, fit, monitor, ending, environment=self.environment)
        kept, why_not = keep_weights(
            self.weights if record.status == "ok" else None, fit.network, loaded.data, self.cell.key
        )
        return record.model_copy(
            update={"weights": kept, "notes": {**record.notes, **_of_layer(fit), **fit.notes, **why_not}}
        )

    def _begun(self, fit: Fit, monitor: GradientMonitor) -> Attempt:
        """Resume from the cell's checkpoint, or measure the untrained network and begin."""
        kept = self.checkpoints
        file = CheckpointFile(kept.path, identity(self.cell)) if kept else None
        seconds = kept.seconds if kept else math.inf
        attempt = Attempt(fit, monitor, file, seconds, self.should_stop, self.put_back)
        if not attempt.restore():
            monitor.measure("init", 0)
            seed_all(derive_seed(self.cell.seed, "dropout"))
        return attempt


def _of_layer(fit: Fit) -> dict[str, str]:
    """Return the note about the layer, if its model makes remarks about it."""
    model, layer = fit.network.model, fit.network.layer
    remarks = [] if model is None else list(model.remarks(layer))
    return {"layer": "; ".join(remarks)} if remarks else {}
