"""Makes a Lightning Trainer that prints and writes nothing, and corrects its checkpoints."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.io.checkpoint_io import CheckpointIO

from seqbench.experiment.schema import Training


def make_trainer(
    training: Training, checkpoints: CheckpointIO | None = None, callbacks: Sequence[pl.Callback] = ()
) -> pl.Trainer:
    """Return a Trainer for one cell: clipping after backward, no files but its checkpoint, no bars, no logger."""
    # With this, Lightning does not read the variables of a Slurm job as a cluster of its own.
    alone = LightningEnvironment()
    return pl.Trainer(
        max_epochs=1,
        accelerator="gpu" if torch.cuda.is_available() else "cpu",
        devices=1,
        plugins=[alone, checkpoints] if checkpoints else [alone],
        callbacks=list(callbacks),
        precision="bf16-mixed" if training.precision == "bf16" else "32-true",
        gradient_clip_val=training.gradient_clip,
        val_check_interval=min(training.validate_every, training.steps) or None,
        check_val_every_n_epoch=None if training.steps else 1,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def begin_validation_anew(checkpoint: dict[str, Any], *, is_within_one: bool) -> None:
    """Change a Lightning checkpoint to restart an interrupted validation when it is restored.

    By default Lightning continues in its middle, without the earlier batches, and takes every later checkpoint for
    one from within a validation. It offers no setting for this; its hook may change the state of the loops in the
    checkpoint.

    Args:
        checkpoint: the argument of `LightningModule.on_save_checkpoint`; changed in place.
        is_within_one: whether it is written during a validation.
    """
    begun = int(is_within_one)
    checkpoint["loops"]["fit_loop"]["epoch_loop.val_loop.batch_progress"] |= {
        "total": {"ready": begun, "started": begun, "processed": 0, "completed": 0},
        "current": {"ready": begun, "started": begun, "processed": 0, "completed": 0},
    }


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
