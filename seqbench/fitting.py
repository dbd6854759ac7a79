"""How is one network trained? The one LightningModule, and a Trainer that prints and writes nothing.

Every choice (best weights, early end) is made on validation data. Stands on network, data and scores.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import pytorch_lightning as pl
import torch
import torchmetrics
from torch import Tensor

from seqbench.experiment import Training
from seqbench.network import Network
from seqbench.norms import group_norms, weight_groups
from seqbench.scores import Metric
from seqbench.splits import Batch

Stopped = Literal["steps", "solved", "patience"]
Progress = Callable[[int, float, float], None]
"""Called with the step, the loss and the steps per second, a few times a second."""

_OPTIMIZERS: Mapping[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
    "sgd": torch.optim.SGD,
}
_SCHEDULES: Mapping[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "linear": lambda done: 1.0 - done,
    "cosine": lambda done: float((1 + torch.cos(torch.tensor(torch.pi * done))) / 2),
}
_SECONDS_BETWEEN_PROGRESS = 0.5


class DivergedError(Exception):
    """The loss was not finite."""


class TimeLimitError(Exception):
    """The cell took longer than it may."""


class Fit(pl.LightningModule):
    """Trains a network, keeps the weights that validate best, and scores it.

    Attributes:
        watch: called with each step that was taken; None leaves gradients unmeasured.
        losses: the training loss of each step, on the network's device.
        groups: the weights whose gradients are measured together.
        norms: the gradient norm of each group at each step, before clipping, on the network's device.
        step_ends: the clock at the end of each step, in seconds.
        validations: (step, primary score), in order.
        best: (step, score) of the weights that are kept.
        stopped: what ended the training.
        scores: metric -> score of the last test.
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
        self.network = network
        self.metrics = metrics
        self.training_settings = training
        self.progress = progress
        self.watch = watch
        self.losses: list[Tensor] = []
        self.groups = weight_groups(network)
        self.norms: list[Tensor] = []
        self.step_ends: list[float] = []
        self.validations: list[tuple[int, float]] = []
        self.best: tuple[int, float] | None = None
        self.stopped: Stopped = "steps"
        self.scores: dict[str, float] = {}
        self._best_weights: dict[str, Tensor] = {}
        self._meters: list[tuple[Metric, torchmetrics.Metric]] = []
        self._started = self._last_progress = time.perf_counter()

    def configure_optimizers(self) -> Any:
        """Return the optimiser and a schedule that moves with every step."""
        settings = self.training_settings
        optimizer = _OPTIMIZERS[settings.optimizer](
            self.network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )  # type: ignore[call-arg]
        course = _SCHEDULES[settings.schedule]
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: course(step / max(1, settings.steps)))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the loss of one batch."""
        loss = self.network.loss(batch)
        self.losses.append(loss.detach())
        if not torch.isfinite(loss):
            raise DivergedError(f"the training loss was {float(self.losses[-1])} at step {self.global_step + 1}")
        return loss

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Keep the norms as the backward pass left them, then clip by the global one."""
        if self.watch is None and gradient_clip_val is None:
            return
        norms = group_norms(self.groups)
        if self.watch is not None:
            self.norms.append(norms)
        if gradient_clip_val is not None:
            torch.nn.utils.clip_grads_with_norm_(self.network.parameters(), gradient_clip_val, norms.norm())

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:
        """Keep the time, tell of the progress, mind the time limit."""
        now = time.perf_counter()
        self.step_ends.append(now)
        if self.watch is not None:
            self.watch(self.global_step)
        limit = self.training_settings.time_limit
        if limit is not None and now - self._started > limit:
            raise TimeLimitError(f"the time limit of {limit:g} s was reached after {self.global_step} steps")
        if self.progress and now - self._last_progress > _SECONDS_BETWEEN_PROGRESS:
            self._last_progress = now
            self.progress(self.global_step, float(self.losses[-1]), self.global_step / (now - self._started))

    def on_validation_start(self) -> None:
        """Begin to score by the primary metric."""
        self._begin(self.metrics[:1])

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Score one batch."""
        self._update(batch)

    def on_validation_end(self) -> None:
        """Keep the weights if they are the best so far, and end the training if there is nothing to gain."""
        primary, step = self.metrics[0], self.global_step
        score = self._computed()[primary.name]
        self.validations.append((step, score))
        # A score that is not a number is better than none and worse than any other.
        if self.best is None or primary.is_better(score, self.best[1]) or self.best[1] != self.best[1]:
            self.best = (step, score)
            self._best_weights = {name: value.clone() for name, value in self.network.state_dict().items()}
        self._end_early(score, primary)

    def _end_early(self, score: float, primary: Metric) -> None:
        settings = self.training_settings
        if self.best is None or self.global_step >= settings.steps:
            return
        worse = sum(step > self.best[0] for step, _ in self.validations)
        if settings.stop_when_solved is not None and abs(score - primary.best) <= settings.stop_when_solved:
            self.stopped = "solved"
        elif settings.patience is not None and worse >= settings.patience:
            self.stopped = "patience"
        else:
            return
        self.trainer.should_stop = True

    def restore_best(self) -> None:
        """Put back the weights that validated best."""
        if self._best_weights:
            self.network.load_state_dict(self._best_weights)

    def on_test_start(self) -> None:
        """Begin to score by every metric."""
        self._begin(self.metrics)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Score one batch."""
        self._update(batch)

    def on_test_end(self) -> None:
        """Keep the scores."""
        self.scores = self._computed()

    def _begin(self, metrics: tuple[Metric, ...]) -> None:
        # In this order: moving a torchmetrics metric takes it back to float32.
        self._meters = [(metric, metric.make().to(self.device).set_dtype(torch.float64)) for metric in metrics]

    def _update(self, batch: Batch) -> None:
        outputs = self.network(batch)
        for metric, meter in self._meters:
            meter.update(*metric.prepare(outputs, batch))

    def _computed(self) -> dict[str, float]:
        return {metric.name: float(meter.compute()) for metric, meter in self._meters}


def make_trainer(training: Training) -> pl.Trainer:
    """Return a Trainer for one cell: clipping after backward, no files, no bars, no logger."""
    return pl.Trainer(
        max_epochs=1,
        accelerator="gpu" if torch.cuda.is_available() else "cpu",
        devices=1,
        gradient_clip_val=training.gradient_clip,
        val_check_interval=min(training.validate_every, training.steps) or None,
        check_val_every_n_epoch=None if training.steps else 1,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Keep Lightning's messages from the terminal while the block runs."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"pytorch_lightning\.|lightning_fabric\.")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """Let Ctrl-C through: Lightning turns it into SystemExit(1) and ignores the next one."""
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise error.__context__ from None
        raise
    finally:
        if is_main:
            signal.signal(signal.SIGINT, before)
