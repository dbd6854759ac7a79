"""Decides which cells have their training steps captured as CUDA graphs."""

from __future__ import annotations

import torch
from torch import nn

from seqbench.experiment.schema import Training
from seqbench.network.network import Network

FEWEST_STEPS = 50
"""Steps of a training below which a capture, which costs some ten steps, is not tried."""

STEPS_BEFORE = 8
"""Batches of one shape that are taken step by step before the shape is captured: a rare one would not pay."""

MOST_SHAPES = 4
"""Shapes that are captured in one cell. Batches are not padded to a few lengths instead: sums over padded steps
are made in another order, and so have other bits."""


def why_not_captured(network: Network, optimizer: torch.optim.Optimizer, settings: Training) -> str | None:
    """Return why the steps of a training are not captured; None if a capture is to be tried."""
    if not network.is_causal:
        return "the layer looks ahead, and is given the lengths of rows on the processor"
    if network.chunking.recompute:
        return "chunks are run again in the backward pass, which restores random states from the processor"
    if not all(group.get("fused") for group in optimizer.param_groups):
        return f"torch has no fused {type(optimizer).__name__} for these weights"
    if draws_by_cudnn(network.layer):
        return "the layer drops out by cuDNN's generator, which cannot be set back"
    if settings.steps < FEWEST_STEPS:
        return f"it has fewer than {FEWEST_STEPS} steps"
    return None


def draws_by_cudnn(layer: nn.Module) -> bool:
    """Say whether a layer drops out by cuDNN's own generator, as torch's do between layers."""
    return any(
        isinstance(each, nn.RNNBase) and each.dropout > 0 and each.num_layers > 1 for each in layer.modules()
    )
