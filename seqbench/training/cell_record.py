"""Puts together the record of a cell that was trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seqbench.experiment.cells import Cell
from seqbench.records.making import cell_data, now
from seqbench.records.schema import Evaluation, Record
from seqbench.training.cell_data import LoadedData, data_fingerprint
from seqbench.training.costs import costs
from seqbench.training.evaluations import course, decoding_note, finite, metric_data, notes, why_unknown
from seqbench.training.fit import Fit
from seqbench.training.gradient_monitor import GradientMonitor


@dataclass(frozen=True)
class Ending:
    """How a cell's training and tests ended.

    Attributes:
        training_diverged: why the training diverged; None if it did not.
        tests: at the cell's own length, then at others; none where the training diverged, and of a trial.
        train_seconds: of all attempts together, validations included.
        test_seconds: to test and to measure the trained network.
    """

    training_diverged: str | None
    tests: tuple[Evaluation, ...]
    train_seconds: float
    test_seconds: float

    @property
    def diverged(self) -> str | None:
        """Why the cell diverged, in training or when it was tested; None if it did not."""
        if self.tests and self.tests[0].not_finite is not None:
            return f"the trained network gave no scores: {why_unknown(self.tests[0])}"
        return self.training_diverged


def make_record(
    cell: Cell,
    loaded: LoadedData,
    fit: Fit,
    monitor: GradientMonitor,
    ending: Ending,
    *,
    environment: Mapping[str, Any],
) -> Record:
    """Return the record of a cell, ``ok`` or ``diverged``."""
    diverged, data, history = ending.diverged, loaded.data, fit.history
    chosen = None if diverged else history.best.chosen
    return Record(
        key=cell.key,
        status="diverged" if diverged else "ok",
        reason=diverged,
        cell=cell_data(cell),
        stopped="diverged" if diverged else history.stopped,
        metric=metric_data(data.metrics[0]),
        test=ending.tests[0] if ending.tests else None,
        evaluations=ending.tests[1:],
        validation_score=None if chosen is None else finite(chosen[1]),
        costs=costs(
            fit.network,
            history.clock,
            int(data.train.lengths.max()),
            load_seconds=loaded.seconds,
            train_seconds=ending.train_seconds,
            test_seconds=ending.test_seconds,
        ),
        course=course(history, diverged is not None),
        gradients=monitor.data(history, cell.training.gradient_clip),
        facts=dict(data.facts),
        data_fingerprint=data_fingerprint(data, is_trial=cell.trial is not None),
        environment=dict(environment),
        notes=notes(history, ending.tests) | decoding_note(fit.network, data),
        warnings=loaded.warnings,
        finished=now(),
        is_longer_harder=loaded.task.is_longer_harder,
    )
