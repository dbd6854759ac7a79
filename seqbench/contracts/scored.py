"""Finds the scored items of a batch by marks in its targets: UNSCORED in integers, NaN in floats.

Padding has the same marks, so losses and metrics ignore it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqbench.contracts.examples import UNSCORED

if TYPE_CHECKING:
    from torch import Tensor


def is_marked_scored(targets: Tensor) -> Tensor:
    """Return which targets are scored, in their own shape: not UNSCORED, or not NaN in floats."""
    return ~targets.isnan() if targets.is_floating_point() else targets != UNSCORED


def scored_by_marks(outputs: Tensor, targets: Tensor) -> Tensor | None:
    """Return which outputs are scored, over the leading axes of ``outputs``; None if all of them are.

    Numbers at one step, [batch, time, channels], are one item: it is scored unless all of them are NaN. If targets
    and outputs have different steps, the marks do not apply, and all outputs count.
    """
    if targets.is_floating_point() and not bool(targets.isnan().any()):
        return None
    is_scored = is_marked_scored(targets)
    if targets.is_floating_point() and targets.ndim > 2:
        is_scored = is_scored.any(-1)
    return is_scored if outputs.shape[: is_scored.ndim] == is_scored.shape else None


def kept(outputs: Tensor, targets: Tensor, is_scored: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the scored outputs and targets, [items, ...] each; both unchanged if all are scored."""
    return (outputs, targets) if is_scored is None else (outputs[is_scored], targets[is_scored])
