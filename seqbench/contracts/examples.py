"""Holds the examples of one split, and takes batches out of them.

Examples are contiguous tensors made once, ragged where sequences differ in length, or views where windows overlap.
Torch is imported when a method runs, so that plugins load without it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from seqbench.base.given import shown
from seqbench.errors import ContractError

if TYPE_CHECKING:
    from datasets import Dataset
    from torch import Tensor

UNSCORED = -100
"""Target of a step that losses and metrics ignore; in float targets NaN means the same."""


class Batch(NamedTuple):
    """Several examples as one tensor, padded at the end to the longest.

    Attributes:
        inputs: [batch, time] tokens as int64, or [batch, time, channels] values as float32.
        targets: [batch] or [batch, time] classes, [batch, longest] symbols, or [batch, steps, channels] numbers
            or labels, as the kind of target says; padding is UNSCORED, or NaN in floats.
        lengths: [batch], how many steps of each row are real.
    """

    inputs: Tensor
    targets: Tensor
    lengths: Tensor


@dataclass(frozen=True, eq=False)
class Ragged:
    """Sequences of different lengths, one after the other in a single tensor.

    Attributes:
        values: [total steps] or [total steps, channels].
        offsets: [rows + 1] int64; row i is ``values[offsets[i]:offsets[i + 1]]``.
    """

    values: Tensor
    offsets: Tensor

    @staticmethod
    def from_rows(rows: Sequence[Tensor]) -> Ragged:
        """Join rows; each is [steps] or [steps, channels]."""
        import torch

        lengths = torch.tensor([0, *(len(row) for row in rows)])
        return Ragged(torch.cat(list(rows)), lengths.cumsum(0))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Tensor:
        """Steps of each row: [rows] int64."""
        return self.offsets.diff()

    def take(self, rows: Tensor, padding: float) -> Tensor:
        """Return the rows padded at the end with ``padding``: [rows, longest, ...]."""
        return _Places.of(self, rows).padded(self.values, padding)


class _Places(NamedTuple):
    """The places of some rows in ragged tensors; the same for every tensor with the same offsets.

    Attributes:
        steps: [rows * longest], the index of each step in the joined tensor; arbitrary past a row's end.
        is_padding: [rows, longest], whether a step is past the end of its row.
        lengths: [rows]
    """

    steps: Tensor
    is_padding: Tensor
    lengths: Tensor

    @staticmethod
    def of(ragged: Ragged, rows: Tensor) -> _Places:
        """Find the rows."""
        import torch

        # Only these rows are read, so that a batch costs the same for any number of examples.
        # `take` and `index_select` do the same as indexing at a fraction of its fixed cost.
        starts = ragged.offsets.take(rows)
        lengths = ragged.offsets[1:].take(rows) - starts
        steps = torch.arange(int(lengths.max()))
        among_all = (starts[:, None] + steps).flatten().clamp_(max=len(ragged.values) - 1)
        return _Places(among_all, steps >= lengths[:, None], lengths)

    def padded(self, values: Tensor, padding: float) -> Tensor:
        """Return the values at these places: [rows, longest, ...]."""
        # Widened before padding: -100 does not fit into every type in which classes are stored.
        shape = self.is_padding.shape
        found = _wide(values.index_select(0, self.steps)).view(*shape, *values.shape[1:])
        return found.masked_fill_(self.is_padding.view(*shape, *[1] * (found.ndim - 2)), padding)


@dataclass(frozen=True, eq=False)
class Split:
    """The examples of one split.

    Attributes:
        inputs: [examples, time] integers of any width, [examples, time, channels] floats (a strided view
            will do), or Ragged.
        targets: as the kind of target says: [examples] classes; [examples, time] classes, or [examples, time, ...]
            labels or floats, with UNSCORED (NaN in floats) at unscored steps, Ragged if the inputs are; [examples,
            steps, channels] floats; rows of symbols, Ragged with lengths of their own.

    Raises:
        ContractError: inputs or targets are no tensors, they differ in number, or there are no examples.
    """

    inputs: Tensor | Ragged
    targets: Tensor | Ragged

    def __post_init__(self) -> None:
        for name in ("inputs", "targets"):
            _check_kind(name, getattr(self, name))
        if len(self.inputs) != len(self.targets):
            raise ContractError(
                f"a split needs one target for each input, and here are {len(self.inputs)} inputs"
                f" and {len(self.targets)} targets"
            )
        if len(self.inputs) == 0:
            raise ContractError("a split needs at least one example, and here is none")

    def __len__(self) -> int:
        return len(self.inputs)

    @staticmethod
    def from_dataset(dataset: Dataset, inputs: str = "inputs", targets: str = "targets") -> Split:
        """Read two columns of a Hugging Face data set; sequences may differ in length.

        Raises:
            ContractError: a column is missing.
        """
        for column in (inputs, targets):
            if column not in dataset.column_names:
                raise ContractError(
                    f"the data set has no column {column!r}; it has {', '.join(dataset.column_names)}"
                )
        return Split(_stack(dataset[inputs]), _stack(dataset[targets]))

    @property
    def lengths(self) -> Tensor:
        """Steps of each example: [examples] int64."""
        import torch

        if isinstance(self.inputs, Ragged):
            return self.inputs.lengths
        return torch.full((len(self),), self.inputs.shape[1])

    def batch(self, rows: Tensor) -> Batch:
        """Return the examples with these numbers (``rows``: [batch] int64) as one padded batch."""
        import torch

        inputs, targets = self.inputs, self.targets
        if not isinstance(inputs, Ragged):
            return Batch(
                _wide(_picked(inputs, rows)), _take(targets, rows), torch.full((len(rows),), inputs.shape[1])
            )
        places = _Places.of(inputs, rows)
        if isinstance(targets, Ragged) and targets.offsets is inputs.offsets:
            scored = places.padded(targets.values, _padding(targets.values))
        else:
            scored = _take(targets, rows)
        return Batch(places.padded(inputs.values, 0), scored, places.lengths)


def _check_kind(name: str, values: Any) -> None:
    """Refuse lists, arrays and tables, of which batches would be taken in another way or not at all."""
    from torch import Tensor

    if not isinstance(values, Tensor | Ragged):
        raise ContractError(
            f"{name} of a split is {shown(values)}; give a tensor, such as by torch.as_tensor(...), or"
            " Ragged.from_rows(...) of tensors of different lengths"
        )


def numbers(values: Tensor | Ragged) -> Tensor:
    """Return all numbers of inputs or targets, without padding."""
    return values.values if isinstance(values, Ragged) else values


def _take(targets: Tensor | Ragged, rows: Tensor) -> Tensor:
    return (
        targets.take(rows, _padding(targets.values))
        if isinstance(targets, Ragged)
        else _wide(_picked(targets, rows))
    )


def _picked(values: Tensor, rows: Tensor) -> Tensor:
    # Much the faster of the two, but not for views where windows overlap.
    return values.index_select(0, rows) if values.is_contiguous() else values[rows]


def _padding(targets: Tensor) -> float:
    """Return the padding of targets: the mark of steps that are not scored."""
    return math.nan if targets.is_floating_point() else UNSCORED


def _wide(values: Tensor) -> Tensor:
    return values.float() if values.is_floating_point() else values.long()


def _stack(column: Any) -> Tensor | Ragged:
    import torch

    rows = [torch.as_tensor(row) for row in column]
    if all(row.shape == rows[0].shape for row in rows):
        return torch.stack(rows)
    return Ragged.from_rows(rows)
