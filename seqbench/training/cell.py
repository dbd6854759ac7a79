"""Runs one cell and makes its record: data, network, fit, test.

The same cell gives the same scores to the last bit on the same kind of processor.
"""

from __future__ import annotations

import hashlib
import logging
import math
import resource
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any

import pytorch_lightning as pl
import torch

from seqbench.base.allocator import keep_freed_memory
from seqbench.base.environment import computing
from seqbench.base.processor import processor_class
from seqbench.base.random_state import randomness_kept, seed_all
from seqbench.base.seeds import derive_seed
from seqbench.base.signal_handlers import signal_handlers_kept
from seqbench.contracts.examples import Ragged, Split
from seqbench.contracts.metrics import check_baselines
from seqbench.contracts.task import Task, TaskData
from seqbench.data.batches import EvaluationBatches, TrainingBatches
from seqbench.errors import ContractError, DataError, PluginError, SeqbenchError, told
from seqbench.experiment.cells import Cell, Configured
from seqbench.network.network import build_network, count_parameters
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.faults import faults_told, is_ctrl_c, owner, place
from seqbench.plugins.grid import fingerprints
from seqbench.plugins.parameters import make
from seqbench.records.making import cell_data, now, unfinished
from seqbench.records.schema import Costs, Evaluation, Record
from seqbench.training.checkpoints import CheckpointFile, Checkpoints
from seqbench.training.chunk_policy import feeding_of
from seqbench.training.fit import DivergedError, Fit, Progress
from seqbench.training.gradient_monitor import Watcher
from seqbench.training.lightning import make_trainer, quiet_lightning
from seqbench.training.outcome import course, evaluation, finite, metric_data, notes, seconds_per_step, why_unknown
from seqbench.training.precision import arithmetic, check_precision
from seqbench.training.resume import Attempt, StoppedError, TimeLimitError

log = logging.getLogger(__name__)


def run_cell(
    cell: Cell,
    catalog: Catalog,
    environment: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    *,
    checkpoints: Checkpoints | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    callbacks: Sequence[pl.Callback] = (),
) -> Record:
    """Train and test one cell, in this process, on one thread.

    An exception becomes a record with status ``failed``: one broken plugin never ends a sweep. A cell with a
    checkpoint goes on from it, and ends as if it had never been stopped.

    Args:
        cell: what to run.
        catalog: where its task and model are found.
        environment: what `seqbench.base.environment.describe` said; device and processor class are added here.
        progress: called with the progress of the training.
        checkpoints: the file of its checkpoint; None for none. Whoever stores the record removes the file.
        should_stop: looked at between two steps; once true, the cell writes its checkpoint and ends as
            ``interrupted``.
        callbacks: Lightning callbacks that only watch the training.
    """
    described = {**(environment or {}), **computing()}
    try:
        with (
            one_quiet_thread(),
            arithmetic(cell.training.precision),
            quiet_lightning(),
            signal_handlers_kept() as put_back,
            randomness_kept(),
        ):
            return _Run(cell, catalog, described, progress, checkpoints, should_stop, put_back, callbacks).record()
    except SeqbenchError as error:
        return unfinished(cell, "failed", str(error), described)
    except TimeLimitError as error:
        return unfinished(cell, "timeout", str(error), described)
    except StoppedError as error:
        return unfinished(cell, "interrupted", str(error), described)
    except BaseException as error:
        if is_ctrl_c(error) or isinstance(error, GeneratorExit):
            raise
        return unfinished(cell, "failed", told(error), described, traceback.format_exc())


def check_data(cell: Cell, catalog: Catalog, beside: Sequence[Configured] = ()) -> None:
    """Load a cell's data, at every length it is tested at, build its model, and throw all of it away.

    What is wrong with them is said before anything is trained.

    Args:
        cell: what will be run.
        catalog: where its task and models are found.
        beside: further models, with their parameters, that are to be trained on such data.

    Raises:
        SeqbenchError: they are missing or unfit, or this device does not know the arithmetic.
        Exception: a bug of the task's own.
    """
    check_precision(cell.training.precision)
    task = load_task(cell, catalog)
    with warnings.catch_warnings():
        # The warnings are recorded when the cell itself runs.
        warnings.simplefilter("ignore")
        data = _checked(cell, catalog, cell.length, lambda: task.load(cell.length, cell.seed))
        for length in cell.evaluate_lengths:
            load = partial(load_elsewhere, task, data, length, cell.seed)
            _checked(cell, catalog, length, load)
        problems = [told for model in (cell.model, *beside) if (told := _build_fault(cell, catalog, model, data))]
    if problems:
        raise PluginError("\n".join(problems))


def _checked(cell: Cell, catalog: Catalog, length: int, load: Callable[[], TaskData]) -> TaskData:
    """Load data and look at their baselines; what is wrong with them begins with the task and the length."""
    where = place(cell.task.name, length)
    try:
        with faults_told(f"{owner('task', cell.task.name, catalog.origins)} cannot load its data", bugs_pass=True):
            data = load()
        check_baselines(data.baselines, data.metrics)
    except SeqbenchError as error:
        raise type(error)(f"{where}: {error}") from error
    return data


