"""Trains one network and scores it: the one LightningModule.

Every choice (best weights, early stopping) is made on validation data.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

import pytorch_lightning as pl
import torch
from torch import Tensor

from seqbench.contracts.examples import Batch
from seqbench.contracts.finite import NotFinite
from seqbench.contracts.metrics import Meters, Metric, check_scores
from seqbench.experiment.schema import Training
from seqbench.gradients.training_norms import group_norms, weight_groups
from seqbench.network.network import Network

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
_SECONDS_BETWEEN_LOOKS = 0.5


class DivergedError(Exception):
    """The loss was not finite."""


class Supervisor(Protocol):
    """Decides when a cell pauses or ends, and keeps the state from which it resumes."""

    def training_begins(self) -> None:
        """Called before the next step, or before a validation that was interrupted."""

    def evaluation_batch(self, number: int) -> None:
        """Called before each batch of an evaluation; 0 is the first."""

    def entry(self) -> dict[str, Any]:
        """Return what stands in a checkpoint beside what Lightning puts there."""


class Fit(pl.LightningModule):
    """Trains a network, keeps the weights that validate best, and scores it.

    Attributes:
        watch: called with each step that was taken; None leaves gradients unmeasured.
        losses: the training loss of each step, on the network's device.
        groups: the weights whose gradients are measured together.
        norms: the gradient norm of each group at each step, before clipping, on the network's device.
        step_ends: the clock at the end of each step, as `seconds` tells it.
        validations: (step, primary score), in order; the score is NaN where it is unknown.
        unknown: (step, why) of each validation whose score is unknown.
        best: (step, score) of the weights that are kept; None while no score is known.
        stopped: what ended the training.
        trained_after: seconds after which the training ended; None before.
        supervisor: is asked before each batch of an evaluation; None lets all run to its end.
        order: the numbers of the examples of an evaluation, in the order in which they come; None for 0, 1, 2, ...
        scores: metric -> score of the last test; NaN where it is unknown.
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
        self.unknown: list[tuple[int, str]] = []
        self.best: tuple[int, float] | None = None
        self.stopped: Stopped = "steps"
        self.trained_after: float | None = None
        self.supervisor: Supervisor | None = None
        self.order: list[int] | None = None
        self.scores: dict[str, float] = {}
        self._best_weights: dict[str, Any] = {}
        self._meters = Meters(())
        self._started = time.perf_counter()
        self._last_look = 0.0
        self._looked_at = 0

    @property
    def seconds(self) -> float:
        """Time that the cell has taken, in all its attempts together, without loading its data."""
        return time.perf_counter() - self._started

    @property
    def not_finite(self) -> NotFinite:
        """The outputs that were not finite in the last evaluation."""
        found = self._meters.not_finite
        return found.renumbered(self.order) if self.order else found

    @property
    def steps_taken(self) -> int:
        """Optimiser steps taken, in all attempts together."""
        return len(self.step_ends)

    def configure_optimizers(self) -> Any:
        """Return the optimiser and a schedule that moves with every step."""
        settings = self.training_settings
        optimizer = _OPTIMIZERS[settings.optimizer](
            self.network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )  # type: ignore[call-arg]
        course = _SCHEDULES[settings.schedule]
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: course(step / max(1, settings.steps)))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        """Move a batch to a GPU; for training its inputs only.

        Which items are scored is looked up on the processor then: to ask a GPU would be to wait for it.
        """
        if device.type == "cpu" or not self.trainer.training:
            moved: Batch = super().transfer_batch_to_device(batch, device, dataloader_idx)
            return moved
        return batch._replace(inputs=batch.inputs.pin_memory().to(device, non_blocking=True))

    def on_train_start(self) -> None:
        """Tell the supervisor that the set-up is over."""
        if self.supervisor:
            self.supervisor.training_begins()

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the loss of one batch."""
        loss = self.network.loss(batch)
        self.losses.append(loss.detach())
        return loss

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Record the norms before clipping, then clip by the global norm."""
        if self.watch is None and gradient_clip_val is None:
            return
        norms = group_norms(self.groups)
        if self.watch is not None:
            self.norms.append(norms)
        if gradient_clip_val is not None:
            torch.nn.utils.clip_grads_with_norm_(self.network.parameters(), gradient_clip_val, norms.norm())

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:
        """Keep the time; a few times a second look whether all is well, and tell of the progress.

        Not at every step: to read a number makes the processor wait for a GPU.
        """
        now = self.seconds
        self.step_ends.append(now)
        if self.watch is not None:
            self.watch(self.steps_taken)
        # The last one too: whoever watches sees that what goes on is no training any more.
        if now - self._last_look > _SECONDS_BETWEEN_LOOKS or self.steps_taken == self.training_settings.steps:
            self._last_look = now
            self.look_at_losses()
            if self.progress:
                self.progress(self.steps_taken, float(self.losses[-1]), self.steps_taken / now)

    def look_at_losses(self) -> None:
        """End the training where a loss was not finite.

        Raises:
            DivergedError: one was not.
        """
        if (why := self.cut_back()) is not None:
            raise DivergedError(why)

    def cut_back(self) -> str | None:
        """Forget the steps taken since a loss was not finite; return which one it was, None where all were."""
        new = self.losses[self._looked_at :]
        if not new or bool((is_finite := torch.stack(new).isfinite()).all()):
            self._looked_at = len(self.losses)
            return None
        good = self._looked_at + int(is_finite.int().argmin())
        del self.losses[good + 1 :], self.norms[good:], self.step_ends[good:]
        return f"the training loss was {float(self.losses[-1])} at step {good + 1}"

    def on_validation_start(self) -> None:
        """Begin to score by the primary metric."""
        self.look_at_losses()
        self._meters = Meters(self.metrics[:1])

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Score one batch."""
        self._update(batch, batch_idx)

    def on_validation_end(self) -> None:
        """Keep the weights if they are the best so far, and end the training if there is nothing to gain.

        Raises:
            ContractError: the metric gives a score that no predictor can have.
        """
        primary, step = self.metrics[0], self.steps_taken
        scores = self._meters.scores()
        check_scores(scores, self.metrics[:1], f"on the validation split, after step {step},")
        score = scores[primary.name]
        self.validations.append((step, score))
        if not math.isfinite(score):
            # Weights whose score is unknown are never chosen.
            metric_alone = f"{primary.name} came to no finite number, though all scored outputs were finite"
            self.unknown.append((step, str(self.not_finite) if self.not_finite.outputs else metric_alone))
        elif self.best is None or primary.is_better(score, self.best[1]):
            self.best = (step, score)
            self._best_weights = copy.deepcopy(self.network.state_dict())
        self._end_early(score, primary)

    def _end_early(self, score: float, primary: Metric) -> None:
        settings = self.training_settings
        if self.best is None or self.steps_taken >= settings.steps:
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

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what the end result depends on beside weights, optimiser and loops."""
        # A validation that is broken off is begun again. Left to itself, Lightning would go on in its middle,
        # without the batches before, and take every later checkpoint for one from within a validation.
        begun = int(self.trainer.validating)
        checkpoint["loops"]["fit_loop"]["epoch_loop.val_loop.batch_progress"] |= {
            "total": {"ready": begun, "started": begun, "processed": 0, "completed": 0},
            "current": {"ready": begun, "started": begun, "processed": 0, "completed": 0},
        }
        if self.supervisor:
            checkpoint["seqbench"] = self.supervisor.entry()

    def state(self) -> dict[str, Any]:
        """Return what `restore` takes: numbers and tensors, none of them copied but the many small ones."""
        return {
            "losses": torch.stack(self.losses) if self.losses else None,
            "norms": torch.stack(self.norms) if self.norms else None,
            "step_ends": list(self.step_ends),
            "validations": list(self.validations),
            "unknown": list(self.unknown),
            "best": self.best,
            "best_weights": self._best_weights,
            "stopped": self.stopped,
            "trained_after": self.trained_after,
            "seconds": self.seconds,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state, its clock included; the weights are restored with Lightning's part."""
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self.losses = [] if state["losses"] is None else list(state["losses"].to(device))
        self.norms = [] if state["norms"] is None else list(state["norms"].to(device))
        self.step_ends, self.validations = state["step_ends"], state["validations"]
        # Checkpoints of earlier versions hold no reasons, and may hold a best score that is not a number.
        self.unknown = list(state.get("unknown", []))
        is_known = state["best"] is not None and math.isfinite(state["best"][1])
        self.best, self._best_weights = state["best"] if is_known else None, state["best_weights"]
        self.stopped, self.trained_after = state["stopped"], state["trained_after"]
        self._started = time.perf_counter() - state["seconds"]
        self._last_look = state["seconds"]

    def on_test_start(self) -> None:
        """Begin to score by every metric."""
        self._meters = Meters(self.metrics)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """Score one batch."""
        self._update(batch, batch_idx)

    def on_test_end(self) -> None:
        """Keep the scores."""
        self.scores = self._meters.scores()

    def _update(self, batch: Batch, number: int) -> None:
        if self.supervisor:
            self.supervisor.evaluation_batch(number)
        self._meters.update(self.network(batch), batch)
