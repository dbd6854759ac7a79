"""Judges freely written pieces: how probable they are to a simple model, and what they copy from training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from seqbench_music.rolls import Rolls

RUN = 8
"""Steps of a run that is looked up in the training pieces."""


def judged(
    samples: Sequence[Sequence[Sequence[int]]], train: Rolls, found: Mapping[str, Tensor]
) -> dict[str, float]:
    """Return the scores that `MEANINGS` lists; those for which the samples are too short are left out.

    Args:
        samples: the labels of each step of each.
        train: the training pieces.
        found: the fitted baselines.
    """
    import torch

    from seqbench_music.scores import step_losses

    keys = train.frames.shape[1]
    rolls = [_roll(sample, keys) for sample in samples if sample]
    if not rolls:
        return {}
    steps = torch.cat(rolls)
    scores = {
        "notes_a_step": float(steps.double().sum(1).mean()),
        "training_notes_a_step": float(train.frames.double().sum(1).mean()),
        "copied_steps": _share([*_runs(rolls, 1)], set(_runs(train.pieces(), 1))),
    }
    before, after = (torch.cat([roll[part] for roll in rolls]) for part in (slice(None, -1), slice(1, None)))
    if len(after):
        logits = before.double() @ found["weights"].T + found["bias"]
        scores["regression_nll"] = float(step_losses(logits, after).mean())
    if runs := [*_runs(rolls, RUN)]:
        scores[f"copied_{RUN}_steps"] = _share(runs, set(_runs(train.pieces(), RUN)))
    return scores


MEANINGS = MappingProxyType(
    {
        "notes_a_step": "notes that sound at a step",
        "training_notes_a_step": "the same in the training pieces",
        "regression_nll": "nats a step, under the logistic regression on the step before",
        "copied_steps": "share of steps whose notes stand at a step of training",
        f"copied_{RUN}_steps": f"share of runs of {RUN} steps that training has too",
    }
)


def _roll(sample: Sequence[Sequence[int]], keys: int) -> Tensor:
    import torch

    roll = torch.zeros(len(sample), keys, dtype=torch.uint8)
    for step, labels in enumerate(sample):
        roll[step, list(labels)] = 1
    return roll


def _runs(rolls: Sequence[Tensor] | Iterator[Tensor], length: int) -> Iterator[bytes]:
    """Yield each run of steps as bytes."""
    for roll in rolls:
        content, size = roll.numpy().tobytes(), roll.shape[1]
        for first in range(len(roll) - length + 1):
            yield content[first * size : (first + length) * size]


def _share(runs: Sequence[bytes], among: set[bytes]) -> float:
    return sum(run in among for run in runs) / len(runs)
