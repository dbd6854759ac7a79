"""Makes a Lightning Trainer that prints and writes nothing."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytorch_lightning as pl
import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.io.checkpoint_io import CheckpointIO


def make_trainer(checkpoints: CheckpointIO | None = None, callbacks: Sequence[pl.Callback] = ()) -> pl.Trainer:
    """Return a Trainer for one cell: a validation after each of its batches, no files but its checkpoint, no bars.

    Its arithmetic is float32: bfloat16 is for forward passes alone, and one of its batches holds many steps.
    """
    # With this, Lightning does not read the variables of a Slurm job as a cluster of its own.
    alone = LightningEnvironment()
    return pl.Trainer(
        max_epochs=1,
        accelerator="gpu" if torch.cuda.is_available() else "cpu",
        devices=1,
        plugins=[alone, checkpoints] if checkpoints else [alone],
        callbacks=list(callbacks),
        precision="32-true",
        val_check_interval=1,
        check_val_every_n_epoch=None,
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
