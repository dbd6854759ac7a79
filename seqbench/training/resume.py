"""Resumes a cell from its checkpoint, and decides when an attempt stops.

Between two steps, and before each batch of an evaluation, it checks whether a checkpoint is due, whether the time
is up, and whether a stop was requested.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from seqbench.base.environment import computing
from seqbench.base.random_state import random_states, restore_random_states
from seqbench.experiment.cells import Cell
from seqbench.training.checkpoints import CheckpointFile
from seqbench.training.fit import Fit
from seqbench.training.gradient_monitor import GradientMonitor

log = logging.getLogger(__name__)

LEAST_REST = 10
"""Minimum gap between checkpoints, in multiples of the last write time."""


class TimeLimitError(Exception):
    """The cell exceeded its time limit."""


class StoppedError(Exception):
    """A stop was requested."""


class Attempt:
    """One attempt at a cell, which may resume an earlier one.

    Args:
        fit: what is trained; its clock counts the time of all attempts.
        monitor: what is measured beside it.
        file: where checkpoints are kept; None keeps none.
        seconds: from one checkpoint to the next.
        should_stop: returns True once a stop is requested.
        begins: called when the set-up of a training is over.

    Attributes:
        tested: length -> the result of the test at that length, in JSON.
    """

    def __init__(
        self,
        fit: Fit,
        monitor: GradientMonitor,
        file: CheckpointFile | None,
        seconds: float,
        should_stop: Callable[[], bool],
        begins: Callable[[], None],
    ) -> None:
        self.file = file
        self.tested: dict[int, str] = {}
        self._has_restored = False
        self._fit = fit
        self._history = fit.history
        self._clock = fit.history.clock
        self._monitor = monitor
        self._seconds = seconds
        self._should_stop = should_stop
        self._begins = begins
        self._due = time.perf_counter() + seconds
        self._random: dict[str, Any] | None = None
        fit.supervisor = self

    def restore(self) -> bool:
        """Resume from the checkpoint if there is a valid one; the fit restores the optimiser and the loops."""
        entry = self.file.find(self._fit.state_dict()) if self.file else None
        if entry is None or self.file is None:
            return False
        self._history.restore(entry["fit"])
        self._monitor.restore(entry["watcher"])
        self._random, self.tested = entry["random"], entry["tested"]
        self._has_restored = True
        if self._clock.trained_after is not None:
            self._fit.load_state_dict(self.file.load_checkpoint(None)["state_dict"])
            self.file.forget()
            restore_random_states(self._random)
        log.info("goes on from step %d, after %.1f s", self._clock.steps_taken, self._clock.seconds)
        return True

    @property
    def source(self) -> Path | None:
        """The checkpoint from which Lightning restores its part; None if it starts anew."""
        return self.file.path if self.file and self._has_restored else None

    @property
    def was_validating(self) -> bool:
        """Whether the attempt before ended within a validation of its training."""
        step, training = self._clock.steps_taken, self._fit.training_settings
        is_at_one = step > 0 and (step % training.validate_every == 0 or step == training.steps)
        return is_at_one and not self._history.best.has_validated(step)

    def training_begins(self) -> None:
        """Restore the random states last, when the set-up draws no more random numbers."""
        self._begins()
        if self._random is not None:
            restore_random_states(self._random)
        if self.file:
            self.file.forget()

    def between_steps(self) -> None:
        """Check between two training steps, before the next batch."""
        self._random = None
        self._look_up()

    def evaluation_batch(self, number: int) -> None:
        """Check before a batch of an evaluation, which restarts when the cell resumes."""
        if number == 0 and self._clock.trained_after is None:
            self._random = random_states()
        self._look_up()

    def training_ended(self) -> None:
        """Note that training is over: from now on the cell resumes with the trained network."""
        if self._clock.trained_after is None:
            self._clock.end_training()
            self._random = random_states()

    def _look_up(self) -> None:
        step, limit = self._clock.steps_taken, self._fit.training_settings.time_limit
        if self._should_stop():
            raise StoppedError(f"it was asked to stop after step {step}; {self._end()}")
        if limit is not None and self._clock.seconds > limit:
            raise TimeLimitError(f"the time limit of {limit:g} s was reached after step {step}; {self._end()}")
        if self.file and time.perf_counter() > self._due:
            self._save(self.file.path)

    def _end(self) -> str:
        """Write a last checkpoint and return a sentence about it."""
        if self.file is None:
            return "it keeps no checkpoint and would start anew"
        if not self._save(self.file.path):
            return f"its checkpoint {self.file.path} could not be written"
        return f"it goes on from there when it is run again ({self.file.path})"

    def _save(self, path: Path) -> bool:
        """Write a checkpoint; if that fails, training continues without it."""
        began = time.perf_counter()
        try:
            self._fit.trainer.save_checkpoint(path)
        except Exception as error:
            # A full disk, a missing folder or a lack of memory is no reason to lose the cell.
            log.warning("the checkpoint %s could not be written: %s", path, error)
            return False
        finally:
            now = time.perf_counter()
            self._due = now + max(self._seconds, LEAST_REST * (now - began))
        log.info("wrote a checkpoint at step %d in %.2f s", self._clock.steps_taken, now - began)
        return True

    def entry(self) -> dict[str, Any]:
        """Return the entry of seqbench in a checkpoint, beside Lightning's."""
        random = random_states() if self._random is None else self._random
        return {
            "fit": self._history.state(),
            "watcher": self._monitor.state(),
            "random": random,
            "tested": self.tested,
        }


def identity(cell: Cell) -> dict[str, Any]:
    """Return the values that must match for a resumed cell to end with the same bits as one without a stop."""
    return {
        "cell": cell.key,
        "gradients": cell.gradients.model_dump(),
        # A key holds the version of a plugin and not its code; a file's hash tells an edited one.
        "task's code": cell.task.distribution,
        "model's code": cell.model.distribution,
        "torch": str(torch.__version__),
        "lightning": version("pytorch-lightning"),
        **computing(),
    }
