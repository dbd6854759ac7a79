"""Passes the curves of a cell's training to Lightning's loggers.

Loss and gradient norm are means over some steps; every validation is passed on. There is no ``self.log``, which
costs more than a training step.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pytorch_lightning as pl
from pytorch_lightning.loggers import Logger

from seqbench.base.random_state import randomness_kept
from seqbench.training.clipping import table
from seqbench.training.fit import Fit

log = logging.getLogger(__name__)

STEPS = 10
"""Number of steps that one point of a curve averages."""


class CurveLogger(pl.Callback):
    """Writes the curves of a training to loggers; no number of the training depends on it."""

    def __init__(self, loggers: Sequence[Logger]) -> None:
        self._loggers = list(loggers)
        self._fit: Fit | None = None
        self._steps = self._validations = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start after the points that an earlier attempt has logged."""
        assert isinstance(pl_module, Fit)
        self._fit = pl_module
        history = pl_module.history
        self._steps, self._validations = len(history.losses.values), len(history.best.validations)
        pl_module.listeners.append(self._end_step)

    def rest(self) -> None:
        """Log the remaining points while the loggers are still open."""
        if self._fit is not None:
            self._tell(self._fit)

    def _end_step(self) -> None:
        """Log a point once enough steps are taken."""
        if self._fit is not None and len(self._fit.history.losses.values) - self._steps >= STEPS:
            self._tell(self._fit)

    def _tell(self, fit: Fit) -> None:
        with randomness_kept():
            for step, values in self._points(fit):
                for logger in list(self._loggers):
                    try:
                        logger.log_metrics(values, step)
                    except Exception:
                        log.warning("the logger %s failed and is left alone", logger, exc_info=True)
                        self._loggers.remove(logger)

    def _points(self, fit: Fit) -> list[tuple[int, dict[str, float]]]:
        points: dict[int, dict[str, float]] = {}
        losses, norms, validations = (
            fit.history.losses.values,
            fit.history.norms.steps,
            fit.history.best.validations,
        )
        since, self._steps = self._steps, len(losses)
        if self._steps > since:
            told = {"train/loss": float(losses[since:].double().mean())}
            if len(norms) > since:
                told["train/gradient_norm"] = float(table(norms[since:]).double().norm(dim=1).mean())
            points[self._steps] = told
        for step, score in validations[self._validations :]:
            points.setdefault(step, {})[f"validation/{fit.metrics[0].name}"] = score
        self._validations = len(validations)
        return sorted(points.items())
