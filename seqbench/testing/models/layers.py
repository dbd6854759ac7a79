"""Builds a model's layer for a check, feeds it, and measures the distance between two outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seqbench.base.seeds import generator
from seqbench.contracts.model import Model
from seqbench.network.copies import exact
from seqbench.network.network import layer_sizes
from seqbench.testing.surroundings import random_states, seed_everything

FEATURES = 5
"""Features in a step of a check's input; not a power of two, so that axes cannot be confused."""

TOLERANCE = 1e-6
"""Largest difference of equal outputs in float64, relative to their size: far above rounding."""


def build(model: Model, *, seed: int = 0, features: int = FEATURES) -> nn.Module:
    """Return a model's layer in evaluation mode; weights follow from the seed.

    Raises:
        ContractError: it does not return (outputs [batch, time, output_size], state).
    """
    torch.manual_seed(seed)
    layer = model.build(features)
    layer.eval()
    layer_sizes(layer, features)
    return layer


def build_exact(model: Model, *, seed: int = 0) -> nn.Module:
    """Return a model's layer in float64 (complex parts in complex128) and evaluation mode."""
    return exact(build(model, seed=seed))


def noise(batch: int, length: int, *purpose: str, features: int = FEATURES) -> Tensor:
    """Return normal random inputs: [batch, length, features] float64."""
    rng = generator(0, "seqbench.testing", *purpose)
    return torch.randn(batch, length, features, generator=rng, dtype=torch.float64)


def call(layer: nn.Module, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
    """Run a layer without gradients; without a state, it is called as the harness does."""
    with torch.no_grad():
        outputs, after = layer(inputs) if state is None else layer(inputs, state)
    return outputs, after


def call_in_training(model: Model, inputs: Tensor, *, seed: int = 0) -> tuple[Tensor, dict[str, bytes]]:
    """Run a new layer in training, after the global generators were seeded.

    Returns:
        Outputs, and the random states after them: equal states mean that two calls drew the same random numbers.
    """
    layer = build_exact(model).train()
    seed_everything(seed)
    outputs, _ = call(layer, inputs)
    return outputs, random_states()


def weighted_sum(outputs: Tensor) -> Tensor:
    """Return a scalar for gradients; a sum of squares would be constant for outputs of norm 1."""
    rows, steps, size = outputs.shape
    return (outputs * noise(rows, steps, "read", features=size).to(outputs.device)).sum()


@dataclass(frozen=True)
class Gap:
    """The largest difference between two outputs, relative to their size, and its place."""

    size: float
    row: int
    step: int

    @property
    def is_open(self) -> bool:
        """Whether the outputs differ by more than rounding."""
        return not self.size <= TOLERANCE

    def __str__(self) -> str:
        return f"{self.size:.2g} (row {self.row}, step {self.step})"


def gap(found: Tensor, expected: Tensor) -> Gap:
    """Compare outputs: [batch, time, output_size] each. If only one of them is finite, the gap is infinite."""
    differences = (found - expected).abs().nan_to_num(nan=torch.inf, posinf=torch.inf).amax(dim=2)
    largest = int(differences.argmax())
    scale = max(1.0, float(expected.abs().max().nan_to_num(nan=1.0, posinf=1.0)))
    return Gap(float(differences.max()) / scale, *divmod(largest, differences.shape[1]))
