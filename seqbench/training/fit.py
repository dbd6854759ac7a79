"""Trains and scores one network: the LightningModule, whose hooks call the parts that do the work.

Every choice (best weights, early end) is made on validation data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytorch_lightning as pl
import torch
from torch import Tensor

from seqbench.contracts.decoding import Decoding
from seqbench.contracts.examples import Batch, Split
from seqbench.contracts.finite import NotFinite
from seqbench.contracts.metrics import Metric, check_scores
from seqbench.experiment.schema import Training
from seqbench.network.network import Network
from seqbench.training.captured_step import CapturedStep
from seqbench.training.cuda_graphs import CudaCapture
from seqbench.training.early_stop import early_end, is_pruned
from seqbench.training.history import History
from seqbench.training.optimizers import LearningRates, make_optimizer
from seqbench.training.precision import autocast
from seqbench.training.scoring import NetworkScores, validation_scores
from seqbench.training.step import TrainingStep

Progress = Callable[[int, float, float], None]
"""Called with the step, the loss and the steps per second, a few times a second."""


class Supervisor(Protocol):
    """Decides when a cell pauses or ends, and keeps the state from which it resumes."""

    def training_begins(self) -> None:
        """Called before the next step, or before a validation that was interrupted."""

    def evaluation_batch(self, number: int) -> None:
        """Called before each batch of an evaluation; 0 is the first."""

    def entry(self) -> dict[str, Any]:
        """Return the entry of seqbench in a checkpoint, beside Lightning's."""


