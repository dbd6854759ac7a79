"""Checks the type, the range and the shape of the numbers of a split.

Each function returns None if all is well. Kinds of input and target use them to check their own examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench.contracts.examples import Ragged

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Unfit:
    """Why some examples do not fit their kind.

    Attributes:
        expected: what the kind asks for, in a sentence without its full stop.
        found: what is there instead.
        change: what the author of the task can do about it.
    """

    expected: str
    found: str
    change: str


def not_integers(values: Tensor, what: str, size: int, kind: str) -> Unfit | None:
    """Check that values are whole numbers from 0 to ``size - 1``.

    Args:
        values: of any shape, without those that are not scored.
        what: their name in the message, such as "train targets".
        size: the number of allowed values.
        kind: the name of the kind, for the message.
    """
    import torch

    expected = f"{what} are whole numbers from 0 to {size - 1}, as {kind} says"
    if values.is_floating_point() or values.dtype == torch.bool:
        return Unfit(expected, f"they are {values.dtype}", "give integers: .long() or a narrower type")
    if values.numel() and not 0 <= int(values.min()) <= int(values.max()) < size:
        return Unfit(
            expected,
            f"out of range: they go from {int(values.min())} to {int(values.max())}",
            "count from 0, and let the kind say how many there are; a target that is not scored is UNSCORED"
            " (-100), in kinds with a target for each step only",
        )
    return None


def not_numbers(values: Tensor, what: str, change: str = "leave out or fill what is missing") -> Unfit | None:
    """Check that values are finite floating-point numbers."""
    if values.is_floating_point() and bool(values.isfinite().all()):
        return None
    found = "some are not finite" if values.is_floating_point() else f"they are {values.dtype}"
    return Unfit(f"{what} are finite floating-point numbers", found, change)


def not_steps(held: Tensor | Ragged, what: str, rest: Sequence[int] = ()) -> Unfit | None:
    """Check that values are [examples, time, *rest], or [total steps, *rest] if they are ragged."""
    values, axes = (held.values, 1) if isinstance(held, Ragged) else (held, 2)
    if list(values.shape[axes:]) == list(rest) and values.ndim == axes + len(rest):
        return None
    asked = ["total steps"] if axes == 1 else ["examples", "time"]
    return Unfit(
        f"{what} are [{', '.join([*asked, *map(str, rest)])}]",
        f"they are {list(values.shape)}",
        "put time on axis 1, and channels or labels, where there are any, last",
    )


def not_shaped(held: Tensor | Ragged, what: str, shape: Sequence[int]) -> Unfit | None:
    """Check that values have a shape."""
    found = list(held.values.shape if isinstance(held, Ragged) else held.shape)
    return (
        None if found == list(shape) else Unfit(f"{what} are {list(shape)}", f"they are {found}", "reshape them")
    )
