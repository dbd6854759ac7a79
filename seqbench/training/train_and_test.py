"""Trains a network to its best weights, and tests them at each length of a cell."""

from __future__ import annotations

from collections.abc import Iterator

import pytorch_lightning as pl

from seqbench.contracts.task import Task, TaskData
from seqbench.data.batches import EvaluationBatches, TrainingBatches
from seqbench.experiment.cells import Cell
from seqbench.records.schema import Evaluation
from seqbench.training.cell_data import load_elsewhere
from seqbench.training.evaluations import evaluation
from seqbench.training.fit import Fit
from seqbench.training.lightning import make_trainer
from seqbench.training.loss_meter import DivergedError
from seqbench.training.resume import Attempt
from seqbench.training.samples import Samples, samples
from seqbench.training.scoring import validation_batches
from seqbench.training.stretches import Stretches


def train(fit: Fit, attempt: Attempt, cell: Cell, data: TaskData, trainer: pl.Trainer) -> str | None:
    """Train, and leave the best weights in place; return why it diverged, or None.

    Raises:
        Exception: any exception of a plugin, or one that ends the attempt.
    """
    history = fit.history
    try:
        _fit(fit, attempt, cell, data, trainer)
    except DivergedError as error:
        return str(error)
    except Exception:
        # The layer may refuse numbers that are not finite, or the time may be up, before the losses are checked.
        if (why := history.cut_back()) is not None:
            return why
        raise
    # A loss belongs to the weights before its step, so the weights after the last step are checked separately.
    if not all(bool(weights.isfinite().all()) for weights in fit.network.parameters()):
        return f"a weight was not finite after step {history.clock.steps_taken}"
    if history.best.chosen is None:
        return f"the score on the validation split was never a finite number: {history.best.unknown[-1][1]}"
    history.best.put_back(fit.network)
    return None


def _fit(fit: Fit, attempt: Attempt, cell: Cell, data: TaskData, trainer: pl.Trainer) -> None:
    training, clock = cell.training, fit.history.clock
    batches = TrainingBatches(
        data.train, training.batch_size, training.steps, cell.seed, clock.steps_taken, attempt.between_steps
    )
    validation, fit.order = validation_batches(data)
    fit.decoding = data.decoding
    if training.steps and clock.trained_after is None:
        stretches = Stretches(batches, training.validate_every, validates_first=attempt.was_validating)
        trainer.fit(fit, stretches, validation, ckpt_path=attempt.source, weights_only=True)
    attempt.training_ended()
    if not fit.history.best.has_validated(clock.steps_taken):
        trainer.validate(fit, validation, verbose=False)
        clock.end_training()


def evaluated(fit: Fit, attempt: Attempt, cell: Cell, task: Task, data: TaskData) -> Iterator[Evaluation]:
    """Test the trained network at its own length, then at others; skip tests that an earlier attempt has done.

    If its outputs at its own length are not finite, the others are skipped.
    """
    for length in (cell.length, *cell.evaluate_lengths):
        if length not in attempt.tested:
            own = length == cell.length
            there = data if own else load_elsewhere(task, data, length, cell.seed)
            test = _tested(fit, attempt, there, length, best=data.metrics[0].best)
            if own and test.not_finite is None:
                found = _samples(fit, task, data, cell.seed)
                test = test.model_copy(update={name: told or None for name, told in found._asdict().items()})
            attempt.tested[length] = test.model_dump_json()
        test = Evaluation.model_validate_json(attempt.tested[length])
        yield test
        if length == cell.length and test.not_finite is not None:
            return


def _samples(fit: Fit, task: Task, data: TaskData, seed: int) -> Samples:
    """Return samples; a fault of the task there costs no result, and is told in the notes."""
    try:
        return samples(fit.network, task, data, seed)
    except Exception as error:
        fit.notes["samples"] = f"there are none: {type(error).__name__}: {error}"
        return Samples()


def _tested(fit: Fit, attempt: Attempt, data: TaskData, length: int, *, best: float) -> Evaluation:
    fit.metrics, fit.decoding, fit.stream = data.metrics, data.decoding, data.stream
    batches = EvaluationBatches(data.test, data.targets.outputs_per_step)
    fit.order = batches.order
    make_trainer(attempt.file).test(fit, batches, verbose=False)
    return evaluation(fit.scores, data, length, fit.not_finite, unknown=fit.unknown, best=best, errors=fit.errors)