class Fit(pl.LightningModule):
    """Trains a network, keeps the weights that validate best, and scores it.

    Attributes:
        watch: called with the number of each step taken; None leaves gradients unmeasured.
        listeners: called after each step, before the next.
        history: the state of the training so far.
        supervisor: called before each batch of an evaluation; None never interrupts one.
        order: the numbers of the examples of an evaluation, in the order in which they come; None for 0, 1, 2, ...
        scores: metric -> score of the last test; NaN where it is unknown.
        unknown: metric -> why the last test gave it no score, although the outputs were finite.
        decoding: how the network generates tokens; None if no metric needs them.
        stream: the text that a test reads as one; None if no metric needs it.
        notes: what the record says about the training beside its numbers, by name.
        bars: step -> the validation score below which a trial is pruned.
    """

    def __init__(
        self,
        network: Network,
        metrics: tuple[Metric, ...],
        training: Training,
        progress: Progress | None = None,
        watch: Callable[[int], None] | None = None,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = network
        self.metrics = metrics
        self.training_settings = training
        self.progress = progress
        self.watch = watch
        self.listeners: list[Callable[[], None]] = []
        self.history = History(network, is_measuring=watch is not None)
        self.supervisor: Supervisor | None = None
        self.order: list[int] | None = None
        self.scores: dict[str, float] = {}
        self.errors: dict[str, float] = {}
        self.unknown: dict[str, str] = {}
        self.decoding: Decoding | None = None
        self.stream: Split | None = None
        self.notes: dict[str, str] = {}
        self.bars: dict[int, float] = {}
        self._meters = NetworkScores(network, ())
        self._rates: LearningRates | None = None
        self._step: Callable[[Batch], Tensor] | None = None

    @property
    def not_finite(self) -> NotFinite:
        """The outputs that were not finite in the last evaluation."""
        found = self._meters.not_finite
        return found.renumbered(self.order) if self.order else found

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the optimiser; its learning rates move with the steps."""
        optimizer = make_optimizer(self.network, self.training_settings)
        # A checkpoint puts the rates of its step into the optimiser.
        self._rates = LearningRates(optimizer, self.training_settings)
        return optimizer

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """Move a batch of an evaluation to a GPU; the batches of a stretch are moved one by one."""
        return batch if self.trainer.training else super().transfer_batch_to_device(batch, device, dataloader_idx)

    def on_train_start(self) -> None:
        """Make ready for the first step, and tell the supervisor that the set-up is over."""
        optimizer = self.optimizers(use_pl_optimizer=False)
        assert isinstance(optimizer, torch.optim.Optimizer)
        assert self._rates is not None
        settings = self.training_settings
        step = TrainingStep(
            self.network,
            optimizer,
            rates=self._rates,
            norms=self.history.norms,
            settings=settings,
            taken=self.history.clock.steps_taken,
        )
        self._step = step
        if self.device.type == "cuda":
            graphs = CudaCapture(self.network, optimizer)
            self._step = CapturedStep(
                step, self.network, optimizer, settings=settings, capture=graphs, notes=self.notes
            )
        if self.supervisor:
            self.supervisor.training_begins()

    def training_step(self, batch: Iterator[Batch], batch_idx: int) -> None:
        """Take the steps of one stretch: those up to the next validation."""
        assert self._step is not None
        for each in batch:
            self.history.losses.add(self._step(self._on_device(each)))
            self._end_step()

    def _end_step(self) -> None:
        """Record the time; a few times a second check the losses and report progress."""
        clock, losses = self.history.clock, self.history.losses
        clock.end_step()
        if self.watch is not None:
            self.watch(clock.steps_taken)
        for listener in self.listeners:
            listener()
        # After the last step too, which shows that training is over.
        if clock.is_time_to_look() or clock.steps_taken == self.training_settings.steps:
            self.history.check_losses()
            if self.progress:
                self.progress(clock.steps_taken, float(losses.values[-1]), clock.steps_per_second)

    def _on_device(self, batch: Batch) -> Batch:
        """Move the inputs of a batch to a GPU.

        Targets stay on the CPU, where the scored items are found without waiting for the GPU.
        """
        if self.device.type == "cpu":
            return batch
        return batch._replace(inputs=batch.inputs.pin_memory().to(self.device, non_blocking=True))

    def on_validation_start(self) -> None:
        """Start scoring by the primary metric; the first time by example too, so that a fault shows early."""
        self.history.check_losses()
        is_first = not self.history.best.validations
        self._meters = validation_scores(self.network, self.metrics, self.decoding, by_example=is_first)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Score one batch."""
        self._update(batch, batch_idx)

    def on_validation_end(self) -> None:
        """Keep the weights if they are the best so far, and end the training early if the settings say so.

        Raises:
            ContractError: the metric returns an impossible score, or its examples do not add up to it.
        """
        primary, step = self.metrics[0], self.history.clock.steps_taken
        scores = self._meters.scores()
        self._meters.standard_errors()
        check_scores(scores, self.metrics[:1], f"on the validation split, after step {step},")
        score, best = scores[primary.name], self.history.best
        best.add(step, score, primary, self.network)
        if not math.isfinite(score):
            best.unknown.append((step, self._why_unknown()))
        if best.chosen is None or step >= self.training_settings.steps:
            return
        since = best.validations_since_best
        end = early_end(score, primary, validations_since_best=since, settings=self.training_settings)
        if end is None and is_pruned(step, best.chosen[1], primary, self.bars):
            end = "pruned"
        if end is not None:
            self.history.stopped = end
            self.trainer.should_stop = True

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add all state that the result depends on, beside weights and optimiser.

        Lightning's counts of batches are left out: a resumed training gets the steps that are left as its batches.
        """
        del checkpoint["loops"]
        if self.supervisor:
            checkpoint["seqbench"] = self.supervisor.entry()

    def on_test_start(self) -> None:
        """Start scoring by every metric."""
        self._meters = NetworkScores(self.network, self.metrics, self.decoding, by_example=True)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Score one batch."""
        self._update(batch, batch_idx)

    def on_test_epoch_end(self) -> None:
        """Score the stream, if there is one, while the network is still in evaluation mode."""
        with autocast(self.training_settings.precision, self.device.type):
            self._meters.read_stream(self.stream, self._before_batch)

    def on_test_end(self) -> None:
        """Keep the scores."""
        self.scores, self.unknown = self._meters.scores(), self._meters.unknown
        self.errors = self._meters.standard_errors()

    def _update(self, batch: Batch, number: int) -> None:
        self._before_batch(number)
        with autocast(self.training_settings.precision, self.device.type):
            self._meters.update(batch)

    def _before_batch(self, number: int) -> None:
        if self.supervisor:
            self.supervisor.evaluation_batch(number)

    def _why_unknown(self) -> str:
        metric_alone = f"{self.metrics[0].name} came to no finite number, though all scored outputs were finite"
        return str(self.not_finite) if self.not_finite.outputs else metric_alone