def _build_fault(cell: Cell, catalog: Catalog, model: Configured, data: TaskData) -> str | None:
    """Build a model for some data; return why it cannot be, unless a record will tell it with its traceback."""
    what = f"model {model.name}: it cannot be built"
    if origin := catalog.origins.get(("model", model.name)):
        what += f" ({origin})"
    try:
        with torch.random.fork_rng(devices=[]), faults_told(what, bugs_pass=True):
            made = make(catalog.model(model.name), model.parameters)
            network = build_network(made, data.inputs, data.targets, cell.training.embedding_size)
            if cell.training.truncate is not None:
                feeding_of(network, cell.training, network.features, int(data.train.lengths.max()))
    except SeqbenchError as error:
        # Messages of a model start with its name; add it if it is missing.
        return str(error) if f"model {model.name}" in str(error) else f"model {model.name}: {error}"
    except Exception as error:
        log.info("%s: %s", what, error)
    return None


def load_elsewhere(task: Task, data: TaskData, length: int, seed: int) -> TaskData:
    """Load a task at another length than the network was trained at.

    Raises:
        ContractError: its kinds of input or target are others than those of ``data``.
    """
    other = task.load(length, seed)
    if (other.inputs, other.targets) != (data.inputs, data.targets):
        raise ContractError(
            f"task {task.name} cannot be tested at length {length} by a network that was trained at another:"
            f" its inputs or targets become {other.inputs}, {other.targets}; leave out evaluate_lengths"
        )
    return other


def load_task(cell: Cell, catalog: Catalog) -> Task:
    """Return the task of a cell with its parameters."""
    return make(catalog.task(cell.task.name), cell.task.parameters)


@dataclass
class _Run:
    """One cell on its way to a record."""

    cell: Cell
    catalog: Catalog
    environment: dict[str, Any]
    progress: Progress | None
    checkpoints: Checkpoints | None
    should_stop: Callable[[], bool]
    put_back: Callable[[], None]
    callbacks: Sequence[pl.Callback]
    file: CheckpointFile | None = None

    def record(self) -> Record:
        cell = self.cell
        began = time.perf_counter()
        check_precision(cell.training.precision)
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        task = load_task(cell, self.catalog)
        if fingerprints(task) != dict(cell.data):
            raise DataError(f"the data of {cell} were changed while the sweep ran; run the same command again")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            data = task.load(cell.length, cell.seed)
        load_seconds = time.perf_counter() - began
        seed_all(derive_seed(cell.seed, "initialisation"))
        model = make(self.catalog.model(cell.model.name), cell.model.parameters)
        network = build_network(model, data.inputs, data.targets, cell.training.embedding_size)
        features, steps = data.inputs.features(cell.training.embedding_size), int(data.train.lengths.max())
        network.feeding = feeding_of(network, cell.training, features, steps)
        watcher = Watcher(network, data.validation, cell.gradients, cell.seed)
        fit = Fit(network, data.metrics, cell.training, self.progress, watcher.after_step)
        attempt = self._attempt(fit, watcher)
        if not attempt.restore():
            watcher.measure("init", 0)
            seed_all(derive_seed(cell.seed, "dropout"))
        diverged = self._fit(fit, attempt, data)
        trained, train_seconds = time.perf_counter(), fit.trained_after or fit.seconds
        if not diverged and fit.best is not None:
            watcher.measure("trained", fit.best[0])
        tests = [] if diverged else list(self._tests(fit, attempt, task, data))
        if tests and tests[0].not_finite is not None:
            diverged = f"the trained network gave no scores: {why_unknown(tests[0])}"
        return Record(
            key=cell.key,
            status="diverged" if diverged else "ok",
            reason=diverged,
            cell=cell_data(cell),
            stopped="diverged" if diverged else fit.stopped,
            metric=metric_data(data.metrics[0]),
            test=tests[0] if tests else None,
            evaluations=tuple(tests[1:]),
            validation_score=None if diverged or fit.best is None else finite(fit.best[1]),
            costs=_costs(
                fit,
                load_seconds=load_seconds,
                train_seconds=train_seconds,
                test_seconds=time.perf_counter() - trained,
                is_recomputed=network.feeding.is_run_again(steps),
            ),
            course=course(fit, diverged is not None),
            gradients=watcher.data(fit, cell.training.gradient_clip),
            facts=dict(data.facts),
            data_fingerprint=data_fingerprint(data),
            environment=self.environment,
            notes=notes(fit, tests),
            warnings=tuple(dict.fromkeys(str(warning.message) for warning in caught)),
            finished=now(),
            is_longer_harder=task.is_longer_harder,
        )

    def _attempt(self, fit: Fit, watcher: Watcher) -> Attempt:
        kept = self.checkpoints
        self.file = CheckpointFile(kept.path, _identity(self.cell)) if kept else None
        seconds = kept.seconds if kept else math.inf
        return Attempt(fit, watcher, self.file, seconds, self.should_stop, self.put_back)

    def _fit(self, fit: Fit, attempt: Attempt, data: TaskData) -> str | None:
        """Train, and leave the best weights in place; return why it diverged, or None."""
        training = self.cell.training
        batches = TrainingBatches(
            data.train, training.batch_size, training.steps, self.cell.seed, fit.steps_taken, attempt.between_steps
        )
        validation = EvaluationBatches(data.validation, data.targets.outputs_per_step)
        fit.order = validation.order
        trainer = make_trainer(training, self.file, self.callbacks)
        try:
            if training.steps and fit.trained_after is None:
                trainer.fit(fit, batches, validation, ckpt_path=attempt.source, weights_only=True)
            attempt.training_ended()
            if not fit.validations or fit.validations[-1][0] != fit.steps_taken:
                trainer.validate(fit, validation, verbose=False)
                fit.trained_after = fit.seconds
        except DivergedError as error:
            return str(error)
        except Exception:
            # A layer may refuse numbers that are not finite, or the time may be up, before losses are checked.
            if (why := fit.cut_back()) is not None:
                return why
            raise
        # The loss depends on the weights before a step, so the last step's weights are checked here.
        if not all(bool(weights.isfinite().all()) for weights in fit.network.parameters()):
            return f"a weight was not finite after step {fit.steps_taken}"
        if fit.best is None:
            return f"the score on the validation split was never a finite number: {fit.unknown[-1][1]}"
        fit.restore_best()
        return None

    def _tests(self, fit: Fit, attempt: Attempt, task: Task, data: TaskData) -> Iterator[Evaluation]:
        """Test the trained network at its own length, and at others, where an earlier attempt has not.

        Where its outputs are not finite at its own length, there is nothing to be learnt at others.
        """
        for length in (self.cell.length, *self.cell.evaluate_lengths):
            if length not in attempt.tested:
                own = length == self.cell.length
                there = data if own else load_elsewhere(task, data, length, self.cell.seed)
                attempt.tested[length] = self._tested(fit, there, length).model_dump_json()
            test = Evaluation.model_validate_json(attempt.tested[length])
            yield test
            if length == self.cell.length and test.not_finite is not None:
                return

    def _tested(self, fit: Fit, data: TaskData, length: int) -> Evaluation:
        fit.metrics = data.metrics
        batches = EvaluationBatches(data.test, data.targets.outputs_per_step)
        fit.order = batches.order
        make_trainer(fit.training_settings, self.file).test(fit, batches, verbose=False)
        return evaluation(fit.scores, data, length, fit.not_finite)


def _costs(
    fit: Fit, *, load_seconds: float, train_seconds: float, test_seconds: float, is_recomputed: bool
) -> Costs:
    return Costs(
        parameters=count_parameters(fit.network),
        layer_parameters=count_parameters(fit.network.layer),
        state_size=fit.network.state_size,
        steps=fit.steps_taken,
        load_seconds=load_seconds,
        train_seconds=train_seconds,
        test_seconds=test_seconds,
        seconds_per_step=seconds_per_step(fit.step_ends),
        peak_memory_bytes=peak_memory_bytes(),
        peak_gpu_memory_bytes=peak_gpu_memory_bytes(),
        is_recomputed=is_recomputed,
    )


def _identity(cell: Cell) -> dict[str, Any]:
    """Return the settings that must be equal for a resumed cell to end with the same bits."""
    return {
        "cell": cell.key,
        "gradients": cell.gradients.model_dump(),
        "torch": str(torch.__version__),
        "lightning": version("pytorch-lightning"),
        "device": "cuda" if torch.cuda.is_available() else "cpu",
        "processor_class": processor_class(),
    }


def peak_memory_bytes() -> int:
    """Return the largest resident set that this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def peak_gpu_memory_bytes() -> int | None:
    """Return the most that torch has held of a GPU in this process; None where there is none."""
    return int(torch.cuda.max_memory_reserved()) if torch.cuda.is_available() else None


def data_fingerprint(data: TaskData) -> str:
    """Return a hash of all tensors of a task's data: bytes, types and shapes."""
    digest = hashlib.sha256()
    for split in (data.train, data.validation, data.test):
        for tensor in _tensors(split):
            digest.update(repr((tensor.dtype, tensor.shape, tensor.stride(), tensor.storage_offset())).encode())
            # Windows are views of one series: its bytes are hashed once, not once for each window.
            raw = torch.empty(0, dtype=torch.uint8).set_(tensor.untyped_storage())
            digest.update(raw.numpy().tobytes())
    return digest.hexdigest()[:32]


def _tensors(split: Split) -> Iterator[torch.Tensor]:
    for part in (split.inputs, split.targets):
        yield from (part.values, part.offsets) if isinstance(part, Ragged) else (part,)


@contextmanager
def one_quiet_thread() -> Iterator[None]:
    """Compute on one thread, and with denormal numbers as 0, while the block runs.

    Cells run side by side, and bits depend on the number of threads. A gradient that vanishes over a long
    sequence ends among the denormal numbers (below 1.2e-38 in float32), on which a processor is many times
    slower than on any other; no weight can feel them. The process keeps freed memory, also afterwards.
    """
    keep_freed_memory()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(before)
